"""Pictures of boxes in which a target of three pixels can be seen.

As :mod:`~mmirstd.visualization.overlay`, but for detectors; pure NumPy and OpenCV::

    from mmirstd.visualization import draw_detections, save_png
    save_png('frame.png', draw_detections(frame, targets, boxes, scores, name='seq0 #12'))

Boxes are x1, y1, x2, y2 in pixel edges of the image as it is stored.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from .box_findings import BoxFinding, find_detections
from .display import display_range as range_of
from .display import single_channel, stretch, to_display
from .drawing import (
    DIM,
    FONT,
    GAP,
    MAX_MARKERS,
    TEXT,
    blank,
    draw_brackets,
    put_text,
    put_text_rimmed,
    shorten,
)
from .insets import TILE, bare_crop, magnification
from .mask_findings import ORDER, numbered

# BGR. Status is never told by color alone: brackets are truth, rectangles are detections, insets say it in words.
BOX_COLORS: dict[str, tuple[int, int, int]] = {
    'ground truth': (80, 220, 60),
    'detected': (0, 225, 255),
    'predicted': (0, 225, 255),  # without ground truth nothing can be right or wrong
    'false alarm': (60, 60, 255),
    'missed': (255, 110, 255),
}
_HEADER = 62
_CAPTION = 22


def draw_detections(
    image: np.ndarray,
    targets: np.ndarray | None,
    boxes: np.ndarray,
    scores: np.ndarray,
    name: str = '',
    text: str = '',
    threshold: float = 0.5,
    max_distance: float = 3.0,
    ignored: np.ndarray | None = None,
    panel_size: int = 640,
    inset_columns: int = 2,
    errors_first: bool = True,
    display_range: tuple[float, float] | None = None,
    class_names: Sequence[str | None] | None = None,
    target_classes: Sequence[str | None] | None = None,
) -> np.ndarray:
    """A frame, enlarged when small, with targets and detections; magnified insets beside it.

    Ground truth: green corner brackets, outside of the target. Detections: rectangles where the detector puts them,
    yellow at a target and red for a false alarm, with their score. A missed target has a magenta ring. The picture's
    size depends on the image's size and the options only, so that a sequence's pictures make an animation.

    Args:
        image: (H, W) of any bit depth and range, or BGR; as stored.
        targets: (N, 4) annotated boxes, or None when they are not known.
        boxes: (M, 4) detections.
        scores: (M,) in [0, 1].
        name: The image's ID, written above.
        text: More for the title line, e.g. the method's name.
        threshold: Detections with at least this score count.
        max_distance: Between the centers of a target and its detection, in pixels, exclusive.
        ignored: (N,) bool, targets that need not be found.
        panel_size: The image's longer side in the picture, in pixels. An image that is smaller is enlarged by the
            largest whole factor that fits, its pixels kept as squares; a larger one is reduced.
        inset_columns: Columns of insets, 0 for none. How many findings have no inset is written into the picture.
        errors_first: Which findings get the first insets and numbers. False: targets in their order, so that a
            target of a sequence keeps its place.
        display_range: The values that become black and white; None takes the image's own.
        class_names: (M,) of the detections, written beside them; None: there is one class.
        target_classes: (N,) of the targets, written where the detection has another, or none; likewise.

    Returns:
        (H', W', 3) uint8 BGR.

    Raises:
        ValueError: Not one image, or boxes and scores do not fit.
    """
    raw = single_channel(image)
    height, width = raw.shape
    findings = find_detections(targets, boxes, scores, threshold, max_distance, ignored, class_names, target_classes)
    if errors_first:
        findings = sorted(findings, key=lambda finding: ORDER[finding.status])
    scale = panel_size / max(height, width)
    scale = float(max(1, math.floor(scale))) if scale >= 1 else scale
    panel = to_display(raw) if display_range is None else stretch(raw, *display_range)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    panel = cv2.resize(panel, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST)

    pair = 2 * TILE + 2  # bare and marked
    inset_width, inset_height = pair + 6, TILE + _CAPTION + 3
    rows = max(1, (panel.shape[0] + GAP) // (inset_height + GAP)) if inset_columns else 0
    slots = rows * inset_columns
    for place, (number, finding) in enumerate(numbered(findings[:MAX_MARKERS])):
        # One that is a line of a result file is called by its number there, with inset or without.
        named = place < slots or finding.number is not None
        draw_finding(panel, finding, scale, (0.0, 0.0), str(number) if named else '')

    canvas_width = GAP + panel.shape[1] + GAP + inset_columns * (inset_width + GAP)
    canvas_width = max(canvas_width, 620)  # the verdict and the legend need it
    body = max(panel.shape[0], rows * (inset_height + GAP) - GAP)
    canvas = blank(_HEADER + body + 26, canvas_width)
    canvas[_HEADER : _HEADER + panel.shape[0], GAP : GAP + panel.shape[1]] = panel
    low, high = range_of(raw) if display_range is None else display_range
    for slot, (number, finding) in enumerate(numbered(findings[:slots])):
        x = GAP + panel.shape[1] + GAP + slot // rows * (inset_width + GAP)
        y = _HEADER + slot % rows * (inset_height + GAP)
        canvas[y : y + inset_height, x : x + inset_width] = _inset(raw, finding, number, findings, high - low)

    title = '   '.join(part for part in (name, text, f'{width}x{height}') if part)
    put_text(canvas, shorten(title, canvas_width - 2 * GAP, 0.6), (GAP, 22), TEXT, 0.6, 1)
    x = GAP
    for part, color in _verdict(findings, targets is not None, threshold):
        x = put_text(canvas, part, (x, 46), color, 0.5) + 24
    _legend(canvas, canvas.shape[0] - 9, targets is not None)
    left_out = len(findings) - slots
    if inset_columns and left_out > 0:
        note = f'{left_out} more without inset'
        x = canvas_width - GAP - cv2.getTextSize(note, FONT, 0.45, 1)[0][0]
        put_text(canvas, note, (x, 46), DIM, 0.45)
    return canvas


def detection_insets(image: np.ndarray, findings: Sequence[BoxFinding]) -> list[np.ndarray]:
    """Magnified surroundings of findings: bare, and with all their boxes; as beside :func:`draw_detections`.

    Args:
        image: (H, W) of any bit depth.
        findings: What to show.

    Returns:
        One uint8 BGR picture per finding, all of the same size.
    """
    raw = single_channel(image)
    low, high = range_of(raw)
    return [_inset(raw, finding, number, list(findings), high - low) for number, finding in numbered(findings)]


def _verdict(findings: list[BoxFinding], with_truth: bool, threshold: float) -> list[tuple[str, tuple[int, int, int]]]:
    """This frame's figures, each with the color to write it in."""
    if not with_truth:
        return [(f'{len(findings)} detections with score >= {threshold:g}', TEXT)]
    detected = sum(finding.status == 'detected' for finding in findings)
    missed = sum(finding.status == 'missed' for finding in findings)
    false = sum(finding.status == 'false alarm' for finding in findings)
    good = BOX_COLORS['ground truth']
    confused = sum(map(_confused, findings))
    return [
        (f'score >= {threshold:g}', DIM),
        (
            f'detected {detected} of {detected + missed}' if detected + missed else 'no target',
            BOX_COLORS['missed'] if missed else good,
        ),
        (f'false alarms {false}', BOX_COLORS['false alarm'] if false else good),
        *([(f'of another class {confused}', BOX_COLORS['missed'])] if confused else []),
    ]


def _legend(canvas: np.ndarray, y: int, with_truth: bool) -> None:
    x = GAP
    for entry in ('ground truth', 'detected', 'false alarm', 'missed') if with_truth else ('predicted',):
        color = BOX_COLORS[entry]
        if entry == 'ground truth':
            draw_brackets(canvas, (x, y - 11), (x + 12, y + 1), color, 4, 1)
        elif entry == 'missed':
            cv2.circle(canvas, (x + 6, y - 5), 6, color, 1, cv2.LINE_AA)
        else:
            cv2.rectangle(canvas, (x, y - 11), (x + 12, y + 1), color, 1)
        x = put_text(canvas, entry, (x + 19, y), TEXT, 0.45) + 18


def _scaled(
    box: tuple[float, float, float, float], scale: float, offset: tuple[float, float], margin: int
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Corners of a box in the picture; lines lie just outside of it and ``margin`` px further."""
    left, top = ((box[k] - offset[k]) * scale for k in (0, 1))
    right, bottom = ((box[k + 2] - offset[k]) * scale for k in (0, 1))
    return (
        (math.floor(left) - 1 - margin, math.floor(top) - 1 - margin),
        (math.ceil(right) + margin, math.ceil(bottom) + margin),
    )


def draw_finding(
    picture: np.ndarray, finding: BoxFinding, scale: float, offset: tuple[float, float], label: str
) -> None:
    """Target and detection of one finding in a magnified picture, with its number and score.

    Args:
        picture: (H, W, 3) uint8 BGR, drawn into.
        finding: What to draw.
        scale: Pixels of the picture per pixel of the image.
        offset: (x, y) of the picture's upper left corner in the image.
        label: Its number; empty for boxes alone.
    """
    color = BOX_COLORS[finding.status]
    if finding.box is not None:
        cv2.rectangle(picture, *_scaled(finding.box, scale, offset, 0), color, 1)
    if finding.target is not None:
        upper_left, lower_right = _scaled(finding.target, scale, offset, 5)
        draw_brackets(picture, upper_left, lower_right, BOX_COLORS['ground truth'], 6)
    if finding.status == 'missed':
        middle = tuple((a + b) // 2 for a, b in zip(upper_left, lower_right))
        radius = math.ceil(math.dist(upper_left, lower_right) / 2) + 5
        cv2.circle(picture, middle, radius, color, 2, cv2.LINE_AA)
    if not label:
        return
    (left, top), (right, _) = _scaled(finding.extent, scale, offset, 8)
    score = 'missed' if finding.score is None else f'{finding.score:.2f}'
    words = f'{label}: {_called(finding)}{score}'
    (text_width, _), _ = cv2.getTextSize(words, FONT, 0.45, 1)
    height, width = picture.shape[:2]
    gap = 3 if finding.status != 'missed' else 10
    x = right + gap if right + gap + text_width < width else max(left - gap - text_width, 0)
    y = min(max(top + 8, 12), height - 4)
    put_text_rimmed(picture, words, (x, y), color, 0.45, 1, rim=3)


def _confused(finding: BoxFinding) -> bool:
    """Whether target and detection are of two classes."""
    return None not in finding.classes and len(set(finding.classes)) > 1


def _called(finding: BoxFinding) -> str:
    """The class: of the detection, with the target's before it where this is another; of a missed target its own."""
    names = [name for name in finding.classes if name is not None]
    return f'{" as ".join(dict.fromkeys(names))} ' if names else ''


def _inset(
    raw: np.ndarray, finding: BoxFinding, number: int, findings: list[BoxFinding], full_range: float
) -> np.ndarray:
    """The surroundings of a finding magnified: bare, and with the boxes of all findings."""
    x1, y1, x2, y2 = finding.extent
    needed = math.ceil(max(x2 - x1, y2 - y1)) + 10  # some background is needed to judge a box
    zoom = magnification(needed)
    size = TILE // zoom if zoom else needed
    left, top = round((x1 + x2 - size) / 2), round((y1 + y2 - size) / 2)
    bare, _ = bare_crop(raw, left, top, size, full_range, TILE)
    marked = bare.copy()
    for other in findings[:MAX_MARKERS]:
        draw_finding(marked, other, TILE / size, (left, top), '')
    color, border = BOX_COLORS[finding.status], 3
    inset = blank(_CAPTION + TILE + border, 2 * TILE + 2 + 2 * border)
    for k, tile in enumerate((bare, marked)):
        x = border + k * (TILE + 2)
        inset[_CAPTION : _CAPTION + TILE, x : x + TILE] = tile
    cv2.rectangle(inset, (0, 0), (inset.shape[1] - 1, inset.shape[0] - 1), color, border, cv2.LINE_8)
    note = f'x{zoom}' if zoom else 'reduced'
    if finding.score is not None:
        note += f', {_called(finding)}score {finding.score:.2f}'
    elif finding.target_class is not None:
        note += f', {finding.target_class}'
    if finding.distance is not None and not _confused(finding):  # there is no room for both
        note += f', off by {finding.distance:.1f} px'
    x = put_text(inset, f'{number} {finding.status.upper()}', (8, 16), color, 0.45)
    put_text(inset, shorten(note, inset.shape[1] - x - 16, 0.4), (x + 8, 16), TEXT, 0.4)
    return inset
