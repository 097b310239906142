"""mAP50, precision, recall, F1, Pd and Fa of detectors of moving targets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.logging import MMLogger, print_log

from mmirstd.registry import METRICS
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.listed_classes import listed_classes

from ..functional import CocoEvaluation, FrameDetections
from ..functional.box_pd_fa import count_frame, pd_by_scr, summarize_counts
from ..functional.box_protocols import BOX_PROTOCOLS, summarize_boxes
from ..functional.box_records import box_records
from ..functional.score_counts import SCORE_BINS, count_by_score
from ..report_files import check_suffix, write_json, write_per_image
from ..scr_bins import bin_name, check_scr_bins
from ..text_tables import sequence_tables
from .data_set_metric import DataSetMetric


@METRICS.register_module()
class MovingTargetMetric(DataSetMetric):
    """Evaluate boxes of moving infrared small targets, overall and by sequence.

    Reads ``pred_instances`` (``bboxes`` x1, y1, x2, y2 in pixels of the ORIGINAL image, ``scores``, ``labels``) of each
    data sample and, from its metainfo, ``instances`` (the annotated boxes of the original image), ``img_id``,
    ``ori_shape``, ``video`` or ``video_id``; ``mmirstd.PackClipInputs`` packs them all, mmdet's ``PackDetInputs`` with
    ``meta_keys=mmirstd.datasets.transforms.CLIP_META_KEYS``. Context frames (``is_key_frame=False``) are passed over.

    - ``mAP50``, ``mAP``, ``mAP75``: pycocotools.
    - ``precision``, ``recall``, ``F1``: as papers on moving targets compute them, from the curve at IoU .5 and without
      a score threshold, see :meth:`~..functional.coco_evaluation.CocoEvaluation.summarize`.
    - ``Pd``, ``Fa``, ``Fa_e6``, ``false_per_frame``, ``target_precision``, ``target_F1``: by centers, at
      ``score_threshold``, see :mod:`~..functional.box_centroids`.
    - ``Pd_scr/2-4`` and so on: Pd by signal-to-clutter ratio, with ``scr_bins``; of one class also ``mAP50_scr/2-4``:
      average precision at IoU .5 where only targets of this ratio count, and all false alarms.
    - ``mAP50_class/drone`` and so on, where there are several classes: average precision at IoU .5 of each. ``mAP50``
      is their mean over the classes that have targets. The measures by centers do not ask for the class.

    The official scripts count only frames with an annotation. The measures of ``default`` count all frames, those of
    ``sstnet`` (``sstnet/mAP50``) only annotated ones. Where every frame has a target, as in DAUB's test set, they
    agree. ``ultralytics`` (``ultralytics/mAP50``) is another computation, see
    :func:`~..functional.ultralytics_evaluation.ultralytics_measures`.

    Boxes are gathered and everything is computed from them once, frames told by ``img_id`` and ``img_path`` (which
    concatenated data sets need): the result does not depend on the number of processes, and frames that a sampler
    repeated count once.

    Args:
        protocol: Keys of :data:`~..functional.box_protocols.BOX_PROTOCOLS`, one or several.
        score_threshold: For the measures by centers.
        max_distance: Of the centers of a target and its detection, in pixels (strictly less).
        num_classes: Number of classes; None: that of the data set, or 1 where it names none.
        per_sequence: Also summarize each sequence; printed, in ``last_tables``, and in ``per_sequence_out``. The
            returned measures are the overall ones.
        scr_bins: Ascending edges of SCR bins, ``(0, 2, 4, 8, None)``, the last None for infinity; needs instances with
            ``scr`` (synthetic sequences have them).
        per_sequence_out: A ``.json`` file for all measures, overall, by sequence and by SCR.
        score_counts_out: A ``.json`` file for the true and false detections of each sequence by score, of all frames
            and one class, see :class:`~..functional.score_counts.ScoreCounts`: what a comparison over sequences needs.
        results_out: A ``.json`` file for the detections in COCO's result format; ``category_id`` is that of the
            annotation. Where the data set knows none, or has joined several categories to one class, it is the label
            + 1, the place of the class in ``metainfo.classes`` counted from 1; that is said.
        per_image_out: A ``.json`` or ``.csv`` file for what happened in each frame and to each target and false alarm,
            by centers at ``score_threshold``, see :func:`~..functional.box_records.box_records`.
        collect_device, prefix, collect_dir: As in mmengine.

    Raises:
        ValueError: Contradicting or wrong arguments.
        ConfigError: The data set has another number of classes.
    """

    unit = 'frames'
    source = 'the annotation'

    def __init__(
        self,
        protocol: str | Sequence[str] = 'default',
        score_threshold: float = 0.5,
        max_distance: float = 3.0,
        num_classes: int | None = None,
        per_sequence: bool = True,
        scr_bins: Sequence[float | None] | None = None,
        per_sequence_out: str | None = None,
        score_counts_out: str | None = None,
        results_out: str | None = None,
        per_image_out: str | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix, collect_dir=collect_dir)
        self.protocols = [protocol] if isinstance(protocol, str) else list(protocol)
        unknown = [name for name in self.protocols if name not in BOX_PROTOCOLS]
        if unknown or not self.protocols:
            raise ValueError(
                f'MovingTargetMetric: protocol={protocol!r}; expected one or several of {list(BOX_PROTOCOLS)}'
            )
        if not 0 <= score_threshold <= 1 or not max_distance > 0:
            raise ValueError(
                f'MovingTargetMetric: score_threshold={score_threshold}, max_distance={max_distance}; '
                'expected a score in [0, 1] and a positive distance'
            )
        edges = None if scr_bins is None else check_scr_bins(scr_bins, 'MovingTargetMetric')
        for name, path in (
            ('per_sequence_out', per_sequence_out),
            ('score_counts_out', score_counts_out),
            ('results_out', results_out),
        ):
            if path:
                check_suffix(path, ('.json',), name)
        if per_image_out:
            check_suffix(per_image_out, ('.json', '.csv'), 'per_image_out')
        self.score_threshold = score_threshold
        self.max_distance = max_distance
        self._given_classes = num_classes
        self.num_classes = num_classes or 1
        self.classes: tuple[str, ...] = ()
        self.per_sequence = per_sequence or bool(per_sequence_out)
        self.scr_bins = edges
        self.per_sequence_out = per_sequence_out
        self.score_counts_out = score_counts_out
        self._check_one_class()
        self.results_out = results_out
        self.per_image_out = per_image_out
        self.last_tables: dict[str, Any] | None = None

    @property
    def dataset_meta(self) -> dict | None:
        """What the data set says of itself; mmengine sets it before the first batch."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, meta: dict | None) -> None:
        """Take the data set's classes.

        Raises:
            ConfigError: It has another number of classes than ``num_classes``, or several with ``score_counts_out``.
        """
        self._dataset_meta = meta
        self.classes = listed_classes(meta)
        if not self.classes:
            return
        if self._given_classes not in (None, len(self.classes)):
            raise ConfigError(
                'MovingTargetMetric: num_classes',
                found=f'{self._given_classes}',
                expected=f'{len(self.classes)}, since the data set has the classes {self.classes}; boxes of the others '
                'would not count',
                cure='leave num_classes out of val_evaluator and test_evaluator: the data set is asked',
            )
        self.num_classes = len(self.classes)
        self._check_one_class()

    def _check_one_class(self) -> None:
        if self.score_counts_out and self.num_classes != 1:
            raise ConfigError(
                'MovingTargetMetric: score_counts_out is for one class',
                found=f'num_classes={self.num_classes}',
                cure='leave score_counts_out out, or evaluate one class',
            )

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Take the boxes of one batch.

        Raises:
            KeyError: A sample lacks predictions, annotation or an ID.
            ValueError: Predictions are not finite.
        """
        for sample in data_samples:
            if sample.get('is_key_frame', True):
                self.results.append(frame_record(sample, self.scr_bins is not None))
            else:  # keeps the parts of several processes equally long, which mmengine relies on
                self.results.append(dict(image=None))

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Measures of the whole data set, from the gathered frames.

        Raises:
            ValueError: No key frame among the results; or ``results_out``, and files share an ``img_id``.
        """
        distinct = {(result['image'], result['path']): result for result in results if result['image'] is not None}
        if not distinct:
            raise ValueError('MovingTargetMetric: all frames are context (is_key_frame=False); nothing to evaluate')
        frames = [
            FrameDetections(**distinct[key]) for key in sorted(distinct, key=lambda key: (str(type(key[0])), *key))
        ]
        if self.results_out:
            _check_ids(frames)
        coco = CocoEvaluation(frames, self.num_classes)
        counts = [count_frame(frame, self.score_threshold, self.max_distance) for frame in frames]
        tables: dict[str, Any] = dict(overall=self._table(coco, counts, range(len(frames))), sequences={})
        if self.per_sequence:
            groups: dict[str, list[int]] = {}
            for index, frame in enumerate(frames):
                groups.setdefault(frame.sequence, []).append(index)
            tables['sequences'] = {name: self._table(coco, counts, group) for name, group in groups.items()}
        measures = {
            name: value
            for name, value in tables['overall'].items()
            if name not in ('targets', 'detected', 'false', 'frames')
        }
        if self.num_classes > 1:
            tables['classes'] = {name: coco.summarize_class(label) for label, name in enumerate(self._names())}
            measures.update({f'mAP50_class/{name}': row['mAP50'] for name, row in tables['classes'].items()})
        if self.scr_bins is not None:
            tables['scr'] = pd_by_scr(counts, self.scr_bins)
            measures.update({f'Pd_scr/{bin_name(row)}': row['Pd'] for row in tables['scr']})
            if self.num_classes == 1:
                by_score = count_by_score(coco, self.scr_bins, by_sequence=False)
                measures.update({f'mAP50_scr/{name}': by_score.mean_precision(name) for name in by_score.bins})
        self.last_tables = tables
        logger = MMLogger.get_current_instance()
        said = '; '.join(f'{name}: {BOX_PROTOCOLS[name]}' for name in self.protocols)
        print_log(f'MovingTargetMetric, {len(frames)} frames, protocol {said}\n{_text(tables)}', logger=logger)
        if self.per_sequence_out:
            write_json(self.per_sequence_out, tables)
            print_log(f'MovingTargetMetric: measures by sequence in {self.per_sequence_out}', logger=logger)
        if self.score_counts_out:
            write_json(self.score_counts_out, count_by_score(coco, self.scr_bins or (), SCORE_BINS).to_dict())
            print_log(f'MovingTargetMetric: detections by sequence and score in {self.score_counts_out}', logger=logger)
        if self.results_out:
            write_json(self.results_out, [entry for frame in frames for entry in _coco_results(frame)])
            unknown = '' if all(frame.category_ids for frame in frames) else '; category_id counts the classes from 1'
            print_log(f'MovingTargetMetric: detections in {self.results_out}{unknown}', logger=logger)
        if self.per_image_out:
            write_per_image(
                self.per_image_out,
                [self._image_row(frame, count) for frame, count in zip(frames, counts)],
                measures,
            )
            print_log(f'MovingTargetMetric: per-image results in {self.per_image_out}', logger=logger)
        return measures

    def _names(self) -> tuple[str, ...]:
        """Of several classes; empty where there is one."""
        if self.num_classes == 1:
            return ()
        return self.classes or tuple(str(label) for label in range(self.num_classes))

    def _image_row(self, frame: FrameDetections, count: Mapping[str, Any]) -> dict[str, Any]:
        """A frame's entry of the per-image file."""
        return dict(
            image=frame.path or str(frame.image),
            sequence=frame.sequence,
            height=frame.shape[0],
            width=frame.shape[1],
            **{name: count[name] for name in ('targets', 'detected', 'detections', 'false', 'false_pixels')},
            records=box_records(frame, self.score_threshold, self.max_distance, self._names()),
        )

    def _table(self, coco: CocoEvaluation, counts: Sequence[dict], chosen: Sequence[int]) -> dict[str, float]:
        """All measures of some of the frames."""
        table: dict[str, float] = {}
        for protocol in self.protocols:
            values = summarize_boxes(coco, protocol, chosen)
            table.update(values if protocol == 'default' else {f'{protocol}/{k}': v for k, v in values.items()})
        table.update(summarize_counts([counts[index] for index in chosen]))
        return table


def frame_record(sample: Mapping[str, Any], with_scr: bool = False) -> dict[str, Any]:
    """The fields of :class:`FrameDetections`, in NumPy, fit to be sent between processes.

    Args:
        sample: A data sample with predictions and, as metainfo, the annotation.
        with_scr: Every target must have ``scr``.

    Raises:
        KeyError: Predictions, annotation or an ID are missing.
        ValueError: A prediction is not finite, or a target has no SCR.
    """
    name = str(sample.get('img_path') or sample.get('img_id'))
    for key, cure in (
        ('pred_instances', 'the model returned no predictions'),
        ('instances', "pack it: PackClipInputs, or meta_keys=(..., 'instances')"),
        ('img_id', "pack it: PackClipInputs, or meta_keys=(..., 'img_id')"),
        ('ori_shape', "pack it: PackClipInputs, or meta_keys=(..., 'ori_shape')"),
    ):
        if sample.get(key) is None:
            raise KeyError(f'MovingTargetMetric: {name} has no {key!r}, only {sorted(sample)}; {cure}')
    predicted = sample['pred_instances']
    boxes, scores, labels = (_array(predicted[key]) for key in ('bboxes', 'scores', 'labels'))
    boxes, scores = boxes.astype(np.float64).reshape(-1, 4), scores.astype(np.float64)
    if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
        raise ValueError(
            f'MovingTargetMetric: the predictions of {name} are not finite; the network diverged (lower '
            'the learning rate, clip gradients) or its checkpoint is broken'
        )
    instances = sample['instances']
    scr = np.array([instance.get('scr', math.nan) for instance in instances], np.float64)
    ignored = np.array([bool(instance.get('ignore_flag', 0)) for instance in instances], bool)
    if with_scr and np.isnan(scr[~ignored]).any():
        raise ValueError(
            f"MovingTargetMetric: {name} has targets without 'scr'; scr_bins needs an annotation with it "
            '(synthetic sequences)'
        )
    sequence = sample.get('video', sample.get('video_id'))
    return dict(
        image=sample['img_id'],
        sequence='' if sequence is None else str(sequence),
        shape=tuple(int(side) for side in sample['ori_shape'][:2]),
        targets=np.array([instance['bbox'] for instance in instances], np.float64).reshape(-1, 4),
        target_labels=np.array([instance.get('bbox_label', 0) for instance in instances], np.int64),
        ignored=ignored,
        scr=scr,
        boxes=boxes,
        scores=scores,
        labels=labels.astype(np.int64),
        path=str(sample.get('img_path') or ''),
        category_ids=tuple(sample.get('category_ids') or ()),
    )


def _array(value: Any) -> np.ndarray:
    value = getattr(value, 'tensor', value)  # mmdet's boxes
    return value.detach().cpu().float().numpy() if hasattr(value, 'detach') else np.asarray(value)


def _check_ids(frames: Sequence[FrameDetections]) -> None:
    """A result file tells frames by their ID alone."""
    known: dict[int | str, str] = {}
    for frame in frames:
        if frame.image in known:
            raise ValueError(
                f'MovingTargetMetric: {known[frame.image]} and {frame.path} have the same img_id {frame.image}, by '
                'which results_out tells frames\n'
                '  cure: one test for each of the concatenated data sets, or no results_out'
            )
        known[frame.image] = frame.path


def _coco_results(frame: FrameDetections) -> list[dict]:
    return [
        dict(
            image_id=frame.image,
            category_id=frame.category_ids[label] if frame.category_ids else int(label) + 1,
            score=round(float(score), 6),
            bbox=[round(float(v), 3) for v in (x1, y1, x2 - x1, y2 - y1)],
        )
        for (x1, y1, x2, y2), score, label in zip(frame.boxes, frame.scores, frame.labels)
    ]


def _text(tables: Mapping[str, Any]) -> str:
    """The measures as text tables: overall and by sequence, by SCR."""
    hidden = ('Fa', 'mAP75', 'target_precision', 'detected', 'false')
    shown = [
        name
        for name in tables['overall']
        if name not in hidden and not ('/' in name and name.endswith(('/mAP', '/mAP75')))
    ]
    return sequence_tables(tables, shown)
