"""What to try when no target was found, by what is true of the image at hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from mmirstd.apis.frame_result import FrameResult
from mmirstd.datasets.bit_depth import BitDepthWatch
from mmirstd.utils.errors import DataError

from .gray_values import AUTOMATIC, GRAY_CHOICES, ROBUST
from .session import AppSession

#: Below it a map says that nothing is there, and another threshold finds clutter at best.
_SURE = 0.02
#: Side of the neighborhood in which a small target stands out, in pixels.
_SPOT = 9
#: Side of the neighborhood whose usual contrast a spot is compared to.
_AROUND = 41


def lower_threshold(session: AppSession) -> float | None:
    """The greatest threshold of two digits under which something is a target; None where lowering is no use."""
    best = _most_likely(session.results).highest
    if best is None or best[0] < _SURE or best[0] > session.threshold:
        return None
    return max(0.01, (math.ceil(best[0] * 100) - 1) / 100)


def advise(session: AppSession, models: Sequence[str]) -> list[str]:
    """Sentences for someone whose images have no target; only what may help here.

    Args:
        session: With results, but without a target.
        models: Names of the choices, the default first.
    """
    result = _most_likely(session.results)
    return [
        *_about_threshold(session, result),
        *_about_area(session),
        *_about_gray_values(session, result),
        *_about_polarity(session, result),
        *_about_model(session, models),
    ]


def _most_likely(results: Sequence[FrameResult]) -> FrameResult:
    return max(results, key=lambda result: (result.highest or (-1.0,))[0])


def _about_threshold(session: AppSession, result: FrameResult) -> list[str]:
    what = 'probability' if session.has_maps else 'score'
    if result.highest is None:
        return ['The detector gave no box at all.']
    best, x, y = result.highest
    if result.operating_point is not None:
        return ['Nothing exceeds the threshold of the checkpoint. Move the threshold to see what a lower one finds.']
    if best > session.threshold:
        return []
    where = f'at x {x:.0f}, y {y:.0f}'
    if session.sequence:
        where += f' of frame {result.frame}'
    elif session.batch:
        where += f' of {result.source.label}'
    if best < _SURE:
        amount = f'{best:.4f} ({where})' if best >= 0.0001 else 'below 0.0001'
        return [f'The highest {what} is {amount}: this model sees nothing here, so a lower threshold will not help.']
    return [f'The highest {what} is {best:.3f} ({where}). Try a threshold below it.']


def _about_area(session: AppSession) -> list[str]:
    if session.min_area == 1:
        return []
    small = sum(len(result.at_threshold(session.threshold).targets) for result in session.results)
    if not small:
        return []
    return [
        f'{small} found above the threshold, but smaller than the least area of {session.min_area} pixels. Try a '
        'smaller least area.'
    ]


def _about_gray_values(session: AppSession, result: FrameResult) -> list[str]:
    assert session.settings is not None
    watch = BitDepthWatch()
    for each in session.results:
        watch.observe(each.image)
    asked, depth = GRAY_CHOICES[session.settings.gray].get('bit_depth'), watch.depth
    if asked is not None and depth is not None and depth != asked:
        return [
            f'{session.settings.gray} is chosen, but the image looks like {depth} bit (maximum {watch.largest:,}). Try '
            f'"{AUTOMATIC}".'
        ]
    try:
        image = session.loader.normalized(result.image, result.source.label)
    except DataError:
        return []
    low, high = (float(value) for value in np.percentile(image, (0.1, 99.9)))
    if high - low >= 0.1:
        return []
    if session.loader.normalize == 'robust' or session.stretched is not None:
        return []  # there is little more than noise
    return [f'The gray values fill only {100 * (high - low):.1f} % of the range that the model takes. Try "{ROBUST}".']


def _about_polarity(session: AppSession, result: FrameResult) -> list[str]:
    """Told only where a spot of the other polarity stands out by both measures.

    On images with bright targets this was wrong for none of 133 (NUAA-SIRST, NUDT-SIRST, generated scenes); either
    measure alone was for up to 16 %.
    """
    assert session.settings is not None
    gray = result.image.astype(np.float32)
    contrasts, saliences = zip(*(_strongest_spot(gray, hat) for hat in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT)))
    this, other = (1, 0) if session.settings.dark else (0, 1)
    if any(values[other] <= 1.5 * values[this] for values in (contrasts, saliences)):
        return []
    names = ('bright', 'dark')
    return [
        f'The small spot that stands out most is {names[other]}: by {contrasts[other]:,.4g} gray values, the strongest '
        f'{names[this]} one by {contrasts[this]:,.4g}. Try "{names[other].capitalize()} targets".'
    ]


def _strongest_spot(gray: np.ndarray, hat: int) -> tuple[float, float]:
    """Of what is brighter (or darker) than its neighborhood: the most in gray values, and in those around it."""
    contrast = cv2.morphologyEx(gray, hat, np.ones((_SPOT, _SPOT), np.uint8))
    usual = cv2.boxFilter(contrast, -1, (_AROUND, _AROUND), borderType=cv2.BORDER_REFLECT)
    floor = 1e-3 * float(np.ptp(gray)) + 1e-6
    return float(contrast.max()), float((contrast / (usual + floor)).max())


def _about_model(session: AppSession, models: Sequence[str]) -> list[str]:
    assert session.settings is not None
    other = next((name for name in models if name != session.settings.model), None)
    return [] if other is None else [f'Try another model, such as {other}.']
