from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

import mmirstd.registry  # noqa: F401
from mmirstd.datasets import ClipDataset
from mmirstd.datasets.transforms import (
    CLIP_META_KEYS,
    ClipLetterbox,
    LoadClip,
    LoadInfraredImage,
    PackClipInputs,
    PadToMultiple,
    RandomBlur,
    RandomBrightnessContrast,
    RandomGamma,
    RandomPolarity,
    RandomSensorNoise,
    RandomStripes,
    undo_letterbox,
)
from mmirstd.models.data_preprocessors import ClipDataPreprocessor
from mmirstd.registry import MODELS
from mmirstd.utils.errors import DataError

from ...shared import DATA, REPO
from ..clip_helpers import coco_root, frame

from mmdet.datasets.transforms import LoadAnnotations, PackDetInputs, RandomFlip, Resize  # isort: skip
from mmdet.structures.bbox import HorizontalBoxes  # isort: skip


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmdet')


def clip(frames: int = 5, height: int = 24, width: int = 32) -> dict:
    return LoadClip()(
        dict(
            img=[frame(k, height, width) for k in range(frames)],
            img_path='k',
            instances=[dict(bbox=[4.0, 2.0, 8.0, 5.0], bbox_label=0, ignore_flag=0)],
            img_id=1,
        )
    )


def still(results: dict, index: int) -> dict:
    """The same, of one frame only."""
    return dict(results, img=results['img'][..., index].copy())


# Loading.


def test_one_frame_is_what_the_single_frame_loader_gives(tmp_path):
    root = coco_root(tmp_path)
    path = str(root / 'images/test/data6/2.png')
    one = LoadClip()(dict(img_paths=[path]))
    other = LoadInfraredImage()(dict(img_path=path))
    np.testing.assert_array_equal(one['img'], other['img'])
    assert one['img'].ndim == 2
    for key in ('img_shape', 'ori_shape', 'pad_shape', 'scale_factor'):
        assert one[key] == other[key]


def test_frames_are_normalized_together():
    dark, bright = np.full((4, 4), 100, np.uint8), np.full((4, 4), 200, np.uint8)
    loaded = LoadClip(normalize='minmax')(dict(img=[dark, bright]))['img']
    assert loaded[..., 0].max() == 0
    assert loaded[..., 1].min() == 1


def test_frames_of_other_types_or_sizes_are_refused():
    with pytest.raises(DataError, match='expected one type in a sequence'):
        LoadClip()(dict(img=[frame(0), frame(1).astype(np.uint16)]))
    with pytest.raises(DataError, match='expected one size in a sequence'):
        LoadClip()(dict(img=[frame(0), frame(1, 20, 20)]))
    with pytest.raises(ValueError, match='frame_size_mismatch'):
        LoadClip(frame_size_mismatch='crop')


# All frames alike.


@pytest.mark.parametrize(
    'transform',
    [
        RandomFlip(prob=0.7, direction=['horizontal', 'vertical', 'diagonal']),
        RandomBlur(prob=1.0),
        RandomGamma(prob=1.0),
        RandomPolarity(prob=0.5),
        Resize(scale=(48, 40), keep_ratio=False),
        PadToMultiple(divisor=32),
        PadToMultiple(divisor=32, mode='constant', pad_value=0.3),
        ClipLetterbox(64),
        ClipLetterbox((40, 50), interpolation='bilinear', center=True),
        ClipLetterbox((12, 12), interpolation='area'),
        ClipLetterbox((12, 20), interpolation='nearest'),
        ClipLetterbox((40, 30), keep_ratio=False),
    ],
    ids=lambda t: type(t).__name__,
)
def test_a_transform_treats_all_frames_alike(transform):
    for seed in range(4):
        frames = 5 - seed % 2  # OpenCV has its own ideas of images with up to four channels
        results = LoadAnnotations(with_bbox=True)(clip(frames))
        np.random.seed(seed)
        together = transform(dict(results, gt_bboxes=results['gt_bboxes'].clone()))
        for index in range(frames):
            np.random.seed(seed)
            alone = transform(dict(still(results, index), gt_bboxes=results['gt_bboxes'].clone()))
            np.testing.assert_allclose(together['img'][..., index], alone['img'], atol=1e-6)
            torch.testing.assert_close(together['gt_bboxes'].tensor, alone['gt_bboxes'].tensor)


def test_one_gain_and_offset_for_the_clip():
    before = clip()['img']
    after = RandomBrightnessContrast(prob=1.0)(dict(img=before))['img']
    gain, offset = np.polyfit(before.ravel(), after.ravel(), 1)
    np.testing.assert_allclose(after, before * gain + offset, atol=1e-4)


def test_one_stripe_pattern_but_fresh_noise():
    before = clip()['img']
    pattern = RandomStripes(prob=1.0, sigma=(0.01, 0.01))(dict(img=before))['img'] - before
    np.testing.assert_allclose(pattern, np.repeat(pattern[..., :1], 5, axis=2), atol=1e-6)
    assert np.abs(pattern).max() > 0
    noise = RandomSensorNoise(prob=1.0, sigma=(0.01, 0.01))(dict(img=before))['img'] - before
    assert abs(np.corrcoef(noise[..., 0].ravel(), noise[..., 1].ravel())[0, 1]) < 0.2
    np.testing.assert_allclose(noise.std(axis=(0, 1)), 0.01, rtol=0.1)


# Letterbox.


def test_letterbox_geometry_of_the_reference():
    """Recorded from SSTNet's code: a 37x53 image in 64x64 becomes 64x44 at row 10, gray 128 around it."""
    recorded = json.loads((DATA / 'golden' / 'sstnet_letterbox.json').read_text())
    rgb = (np.random.Generator(np.random.PCG64(22)).random((37, 53)) * 255).astype(np.uint8)
    done = ClipLetterbox(tuple(recorded['size']), center=True)(dict(img=rgb.astype(np.float32) / 255))
    codes = np.clip(np.rint(done['img'] * 255), 0, 255)
    top, bottom, left, right = done['pad_param']
    assert [64 - left - right, 64 - top - bottom] == recorded['scale_new_wh']
    assert (top, left) == (10, 0)
    assert codes[0, 0] == recorded['pixel_0_0'][0]
    # Pillow rounds to codes after each of its two passes, we do not: half a code a pixel at most on average.
    assert abs(codes.sum() - recorded['sum_uint8_ch0']) < 0.01 * codes.size
    for row, expected in zip((10, 20, 40), recorded['rows_10_20_40_sum']):
        assert abs(codes[row].sum() - expected) <= 32


def test_letterbox_scales_boxes_and_can_be_undone():
    for center in (False, True):
        results = LoadAnnotations(with_bbox=True)(clip())
        before = results['gt_bboxes'].tensor.clone()
        done = ClipLetterbox((100, 70), center=center)(results)
        assert done['img'].shape == (100, 70, 5)
        assert done['img_shape'] == done['pad_shape'] == (100, 70)
        assert done['scale_factor'] == (70 / 32, 52 / 24)
        assert done['pad_param'] == ((24, 24, 0, 0) if center else (0, 48, 0, 0))
        boxes = done['gt_bboxes'].tensor
        assert not torch.allclose(boxes, before)
        torch.testing.assert_close(undo_letterbox(boxes, done['scale_factor'], done['pad_param']), before)
        np.testing.assert_allclose(
            undo_letterbox(boxes.numpy(), done['scale_factor'], done['pad_param']), before.numpy(), rtol=1e-5
        )


def test_letterbox_leaves_an_image_of_the_right_size_alone():
    results = clip(height=32, width=32)
    np.testing.assert_array_equal(ClipLetterbox(32)(dict(results))['img'], results['img'])


@pytest.mark.parametrize('options', [dict(size=0), dict(size=(3, 4, 5)), dict(size=8, interpolation='lanczos')])
def test_letterbox_wrong_options(options):
    with pytest.raises(ValueError):
        ClipLetterbox(**options)


# Packing and batching.


def test_pack():
    results = dict(
        LoadAnnotations(with_bbox=True)(clip()),
        video_id=3,
        video='s',
        frame_id=4,
        is_first=False,
        is_last=True,
        is_key_frame=True,
    )
    packed = PackClipInputs()(results)
    assert packed['inputs'].shape == (5, 1, 24, 32)
    assert packed['inputs'].dtype == torch.float32
    for index in range(5):
        np.testing.assert_array_equal(packed['inputs'][index, 0], results['img'][..., index])
    meta = packed['data_samples'].metainfo
    assert [meta[key] for key in ('video_id', 'video', 'frame_id', 'is_last', 'num_frames')] == [3, 's', 4, True, 5]
    assert meta['instances'][0]['bbox'] == [4, 2, 8, 5]
    assert isinstance(packed['data_samples'].gt_instances.bboxes, HorizontalBoxes)


def test_configs_pack_what_a_test_wants():
    """They write the list out, since a config imports nothing."""
    config = Config.fromfile(REPO / 'configs/_base_/datasets/clip_pipelines.py')
    for steps in (config.test_pipeline, config.single_frame_test_pipeline):
        assert tuple(steps[-1]['meta_keys']) == CLIP_META_KEYS


def test_the_same_class_feeds_single_frame_detectors(tmp_path):
    """T=1: (C, H, W) by mmdet's packing, (1, C, H, W) by ours."""
    root = coco_root(tmp_path)
    common = dict(data_root=str(root), ann_file='instances_test2017.json', num_frames=1)
    head = [LoadClip(), LoadAnnotations(with_bbox=True)]
    single = ClipDataset(**common, pipeline=[*head, PackDetInputs()])[3]
    video = ClipDataset(**common, pipeline=[*head, PackClipInputs()])[3]
    assert single['inputs'].shape == (1, 24, 32)
    assert video['inputs'].shape == (1, 1, 24, 32)
    torch.testing.assert_close(single['inputs'], video['inputs'][0])
    model_input = MODELS.build(dict(type='mmdet.DetDataPreprocessor', pad_size_divisor=32))(
        dict(inputs=[single['inputs']], data_samples=[single['data_samples']])
    )
    assert model_input['inputs'].shape == (1, 1, 32, 32)


def batch(*sizes, frames: int = 5) -> dict:
    samples = [PackClipInputs()(LoadAnnotations(with_bbox=True)(clip(frames, *size))) for size in sizes]
    return dict(inputs=[s['inputs'] for s in samples], data_samples=[s['data_samples'] for s in samples])


def test_preprocessor_pads_and_stacks():
    data = batch((24, 32), (40, 20))
    out = MODELS.build(dict(type='mmirstd.ClipDataPreprocessor', pad_size_divisor=16, pad_value=0.25))(data)
    assert out['inputs'].shape == (2, 5, 1, 48, 32)
    torch.testing.assert_close(out['inputs'][0, :, :, :24], data['inputs'][0])
    assert (out['inputs'][0, :, :, 24:] == 0.25).all()
    first, second = out['data_samples']
    assert first.batch_input_shape == second.batch_input_shape == (48, 32)
    assert (first.pad_shape, second.pad_shape) == ((32, 32), (48, 32))
    assert isinstance(first.gt_instances.bboxes, torch.Tensor)


def test_preprocessor_repeats_gray_and_normalizes():
    data = batch((32, 32))
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    out = ClipDataPreprocessor(mean=mean, std=std)(data)['inputs']
    assert out.shape == (1, 5, 3, 32, 32)
    for channel in range(3):
        torch.testing.assert_close(out[0, :, channel], (data['inputs'][0][:, 0] - mean[channel]) / std[channel])
    repeated = ClipDataPreprocessor(channels=3)(batch((32, 32)))['inputs']
    torch.testing.assert_close(repeated[:, :, 0], repeated[:, :, 2])


def test_preprocessor_takes_a_tensor_and_no_samples():
    out = ClipDataPreprocessor()(dict(inputs=torch.rand(2, 3, 1, 40, 64)))
    assert out['inputs'].shape == (2, 3, 1, 64, 64)
    assert out['data_samples'] is None


def test_preprocessor_refuses_what_is_no_clip():
    with pytest.raises(ValueError, match='mmirstd.PackClipInputs'):
        ClipDataPreprocessor()(dict(inputs=[torch.rand(1, 32, 32)]))
    with pytest.raises(ValueError, match='different'):
        ClipDataPreprocessor()(dict(inputs=[torch.rand(5, 1, 32, 32), torch.rand(3, 1, 32, 32)]))
    with pytest.raises(ValueError, match='together'):
        ClipDataPreprocessor(mean=[0.5])


def test_an_image_can_be_stretched_over_the_size() -> None:
    """Without a border; boxes go with it and come back."""
    results = LoadAnnotations(with_bbox=True)(clip())
    height, width = results['img'].shape[:2]
    boxes = results['gt_bboxes'].tensor.clone()
    done = ClipLetterbox((3 * height, 2 * width), interpolation='nearest', keep_ratio=False)(results)
    assert done['img'].shape[:2] == done['img_shape'] == (3 * height, 2 * width)
    assert (done['scale_factor'], done['pad_param']) == ((2.0, 3.0), (0, 0, 0, 0))
    torch.testing.assert_close(done['gt_bboxes'].tensor, boxes * torch.tensor([2.0, 3.0, 2.0, 3.0]))
    back = undo_letterbox(done['gt_bboxes'].tensor, done['scale_factor'], done['pad_param'])
    torch.testing.assert_close(back, boxes)
