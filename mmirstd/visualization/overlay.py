"""Overlay pictures in which a target of three pixels can be seen.

Pure NumPy and OpenCV, usable without mmengine::

    from mmirstd.visualization import draw_comparison, save_png
    save_png('out/Misc_1.png', draw_comparison(image, gt, prob, name='Misc_1'))

Conventions: images are ``(H, W)`` arrays of any bit depth, masks are ``(H, W)``
with target > 0, positions are ``(x, y)`` in pixels of the native image, and
pictures are ``(H, W, 3)`` uint8 in OpenCV's BGR order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from .contours import binary_mask, draw_contours, resize_mask
from .display import display_range, single_channel, stretch_gray
from .drawing import COLORS, DIM, GAP, MAX_MARKERS, TEXT, blank, mark, put_text, shorten
from .insets import zoom_insets
from .mask_findings import Finding, find_components, numbered


def draw_comparison(
    image: np.ndarray,
    gt: np.ndarray | None,
    pred: np.ndarray,
    name: str = '',
    text: str = '',
    threshold: float = 0.5,
    max_distance: float = 3.0,
    panel_size: int = 512,
    max_insets: int = 9,
    findings: Sequence[Finding] | None = None,
) -> np.ndarray:
    """Image | ground truth | prediction side by side, magnified insets below.

    Args:
        image: (H, W) of any bit depth and range, or BGR; native size.
        gt: (H, W) mask, target > 0; None leaves the panel and the verdicts out.
        pred: (H, W) probabilities in [0, 1] (floating point; target where
            > ``threshold``) or a mask (integer or bool; target > 0).
        name: The image's ID, written above.
        text: More for the title line, e.g. the method's name.
        threshold: Only used on probabilities.
        max_distance: Pixels, exclusive; see :func:`find_components`.
        panel_size: The image's longer side in the picture, in pixels.
        max_insets: Insets at most; errors come first. How many were left out is
            written into the picture.
        findings: What is numbered and magnified, in this order; None: what :func:`find_components` finds.

    Returns:
        (H', W', 3) uint8 BGR.

    Raises:
        ValueError: The shapes differ.
    """
    raw = single_channel(image)
    shape = raw.shape
    pred = np.asarray(pred)
    prob = None
    if np.issubdtype(pred.dtype, np.floating):
        prob = np.nan_to_num(pred.reshape(shape) if pred.size == raw.size else pred)
        pred = prob > threshold
    mask = binary_mask(pred, shape, 'prediction')
    truth = None if gt is None else binary_mask(gt, shape, 'ground truth')
    if findings is None:
        findings = find_components(truth, mask, prob, max_distance)

    scale = panel_size / max(shape)
    size = (max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale)))
    shown_range = display_range(raw)
    gray = cv2.resize(
        stretch_gray(raw, *shown_range), size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    )
    display = cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR)
    panels = [('image', display)]
    # One that is a line of a result file is called by its number there, with inset or without.
    labeled = [
        (finding, str(number) if place < max_insets or finding.number is not None else '')
        for place, (number, finding) in enumerate(numbered(findings[:MAX_MARKERS]))
    ]
    if truth is not None:
        panel = draw_contours(display, resize_mask(truth, size), COLORS['ground truth'])
        for finding, label in labeled:
            if finding.status != 'false alarm':
                mark(panel, finding.box, COLORS['ground truth'], scale, label)
        panels.append(('ground truth', panel))
    panel = draw_contours(display, resize_mask(mask, size), COLORS['prediction'])
    for finding, label in labeled:
        mark(panel, finding.box, COLORS[finding.status], scale, label)
    panels.append(('prediction', panel))

    insets = zoom_insets(raw, findings[:max_insets], truth, mask, prob, shown_range)
    title = '   '.join(part for part in (name, text, f'{shape[1]}x{shape[0]}') if part)
    return _compose(
        panels, insets, title, _verdict(findings, truth, mask), len(findings) - len(insets), truth is not None
    )


def _verdict(
    findings: Sequence[Finding], truth: np.ndarray | None, mask: np.ndarray
) -> list[tuple[str, tuple[int, int, int]]]:
    """This image's figures, each with the color to write it in: an error is seen before it is read."""
    if truth is None:
        return [(f'{len(findings)} predicted components, {int(mask.sum())} px', TEXT)]
    union = int((truth | mask).sum())
    detected = sum(f.status == 'detected' for f in findings)
    targets = detected + sum(f.status == 'missed' for f in findings)
    false = [f.area for f in findings if f.status == 'false alarm']
    good, none = COLORS['detected'], 'no target, none predicted'
    return [
        (f'IoU {(truth & mask).sum() / union:.3f}' if union else f'IoU undefined ({none})', TEXT),
        (f'Pd {detected}/{targets}' if targets else 'no target', good if detected == targets else COLORS['missed']),
        (
            f'false alarms {len(false)} ({sum(false)} px, Fa {sum(false) / mask.size * 1e6:.1f}e-6)',
            COLORS['false alarm'] if false else good,
        ),
    ]


def _compose(
    panels: list[tuple[str, np.ndarray]],
    insets: list[np.ndarray],
    title: str,
    verdict: list[tuple[str, tuple[int, int, int]]],
    left_out: int,
    with_truth: bool,
) -> np.ndarray:
    panel_height, panel_width = panels[0][1].shape[:2]
    row_width = len(panels) * (panel_width + GAP) + GAP
    inset_width = insets[0].shape[1] if insets else 0
    width = max(row_width, min(len(insets), 3) * (inset_width + GAP) + GAP, 900)
    columns = max(1, (width - GAP) // (inset_width + GAP)) if insets else 1
    rows = math.ceil(len(insets) / columns)
    header, caption = 82, 22
    inset_height = insets[0].shape[0] + GAP if insets else 0
    footer = 26 if left_out else 0
    height = header + caption + panel_height + GAP + rows * inset_height + footer
    canvas = blank(height, width)

    put_text(canvas, shorten(title, width - 2 * GAP, 0.65), (GAP, 25), TEXT, 0.65, 1)
    x = GAP
    for part, color in verdict:
        x = put_text(canvas, part, (x, 49), color, 0.5) + 26
    _legend(canvas, 70, with_truth)

    step = (width - GAP) // len(panels)
    for k, (heading, panel) in enumerate(panels):
        x = GAP + k * step + (step - GAP - panel_width) // 2
        y = header + caption
        put_text(canvas, heading, (x, y - 6), DIM, 0.5)
        canvas[y : y + panel_height, x : x + panel_width] = panel
    y0 = header + caption + panel_height + GAP
    for k, inset in enumerate(insets):
        x, y = GAP + k % columns * (inset_width + GAP), y0 + k // columns * inset_height
        canvas[y : y + inset.shape[0], x : x + inset.shape[1]] = inset
    if left_out:
        put_text(canvas, f'{left_out} more without inset (bracketed above)', (GAP, height - 10), DIM, 0.5)
    return canvas


def _legend(canvas: np.ndarray, y: int, with_truth: bool) -> None:
    brackets = ('detected', 'missed', 'false alarm') if with_truth else ('predicted',)
    contours = ('ground truth', 'prediction') if with_truth else ('prediction',)
    x = GAP
    for heading, entries in (('brackets and frames:', brackets), ('contours:', contours)):
        x = put_text(canvas, heading, (x, y), DIM, 0.45) + 8
        for entry in entries:
            thickness = -1 if entries is brackets else 2
            cv2.rectangle(canvas, (x, y - 10), (x + 11, y + 1), COLORS[entry], thickness)
            x = put_text(canvas, entry, (x + 18, y), TEXT, 0.45) + 14
        x += 16
