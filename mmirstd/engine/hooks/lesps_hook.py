"""LESPS: labels that grow from points, by what the network predicts on its way to them."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.dist import all_reduce
from mmengine.runner import Runner

from mmirstd.datasets.points.evolution import EvolutionRule, evolve_lesps
from mmirstd.registry import HOOKS

from .label_evolution_hook import LabelEvolutionHook


@HOOKS.register_module()
class LESPSHook(LabelEvolutionHook):
    """Label evolution with single point supervision (Ying et al., CVPR 2023, arXiv 2304.01484).

    A network that is taught points first predicts the targets' extent, and then shrinks its predictions to the points
    (mapping degeneration). So from an early epoch on, and then each few epochs, pixels around each target that are
    predicted well enough join its label, with the mean of their label and probability. Labels stay soft; train with a
    loss that takes such (all of ours do; the authors' is ``CornerFocalLoss(soft_positives=True)``).

    With any config::

        train_dataloader = dict(dataset=dict(points=dict(kind='coarse')))
        default_hooks = dict(label_evolution=dict(type='mmirstd.LESPSHook'))

    Args:
        start_loss: Labels begin to grow after the first epoch whose mean loss is below; the authors' 10 fits their
            loss. None: with ``start_epoch`` alone.
        start_epoch: And not before so many epochs are over.
        interval: They grow again after each so many epochs, counted from the first of the run.
        rule: Arguments of :class:`~mmirstd.datasets.points.evolution.EvolutionRule` that differ.
    """

    def __init__(
        self,
        start_loss: float | None = 10.0,
        start_epoch: int = 1,
        interval: int = 5,
        rule: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if interval < 1 or start_epoch < 1:
            raise ValueError(f'LESPSHook: interval is {interval} and start_epoch {start_epoch}; expected 1 or more')
        self.start_loss = start_loss
        self.start_epoch = start_epoch
        self.interval = interval
        self.rule = EvolutionRule(**(rule or {}))
        self._started = False
        self._losses = 0.0
        self._batches = 0

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None
    ) -> None:
        """Sum the loss up."""
        if outputs is not None and 'loss' in outputs:
            self._losses += float(outputs['loss'].detach())
            self._batches += 1

    def after_train_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """Let the labels grow, if it is time."""
        done = runner.epoch + 1
        loss = self._mean_loss()
        self._losses, self._batches = 0.0, 0
        first = not self._started and done >= self.start_epoch and (self.start_loss is None or loss < self.start_loss)
        if first or (self._started and done % self.interval == 0):
            self._started = True
            self.grow(
                runner, lambda store, index: True, lambda store, i, prob: evolve_lesps(store.label(i), prob, self.rule)
            )
            runner.logger.info(f'LESPS, labels after {done} epochs: {self.describe()}')

    def _mean_loss(self) -> float:
        """Of the epoch, over all processes: they must come to one decision, or some would wait for the others."""
        total = torch.tensor([self._losses, float(self._batches)], dtype=torch.float64)
        all_reduce(total)
        return float(total[0] / max(float(total[1]), 1.0))

    def after_train(self, runner: Runner) -> None:
        """Say so if they never grew."""
        if not self._started:
            runner.logger.warning(
                f'LESPSHook: the labels never grew: in no epoch from {self.start_epoch} on was the mean loss below '
                f'{self.start_loss} (start_loss)'
            )

    def state_dict(self) -> dict[str, Any]:
        """See :class:`LabelEvolutionHook`."""
        return dict(started=self._started, losses=self._losses, batches=self._batches)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """See :class:`LabelEvolutionHook`."""
        self._started, self._losses, self._batches = state['started'], state['losses'], state['batches']
