"""Which threshold the validation images would choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mmirstd.evaluation.functional import evaluate, get_protocol
from mmirstd.evaluation.prediction_dump import PredictionDump

#: Thresholds that are compared.
THRESHOLDS = tuple(round(0.1 * step, 1) for step in range(1, 10))
#: A better IoU by less is no reason to leave the usual threshold.
_WORTH = 0.01


@dataclass(frozen=True)
class ThresholdAdvice:
    """What was measured.

    Attributes:
        best: The threshold to take: 0.5 unless another has an IoU that is higher by more than 0.01.
        measures: Threshold -> IoU, Pd and Fa_e6 over all images.
    """

    best: float
    measures: Mapping[float, Mapping[str, float]]

    def __str__(self) -> str:
        rows = [
            f'  {value:.1f}{" *" if value == self.best else "  "}'
            f'  {row["IoU"]:10.3f}  {row["Pd"]:.3f}  {row["Fa_e6"]:9.1f}'
            for value, row in self.measures.items()
        ]
        return '\n'.join(['  threshold      IoU     Pd  Fa (1e-6)', *rows])


def advise_threshold(dump: PredictionDump) -> ThresholdAdvice:
    """Measure the default protocol at several thresholds.

    Args:
        dump: Of validation images, never of test images: what they choose is not measured on them again.
    """
    protocol = get_protocol('default')
    measures = {}
    for value in THRESHOLDS:
        images = (dump[number] for number in range(len(dump)))  # read anew: all at once may not fit into memory
        row = evaluate(protocol.with_threshold(value), ((image.probability, image.mask) for image in images))
        measures[value] = {name: row[name] for name in ('IoU', 'Pd', 'Fa_e6')}
    best = max(measures, key=lambda value: (measures[value]['IoU'], -abs(value - 0.5)))
    if measures[best]['IoU'] - measures[0.5]['IoU'] <= _WORTH:
        best = 0.5
    return ThresholdAdvice(best, measures)
