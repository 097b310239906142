"""Resize with the aspect ratio kept, and pad to a given size."""

from __future__ import annotations

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image

from mmirstd.registry import TRANSFORMS
from mmirstd.utils.letterbox import fit_letterbox

_CV2 = dict(nearest=cv2.INTER_NEAREST, bilinear=cv2.INTER_LINEAR, area=cv2.INTER_AREA)


@TRANSFORMS.register_module()
class ClipLetterbox(BaseTransform):
    """Scale by ``min(W / w, H / h)`` to ``int(w * scale) x int(h * scale)`` and pad to ``H x W`` with a constant.

    The letterbox of SSTNet's data loader and test script (UESTC-nnLab/SSTNet: Pillow's bicubic, gray 128) for any size;
    enlarges small images as well. Works on an image (H, W) as on a clip (H, W, T).

    mmdet's heads undo ``scale_factor`` but know of no offset, so by default the image is put at the top left;
    ``center=True`` is the reference's place, for detectors that call
    :func:`~mmirstd.utils.letterbox.undo_letterbox`.

    Required keys: ``img``; ``gt_bboxes`` (mmdet's boxes) optional.
    Modified keys: both, ``img_shape`` (the padded size), ``pad_shape``, ``scale_factor`` (width, height).
    Added keys: ``pad_param`` (top, bottom, left, right) in pixels.

    Args:
        size: Height and width in pixels, or one number for both.
        pad_value: Value of the border.
        interpolation: ``'bicubic'`` (Pillow's, which averages when it shrinks), ``'bilinear'``, ``'area'`` or
            ``'nearest'`` (OpenCV's, several times faster).
        center: Image in the middle, or at the top left.
        keep_ratio: False stretches the image over the whole size, which then has no border.
    """

    def __init__(
        self,
        size: int | tuple[int, int],
        pad_value: float = 128 / 255,
        interpolation: str = 'bicubic',
        center: bool = False,
        keep_ratio: bool = True,
    ) -> None:
        sides = (size, size) if isinstance(size, int) else tuple(size)
        if len(sides) != 2 or min(sides) < 1:
            raise ValueError(f'size is {size}; expected a positive number or (height, width)')
        if interpolation != 'bicubic' and interpolation not in _CV2:
            raise ValueError(f'interpolation is {interpolation!r}; expected one of {["bicubic", *_CV2]}')
        self.size = (sides[0], sides[1])
        self.pad_value = pad_value
        self.interpolation = interpolation
        self.center = center
        self.keep_ratio = keep_ratio

    def transform(self, results: dict) -> dict:
        """Resize and pad one image or clip."""
        image = results['img']
        height, width = image.shape[:2]
        if self.keep_ratio:
            (new_height, new_width), pad = fit_letterbox((height, width), self.size, self.center)
        else:
            (new_height, new_width), pad = self.size, (0, 0, 0, 0)
        resized = image if (new_height, new_width) == (height, width) else self._resize(image, (new_width, new_height))
        top, _, left, _ = pad
        padded = np.full((*self.size, *image.shape[2:]), self.pad_value, np.float32)
        padded[top : top + new_height, left : left + new_width] = resized
        results['img'] = padded
        results['img_shape'] = results['pad_shape'] = self.size
        before = results.get('scale_factor', (1.0, 1.0))
        factor = (new_width / width, new_height / height)
        results['scale_factor'] = (before[0] * factor[0], before[1] * factor[1])
        results['pad_param'] = pad
        boxes = results.get('gt_bboxes')
        if boxes is not None:
            boxes.rescale_(factor)
            boxes.translate_((left, top))
        return results

    def _resize(self, image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Frame by frame: OpenCV averages at most four channels, Pillow knows only one of floats."""
        if image.ndim == 3:
            return np.stack([self._resize(image[..., k], size) for k in range(image.shape[2])], axis=-1)
        if self.interpolation == 'bicubic':
            resized = np.asarray(Image.fromarray(np.ascontiguousarray(image)).resize(size, Image.Resampling.BICUBIC))
            # as the reference's 8-bit images cannot leave their range
            return np.clip(resized, min(0.0, float(image.min())), max(1.0, float(image.max())))
        return cv2.resize(image, size, interpolation=_CV2[self.interpolation])

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(size={self.size}, pad_value={self.pad_value}, '
            f'interpolation={self.interpolation!r}, center={self.center}, keep_ratio={self.keep_ratio})'
        )
