"""Each fault is found, named with its files, and nothing else is."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from mmengine.registry import init_default_scope

from mmirstd.datasets.check import check_splits, read_splits, splits_of_root
from mmirstd.utils.errors import DataError, MissingDataError
from tests.shared import SHARED, needs_shared
from tests.test_datasets.clip_helpers import coco_root, edit
from tests.test_datasets.helpers import write

from . import data


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmseg')


@pytest.fixture
def root(tmp_path):
    return data.make_root(tmp_path / 'data')


def findings(root, **options):
    return check_splits(splits_of_root(root), **options).findings


def one(root, kind, **options):
    """The only finding, of this kind."""
    found = findings(root, **options)
    assert [finding.kind for finding in found] == [kind], found
    return found[0]


def test_nothing_is_found_in_a_sound_data_set(root):
    report = check_splits(splits_of_root(root))
    assert report.findings == []
    assert report.status == 0
    assert [(row['split'], row['images'], row['targets']) for row in report.splits] == [('train', 8, 8), ('test', 6, 6)]
    assert report.text().endswith('nothing wrong was found')


def test_every_unreadable_file_is_named(root):
    for number in (1, 9):
        path = root / 'images' / f'{number}.png'
        path.write_bytes(path.read_bytes()[:900])
    (root / 'masks/3.png').write_bytes(b'')
    finding = one(root, 'unreadable')
    assert (finding.severity, finding.splits) == ('error', ('train', 'test'))
    assert [item.split(':')[0].rsplit('/', 2)[1:] for item in finding.items] == [
        ['images', '1.png'],
        ['images', '9.png'],
        ['masks', '3.png'],
    ]
    assert all(item.count(str(root)) == 1 for item in finding.items)


def test_everything_missing_is_named(root):
    for name in ('images/2.png', 'masks/4.png', 'masks/10.png'):
        (root / name).unlink()
    found = findings(root)
    assert {(finding.severity, finding.kind) for finding in found} == {('error', 'list or annotation')}
    assert sorted(item.split(':')[0] for finding in found for item in finding.items) == [
        "no image for '2'",
        "no mask for '10'",
        "no mask for '4'",
    ]


def test_several_faults_at_once(root):
    (root / 'images/0.png').write_bytes(b'no image')
    (root / 'masks/1.png').unlink()
    write(root / 'masks/2.png', cv2.resize(data.mask(root, 2), (48, 36), interpolation=cv2.INTER_NEAREST))
    write(root / 'masks/9.png', 255 - data.mask(root, 9))
    (root / 'images/10.bmp').write_bytes(b'')
    kinds = {finding.kind for finding in findings(root)}
    assert kinds == {'list or annotation', 'unreadable', 'mask sizes', 'mask values', 'not listed'}


@pytest.mark.parametrize(
    ('change', 'severity', 'said'),
    [
        (lambda mask: 255 - mask, 'error', 'covers most of the image'),
        (lambda mask: np.full_like(mask, 7), 'error', 'every pixel has the value 7'),
        (lambda mask: np.dstack([np.full_like(mask, 255)] * 3 + [mask]), 'warning', 'alpha'),
        (lambda mask: mask // 255 * 38, 'note', 'one value'),
    ],
)
def test_mask_values(root, change, severity, said):
    for number in (2, 3):
        write(root / 'masks' / f'{number}.png', change(data.mask(root, number)))
    finding = one(root, 'mask values')
    assert (finding.severity, finding.splits) == (severity, ('train',))
    assert said in finding.text()


def test_masks_of_one_target_and_of_several_are_of_one_kind(root):
    for number in range(14):
        write(root / 'masks' / f'{number}.png', data.mask(root, number) // 255)
    two = data.mask(root, 3)
    two[2:4, 2:4] = 2
    write(root / 'masks/3.png', two)
    assert one(root, 'mask values').severity == 'note'


def test_mask_of_another_size(root):
    write(root / 'masks/2.png', cv2.resize(data.mask(root, 2), (48, 36), interpolation=cv2.INTER_NEAREST))
    finding = one(root, 'mask sizes')
    assert finding.severity == 'error'
    assert '48x36 pixels (width x height), its image 96x72' in finding.items[0]
    config = dict(type='mmirstd.SIRSTDataset', data_root=str(root), ann_file='img_idx/train.txt')
    resized = check_splits(read_splits(dict(train=dict(config, mask_size_mismatch='resize')))).findings
    assert [(f.kind, f.severity) for f in resized] == [('mask sizes', 'note'), ('not listed', 'note')]


def test_labels_of_other_images(root):
    masks = [data.mask(root, number) for number in range(8)]
    for number in range(8):
        write(root / 'masks' / f'{number}.png', masks[number - 1])
    finding = one(root, 'labels without targets')
    assert finding.severity == 'error'
    assert finding.splits == ('train',)
    assert 4 <= len(finding.items) <= 8  # clouds of the background may look like a target


@pytest.mark.parametrize(('down', 'right', 'said'), [(6, 0, '6 px up'), (0, -4, '4 px right'), (-5, 7, '7 px left')])
def test_labels_beside_their_targets(root, down, right, said):
    for number in range(8):
        write(root / 'masks' / f'{number}.png', np.roll(data.mask(root, number), (down, right), (0, 1)))
    finding = one(root, 'labels beside targets')
    assert finding.severity == 'error'
    assert said in finding.found


def test_labels_to_one_side(tmp_path):
    root = data.make_root(tmp_path, 24, 0)
    for number in range(24):
        write(root / 'masks' / f'{number}.png', np.roll(data.mask(root, number), -1, 1))
    (root / 'img_idx/test.txt').unlink()
    finding = one(root, 'labels to one side')
    assert finding.severity == 'warning'
    assert '100% of 24 lie right of it' in finding.found


def test_copies_across_splits_whatever_the_format(root):
    write(root / 'images/8.bmp', data.image(root, 2))
    (root / 'images/8.png').unlink()
    write(root / 'masks/8.png', data.mask(root, 2))
    write(root / 'images/9.png', cv2.cvtColor(data.image(root, 3), cv2.COLOR_GRAY2BGR))
    write(root / 'masks/9.png', data.mask(root, 3))
    found = {finding.kind: finding for finding in findings(root)}
    assert set(found) == {'copies in two splits', 'channels'}
    assert found['copies in two splits'].severity == 'error'
    assert len(found['copies in two splits'].items) == 2


def test_copies_within_a_split_and_their_labels(root):
    write(root / 'images/1.png', data.image(root, 0))
    found = {finding.kind: finding.severity for finding in findings(root)}
    assert found['copies'] == found['copies with different labels'] == 'warning'


def test_changed_copies_look_the_same(root):
    again = cv2.resize(data.image(root, 2), (120, 90), interpolation=cv2.INTER_CUBIC)
    write(root / 'images/8.png', cv2.convertScaleAbs(again, alpha=0.8, beta=10))
    write(root / 'masks/8.png', cv2.resize(data.mask(root, 2), (120, 90), interpolation=cv2.INTER_NEAREST))
    finding = one(root, 'probably the same scene')
    assert (finding.severity, finding.splits) == ('warning', ('train', 'test'))
    assert len(finding.items) == 1


@pytest.mark.parametrize(('train', 'test', 'severity'), [(range(9), range(8, 14), 'error')])
def test_one_file_in_two_splits(root, train, test, severity):
    data.set_lists(root, train, test)
    finding = one(root, 'files in two splits')
    assert finding.severity == severity
    assert [item.rsplit('/', 1)[1] for item in finding.items] == ['8.png']


def test_lists_of_other_protocols_and_their_parts_may_share_images(root):
    data.set_lists(root, range(8), range(8, 14))
    (root / 'img_idx/trainval_B.txt').write_text('\n'.join(map(str, range(10))))
    (root / 'img_idx/train_B.txt').write_text('\n'.join(map(str, range(6))))
    (root / 'img_idx/val_B.txt').write_text('\n'.join(map(str, range(6, 10))))
    assert findings(root) == []
    assert [split.name for split in splits_of_root(root)] == ['train', 'test', 'train b', 'val b', 'trainval b']


def test_bit_depths(root):
    for number in range(14):
        write(root / 'images' / f'{number}.png', data.image(root, number).astype(np.uint16) * 64)
    found = findings(root)
    assert {(finding.kind, finding.severity) for finding in found} == {('bit depth', 'warning')}
    assert all(finding.cure == '--cfg-options bit_depth=14' for finding in found)
    config = dict(type='mmirstd.SIRSTDataset', data_root=str(root))
    load = dict(type='mmirstd.LoadInfraredImage')
    told = check_splits(read_splits(dict(train=dict(config, pipeline=[dict(load, bit_depth=14)])))).findings
    assert told == []
    wrong = check_splits(read_splits(dict(train=dict(config, pipeline=[dict(load, bit_depth=12)])))).findings
    assert [(finding.kind, finding.severity) for finding in wrong] == [('bit depth', 'error')]


def test_a_mixture_of_types(root):
    write(root / 'images/3.png', data.image(root, 3).astype(np.uint16) * 256)
    finding = one(root, 'bit depths')
    assert '13 uint8, 1 uint16' in finding.found
    assert finding.items[0].endswith('3.png')


def test_float_values(root):
    image = data.image(root, 3).astype(np.float32) / 255
    image[0, 0] = np.nan
    write(root / 'images/3.tif', image)
    write(root / 'images/4.tif', data.image(root, 4).astype(np.float32))
    for number in (3, 4):
        (root / 'images' / f'{number}.png').unlink()
    found = {finding.kind: finding for finding in findings(root)}
    assert set(found) == {'not finite', 'float values', 'bit depths'}
    assert len(found['not finite'].items) == len(found['float values'].items) == 1


def test_labels_without_any_target(root):
    for number in range(8):
        write(root / 'masks' / f'{number}.png', data.mask(root, number) * 0)
    finding = one(root, 'no target')
    assert (finding.severity, len(finding.items)) == ('error', 8)


def test_an_image_of_one_value(root):
    write(root / 'images/3.png', np.full((72, 96), 9, np.uint8))
    assert one(root, 'constant').items[0].endswith('3.png: 9')


def test_names_in_upper_and_lower_case(root):
    for folder in ('images', 'masks'):
        for name, number in (('Sky', 3), ('sky', 4)):
            (root / folder / f'{number}.png').rename(root / folder / f'{name}.png')
    data.set_lists(root, [0, 1, 2, 'Sky', 'sky', 5, 6, 7], range(8, 14))
    assert one(root, 'names').items == ('Sky and sky',)


def test_files_without_a_list(root):
    data.set_lists(root, range(8), range(8, 13))
    finding = one(root, 'not listed')
    assert [item.rsplit('/', 2)[1] for item in finding.items] == ['images', 'masks']


def test_a_hold_out_of_everything(root):
    config = dict(
        type='mmirstd.SIRSTDataset',
        data_root=str(root),
        ann_file='img_idx/train.txt',
        holdout=dict(num=34, part='train'),
    )
    report = check_splits(read_splits(dict(train=config)))
    assert report.findings[0].severity == 'error'
    assert 'takes 34 of 8' in report.findings[0].found
    assert report.splits[0]['images'] == 8


def test_wrapped_and_foreign_data_sets(root):
    config = dict(type='mmirstd.SIRSTDataset', data_root=str(root))
    parts = [dict(config, ann_file='img_idx/train.txt'), dict(config, ann_file='img_idx/test.txt')]
    wrapped = dict(type='RepeatDataset', times=2, dataset=dict(type='ConcatDataset', datasets=parts))
    assert [split.name for split in read_splits(dict(train=wrapped))] == ['train 1', 'train 2']
    foreign = read_splits(dict(test=dict(type='mmseg.BaseSegDataset', data_prefix=dict(img_path='x'))))
    assert foreign[0].foreign['type'] == 'mmseg.BaseSegDataset'  # test_foreign.py


def test_quick_looks_at_some(tmp_path):
    root = data.make_root(tmp_path, 110, 4)
    report = check_splits(splits_of_root(root), quick=True)
    assert [row['images'] for row in report.splits] == ['100 of 110', 4]
    assert report.findings == []


def test_threads_find_the_same(root):
    write(root / 'masks/6.png', 255 - data.mask(root, 6))
    assert check_splits(splits_of_root(root), workers=3) == check_splits(splits_of_root(root), workers=1)


# Clips.


def clip_splits(root, **options):
    init_default_scope('mmdet')
    config = dict(type='mmirstd.ClipDataset', data_root=str(root), ann_file='instances_test2017.json', num_frames=5)
    return read_splits(dict(train=dict(config, **options)))


def test_all_faults_of_an_annotation(tmp_path):
    coco_root(tmp_path)

    def change(content):
        content['annotations'][0]['bbox'] = [-50, 2, 4, 3]
        content['annotations'][1]['bbox'] = 'none'
        content['annotations'][2]['image_id'] = 77
        content['images'][3]['width'] = 64
        content['annotations'].append(dict(content['annotations'][5]))

    edit(tmp_path, change)
    (tmp_path / 'images/test/data6/4.png').unlink()
    found = [finding for split in clip_splits(tmp_path) for finding in split.findings]
    texts = ' '.join(finding.found for finding in found)
    for said in (
        '1 bad boxes (1 outside)',
        'cannot be read',
        'of no image',
        '1 of 10 annotations repeat',
        'not as large as annotated',
        '1 image(s) of 9 are missing',
    ):
        assert said in texts
    assert sum(finding.severity == 'error' for finding in found) == 5


def test_sequences(tmp_path):
    coco_root(tmp_path, {'a': [0, 1, 2, 3, 9, 10, 11], 'b': [0, 1]})
    found = {finding.kind: finding for finding in check_splits(clip_splits(tmp_path)).findings}
    assert len(found['gaps'].items) == len(found['short sequences'].items) == 1
    assert '1 gap(s), the longest of 6 frames' in found['gaps'].items[0]


def test_frames_of_one_sequence_in_two_splits(tmp_path):
    coco_root(tmp_path, {'a': range(12)})
    content = json.loads((tmp_path / 'instances_test2017.json').read_text())
    for name, chosen in (('train', range(8)), ('test', range(8, 12))):
        images = [content['images'][k] for k in chosen]
        ids = {image['id'] for image in images}
        part = dict(content, images=images, annotations=[a for a in content['annotations'] if a['image_id'] in ids])
        (tmp_path / f'instances_{name}2017.json').write_text(json.dumps(part))
    finding = next(f for f in findings(tmp_path) if f.kind == 'sequences in two splits')
    assert (finding.severity, finding.splits) == ('warning', ('train', 'test'))


def test_boxes_below_a_pixel(tmp_path):
    coco_root(tmp_path)
    edit(tmp_path, lambda content: content['annotations'][0].update(bbox=[0.4, 0.5, 0.1, 0.1]))
    finding = next(f for f in check_splits(clip_splits(tmp_path)).findings if f.kind == 'boxes')
    assert finding.items[0].endswith('0.1 x 0.1 pixels')


# Layouts.


def test_layouts(tmp_path):
    image, mask = data.scene(0)
    write(tmp_path / 'plain/a.png', image)
    assert {finding.kind for finding in findings(tmp_path / 'plain')} == {'no masks', 'no labels'}
    write(tmp_path / 'yolo/images/a.png', image)
    (tmp_path / 'yolo/labels').mkdir()
    (tmp_path / 'yolo/labels/a.txt').write_text('0 0.5 0.5 0.1 0.1')
    finding = next(finding for finding in findings(tmp_path / 'yolo') if finding.kind == 'no masks')
    assert 'mmirstd convert-labels ' in finding.cure
    write(tmp_path / 'clips/s/images/1.png', image)
    write(tmp_path / 'clips/s/masks/1.png', mask)
    assert findings(tmp_path / 'clips') == []
    with pytest.raises(MissingDataError, match='no such folder'):
        splits_of_root(tmp_path / 'nothing')
    (tmp_path / 'empty').mkdir()
    with pytest.raises(DataError, match='no data set of a known layout'):
        splits_of_root(tmp_path / 'empty')


def counts(root):
    return {split.name: len(split.samples) for split in splits_of_root(root)}


def test_lists_in_a_folder_of_any_name_tell_the_splits(root):
    (root / 'img_idx').rename(root / '50_50')
    assert counts(root) == {'train': 8, 'test': 6}
    (root / 'labels').mkdir()
    (root / 'labels/train_notes.txt').write_text('something else')
    assert counts(root) == {'train': 8, 'test': 6}


def test_two_folders_of_lists_are_two_protocols(root):
    (root / 'img_idx').rename(root / 'idx_427')
    (root / 'idx_320').mkdir()
    (root / 'idx_320/train.txt').write_text('8\n9\n10\n11\n12\n13')
    (root / 'idx_320/test.txt').write_text('0\n1')
    assert findings(root) == []


@pytest.mark.parametrize('pattern', ['{split}/{kind}/{name}.png', '{kind}/{split}/{name}.png'])
def test_folders_of_splits_are_no_sequences(tmp_path, pattern):
    """SIRST-Aug and IRDST: the test images are not to be mixed with those to train on."""
    for number in range(4):
        split = 'trainval' if number < 3 else 'test'
        for kind, array in zip(('images', 'masks'), data.scene(number)):
            write(tmp_path / pattern.format(split=split, kind=kind, name=number), array)
    assert counts(tmp_path) == {'trainval': 3, 'test': 1}
    assert findings(tmp_path) == []


def make_sequences(root, pattern):
    for number in range(6):
        for kind, array in zip(('images', 'masks'), data.scene(number)):
            write(root / pattern.format(sequence=f's{number // 2}', kind=kind, frame=number % 2), array)


@pytest.mark.parametrize('pattern', ['{sequence}/{kind}/{frame}.png', '{kind}/{sequence}/{frame}.png'])
def test_sequences_and_their_lists(tmp_path, pattern):
    """NUDT-MIRSDT has folders in each sequence, IRSatVideo-LEO around them."""
    make_sequences(tmp_path, pattern)
    assert counts(tmp_path) == {'all': 6}
    (tmp_path / 'video_idx').mkdir()
    (tmp_path / 'video_idx/train_A.txt').write_text('s0\ns1')
    (tmp_path / 'video_idx/test_A.txt').write_text('s2')
    assert counts(tmp_path) == {'train a': 4, 'test a': 2}
    assert findings(tmp_path) == []


def test_sequences_in_folders_of_splits(tmp_path):
    """As SatVideoIRSTD is shipped."""
    make_sequences(tmp_path / 'train', '{sequence}/{kind}/{frame}.png')
    for folder in (*(tmp_path / 'train').glob('*/images'), *(tmp_path / 'train').glob('*/masks')):
        folder.rename(folder.with_name(dict(images='img', masks='mask')[folder.name]))
    (tmp_path / 'val').mkdir()
    (tmp_path / 'train/s2').rename(tmp_path / 'val/s2')
    assert counts(tmp_path) == {'train': 4, 'val': 2}
    assert findings(tmp_path) == []


def test_labels_of_other_programs_are_named(tmp_path):
    write(tmp_path / 'train/s/img1/000001.jpg', data.scene(0)[0])
    (tmp_path / 'train/s/gt').mkdir()
    (tmp_path / 'train/s/gt/gt.txt').write_text('1,1,3,4,5,6,1,1,1\n')
    with pytest.raises(DataError, match=r'labels of the format mot \(.*gt\.txt\)') as caught:
        splits_of_root(tmp_path)
    assert '--from mot --to coco' in str(caught.value)


def test_the_coco_files_of_roboflow(tmp_path):
    for number, split in enumerate(('test', 'train', 'valid')):
        image, _ = data.scene(number)
        write(tmp_path / split / 'a.png', image)
        content = dict(
            images=[dict(id=1, file_name='a.png', height=72, width=96)],
            annotations=[dict(id=1, image_id=1, category_id=1, bbox=[3, 4, 5, 6], area=30, iscrowd=0)],
            categories=[dict(id=1, name='drone')],
        )
        (tmp_path / split / '_annotations.coco.json').write_text(json.dumps(content))
    found = {split.name: split.samples[0].image for split in splits_of_root(tmp_path)}
    assert found == {
        name: str(tmp_path / folder / 'a.png') for name, folder in dict(train='train', val='valid', test='test').items()
    }


@needs_shared
@pytest.mark.parametrize(
    ('case', 'kind', 'severity', 'items'),
    [
        ('damaged3', 'unreadable', 'error', 3),
        ('mask_inverted', 'mask values', 'error', 8),
        ('mask_shifted', 'labels without targets', 'error', 8),
        ('mask_size', 'mask sizes', 'error', 1),
        ('u16_14bit', 'bit depth', 'warning', 0),
        ('mask_alpha', 'mask values', 'note', 0),
        ('coco_xyxy', 'list or annotation', 'error', 0),
        ('coco_size2x', 'list or annotation', 'error', 8),
        ('coco_dup', 'list or annotation', 'warning', 8),
        ('coco_empty', 'no target', 'error', 8),
        ('nomask', 'no masks', 'warning', 0),
    ],
)
def test_cases(case, kind, severity, items):
    """In each case the test list is the training list, which is named in addition."""
    found = findings(SHARED / 'cases' / case)
    assert next(f for f in found if f.kind == 'files in two splits').severity == 'error'
    finding = next(f for f in found if f.kind == kind)
    assert (finding.severity, len(finding.items)) == (severity, items)


@needs_shared
@pytest.mark.parametrize(
    'case',
    [
        'masks_ref_255',
        'masks_gray_100',
        'masks_bg1_t2',
        'odd_253x234',
        'rgb_640x512',
        'tiny_48x40',
        'split_pairs',
        'split_path',
        'split_utf16',
        'coco_bom',
        'coco_strid',
    ],
)
def test_cases_without_a_fault(case):
    found = {(finding.kind, finding.severity) for finding in findings(SHARED / 'cases' / case)}
    assert found - {('mask values', 'note'), ('channels', 'note')} <= {
        ('files in two splits', severity) for severity in ('error', 'warning', 'note')
    }


@pytest.mark.parametrize(('sequences', 'severity'), [(2, 'warning'), (8, 'error')])
def test_frames_of_few_scenes_may_mislead(tmp_path, sequences, severity):
    """Boxes beside their targets: with few sequences the scene may be what is seen there."""
    images, annotations = [], []
    for number in range(8):
        picture, mask = data.scene(number)
        name = f'images/s{number * sequences // 8}/{number}.png'
        write(tmp_path / name, picture)
        y, x = np.argwhere(mask).min(0).tolist()
        images.append(dict(id=number + 1, file_name=name, width=96, height=72))
        box = dict(id=number + 1, image_id=number + 1, category_id=1, bbox=[x - 6, y, 3, 3], area=9, iscrowd=0)
        annotations.append(box)
    content = dict(images=images, annotations=annotations, categories=[dict(id=1, name='target')])
    (tmp_path / 'instances_test2017.json').write_text(json.dumps(content))
    found = {finding.kind: finding for finding in check_splits(clip_splits(tmp_path)).findings}
    assert found['labels beside targets'].severity == severity
    assert ('2 sequences only' in found['labels beside targets'].found) == (severity == 'warning')


def test_a_sequence_may_be_called_test(tmp_path):
    make_sequences(tmp_path, '{sequence}/{kind}/{frame}.png')
    (tmp_path / 's2').rename(tmp_path / 'test')
    assert counts(tmp_path) == {'all': 6}


def test_the_log_of_a_training_is_no_list_of_sequences(tmp_path):
    make_sequences(tmp_path, '{sequence}/{kind}/{frame}.png')
    (tmp_path / 'logs').mkdir()
    (tmp_path / 'logs/train.txt').write_text('epoch 1')
    assert counts(tmp_path) == {'all': 6}
    (tmp_path / 'logs/test.txt').write_text('s1')
    assert counts(tmp_path) == {'test': 2}
