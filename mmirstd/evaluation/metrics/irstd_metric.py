"""IoU, nIoU, Pd, Fa, F1 and curves of segmentation results, by named protocols."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.logging import MMLogger, print_log

from mmirstd.registry import METRICS
from mmirstd.utils.logits import logit_of

from ..data_set_results import add_records, data_set_results, image_result, per_image_row, specs_of
from ..functional import ImageEvidence, ProtocolSpec, count_evidence
from ..functional.false_at_pd import at_pd_counts, false_per_image_at
from ..maps import gray_of, logit_map_with, map_of
from ..report_files import check_suffix, write_curves, write_per_image
from .data_set_metric import DataSetMetric


@METRICS.register_module()
class IRSTDMetric(DataSetMetric):
    """Evaluate one-class probability maps of infrared small target detection.

    Reads ``seg_logits`` at the image's native size ((1, H, W) probabilities in [0, 1], which mmseg stores after the
    sigmoid, or (2, H, W) logits of background and target, whose softmax is taken) and ``gt_sem_seg`` ((1, H, W), {0, 1}
    or float in [0, 1]) of each data sample.

    One small result an image is kept (counts and, with ``curves``, a histogram of 9 kB), never
    maps; the measures are computed from the gathered list, so they are the same in one process and in many.

    Measures of ``default`` are named ``IoU nIoU precision recall F1 Pd Fa Fa_e6 target_precision
    target_F1`` (and ``AUC`` with ``curves``), those of any other protocol carry its name: ``msda/IoU``.
    All are fractions; ``Fa_e6`` is Fa in units of 1e-6. Undefined ones (Pd without any target) are NaN.

    Args:
        protocol: A name of :data:`mmirstd.evaluation.functional.PROTOCOLS` or several.
        threshold: Replaces 0.5 in the default protocol; the official ones are what they are.
        curves: Also ROC/AUC by pixel and Pd-Fa over 31 probabilities and 25 higher logits, from the
            same pass; of the logits where the samples have them (``target_logits``). The arrays are
            in ``last_curves`` (main process) after the evaluation.
        per_image_out: A ``.json`` or ``.csv`` file for what happened in each image and to each target and
            false alarm under the default protocol; with the local signal-to-clutter ratio where
            the batch holds the image. Written by the main process.
        curves_out: A ``.json`` file for the curves; needs ``curves``.
        at_pd: Also false targets an image: ``false_per_image`` at the threshold of the default protocol, and
            ``false_per_image_at_Pd0.9`` where a share of the targets, here 0.9, is found; of several shares each
            (:func:`~mmirstd.evaluation.functional.false_at_pd.false_per_image_at`). NaN where so many are never found.
        collect_device: 'cpu' or 'gpu', how results of several processes are gathered.
        prefix: Put before all names.
        collect_dir: Directory through which they are gathered on 'cpu'.

    Raises:
        KeyError: Unknown protocol.
        ValueError: Contradicting arguments.
    """

    def __init__(
        self,
        protocol: str | ProtocolSpec | Sequence[str | ProtocolSpec] = 'default',
        threshold: float | None = None,
        curves: bool = True,
        per_image_out: str | None = None,
        curves_out: str | None = None,
        at_pd: float | Sequence[float] | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix, collect_dir=collect_dir)
        names = [protocol] if isinstance(protocol, (str, ProtocolSpec)) else list(protocol)
        try:
            self.protocols = specs_of(names, threshold)
        except ValueError as error:
            raise ValueError(f'IRSTDMetric: {error}') from None
        self._default = self.protocols.get('default') or specs_of(['default'])['default']
        if curves_out and not curves:
            raise ValueError('IRSTDMetric: curves_out needs curves=True')
        if per_image_out:
            check_suffix(per_image_out, ('.json', '.csv'), 'per_image_out')
        if curves_out:
            check_suffix(curves_out, ('.json',), 'curves_out')
        shares: tuple[float, ...] = (
            () if at_pd is None else (at_pd,) if isinstance(at_pd, (int, float)) else tuple(at_pd)
        )
        if not all(0 < share <= 1 for share in shares):
            raise ValueError(f'IRSTDMetric: at_pd is {at_pd}; expected shares of the targets, above 0 and at most 1')
        self.threshold = threshold
        self.curves = curves
        self.at_pd = shares
        self.per_image_out = per_image_out
        self.curves_out = curves_out
        self.last_curves: dict[str, Any] | None = None
        self._warned: set[str] = set()

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Count one batch.

        Raises:
            KeyError: A sample lacks a prediction or a ground truth.
            ValueError: NaN, values out of range, more than two classes or a size mismatch; the message names
                the image.
        """
        for index, sample in enumerate(data_samples):
            self.results.append(self.count_sample(data_batch, index, sample))

    def count_sample(self, data_batch: Any, index: int, sample: Mapping[str, Any]) -> dict[str, Any]:
        """The result of one sample of a batch."""
        name = str(sample.get('img_path') or sample.get('img_id') or f'sample {len(self.results)}')
        score = _score_of(sample, name)
        logit = logit_map_with(score, sample) if self.curves or self.at_pd else None
        evidence = ImageEvidence(score, _truth_of(sample, name), name, logit)
        self._warn_about_resolution(evidence)
        gray = gray_of(data_batch, index, sample, evidence.shape) if self.per_image_out else None
        return self.count(evidence, sample, gray)

    def count(self, evidence: ImageEvidence, sample: Mapping[str, Any], gray: np.ndarray | None) -> dict[str, Any]:
        """What is counted of one image, small and picklable."""
        result = image_result(evidence, self.protocols, self.curves)
        if self.per_image_out:
            add_records(result, evidence, self._default, gray)
        if self.at_pd:
            targets = evidence.targets('half')
            logit = logit_of(evidence.score) if evidence.logit is None else evidence.logit
            result['targets'] = len(targets)
            result['at_pd'] = at_pd_counts(logit, targets)
            found = (result['counts'].get('default') or count_evidence(self._default, evidence))['targets']
            result['false'] = found['components'] - found['matched']
        return result

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Measures of the whole data set, from the gathered per-image results in data-set order."""
        found = data_set_results(results, self.protocols, self.curves)
        measures = found.measures
        if self.at_pd:
            measures['false_per_image'] = sum(item['false'] for item in results) / len(results)
        for share in self.at_pd:
            measures[f'false_per_image_at_Pd{share:g}'] = false_per_image_at(
                share, [item['at_pd'] for item in results], sum(item['targets'] for item in results)
            )
        logger = MMLogger.get_current_instance()
        print_log(f'IRSTDMetric, {len(results)} images\n{found}', logger=logger)
        if self.per_image_out:
            write_per_image(self.per_image_out, [per_image_row(item) for item in results], measures)
            print_log(f'IRSTDMetric: per-image results in {self.per_image_out}', logger=logger)
        if found.roc is not None and found.pd_fa is not None:
            self.last_curves = dict(roc=found.roc, pd_fa=found.pd_fa)
            if self.curves_out:
                write_curves(self.curves_out, found.roc, found.pd_fa)
                print_log(f'IRSTDMetric: curves in {self.curves_out}', logger=logger)
        return measures

    def _warn_about_resolution(self, evidence: ImageEvidence) -> None:
        for name, spec in self.protocols.items():
            sizes = set(spec.resolution.values())
            if name in self._warned or None in sizes or not sizes or set(evidence.shape) <= sizes:
                continue
            self._warned.add(name)
            wanted = ', '.join(f'{key}: {side}' for key, side in spec.resolution.items())
            print_log(
                f'IRSTDMetric: the official code of protocol {name!r} resizes image and mask before it evaluates '
                f'({wanted}; *: any other data set), but {evidence.name} is evaluated at '
                f'{evidence.shape[0]}x{evidence.shape[1]}. For comparable figures put mmirstd.ResizeForEvaluation '
                'into the test pipeline.',
                logger='current',
                level=logging.WARNING,
            )


def _data(sample: Mapping[str, Any], key: str, name: str) -> np.ndarray:
    """A field's map, (H, W)."""
    if key not in sample:
        cure = (
            'use a segmentor (decode_head.out_channels=1, or num_classes=2)'
            if key == 'seg_logits'
            else "load masks in the test pipeline (mmirstd.LoadTargetMask) and pack them ('gt_seg_map')"
        )
        raise KeyError(f'IRSTDMetric: {name} has no {key!r}, only {sorted(sample)}; {cure}')
    try:
        return map_of(sample[key])
    except ValueError as error:
        raise ValueError(f'IRSTDMetric: {key} of {name}: {error}') from None


def _score_of(sample: Mapping[str, Any], name: str) -> np.ndarray:
    score = _data(sample, 'seg_logits', name)
    if score.dtype.kind != 'f':
        score = score.astype(np.float32)
    if not score.size:
        return score
    low, high = float(score.min()), float(score.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        bad = int((~np.isfinite(score)).sum())
        raise ValueError(
            f'IRSTDMetric: the prediction of {name} has {bad} NaN or infinite values of {score.size}; the network '
            'diverged (lower the learning rate, clip gradients) or its checkpoint is broken'
        )
    if low < 0 or high > 1:
        raise ValueError(
            f'IRSTDMetric: the prediction of {name} ranges from {low:g} to {high:g}; expected probabilities in [0, 1]. '
            'mmseg applies the sigmoid when decode_head.out_channels is 1; apply it yourself elsewhere'
        )
    return score


def _truth_of(sample: Mapping[str, Any], name: str) -> np.ndarray:
    truth = _data(sample, 'gt_sem_seg', name)
    if truth.size and truth.dtype != np.bool_ and not (truth.min() >= 0 and truth.max() <= 1):
        raise ValueError(
            f'IRSTDMetric: the ground truth of {name} ranges from {truth.min():g} to {truth.max():g}; expected 0 '
            '(background) to 1 (target): load masks with mmirstd.LoadTargetMask'
        )
    return truth
