"""Masks of moving targets, overall, by sequence and by signal-to-clutter ratio."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.logging import MMLogger, print_log

from mmirstd.registry import METRICS
from mmirstd.utils.components import Components

from ..data_set_results import add_records
from ..functional import ImageEvidence, summarize
from ..functional.box_pd_fa import pd_by_scr
from ..report_files import check_suffix, write_json
from ..scr_bins import bin_name, check_scr_bins
from ..text_tables import sequence_tables
from .irstd_metric import IRSTDMetric

#: What is shown of each sequence.
SHOWN = ('IoU', 'nIoU', 'Pd', 'Fa', 'Fa_e6')


@METRICS.register_module()
class ClipMaskMetric(IRSTDMetric):
    """``mmirstd.IRSTDMetric`` for sequences: the same measures of all key frames, and those of each sequence.

    Context frames (``is_key_frame=False``) are passed over.  A frame counts once, however often a sampler gave it; the
    result does not depend on the number of processes.

    A sample may also hold the maps of all T frames of a window (``seg_logits`` and ``gt_sem_seg`` of shape (T, H, W),
    and ``frame_ids``, ``img_paths`` and ``frame_instances`` in its metainfo), window after window of a sequence.  Of a
    frame in several windows the greatest probability of each pixel counts, as DeepPro's official test has it.

    Args:
        scr_bins: Ascending edges of SCR bins, ``(0, 2, 4, 8, None)``, the last None for infinity: also Pd of targets
            with such a signal-to-clutter ratio, as ``Pd_scr/2-4``.  Needs ``instances`` with ``scr`` in the metainfo
            (generated sequences).  A target is detected if the component of the mask at its center is.
        per_sequence_out: A ``.json`` file for the measures, overall, by sequence and by SCR.
        kwargs: As for :class:`IRSTDMetric`.
    """

    unit = 'frames'

    def __init__(
        self, *args: Any, scr_bins: Sequence[float | None] | None = None, per_sequence_out: str | None = None, **kwargs
    ) -> None:
        super().__init__(*args, **kwargs)
        self.scr_bins = None if scr_bins is None else check_scr_bins(scr_bins, 'ClipMaskMetric')
        if per_sequence_out:
            check_suffix(per_sequence_out, ('.json',), 'per_sequence_out')
        self.per_sequence_out = per_sequence_out
        self.last_tables: dict[str, Any] | None = None
        self._windows = Windows()

    def count_sample(self, data_batch: Any, index: int, sample: Mapping[str, Any]) -> dict[str, Any]:
        """See :class:`IRSTDMetric`; context frames are passed over, and windows give the frames that are complete."""
        scores = _maps(sample, 'seg_logits')
        if scores is not None and len(scores) > 1 and len(scores) == len(sample.get('frame_ids', ())):
            return dict(frames=[self._count_frame(frame) for frame in self._windows.add(sample, scores)])
        if not sample.get('is_key_frame', True):
            return dict(frames=[])
        return dict(frames=[super().count_sample(data_batch, index, sample)])

    def _count_frame(self, frame: Mapping[str, Any]) -> dict[str, Any]:
        return super().count_sample(None, 0, frame)

    def count(self, evidence: ImageEvidence, sample: Mapping[str, Any], gray: np.ndarray | None) -> dict[str, Any]:
        """See :class:`IRSTDMetric`; also the frame's sequence, and which of its targets were detected."""
        result = super().count(evidence, sample, gray)
        name = sample.get('video', sample.get('video_id'))
        result['sequence'] = '' if name is None else str(name)
        # names of sequences may repeat between data sets; files do not
        where = (result['sequence'], sample['frame_id']) if sample.get('frame_id') is not None else evidence.name
        result['frame'] = next((sample[key] for key in ('img_path', 'img_id') if sample.get(key) is not None), where)
        if self.scr_bins is not None:
            if 'records' not in result:
                add_records(result, evidence, self._default, None)
            result.update(self._hits(evidence, sample, result['records']['targets']))
        return result

    def _hits(
        self, evidence: ImageEvidence, sample: Mapping[str, Any], targets: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        """``scr`` of the frame's instances, and whether each is detected (``hits``)."""
        if sample.get('instances') is None:
            raise KeyError(
                f"ClipMaskMetric: {evidence.name} has no 'instances', which scr_bins needs; pack them "
                "(meta_keys=(..., 'instances'))"
            )
        instances = [item for item in sample['instances'] if not item.get('ignore_flag', 0)]
        if any('scr' not in item for item in instances):
            raise ValueError(
                f"ClipMaskMetric: {evidence.name} has targets without 'scr'; scr_bins needs an annotation with it "
                '(generated sequences)'
            )
        components = evidence.targets(self._default.target_rule.truth)
        hits = [_is_hit(item['bbox'], components, targets) for item in instances]
        return dict(scr=np.array([item['scr'] for item in instances], np.float64), hits=np.array(hits, bool))

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Measures of all key frames; those of each sequence are printed and in ``last_tables``.

        Raises:
            ValueError: No key frame among the results.
        """
        distinct = {frame['frame']: frame for result in results for frame in result['frames']}
        if not distinct:
            raise ValueError('ClipMaskMetric: all frames are context (is_key_frame=False); nothing to evaluate')
        frames = list(distinct.values())
        measures = super().compute_metrics(frames)
        groups: dict[str, list[dict]] = {}
        for frame in frames:
            groups.setdefault(frame['sequence'], []).append(frame)
        spec = self.protocols.get('default') or next(iter(self.protocols.values()))
        tables: dict[str, Any] = dict(
            overall=summarize(spec, [frame['counts'][spec.name] for frame in frames]),
            sequences={
                name: dict(frames=len(group), **summarize(spec, [frame['counts'][spec.name] for frame in group]))
                for name, group in groups.items()
            },
        )
        if self.scr_bins is not None:
            tables['scr'] = pd_by_scr(frames, self.scr_bins)
            measures.update({f'Pd_scr/{bin_name(row)}': row['Pd'] for row in tables['scr']})
        self.last_tables = tables
        logger = MMLogger.get_current_instance()
        print_log(f'ClipMaskMetric, {len(frames)} frames, protocol {spec.name}\n{_text(tables)}', logger=logger)
        if self.per_sequence_out:
            write_json(self.per_sequence_out, tables)
            print_log(f'ClipMaskMetric: measures by sequence in {self.per_sequence_out}', logger=logger)
        return measures


def _maps(sample: Mapping[str, Any], key: str) -> Any:
    """The maps of a sample's field, None where it has none."""
    field = sample.get(key)
    return field['data'] if isinstance(field, Mapping) else getattr(field, 'data', None)


class Windows:
    """Puts the frames of overlapping windows together, sequence by sequence."""

    def __init__(self) -> None:
        self._waiting: dict[int, dict[str, Any]] = {}

    def add(self, sample: Mapping[str, Any], scores: Any) -> list[dict[str, Any]]:
        """Take the next window of a sequence.

        Args:
            sample: With ``frame_ids``, ``img_paths`` and ``is_last`` beside the maps.
            scores: (T, H, W).

        Returns:
            The frames that no later window holds, as samples of one frame each.
        """
        ids = list(sample['frame_ids'])
        truth, paths = _maps(sample, 'gt_sem_seg'), sample.get('img_paths')
        instances, needed = sample.get('frame_instances'), sample.get('frame_is_key')
        name = sample.get('video', sample.get('video_id'))
        done = [self._waiting.pop(number) for number in sorted(self._waiting) if number < ids[0]]
        for place, number in enumerate(ids):
            if needed is not None and not needed[place]:
                continue
            score = scores[place : place + 1]
            known = self._waiting.get(number)
            if known is not None:  # of an earlier window, or a frame that stands several times in this one
                known['seg_logits']['data'] = _larger(known['seg_logits']['data'], score)
                continue
            self._waiting[number] = dict(
                seg_logits=dict(data=score),
                gt_sem_seg=dict(data=truth[place : place + 1]),
                frame_id=number,
                video=name,
                img_path=paths[place] if paths else f'{name}, frame {number}',
                instances=instances[place] if instances is not None else None,
            )
        if sample.get('is_last', False):
            done += [self._waiting[number] for number in sorted(self._waiting)]
            self._waiting.clear()
        return done


def _larger(a: Any, b: Any) -> Any:
    return a.maximum(b) if hasattr(a, 'maximum') else np.maximum(a, b)


def _is_hit(box: Sequence[float], components: Components, targets: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the mask's component at a box is a detected target."""
    top, left = components.window[:2]
    rows = slice(max(math.floor(box[1]) - top, 0), max(math.ceil(box[3]) - top, 0))
    columns = slice(max(math.floor(box[0]) - left, 0), max(math.ceil(box[2]) - left, 0))
    inside = components.labels[rows, columns]
    found = inside[inside > 0]
    return bool(found.size) and bool(targets[int(np.bincount(found).argmax()) - 1]['matched'])


def _text(tables: Mapping[str, Any]) -> str:
    shown = [name for name in SHOWN if name in tables['overall'] and name != 'Fa']
    return sequence_tables(tables, shown)
