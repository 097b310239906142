"""What counts as a target: a threshold in logit units, and what it was chosen for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .cfar import Cfar

#: Entry of a checkpoint's meta data.
META = 'operating_point'
#: A field that changes its meaning or goes raises it.
FORMAT = 1


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold on the logits, which no rounding of probabilities limits.

    Attributes:
        logit: A pixel is target when its score is greater. Boxes: when the logit of their score is not less.
        cfar: The score is the logit's distance from its surroundings, in their standard deviations; None: the logit.
        asked: What it was chosen for, such as ``'at most 1e-06 false-alarm pixels a pixel'``; empty: it was given.
        temperature: What the logits are divided by for a probability that means something; None: not known.
        record: How it was chosen: data, confidence, bound, cost; plain values.

    Raises:
        ValueError: ``logit`` is not finite, or ``temperature`` not positive.
    """

    logit: float
    cfar: Cfar | None = None
    asked: str = ''
    record: Mapping[str, Any] = field(default_factory=dict)
    temperature: float | None = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.logit):
            raise ValueError(f'the threshold of the logits is {self.logit}; expected a finite number')
        if self.temperature is not None and not 0 < self.temperature < math.inf:
            raise ValueError(f'the temperature is {self.temperature}; expected a number above 0')

    @property
    def threshold(self) -> float:
        """The probability of ``logit``, below 1: where float64 ends, the greatest number below it."""
        if self.logit >= 0:
            return min(1 / (1 + math.exp(-self.logit)), math.nextafter(1, 0))
        power = math.exp(max(self.logit, -700.0))
        return power / (1 + power)

    def score(self, logit: NDArray[Any]) -> NDArray[Any]:
        """What ``logit`` (H, W) is compared by: itself, or its distance from its surroundings."""
        return logit if self.cfar is None else self.cfar(logit)

    def mask(self, logit: NDArray[Any]) -> NDArray[np.bool_]:
        """(H, W) bool: the pixels of targets."""
        above: NDArray[np.bool_] = self.score(logit) > self.logit
        return above

    def __str__(self) -> str:
        score = 'logit' if self.cfar is None else 'local score (CFAR)'
        return f'{score} > {self.logit:g}' + (f', chosen for {self.asked}' if self.asked else '')

    def other_conditions(self, reading: Mapping[str, Any], tta: str | None = None) -> str | None:
        """In what a network sees other images than those that the threshold was chosen on.

        Args:
            reading: How gray values are read, :attr:`mmirstd.datasets.gray_normalization.GrayNormalization.in_effect`.
            tta: Test-time augmentation; None: there is none.

        Returns:
            A sentence for the user; None where all is the same, or the record does not say how it was chosen.
        """
        parts = []
        if (chosen := self.record.get('reading')) is not None and chosen != dict(reading):
            parts.append((f'read with {_listed(chosen)}', f'read with {_listed(reading)}'))
        if self.record and self.record.get('tta') != tta:
            parts.append((_augmented(self.record.get('tta')), _augmented(tta)))
        if not parts:
            return None
        then, now = (' and '.join(side) for side in zip(*parts))
        return (
            f'the threshold was chosen on images that were {then}; these are {now}, so its false-alarm rate does not '
            'hold for them. Give the same options, or choose it again by mmirstd calibrate'
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for meta data."""
        return dict(
            format=FORMAT,
            logit=self.logit,
            cfar=None if self.cfar is None else self.cfar.as_dict(),
            asked=self.asked,
            temperature=self.temperature,
            record=dict(self.record),
        )

    @classmethod
    def from_dict(cls, values: Any) -> OperatingPoint:
        """From meta data.

        Raises:
            ValueError: They are damaged, or of a later format.
        """
        try:
            temperature = values.get('temperature')
            if values['format'] != FORMAT:
                raise ValueError(f'format {values["format"]}; this mmirstd reads format {FORMAT}')
            cfar = values.get('cfar')
            return cls(
                float(values['logit']),
                None if cfar is None else _cfar_of(cfar),
                str(values.get('asked') or ''),
                dict(values.get('record') or {}),
                None if temperature is None else float(temperature),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f'damaged ({type(error).__name__}: {error})') from None


def _cfar_of(values: Mapping[str, Any]) -> Cfar:
    statistic = str(values.get('statistic', 'mean'))  # written before there were others
    return Cfar(int(values['guard']), int(values['ring']), float(values['floor']), statistic)


def _listed(options: Mapping[str, Any]) -> str:
    return ', '.join(f'{key}={value}' for key, value in options.items())


def _augmented(tta: str | None) -> str:
    return 'seen once' if tta is None else f'seen with --tta {tta}'
