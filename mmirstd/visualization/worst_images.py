"""Pictures of the validation images on which a training's best checkpoint does worst."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.logging import print_log

from mmirstd.evaluation.functional import FrameDetections
from mmirstd.evaluation.functional.box_pd_fa import count_frame
from mmirstd.evaluation.maps import map_of
from mmirstd.evaluation.metrics.moving_target_metric import frame_record
from mmirstd.registry import HOOKS
from mmirstd.utils.errors import DataError
from mmirstd.utils.files import save_png

from .hook import draw_sample, drawable, image_id_of, read_test_image

#: Folder in the work folder.
FOLDER = 'worst_val'


@dataclass(frozen=True)
class _Case:
    error: float
    said: str
    name: str
    sequence: str
    sample: Any
    batch: Any  # of one image


@HOOKS.register_module()
class WorstImagesHook(Hook):
    """Keep pictures of the worst validation images of the best checkpoint: image, ground truth and prediction.

    Of masks the images with the lowest IoU, of boxes the frames with the most misses and false alarms, at most two of a
    sequence, whose frames are alike. They are drawn whenever a validation gives a new best checkpoint (without one, at
    each validation) into ``work_dir/worst_val``, the worst first, in place of those before. Images without an error are
    not drawn. In distributed runs they are of the main process's share.

    Args:
        count: Pictures at most.
        threshold: Probability above which a pixel counts as target; score from which a box counts.
        max_distance: Pixels between centers below which a target counts as detected.
        per_sequence: Frames of a sequence at most.

    Raises:
        ValueError: ``count`` is less than 1.
    """

    priority = 'LOWEST'  # after the checkpoint hook has decided

    def __init__(
        self, count: int = 8, threshold: float = 0.5, max_distance: float = 3.0, per_sequence: int = 2
    ) -> None:
        if count < 1:
            raise ValueError(f'count is {count}; expected at least 1')
        self.count = count
        self.threshold = threshold
        self.max_distance = max_distance
        self.per_sequence = per_sequence
        self._cases: list[_Case] = []
        self._best: str | None = None

    def before_train(self, runner: Any) -> None:
        """A continued run has its best checkpoint already."""
        self._best = _best_checkpoint(runner)

    def before_val_epoch(self, runner: Any) -> None:
        """Start anew."""
        self._cases = []

    def after_val_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Sequence | None = None
    ) -> None:
        """Keep what is among the worst."""
        if not is_main_process():
            return
        dataset = runner.val_loop.dataloader.dataset
        for index, sample in drawable(outputs):
            found = self._error(sample)
            if found is None or not found[0]:
                continue
            name = image_id_of(dataset, sample)
            batch = dict(inputs=[data_batch['inputs'][index]]) if data_batch else None
            self._cases.append(_Case(*found, name, str(sample.get('video', name)), sample, batch))
        self._cases = self._worst()

    def after_val_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Draw them if the validation was the best so far."""
        best = _best_checkpoint(runner)
        if not is_main_process() or (best is not None and best == self._best):
            return
        self._best = best
        folder = Path(runner.work_dir) / FOLDER
        shutil.rmtree(folder, ignore_errors=True)
        dataset = runner.val_loop.dataloader.dataset
        for rank, case in enumerate(self._cases, 1):
            title = f'{case.name}: {case.said}'
            try:
                image = read_test_image(dataset, case.sample, case.batch)
            except DataError as error:  # pictures are an extra: the training goes on
                print_log(f'no pictures of the worst images: {error}', logger='current', level=logging.WARNING)
                break
            picture = draw_sample(dataset, image, case.sample, title, self.threshold, self.max_distance)
            save_png(folder / f'{rank:02d}_{case.name.replace("/", "_")}.png', picture)
        self._cases = []

    def _worst(self) -> list[_Case]:
        kept: list[_Case] = []
        of_sequence: dict[str, int] = {}
        for case in sorted(self._cases, key=lambda case: (-case.error, case.name)):
            of_sequence[case.sequence] = of_sequence.get(case.sequence, 0) + 1
            if of_sequence[case.sequence] <= self.per_sequence:
                kept.append(case)
        return kept[: self.count]

    def _error(self, sample: Any) -> tuple[float, str] | None:
        """How wrong a sample is, and that in words; None where it cannot be told."""
        if 'seg_logits' in sample and 'gt_sem_seg' in sample:
            try:
                predicted = map_of(sample.seg_logits) > self.threshold
            except ValueError:  # more classes than background and target
                return None
            mask = map_of(sample.gt_sem_seg) == 1
            union = int(np.logical_or(predicted, mask).sum())
            iou = int(np.logical_and(predicted, mask).sum()) / union if union else 1.0
            return 1 - iou, f'IoU {iou:.3f}'
        if 'pred_instances' in sample and sample.get('instances') is not None:
            counts = count_frame(FrameDetections(**frame_record(sample.to_dict())), self.threshold, self.max_distance)
            missed, false = counts['targets'] - counts['detected'], counts['false']
            return float(missed + false), f'{missed} missed, {false} false'
        return None


def _best_checkpoint(runner: Any) -> str | None:
    return runner.message_hub.runtime_info.get('best_ckpt')
