"""Masks of a clip's frames: loaded, cropped, flipped and packed with the frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope

import mmirstd.registry  # noqa: F401
from mmirstd.datasets import ClipDataset, MaskClipDataset
from mmirstd.datasets.transforms import LoadClip, LoadClipMasks, PackClipSegInputs, TargetAwareCrop
from mmirstd.registry import TRANSFORMS
from mmirstd.utils.errors import DataError, MissingDataError
from tests.test_datasets.clip_helpers import coco_root, edit, frame
from tests.test_datasets.helpers import write

LOAD = [dict(type='mmirstd.LoadClip'), dict(type='mmirstd.LoadClipMasks')]
PACK = dict(type='mmirstd.PackClipSegInputs')


@pytest.fixture(autouse=True)
def _scope() -> None:
    init_default_scope('mmseg')


def mask(number: int) -> np.ndarray:
    """A target of 3x2 pixels that moves two columns a frame."""
    drawn = np.zeros((24, 32), np.uint8)
    drawn[5:7, 2 * number : 2 * number + 3] = 255
    return drawn


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """``Sequence1`` of seven frames as NUDT-MIRSDT lays it out."""
    for number in range(7):
        write(tmp_path / f'Sequence1/images/{number + 1:05d}.png', frame(number))
        write(tmp_path / f'Sequence1/masks/{number + 1:05d}.png', mask(number))
    return tmp_path


def data_set(root: Path, pipeline: list, **options: object) -> MaskClipDataset:
    return MaskClipDataset(data_root=str(root), pipeline=pipeline, **options)


def test_a_mask_of_each_frame(root: Path) -> None:
    sample = data_set(root, [*LOAD, PACK], num_frames=3)[4]
    assert sample['inputs'].shape == (3, 1, 24, 32)
    for place, number in enumerate((2, 3, 4)):
        assert torch.equal(sample['data_samples'].gt_sem_seg.data[place], torch.from_numpy(mask(number) // 255).long())
        torch.testing.assert_close(sample['inputs'][place, 0], torch.from_numpy(frame(number) / np.float32(255)))
    assert sample['data_samples'].frame_ids == [3, 4, 5]


def test_before_the_start_the_first_frame_stands(root: Path) -> None:
    sample = data_set(root, [*LOAD, PACK], num_frames=5)[1]
    masks = sample['data_samples'].gt_sem_seg.data
    assert all(torch.equal(masks[0], masks[place]) for place in (1, 2, 3))
    assert not torch.equal(masks[3], masks[4])


def test_the_key_frame_alone(root: Path) -> None:
    steps = [dict(type='mmirstd.LoadClip'), dict(type='mmirstd.LoadClipMasks', frames='key'), PACK]
    sample = data_set(root, steps, num_frames=3)[4]
    assert torch.equal(sample['data_samples'].gt_sem_seg.data, torch.from_numpy(mask(4) // 255)[None].long())
    (streamed,) = [data_set(root, [*LOAD, PACK], num_frames=1, streaming=True)[4]]
    assert torch.equal(streamed['data_samples'].gt_sem_seg.data, sample['data_samples'].gt_sem_seg.data)


def test_crops_and_flips_move_all_frames_and_masks_alike(root: Path) -> None:
    """The images are the masks here, so they must stay equal."""
    for number in range(7):
        write(root / f'Sequence1/images/{number + 1:05d}.png', mask(number))
    flip = [dict(type='RandomFlip', prob=0.5, direction=d) for d in ('horizontal', 'vertical')]
    crop = dict(type='mmirstd.TargetAwareCrop', size=(16, 40), p_target=1.0)  # one side is padded
    steps = [*LOAD, crop, *flip, dict(type='mmirstd.RandomTranspose'), PACK]
    data = data_set(root, steps, num_frames=3)
    np.random.seed(0)
    shapes = set()
    for _ in range(12):
        sample = data[4]
        masks = sample['data_samples'].gt_sem_seg.data
        assert torch.equal(sample['inputs'][:, 0] > 0.5, masks > 0)
        assert masks.any()
        shapes.add(tuple(masks.shape))
    assert shapes == {(3, 16, 40), (3, 40, 16)}


def test_constant_borders_are_constant_in_every_frame() -> None:
    clip = np.random.default_rng(0).random((4, 4, 5), np.float32)
    cropped = TargetAwareCrop(8, pad='constant', pad_value=0.25)(dict(img=clip))['img']
    assert (cropped[4:] == 0.25).all()
    np.testing.assert_array_equal(cropped[:4, :4], clip)


@pytest.mark.parametrize(('frames', 'ends'), [(7, [3, 5, 7]), (6, [3, 5, 6]), (3, [3]), (2, [2])])
def test_windows_cover_a_sequence(root: Path, frames: int, ends: list[int]) -> None:
    for number in range(frames, 7):
        (root / f'Sequence1/images/{number + 1:05d}.png').unlink()
    data = data_set(root, [*LOAD, PACK], num_frames=3, window_step=2)
    assert [sample['data_samples'].frame_ids[-1] for sample in data] == ends
    seen = {number for sample in data for number in sample['data_samples'].frame_ids}
    assert seen == set(range(1, frames + 1))
    assert [sample['data_samples'].is_last for sample in data] == [*[False] * (len(ends) - 1), True]


def test_masks_beside_an_annotation_of_boxes(tmp_path: Path) -> None:
    coco_root(tmp_path, {'data6': range(4)})
    for number in range(4):
        write(tmp_path / f'masks/test/data6/{number}.png', mask(number))
    options = dict(data_root=str(tmp_path), ann_file='instances_test2017.json', num_frames=2, pipeline=[*LOAD, PACK])
    sample = ClipDataset(mask_folders=('images', 'masks'), **options)[2]
    assert torch.equal(sample['data_samples'].gt_sem_seg.data[1], torch.from_numpy(mask(2) // 255).long())
    assert sample['data_samples'].instances[0]['bbox'] == [2.0, 2.0, 6.0, 5.0]
    (tmp_path / 'masks/test/data6/3.png').unlink()
    with pytest.raises(MissingDataError, match=r'1 image\(s\) of 4 have no mask'):
        ClipDataset(mask_folders=('images', 'masks'), **options)


def test_boxes_are_filled_where_there_are_no_masks(tmp_path: Path) -> None:
    coco_root(tmp_path, {'data6': range(4)})
    edit(tmp_path, lambda data: data['annotations'][1].update(bbox=[3.6, 4.2, 0.4, 0.3]))
    options = dict(data_root=str(tmp_path), ann_file='instances_test2017.json')
    fill = dict(type='mmirstd.LoadClipMasks', boxes='fill')
    data = ClipDataset(num_frames=2, window_step=2, pipeline=[LOAD[0], fill, PACK], **options)
    masks = data[0]['data_samples'].gt_sem_seg.data
    expected = torch.zeros(2, 24, 32, dtype=torch.long)
    expected[0, 2:5, 0:4] = 1
    expected[1, 4, 3] = 1  # the box lies in this pixel alone
    assert torch.equal(masks, expected)
    with pytest.raises(DataError, match='has no mask'):
        ClipDataset(num_frames=2, pipeline=[*LOAD, PACK], **options)[0]
    with pytest.raises(DataError, match='no boxes to fill'):
        ClipDataset(num_frames=2, pipeline=[LOAD[0], fill, PACK], **options)[0]


@pytest.mark.parametrize(
    ('box', 'pixels'),
    [
        ([3.65, 3.65, 3.95, 3.95], [[3, 3]]),
        ([31.6, 10.0, 31.9, 10.4], [[10, 31]]),  # at the right border
        ([4.0, 23.6, 4.3, 24.0], [[23, 4]]),  # at the lower border
        ([31.6, 23.6, 33.0, 25.0], [[23, 31]]),  # and over it
        ([3.8, 2.0, 4.4, 3.0], [[2, 4]]),  # in two pixels, more in the right one
        ([-4.0, 2.0, 1.0, 3.0], [[2, 0]]),
        ([5.5, 2.4, 7.6, 3.5], [[2, 6], [2, 7]]),  # by the centers of pixels, as ever
    ],
)
def test_small_boxes_fill_the_pixel_that_they_are_in(box: list[float], pixels: list[list[int]]) -> None:
    sample = dict(instances=[dict(bbox=box)], ori_shape=(24, 32))
    filled = LoadClipMasks(frames='key', boxes='fill').transform(sample)['gt_seg_map']
    assert np.argwhere(filled).tolist() == pixels


def test_context_needs_no_mask_and_a_clip_of_it_says_so(root: Path) -> None:
    (root / 'train.txt').write_text('Sequence1/Mix/00003.mat\nSequence1/Mix/00005.mat\n')
    streamed = data_set(root, [*LOAD, PACK], ann_file='train.txt', num_frames=1, streaming=True)
    assert ['gt_sem_seg' in sample['data_samples'] for sample in streamed] == [n in (2, 4) for n in range(7)]
    with pytest.raises(DataError, match="context='listed'"):
        data_set(root, [*LOAD, PACK], ann_file='train.txt', num_frames=3)[0]
    (window,) = data_set(root, [*LOAD, PACK], ann_file='train.txt', num_frames=7, window_step=7)
    assert window['data_samples'].frame_is_key == [False, False, True, False, True, False, False]
    shown = window['data_samples'].gt_sem_seg.data.flatten(1).any(dim=1)
    assert shown.tolist() == window['data_samples'].frame_is_key


def test_a_sequence_that_changes_its_size(root: Path) -> None:
    write(root / 'Sequence1/images/00004.png', frame(3, 20, 32))
    with pytest.raises(DataError, match='expected one size in a sequence'):
        data_set(root, [*LOAD, PACK], num_frames=3)[5]


def test_an_empty_sequence(root: Path) -> None:
    (root / 'Sequence2/images').mkdir(parents=True)
    with pytest.raises(MissingDataError, match='no image in .*Sequence2'):
        data_set(root, [*LOAD, PACK])


def test_wrong_arguments(root: Path) -> None:
    for build in (
        lambda: LoadClipMasks(frames='some'),
        lambda: LoadClipMasks(boxes='maybe'),
        lambda: data_set(root, LOAD, num_frames=3, window_step=4),
        lambda: data_set(root, LOAD, num_frames=1, window_step=1, streaming=True),
    ):
        with pytest.raises(ValueError, match='expected'):
            build()


def test_they_say_what_they_are() -> None:
    for step in (dict(type='mmirstd.LoadClipMasks', boxes='fill'), PACK):
        assert type(TRANSFORMS.build(step)).__name__ in repr(TRANSFORMS.build(step))
    assert isinstance(TRANSFORMS.build(LOAD[0]), LoadClip)
    assert isinstance(TRANSFORMS.build(PACK), PackClipSegInputs)
