from __future__ import annotations

import json
import logging
from collections import Counter

import numpy as np
import pytest

import mmirstd.registry  # noqa: F401
from mmirstd.datasets import ClipDataset, MaskClipDataset, SequenceSampler, TxtClipDataset
from mmirstd.datasets import raw_cache as raw_cache_module
from mmirstd.datasets.synthetic import DatasetConfig, SceneConfig, SequenceConfig, write_dataset
from mmirstd.datasets.transforms import LoadClip, PackClipInputs
from mmirstd.registry import DATA_SAMPLERS, DATASETS
from mmirstd.utils.errors import DataError, MissingDataError

from ..shared import SHARED, needs_shared
from .clip_helpers import coco_root, edit, frame
from .helpers import write

ANN = 'instances_test2017.json'


def build(root, cls=ClipDataset, **kwargs):
    if cls is ClipDataset:
        kwargs.setdefault('ann_file', ANN)
    return cls(data_root=str(root), **kwargs)


def sample(dataset, video: str, number: int) -> dict:
    infos = [dataset.get_data_info(k) for k in range(len(dataset))]
    return next(i for i in infos if i['video'].endswith(video) and i['frame_id'] == number)


@pytest.fixture
def warnings(monkeypatch):
    """Texts logged as warnings by the clip data sets."""
    from mmirstd.datasets import clip_base, problems

    texts: list[str] = []

    def log(text, logger=None, level=logging.INFO):
        if level >= logging.WARNING:
            texts.append(text)

    for module in (clip_base, problems):
        monkeypatch.setattr(module, 'print_log', log)
    return texts


# Windows.


def test_window_has_the_key_frame_last_and_the_first_frame_repeated(tmp_path):
    dataset = build(coco_root(tmp_path))
    assert len(dataset) == 9
    first = sample(dataset, 'data6', 0)
    assert first['frame_ids'] == [0] * 5
    assert (first['is_first'], first['is_last'], first['is_key_frame']) == (True, False, True)
    third = sample(dataset, 'data6', 2)
    assert third['frame_ids'] == [0, 0, 0, 1, 2]
    assert [p.rsplit('/', 1)[1] for p in third['img_paths']] == ['0.png', '0.png', '0.png', '1.png', '2.png']
    assert third['img_path'] == third['img_paths'][-1]
    last = sample(dataset, 'data6', 5)
    assert last['frame_ids'] == [1, 2, 3, 4, 5]
    assert last['is_last']
    assert last['instances'] == [dict(bbox=[5.0, 2.0, 9.0, 5.0], bbox_label=0, ignore_flag=0)]
    # a window never reaches into the sequence before it
    assert all('data11' in path for path in sample(dataset, 'data11', 0)['img_paths'])


@pytest.mark.parametrize(
    ('num_frames', 'stride', 'expected'),
    [(1, 1, [5]), (2, 1, [4, 5]), (3, 2, [1, 3, 5]), (4, 2, [0, 1, 3, 5]), (2, 9, [0, 5])],
)
def test_num_frames_and_stride(tmp_path, num_frames, stride, expected):
    dataset = build(coco_root(tmp_path), num_frames=num_frames, stride=stride)
    assert sample(dataset, 'data6', 5)['frame_ids'] == expected


def test_numbers_order_frames_as_numbers(tmp_path):
    dataset = build(coco_root(tmp_path, {'s': [2, 10, 1, 9, 11, 8, 7]}))
    assert [dataset.get_data_info(k)['frame_id'] for k in range(7)] == [1, 2, 7, 8, 9, 10, 11]
    assert sample(dataset, 's', 11)['frame_ids'] == [7, 8, 9, 10, 11]


def test_video_and_frame_ids_of_the_file_win_over_names(tmp_path):
    root = coco_root(tmp_path, {'s': range(4)}, ids=True)
    edit(root, lambda data: [image.update(frame_id=3 - image['frame_id']) for image in data['images']])
    dataset = build(root, context='listed')
    assert [info.rsplit('/', 1)[1] for info in sample(dataset, 's', 2)['img_paths'][-3:]] == ['3.png', '2.png', '1.png']
    assert dataset.get_data_info(0)['video'] == 's'


def flat_root(root, videos, unlisted=0, named=True):
    """``images/N.png`` of several videos, numbered through: five frames each, of which the file lists all but some.

    Args:
        root: Folder.
        videos: IDs of the videos, in the order of the files.
        unlisted: Frames at the end of each video that are not listed.
        named: Names are those of ``videos`` (``v1``), and else none.
    """
    images, annotations = [], []
    for place, video in enumerate(videos):
        for k in range(5):
            number = 5 * place + k
            write(root / f'images/{number:06d}.png', frame(number))
            if k < 5 - unlisted:
                images.append(
                    dict(
                        id=number, file_name=f'images/{number:06d}.png', height=24, width=32, video_id=video, frame_id=k
                    )
                )
                annotations.append(dict(id=number, image_id=number, category_id=1, bbox=[3, 2, 4, 3], area=12))
    data = dict(images=images, annotations=annotations, categories=[dict(id=1, name='target')])
    if named:
        data['videos'] = [dict(id=video, name=f'v{video}') for video in videos]
    (root / ANN).write_text(json.dumps(data))
    return root


def test_sequences_in_one_folder_have_names_of_their_own(tmp_path):
    infos = list(build(flat_root(tmp_path, [1, 2], named=False), context='listed'))
    assert Counter(info['video'] for info in infos) == {'images/1': 5, 'images/2': 5}
    edit(tmp_path, lambda data: data.update(videos=[dict(id=k, name='v') for k in (1, 2)]))
    parts = [build(tmp_path, context='listed', holdout=dict(num=1, part=part)) for part in ('train', 'val')]
    names = [{info['video'] for info in part} for part in parts]
    assert sorted(name for part in names for name in part) == ['v/1', 'v/2']
    assert [len(part) for part in parts] == [5, 5]
    edit(tmp_path, lambda data: data['videos'][1].update(name='w'))
    assert {info['video'] for info in build(tmp_path, context='listed')} == {'v', 'w'}


def test_sequences_by_number_text_and_folder_have_ids_of_their_own(tmp_path):
    root = coco_root(tmp_path, {'a': range(2), 'b': range(2), 'c': range(2)})

    def mix(data):
        for image in data['images']:
            ids = dict(b='night', c=2)
            sequence = image['file_name'].split('/')[2]
            image.update({'video_id': ids[sequence]} if sequence in ids else {})

    edit(root, mix)
    found = {(info['video'][-1], info['video_id']) for info in build(root)}
    assert found == {('a', 3), ('b', 4), ('c', 2)}


def test_streaming_order_holds_every_frame_once(tmp_path):
    root = coco_root(tmp_path, {'b': range(4), 'a': range(3)}, unlisted=['b/1'])
    dataset = build(root, streaming=True, num_frames=1)
    infos = [dataset.get_data_info(k) for k in range(len(dataset))]
    assert [(i['video'][-1], i['frame_id']) for i in infos] == [
        ('b', 0),
        ('b', 1),
        ('b', 2),
        ('b', 3),
        ('a', 0),
        ('a', 1),
        ('a', 2),
    ]
    assert [i['is_first'] for i in infos] == [True, False, False, False, True, False, False]
    assert [i['is_last'] for i in infos] == [False, False, False, True, False, False, True]
    assert [i['is_key_frame'] for i in infos] == [True, False, True, True, True, True, True]
    assert infos[1]['img_id'] is None


def test_one_option_subsamples_the_key_frames_and_keeps_true_past_frames(tmp_path):
    dataset = build(coco_root(tmp_path, {'s': range(12)}), key_every=5)
    assert [dataset.get_data_info(k)['frame_ids'] for k in range(len(dataset))] == [
        [0] * 5,
        [1, 2, 3, 4, 5],
        [6, 7, 8, 9, 10],
    ]


def test_holdout_is_by_sequence(tmp_path):
    root = coco_root(tmp_path, {f's{k}': range(3) for k in range(6)})
    parts = {part: build(root, holdout=dict(num=2, seed=1, part=part)) for part in ('train', 'val')}
    videos = {part: {d.get_data_info(k)['video'] for k in range(len(d))} for part, d in parts.items()}
    assert len(videos['train']) == 4
    assert len(videos['val']) == 2
    assert not videos['train'] & videos['val']


def test_several_classes_by_name(tmp_path):
    root = coco_root(tmp_path, {'s': range(2)})

    def two(data):
        data['categories'] = [dict(id=7, name='bird'), dict(id=3, name='drone')]
        data['annotations'][0]['category_id'] = 3
        data['annotations'][1]['category_id'] = 7

    edit(root, two)
    dataset = build(root, metainfo=dict(classes=('bird', 'drone')))
    assert dataset.get_cat_ids(0) == [1]
    assert dataset.get_cat_ids(1) == [0]
    # what a packed sample takes to the metric, which writes results with the IDs of the file
    assert dataset.get_data_info(0)['category_ids'] == (7, 3)
    assert PackClipInputs()(dict(dataset.get_data_info(0), img=np.zeros((8, 8, 1))))['data_samples'].category_ids == (
        7,
        3,
    )
    assert build(root).get_cat_ids(0) == [0]  # one class: every category is a target
    assert build(root).category_ids == ()
    edit(root, lambda data: data['annotations'][1].update(category_id=3))
    assert build(root).category_ids == (3,)
    edit(root, two)
    with pytest.raises(DataError, match='unknown categories'):
        build(root, metainfo=dict(classes=('bird', 'plane')))


def test_a_list_of_several_classes_that_count_as_one_says_so(tmp_path, monkeypatch):
    from mmirstd.datasets import clip_txt

    write(tmp_path / 's/0.png', frame(0))
    (tmp_path / 'val.txt').write_text('s/0.png 1,2,5,6,0 20,2,25,6,1')
    said = []
    monkeypatch.setattr(clip_txt, 'print_log', lambda text, logger=None: said.append(text))
    assert build(tmp_path, TxtClipDataset, ann_file='val.txt').get_cat_ids(0) == [0, 0]
    assert 'val.txt: the classes 0, 1 all count as the one class' in said.pop()
    two = build(tmp_path, TxtClipDataset, ann_file='val.txt', metainfo=dict(classes=('bird', 'drone')))
    assert two.get_cat_ids(0) == [0, 1]
    assert not said


def test_crowd_boxes_are_ignored_ones(tmp_path):
    root = coco_root(tmp_path, {'s': range(2)})
    edit(root, lambda data: data['annotations'][0].update(iscrowd=1))
    assert sample(build(root), 's', 0)['instances'][0]['ignore_flag'] == 1


def test_filter_empty_gt(tmp_path):
    root = coco_root(tmp_path, {'s': range(4)})
    edit(root, lambda data: data['annotations'].pop(2))
    filtered = build(root, filter_cfg=dict(filter_empty_gt=True))
    assert [filtered.get_data_info(k)['frame_id'] for k in range(len(filtered))] == [0, 1, 3]
    assert len(build(root)) == 4


# Decoding is shared.


def test_each_frame_is_decoded_once_for_all_windows(tmp_path, monkeypatch):
    reads = count_reads(monkeypatch)
    root = coco_root(tmp_path, {'s': range(20)})
    dataset = build(root, pipeline=[LoadClip()])
    for epoch in range(2):
        for index in np.random.default_rng(epoch).permutation(len(dataset)):
            dataset[int(index)]
    assert len(reads) == 20
    assert set(reads.values()) == {1}  # 200 frames were asked for


def test_neighboring_windows_share_frames_without_the_cache_too(tmp_path, monkeypatch):
    reads = count_reads(monkeypatch)
    dataset = build(coco_root(tmp_path, {'s': range(20)}), cache=False, recent_frames=8, pipeline=[LoadClip()])
    for index in range(len(dataset)):
        dataset[index]
    assert set(reads.values()) == {1}
    reads.clear()
    plain = build(tmp_path, cache=False, recent_frames=0, pipeline=[LoadClip()])
    for index in range(len(plain)):
        plain[index]
    # frame 0 is in five windows at the start of the sequence, the last frame only in its own
    assert sum(reads.values()) == 20 * 5 - 10


def count_reads(monkeypatch) -> Counter:
    reads: Counter = Counter()
    original = raw_cache_module.read_image

    def read(path):
        reads[path] += 1
        return original(path)

    monkeypatch.setattr(raw_cache_module, 'read_image', read)
    return reads


def test_the_pixels_are_those_of_the_frames(tmp_path):
    dataset = build(coco_root(tmp_path), pipeline=[LoadClip()])
    clip = next(dataset[k] for k in range(9) if dataset.get_data_info(k)['frame_id'] == 5)['img']
    assert clip.shape == (24, 32, 5)
    for position, number in enumerate([1, 2, 3, 4, 5]):
        np.testing.assert_array_equal(np.rint(clip[..., position] * 255), frame(1000 + number))


# Bad input.


def test_missing_image(tmp_path):
    root = coco_root(tmp_path)
    (root / 'images/test/data6/3.png').unlink()
    with pytest.raises(MissingDataError, match=r'1 image\(s\) of 9 are missing(.|\n)*data6/3\.png'):
        build(root)


def test_missing_root_and_annotation(tmp_path):
    with pytest.raises(MissingDataError, match='data_root=PATH'):
        build(tmp_path / 'nowhere')
    with pytest.raises(MissingDataError, match='its folder holds instances_test2017.json'):
        build(coco_root(tmp_path), ann_file='instances_val2017.json')


def test_another_suffix_than_annotated_is_found(tmp_path):
    root = coco_root(tmp_path, {'s': range(2)})
    edit(
        root,
        lambda data: [image.update(file_name=image['file_name'].replace('.png', '.bmp')) for image in data['images']],
    )
    assert sample(build(root), 's', 1)['img_path'].endswith('1.png')


@pytest.mark.parametrize(
    ('box', 'problem', 'clipped'),
    [
        ([-3.0, 2, 8, 4], 'partly outside', [0.0, 2, 5, 6]),
        ([28, 20, 8, 8], 'partly outside', [28.0, 20, 32, 24]),
        ([40, 2, 5, 5], 'outside', None),
        ([-9, -9, 4, 4], 'outside', None),
        ([5, 5, 0, 4], 'no area', None),
        ([5, 5, 4, -1], 'no area', None),
        ([float('nan'), 5, 4, 4], 'no area', None),
    ],
)
def test_bad_boxes(tmp_path, warnings, box, problem, clipped):
    root = coco_root(tmp_path, {'s': range(3)})
    edit(root, lambda data: data['annotations'][1].update(bbox=box))
    with pytest.raises(DataError, match=f'1 bad boxes.*{problem}.*1.png'):
        build(root)
    assert sample(build(root, bad_box='drop'), 's', 1)['instances'] == []
    kept = sample(build(root, bad_box='clip'), 's', 1)['instances']
    assert [instance['bbox'] for instance in kept] == ([clipped] if clipped else [])
    assert all('applied to 1 boxes' in text and problem in text for text in warnings)
    assert len(warnings) == 2


def test_a_gap_in_the_frame_numbers(tmp_path, warnings):
    root = coco_root(tmp_path, {'s': [0, 1, 2, 8, 9]})
    held = build(root, gaps='hold')
    assert sample(held, 's', 9)['frame_ids'] == [2, 2, 2, 8, 9]
    assert '2 of 5 windows' in warnings[0]
    renumbered = build(root, gaps='position')
    assert sample(renumbered, 's', 9)['frame_ids'] == [0, 1, 2, 8, 9]
    assert len(warnings) == 1
    with pytest.raises(DataError, match='2 of 5 windows want past frames that do not exist.*8.png'):
        build(root, gaps='error')
    assert len(build(root, gaps='error', num_frames=1)) == 5


def test_frames_between_may_be_on_disk_only(tmp_path, warnings):
    root = coco_root(tmp_path, {'s': range(8)}, unlisted=['s/3', 's/4', 's/5'])
    dataset = build(root)
    assert len(dataset) == 5
    assert sample(dataset, 's', 6)['frame_ids'] == [2, 3, 4, 5, 6]
    assert not warnings
    assert sample(build(root, context='listed'), 's', 6)['frame_ids'] == [2, 2, 2, 2, 6]
    assert len(warnings) == 1


def test_frames_of_other_sequences_of_a_folder_are_no_past(tmp_path, warnings):
    root = flat_root(tmp_path, [1, 2])
    assert sample(build(root), 'v2', 1)['frame_ids'] == [0, 0, 0, 0, 1]
    assert len(build(root, streaming=True, num_frames=1)) == 10
    # the frames of a sequence that is held out, too
    parts = [build(root, streaming=True, num_frames=1, holdout=dict(num=1, part=part)) for part in ('train', 'val')]
    assert [len(part) for part in parts] == [5, 5]
    assert not warnings


def test_unlisted_frames_of_a_folder_of_several_sequences(tmp_path, warnings):
    """Between two listed frames of a sequence they are its own; beyond, they may be another split's."""
    root = flat_root(tmp_path, [1, 2], unlisted=2)
    edit(root, lambda data: data['images'].pop(1))  # number 1, of v1
    edit(root, lambda data: data['annotations'].pop(1))
    dataset = build(root, streaming=True, num_frames=1)
    assert [(info['video'], info['frame_id']) for info in dataset] == [
        ('v1', 0),
        ('v1', 1),
        ('v1', 2),
        ('v2', 0),
        ('v2', 1),
        ('v2', 2),
    ]
    (text,) = warnings
    assert text.startswith(f'{root / ANN}: 4 unlisted image(s)')
    assert '000003.png' in text
    for options in (dict(context='listed'), dict(num_frames=1)):
        build(root, **options).full_init()
    assert not any('unlisted image' in text for text in warnings[1:])


def test_a_one_frame_sequence(tmp_path):
    dataset = build(coco_root(tmp_path, {'s': [7], 't': [0, 1]}), pipeline=[LoadClip()])
    only = sample(dataset, 's', 7)
    assert only['frame_ids'] == [7] * 5
    assert only['is_first']
    assert only['is_last']
    clip = dataset[0]['img']
    assert (clip == clip[..., :1]).all()


def test_frames_of_different_sizes_in_a_sequence(tmp_path):
    root = coco_root(tmp_path, {'s': range(4)})
    write(root / 'images/test/s/1.png', frame(5, 12, 16))
    edit(root, lambda data: data['images'][1].update(height=12, width=16))
    dataset = build(root, pipeline=[LoadClip()])
    dataset[0]
    with pytest.raises(DataError, match=r'1\.png: the frame has 12x16 .* key frame .*3\.png has 24x32'):
        dataset[3]
    resized = build(root, pipeline=[LoadClip(frame_size_mismatch='resize')])[3]['img']
    assert resized.shape == (24, 32, 5)
    np.testing.assert_array_equal(np.rint(resized[..., 3] * 255), frame(1002))


def test_an_image_that_is_not_as_large_as_annotated(tmp_path):
    root = coco_root(tmp_path, {'s': range(2)})
    dataset = build(root, pipeline=[LoadClip()], num_frames=1)
    write(root / 'images/test/s/1.png', frame(5, 48, 64))
    with pytest.raises(DataError, match='48x64 .* its annotation says 24x32'):
        dataset[1]
    with pytest.raises(DataError, match=r'1\.png: 64x48 pixels \(width x height\), annotated as 32x24'):
        build(root)


def test_empty_annotation_list(tmp_path, warnings):
    root = coco_root(tmp_path)
    edit(root, lambda data: data['annotations'].clear())
    dataset = build(root, test_mode=True)
    assert len(dataset) == 9
    assert dataset.get_data_info(0)['instances'] == []
    assert any('no frame has a target' in text for text in warnings)
    with pytest.raises(DataError, match='none of the 9 images has a box.*allow_no_targets=True'):
        build(root)
    assert len(build(root, allow_no_targets=True)) == 9


def test_empty_image_list(tmp_path):
    root = coco_root(tmp_path)
    edit(root, lambda data: (data['annotations'].clear(), data['images'].clear()))
    with pytest.raises(DataError, match='lists no image'):
        build(root)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda d: d['annotations'][0].update(image_id=99), 'belongs to image 99'),
        (lambda d: d['images'][1].update(id=1), 'image id 1 appears twice'),
        (lambda d: d['images'][0].pop('file_name'), 'lacks id or file_name'),
        (lambda d: d['annotations'][0].update(bbox=[1, 2, 3]), r'bbox=\[1, 2, 3\](.|\n)*expected bbox=\[x, y'),
        (lambda d: d['annotations'][0].update(category_id=9), 'unknown categories'),
        (lambda d: d.pop('annotations'), "no list 'annotations'"),
    ],
)
def test_broken_json_content(tmp_path, change, message):
    root = coco_root(tmp_path)
    edit(root, change)
    with pytest.raises(DataError, match=message):
        build(root)


def test_not_json_and_not_distinct_numbers(tmp_path):
    root = coco_root(tmp_path, {'s': range(2)}, ids=True)
    edit(root, lambda data: data['images'][1].update(frame_id=0))
    with pytest.raises(DataError, match='both have the frame number 0'):
        build(root)
    (root / ANN).write_text('{"images": [')
    with pytest.raises(DataError, match='not valid JSON'):
        build(root)


@pytest.mark.parametrize(
    'option',
    [
        dict(num_frames=0),
        dict(stride=0),
        dict(gaps='fill'),
        dict(bad_box='keep'),
        dict(context='ram'),
        dict(key_every=0),
        dict(cache='yes'),
    ],
)
def test_wrong_options(tmp_path, option):
    with pytest.raises(ValueError, match=next(iter(option))):
        build(coco_root(tmp_path), **option)


# Other formats.


def test_masks_give_boxes_of_8_connected_components(tmp_path):
    for number in range(3):
        mask = np.zeros((24, 32), np.uint8)
        mask[5:8, 10 + number : 14 + number] = 255
        mask[8, 14 + number] = 255  # touches at a corner: the same target
        mask[20, 3] = 255
        write(tmp_path / f'Sequence2/images/{number:05d}.png', frame(number))
        write(tmp_path / f'Sequence2/masks/{number:05d}.png', mask if number else mask * 0)
        write(tmp_path / f'Sequence10/images/{number:05d}.png', frame(number))
        write(tmp_path / f'Sequence10/masks/{number:05d}.png', mask)
    dataset = build(tmp_path, MaskClipDataset, num_frames=3, pipeline=[LoadClip()])
    assert [dataset.get_data_info(k)['video'] for k in (0, 3)] == ['Sequence2', 'Sequence10']
    assert dataset[0]['instances'] == []
    boxes = [instance['bbox'] for instance in dataset[2]['instances']]
    assert boxes == [[12.0, 5.0, 17.0, 9.0], [3.0, 20.0, 4.0, 21.0]]
    assert dataset[2]['img'].shape == (24, 32, 3)
    assert len(build(tmp_path, MaskClipDataset, filter_cfg=dict(filter_empty_gt=True))) == 5
    (tmp_path / 'test.txt').write_text('Sequence10\n')
    assert len(build(tmp_path, MaskClipDataset, ann_file='test.txt')) == 3
    (tmp_path / 'Sequence10/masks/00001.png').unlink()
    with pytest.raises(MissingDataError, match=r'no mask for .*Sequence10/images/00001\.png'):
        build(tmp_path, MaskClipDataset)
    (tmp_path / 'test.txt').write_text('Sequence11\n')
    with pytest.raises(MissingDataError, match='no image in .*Sequence11'):
        build(tmp_path, MaskClipDataset, ann_file='test.txt')


def test_lists_of_mask_sequences_may_name_frames(tmp_path, warnings):
    """As NUDT-MIRSDT is shipped: ``Sequence1/Mix/00001.mat``, one line a frame."""
    for name in ('Sequence1', 'Sequence2'):
        for number in range(1, 6):
            write(tmp_path / f'{name}/images/{number:05d}.png', frame(number))
            write(tmp_path / f'{name}/masks/{number:05d}.png', np.eye(24, 32, dtype=np.uint8) * 255)
    lines = [f'Sequence1/Mix/{number:05d}.mat' for number in (1, 2, 5)]
    (tmp_path / 'train.txt').write_text('\n'.join([*lines, 'Sequence2']))
    dataset = build(tmp_path, MaskClipDataset, ann_file='train.txt', num_frames=2)
    infos = [dataset.get_data_info(k) for k in range(len(dataset))]
    assert [(info['video'], info['frame_id']) for info in infos] == [
        ('Sequence1', 1),
        ('Sequence1', 2),
        ('Sequence1', 5),
        *(('Sequence2', number) for number in range(1, 6)),
    ]
    assert infos[2]['frame_ids'] == [4, 5]  # not listed, but on disk
    listed = build(tmp_path, MaskClipDataset, ann_file='train.txt', num_frames=2, context='listed')
    assert listed.get_data_info(2)['frame_ids'] == [2, 5]
    (tmp_path / 'train.txt').write_text('\n'.join([*lines, 'Sequence1/images/00009.png']))
    with pytest.raises(MissingDataError, match=r'no image 00009 in .*Sequence1/images, which .*train\.txt lists'):
        build(tmp_path, MaskClipDataset, ann_file='train.txt')


def test_folders_of_images_and_masks_around_the_sequences(tmp_path):
    """As IRSatVideo-LEO and DTUM's IRDST are shipped: lists of sequences, or of their frames."""
    for name in ('001', '010'):
        for number in range(1, 4):
            write(tmp_path / f'images/{name}/{number}.png', frame(number))
            write(tmp_path / f'masks/{name}/{number}.png', np.eye(24, 32, dtype=np.uint8) * 255)
    assert [info['video'] for info in map(build(tmp_path, MaskClipDataset).get_data_info, (0, 3))] == ['001', '010']
    (tmp_path / 'train.txt').write_text('001')
    dataset = build(tmp_path, MaskClipDataset, ann_file='train.txt', num_frames=2)
    assert [dataset.get_data_info(k)['frame_ids'] for k in range(3)] == [[1, 1], [1, 2], [2, 3]]
    (tmp_path / 'train.txt').write_text('010/2\n010/3')
    dataset = build(tmp_path, MaskClipDataset, ann_file='train.txt')
    assert [dataset.get_data_info(k)['mask_path'] for k in range(2)] == [
        str(tmp_path / f'masks/010/{number}.png') for number in (2, 3)
    ]


def test_lists_of_mask_sequences_of_another_machine(tmp_path):
    """As SatVideoIRSTD's lists are."""
    write(tmp_path / 'train/000001/img/000007.png', frame(0))
    write(tmp_path / 'train/000001/mask/000007.png', np.eye(24, 32, dtype=np.uint8) * 255)
    (tmp_path / 'list.txt').write_text('dataset/CSIG/train\\000001\\img\\000007.png\r\n')
    folders = dict(image_folder='img', mask_folder='mask')
    info = build(tmp_path, MaskClipDataset, ann_file='list.txt', **folders).get_data_info(0)
    assert (info['video'], info['frame_id']) == ('train/000001', 7)


def test_a_mask_of_another_size(tmp_path):
    write(tmp_path / 's/images/0.png', frame(0))
    write(tmp_path / 's/masks/0.png', np.eye(12, 16, dtype=np.uint8) * 255)
    with pytest.raises(DataError, match='its annotation says 12x16'):
        build(tmp_path, MaskClipDataset, pipeline=[LoadClip()])[0]


def test_txt_lists(tmp_path):
    for number in range(8):
        write(tmp_path / f'images/test/data6/{number}.bmp', frame(number))
    prefix = '/home/public/DAUB/images/test/data6'
    (tmp_path / 'val.txt').write_text(
        f'{prefix}/0.bmp 3,4,9,8,0\r\n\n{prefix}/6.bmp 1,2,5,6,0 20,2,26,7,0\n{prefix}/7.bmp\n', encoding='utf-8-sig'
    )
    dataset = build(tmp_path, TxtClipDataset, ann_file='val.txt', pipeline=[LoadClip()])
    assert len(dataset) == 3
    info = dataset.get_data_info(1)
    assert info['frame_ids'] == [2, 3, 4, 5, 6]  # between, on disk only
    assert [i['bbox'] for i in info['instances']] == [[1, 2, 5, 6], [20, 2, 26, 7]]
    assert dataset[1]['img'].shape == (24, 32, 5)
    assert dataset[2]['instances'] == []
    same = build(tmp_path, TxtClipDataset, ann_file='val.txt', strip='/home/public/DAUB')
    assert same.get_data_info(1)['img_paths'] == info['img_paths']
    with pytest.raises(DataError, match='does not begin with'):
        build(tmp_path, TxtClipDataset, ann_file='val.txt', strip='/data')


@pytest.mark.parametrize(
    ('line', 'problem'), [('images/0.png 28,2,40,6,0', 'partly outside'), ('images/0.png 5,5,5,9,0', 'no area')]
)
def test_boxes_of_txt_lists_are_checked_when_the_size_is_known(tmp_path, line, problem):
    write(tmp_path / 'images/0.png', frame(0))
    write(tmp_path / 'images/1.png', frame(1))
    (tmp_path / 'val.txt').write_text(f'{line}\nimages/1.png 1,2,3,4,0')
    with pytest.raises(DataError, match=problem):
        build(tmp_path, TxtClipDataset, ann_file='val.txt', pipeline=[LoadClip()])[0]
    dropped = build(tmp_path, TxtClipDataset, ann_file='val.txt', bad_box='drop', pipeline=[LoadClip()])[0]
    assert dropped['instances'] == []
    clipped = build(tmp_path, TxtClipDataset, ann_file='val.txt', bad_box='clip', pipeline=[LoadClip()])[0]
    assert [i['bbox'] for i in clipped['instances']] == ([[28, 2, 32, 6]] if 'partly' in problem else [])


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('a/0.bmp 1,2,3,4,0\na/1.bmp 1,2,x,4,0', 'line 2'),
        ('a/0.bmp 1,2,3,4', 'line 1'),
        ('1,2,3,4,0', 'line 1'),
        ('a/0.bmp 1,2,3,4,0\na/0.bmp 1,2,3,4,0', 'listed twice'),
        ('\n\n', 'empty'),
    ],
)
def test_bad_txt_lists(tmp_path, text, message):
    (tmp_path / 'val.txt').write_text(text)
    with pytest.raises(DataError, match=message):
        build(tmp_path, TxtClipDataset, ann_file='val.txt')


def test_txt_list_whose_images_are_elsewhere(tmp_path):
    (tmp_path / 'val.txt').write_text('/home/public/DAUB/images/test/data6/0.bmp 1,2,3,4,0')
    with pytest.raises(MissingDataError, match='none of the listed images is there'):
        build(tmp_path, TxtClipDataset, ann_file='val.txt')


def test_synthetic_sequences(tmp_path):
    config = SequenceConfig(scene=SceneConfig(size=(64, 64)), num_frames=6)
    write_dataset(tmp_path, DatasetConfig('sequences', 1, 0, 1, config=config))
    dataset = build(tmp_path, ann_file='instances_train2017.json', pipeline=[LoadClip()])
    assert len(dataset) == 6
    info = dataset.get_data_info(5)
    assert info['frame_ids'] == [1, 2, 3, 4, 5]
    assert info['video'] == 'train/seq0000'
    assert all({'track_id', 'scr'} <= set(instance) for instance in info['instances'])
    assert dataset[5]['img'].shape == (64, 64, 5)


@needs_shared
def test_the_real_daub_annotation(tmp_path):
    """4795 frames, 7 sequences; the images are stand-ins."""
    source = SHARED / 'data/annotations/DAUB_instances_test2017.json'
    data = json.loads(source.read_text())
    (tmp_path / ANN).write_bytes(source.read_bytes())
    stand_in = write(tmp_path / 'one.png', frame(0, 256, 256)).read_bytes()
    for image in data['images']:
        path = tmp_path / image['file_name']
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'')
    dataset = build(tmp_path, pipeline=[LoadClip()])
    assert len(dataset) == 4795
    info = sample(dataset, 'data12', 1499)
    assert info['frame_ids'] == [1495, 1496, 1497, 1498, 1499]
    assert info['is_last']
    for path in info['img_paths']:
        with open(path, 'wb') as file:
            file.write(stand_in)
    index = next(k for k in range(4795) if dataset.get_data_info(k)['img_id'] == info['img_id'])
    assert dataset[index]['img'].shape == (256, 256, 5)
    assert sum(len(dataset.get_data_info(k)['instances']) for k in range(4795)) == 4795


@needs_shared
@pytest.mark.parametrize(('name', 'folder'), [('DAUB', 'images/test/data6'), ('IRDST', 'images/2')])
def test_the_real_txt_lists(tmp_path, name, folder):
    source = SHARED / f'data/annotations/{name}_val_head200.txt'
    (tmp_path / 'val.txt').write_bytes(source.read_bytes())
    lines = source.read_text().split('\n')
    for line in filter(str.strip, lines):
        path = tmp_path / line.split()[0].split(f'/home/public/{name}/')[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'')
    dataset = build(tmp_path, TxtClipDataset, ann_file='val.txt')
    assert len(dataset) == 200
    first = dataset.get_data_info(0)
    assert first['video'] == folder
    assert first['instances'][0]['bbox'] == [float(v) for v in lines[0].split()[1].split(',')[:4]]


# Around the data sets.


def test_registered(tmp_path):
    root = coco_root(tmp_path)
    dataset = DATASETS.build(dict(type='mmirstd.ClipDataset', data_root=str(root), ann_file=ANN))
    sampler = DATA_SAMPLERS.build(dict(type='mmirstd.SequenceSampler', dataset=dataset))
    assert isinstance(sampler, SequenceSampler)
    assert list(sampler) == list(range(9))


def test_sequence_sampler_deals_out_whole_sequences(tmp_path, monkeypatch):
    root = coco_root(tmp_path, {'a': range(7), 'b': range(3), 'c': range(2), 'd': range(5)})
    dataset = build(root, streaming=True, num_frames=1)
    shares = []
    for rank in range(2):
        monkeypatch.setattr('mmirstd.datasets.sequence_sampler.get_dist_info', lambda rank=rank: (rank, 2))
        shares.append(list(SequenceSampler(dataset)))
    assert sorted(shares[0] + shares[1]) == list(range(17))
    assert abs(len(shares[0]) - len(shares[1])) <= 2
    for share in shares:
        videos = [dataset.sample_video(index) for index in share]
        assert len({(a, b) for a, b in zip(videos, videos[1:]) if a != b}) == len(set(videos)) - 1
        assert share == sorted(share)


def test_annotations_in_a_folder_of_their_own(tmp_path):
    coco_root(tmp_path)
    (tmp_path / 'annotations').mkdir()
    (tmp_path / 'instances_test2017.json').rename(tmp_path / 'annotations/instances_test2017.json')
    assert len(build(tmp_path, ann_file='instances_test2017.json')) > 0
