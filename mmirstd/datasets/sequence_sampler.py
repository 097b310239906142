"""Whole sequences to each process, in order of time."""

from __future__ import annotations

from collections.abc import Iterator

from mmengine.dist import get_dist_info
from torch.utils.data import Sampler

from mmirstd.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class SequenceSampler(Sampler):
    """For models with a state from frame to frame (streaming evaluation).

    Each process gets whole sequences, the next longest always the process with the least frames so far, and their
    frames in the data set's order. Nothing is repeated, so processes may get unequal numbers of samples.

    Use it with ``batch_size=1`` (or a batch is a run of consecutive frames) and one data-loader worker per process.

    Args:
        dataset: A clip data set, or anything whose ``get_data_info(i)`` has ``video``.
        seed: Not used; mmengine passes it.
    """

    def __init__(self, dataset, seed: int | None = None) -> None:
        rank, world = get_dist_info()
        runs: dict[str, list[int]] = {}
        info = getattr(dataset, 'sample_video', None) or (lambda index: dataset.get_data_info(index)['video'])
        for index in range(len(dataset)):
            runs.setdefault(info(index), []).append(index)
        shares: list[list[str]] = [[] for _ in range(world)]
        loads = [0] * world
        for name in sorted(runs, key=lambda name: (-len(runs[name]), name)):
            least = loads.index(min(loads))
            shares[least].append(name)
            loads[least] += len(runs[name])
        order = {name: place for place, name in enumerate(runs)}
        self._indices = [index for name in sorted(shares[rank], key=order.__getitem__) for index in runs[name]]

    def __iter__(self) -> Iterator[int]:
        return iter(self._indices)

    def __len__(self) -> int:
        return len(self._indices)

    def set_epoch(self, epoch: int) -> None:
        """The order never changes."""
