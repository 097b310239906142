"""Frames of a clip where the camera looked at the key frame's time: NumPy and OpenCV alone, no OpenMMLab."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from .frame_alignment import METHODS, MOTIONS, Matrix, estimate_motion, warp
from .motion_cache import MotionCache, PassingFrame

#: What stands where a past frame did not see.
BORDERS = ('key', 'edge')


class ClipAlignment:
    """Estimates the motions of the camera within clips, and warps past frames.

    Args:
        method, motion, border, keep_original, max_side, min_correlation, cache: As of
            :class:`~mmirstd.datasets.transforms.align_clip.AlignClip`.

    Raises:
        ValueError: An option is none of those.
    """

    def __init__(
        self,
        method: str = 'ecc',
        motion: str = 'affine',
        border: str = 'key',
        keep_original: bool = False,
        max_side: int = 640,
        min_correlation: float = 0.5,
        cache: str | None = None,
    ) -> None:
        for name, value, known in (
            ('method', method, METHODS),
            ('motion', motion, MOTIONS),
            ('border', border, BORDERS),
        ):
            if value not in known:
                raise ValueError(f'AlignClip: {name} is {value!r}; expected one of {", ".join(map(repr, known))}')
        self.options: dict[str, Any] = dict(
            method=method, motion=motion, max_side=max_side, min_correlation=min_correlation
        )
        self.border = border
        self.keep_original = keep_original
        self.cache = MotionCache(cache)
        self.estimates = self.failures = 0
        self._said = False

    def say(self, text: str) -> None:
        """Say something once."""
        print(f'warning: {text}', file=sys.stderr)

    def align(self, frames: Sequence[np.ndarray], identities: Sequence[object] | None = None) -> list[np.ndarray]:
        """T frames (H, W), the key frame last, aligned; with ``keep_original`` those as they were behind them."""
        motions = self.motions(frames, identities)
        aligned = [self.aligned_frame(frame, motion, frames[-1]) for frame, motion in zip(frames, motions)]
        return [*aligned, *(frames if self.keep_original else [])]

    def motions(self, frames: Sequence[np.ndarray], identities: Sequence[object] | None = None) -> list[Matrix]:
        """Where a pixel of the last frame was in each frame.

        Args:
            frames: T arrays (H, W) of one size, oldest first.
            identities: Of each frame, for the cache; None: nothing is remembered.

        Returns:
            T matrices (3, 3), the last one the identity.
        """
        motions = [np.eye(3)]
        for index in range(len(frames) - 2, -1, -1):
            step = self._step(frames, index, identities)
            joined = step @ motions[-1]
            motions.append(joined / joined[2, 2])
        return motions[::-1]

    def _step(self, frames: Sequence[np.ndarray], index: int, identities: Sequence[object] | None) -> Matrix:
        """From frame ``index + 1`` to the one before it."""
        past, now = frames[index], frames[index + 1]
        if identities is None:
            found = self._estimate(past, now, index)
        elif identities[index] == identities[index + 1]:
            return np.eye(3)  # a frame repeated at the start of a sequence or in a gap
        else:
            identity = (identities[index], identities[index + 1], past.shape, sorted(self.options.items()))
            lasting = not isinstance(identities[index], PassingFrame)
            found = self.cache.matrix(identity, lambda: self._estimate(past, now, identities[index]), lasting)
        return np.eye(3) if found is None else found

    def _estimate(self, past: np.ndarray, now: np.ndarray, name: object) -> Matrix | None:
        found = estimate_motion(past, now, **self.options)
        self.estimates += 1
        if found is None:
            self.failures += 1
            if not self._said:
                self._said = True
                where = name[0] if isinstance(name, tuple) else name
                self.say(
                    f'AlignClip: the motion of the camera behind frame {where} cannot be told (a flat sky, a cut, a '
                    'tiny frame?); this frame and the next stay as they are. Further ones are counted, not shown'
                )
        return found

    def aligned_frame(self, frame: np.ndarray, motion: Matrix, key: np.ndarray) -> np.ndarray:
        """A frame (H, W) as the camera would have seen it at the key frame's time."""
        return frame if is_still(motion) else warp(frame, motion, key if self.border == 'key' else None)


def is_still(motion: Matrix) -> bool:
    """Whether nothing moves."""
    return bool(np.array_equal(motion, np.eye(3)))
