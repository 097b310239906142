"""A small copy of a data set: what its split lists name, as small as PNG makes it without a change of what is read.

For a machine without network, or a slow line. Images of one channel take a third of the same ones in color.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.registry import init_default_scope
from numpy.typing import NDArray

from mmirstd.utils.errors import ConfigError, DataError, first_few
from mmirstd.utils.files import write_bytes

from .image_io import read_image, read_raw_image, read_raw_mask, to_one_channel
from .sirst import SIRSTDataset
from .split_file import read_split_entries

#: The smallest files that OpenCV's PNG writer makes; encoding takes five times as long as at its default level.
_SMALLEST = (cv2.IMWRITE_PNG_COMPRESSION, 9, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_FILTERED)


@dataclass
class PackReport:
    """What a pack holds.

    Attributes:
        images: Number of images.
        masks: Number of masks.
        bytes_before: Of their files.
        bytes_after: Of the pack's files, without its lists.
        colored: Images whose channels differ; the pack has the luminance that mmirstd reads.
        copied: Files that were taken over byte by byte, since a PNG of one channel would be read otherwise.
    """

    images: int = 0
    masks: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    colored: list[str] = field(default_factory=list)
    copied: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [
            f'{self.images} images and {self.masks} masks, {self.bytes_before / 2**20:.1f} MiB as they are, '
            f'{self.bytes_after / 2**20:.1f} MiB packed'
        ]
        if self.colored:
            lines.append(
                f'{len(self.colored)} images have unequal color channels. The pack holds the gray values that mmirstd '
                f'reads from them, not their colors:\n{first_few(self.colored)}'
            )
        if self.copied:
            lines.append(f'{len(self.copied)} files were copied as they are:\n{first_few(self.copied)}')
        return '\n'.join(lines)


def pack_data(
    root: str | os.PathLike[str],
    lists: Sequence[str],
    out: str | os.PathLike[str],
    first: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> PackReport:
    """Copy what split lists name, laid out as it is, into a folder.

    Args:
        root: Folder of the data set, with ``images/`` and ``masks/``.
        lists: Split files, relative to ``root``.
        out: Folder of the pack, missing or empty.
        first: Only so many samples of each list, for a try; the pack's lists are shortened to them.
        progress: Is told how many files are done.

    Returns:
        PackReport: What it holds.

    Raises:
        ConfigError: ``out`` holds something, or ``first`` is below 1.
        MissingDataError: The root, a list, an image or a mask is missing.
        DataError: A file is damaged.
    """
    root, out = Path(root).expanduser(), Path(out).expanduser()
    if first is not None and first < 1:
        raise ConfigError(f'first={first}: expected a whole number from 1 on')
    if any(Path(name).is_absolute() for name in lists):
        raise ConfigError(f'lists {", ".join(lists)}: expected paths relative to {root}')
    if out.is_dir() and any(out.iterdir()):
        raise ConfigError(f'{out}: the folder is not empty; name another one, or delete it')
    init_default_scope('mmseg')
    report, done = PackReport(), set()
    for name in lists:
        samples = SIRSTDataset(ann_file=name, data_root=str(root), lazy_init=True).load_data_list()[:first]
        for sample in samples:
            for key, keep in (('img_path', _keep_image), ('seg_map_path', _keep_mask)):
                path = Path(sample[key])
                if path in done:
                    continue
                done.add(path)
                keep(path, out / path.relative_to(root), report)
                report.bytes_before += path.stat().st_size
                if progress is not None:
                    progress(len(done))
        _write_list(root / name, out / name, None if first is None else len(samples))
    return report


def list_size(root: str | os.PathLike[str], lists: Sequence[str], first: int | None = None) -> int:
    """An upper bound of the files that :func:`pack_data` goes through: an image and a mask of each line."""
    return sum(2 * len(read_split_entries(Path(root).expanduser() / name)[:first]) for name in lists)


def _keep_image(path: Path, target: Path, report: PackReport) -> None:
    raw = read_raw_image(path)
    gray = to_one_channel(raw)
    # A channel beside the colors is transparency, which is not read.
    if raw.ndim == 3 and not all(np.array_equal(gray, raw[..., channel]) for channel in range(min(3, raw.shape[2]))):
        report.colored.append(str(path))
    report.images += 1
    _keep(path, gray, target, report, lambda packed: np.array_equal(read_image(packed), gray))


def _keep_mask(path: Path, target: Path, report: PackReport) -> None:
    raw, lossy = read_raw_mask(path)
    report.masks += 1
    # In color, with transparency or after lossy compression a mask is read by other rules than as one gray channel.
    plain = None if lossy or raw.ndim != 2 else raw
    _keep(path, plain, target, report, lambda packed: _same_mask(packed, raw))


def _same_mask(packed: Path, raw: NDArray[np.generic]) -> bool:
    found, lossy = read_raw_mask(packed)
    return not lossy and found.dtype == raw.dtype and np.array_equal(found, raw)


def _keep(
    path: Path, pixels: NDArray[np.integer[Any]] | None, target: Path, report: PackReport, same: Callable[[Path], bool]
) -> None:
    """Write one file and read it again; one that gains nothing is copied."""
    data = None
    if pixels is not None and pixels.dtype in (np.uint8, np.uint16):
        data = cv2.imencode('.png', pixels, _SMALLEST)[1].tobytes()
    if data is None or len(data) >= path.stat().st_size:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        if data is None:
            report.copied.append(str(path))
    else:
        target = target.with_suffix('.png')
        write_bytes(target, data)
        if not same(target):
            raise DataError(f'{target}: reads otherwise than {path}, of which it is a copy')
    report.bytes_after += target.stat().st_size


def _write_list(source: Path, target: Path, lines: int | None) -> None:
    """The list as it is, byte by byte, so that its checksum is the same; or its first samples."""
    if lines is None:
        write_bytes(target, source.read_bytes())
        return
    entries = read_split_entries(source)[:lines]
    text = ''.join(f'{entry.image}.png {entry.mask}.png\n' if entry.mask else f'{entry.image}\n' for entry in entries)
    write_bytes(target, text.encode())
