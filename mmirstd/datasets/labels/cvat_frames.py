"""Which image is which frame of a video in CVAT's XML, where no image is named.

A frame's number counts the frames of the video or the images of the task from 0. A task may begin later and leave
frames out: its k-th frame is ``start_frame + k * step``, also in the file of one job. CVAT names images that it exports
by these numbers; other programs count from 1.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree.ElementTree import Element

from mmirstd.utils.errors import DataError

from ..sequences import frame_number
from .image_files import ImageFolder
from .xml_file import whole

#: Of a video; ten hours. A file that claims more would fill the memory.
MAX_FRAMES = 1_000_000
_CVAT_NAME = re.compile(r'(.*/)?frame_\d{6,}\.\w+')
_STEP = re.compile(r'step\s*=\s*([1-9]\d{0,8})')


def task_frames(path: Path, root: Element) -> range | None:
    """The numbers of a task's frames; None where the file does not say how many there are.

    Raises:
        DataError: It says so for several tasks, or there are too many.
    """
    sizes = [element.text for element in root.findall('meta//size')]
    if len(sizes) > 1:
        raise DataError(
            str(path),
            found=f'videos of {len(sizes)} tasks in one file, whose frames have the same numbers',
            expected='one task',
            cure='export each task of the project',
        )
    count = whole(path, 'size', sizes[0]) if sizes and sizes[0] else 0
    if not 0 <= count <= MAX_FRAMES:
        raise DataError(f'{path}: has {count:,} frames', expected=f'0 to {MAX_FRAMES:,}')
    if not count:
        return None
    first = root.findtext('meta//start_frame')
    start = whole(path, 'start_frame', first) if first else 0
    step = _STEP.search(root.findtext('meta//frame_filter') or '')
    return range(start, start + count * (int(step[1]) if step else 1), int(step[1]) if step else 1)


def images_of_frames(
    path: Path, root: Element, frames: range | None, labeled: set[int], folder: ImageFolder
) -> dict[int, str]:
    """The image of each frame.

    As many images as frames are those of the task, in their order. Otherwise the numbers in their names tell, where
    these are sure to count from 0.

    Args:
        path: The XML file, for messages.
        root: Its content.
        frames: See :func:`task_frames`.
        labeled: Frames with a target.
        folder: The images.

    Returns:
        Frame number -> name of its image, for those that are there.

    Raises:
        DataError: It cannot be told.
    """
    names = folder.names
    if not names:
        return {}
    from_cvat = all(_CVAT_NAME.fullmatch(name) for name in names)
    if frames is not None and not from_cvat and root.find('meta//original_size') is None and sorted(names) != names:
        # CVAT sorts images that are given to it by their letters; a video has an order of its own.
        raise _unclear(
            path,
            folder,
            f'names whose order as numbers is not that of their letters (as {_first_step_back(names)})',
            'names with the same number of digits',
        )
    if frames is not None and len(names) == len(frames) and all(frame in frames for frame in labeled):
        return dict(zip(frames, names))
    by_number: dict[int, str] = {}
    for name in names:
        number = frame_number(name)
        if number is not None and by_number.setdefault(number, name) != name:
            raise DataError(
                f'{folder.root}: several images have the same frame number: {by_number[number]} and {name}; name the '
                f'folder of the frames of {path} (--images)'
            )
    if 0 not in by_number and not from_cvat:
        count = 'no number of frames' if frames is None else f'{len(frames)} frames from {frames[0]} on'
        raise _unclear(
            path,
            folder,
            f'{len(names)} images from {names[0]} on, and {count} in the XML file',
            'an image for each frame and no other one, or numbers that count from 0',
        )
    return by_number


def _unclear(path: Path, folder: ImageFolder, found: str, expected: str) -> DataError:
    return DataError(
        f'{folder.root}: does not tell which image is which frame of {path}',
        found=found,
        expected=expected,
        cure='name the folder of the frames (--images), number them from 0, or export "CVAT for images 1.1", which has '
        'the names of the images',
    )


def _first_step_back(names: list[str]) -> str:
    """Two neighbors, the second of which has the smaller letters."""
    return next(f'{first}, {second}' for first, second in zip(names, names[1:]) if second < first)
