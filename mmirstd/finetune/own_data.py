"""Two folders as a data set: pairs, gray values and parts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from mmirstd.datasets.image_io import IMAGE_SUFFIXES, read_image
from mmirstd.datasets.image_size import image_size
from mmirstd.datasets.labels import (
    FORMATS,
    CheckOptions,
    ConvertOptions,
    ReadOptions,
    convert_labels,
    find_format,
    labels_nearby,
)
from mmirstd.datasets.labels.points import why_no_table
from mmirstd.datasets.mask_layout import SPLIT_FOLDERS
from mmirstd.datasets.name_pairs import NamePairs, has_images, image_files, pair_by_name
from mmirstd.datasets.own_split import OwnSplit, split_images, splits_not_kept
from mmirstd.datasets.points.click import GrowOptions
from mmirstd.evaluation.prediction_dump import PredictionDump
from mmirstd.utils.errors import ConfigError, DataError, MissingDataError, first_few
from mmirstd.utils.spread import spread

from .config_text import WINDOW, config_text
from .made_masks import keep_begun, make_masks
from .own_set import OwnSet, Start, find_bit_depth
from .threshold_advice import ThresholdAdvice, advise_threshold

#: Width and height of a target that a point marks, pixels.
POINT_SIZE = 5.0


@dataclass(frozen=True)
class OwnData(OwnSet):
    """Images and masks of one's own.

    Attributes:
        images: Folder of the images.
        masks: Folder of the masks.
        pairs: Which belong together.
        split: Parts of the paired images.
        loading: Loading options that the images need, such as ``bit_depth=14``.
        window: Side of the training windows, pixels.
        notes: What was found and decided, a line each.
    """

    images: Path
    masks: Path
    pairs: NamePairs
    split: OwnSplit
    loading: dict[str, Any] = field(default_factory=dict)
    window: int = WINDOW
    notes: tuple[str, ...] = ()
    measures: ClassVar[Mapping[str, str]] = {'IoU': '.3f', 'nIoU': '.3f', 'Pd': '.3f', 'Fa_e6': '.1f'}
    dumps: ClassVar[bool] = True

    @property
    def source(self) -> Path:
        """The folder of the images."""
        return self.images

    @property
    def root(self) -> Path:
        """The folder that holds both folders."""
        return Path(os.path.commonpath([self.images, self.masks]))

    def below_root(self, folder: Path) -> str:
        """A folder as ``data_prefix`` has it."""
        return folder.relative_to(self.root).as_posix()

    def list_name(self, part: str) -> str:
        """``train.txt``."""
        return f'{part}.txt'

    def list_text(self, images: Sequence[str]) -> str:
        """A line an image: image and mask in two columns."""
        return ''.join(f'{image}\t{self.pairs.pairs[image]}\n' for image in images)

    def config_text(self, start: Start, name: str) -> str:
        """See :func:`~.config_text.config_text`."""
        return config_text(
            start.base,
            start.weights,
            self.root,
            self.below_root(self.images),
            self.below_root(self.masks),
            start.recipe,
            loading=self.loading,
            data=start.options,
            window=self.window,
            command=start.command,
            split=str(self.split),
            name=name,
        )

    def test_options(self, folder: Path) -> tuple[list[str], list[str]]:
        """A dump has maps and measures."""
        return ['--dump', str(folder)], []

    def advise_threshold(self, folder: Path) -> ThresholdAdvice:
        """By the dump."""
        return advise_threshold(PredictionDump(folder))


def masks_of_labels(
    images: str | os.PathLike[str],
    labels: str | os.PathLike[str],
    out: Path,
    check: CheckOptions | None = None,
    point_size: float | None = POINT_SIZE,
    grow: GrowOptions | None = None,
    begun: bool = False,
) -> tuple[Path, Path, list[str]]:
    """Labels as a folder of masks: as they are, or made of the labels of another program.

    A folder that holds images is one of masks. A box becomes the ellipse in it: our choice, because targets are
    rounder than boxes. What an earlier call made of labels is replaced, unless a person has changed it or a training
    has begun with it (:mod:`~.made_masks`).

    Args:
        images: Folder of images.
        labels: Folder of masks; or what :func:`mmirstd.datasets.labels.read_labels` reads.
        out: Folder for masks that are made, ``data/`` in it.
        check: What is done with labels whose images are missing or of another size; None: they are errors.
        point_size: Width and height of a target that a point marks, pixels; None with ``grow``.
        grow: Points become the pixels that grow around them in the image; None: they do not.
        begun: A training has begun with the masks that are in ``out``: they stay as they are.

    Returns:
        Folder of the images, folder of the masks, and what is to be said.

    Raises:
        MissingDataError: The labels, or images that they name, are missing.
        DataError: Labels of no known format, or ``out/data`` holds what is not to be replaced.
        ConfigError: ``grow``, and the labels are masks.
    """
    source = Path(labels).expanduser()
    if source.is_dir() and has_images(source):
        if grow is not None:
            raise ConfigError(
                f'{source}: is a folder of masks, where --grow-points has no points',
                expected='a table, JSON or labels of another program with points',
                cure='leave --grow-points out. Masks of one pixel a target become a table of points by mmirstd '
                f'convert-labels DIR --to points --out clicks, where DIR holds images/ and masks/, as '
                f'{source.absolute().parent} may do',
            )
        return Path(images).expanduser(), source, []
    if not source.exists():
        raise MissingDataError(f'{source}: no such file or folder')
    try:
        known = find_format(source)
    except DataError:
        raise unknown_labels(source) from None
    options = ConvertOptions(
        source_format=known.name,
        read=ReadOptions(images=Path(images).expanduser()),
        check=check or CheckOptions(),
        point_size=point_size,
        grow=grow,
        fill='ellipse',
        images='link',
    )
    folder = out / 'data'

    def make(target: Path) -> list[str]:
        made, notes = convert_labels([source], 'masks', target, options)
        targets = sum(len(image.annotations) for image in made.images)
        said = [f'labels: {known.description}, {targets} targets; masks are made of them in {folder}', *notes]
        said += splits_not_kept(made.splits)
        given = Path(images).expanduser().resolve()
        named = {image.path.resolve() for image in made.images if image.path is not None}
        unnamed = [name for name in image_files(given) if (given / name).resolve() not in named]
        if unnamed:
            said.append(
                f'{len(unnamed)} images of {given} are not in the labels, and are left out:\n{first_few(unnamed)}'
            )
        return said

    if begun and (folder / 'masks').is_dir():
        notes = keep_begun(folder, source)
    else:
        decisive = dict(
            images=str(Path(images).expanduser().resolve()),
            point_size=point_size,
            grow=grow and asdict(grow),
            check=asdict(options.check),
        )
        notes = make_masks(folder, source, decisive, make)
    return folder / 'images', folder / 'masks', notes


def unknown_labels(source: Path) -> DataError:
    """The error of labels that no format knows, or several, or that are not there."""
    expected = f'images ({", ".join(IMAGE_SUFFIXES)}), or one of {", ".join(FORMATS)}'
    if source.is_dir() and not any(source.iterdir()):
        return DataError(
            f'{source}: this folder of labels is empty', expected=expected, cure='name the folder of the labels'
        )
    found = why_no_table(source)
    if found is not None:
        return DataError(
            f'{source}: is no table of points',
            found=found,
            expected='the columns image, x and y in the first line, and a row a target',
            cure='name the columns so; a row without x and y is an image without targets',
        )
    return DataError(
        f'{source}: holds neither masks nor labels of one known format',
        expected=expected,
        cure=labels_nearby(source)
        or 'of several formats, turn one into masks first: mmirstd convert-labels --from FORMAT --to masks',
    )


def look_at_folders(
    images: str | os.PathLike[str],
    masks: str | os.PathLike[str],
    *,
    by: str = 'auto',
    val: float = 0.15,
    test: float = 0.2,
    seed: int = 0,
    bit_depth: int | None = None,
) -> OwnData:
    """Pair, part and look at the gray values.

    Args:
        images: Folder of images, which may be in folders of their own.
        masks: Folder of masks.
        by: How images are parted, see :func:`mmirstd.datasets.own_split.split_images`.
        val: Share of validation images.
        test: Share of test images.
        seed: Of the parts.
        bit_depth: Of the images; None: what the images hold.

    Raises:
        MissingDataError: A folder does not exist.
        DataError: A folder holds no image, the names do not tell the pairs, or there are too few.
    """
    image_root, mask_root = (Path(folder).expanduser().resolve() for folder in (images, masks))
    if image_root == mask_root:
        raise DataError(f'{images}: was given twice', expected='a folder of images and one of masks')
    pairs = pair_by_name(image_files(image_root), image_files(mask_root), f'{images} and {masks}')
    split = split_images(list(pairs.pairs), by, val, test, seed)
    _check_order(images, masks, image_root, mask_root, pairs.pairs)
    loading, note = find_bit_depth([str(image_root / image) for image in pairs.pairs], bit_depth)
    told = splits_not_kept(SPLIT_FOLDERS.get(image.split('/')[0].lower()) for image in pairs.pairs)
    notes = (str(pairs), *note, *told, str(split))
    largest = max(max(image_size(image_root / image)) for image in spread(list(pairs.pairs)))
    window = min(WINDOW, -(-largest // 32) * 32)
    return OwnData(image_root, mask_root, pairs, split, loading, window, notes)


def _check_order(
    images: str | os.PathLike[str],
    masks: str | os.PathLike[str],
    image_root: Path,
    mask_root: Path,
    pairs: Mapping[str, str],
) -> None:
    """Images with two gray values and masks with many are the wrong way round."""
    some = spread(list(pairs), 4)
    if all(_values(image_root / image) <= 2 < 32 < _values(mask_root / pairs[image]) for image in some):
        raise DataError(
            f'{images}: its images have two gray values each, and those of {masks} have many',
            expected='images first, then masks',
            cure=f'swap them: {masks} {images}',
        )


def _values(path: Path) -> int:
    try:
        return len(np.unique(read_image(str(path))))
    except (DataError, OSError):  # the check of the data tells
        return 0
