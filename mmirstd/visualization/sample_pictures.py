"""Pictures of samples of a data set as the network gets them, for a contact sheet."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from mmirstd.datasets.box_masks import fill_boxes

from .contours import draw_contours
from .display import to_display
from .drawing import COLORS

PANEL = 384  # width and height of a sample's image on the sheet, in pixels
INSETS = 2  # magnified targets per sample, each with and without contour
SIDE = 24  # width and height of the neighborhood that an inset shows, in image pixels
TEXT = (235, 235, 235)


def key_frame(inputs: np.ndarray, data_sample: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """The image of a sample to which its ground truth belongs, and that as a mask.

    Args:
        inputs: (C, H, W), or of a clip (T, C, H, W), the key frame last.
        data_sample: With a mask, a mask a frame, or boxes, which are filled.

    Returns:
        (H, W), the first channel; and (h, w) {0, 1}, None without ground truth.
    """
    image = inputs[-1, 0] if inputs.ndim == 4 else inputs[0]
    if 'gt_sem_seg' in data_sample:
        return image, data_sample.gt_sem_seg.data[-1].numpy().astype(np.uint8)
    if 'gt_instances' not in data_sample:
        return image, None
    boxes = data_sample.gt_instances.bboxes
    return image, fill_boxes(np.asarray(getattr(boxes, 'tensor', boxes), np.float64).reshape(-1, 4), image.shape)


def sample_picture(image: np.ndarray, mask: np.ndarray | None, title: str) -> np.ndarray:
    """One sample for the sheet.

    Args:
        image: (H, W) float, as the network gets it.
        mask: (h, w) {0, 1}, target > 0; smaller than the image where only the
            image is padded (at the right and bottom).  None without ground truth.
        title: The line above.

    Returns:
        uint8 BGR, ``PANEL`` pixels wide.
    """
    height, width = image.shape
    full = np.zeros((height, width), np.uint8)
    if mask is not None:
        full[: mask.shape[0], : mask.shape[1]] = mask > 0
    gray = to_display(image)
    scale = PANEL / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    picture = cv2.resize(gray, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST)
    # A target of one pixel must survive a reduction, hence the area average of the mask.
    reduced = (
        cv2.resize(full.astype(np.float32), size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST) > 0
    )
    picture = draw_contours(picture, reduced, COLORS['ground truth'])
    if mask is not None and mask.shape != image.shape:  # where the padding begins
        bottom, right = round(mask.shape[0] * scale), round(mask.shape[1] * scale)
        cv2.rectangle(picture, (0, 0), (right - 1, bottom - 1), COLORS['false alarm'], 1)

    canvas = np.zeros((20 + PANEL + PANEL // (2 * INSETS), PANEL, 3), np.uint8)
    cv2.putText(
        canvas, title.encode('ascii', 'replace').decode(), (2, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, TEXT, 1, cv2.LINE_AA
    )
    canvas[20 : 20 + size[1], : size[0]] = picture
    insets = _insets(image, full)
    if insets:
        row = np.concatenate(insets, axis=1)
        canvas[20 + PANEL :, : row.shape[1]] = row
    return canvas


def _insets(image: np.ndarray, mask: np.ndarray) -> list[np.ndarray]:
    """The smallest targets magnified: bare, with contour, bare, with contour."""
    count, _, stats, centroids = cv2.connectedComponentsWithStats(mask, connectivity=8)
    edge = PANEL // (2 * INSETS)
    pictures = []
    for label in sorted(range(1, count), key=lambda i: int(stats[i, cv2.CC_STAT_AREA]))[:INSETS]:
        side = max(SIDE, int(stats[label, 2:4].max()) + 6)
        column, row = (int(c) - side // 2 for c in centroids[label])
        window = slice(max(row, 0), row + side), slice(max(column, 0), column + side)
        # black beyond the edge of the image: nothing may look like part of it
        beyond = dict(
            top=max(-row, 0),
            left=max(-column, 0),
            borderType=cv2.BORDER_CONSTANT,
            bottom=max(row + side - image.shape[0], 0),
            right=max(column + side - image.shape[1], 0),
        )
        crop = cv2.copyMakeBorder(to_display(image[window], (0, 100)), **beyond)
        bare = cv2.resize(crop, (edge, edge), interpolation=cv2.INTER_NEAREST)
        inside = cv2.resize(cv2.copyMakeBorder(mask[window], **beyond), (edge, edge), interpolation=cv2.INTER_NEAREST)
        pictures += [bare, draw_contours(bare, inside, COLORS['ground truth'])]
    return pictures


def describe_sample(inputs: np.ndarray, mask: np.ndarray | None, name: str) -> str:
    """ID, size, range of values and number of targets in one line."""
    text = f'{name}  {inputs.shape[1]}x{inputs.shape[0]}  [{inputs.min():.2f}, {inputs.max():.2f}]'
    if mask is None:
        return text + '  no mask'
    targets = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[0] - 1
    return f'{text}  {targets} target{"" if targets == 1 else "s"}, {int(mask.sum())} px'
