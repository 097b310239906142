"""Bring a test image to a size that the network accepts or a protocol prescribes."""

from __future__ import annotations

import cv2
from mmcv.transforms import BaseTransform

from mmirstd.registry import TRANSFORMS

from .target_crop import BORDERS, pad_border


@TRANSFORMS.register_module()
class PadToMultiple(BaseTransform):
    """Pad the image (not the mask) at the right and bottom to a multiple of ``divisor``.

    ``padding_size`` tells mmseg's segmentor how much to cut off the prediction,
    so that it comes back at the image's own size; pack it
    (``PackSegInputs(meta_keys=(..., 'padding_size'))``).

    Required keys: ``img`` (H, W), or a clip (H, W, T).
    Modified keys: ``img``, ``pad_shape``.
    Added keys: ``padding_size`` (left, right, top, bottom) in pixels.

    Args:
        divisor: The network's total stride.
        mode: ``'reflect'``, ``'edge'`` or ``'constant'``.  A black border would be
            a strong edge for a network that looks for small contrasts, hence the default.
        pad_value: For ``mode='constant'``.
    """

    def __init__(self, divisor: int = 32, mode: str = 'reflect', pad_value: float = 0.0) -> None:
        if divisor < 1:
            raise ValueError(f'divisor is {divisor}; expected a positive number')
        if mode not in BORDERS:
            raise ValueError(f'mode is {mode!r}; expected one of {sorted(BORDERS)}')
        self.divisor = divisor
        self.mode = mode
        self.pad_value = pad_value

    def transform(self, results: dict) -> dict:
        """Pad one image."""
        height, width = results['img'].shape[:2]
        bottom, right = -height % self.divisor, -width % self.divisor
        if bottom or right:
            results['img'] = pad_border(results['img'], bottom, right, self.mode, self.pad_value)
        results['padding_size'] = (0, right, 0, bottom)
        results['pad_shape'] = results['img'].shape[:2]
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(divisor={self.divisor}, mode={self.mode!r}, pad_value={self.pad_value})'


@TRANSFORMS.register_module()
class ResizeForEvaluation(BaseTransform):
    """Resize image (bilinear) and mask (nearest) and count this as the native size.

    For protocols that evaluate at a fixed size (DNANet: 256x256).  Changing
    ``ori_shape`` keeps mmseg from resizing the prediction back, so metrics see
    prediction and mask at ``size``.

    Required keys: ``img``, ``gt_seg_map`` (optional).
    Modified keys: both, ``img_shape``, ``ori_shape``, ``pad_shape``, ``scale_factor`` (width, height).

    Args:
        size: Height and width in pixels, or one number for both.
    """

    def __init__(self, size: int | tuple[int, int]) -> None:
        self.size = (size, size) if isinstance(size, int) else tuple(size)
        if len(self.size) != 2 or min(self.size) < 1:
            raise ValueError(f'size is {size}; expected a positive number or (height, width)')

    def transform(self, results: dict) -> dict:
        """Resize one image and its mask."""
        height, width = results['img'].shape[:2]
        target = self.size[1], self.size[0]
        results['img'] = cv2.resize(results['img'], target, interpolation=cv2.INTER_LINEAR)
        if 'gt_seg_map' in results:
            results['gt_seg_map'] = cv2.resize(results['gt_seg_map'], target, interpolation=cv2.INTER_NEAREST)
        results['img_shape'] = results['ori_shape'] = results['pad_shape'] = self.size
        results['scale_factor'] = (self.size[1] / width, self.size[0] / height)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(size={self.size})'
