"""Several clip data sets as one: all of them have clips of as many frames, wherever they stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mmirstd.datasets import ConcatClipDataset
from mmirstd.datasets.check.samples import read_splits

from .clip_helpers import coco_root

PIPELINE = [
    dict(type='mmirstd.LoadClip'),
    dict(type='mmdet.LoadAnnotations', with_bbox=True),
    dict(type='mmirstd.PackClipInputs'),
]


@pytest.fixture
def parts(tmp_path: Path) -> list[dict[str, Any]]:
    roots = [coco_root(tmp_path / name, {name: range(frames)}) for name, frames in (('a', 4), ('b', 3))]
    first, second = (
        dict(
            type='mmirstd.ClipDataset',
            data_root=str(root),
            ann_file='instances_test2017.json',
            pipeline=PIPELINE,
        )
        for root in roots
    )
    return [dict(type='RepeatDataset', times=2, dataset=first), second]


@pytest.mark.parametrize('frames', [1, 3])
def test_every_part_has_as_many_frames(parts: list[dict[str, Any]], frames: int) -> None:
    joined = ConcatClipDataset(parts, num_frames=frames)
    assert len(joined) == 2 * 4 + 3
    assert {sample['inputs'].shape for sample in joined} == {(frames, 1, 24, 32)}
    assert 'num_frames' not in parts[1]  # the config is left as it was


def test_a_check_of_the_data_looks_at_as_many(parts: list[dict[str, Any]]) -> None:
    splits = read_splits({'train': dict(type='mmirstd.ConcatClipDataset', num_frames=3, datasets=parts)})
    assert [split.num_frames for split in splits] == [3, 3]
