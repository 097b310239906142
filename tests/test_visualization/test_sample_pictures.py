from __future__ import annotations

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData, PixelData
from mmseg.structures import SegDataSample

from mmirstd.visualization import COLORS
from mmirstd.visualization.sample_pictures import PANEL, describe_sample, key_frame, sample_picture


def has_color(picture: np.ndarray, name: str) -> bool:
    return bool((picture == COLORS[name]).all(axis=-1).any())


def test_one_pixel_target_is_marked_and_magnified():
    image, mask = np.random.default_rng(0).random((900, 700), np.float32), np.zeros((900, 700), np.uint8)
    mask[450, 350] = 1
    picture = sample_picture(image, mask, 'x')
    assert picture.shape[1] == PANEL
    assert has_color(picture[20 : 20 + PANEL], 'ground truth')
    assert has_color(picture[20 + PANEL :], 'ground truth')
    assert not has_color(picture, 'false alarm')
    assert not has_color(sample_picture(image, mask * 0, 'x'), 'ground truth')


@pytest.mark.parametrize('corner', [(0, 0), (0, 39), (49, 0), (49, 39)])
def test_targets_at_the_edge_and_padding(corner):
    mask = np.zeros((50, 40), np.uint8)
    mask[corner] = 1
    picture = sample_picture(np.random.default_rng(0).random((64, 64), np.float32), mask, 'x')
    assert has_color(picture[20 + PANEL :], 'ground truth')
    assert has_color(picture, 'false alarm')  # the line where the padding begins


def test_describe():
    mask = np.zeros((3, 4), np.uint8)
    assert describe_sample(np.zeros((3, 4)), mask, 'a').endswith('0 targets, 0 px')
    mask[0, :2] = 1
    assert describe_sample(np.ones((3, 4)), mask, 'Misc_1') == 'Misc_1  4x3  [1.00, 1.00]  1 target, 2 px'
    assert describe_sample(np.zeros((3, 4)), None, 'a').endswith('no mask')


def test_the_key_frame_of_a_clip_is_its_last():
    clip = np.arange(3, dtype=np.float32)[:, None, None, None] + np.zeros((3, 1, 4, 5), np.float32)
    boxes = InstanceData(bboxes=torch.tensor([[1.0, 0.0, 3.0, 2.0], [4.2, 3.1, 4.4, 3.3]]))
    image, mask = key_frame(clip, DetDataSample(gt_instances=boxes))
    assert (image == 2).all()
    assert mask.tolist() == [[0, 1, 1, 0, 0], [0, 1, 1, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 1]]
    masks = torch.arange(3)[:, None, None] * torch.ones(3, 4, 5, dtype=torch.long)
    image, mask = key_frame(clip, SegDataSample(gt_sem_seg=PixelData(data=masks)))
    assert (mask == 2).all()
    image, mask = key_frame(clip[0], SegDataSample())
    assert image.shape == (4, 5)
    assert mask is None
