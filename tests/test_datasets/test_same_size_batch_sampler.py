from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmengine.dataset import DefaultSampler

from mmirstd.datasets.same_size_batch_sampler import SameSizeBatchSampler
from mmirstd.registry import DATA_SAMPLERS


class Images:
    """Files of the sizes that are listed."""

    def __init__(self, folder: Path, sizes: list[tuple[int, int]]) -> None:
        self.folder = folder
        self.sizes = sizes
        for height, width in set(sizes):
            cv2.imwrite(str(folder / f'{height}x{width}.png'), np.zeros((height, width), np.uint8))

    def __len__(self) -> int:
        return len(self.sizes)

    def get_data_info(self, index: int) -> dict[str, str]:
        height, width = self.sizes[index]
        return dict(img_path=str(self.folder / f'{height}x{width}.png'))


@given(
    sizes=st.lists(st.sampled_from([(4, 6), (6, 4), (5, 5)]), min_size=1, max_size=20),
    most=st.integers(1, 5),
    shuffle=st.booleans(),
)
def test_batches(tmp_path_factory: pytest.TempPathFactory, sizes: list, most: int, shuffle: bool) -> None:
    sampler = DefaultSampler(Images(tmp_path_factory.mktemp('images'), sizes), shuffle=shuffle, seed=0)
    batches = SameSizeBatchSampler(sampler, most)
    found = list(batches)
    assert [index for batch in found for index in batch] == list(sampler)
    assert len(batches) == len(found)
    for batch, following in zip(found, [*found[1:], None]):
        assert len(batch) <= most
        assert len({sizes[index] for index in batch}) == 1
        if following is not None and len(batch) < most:  # no batch is smaller than it must be
            assert sizes[following[0]] != sizes[batch[0]]


def test_as_mmengine_builds_it(tmp_path: Path) -> None:
    sampler = DefaultSampler(Images(tmp_path, [(4, 4)] * 3), shuffle=False)
    made = DATA_SAMPLERS.build(
        dict(type='mmirstd.SameSizeBatchSampler'), default_args=dict(sampler=sampler, batch_size=2)
    )
    assert list(made) == [[0, 1], [2]]
    with pytest.raises(ValueError, match='batch_size is 0'):
        SameSizeBatchSampler(sampler, 0)


def test_the_number_of_batches_is_counted_once_an_epoch(tmp_path: Path) -> None:
    class Counted(DefaultSampler):
        passes = 0

        def __iter__(self) -> Iterator[int]:
            self.passes += 1
            return super().__iter__()

    sizes = [(4, 6), (6, 4)] * 6
    sampler = Counted(Images(tmp_path, sizes), shuffle=True, seed=0)
    batches = SameSizeBatchSampler(sampler, 4)
    lengths = set()
    for epoch in range(4):
        sampler.set_epoch(epoch)
        lengths.add(len(batches))
        assert [len(batches) for _ in range(5)] == [len(list(batches))] * 5
    assert len(lengths) > 1
    assert sampler.passes == 2 * 4  # one to count, one to go through
