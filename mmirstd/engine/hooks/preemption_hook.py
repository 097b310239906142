"""SIGTERM, as a cluster sends it before it takes a machine away: the state is saved, and a run goes on from there."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
import torch.distributed as torch_dist
from mmengine.dist import get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner

from mmirstd.registry import HOOKS
from mmirstd.utils.files import write_text

from ..optim_wrapper import single_wrappers
from .atomic_checkpoint_hook import save_whole
from .average_buffers_hook import average_buffers

#: The file that SIGTERM leaves in the work dir. ``last_checkpoint`` names it, so ``--resume`` finds it.
FILE = 'interrupted.pth'
_KEY = 'interrupted'


def batches_done(checkpoint: dict) -> int:
    """How many batches of its unfinished epoch a checkpoint was trained on; 0 for one after a whole epoch."""
    return int(checkpoint.get('meta', {}).get(_KEY, {}).get('batches', 0))


def batches_passed_over(checkpoint: dict) -> int:
    """With how many batches less a run continues its epoch from a checkpoint.

    It is :func:`batches_done`, or 0 with another number of processes, which begins the epoch anew.
    """
    inside = checkpoint.get('meta', {}).get(_KEY, {})
    return batches_done(checkpoint) if inside.get('world_size') == get_world_size() else 0


@HOOKS.register_module()
class PreemptionHook(Hook):
    """Save after the running iteration when SIGTERM comes, and continue inside the epoch, bit by bit as without it.

    The batches of the epoch that were trained on are loaded and passed over, and the random numbers go on where they
    stopped. With accumulated gradients the state is saved after the next update of the weights. All ranks agree on the
    iteration. A second SIGTERM ends the process at once, and so does one outside of training iterations: before
    its validation an epoch has its checkpoint already. Both raise ``KeyboardInterrupt``, as saving does in the end.
    """

    priority = 'LOWEST'

    def __init__(self) -> None:
        self._asked = False
        self._in_epoch = False
        self._continued: dict[str, Any] | None = None
        self._skipped = 0

    def before_train(self, runner: Runner) -> None:
        """Take over SIGTERM."""
        signal.signal(signal.SIGTERM, self._on_signal)

    def after_train(self, runner: Runner) -> None:
        """From here on SIGTERM is as Ctrl-C."""
        signal.signal(signal.SIGTERM, signal.default_int_handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._asked or not self._in_epoch:
            raise KeyboardInterrupt
        self._asked = True

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Learn whether the run continues inside an epoch."""
        self._continued = checkpoint['meta'].get(_KEY) if runner._resume else None

    def before_train_epoch(self, runner: Runner) -> None:
        """Pass over what the unfinished epoch was trained on."""
        self._in_epoch, self._skipped = True, 0
        loop = runner.train_loop
        if self._continued is None or not isinstance(loop, EpochBasedTrainLoop):
            return
        state, self._continued = self._continued, None
        if state['world_size'] != get_world_size():
            runner.logger.warning(
                f'the checkpoint was saved inside an epoch by {state["world_size"]} processes, here are '
                f'{get_world_size()}: the epoch begins anew, and the schedule goes on'
            )
            return
        self._skipped = state['batches']
        runner.logger.info(f'continues after batch {self._skipped} of epoch {runner.epoch + 1}')
        loop.dataloader = _Remaining(loop.dataloader, self._skipped, state['random'][runner.rank])
        for buffer, value in zip(_local_buffers(runner), state['buffers'][runner.rank], strict=True):
            buffer.data.copy_(value)

    def after_train_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """The next epoch is whole again; a state inside this one is outdated when there is a newer checkpoint."""
        self._in_epoch = False
        loop = runner.train_loop
        if isinstance(loop.dataloader, _Remaining):
            loop.dataloader = loop.dataloader.whole
        folder = Path(runner.work_dir)
        marker = folder / 'last_checkpoint'
        if is_main_process() and marker.is_file() and Path(marker.read_text().strip()).name != FILE:
            (folder / FILE).unlink(missing_ok=True)
        if self._asked:  # the signal came in after the last iteration
            raise KeyboardInterrupt

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None
    ) -> None:
        """Save and leave, if a rank was asked to.

        Raises:
            KeyboardInterrupt: Saved.
        """
        if not _any_rank(self._asked, runner):
            return
        if not all(wrapper.should_update() for wrapper in single_wrappers(runner.optim_wrapper)):
            return
        self._asked = True
        iter_based = not isinstance(runner.train_loop, EpochBasedTrainLoop)
        inside = dict(
            batches=self._skipped + batch_idx + 1,
            random=_of_all_ranks(_random_state()),
            buffers=_of_all_ranks([buffer.detach().cpu().clone() for buffer in _local_buffers(runner)]),
            world_size=get_world_size(),
        )
        meta: dict[str, Any] = dict(epoch=runner.epoch, iter=runner.iter + 1)
        save_whole(runner, FILE, meta if iter_based else dict(meta, **{_KEY: inside}))
        if is_main_process():
            write_text(Path(runner.work_dir) / 'last_checkpoint', str(Path(runner.work_dir) / FILE))
        raise KeyboardInterrupt


def _any_rank(asked: bool, runner: Runner) -> bool:
    if get_world_size() == 1:
        return asked
    flag = torch.tensor(int(asked), device='cpu' if torch_dist.get_backend() == 'gloo' else 'cuda')
    torch_dist.all_reduce(flag, op=torch_dist.ReduceOp.MAX)
    return bool(flag)


def _of_all_ranks(value: Any) -> list[Any]:
    if get_world_size() == 1:
        return [value]
    values: list[Any] = [None] * get_world_size()
    torch_dist.all_gather_object(values, value)
    return values


def _local_buffers(runner: Runner) -> list[torch.Tensor]:
    """What differs between the ranks within an epoch: statistics of batch norm, also in the moving average."""
    if get_world_size() == 1:
        return []
    return [*runner.model.buffers(), *average_buffers(runner)]


def _random_state() -> dict[str, Any]:
    """The generators' states, of types that a weights-only load accepts."""
    return dict(
        python=random.getstate(),
        numpy=np.random.get_state(),
        torch=torch.get_rng_state(),
        cuda=torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
    )


def _set_random_state(state: dict[str, Any]) -> None:
    random.setstate(state['python'])
    np.random.set_state(state['numpy'])
    torch.set_rng_state(state['torch'].cpu())
    if state['cuda'] is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(state['cuda'].cpu())


class _Remaining:
    """A data loader without the first batches of an epoch.

    Args:
        whole: The data loader.
        skip: How many batches are loaded and passed over; so the workers and samplers are where they were.
        state: Of the random numbers after these batches, the network's own among them.
    """

    def __init__(self, whole: Any, skip: int, state: dict[str, Any]) -> None:
        self.whole = whole
        self._skip = skip
        self._state = state

    def __len__(self) -> int:
        return len(self.whole) - self._skip

    def __iter__(self) -> Iterator[Any]:
        batches = iter(self.whole)
        for _ in range(self._skip):
            next(batches)
        _set_random_state(self._state)
        yield from batches

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole, name)
