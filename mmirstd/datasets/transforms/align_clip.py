"""Align the past frames of a clip with the key frame, for moving cameras."""

from __future__ import annotations

import logging
import os

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.logging import print_log

from mmirstd.datasets.clip_alignment import ClipAlignment, is_still
from mmirstd.datasets.frame_alignment import warp
from mmirstd.registry import TRANSFORMS
from mmirstd.utils.errors import ConfigError


@TRANSFORMS.register_module()
class AlignClip(ClipAlignment, BaseTransform):
    """Warp the past frames of a clip to where the camera looked at the key frame's time.

    The motion from each frame to the next is estimated once and remembered, by the files' names, sizes and times of
    change, so that other clips and epochs do not estimate it again; the motions up to the key frame are joined.  Where
    a motion cannot be told (a flat sky, tiny frames, a cut), the two frames stay as they are to each other: that is
    counted (``failures`` of ``estimates``) and said once.  The key frame, and so its boxes and mask, stay; masks of
    past frames are warped along.

    It stands behind the loading of frames and masks and before every step that moves or changes pixels.

    Required keys: ``img`` (H, W, T); ``img_paths``, or ``frame_tokens``: what identifies each of the T frames.
    Optional: ``gt_seg_map`` (H, W, T).
    Modified keys: ``img``, ``gt_seg_map``.
    Added keys: ``aligned`` (True), ``frame_motions`` (T, 3, 3): where a pixel of the result was in each frame.

    Args:
        method: How the motion is estimated, a key of :data:`~mmirstd.datasets.frame_alignment.METHODS`.
        motion: ``'translation'``, ``'affine'`` or ``'homography'``: the most that the camera may do; a shift is taken
            where more explains little.
        border: Where a past frame did not see: ``'key'``: the key frame's pixels, so that nothing moves there, or
            ``'edge'``: the nearest pixel seen.
        keep_original: Put the T frames as they were behind the aligned ones, (H, W, 2 T): TDCNet's input.
        max_side: Larger frames are reduced to it for the estimate.
        min_correlation: What neighboring frames must correlate with after the alignment, between scales of 1 and 10
            pixels.
        cache: None, or a file in which the motions are kept for other processes and runs.

    Raises:
        ValueError: An option is none of those.
        ConfigError: The pipeline gives one frame alone, or maps of past frames are evaluated.
    """

    def transform(self, results: dict) -> dict:
        """Align one clip."""
        clip = results['img']
        if clip.ndim != 3 or clip.shape[2] < 2:
            raise ConfigError(
                'AlignClip: the clip has one frame, and there is nothing to align it with. Give whole clips: '
                'num_frames of the network, streaming=False on the data set'
            )
        if results.get('frame_instances') is not None:
            raise ConfigError(
                'AlignClip: window_step of the data set asks for maps of past frames, which are in the place of the '
                'key frame after the alignment. Leave window_step out'
            )
        frames = [np.ascontiguousarray(clip[..., k]) for k in range(clip.shape[2])]
        motions = self.motions(frames, _identities(results, len(frames)))
        aligned = [self.aligned_frame(frame, motion, frames[-1]) for frame, motion in zip(frames, motions)]
        results['img'] = np.stack([*aligned, *(frames if self.keep_original else [])], axis=-1)
        masks = results.get('gt_seg_map')
        if masks is not None and masks.ndim == 3:
            warped = [
                masks[..., k]
                if is_still(motion)
                else warp(np.ascontiguousarray(masks[..., k]), motion, 0, cv2.INTER_NEAREST)
                for k, motion in enumerate(motions)
            ]
            results['gt_seg_map'] = np.stack(warped, axis=-1)
        results['aligned'] = True
        results['frame_motions'] = np.stack(motions)
        return results

    def say(self, text: str) -> None:
        """See the base class."""
        print_log(text, logger='current', level=logging.WARNING)

    def __repr__(self) -> str:
        options = ', '.join(f'{key}={value!r}' for key, value in self.options.items())
        return (
            f'{type(self).__name__}({options}, border={self.border!r}, keep_original={self.keep_original}, '
            f'cache={self.cache.path!r})'
        )


def _identities(results: dict, count: int) -> list[object] | None:
    """What identifies each frame: the token that came with it, or its file as it is now."""
    tokens = results.get('frame_tokens')
    if tokens is not None:
        return list(tokens)
    paths = results.get('img_paths')
    if not paths or len(paths) != count:
        return None
    files = {path: os.stat(path) for path in dict.fromkeys(paths)}
    return [(os.path.abspath(path), files[path].st_size, files[path].st_mtime_ns) for path in paths]
