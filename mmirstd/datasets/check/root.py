"""The splits of a folder without a config, by its layout."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mmirstd.utils.commands import command_line
from mmirstd.utils.errors import DataError, MissingDataError
from mmirstd.utils.json_text import parse_json

from ..image_io import IMAGE_SUFFIXES
from ..listed_paths import image_exists
from ..sequences import natural_key
from ..split_file import read_split_entries
from ..text_file import read_text
from ..yolo_labels import find_yolo_labels
from .finding import Finding
from .samples import Split, read_split

#: Folders of a layout by what is in them, the first that exists counts; '' is the root itself.
_IMAGES = ('images', 'image', 'imgs', 'img', '')
_MASKS = ('masks', 'mask', 'labels', 'label', 'gt')
#: Below the root, where lists are.
_LISTS = ('', 'img_idx', 'ImageSets', 'splits', 'annotations')
_ORDER = ('train', 'val', 'trainval', 'test')
_SPLIT = re.compile(r'trainval|train|val|test', re.IGNORECASE)


def splits_of_root(root: str | os.PathLike[str]) -> list[Split]:
    """Find the splits of a folder.

    COCO JSON files; else ``images/`` and ``masks/`` with lists (all images without a list); else sequences
    ``<seq>/images`` and ``<seq>/masks``; else all images of the folder, without labels.

    Args:
        root: The folder.

    Returns:
        Lists of different protocols (``train_A.txt``, ``idx320_train.txt``) are no splits of one another.

    Raises:
        MissingDataError: There is no such folder.
        DataError: It has no images.
    """
    root = Path(root).expanduser()
    if not root.is_dir():
        raise MissingDataError(f'{root}: no such folder')
    splits = list(_coco(root)) or list(_mask_layout(root)) or list(_sequences(root))
    splits.sort(key=lambda split: (split.group, (*_ORDER, split.name.split()[0]).index(split.name.split()[0])))
    seen: set[str] = set()
    for split in splits:
        if split.name in seen:  # lists of the same name in several folders
            split.name = f'{split.name} ({os.path.relpath(split.source, root)})'
            split.findings = [replace(finding, splits=(split.name,)) for finding in split.findings]
        seen.add(split.name)
    if not splits:
        raise DataError(
            f'{root}: no data set of a known layout: no COCO JSON, no images/, no <sequence>/images and no '
            'image in the folder itself'
        )
    return splits


def _split_name(stem: str) -> tuple[str, str]:
    """Name of a split and of the protocol it belongs to, from a file's name."""
    found = _SPLIT.search(stem)
    if found is None:
        return stem, stem
    name = found[0].lower()
    group = (stem[: found.start()] + stem[found.end() :]).strip('_-. ').lower()
    return f'{name} {group}' if group else name, group


def _coco(root: Path) -> Iterator[Split]:
    for folder in ('', 'annotations'):
        for path in sorted((root / folder).glob('*.json')):
            try:
                data = parse_json(read_text(path))
            except (DataError, ValueError):
                data = None
            if not isinstance(data, dict) or not isinstance(data.get('images'), list):
                if path.stem.startswith('instances'):  # it means to be one: the data set says what is wrong
                    data = {}
                else:
                    continue
            names = [str(image.get('file_name')) for image in data.get('images', [])[:20] if isinstance(image, dict)]
            places = ['', 'images', *sorted(entry.name for entry in root.iterdir() if entry.is_dir())]
            prefix = next(
                (
                    place
                    for place in places
                    if any(image_exists(root / place, name.replace('\\', '/')) for name in names)
                ),
                '',
            )
            name, group = _split_name(re.sub(r'^instances_|(?<=[a-z])20\d\d$', '', path.stem))
            yield read_split(
                name,
                dict(
                    type='mmirstd.ClipDataset',
                    data_root=str(root),
                    ann_file=str(path.relative_to(root)),
                    data_prefix=dict(img=prefix),
                    num_frames=1,
                    test_mode=not name.startswith('train'),
                    bad_box='error',
                ),
                group,
            )


def _mask_layout(root: Path) -> Iterator[Split]:
    images = next((name for name in _IMAGES if _has_images(root / name)), None)
    if images is None:
        return
    masks = next((name for name in _MASKS if _has_images(root / name)), None)
    config = dict(
        type='mmirstd.SIRSTDataset', data_root=str(root), data_prefix=dict(img_path=images, seg_map_path=masks)
    )
    findings = []
    if masks is None:
        first = next(path for path in sorted((root / images).iterdir()) if path.suffix.lower() in IMAGE_SUFFIXES)
        labels = find_yolo_labels(first)
        findings.append(
            Finding(
                'warning',
                'no masks',
                (),
                f'there is no folder {" or ".join(_MASKS)} with images in {root}'
                + (f', but there are YOLO labels ({labels})' if labels else ''),
                command_line('convert-labels', root, '--from', 'yolo', '--to', 'coco', '--out', root, '--copy', 'none')
                if labels
                else 'add the masks, or name their folder in a config (data_prefix.seg_map_path)',
            )
        )
    splits = [
        read_split(name, dict(config, ann_file=str(path.relative_to(root))), group)
        for path, (name, group) in ((path, _split_name(path.stem)) for path in _lists(root))
    ]
    splits = splits or [read_split('all', config)]
    splits[0].findings += [replace(finding, splits=tuple(split.name for split in splits)) for finding in findings]
    yield from splits


def _lists(root: Path) -> Iterator[Path]:
    """Text files whose entries are images: README.txt is none."""
    folders = [root / name for name in _LISTS] + sorted(root.glob('idx_*'))
    found = {path for folder in folders for path in folder.glob('*.txt')}
    for path in sorted(found, key=lambda path: natural_key(str(path))):
        try:
            entries = read_split_entries(path)
        except DataError:
            entries = []
        stems = {Path(entry.image).name for entry in entries}
        if _SPLIT.search(path.stem) or stems & _stems(root):
            yield path


def _stems(root: Path) -> set[str]:
    return {path.stem for name in _IMAGES[:-1] if (root / name).is_dir() for path in (root / name).iterdir()}


def _sequences(root: Path) -> Iterator[Split]:
    if any(_has_images(entry / 'images') for entry in root.iterdir() if entry.is_dir()):
        yield read_split('all', dict(type='mmirstd.MaskClipDataset', data_root=str(root), num_frames=1))


def _has_images(folder: Path) -> bool:
    return folder.is_dir() and any(path.suffix.lower() in IMAGE_SUFFIXES for path in folder.iterdir())
