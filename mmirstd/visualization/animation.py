"""Animated pictures: GIF for a page, MP4 for a player.

::

    from mmirstd.visualization import draw_detections, save_gif, save_mp4
    pictures = [draw_detections(frame, targets, boxes, scores) for frame, targets, boxes, scores in sequence]
    save_gif('sequence.gif', pictures, fps=8)
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mmirstd.utils.files import atomic_path, write_bytes


@dataclass(frozen=True)
class GifInfo:
    """What became of the pictures in a GIF.

    Attributes:
        frames: Pictures in the file.
        size: Width and height in pixels.
        colors: Entries of the palette.
        bytes: The file's size.
    """

    frames: int
    size: tuple[int, int]
    colors: int
    bytes: int


def _checked(pictures: Sequence[np.ndarray], fps: float) -> list[np.ndarray]:
    """uint8 BGR pictures of one size.

    Raises:
        ValueError: No picture, another type or several sizes, or ``fps`` is not positive.
    """
    pictures = [cv2.cvtColor(p, cv2.COLOR_GRAY2BGR) if p.ndim == 2 else p for p in map(np.asarray, pictures)]
    if not pictures or not fps > 0:
        raise ValueError(
            f'an animation needs at least one picture and a positive frame rate, found {len(pictures)} '
            f'pictures and fps={fps}'
        )
    for index, picture in enumerate(pictures):
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            raise ValueError(
                f'picture {index} has shape {picture.shape} and type {picture.dtype}; expected uint8 of '
                '(H, W) or (H, W, 3), BGR'
            )
        if picture.shape != pictures[0].shape:
            raise ValueError(
                f'picture {index} has {picture.shape[1]}x{picture.shape[0]} pixels, the first '
                f'{pictures[0].shape[1]}x{pictures[0].shape[0]}; an animation has one size'
            )
    return pictures


def _palette(pictures: list[np.ndarray], colors: int) -> np.ndarray:
    """One palette for all pictures (else colors flicker), (colors, 3) uint8 RGB.

    Infrared pictures are gray with a few colored marks. A common quantizer tints such grays, so that grays and colors
    get entries of their own: a ramp between the darkest and the brightest gray, and the median cut of the others.
    """
    from PIL import Image

    chosen = np.unique(np.linspace(0, len(pictures) - 1, 6).round().astype(int))
    pixels = np.concatenate([pictures[k].reshape(-1, 3) for k in chosen])[:, ::-1]
    tinted = np.ptp(pixels, axis=1) > 24  # the frame's dark blue-gray may become gray
    grays, others = pixels[~tinted].mean(axis=1), pixels[tinted]
    # At least a quarter for marks, more where the pictures are in color.
    share = min(max(len(others) / len(pixels), 0.25), 0.75) if len(grays) else 1.0
    number = min(round(colors * share), len(np.unique(others, axis=0))) if len(others) else 0
    entries: list[np.ndarray] = []
    if number:
        reduced = Image.fromarray(np.ascontiguousarray(others[None])).quantize(number, Image.Quantize.MEDIANCUT)
        palette = reduced.getpalette() or []
        entries.append(np.array(palette[: 3 * number], np.uint8).reshape(-1, 3))
        number = len(entries[0])
    if len(grays):
        ramp = np.linspace(grays.min(), grays.max(), colors - number).round().astype(np.uint8)
        entries.append(np.repeat(ramp[:, None], 3, axis=1))
    return np.concatenate(entries)


def _encode(pictures: list[np.ndarray], colors: int, duration: float) -> bytes:
    """GIF of all pictures with one palette, without dithering, for ever repeated."""
    from PIL import Image

    palette = Image.new('P', (1, 1))
    palette.putpalette(_palette(pictures, colors).tobytes())
    indexed = [
        Image.fromarray(np.ascontiguousarray(picture[..., ::-1])).quantize(palette=palette, dither=Image.Dither.NONE)
        for picture in pictures
    ]
    buffer = io.BytesIO()
    # GIF counts in hundredths of a second, and viewers take 0 or 1 for "slow".
    indexed[0].save(
        buffer,
        'GIF',
        save_all=True,
        append_images=indexed[1:],
        duration=max(20, round(duration * 1000)),
        loop=0,
        optimize=True,
    )
    return buffer.getvalue()


def save_gif(
    path: str | os.PathLike[str],
    pictures: Sequence[np.ndarray],
    fps: float = 8.0,
    max_frames: int = 120,
    max_bytes: int = 3_000_000,
    colors: int = 128,
) -> GifInfo:
    """Write an animated GIF of limited size; folders are made, and the file appears complete or not at all.

    If it would be too large, it gets fewer colors, then a smaller picture, then fewer frames, until it fits.

    Args:
        path: The file.
        pictures: uint8 (H, W) or (H, W, 3) BGR, all of one size.
        fps: Pictures per second. Where pictures are left out, the others are shown longer.
        max_frames: Of a longer sequence, every n-th picture is taken.
        max_bytes: The file is not larger.
        colors: Entries of the palette to begin with, 2 to 256.

    Raises:
        ValueError: Pictures of several sizes or another type, or not even the smallest GIF fits.
        OSError: The file cannot be written.
    """
    pictures = _checked(pictures, fps)
    if max_frames < 1 or not 2 <= colors <= 256:
        raise ValueError(f'max_frames={max_frames}, colors={colors}; expected at least one frame and 2 to 256 colors')
    step = -(-len(pictures) // max_frames)
    # Fewer than 48 colors break the marks' colors, less than half the size the words.
    palettes = [c for c in (colors, 96, 64, 48) if c <= colors]
    attempts = [(c, 1.0, 1) for c in palettes] + [(palettes[-1], s, k) for k in (1, 2, 4) for s in (0.75, 0.5)]
    for used, scale, skip in attempts:
        chosen = pictures[:: step * skip]
        if scale < 1:
            size = tuple(max(1, round(side * scale)) for side in pictures[0].shape[1::-1])
            chosen = [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in chosen]
        data = _encode(chosen, used, step * skip / fps)
        if len(data) <= max_bytes:
            write_bytes(path, data)
            return GifInfo(len(chosen), chosen[0].shape[1::-1], used, len(data))
    raise ValueError(
        f'{path}: {len(pictures)} pictures of {pictures[0].shape[1]}x{pictures[0].shape[0]} do not fit '
        f'into {max_bytes} bytes, at the least they took {len(data)}; give fewer or smaller pictures, or '
        'write MP4'
    )


def save_mp4(path: str | os.PathLike[str], pictures: Sequence[np.ndarray], fps: float = 8.0) -> None:
    """Write an MP4 (MPEG-4 video); folders are made, and the file appears complete or not at all.

    Args:
        path: The file, ``.mp4``.
        pictures: uint8 (H, W) or (H, W, 3) BGR, all of one size. An odd side loses its last pixel, because the
            format halves its color planes.
        fps: Pictures per second.

    Raises:
        ValueError: Pictures of several sizes or another type.
        OSError: The file cannot be written, or OpenCV was built without the encoder.
    """
    pictures = _checked(pictures, fps)
    path = Path(path)
    height, width = (side // 2 * 2 for side in pictures[0].shape[:2])
    if not height or not width:
        raise ValueError(f'{path}: pictures of shape {pictures[0].shape[:2]}; a video needs at least 2x2 pixels')
    with atomic_path(path) as temporary:
        writer = cv2.VideoWriter(str(temporary), cv2.VideoWriter.fourcc(*'mp4v'), float(fps), (width, height))
        try:
            if not writer.isOpened():
                raise OSError(
                    f'{path}: OpenCV cannot write MP4 here; is the folder writable, and was OpenCV built '
                    'with FFmpeg (the opencv-python wheels are)?'
                )
            for picture in pictures:
                writer.write(np.ascontiguousarray(picture[:height, :width]))
        finally:
            writer.release()
