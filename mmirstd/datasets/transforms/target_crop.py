"""Random crops that show targets more often than chance would."""

from __future__ import annotations

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmirstd.datasets.soft_masks import hard_mask
from mmirstd.registry import TRANSFORMS

from .free_window import Window, draw_free_window, near_targets

#: Key of a sample: (y, x) in [0, 1] of its height and width, where the network saw a target that is none
#: (:class:`mmirstd.HardNegativeDataset`).
FALSE_TARGET = 'false_target'
#: A window without target is at least this share of the whole window high and wide; the rest is mirrored.
_LEAST_SHARE = 0.25

BORDERS = dict(reflect=cv2.BORDER_REFLECT_101, edge=cv2.BORDER_REPLICATE, constant=cv2.BORDER_CONSTANT)


def pad_border(image: np.ndarray, bottom: int, right: int, mode: str, value: float) -> np.ndarray:
    """An image (H, W) or clip (H, W, T) with rows below and columns at the right.

    Args:
        image: The image.
        bottom: Rows.
        right: Columns.
        mode: A key of ``BORDERS``.
        value: For ``'constant'``.
    """
    if mode == 'constant':  # OpenCV fills only the first frame of a clip
        free = ((0, bottom), (0, right), *[(0, 0)] * (image.ndim - 2))
        return np.pad(image, free, constant_values=value)
    return cv2.copyMakeBorder(image, 0, bottom, 0, right, BORDERS[mode])


@TRANSFORMS.register_module()
class TargetAwareCrop(BaseTransform):
    """Crop a window of fixed size at random, with a target in it with probability ``p_target`` or more.

    Targets cover a few pixels of a large image, so most uniform crops would be
    all background.  With probability ``p_target`` one target (8-connected
    component, each with the same chance, so that large ones do not dominate)
    and one of its pixels are drawn, and the window is drawn uniformly among
    those that hold this pixel.  Otherwise, and where there is no target, it is
    drawn uniformly among all.  Images smaller than the window are padded first,
    at the right and bottom.

    With probability ``p_free`` the window holds no target at all, so that a network
    sees what is none.  Where every window of this size holds one, a smaller part of
    the image, without target, is taken and padded.  A sample with a place where the network
    saw a target that is none (:class:`mmirstd.HardNegativeDataset`) gets a window
    around that place, without target if there is one.

    Of a clip (H, W, T) all frames are cropped at one place; a target in any of them counts.

    Required keys: ``img`` (H, W[, T]), ``gt_seg_map`` (H, W[, T]) and ``false_target`` optional.
    Modified keys: the first two, ``img_shape``, ``pad_shape``.

    Args:
        size: Height and width of the window in pixels, or one number for both.
        p_target: Probability in [0, 1] that a target is looked for, where no window without one was asked for.
        pad: How small images are padded: ``'reflect'`` and ``'edge'`` pad image
            and mask alike (a mirrored target stays a labeled target);
            ``'constant'`` pads the image with ``pad_value`` and the mask with 0.
        pad_value: For ``pad='constant'``.
        p_free: Probability in [0, 1] of a window without target, decided first.  Without a mask nothing is known
            of targets, and the window is drawn among all.
        margin: Windows without target keep more than this many pixels from masks, which may lack a target's edge.
    """

    def __init__(
        self,
        size: int | tuple[int, int],
        p_target: float = 0.7,
        pad: str = 'reflect',
        pad_value: float = 0.0,
        p_free: float = 0.0,
        margin: int = 4,
    ) -> None:
        sides = (size, size) if isinstance(size, int) else tuple(size)
        if len(sides) != 2 or min(sides) < 1:
            raise ValueError(f'size is {size}; expected a positive number or (height, width)')
        self.size: tuple[int, int] = sides
        if not 0 <= p_target <= 1:
            raise ValueError(f'p_target is {p_target}; expected a probability')
        if not 0 <= p_free <= 1:
            raise ValueError(f'p_free is {p_free}; expected a probability')
        if margin < 0:
            raise ValueError(f'margin is {margin}; expected 0 or more')
        if pad not in BORDERS:
            raise ValueError(f'pad is {pad!r}; expected one of {sorted(BORDERS)}')
        self.p_target = p_target
        self.pad = pad
        self.pad_value = pad_value
        self.p_free = p_free
        self.margin = margin

    def transform(self, results: dict) -> dict:
        """Pad when needed, then crop image and mask at one place."""
        image, mask = results['img'], results.get('gt_seg_map')
        place = results.get(FALSE_TARGET)
        window = None if mask is None else self._draw_free(mask, place)
        if window is None and place is not None:
            window = self._draw_around(image.shape[:2], place)
        if window is not None:
            image, mask = image[window], mask if mask is None else mask[window]
        bottom, right = (max(0, want - have) for want, have in zip(self.size, image.shape[:2]))
        if bottom or right:
            image = pad_border(image, bottom, right, self.pad, self.pad_value)
            if mask is not None:
                mask = pad_border(mask, bottom, right, self.pad, 0)
        top, left = self._draw_place(image.shape[:2], mask)
        window = slice(top, top + self.size[0]), slice(left, left + self.size[1])
        results['img'] = np.ascontiguousarray(image[window])
        if mask is not None:
            results['gt_seg_map'] = np.ascontiguousarray(mask[window])
        results['img_shape'] = results['pad_shape'] = self.size
        return results

    @cache_randomness
    def _draw_free(self, mask: np.ndarray, place: tuple[float, float] | None) -> Window | None:
        """A window without target; None: none is asked for, or there is none."""
        # No draw where nothing is asked for: what a seed draws stays what it was.
        if place is None and not (self.p_free and np.random.rand() < self.p_free):
            return None
        least = max(1, round(_LEAST_SHARE * self.size[0])), max(1, round(_LEAST_SHARE * self.size[1]))
        pixel = None if place is None else _pixel(mask.shape[:2], place)
        return draw_free_window(near_targets(mask, self.margin), self.size, least, pixel)

    @cache_randomness
    def _draw_around(self, shape: tuple[int, int], place: tuple[float, float]) -> Window:
        """A window that holds a place, whatever else it holds."""
        window = draw_free_window(np.zeros(shape, np.uint8), self.size, (1, 1), _pixel(shape, place))
        assert window is not None  # nothing is blocked
        return window

    @cache_randomness
    def _draw_place(self, shape: tuple[int, int], mask: np.ndarray | None) -> tuple[int, int]:
        """Top and left of the window."""
        ranges = [(0, have - want) for have, want in zip(shape, self.size)]
        if mask is not None and np.random.rand() < self.p_target:
            pixel = self._draw_target_pixel(mask if mask.ndim == 2 else mask.max(axis=2))
            if pixel is not None:
                ranges = [
                    (max(low, at - want + 1), min(high, at)) for (low, high), at, want in zip(ranges, pixel, self.size)
                ]
        top, left = (int(np.random.randint(low, high + 1)) for low, high in ranges)
        return top, left

    @staticmethod
    def _draw_target_pixel(mask: np.ndarray) -> tuple[int, int] | None:
        mask = hard_mask(mask)
        left, top, width, height = cv2.boundingRect(mask)
        if not width:
            return None
        # Targets fill a small part of the image, so only what holds them is labeled. From an even place on: OpenCV
        # numbers components by blocks of two rows and columns, and the numbers decide what a seed draws.
        x, y = left - left % 2, top - top % 2
        part = np.ascontiguousarray(mask[y : top + height, x : left + width])
        count, labels, stats, _ = cv2.connectedComponentsWithStats(part, connectivity=8)
        label = np.random.randint(1, count)
        left, top, width, height = stats[label, :4]
        rows, columns = np.nonzero(labels[top : top + height, left : left + width] == label)
        pick = np.random.randint(len(rows))
        return int(y + top + rows[pick]), int(x + left + columns[pick])

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(size={self.size}, p_target={self.p_target}, pad={self.pad!r}, '
            f'pad_value={self.pad_value}, p_free={self.p_free}, margin={self.margin})'
        )


def _pixel(shape: tuple[int, ...], place: tuple[float, float]) -> tuple[int, int]:
    """Row and column of a place in [0, 1]."""
    row, column = (min(int(share * side), side - 1) for share, side in zip(place, shape))
    return row, column
