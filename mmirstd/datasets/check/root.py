"""The splits of a folder without a config, by its layout."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmirstd.utils.commands import command_line
from mmirstd.utils.errors import DataError, MissingDataError
from mmirstd.utils.json_text import parse_json

from ..image_io import IMAGE_SUFFIXES
from ..listed_paths import image_exists
from ..mask_layout import (
    MASK_FOLDERS,
    SPLIT_FOLDERS,
    SPLIT_WORD,
    MaskPart,
    folder_of,
    list_folders,
    lists_in,
    mask_parts,
    names_any,
    names_of,
    sequence_parts,
)
from ..sequences import natural_key
from ..split_file import read_split_entries
from ..text_file import read_text
from .finding import Finding
from .samples import Split, read_split

#: Below the root, where also lists are looked for whose names tell no split.
_LISTS = ('', 'img_idx', 'imagesets', 'splits', 'annotations')
_ORDER = ('train', 'val', 'trainval', 'test')


def splits_of_root(root: str | os.PathLike[str]) -> list[Split]:
    """Find the splits of a folder.

    COCO JSON files; else ``images/`` and ``masks/`` with lists (all images without a list) or with a folder for each
    split; else sequences, as ``<seq>/images`` and ``<seq>/masks`` or as ``images/<seq>`` and ``masks/<seq>``; else all
    images of the folder, without labels. :mod:`~..mask_layout` has the names of the folders.

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
        labels, cure = _other_labels(root)
        raise DataError(
            f'{root}: no data set of a known layout: no COCO JSON, no images/, no <sequence>/images and no '
            'image in the folder itself',
            found=labels,
            cure=cure,
        )
    return splits


def _split_name(stem: str) -> tuple[str, str]:
    """Name of a split and of the protocol it belongs to, from a file's name."""
    found = SPLIT_WORD.search(stem)
    if found is None:
        return stem, stem
    name = found[0].lower()
    group = (stem[: found.start()] + stem[found.end() :]).strip('_-. ').lower()
    return f'{name} {group}' if group else name, group


def _coco(root: Path) -> Iterator[Split]:
    found = [
        path
        for place in ('*.json', 'annotations/*.json', '*/_annotations.coco.json')
        for path in sorted(root.glob(place))
    ]
    for path in found:
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
        if path.name == '_annotations.coco.json':  # Roboflow's, beside the images of one split
            places = [os.path.relpath(path.parent, root)]
        prefix = next(
            (place for place in places if any(image_exists(root / place, name.replace('\\', '/')) for name in names)),
            '',
        )
        roboflow = SPLIT_FOLDERS.get(path.parent.name.lower()) if path.name == '_annotations.coco.json' else None
        name, group = _split_name(roboflow or re.sub(r'^instances_|(?<=[a-z])20\d\d$', '', path.stem))
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
    parts = mask_parts(root) or ([MaskPart(root, folder_of(root, MASK_FOLDERS))] if _has_images(root) else [])
    if not all(_has_images(part.images) for part in parts):  # sequences
        return
    for part in parts:
        yield from _splits_of_part(root, part, whole=len(parts) == 1)


def _splits_of_part(root: Path, part: MaskPart, whole: bool) -> Iterator[Split]:
    """The splits of a folder of images and one of masks: those of its lists, else all of it.

    Args:
        root: Of the data set.
        part: The folders.
        whole: They are the whole data set.
    """
    config = dict(
        type='mmirstd.SIRSTDataset',
        data_root=str(root),
        data_prefix=dict(
            img_path=os.path.relpath(part.images, root),
            seg_map_path=None if part.masks is None else os.path.relpath(part.masks, root),
        ),
    )
    lists = list(_lists(root, part.images)) if whole else []
    several = len({path.parent for path in lists if path.parent not in (root, root / 'img_idx')}) > 1
    splits = []
    for path in lists:
        name, group = _split_name(path.stem)
        # lists in several folders are several protocols
        group = f'{group} {path.parent.name}'.strip() if several and path.parent != root else group
        splits.append(read_split(name, dict(config, ann_file=str(path.relative_to(root))), group))
    splits = splits or [read_split(part.split or 'all', config)]
    if part.masks is None:
        finding = _no_masks(root, part.images)
        splits[0].findings.append(replace(finding, splits=tuple(split.name for split in splits)))
    yield from splits


def _no_masks(root: Path, images: Path) -> Finding:
    labels, cure = _other_labels(root)
    return Finding(
        'warning',
        'no masks',
        (),
        f'there is no folder {" or ".join(MASK_FOLDERS[:5])} with images for those of {images}'
        + (f', but there are {labels}' if labels else ''),
        cure or 'add the masks, or name their folder in a config (data_prefix.seg_map_path)',
    )


def _other_labels(root: Path) -> tuple[str | None, str | None]:
    """Labels of another program, and the command that makes COCO of them; None where there are none."""
    from ..labels import FORMATS

    for name, known in FORMATS.items():
        if name not in ('masks', 'coco') and (files := known.find(root)):
            command = command_line(
                'convert-labels', root, '--from', name, '--to', 'coco', '--out', root, '--copy', 'none'
            )
            return f'labels of the format {name} ({files[0]})', f'{command}, then check that folder again'
    return None, None


def _lists(root: Path, images: Path) -> Iterator[Path]:
    """Text files whose entries are images: README.txt is none."""
    stems = {path.stem for path in images.iterdir()}
    for folder in list_folders(root):
        known = folder == root or folder.name.lower() in _LISTS or folder.name.startswith('idx_')
        for path in sorted(folder.glob('*.txt'), key=lambda path: natural_key(path.name)):
            tells = SPLIT_WORD.search(path.stem) is not None
            if not (known or tells):
                continue
            try:
                entries = read_split_entries(path)
            except DataError:
                entries = []
            named = {Path(entry.image).name for entry in entries}
            if (known and tells) or named & stems:
                yield path


def _sequences(root: Path) -> Iterator[Split]:
    """A folder of images and one of masks around all sequences, or in each of them."""
    for part in mask_parts(root):
        if part.masks is not None:
            around = dict(
                image_folder=os.path.relpath(part.images, root), mask_folder=os.path.relpath(part.masks, root)
            )
            yield from _splits_of_sequences(root, around, part.split)
    folders: dict[Path, tuple[str, MaskPart]] = {}
    for part in sequence_parts(root) if not mask_parts(root) else []:
        place = (root / str(part.sequence)).parent
        folders.setdefault(place, (part.split or '', part))
    for place, (split, part) in folders.items():
        sequence = root / str(part.sequence)
        config = dict(
            data_prefix=dict(img='' if place == root else place.name),
            image_folder=os.path.relpath(part.images, sequence),
            mask_folder='masks' if part.masks is None else os.path.relpath(part.masks, sequence),
        )
        yield from _splits_of_sequences(root, config, split or None)


def _splits_of_sequences(root: Path, folders: Mapping[str, Any], split: str | None) -> Iterator[Split]:
    """The splits of sequences: those of the lists, else all of them.

    Args:
        root: Of the data set.
        folders: Arguments of the data set that tell its folders.
        split: What the folder tells; then there are no lists.
    """
    config = dict(type='mmirstd.MaskClipDataset', data_root=str(root), num_frames=1, **folders)
    lists = [path for folder in list_folders(root) for path in lists_in(folder)] if split is None else []
    usual = (root, root / 'img_idx')
    names = names_of(root) if any(path.parent not in usual for path in lists) else set()
    lists = [path for path in lists if path.parent in usual or names_any(path, names)]
    for path in lists:
        name, group = _split_name(path.stem)
        yield read_split(name, dict(config, ann_file=str(path.relative_to(root))), group)
    if not lists:
        yield read_split(split or 'all', config)


def _has_images(folder: Path) -> bool:
    return folder.is_dir() and any(path.suffix.lower() in IMAGE_SUFFIXES for path in folder.iterdir())
