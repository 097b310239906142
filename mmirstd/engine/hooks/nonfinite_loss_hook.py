"""Stop at the first loss that is NaN or infinite, before it spoils the weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from mmengine.runner.checkpoint import get_state_dict, weights_to_cpu

from mmirstd.registry import HOOKS
from mmirstd.utils.errors import UserError
from mmirstd.utils.files import atomic_path

from ..optim_wrapper import single_wrappers


@HOOKS.register_module()
class NonFiniteLossHook(Hook):
    """End the training where a loss is NaN or infinite, with the names of the batch's files.

    The loss is looked at before its gradients are computed, so the weights are still those that gave it. They are
    saved with the batch beside the checkpoints, as ``nonfinite_loss_iter_N.pth``: ``state_dict``, ``optimizer``, and
    in ``meta['nonfinite_loss']`` the ``files``, the ``inputs`` as the data loader gave them and the ``loss``.
    ``--resume`` does not take this file. With several optimizers each loss is looked at before its own update; those
    before it in the same iteration have been made.
    """

    def __init__(self) -> None:
        self._batch: Any = None

    def before_train(self, runner: Runner) -> None:
        """Look at every loss from here on."""
        for wrapper in single_wrappers(runner.optim_wrapper):
            wrapper.update_params = self._checking(runner, wrapper.update_params)

    def _checking(self, runner: Runner, update: Callable[..., None]) -> Callable[..., None]:
        def checked(loss: torch.Tensor, *args: Any, **kwargs: Any) -> None:
            if not torch.isfinite(loss).all():
                self._stop(runner, loss)
            update(loss, *args, **kwargs)

        return checked

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Remember the batch."""
        self._batch = data_batch

    def after_train(self, runner: Runner) -> None:
        """Let go of the last batch, and of the optimizer."""
        self._batch = None
        for wrapper in single_wrappers(runner.optim_wrapper):
            vars(wrapper).pop('update_params', None)

    def _stop(self, runner: Runner, loss: torch.Tensor) -> None:
        rank = f'_rank{runner.rank}' if get_world_size() > 1 else ''
        path = Path(runner.work_dir) / f'nonfinite_loss_iter_{runner.iter + 1}{rank}.pth'
        files = batch_files(self._batch)
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        weights = get_state_dict(model)
        spoiled = [name for name, value in weights.items() if not torch.isfinite(value).all()]
        inputs = self._batch.get('inputs') if isinstance(self._batch, dict) else None
        number = float(loss.detach().float().sum())
        try:
            with atomic_path(path) as temporary:
                torch.save(
                    {
                        'state_dict': weights_to_cpu(weights),
                        'optimizer': runner.optim_wrapper.state_dict(),
                        'meta': dict(
                            epoch=runner.epoch,
                            iter=runner.iter,
                            seed=runner.seed,
                            cfg=runner.cfg.pretty_text,
                            nonfinite_loss=dict(files=files, inputs=inputs, loss=number),
                        ),
                    },
                    temporary,
                )
            saved = f'the state and the batch are in {path}'
        except OSError as error:
            saved = f'the state cannot be saved: {error.strerror or error}'
        if spoiled:
            cause = (
                f'weights are not finite either ({spoiled[0]} and {len(spoiled) - 1} more), so a gradient before this '
                'step was not'
            )
        elif isinstance(inputs, (list, tuple)) and not all(torch.isfinite(image).all() for image in inputs):
            cause = 'the input holds NaN or infinity'
        else:
            cause = 'the input and the weights are finite'
        raise UserError(
            f'the loss is {number} in epoch {runner.epoch + 1}, iteration {runner.iter + 1}, so the training stops; '
            f'{cause}.\n  files of the batch:{"".join(f"{chr(10)}    {name}" for name in files) or " not known"}'
            f'\n  {saved}; nothing was learned from this batch',
            cure='look at these files (mmirstd check-data), then go on by --resume with a smaller learning rate, '
            'optim_wrapper.clip_grad=dict(max_norm=1.0) or optim_wrapper.dtype=float32',
        )


def batch_files(batch: Any) -> list[str]:
    """The image files of a batch of samples with metainfo, each once; empty where they are not known."""
    samples = batch.get('data_samples') if isinstance(batch, dict) else None
    found: dict[str, None] = {}
    for sample in samples if isinstance(samples, Iterable) else ():
        info = getattr(sample, 'metainfo', {})
        for name in info.get('img_paths') or [info.get('img_path')]:
            if name:
                found[str(name)] = None
    return list(found)
