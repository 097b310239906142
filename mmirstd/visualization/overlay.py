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
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mmirstd.evaluation.functional import Components, label_components, match_nearest

# BGR. Status is never told by colour alone: each inset also names it in words.
COLORS: dict[str, tuple[int, int, int]] = {
    'detected': (90, 205, 60),
    'missed': (70, 70, 255),
    'false alarm': (0, 165, 255),
    'predicted': (90, 205, 60),  # without ground truth nothing can be right or wrong
    'ground truth': (255, 215, 0),
    'prediction': (255, 90, 255),
}

_BACKGROUND = (30, 27, 25)
_OUTSIDE = (70, 60, 52)  # crops that reach beyond the image
_TEXT = (235, 235, 235)
_DIM = (165, 165, 165)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_GAP = 10
_TILE = 168  # a common multiple of the magnifications x8, x7, x6, x4, x3, x2
_LARGEST_CROP = 2048  # pixels of the image in one inset
_MAX_MARKERS = 300  # more brackets than this only hide the picture
# Errors are what one looks for, so they get the first insets and numbers.
_ORDER = {'missed': 0, 'false alarm': 1, 'detected': 2, 'predicted': 2}


@dataclass(frozen=True)
class Finding:
    """One target or predicted component and what became of it.

    Attributes:
        status: 'detected' | 'missed' | 'false alarm', or 'predicted' when
            there is no ground truth.
        centroid: (x, y) in pixels; of the target where there is one.
        box: (x0, y0, x1, y1) in pixels, x1 and y1 exclusive; encloses the
            target and the predicted component matched to it.
        area: Pixels of the target, or of the predicted component if no target.
        distance: Pixels between the matched centroids, None if unmatched.
        peak: Highest probability in the box, None for a binary prediction.
    """

    status: str
    centroid: tuple[float, float]
    box: tuple[int, int, int, int]
    area: int
    distance: float | None = None
    peak: float | None = None


def _single_channel(image: np.ndarray) -> np.ndarray:
    """(H, W), (H, W, 1), (H, W, 3|4) BGR(A) of any dtype -> (H, W) float32, NaN/inf replaced."""
    image = np.asarray(image)
    if image.ndim == 3 and image.shape[2] in (3, 4):
        image = image[..., :3].astype(np.float32) @ np.array([0.114, 0.587, 0.299], np.float32)
    elif image.ndim == 3 and image.shape[2] == 1:
        image = image[..., 0]
    if image.ndim != 2 or image.size == 0:
        raise ValueError('a picture needs a non-empty image of shape (H, W), (H, W, 1), (H, W, 3) or '
                         f'(H, W, 4), found shape {image.shape}; take one image of the batch and move its '
                         'channels last')
    image = image.astype(np.float32)
    finite = np.isfinite(image)
    if not finite.all():
        fill = float(image[finite].min()) if finite.any() else 0.0
        image = np.where(finite, image, np.float32(fill))
    return image


def _display_range(image: np.ndarray, percentiles: tuple[float, float]) -> tuple[float, float]:
    low, high = (float(v) for v in np.percentile(image, percentiles))
    if high <= low:  # targets alone may differ from a flat background
        low, high = float(image.min()), float(image.max())
    return low, high


def _stretch(image: np.ndarray, low: float, high: float) -> np.ndarray:
    if high <= low:
        gray = np.full(image.shape, 64, np.uint8)
    else:
        gray = np.clip((image - low) * (255.0 / (high - low)) + 0.5, 0, 255).astype(np.uint8)
    return cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR)


def to_display(image: np.ndarray, percentiles: tuple[float, float] = (0.2, 99.9)) -> np.ndarray:
    """Make an infrared image of any bit depth visible.

    Args:
        image: (H, W), (H, W, 1) or BGR(A), integer or float of any range; NaN
            and infinity are shown as the lowest finite value.
        percentiles: The values at these percentiles become black and white.

    Returns:
        (H, W, 3) uint8 BGR, gray. A constant image becomes dark gray.

    Raises:
        ValueError: Not one image.
    """
    image = _single_channel(image)
    return _stretch(image, *_display_range(image, percentiles))


def _binary(mask: np.ndarray, shape: tuple[int, int], what: str) -> np.ndarray:
    mask = np.asarray(mask)
    if mask.ndim == 3 and 1 in (mask.shape[0], mask.shape[2]):
        mask = mask[0] if mask.shape[0] == 1 else mask[..., 0]
    if mask.shape != tuple(shape):
        raise ValueError(f'the {what} has shape {mask.shape}, the image {tuple(shape)}; '
                         'both must be at the native size of the image')
    return mask > 0


def draw_contours(image: np.ndarray,
                  mask: np.ndarray,
                  color: tuple[int, int, int],
                  thickness: int = 1,
                  inside: bool = False) -> np.ndarray:
    """Draw the contour of a mask without hiding what it encloses.

    Args:
        image: (H, W, 3) uint8 BGR.
        mask: (H, W), target > 0.
        color: BGR.
        thickness: Pixels of ``image``.
        inside: The line lies on the target's own border pixels instead of
            around them; meant for magnified crops.

    Returns:
        A copy of ``image`` with the line; pixels of the target are unchanged
        unless ``inside``.
    """
    mask = _binary(mask, image.shape[:2], 'mask').astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * thickness + 1, 2 * thickness + 1))
    if inside:
        # The border of the picture is no contour.
        line = mask - cv2.erode(mask, kernel, borderType=cv2.BORDER_REPLICATE)
    else:
        line = cv2.dilate(mask, kernel) - mask
    out = image.copy()
    out[line > 0] = color
    return out


def find_components(gt: np.ndarray | None,
                    pred: np.ndarray,
                    prob: np.ndarray | None = None,
                    max_distance: float = 3.0) -> list[Finding]:
    """Say of each target and each predicted component what became of it.

    The rule is the default protocol's: 8-connected components, a pair matches
    when its centroids are less than ``max_distance`` apart, nearest pair
    first, one to one.

    Args:
        gt: (H, W) mask, target > 0, or None when it is not known.
        pred: (H, W) mask, target > 0.
        prob: (H, W) probabilities in [0, 1], for :attr:`Finding.peak`.
        max_distance: Pixels, exclusive.

    Returns:
        Findings, errors first (missed, false alarm, detected), each group from
        the largest component to the smallest.
    """
    pred = np.asarray(pred) > 0
    predicted = label_components(pred)
    truth = np.zeros(pred.shape, bool) if gt is None else _binary(gt, pred.shape, 'ground truth')
    targets = label_components(truth)
    matches = match_nearest(targets, predicted, max_distance)

    findings = []
    for i, j in enumerate(matches.prediction_of):
        box = _box(targets, i)
        if j < 0:
            findings.append(
                Finding('missed', _centroid(targets, i), box, int(targets.areas[i]), peak=_peak(prob, box)))
            continue
        other = _box(predicted, j)
        box = (min(box[0], other[0]), min(box[1], other[1]), max(box[2], other[2]), max(box[3], other[3]))
        findings.append(
            Finding('detected', _centroid(targets, i), box, int(targets.areas[i]), float(matches.distance[i]),
                    _peak(prob, box)))
    status = 'predicted' if gt is None else 'false alarm'
    for j in np.flatnonzero(~matches.matched):
        box = _box(predicted, j)
        findings.append(
            Finding(status, _centroid(predicted, j), box, int(predicted.areas[j]), peak=_peak(prob, box)))
    return sorted(findings, key=lambda f: (_ORDER[f.status], -f.area, f.box))


def _box(components: Components, index: int) -> tuple[int, int, int, int]:
    left, top, width, height = components.rectangles[index].tolist()
    return left, top, left + width, top + height


def _centroid(components: Components, index: int) -> tuple[float, float]:
    row, column = components.centroids[index].tolist()
    return column, row


def _peak(prob: np.ndarray | None, box: tuple[int, int, int, int]) -> float | None:
    if prob is None:
        return None
    return float(prob[box[1]:box[3], box[0]:box[2]].max())


def _put_text(picture: np.ndarray,
              text: str,
              origin: tuple[int, int],
              color: tuple[int, int, int] = _TEXT,
              scale: float = 0.5,
              thickness: int = 1) -> int:
    """Write text with its baseline's left end at ``origin``; returns the x behind it."""
    # OpenCV's fonts know ASCII only and draw one '?' per byte of anything else.
    text = text.encode('ascii', 'replace').decode()
    cv2.putText(picture, text, origin, _FONT, scale, color, thickness, cv2.LINE_AA)
    return origin[0] + cv2.getTextSize(text, _FONT, scale, thickness)[0][0]


def _shorten(text: str, width: int, scale: float) -> str:
    """Cut the middle out of a text too wide for ``width`` pixels."""
    def fits(value: str) -> bool:
        return cv2.getTextSize(value, _FONT, scale, 1)[0][0] <= width

    if fits(text):
        return text
    keep = len(text)
    while keep > 2 and not fits(text[:keep // 2] + '...' + text[-(keep - keep // 2):]):
        keep -= 1
    return text[:keep // 2] + '...' + text[-(keep - keep // 2):]


def _crop(array: np.ndarray, x0: int, y0: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Square crop that may reach beyond the array; also says which pixels lie in it."""
    out = np.zeros((size, size), array.dtype)
    valid = np.zeros((size, size), bool)
    height, width = array.shape
    left, top, right, bottom = max(x0, 0), max(y0, 0), min(x0 + size, width), min(y0 + size, height)
    if right > left and bottom > top:
        inner = np.s_[top - y0:bottom - y0, left - x0:right - x0]
        out[inner] = array[top:bottom, left:right]
        valid[inner] = True
    return out, valid


def _magnify(crop: np.ndarray, size: int) -> np.ndarray:
    reduced = crop.shape[0] > size
    return cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA if reduced else cv2.INTER_NEAREST)


def _bare_crop(image: np.ndarray, x0: int, y0: int, size: int, full_range: float,
               side: int) -> tuple[np.ndarray, np.ndarray]:
    """Square crop magnified to ``side``, contrast stretched over the crop; also which of its pixels lie in the image.

    ``full_range`` is that of the whole image's display.
    """
    crop, valid = _crop(image, x0, y0, size)
    inner = crop[valid] if valid.any() else image
    low = float(inner.min())
    # A floor on the range keeps a crop of pure noise from looking like structure.
    bare = _stretch(crop, low, max(float(inner.max()), low + 0.1 * full_range))
    bare[~valid] = _OUTSIDE
    return _magnify(bare, side), valid


def zoom_insets(image: np.ndarray,
                findings: Sequence[Finding],
                gt: np.ndarray | None,
                pred: np.ndarray,
                prob: np.ndarray | None = None,
                first_number: int = 1) -> list[np.ndarray]:
    """Magnify the surroundings of each finding.

    Each inset is: a caption, then side by side the bare crop (contrast
    stretched over the crop, so that a dim target is seen), the same crop with
    the target's contour (just outside it) and the prediction's (just inside
    it), and the probabilities if given. Magnification is nearest-neighbour:
    x8 to x6 for targets up to 20 pixels, less for larger ones. The frame's
    colour is the status: green detected, red missed, orange false alarm.

    Args:
        image: (H, W) of any bit depth, or BGR.
        findings: What to show, see :func:`find_components`.
        gt: (H, W) mask or None.
        pred: (H, W) mask.
        prob: (H, W) probabilities in [0, 1] or None.
        first_number: Number of the first finding, as in the panels.

    Returns:
        One uint8 BGR picture per finding, all of the same size.
    """
    image = _single_channel(image)
    low, high = _display_range(image, (0.2, 99.9))
    pred = _binary(pred, image.shape, 'prediction')
    gt = None if gt is None else _binary(gt, image.shape, 'ground truth')
    insets = []
    for number, finding in enumerate(findings, first_number):
        x0, y0, x1, y1 = finding.box
        extent = max(x1 - x0, y1 - y0) + 8  # some background is needed to judge a contour
        zoom = next((z for z in (8, 7, 6, 4, 3, 2, 1) if _TILE // z >= extent), 0)
        # Of a component as long as a whole line scan the middle must do: the crop is square.
        size = _TILE // zoom if zoom else min(extent, _LARGEST_CROP)
        left, top = (x0 + x1 - size) // 2, (y0 + y1 - size) // 2

        bare, valid = _bare_crop(image, left, top, size, high - low, _TILE)
        marked = bare
        # A predicted pixel is 6 to 8 screen pixels wide, so a line of 2 inside leaves it visible.
        marked = draw_contours(marked, _resize_mask(_crop(pred, left, top, size)[0], (_TILE, _TILE)),
                               COLORS['prediction'], 2, inside=True)
        if gt is not None:
            marked = draw_contours(marked, _resize_mask(_crop(gt, left, top, size)[0], (_TILE, _TILE)),
                                   COLORS['ground truth'], 2)
        tiles = [bare, marked]
        if prob is not None:
            values = np.clip(_crop(np.asarray(prob, np.float32), left, top, size)[0], 0, 1)
            heat = cv2.applyColorMap((values * 255 + 0.5).astype(np.uint8), cv2.COLORMAP_INFERNO)
            heat[~valid] = _OUTSIDE
            tiles.append(_magnify(heat, _TILE))
        insets.append(_frame(tiles, finding, number, zoom))
    return insets


def _frame(tiles: list[np.ndarray], finding: Finding, number: int, zoom: int) -> np.ndarray:
    color = COLORS[finding.status]
    border, caption = 3, 40
    width = len(tiles) * (_TILE + 2) - 2 + 2 * border
    inset = np.full((_TILE + caption + border, width, 3), _BACKGROUND, np.uint8)
    for k, tile in enumerate(tiles):
        x = border + k * (_TILE + 2)
        inset[caption:caption + _TILE, x:x + _TILE] = tile
    cv2.rectangle(inset, (0, 0), (width - 1, inset.shape[0] - 1), color, border, cv2.LINE_8)
    x = _put_text(inset, f'{number} {finding.status.upper()}', (9, 18), color, 0.5, 1)
    _put_text(inset, f'x{zoom}' if zoom else 'reduced', (x + 10, 18), _DIM, 0.42)
    note = f'{finding.area} px at ({finding.centroid[0]:.0f}, {finding.centroid[1]:.0f})'
    if finding.distance is not None:
        note += f', off by {finding.distance:.1f} px'
    if finding.peak is not None:
        note += f', peak {finding.peak:.2f}'
    _put_text(inset, _shorten(note, width - 16, 0.4), (9, 34), _TEXT, 0.4)
    return inset


def _mark(panel: np.ndarray, finding: Finding, color: tuple[int, int, int], scale: float,
          label: str) -> None:
    """Corner brackets around a finding, far enough out to leave it visible."""
    height, width = panel.shape[:2]
    center_x = (finding.box[0] + finding.box[2]) / 2 * scale
    center_y = (finding.box[1] + finding.box[3]) / 2 * scale
    half_x = max((finding.box[2] - finding.box[0]) / 2 * scale + 6, 12)
    half_y = max((finding.box[3] - finding.box[1]) / 2 * scale + 6, 12)
    left, right = int(center_x - half_x), int(center_x + half_x)
    top, bottom = int(center_y - half_y), int(center_y + half_y)
    arm = 6
    for x, direction_x in ((left, 1), (right, -1)):
        for y, direction_y in ((top, 1), (bottom, -1)):
            cv2.line(panel, (x, y), (x + direction_x * arm, y), color, 2)
            cv2.line(panel, (x, y), (x, y + direction_y * arm), color, 2)
    if label:
        text_width = cv2.getTextSize(label, _FONT, 0.55, 2)[0][0]
        x = right + 4 if right + 4 + text_width < width else max(left - 4 - text_width, 0)
        y = min(max(top + 10, 12), height - 4)
        _put_text(panel, label, (x, y), (0, 0, 0), 0.55, 5)  # a dark rim keeps it readable on clouds
        _put_text(panel, label, (x, y), color, 0.55, 2)


def _resize_mask(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if size[0] < mask.shape[1]:  # a target of one pixel must survive being reduced
        return (cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0).astype(np.uint8)
    return cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)


def draw_comparison(image: np.ndarray,
                    gt: np.ndarray | None,
                    pred: np.ndarray,
                    name: str = '',
                    text: str = '',
                    threshold: float = 0.5,
                    max_distance: float = 3.0,
                    panel_size: int = 512,
                    max_insets: int = 9) -> np.ndarray:
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

    Returns:
        (H', W', 3) uint8 BGR.

    Raises:
        ValueError: The shapes differ.
    """
    raw = _single_channel(image)
    shape = raw.shape
    pred = np.asarray(pred)
    prob = None
    if np.issubdtype(pred.dtype, np.floating):
        prob = np.nan_to_num(pred.reshape(shape) if pred.size == raw.size else pred)
        pred = prob > threshold
    mask = _binary(pred, shape, 'prediction')
    truth = None if gt is None else _binary(gt, shape, 'ground truth')
    findings = find_components(truth, mask, prob, max_distance)

    scale = panel_size / max(shape)
    size = (max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale)))
    display = to_display(raw)
    display = cv2.resize(display, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    panels = [('image', display)]
    labelled = [(f, str(k + 1) if k < max_insets else '') for k, f in enumerate(findings[:_MAX_MARKERS])]
    if truth is not None:
        panel = draw_contours(display, _resize_mask(truth, size), COLORS['ground truth'])
        for finding, label in labelled:
            if finding.status != 'false alarm':
                _mark(panel, finding, COLORS['ground truth'], scale, label)
        panels.append(('ground truth', panel))
    panel = draw_contours(display, _resize_mask(mask, size), COLORS['prediction'])
    for finding, label in labelled:
        _mark(panel, finding, COLORS[finding.status], scale, label)
    panels.append(('prediction', panel))

    insets = zoom_insets(raw, findings[:max_insets], truth, mask, prob)
    title = '   '.join(part for part in (name, text, f'{shape[1]}x{shape[0]}') if part)
    return _compose(panels, insets, title, _verdict(findings, truth, mask), len(findings) - len(insets),
                    truth is not None)


def _verdict(findings: Sequence[Finding], truth: np.ndarray | None,
             mask: np.ndarray) -> list[tuple[str, tuple[int, int, int]]]:
    """This image's figures, each with the colour to write it in: an error is seen before it is read."""
    if truth is None:
        return [(f'{len(findings)} predicted components, {int(mask.sum())} px', _TEXT)]
    union = int((truth | mask).sum())
    detected = sum(f.status == 'detected' for f in findings)
    targets = detected + sum(f.status == 'missed' for f in findings)
    false = [f.area for f in findings if f.status == 'false alarm']
    good, none = COLORS['detected'], 'no target, none predicted'
    return [
        (f'IoU {(truth & mask).sum() / union:.3f}' if union else f'IoU undefined ({none})', _TEXT),
        (f'Pd {detected}/{targets}' if targets else 'no target',
         good if detected == targets else COLORS['missed']),
        (f'false alarms {len(false)} ({sum(false)} px, Fa {sum(false) / mask.size * 1e6:.1f}e-6)',
         COLORS['false alarm'] if false else good),
    ]


def _compose(panels: list[tuple[str, np.ndarray]], insets: list[np.ndarray], title: str,
             verdict: list[tuple[str, tuple[int, int, int]]], left_out: int, with_truth: bool) -> np.ndarray:
    panel_height, panel_width = panels[0][1].shape[:2]
    row_width = len(panels) * (panel_width + _GAP) + _GAP
    inset_width = insets[0].shape[1] if insets else 0
    width = max(row_width, min(len(insets), 3) * (inset_width + _GAP) + _GAP, 900)
    columns = max(1, (width - _GAP) // (inset_width + _GAP)) if insets else 1
    rows = math.ceil(len(insets) / columns)
    header, caption = 82, 22
    inset_height = insets[0].shape[0] + _GAP if insets else 0
    footer = 26 if left_out else 0
    height = header + caption + panel_height + _GAP + rows * inset_height + footer
    canvas = np.full((height, width, 3), _BACKGROUND, np.uint8)

    _put_text(canvas, _shorten(title, width - 2 * _GAP, 0.65), (_GAP, 25), _TEXT, 0.65, 1)
    x = _GAP
    for part, color in verdict:
        x = _put_text(canvas, part, (x, 49), color, 0.5) + 26
    _legend(canvas, 70, with_truth)

    step = (width - _GAP) // len(panels)
    for k, (heading, panel) in enumerate(panels):
        x = _GAP + k * step + (step - _GAP - panel_width) // 2
        y = header + caption
        _put_text(canvas, heading, (x, y - 6), _DIM, 0.5)
        canvas[y:y + panel_height, x:x + panel_width] = panel
    y0 = header + caption + panel_height + _GAP
    for k, inset in enumerate(insets):
        x, y = _GAP + k % columns * (inset_width + _GAP), y0 + k // columns * inset_height
        canvas[y:y + inset.shape[0], x:x + inset.shape[1]] = inset
    if left_out:
        _put_text(canvas, f'{left_out} more without inset (bracketed above)', (_GAP, height - 10), _DIM, 0.5)
    return canvas


def _legend(canvas: np.ndarray, y: int, with_truth: bool) -> None:
    brackets = ('detected', 'missed', 'false alarm') if with_truth else ('predicted',)
    contours = ('ground truth', 'prediction') if with_truth else ('prediction', )
    x = _GAP
    for heading, entries in (('brackets and frames:', brackets), ('contours:', contours)):
        x = _put_text(canvas, heading, (x, y), _DIM, 0.45) + 8
        for entry in entries:
            thickness = -1 if entries is brackets else 2
            cv2.rectangle(canvas, (x, y - 10), (x + 11, y + 1), COLORS[entry], thickness)
            x = _put_text(canvas, entry, (x + 18, y), _TEXT, 0.45) + 14
        x += 16


def contact_sheet(images: Sequence[np.ndarray],
                  columns: int = 2,
                  cell_width: int | None = None) -> np.ndarray:
    """Put pictures on one sheet, row by row.

    Args:
        images: uint8, (H, W) or (H, W, 3) BGR; sizes may differ.
        columns: Pictures in a row.
        cell_width: Each picture is resized to this width; None keeps the sizes.

    Returns:
        uint8 BGR. Pictures lie in the upper left corner of cells that fit the
        largest.

    Raises:
        ValueError: No picture, or ``columns`` < 1.
    """
    if not len(images) or columns < 1:
        raise ValueError(f'a contact sheet needs at least one picture and one column, '
                         f'found {len(images)} and {columns}')
    cells = []
    for image in images:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image
        if cell_width is not None:
            ratio = cell_width / image.shape[1]
            image = cv2.resize(image, (cell_width, max(1, round(image.shape[0] * ratio))),
                               interpolation=cv2.INTER_AREA if ratio < 1 else cv2.INTER_NEAREST)
        cells.append(image)
    columns = min(columns, len(cells))
    height = max(c.shape[0] for c in cells) + _GAP
    width = max(c.shape[1] for c in cells) + _GAP
    rows = math.ceil(len(cells) / columns)
    sheet = np.full((rows * height + _GAP, columns * width + _GAP, 3), _BACKGROUND, np.uint8)
    for k, cell in enumerate(cells):
        y, x = _GAP + k // columns * height, _GAP + k % columns * width
        sheet[y:y + cell.shape[0], x:x + cell.shape[1]] = cell
    return sheet


def save_png(path: str | os.PathLike, picture: np.ndarray) -> None:
    """Write a uint8 picture as PNG; folders are made.

    The file appears complete or not at all, so that two ranks of a distributed
    run that share a padded sample cannot leave a broken picture. Paths with
    non-ASCII characters work on every system (``cv2.imwrite``'s do not).

    Raises:
        OSError: The folder cannot be written to.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode('.png', picture, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    if not done:
        raise ValueError(f'{path}: cannot encode a picture of shape {picture.shape}, dtype {picture.dtype}')
    temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    temporary.write_bytes(data.tobytes())
    os.replace(temporary, path)
