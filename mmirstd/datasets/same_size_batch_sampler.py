"""Batches of images of one size, where sizes differ within a data set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch.utils.data import Sampler

from mmirstd.registry import DATA_SAMPLERS

from .image_size import image_size


@DATA_SAMPLERS.register_module()
class SameSizeBatchSampler(Sampler):
    """The sampler's order, cut into batches wherever the next image has another size, or the batch is full.

    Evaluation at native size cannot stack images of different sizes, and padding them would change what a network
    with global pooling predicts. So predictions are those of batch size 1, up to rounding, and in the same order.

    Args:
        sampler: Gives indices; its ``dataset`` has ``get_data_info(i)`` with ``img_path``.
        batch_size: Images in a batch at most.
        drop_last: mmengine passes it; nothing is dropped.
    """

    def __init__(self, sampler: Any, batch_size: int, drop_last: bool = False) -> None:
        if batch_size < 1:
            raise ValueError(f'batch_size is {batch_size}; expected a positive number')
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = False
        self._sizes: dict[int, tuple[int, int]] = {}
        self._counted: tuple[object, int] | None = None

    def _size(self, index: int) -> tuple[int, int]:
        if index not in self._sizes:
            self._sizes[index] = image_size(self.sampler.dataset.get_data_info(index)['img_path'])
        return self._sizes[index]

    def __iter__(self) -> Iterator[list[int]]:
        batch: list[int] = []
        for index in self.sampler:
            if batch and (len(batch) == self.batch_size or self._size(index) != self._size(batch[0])):
                yield batch
                batch = []
            batch.append(index)
        if batch:
            yield batch

    def __len__(self) -> int:
        # hooks ask in each iteration: counting each time would take a time that grows with the square of the images
        order = getattr(self.sampler, 'epoch', None), len(self.sampler)
        if self._counted is None or self._counted[0] != order:
            self._counted = order, sum(1 for _ in self)
        return self._counted[1]
