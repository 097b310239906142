"""Target-level measures: detection probability Pd and false-alarm rate Fa.

Pd = detected targets / targets; Fa = falsely predicted pixels / pixels
(Li et al., "Dense Nested Attention Network", TIP 2023). What counts as
detected and as false differs between the official codes; a :class:`TargetRule` says how.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mmirstd.utils.components import Components

from .binarize import PredictionRule
from .image_evidence import ImageEvidence
from .matching import (
    MATCHINGS,
    Matches,
    far_from_targets,
    match_any_pixel,
    match_first,
    match_near_pixel,
    match_nearest,
)
from .pixels import NAN, ratio

FALSE_ALARMS = {
    'unmatched': 'pixels of predicted components that match no target',
    'area_value': 'as unmatched, but a component is excused when its area equals that of any matched '
    'component of the image (a bug of the official codes)',
    'background': 'predicted pixels outside the mask',
    'far': 'predicted pixels outside of the squares around the pixels of all targets',
}
DENOMINATORS = {
    'pixels': 'all pixels of all images',
    'fixed': 'fixed_size squared for each image, whatever its size',
    'last_image': 'pixels of the LAST image times the number of images',
    'background': 'background pixels of all images',
}


@dataclass(frozen=True)
class TargetRule:
    """How targets are matched and false alarms are counted.

    Attributes:
        prediction: Which pixels are predicted.
        truth: Ground-truth rule.
        matching: A key of :data:`~.matching.MATCHINGS`.
        max_distance: Centroid distance limit in pixels, strict.
        reach: For ``matching='near_pixel'`` and ``false_alarm='far'``: how far the squares of either go from a
            target's pixel, in pixels.
        false_alarm: A key of :data:`FALSE_ALARMS`.
        denominator: A key of :data:`DENOMINATORS`.
        fixed_size: Side in pixels for ``denominator='fixed'``.
        skip_empty: Images without a target are left out altogether.
        further: More prediction rules the official code also counts (DNANet's bins);
            their counts are lists, the reported Pd and Fa are those of ``prediction``.
    """

    prediction: PredictionRule = field(default_factory=PredictionRule)
    truth: str = 'half'
    matching: str = 'nearest'
    max_distance: float = 3.0
    reach: tuple[int, int] | None = None
    false_alarm: str = 'unmatched'
    denominator: str = 'pixels'
    fixed_size: int | None = None
    skip_empty: bool = False
    further: tuple[PredictionRule, ...] = ()

    def __post_init__(self) -> None:
        for name, known in (('matching', MATCHINGS), ('false_alarm', FALSE_ALARMS), ('denominator', DENOMINATORS)):
            if getattr(self, name) not in known:
                raise ValueError(f'{name}={getattr(self, name)!r} is unknown; known: {", ".join(known)}')
        if (self.denominator == 'fixed') != (self.fixed_size is not None):
            raise ValueError("fixed_size goes with denominator='fixed' and only with it")
        if len({self.matching == 'near_pixel', self.false_alarm == 'far', self.reach is not None}) > 1:
            raise ValueError("matching='near_pixel', false_alarm='far' and reach go together")
        if self.matching == 'any_pixel' and self.false_alarm != 'background':
            raise ValueError("matching='any_pixel' has no matched components: false_alarm must be 'background'")

    def match(self, targets: Components, predictions: Components) -> Matches:
        """Match by this rule's centroid matching."""
        function = match_first if self.matching == 'first' else match_nearest
        return function(targets, predictions, self.max_distance)

    def count(self, image: ImageEvidence) -> dict[str, Any]:
        """Numbers of one image: targets, detections, false pixels, components, pixels."""
        targets = image.targets(self.truth)
        counts: dict[str, Any] = {**self._count(image, self.prediction, targets)}
        if self.further:
            rows = [self._count(image, rule, targets) for rule in self.further]
            counts['further_detected'] = [row['detected'] for row in rows]
            counts['further_false_pixels'] = [row['false_pixels'] for row in rows]
        return counts

    def _count(self, image: ImageEvidence, rule: PredictionRule, targets: Components) -> dict[str, int]:
        height, width = image.shape
        counts = dict(
            targets=len(targets),
            detected=0,
            false_pixels=0,
            components=0,
            matched=0,
            pixels=height * width,
            background=height * width - int(targets.areas.sum()),
            skipped=0,
        )
        if self.skip_empty and not len(targets):
            return dict(counts, pixels=0, background=0, skipped=1)
        if self.matching == 'any_pixel':
            if len(targets):
                counts['detected'] = int(match_any_pixel(targets, image.prediction(rule)).sum())
        elif self.reach is not None:
            predicted = image.prediction(rule)
            if len(targets):
                counts['detected'] = int(match_near_pixel(targets, predicted, self.reach[0]).sum())
            counts['false_pixels'] = int((predicted & far_from_targets(image.mask(self.truth), self.reach[1])).sum())
            return counts
        else:
            predictions = image.predicted_components(rule)
            # Official codes that differ only in what they call a false alarm match alike.
            matches = image.remember(
                ('matches', rule, id(targets), self.matching, self.max_distance),
                lambda: self.match(targets, predictions),
            )
            matched = int(matches.matched.sum())
            counts.update(components=len(predictions), detected=matched, matched=matched)
        if self.false_alarm == 'background':
            counts['false_pixels'] = image.counts(rule, self.truth).fp
        elif len(predictions):
            false = ~matches.matched
            if self.false_alarm == 'area_value':
                false = ~np.isin(predictions.areas, predictions.areas[matches.matched])
            counts['false_pixels'] = int(predictions.areas[false].sum())
        return counts

    def summarize(self, counts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """``Pd`` and ``Fa`` (fractions), with nearest matching also target precision and F1, and the totals.

        Pd is NaN without any target. ``denominator='last_image'`` depends on the order of the images.
        """
        names = ('targets', 'detected', 'false_pixels', 'components', 'matched', 'pixels', 'background', 'skipped')
        total: dict[str, Any] = {name: sum(item[name] for item in counts) for name in names}
        images = len(counts) - total['skipped']
        if self.denominator == 'pixels':
            area = total['pixels']
        elif self.denominator == 'background':
            area = total['background']
        elif self.fixed_size is not None:
            area = self.fixed_size**2 * images
        else:
            area = counts[-1]['pixels'] * images if counts else 0
        result = dict(Pd=ratio(total['detected'], total['targets']), Fa=ratio(total['false_pixels'], area))
        if self.matching == 'nearest':
            # No official code has these. A component is right or wrong as a whole; 0/0 as for pixels.
            undefined = 0.0 if total['targets'] else NAN
            result['target_precision'] = ratio(total['matched'], total['components'], undefined)
            result['target_F1'] = ratio(2 * total['matched'], total['targets'] + total['components'])
        if self.further:
            for name in ('further_detected', 'further_false_pixels'):
                total[name] = np.sum([item[name] for item in counts], axis=0).tolist()
        return dict(**result, **total, fa_denominator=area)
