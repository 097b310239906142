"""The files that can be downloaded: of one image or video, or of several images."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from mmirstd.apis.frame_result import FrameResult
from mmirstd.apis.output_folder import FRAMES_SUFFIX, LOG_NAME, OutputFolder
from mmirstd.apis.result_kinds import MAP_KINDS
from mmirstd.apis.result_writer import DEFAULT_FPS, ResultWriter

#: What is written of an image or a video -> where :class:`~.result_writer.ResultWriter` puts it, and what is it called.
_FILES = {
    'csv': ('csv', '.csv', '-targets.csv'),
    'json': ('json', '.json', '-targets.json'),
    'tracks': ('tracks', '.csv', '-tracks.csv'),
    'mask': ('masks', '.png', '-mask.png'),
    'overlay': ('overlays', '.png', '-overlay.png'),
}
_IMAGE_COLUMNS = ('source', 'width', 'height', 'dtype', 'targets', 'highest', 'seconds', 'problem')


@dataclass
class Entry:
    """One file of those that were sent, and what came of it.

    Attributes:
        name: What it is called.
        first: Index of its first result in the session's; None where there is none.
        seconds: That the model took, reading included.
        problem: Why there is no result, or not of all frames.
    """

    name: str
    first: int | None = None
    seconds: float | None = None
    problem: str | None = None


def write_alone(
    root: Path,
    results: Sequence[FrameResult],
    kinds: set[str],
    head: Mapping[str, Any],
    fps: float | None,
    problem: str | None,
) -> dict[str, Path]:
    """Write the files of one image or video.

    Args:
        root: Folder for them, made here.
        results: Of the frames.
        kinds: Of ``csv``, ``json``, ``mask``, ``tracks`` and ``overlay``; maps of a detector are left out.
        head: For the head of the JSON file.
        fps: Frame rate of the video.
        problem: Why it ended early.

    Returns:
        Kind -> file; with ``overlay`` of a video also ``preview``, which browsers play.
    """
    source = results[0].source
    sequence = not source.still
    _write(OutputFolder(root / 'results', {}), results, kinds, head, fps, problem)
    files = {}
    for kind in sorted(kinds - (MAP_KINDS if results[0].mask is None else set())):
        folder, suffix, ending = _FILES[kind]
        made = root / 'results' / folder
        if kind == 'overlay' and sequence:
            suffix, ending = '.mp4', '-overlay.mp4'
        if kind == 'mask' and sequence:
            packed = shutil.make_archive(str(root / 'masks'), 'zip', next(made.glob(f'*{FRAMES_SUFFIX}')))
            files[kind] = Path(packed).rename(root / f'{source.name}-masks.zip')
            continue
        files[kind] = next(made.glob(f'*{suffix}')).rename(root / f'{source.name}{ending}')
    shutil.rmtree(root / 'results')
    if 'overlay' in files and sequence:
        preview = root / f'{source.name}-preview.webm'
        if _write_webm(files['overlay'], preview):
            files['preview'] = preview
    return files


def write_batch(
    root: Path,
    title: str,
    results: Sequence[FrameResult],
    entries: Sequence[Entry],
    kinds: set[str],
    head: Mapping[str, Any],
) -> dict[str, Path]:
    """Write the files of several images.

    Args:
        root: Folder for them, made here.
        title: Their name.
        results: One of each image.
        entries: The images, also those without a result.
        kinds: As for :func:`write_alone`.
        head: For the heads of the JSON files.

    Returns:
        ``csv``: the targets of all; ``images``: a table with a line for each image; ``all``: a ZIP with both and a
        folder for each of the kinds, laid out as ``mmirstd infer`` does it.
    """
    output = OutputFolder(root / 'results', {})
    for result in results:
        _write(output, [result], kinds, head, None, None)
    table = output.write_table()
    (output.root / LOG_NAME).unlink()
    images = output.root / 'images.csv'
    with images.open('w', newline='', encoding='utf-8', errors='surrogateescape') as file:
        writer = csv.writer(file)
        writer.writerow(_IMAGE_COLUMNS)
        writer.writerows(_image_row(entry, results) for entry in entries)
    files = {
        'csv': Path(shutil.copyfile(table, root / f'{title}-targets.csv')),
        'images': Path(shutil.copyfile(images, root / f'{title}-images.csv')),
        'all': Path(shutil.make_archive(str(root / f'{title}-results'), 'zip', output.root)),
    }
    shutil.rmtree(output.root)
    return files


def _image_row(entry: Entry, results: Sequence[FrameResult]) -> list[Any]:
    if entry.first is None or entry.seconds is None:
        return [entry.name, *[''] * 6, entry.problem]
    result = results[entry.first]
    height, width = result.image.shape
    best = '' if result.highest is None else round(result.highest[0], 6)
    return [entry.name, width, height, result.image.dtype, len(result.targets), best, round(entry.seconds, 4), '']


def _write(
    output: OutputFolder,
    results: Sequence[FrameResult],
    kinds: set[str],
    head: Mapping[str, Any],
    fps: float | None,
    problem: str | None,
) -> None:
    writer = ResultWriter(output, results[0].source, kinds, head, fps)
    try:
        for result in results:
            writer.add(result)
        writer.close(problem=problem)
    except BaseException:
        writer.abort()
        raise


def _write_webm(video: Path, path: Path) -> bool:
    """The same pictures as VP8, which browsers play, unlike the MPEG-4 part 2 of our MP4; False where OpenCV cannot."""
    capture = cv2.VideoCapture(str(video))
    writer = None
    count = 0
    try:
        fps = capture.get(cv2.CAP_PROP_FPS) or DEFAULT_FPS
        while True:
            found, frame = capture.read()
            if not found:
                break
            if writer is None:
                writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'VP80'), fps, frame.shape[1::-1])
            if not writer.isOpened():
                break
            writer.write(frame)
            count += 1
    finally:
        capture.release()
        if writer is not None:
            writer.release()
    if count == 0 or not path.is_file():
        path.unlink(missing_ok=True)
        return False
    return True
