"""Masks as contours, which leave visible what they enclose."""

from __future__ import annotations

import cv2
import numpy as np


def binary_mask(mask: np.ndarray, shape: tuple[int, int], what: str) -> np.ndarray:
    """(H, W), (1, H, W) or (H, W, 1), target > 0 -> (H, W) bool.

    Raises:
        ValueError: Another shape than the image's; names ``what``.
    """
    mask = np.asarray(mask)
    if mask.ndim == 3 and 1 in (mask.shape[0], mask.shape[2]):
        mask = mask[0] if mask.shape[0] == 1 else mask[..., 0]
    if mask.shape != tuple(shape):
        raise ValueError(
            f'the {what} has shape {mask.shape}, the image {tuple(shape)}; both must be at the native size of the image'
        )
    return mask > 0


def draw_contours(
    image: np.ndarray, mask: np.ndarray, color: tuple[int, int, int], thickness: int = 1, inside: bool = False
) -> np.ndarray:
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
    mask = binary_mask(mask, image.shape[:2], 'mask').view(np.uint8)
    out = image.copy()
    left, top, width, height = cv2.boundingRect(mask)
    if not width:
        return out
    # Targets fill a small part of a picture: only what holds them, and their line, is looked at.
    rows = slice(max(top - thickness - 1, 0), top + height + thickness + 1)
    columns = slice(max(left - thickness - 1, 0), left + width + thickness + 1)
    mask = mask[rows, columns]
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * thickness + 1, 2 * thickness + 1))
    if inside:
        # The border of the picture is no contour.
        line = mask - cv2.erode(mask, kernel, borderType=cv2.BORDER_REPLICATE)
    else:
        line = cv2.dilate(mask, kernel) - mask
    out[rows, columns][line > 0] = color
    return out


def resize_mask(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W) -> 0 and 1 in uint8 of (width, height) ``size``; no target is lost."""
    if size[0] < mask.shape[1]:  # a target of one pixel must survive being reduced
        return (cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0).astype(np.uint8)
    return cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
