from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmengine.dataset import ConcatDataset, RepeatDataset

from mmirstd.datasets import HardNegativeDataset, SIRSTDataset
from mmirstd.datasets.hard_negatives import FalseTarget, leaf_of, leaves
from mmirstd.utils.errors import ConfigError
from tests.test_datasets.helpers import make_root

STEPS = [
    dict(type='mmirstd.LoadInfraredImage'),
    dict(type='mmirstd.LoadTargetMask'),
    dict(type='mmirstd.TargetAwareCrop', size=16, p_target=1.0),
]


@pytest.fixture
def data(tmp_path: Path) -> SIRSTDataset:
    make_root(tmp_path, [f'a{k}' for k in range(6)])
    return SIRSTDataset(data_root=str(tmp_path), ann_file='img_idx/train.txt', pipeline=STEPS)


def test_the_innermost_data_set_of_each_sample(data: SIRSTDataset) -> None:
    other = SIRSTDataset(data_root=data.data_root, ann_file='img_idx/train.txt', pipeline=STEPS)
    both = ConcatDataset([data, other])
    both.datasets[0] = RepeatDataset(data, times=2)  # it takes a config alone
    both.full_init()
    both.cumulative_sizes = both.cumsum(both.datasets)
    assert leaves(both) == [data, other]
    assert [leaf_of(both, index)[1] for index in range(18)] == [*range(6), *range(6), *range(6)]
    assert [leaf_of(both, index)[0] is data for index in range(18)] == [True] * 12 + [False] * 6
    for index in (0, 7, 17):
        assert both.get_data_info(index)['img_path'] == data.get_data_info(leaf_of(both, index)[1])['img_path']
    with pytest.raises(IndexError):
        leaf_of(both, 18)


@pytest.mark.parametrize(('share', 'extra'), [(0.1, 1), (0.25, 2), (0.5, 6), (0.001, 1)])
def test_share_of_the_samples(data: SIRSTDataset, share: float, extra: int) -> None:
    whole = HardNegativeDataset(data, share)
    assert len(whole) == 6 + extra
    assert whole.capacity == extra
    assert whole.false_targets == []


def test_before_any_is_found_samples_are_random_ones(data: SIRSTDataset) -> None:
    whole = HardNegativeDataset(data, 0.5)
    np.random.seed(0)
    names = {whole[index]['img_path'] for _ in range(5) for index in range(6, 12)}
    assert len(names) > 3
    assert whole[8]['gt_seg_map'].any()  # p_target=1
    assert whole[2]['img_path'] == data[2]['img_path']


def test_windows_around_false_targets(data: SIRSTDataset) -> None:
    """The image of the sample, a window that holds the place, and no target in it."""
    whole = HardNegativeDataset(RepeatDataset(data, times=2), 0.2)
    assert whole.capacity == 3
    image, mask = (data[3]['img_path'], SIRSTDataset.load_mask(data, data.get_data_info(3), (40, 56)))
    rows, columns = np.nonzero(mask)
    row, column = (2 if rows.mean() > 20 else 37), (2 if columns.mean() > 28 else 53)
    whole.false_targets = [FalseTarget(9, (row + 0.5) / 40, (column + 0.5) / 56)]
    assert len(whole.false_targets) == 3  # shown again until all samples have one
    from mmirstd.datasets.transforms import LoadInfraredImage

    value = LoadInfraredImage()(dict(img_path=image))['img'][row, column]
    for index in range(12, 15):
        sample = whole[index]
        assert sample['img_path'] == image == whole.get_data_info(index)['img_path']
        assert value in sample['img']
        assert not sample['gt_seg_map'].any()
        assert sample['img'].shape == (16, 16)
    whole.false_targets = []
    assert whole.false_targets == []


def test_what_does_not_fit(data: SIRSTDataset) -> None:
    whole = HardNegativeDataset(data)
    whole.check_crops()
    with pytest.raises(IndexError, match='sample 6 of a data set of 6'):
        whole.false_targets = [FalseTarget(6, 0.5, 0.5)]
    data.pipeline.transforms.pop()
    with pytest.raises(ConfigError, match='SIRSTDataset has no mmirstd.TargetAwareCrop'):
        whole.check_crops()


@pytest.mark.parametrize('share', [0, 1, -0.5])
def test_impossible_shares(data: SIRSTDataset, share: float) -> None:
    with pytest.raises(ValueError, match='expected a number between 0 and 1'):
        HardNegativeDataset(data, share)


@pytest.mark.parametrize('first', [dict(type='RandomFlip', prob=0.5), dict(type='mmirstd.RandomTurn')])
def test_steps_that_move_pixels_come_behind_the_crop(first: dict, tmp_path: Path) -> None:
    """The place of a false target is one in the image as it is loaded."""
    make_root(tmp_path, ['a'])
    place = next(k for k, step in enumerate(STEPS) if step['type'] == 'mmirstd.TargetAwareCrop')
    before, behind = [*STEPS[:place], first, *STEPS[place:]], [*STEPS[: place + 1], first, *STEPS[place + 1 :]]
    for steps in (before, behind):
        inner = SIRSTDataset(data_root=str(tmp_path), ann_file='img_idx/train.txt', pipeline=steps)
        if steps is behind:
            HardNegativeDataset(inner).check_crops()
            continue
        with pytest.raises(ConfigError, match=r'before mmirstd\.TargetAwareCrop(?s:.*)right behind the loading steps'):
            HardNegativeDataset(inner).check_crops()


def test_it_is_built_from_a_config(tmp_path: Path) -> None:
    from mmirstd.registry import DATASETS

    make_root(tmp_path, ['a', 'b'])
    inner: dict[str, Any] = dict(
        type='mmirstd.SIRSTDataset', data_root=str(tmp_path), ann_file='img_idx/train.txt', pipeline=STEPS
    )
    both = dict(type='ConcatDataset', datasets=[inner, dict(type='RepeatDataset', times=3, dataset=inner)])
    whole = DATASETS.build(dict(type='mmirstd.HardNegativeDataset', dataset=both, share=0.5, lazy_init=True))
    assert len(whole) == 16
    assert whole.metainfo['classes'] == ('background', 'target')
