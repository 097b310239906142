"""Keep the probability maps of a test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
from mmengine.dist import barrier, collect_results, is_main_process
from mmengine.hooks import Hook
from mmengine.logging import print_log

from mmirstd.evaluation.box_dump import FILE as BOX_FILE
from mmirstd.evaluation.box_dump import BoxRule, DumpedBoxes, write_boxes
from mmirstd.evaluation.box_maps import box_maps
from mmirstd.evaluation.functional import FrameDetections
from mmirstd.evaluation.maps import logit_map_with, map_of
from mmirstd.evaluation.metrics.moving_target_metric import MovingTargetMetric, frame_record
from mmirstd.evaluation.prediction_dump import DumpWriter, write_index
from mmirstd.registry import HOOKS
from mmirstd.utils.errors import DataError
from mmirstd.utils.listed_classes import listed_classes
from mmirstd.visualization.hook import image_id_of, read_test_image


@HOOKS.register_module()
class PredictionDumpHook(Hook):
    """Write probability map, logits, mask and image of each test image (:mod:`mmirstd.evaluation.prediction_dump`).

    ``tools/test.py --dump DIR`` adds it; ``tools/analysis_tools/report.py`` reads the result.  In distributed runs each
    rank writes its own images, and rank 0 the index in data-set order.  An image whose size differs from the ground
    truth's (a protocol that evaluates at a fixed size) is resized to it.

    Boxes and annotated ``instances`` are kept (:mod:`mmirstd.evaluation.box_dump`) and also drawn as filled rectangles
    (:func:`mmirstd.evaluation.box_maps.box_maps`). Where the pipeline packs no ``instances``, as stock ones of mmdet do
    not, the data set's annotation is taken.

    Attributes:
        of_boxes: The network predicts boxes.

    Args:
        out_dir: Folder of the dump.

    Raises:
        OSError: The folder cannot be written to; before the first image.
    """

    priority = 'NORMAL'

    def __init__(self, out_dir: str) -> None:
        self.out_dir = Path(out_dir)
        self.of_boxes = False
        self._writer: DumpWriter | None = None
        self._entries: list[dict[str, Any] | None] = []
        self._instances: dict[str, Any] | None = None

    def before_test_epoch(self, runner: Any) -> None:
        """Make the folder; an index of an earlier test goes, since its images are about to be replaced."""
        self._writer, self._entries = DumpWriter(self.out_dir), []
        if is_main_process():
            for name in ('index.json', BOX_FILE):
                (self.out_dir / name).unlink(missing_ok=True)
        barrier()

    def after_test_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Sequence | None = None
    ) -> None:
        """Write the images of one batch."""
        dataset = runner.test_loop.dataloader.dataset
        for index, sample in enumerate(outputs or ()):
            if not sample.get('is_key_frame', True):
                self._entries.append(None)  # a frame that feeds a state; parts of several processes stay equally long
                continue
            image = read_test_image(dataset, sample, data_batch, index)
            logit = None
            if 'seg_logits' not in sample and 'pred_instances' in sample:
                self.of_boxes = True
                instances = self._instances_of(dataset, sample)
                boxes = frame_record(dict(sample.all_items(), instances=instances))
                probability, mask = box_maps(boxes['boxes'], boxes['scores'], instances, image.shape[:2])
            else:
                boxes = None
                probability, mask = map_of(sample.seg_logits), map_of(sample.gt_sem_seg)
                logit = logit_map_with(probability, sample)
            if image.shape != probability.shape:
                image = cv2.resize(image, probability.shape[::-1], interpolation=cv2.INTER_LINEAR)
            assert self._writer is not None
            name = image_id_of(dataset, sample)
            entry = self._writer.write(name, probability, mask, image, sample.img_path, logit)
            self._entries.append(dict(entry, boxes=boxes))

    def _instances_of(self, dataset: Any, sample: Any) -> Any:
        """The annotated boxes of an image, in pixels of the original."""
        instances = sample.get('instances')
        if instances is not None:
            return instances
        if self._instances is None:
            self._instances = {
                str(info.get('img_path')): info.get('instances')
                for info in (dataset.get_data_info(index) for index in range(len(dataset)))
            }
        instances = self._instances.get(str(sample.img_path))
        if instances is None:
            raise DataError(
                f"{sample.img_path}: neither the sample nor its data set has 'instances', so there is nothing to hold "
                'the boxes against',
                cure="pack them: mmirstd.PackClipInputs, or PackDetInputs with meta_keys=(..., 'instances')",
            )
        return instances

    def after_test_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Gather the entries and write the index."""
        gathered = collect_results(self._entries, len(runner.test_loop.dataloader.dataset), 'cpu')
        if is_main_process():
            entries = [entry for entry in gathered if entry is not None]
            if len({entry['file'] for entry in entries}) < len(entries):
                # Each writer keeps its own images apart, but not from those of another process.
                raise DataError(
                    f'{self.out_dir}: two data sets have images of one ID, which several processes cannot '
                    'keep apart; test in one process'
                )
            boxes = [entry.pop('boxes') for entry in entries]
            if entries and all(found is not None for found in boxes):
                frames = [FrameDetections(**dict(found, image=entry['name'])) for found, entry in zip(boxes, entries)]
                write_boxes(self.out_dir, DumpedBoxes(frames, _rule_of(runner)))
            write_index(self.out_dir, entries)
            print_log(f'{len(entries)} probability maps, masks and images are in {self.out_dir}', logger='current')


def _rule_of(runner: Any) -> BoxRule:
    """How the run's own metric counts boxes; the default where it has none of ours."""
    for metric in runner.test_loop.evaluator.metrics:
        if isinstance(metric, MovingTargetMetric):
            return BoxRule(metric.score_threshold, metric.max_distance, metric.num_classes, metric.classes)
    classes = listed_classes(runner.test_loop.dataloader.dataset.metainfo)
    return BoxRule(num_classes=max(1, len(classes)), classes=classes)
