"""How large an upload may be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class UploadLimits:
    """What one upload may cost.

    Args:
        megabytes: Size of the file, in 2^20 bytes.
        pixels: Of an image, or of one frame.
        frames: Of a video that are looked at.

    Raises:
        ValueError: A limit is not positive.
    """

    megabytes: float = 64
    pixels: int = 2**24
    frames: int = 200

    def __post_init__(self) -> None:
        if min(self.megabytes, self.pixels, self.frames) <= 0:
            raise ValueError(f'{self}; expected positive limits')

    def video_frames(self, width: int, height: int) -> int:
        """Frames of this size that are looked at: those of a video have four images' pixels together, at most."""
        return max(1, min(self.frames, 4 * self.pixels // (width * height)))
