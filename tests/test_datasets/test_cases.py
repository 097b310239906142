"""Annotations and split files as users have them, each with what is right."""

from __future__ import annotations

import json
import logging

import pytest

from mmirstd.datasets import ClipDataset, MaskClipDataset, SIRSTDataset, TxtClipDataset, problems
from mmirstd.datasets.transforms import LoadClip, LoadInfraredImage, LoadTargetMask
from mmirstd.utils.errors import DataError

from ..shared import SHARED, needs_shared

pytestmark = needs_shared
ANN = 'instances_train2017.json'


def clips(case: str, **kwargs) -> ClipDataset:
    kwargs = dict(dict(num_frames=1, ann_file=ANN, pipeline=[LoadClip()]), **kwargs)
    return ClipDataset(data_root=str(SHARED / 'cases' / case), **kwargs)


def boxes_by_frame(dataset) -> list[tuple[tuple[int, int], list[list[float]]]]:
    """The loaded size and the boxes of each frame; names differ from case to case."""
    samples = [dataset[index] for index in range(len(dataset))]
    return sorted((sample['ori_shape'], [instance['bbox'] for instance in sample['instances']]) for sample in samples)


@pytest.fixture(scope='module')
def plain() -> list:
    return boxes_by_frame(clips('coco_plain'))


@pytest.fixture
def warnings(monkeypatch) -> list[str]:
    texts: list[str] = []
    monkeypatch.setattr(problems, 'print_log', lambda text, logger=None, level=logging.INFO: texts.append(text))
    return texts


@pytest.mark.parametrize(
    ('case', 'said'),
    [
        ('coco_backslash', None),
        ('coco_bom', None),
        ('coco_nocat', None),
        ('coco_roboflow', None),
        ('coco_strid', None),
        ('coco_sub', None),
        ('coco_dup', '8 of 16 annotations repeat'),
        ('coco_normalised', 'all 8 boxes lie within 0..1'),
        ('coco_names_collide', r'equal numbers in their names .* 4 in all'),
    ],
)
def test_coco_is_read(plain, warnings, case, said):
    assert boxes_by_frame(clips(case)) == plain
    assert len(warnings) == (said is not None)
    if said is not None:
        import re

        assert re.search(said, warnings[0])


def test_coco_frames_are_in_order():
    order = [70, 214, 96, 311, 158, 127, 323, 54]
    dataset = clips('coco_roboflow')  # whose hashes end in numbers, too
    assert [dataset.get_data_info(k)['frame_id'] for k in range(8)] == sorted(order)
    dataset = clips('coco_backslash')
    assert [dataset.get_data_info(k)['video'] for k in range(8)] == ['seq0'] * 4 + ['seq1'] * 4


@pytest.mark.parametrize(
    ('case', 'message'),
    [
        ('coco_empty', 'none of the 8 images has a box'),
        ('coco_xyxy', r"look like \[x1, y1, x2, y2\](.|\n)*box_format='xyxy'"),
        ('coco_size2x', r'303x198 pixels \(width x height\), annotated as 606x396'),
    ],
)
def test_coco_is_named_for_what_it_is(case, message):
    with pytest.raises(DataError, match=message):
        clips(case)


def test_corners_by_option(plain):
    assert boxes_by_frame(clips('coco_xyxy', box_format='xyxy')) == plain


def test_normalized_corners(plain, tmp_path):
    data = json.loads((SHARED / 'cases/coco_xyxy' / ANN).read_text())
    sizes = {image['id']: (image['width'], image['height']) * 2 for image in data['images']}
    for annotation in data['annotations']:
        annotation['bbox'] = [v / side for v, side in zip(annotation['bbox'], sizes[annotation['image_id']])]
    (tmp_path / ANN).write_text(json.dumps(data))
    options = dict(ann_file=str(tmp_path / ANN))
    with pytest.raises(DataError, match=r'look like \[x1, y1, x2, y2\]'):
        clips('coco_xyxy', **options)
    assert boxes_by_frame(clips('coco_xyxy', box_format='xyxy', **options)) == plain


def test_yolo_is_named():
    root = str(SHARED / 'cases/yolo')
    for cls in (ClipDataset, TxtClipDataset):
        with pytest.raises(DataError, match='mmirstd convert-labels'):
            cls(data_root=root, ann_file='train.txt', num_frames=1)


def test_stills_of_several_data_sets_in_one_folder():
    dataset = MaskClipDataset(data_root=str(SHARED / 'cases/merged'), num_frames=1, pipeline=[LoadClip()])
    assert [dataset.get_data_info(k)['video'] for k in range(2)] == ['all/Misc_*', 'all/XDU*']
    with pytest.raises(DataError, match='Clips of 5 frames need sequences'):
        MaskClipDataset(data_root=str(SHARED / 'cases/merged'))
    stills = SIRSTDataset(data_root=str(SHARED / 'cases/merged/all'), pipeline=[LoadInfraredImage(), LoadTargetMask()])
    assert [stills[k]['gt_seg_map'].any() for k in range(2)] == [True, True]


@pytest.mark.parametrize('case', ['split_pairs', 'split_path', 'split_utf16'])
def test_split_files(case):
    def samples(name):
        dataset = SIRSTDataset(
            data_root=str(SHARED / 'cases' / name),
            ann_file='img_idx/idx427_test.txt',
            pipeline=[LoadInfraredImage(), LoadTargetMask()],
        )
        return [(sample['sample_id'], int(sample['gt_seg_map'].sum())) for sample in map(dataset.__getitem__, range(8))]

    assert samples(case) == samples('masks_ref_255')
