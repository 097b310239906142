"""PAL: training begins with the images that are easy, and harder ones join when the network finds their points."""

from __future__ import annotations

from typing import Any

import numpy as np
from mmengine.runner import Runner

from mmirstd.datasets.points.admission import admitted_label
from mmirstd.datasets.points.easy_targets import easy_label
from mmirstd.datasets.points.evolution import EvolutionRule, evolve_pal
from mmirstd.registry import HOOKS

from .label_evolution_hook import LabelEvolutionHook
from .training_images import load_training_image


@HOOKS.register_module()
class PALHook(LabelEvolutionHook):
    """Progressive active learning with single points (Yu et al., ICCV 2025, arXiv 2412.11154).

    1. Pre-start, the first ``start`` of the epochs: only images train around whose points edges close to a small
       outline (:func:`~mmirstd.datasets.points.easy_targets.easy_label`).
    2. Enhancement, until ``end`` of the epochs: each few epochs the labels of those are updated
       (:func:`~mmirstd.datasets.points.evolution.evolve_pal`), and other images join whose points the network finds
       (:func:`~mmirstd.datasets.points.admission.admitted_label`); the share of points it may miss rises to all.
    3. Refinement, the rest: labels are updated, none joins.

    The network is taught labels cut at one half. With any config::

        train_dataloader = dict(dataset=dict(points=dict(kind='coarse')))
        default_hooks = dict(label_evolution=dict(type='mmirstd.PALHook'))

    In the official code an epoch is shorter while few images train. Here it keeps its length, since schedules count
    iterations: a random image that trains takes the place of one that does not.

    Args:
        start, end: Shares of the epochs, 0 <= start <= end <= 1.
        interval: Updates happen before each epoch, counted from 0, that so many divide.
        easy_share: Share of points with an outline that makes an image easy.
        missed_share: Share of points that may be missed by an image that joins, at the beginning.
        false_per_point: Other predicted targets for each point that an image that joins may have.
        decay: See :func:`~mmirstd.datasets.points.evolution.evolve_pal`.
        rule: Arguments of :class:`~mmirstd.datasets.points.evolution.EvolutionRule` that differ.
    """

    def __init__(
        self,
        start: float = 0.2,
        end: float = 0.8,
        interval: int = 5,
        easy_share: float = 0.8,
        missed_share: float = 0.2,
        false_per_point: float = 5.0,
        decay: float = 0.97,
        rule: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if not 0 <= start <= end <= 1 or interval < 1:
            raise ValueError(
                f'PALHook: start is {start}, end {end} and interval {interval}; expected 0 <= start <= end <= 1 and 1 '
                'or more'
            )
        self.start = start
        self.end = end
        self.interval = interval
        self.easy_share = easy_share
        self.missed_share = missed_share
        self.false_per_point = false_per_point
        self.decay = decay
        self.rule = EvolutionRule(**(rule or {}))
        # which epoch was prepared last: one that goes on after an interruption is prepared already
        self._prepared = -1

    def begin(self, runner: Runner) -> None:
        """Find the easy images."""
        for dataset in self._datasets:
            store = dataset.label_store
            assert store is not None
            trains = np.zeros(len(store), bool)
            for index in range(len(store)):
                image = np.rint(load_training_image(dataset, index)['img'] * 255).clip(0, 255).astype(np.uint8)
                label = easy_label(image, store.points[index], share=self.easy_share)
                if label is not None:
                    store.put(index, label)
                    trains[index] = True
            store.trains = trains if trains.any() else np.ones(len(store), bool)
            store.binary = True
            runner.logger.info(f'PAL: {trains.sum()} of {len(trains)} images are easy and begin; {self.describe()}')
            if not trains.any():
                runner.logger.warning('PALHook: no image is easy, so all train from the beginning, with their points')

    def before_train_epoch(self, runner: Runner) -> None:
        """Update labels and let images join, if it is time."""
        epoch, epochs = runner.epoch, runner.max_epochs
        if epoch <= self._prepared:
            return
        self._prepared = epoch
        if epoch <= int(epochs * self.start) or epoch % self.interval:
            return
        waiting = [~store.trains for store in self.stores()]
        missed = self.missed_share + (1 - self.missed_share) * min(
            (epoch - epochs * self.start + 1) / max(epochs * (self.end - self.start), 1), 1.0
        )
        self.grow(
            runner,
            lambda store, index: bool(store.trains[index]),
            lambda store, i, prob: evolve_pal(store.label(i), prob, self.rule, self.decay),
        )
        joined = 0
        if epoch <= int(epochs * self.end) and any(own.any() for own in waiting):
            joined = len(
                self.grow(
                    runner,
                    lambda store, index: not store.trains[index],
                    lambda store, i, prob: admitted_label(prob, store.points[i], missed, self.false_per_point),
                )
            )
        left = sum(int((~store.trains).sum()) for store in self.stores())
        runner.logger.info(f'PAL, after {epoch} epochs: {joined} images joined, {left} wait; {self.describe()}')

    def state_dict(self) -> dict[str, Any]:
        """See :class:`LabelEvolutionHook`."""
        return dict(prepared=self._prepared)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """See :class:`LabelEvolutionHook`."""
        self._prepared = state['prepared']
