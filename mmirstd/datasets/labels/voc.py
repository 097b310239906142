"""Pascal VOC: an XML file an image, with boxes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

from mmirstd.utils.errors import DataError, MissingDataError, first_few

from ..mask_layout import MASK_FOLDERS, split_of
from ..split_file import read_split
from .classes import TARGET, ClassIndex
from .image_files import ImageFolder, clean_name, short_name
from .label_set import Annotation, LabeledImage, LabelSet
from .options import ReadOptions
from .placing import Placing
from .shapes import Box, Point
from .xml_file import child, number, read_xml, whole, xml_text

NAME = 'voc'
_EXPECTED = 'Pascal VOC XML (an annotation with objects)'
_SPLITS = ('train', 'val', 'test')
#: Folders, in lower case, whose images are labels.
_MASK_NAMES = {
    *(name.split('/')[-1] for name in MASK_FOLDERS),
    *('segmentationclass', 'segmentationobject', 'palettemask'),
}


def find(source: Path) -> list[Path]:
    """The XML files below a folder that hold an ``<annotation>``; of a file, itself."""
    paths = [source] if source.is_file() else [path for path in sorted(source.rglob('*.xml')) if path.is_file()]
    return [path for path in paths if path.suffix.lower() == '.xml' and _is_voc(path)]


def _is_voc(path: Path) -> bool:
    with open(path, 'rb') as file:
        # also in UTF-16, whose other bytes are zero
        return b'<annotation>' in file.read(8192).replace(b'\0', b'')


def read(source: Path, options: ReadOptions) -> LabelSet:
    """Read the XML files of a source; ``ImageSets/Main`` has the splits."""
    files = find(source)
    root = source.parent if source.is_file() else source
    if root.name == 'Annotations':
        root = root.parent
    folder = ImageFolder(options.images or root, options.by_number)
    classes = ClassIndex(options.names)
    labels = LabelSet(str(source), [], [])
    roots = {path: read_xml(path, _EXPECTED) for path in files}
    edges = _are_edges(roots, options, labels.notes)
    used: set[str] = set()
    background = 0
    for path, content in roots.items():
        image = _image(path, content, folder, root)
        if image.path is not None:
            used.add(image.name)
        for item in content.iter('object'):
            if item.find('bndbox') is None and item.find('pixels') is not None:
                background += 1
            else:
                image.annotations.append(_annotation(path, item, classes, edges))
        labels.images.append(image)
    if background:
        labels.notes.append(
            f'{background} objects have <pixels> and no bndbox: SIRST-V2 writes them for images without targets, so '
            'they are left out'
        )
    unlabeled = [name for name in folder.names if name not in used and not _is_mask(name)]
    if unlabeled and source.is_dir():
        labels.notes.append(
            f'{len(unlabeled)} images have no XML file: without targets\n{first_few(unlabeled)}\n  '
            'If they were not looked at yet, remove them'
        )
        labels.images += [LabeledImage(name, folder.path(name), where=str(source)) for name in unlabeled]
    labels.images = _with_splits(labels.images, root, labels.notes)
    labels.classes = classes.names or [TARGET]
    return labels


def _is_mask(name: str) -> bool:
    """Whether a folder says that an image is a label: of VOC's segmentation, or of SIRST's masks."""
    return any(part.lower() in _MASK_NAMES for part in name.split('/')[:-1])


def _image(path: Path, content: Element, folder: ImageFolder, root: Path) -> LabeledImage:
    if content.tag != 'annotation':
        raise DataError(f'{path}: the root is <{content.tag}>; expected {_EXPECTED}')
    listed = (content.findtext('filename') or '').strip()
    below = Path(*_parts(path.relative_to(root))).parent
    # <filename> often has no folder: then that of the XML tells.
    place = listed if {'/', '\\'} & set(listed) else (below / listed).as_posix()
    # Files are renamed and <filename> stays: then the XML's own name tells.
    name = (folder.find(place, path.parent) if listed else None) or folder.find(
        (below / path.stem).as_posix(), path.parent
    )
    sides = [content.findtext(f'size/{side}') for side in ('height', 'width')]
    height, width = (whole(path, 'size', side) if side and side.strip() else 0 for side in sides)
    return LabeledImage(
        name or listed or path.stem,
        folder.path(name) if name else None,
        height or None,  # labelImg and others write 0 where they do not know
        width or None,
        where=str(path),
    )


def _are_edges(roots: dict[Path, Element], options: ReadOptions, notes: list[str]) -> bool:
    """Whether corners are distances from 0, not numbers of pixels from 1."""
    corners = [
        [(box.findtext(side) or '').strip() for side in ('xmin', 'ymin', 'xmax', 'ymax')]
        for content in roots.values()
        for box in content.iter('bndbox')
    ]
    if options.corners is not None or not corners:
        return options.corners == 'edges'
    zero = any(text.strip('0.') == '' and text for corner in corners for text in corner[:2])
    flat = any(corner[0] == corner[2] or corner[1] == corner[3] for corner in corners)
    if zero and flat:
        raise DataError(
            'the XML files have corners of 0 and boxes whose first and last pixel are one: programs with different '
            'rules wrote them; convert them apart, with --corners voc and --corners edges'
        )
    if zero:
        notes.append('corners of 0 were found, so all are taken for edges counted from 0 (--corners voc: from 1)')
    else:
        notes.append(
            'corners are taken as VOC defines them: pixels counted from 1, the last one included. For files of '
            'labelImg use --corners edges'
        )
    return zero


def _annotation(path: Path, item: Element, classes: ClassIndex, edges: bool) -> Annotation:
    name = item.findtext('name')
    box = item.find('bndbox')
    if box is None:
        raise DataError(f'{path}: the object {name!r} has no bndbox; expected xmin, ymin, xmax and ymax')
    x1, y1, x2, y2 = (number(path, side, box.findtext(side)) for side in ('xmin', 'ymin', 'xmax', 'ymax'))
    x1, x2, y1, y2 = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
    offset = 0 if edges else 1
    return Annotation(
        Box(x1 - offset, y1 - offset, x2, y2),
        classes.index(name, path),
        ignore=(item.findtext('difficult') or '0').strip() == '1',
    )


def _with_splits(images: list[LabeledImage], root: Path, notes: list[str]) -> list[LabeledImage]:
    """The images once for each list of ``ImageSets/Main`` that has them; without lists the folders tell the split."""
    members: dict[str, list[str]] = {}
    for split in _SPLITS:
        path = root / 'ImageSets' / 'Main' / f'{split}.txt'
        if path.is_file() and path.read_text(encoding='utf-8-sig').strip():
            members[split] = read_split(path)
    if not members:
        return [replace(image, split=split_of(Path(image.name).parts[:-1])) for image in images]
    indexes = [  # an XML file keeps its name where the image was renamed
        _NameIndex((Path(image.where).relative_to(root), image) for image in images if image.where.endswith('.xml')),
        _NameIndex((Path(image.name), image) for image in images),
    ]
    divided: list[LabeledImage] = []
    for split, stems in members.items():
        for stem in stems:
            fits = next((fits for index in indexes if (fits := index.find(stem))), [])
            if len(fits) > 1:
                raise DataError(
                    f'{root}/ImageSets/Main/{split}.txt: {stem!r}',
                    found=f'{len(fits)} images of this name ({", ".join(image.name for image in fits[:3])})',
                    expected='one',
                    cure='write their folders into the list, as folder/name',
                )
            image = fits[0] if fits else None
            if image is None:
                raise MissingDataError(
                    f'{root}/ImageSets/Main/{split}.txt: there is neither an XML file nor an image for {stem!r}; '
                    'add them, or remove the line'
                )
            divided.append(
                LabeledImage(
                    image.name, image.path, image.height, image.width, image.annotations, split, where=image.where
                )
            )
    listed = {image.name for image in divided}
    unlisted = [image.name for image in images if image.name not in listed]
    if unlisted:
        notes.append(
            f'{len(unlisted)} images are in none of the lists {", ".join(members)} of ImageSets/Main and left out:\n'
            f'{first_few(unlisted)}'
        )
    return divided


class _NameIndex:
    """Images by what a list says for their names.

    Args:
        entries: Path of an image or its XML file below the data set, and the image.
    """

    def __init__(self, entries: Iterable[tuple[Path, LabeledImage]]) -> None:
        self._whole: dict[str, list[LabeledImage]] = {}
        self._by_end: dict[str, list[LabeledImage]] = {}
        for path, image in entries:
            parts = _parts(path.with_suffix(''))
            self._whole.setdefault('/'.join(parts), []).append(image)
            for start in range(len(parts)):
                self._by_end.setdefault('/'.join(parts[start:]), []).append(image)

    def find(self, listed: str) -> list[LabeledImage]:
        """The images that a line fits.

        It may leave out the first folders of a name, or have more in front of it, but no other folder: ``b/001`` is not
        ``a/001``.
        """
        whole = clean_name(listed)
        for name in dict.fromkeys((whole, short_name(whole))):
            parts = name.split('/')
            rests = ['/'.join(parts[start:]) for start in range(1, len(parts))]
            fits = self._whole.get(name) or self._by_end.get(name)
            fits = fits or next((self._whole[rest] for rest in rests if rest in self._whole), None)
            if fits:
                return fits
        return []


def _parts(path: Path) -> tuple[str, ...]:
    """The parts of a path below the data set, without VOC's folder."""
    return path.parts[1:] if path.parts[0] in ('Annotations', 'JPEGImages') else path.parts


def write(labels: LabelSet, placing: Placing) -> list[str]:
    """Write ``JPEGImages``, ``Annotations`` and ``ImageSets/Main``: corners as VOC defines them.

    Returns:
        What the format does not hold.
    """
    lost = Counter[str]()
    for image in labels.images:
        height, width = image.size
        place = placing.place(image, 'JPEGImages')
        root = Element('annotation')
        child(root, 'folder', 'JPEGImages')
        child(root, 'filename', Path(place).name)
        source = child(root, 'source')
        child(source, 'database', Path(labels.source).name)
        child(source, 'annotation', 'mmirstd')
        size = child(root, 'size')
        for key, value in (('width', width), ('height', height), ('depth', 1)):
            child(size, key, value)
        child(root, 'segmented', 0)
        for annotation in image.annotations:
            shape = annotation.shape
            if isinstance(shape, Point):
                raise DataError('Pascal VOC holds no points; give their size with --point-size')
            lost['outlines became boxes'] += not isinstance(shape, Box) or bool(shape.angle)
            item = child(root, 'object')
            child(item, 'name', labels.classes[annotation.label])
            child(item, 'pose', 'Unspecified')
            child(item, 'truncated', 0)
            child(item, 'difficult', int(annotation.ignore))
            box = child(item, 'bndbox')
            corners, rounded = _whole_pixels(shape.bounds, height, width)
            lost['boxes were rounded to whole pixels'] += rounded
            for side, corner in zip(('xmin', 'ymin', 'xmax', 'ymax'), corners):
                child(box, side, corner)
        placing.label(f'Annotations/{image.stem}.xml', xml_text(root))
    for split in labels.splits:
        if split:
            stems = [image.stem for image in labels.images if image.split == split]
            placing.label(f'ImageSets/Main/{split}.txt', ''.join(stem + '\n' for stem in stems))
    return [f'{count} {text}' for text, count in lost.items() if count]


def _whole_pixels(bounds: tuple[float, ...], height: int, width: int) -> tuple[list[int], bool]:
    """First and last pixel of a box, from 1, each side to the nearest edge and at least one pixel; whether it moved."""
    first, last = [], []
    for start, end, limit in ((bounds[0], bounds[2], width), (bounds[1], bounds[3], height)):
        low, high = round(start), round(end)
        if high <= low:  # less than a pixel: the one that holds its center
            low = int((start + end) // 2)
            high = low + 1
        low = min(max(low, 0), limit - 1)
        first.append(low + 1)
        last.append(min(max(high, low + 1), limit))
    corners = [*first, *last]
    moved = any(
        abs(corner - value) > 1e-6 for corner, value in zip(corners, (bounds[0] + 1, bounds[1] + 1, *bounds[2:]))
    )
    return corners, moved
