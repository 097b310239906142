"""SIRSTDataset taught from points."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import mmirstd.registry  # noqa: F401  before mmengine's users
from mmirstd.datasets import SIRSTDataset
from mmirstd.utils.errors import ConfigError, UserError
from tests.test_datasets.helpers import make_root, scene

IDS = ['a', 'b', 'c', 'd']
PIPELINE = [
    dict(type='mmirstd.LoadInfraredImage'),
    dict(type='mmirstd.LoadTargetMask', mask_rule='nonzero'),
    dict(type='mmirstd.RandomRescale', prob=1.0),
    dict(type='mmirstd.TargetAwareCrop', size=32, p_target=1.0),
    dict(type='RandomFlip', prob=0.5),
    dict(type='mmirstd.RandomTranspose', prob=0.5),
    dict(type='mmirstd.TargetCopyPaste', prob=1.0),
    dict(type='PackSegInputs'),
]


def build(root: Path, points: dict[str, Any], **options: Any) -> SIRSTDataset:
    options = dict(ann_file='img_idx/train.txt', pipeline=PIPELINE) | options
    return SIRSTDataset(data_root=str(root), points=points, **options)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_root(tmp_path / 'data', IDS)


def test_points_of_masks(root: Path) -> None:
    dataset = build(root, dict(kind='coarse', seed=1), pipeline=PIPELINE[:2])
    for index in range(4):
        label = dataset[index]['gt_seg_map']
        assert label.sum() == 1
        assert scene(index)[1][label == 1].all()
    # an image has its points wherever it stands in a list
    (root / 'img_idx' / 'other.txt').write_text('d\na\n')
    other = build(root, dict(kind='coarse', seed=1), pipeline=PIPELINE[:2], ann_file='img_idx/other.txt')
    np.testing.assert_array_equal(other[0]['gt_seg_map'], dataset[3]['gt_seg_map'])


def test_points_of_a_file_need_no_masks(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    shutil.rmtree(root / 'masks')
    (root / 'points.csv').write_text('image,x,y\na,10,20\nb,,\nc,5,6\n')
    dataset = build(root, dict(file='points.csv'), pipeline=PIPELINE[:2])
    labels = [dataset[index]['gt_seg_map'] for index in range(4)]
    assert [int(label.sum()) for label in labels] == [1, 0, 1, 0]
    assert labels[0][20, 10] == 1


@pytest.mark.parametrize('soft', [False, True])
def test_labels_go_through_the_augmentations(root: Path, soft: bool) -> None:
    dataset = build(root, dict(kind='centroid'))
    dataset.full_init()
    if soft:
        for index in range(4):
            dataset.label_store.put(index, scene(index)[1] / 255 * 0.8)
    np.random.seed(0)
    for index in (0, 1, 2, 3) * 3:
        mask = dataset[index]['data_samples'].gt_sem_seg.data
        assert mask.shape == (1, 32, 32)
        assert mask.dtype == torch.float32
        assert 0 < mask.max() <= 1
        assert mask.min() >= 0


def test_the_label_is_where_the_image_is(root: Path) -> None:
    """The image takes the place of the label: both go the same way."""
    steps = [step for step in PIPELINE if 'CopyPaste' not in step['type'] and 'Rescale' not in step['type']]
    dataset = build(root, dict(kind='centroid'), pipeline=steps)
    dataset.full_init()
    for index in range(4):
        dataset.label_store.put(index, scene(index)[0] / 255)
    np.random.seed(1)
    for index in range(4):
        packed = dataset[index]
        torch.testing.assert_close(packed['inputs'], packed['data_samples'].gt_sem_seg.data)


def test_an_image_that_waits_is_replaced(root: Path) -> None:
    dataset = build(root, dict(kind='centroid'), pipeline=PIPELINE[:2])
    dataset.full_init()
    dataset.label_store.trains = np.array([False, True, False, False])
    assert {dataset[index]['sample_id'] for index in range(4)} == {'b'}


@pytest.mark.parametrize(
    ('points', 'options', 'said'),
    [
        (dict(kind='middle'), {}, "points.kind of the data set: found 'middle', expected 'centroid' or 'coarse'"),
        (dict(), {}, 'points of the data set: found {}'),
        (dict(kind='coarse', file='a.csv'), {}, 'expected dict'),
        (dict(sort='coarse'), {}, 'expected dict'),
        (dict(kind='coarse'), dict(pipeline=PIPELINE[:1]), 'its pipeline loads no masks'),
    ],
)
def test_wrong_options_are_explained(root: Path, points: dict, options: dict, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        build(root, points, **options)


def test_a_missing_file_is_explained(root: Path) -> None:
    with pytest.raises(UserError, match='clicks.csv: no such file'):
        build(root, dict(file='clicks.csv')).full_init()
