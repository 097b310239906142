"""Real targets of other images, put into this one."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmirstd.datasets.soft_masks import hard_mask
from mmirstd.registry import TRANSFORMS
from mmirstd.utils.scr import ROUNDING_SIGMA, local_scr

from .rescale import resize_image, resize_mask

# What of a target's surroundings is carried over: its blurred edge reaches about this far beyond its mask, in pixels.
_MARGIN = 4
# A pasted target keeps this distance to all others, in pixels, so that 8-connected targets stay apart.
_GAP = 3
_TRIES = 10
# `local_scr` allows for the rounding of 8-bit codes, so it is given such.
_FULL_SCALE = 255


@dataclass(frozen=True)
class _Target:
    """A target cut out: what it adds to its background, (h, w) float32, and its mask, (h, w) uint8 {0, 1}."""

    signal: np.ndarray
    mask: np.ndarray


@TRANSFORMS.register_module()
class TargetCopyPaste(BaseTransform):
    """Paste targets seen in earlier images into this one, large ones more often than they occur.

    Infrared data sets are small and most of their targets are tiny: of NUAA-SIRST's 427 training targets 21 have more
    than 100 pixels, yet those hold a quarter of all target pixels. Copying targets onto other backgrounds (Kisantal
    et al., "Augmentation for small object detection", 2019, arXiv 1902.07296; Ghiasi et al., "Simple Copy-Paste",
    CVPR 2021, arXiv 2012.07177) makes such combinations plentiful. What is carried over is not the pixels but what
    the target adds to its own background (a plane through the ring around it), so that warm and cold scenes mix;
    it fades out over the few pixels of the target's blurred edge.

    Targets come from a bank that this transform fills with what passes through it, so it needs no access to the data
    set; each data-loader worker has its own. Put it behind the crop. Targets that touch the border are not taken.
    A place is drawn until the target stands clear of all others and is visible there (``min_scr``); after ten
    failures it is left out.

    Required keys: ``img`` (H, W) float32 in [0, 1], ``gt_seg_map`` (H, W) uint8 {0, 1} or soft; without the latter,
    and for clips (H, W, T), nothing is done.
    Modified keys: both.

    Args:
        prob: Probability in [0, 1] that anything is pasted.
        max_num: One to this many targets are pasted, uniformly.
        ratio: Smallest and largest factor of the target's size; drawn uniformly in its logarithm.
        size_power: A target of ``a`` pixels is drawn with a chance proportional to ``a ** size_power``: 0 draws all
            alike, 1 gives every target pixel the same chance.
        min_scr: The least signal-to-clutter ratio of a pasted target, see
            :func:`mmirstd.utils.scr.local_scr`.
        bank_size: How many of the last targets are kept.
    """

    def __init__(
        self,
        prob: float = 0.5,
        max_num: int = 2,
        ratio: tuple[float, float] = (0.7, 1.5),
        size_power: float = 0.5,
        min_scr: float = 2.0,
        bank_size: int = 1000,
    ) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob is {prob}; expected a probability')
        if not 0 < ratio[0] <= ratio[1]:
            raise ValueError(f'ratio is {ratio}; expected 0 < low <= high')
        if max_num < 1 or bank_size < 1:
            raise ValueError(f'max_num is {max_num} and bank_size {bank_size}; expected at least 1')
        if size_power < 0 or min_scr < 0:
            raise ValueError(f'size_power is {size_power} and min_scr {min_scr}; expected 0 or more')
        self.prob = prob
        self.max_num = max_num
        self.ratio = tuple(ratio)
        self.size_power = size_power
        self.min_scr = min_scr
        self.bank_size = bank_size
        self._bank: deque[_Target] = deque(maxlen=bank_size)

    def transform(self, results: dict) -> dict:
        """Take this image's targets into the bank, then paste others."""
        image, mask = results['img'], results.get('gt_seg_map')
        if mask is None or image.ndim != 2:
            return results
        own = _cut_out(image, hard_mask(mask))
        for target in self._draw_targets():
            pasted = self._paste(image, mask, target)
            if pasted is not None:
                image, mask = pasted
        self._bank.extend(own)
        results['img'], results['gt_seg_map'] = image, mask
        return results

    @cache_randomness
    def _draw_targets(self) -> list[_Target]:
        """Which targets of the bank, in which size and whether mirrored."""
        if np.random.rand() >= self.prob or not self._bank:
            return []
        chances = np.array([target.mask.sum() for target in self._bank], float) ** self.size_power
        drawn = []
        count = np.random.randint(1, self.max_num + 1)
        for index in np.random.choice(len(self._bank), count, p=chances / chances.sum()):
            target = self._bank[index]
            factor = float(np.exp(np.random.uniform(*np.log(self.ratio))))
            size = tuple(max(1, round(side * factor)) for side in target.mask.shape)
            signal, mask = resize_image(target.signal, size), resize_mask(target.mask, size)
            step = 1 if np.random.rand() < 0.5 else -1
            drawn.append(_Target(signal[:, ::step], mask[:, ::step]))
        return drawn

    def _paste(self, image: np.ndarray, mask: np.ndarray, target: _Target) -> tuple[np.ndarray, np.ndarray] | None:
        """Image and mask with the target in it; None where no place was found."""
        height, width = target.mask.shape
        if height > image.shape[0] or width > image.shape[1]:
            return None
        for top, left in self._draw_places((image.shape[0] - height, image.shape[1] - width)):
            window = slice(top, top + height), slice(left, left + width)
            near = (slice(max(top - _GAP, 0), top + height + _GAP), slice(max(left - _GAP, 0), left + width + _GAP))
            if mask[near].any():
                continue
            alone = np.zeros(mask.shape, np.uint8)
            alone[window] = target.mask
            new = image.copy()
            new[window] = np.clip(new[window] + target.signal, min(0.0, image.min()), max(1.0, image.max()))
            targets = hard_mask(mask) | alone
            if local_scr(new * _FULL_SCALE, alone, targets, floor=ROUNDING_SIGMA).scr >= self.min_scr:
                return new, np.maximum(mask, alone.astype(mask.dtype))
        return None

    @cache_randomness
    def _draw_places(self, room: tuple[int, int]) -> np.ndarray:
        """(tries, 2): top and left."""
        return np.random.randint(0, np.array(room) + 1, size=(_TRIES, 2))

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(prob={self.prob}, max_num={self.max_num}, ratio={self.ratio}, '
            f'size_power={self.size_power}, min_scr={self.min_scr}, bank_size={self.bank_size})'
        )


def _cut_out(image: np.ndarray, mask: np.ndarray) -> list[_Target]:
    """The targets that lie, with their margin, inside the image and apart from the others."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    targets = []
    for label, (left, top, width, height, _) in zip(range(1, count), stats[1:]):
        window = (slice(top - _MARGIN, top + height + _MARGIN), slice(left - _MARGIN, left + width + _MARGIN))
        if min(top, left) < _MARGIN or top + height + _MARGIN > mask.shape[0] or left + width + _MARGIN > mask.shape[1]:
            continue
        own = (labels[window] == label).astype(np.uint8)
        if own.sum() != mask[window].sum():
            continue  # a neighbor's signal would come along without its label
        patch = image[window]
        targets.append(_Target((patch - _plane(patch, own)) * _fade(own), own))
    return targets


def _plane(patch: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The plane through the pixels beyond the target's edge, least squares, (h, w) float32."""
    around = cv2.dilate(mask, np.ones((5, 5), np.uint8)) == 0
    rows, columns = np.indices(mask.shape)
    terms = np.stack([np.ones(mask.shape), rows, columns], axis=-1)
    weights, *_ = np.linalg.lstsq(terms[around], patch[around].astype(np.float64), rcond=None)
    return (terms @ weights).astype(np.float32)


def _fade(mask: np.ndarray) -> np.ndarray:
    """1 on the target, falling to 0 over the margin, (h, w) float32."""
    distance = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5)
    return np.clip(1 - (distance - 1) / (_MARGIN - 1), 0, 1).astype(np.float32)
