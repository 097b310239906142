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
        files: Of a folder, a ZIP or a selection of several images that are looked at.

    Raises:
        ValueError: A limit is not positive.
    """

    megabytes: float = 64
    pixels: int = 2**24
    frames: int = 200
    files: int = 200

    def __post_init__(self) -> None:
        if min(self.megabytes, self.pixels, self.frames, self.files) <= 0:
            raise ValueError(f'{self}; expected positive limits')

    def video_frames(self, width: int, height: int) -> int:
        """Frames of this size that are looked at: those of a video have :attr:`total_pixels` together, at most."""
        return max(1, min(self.frames, self.total_pixels // (width * height)))

    @property
    def total_pixels(self) -> int:
        """Of a video's frames together, and of several images: their maps are in memory at one time."""
        return 4 * self.pixels

    @property
    def unpacked_bytes(self) -> int:
        """Of what is taken out of a ZIP, all together."""
        return int(4 * self.megabytes * 2**20)
