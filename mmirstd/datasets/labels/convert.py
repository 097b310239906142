"""From the labels of one or several data sets to those of one, in another format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mmirstd.utils.errors import ConfigError, DataError

from ..points.click import GrowOptions
from . import mask_folder, yolo
from .changes import change_kind, merge, one_class
from .checking import CheckOptions, check
from .formats import FORMATS, Format, read_labels
from .grow import grow_points
from .label_set import LabelSet
from .options import ReadOptions
from .placing import Placing


@dataclass(frozen=True)
class ConvertOptions:
    """How labels are converted.

    Attributes:
        source_format: A key of ``choices.FORMAT_TEXTS``; None: it is found.
        read: What the label files leave open.
        check: What is done with what is wrong.
        kind: A key of ``choices.KINDS``.
        point_size: Width and height of targets that are marked by a point, pixels.
        grow: Points become the pixels that grow around them in the image; None: they do not.
        fill: A key of ``choices.FILLS``: how a box becomes pixels.
        one_class: A name for the class of all targets; None keeps the classes.
        images: A key of ``choices.COPY_MODES``.
    """

    source_format: str | None = None
    read: ReadOptions = field(default_factory=ReadOptions)
    check: CheckOptions = field(default_factory=CheckOptions)
    kind: str = 'keep'
    point_size: float | None = None
    grow: GrowOptions | None = None
    fill: str = 'ellipse'
    one_class: str | None = None
    images: str = 'copy'


def convert_labels(
    sources: Sequence[Path], target_format: str, out: Path, options: ConvertOptions | None = None
) -> tuple[LabelSet, list[str]]:
    """Read data sets, put them together, and write them.

    Args:
        sources: Files or folders.
        target_format: A key of ``choices.FORMAT_TEXTS``, none of ``choices.READ_ONLY``.
        out: The folder to write to; it may be there where no file in it has to change, and no label file in it is of
            another data set in this format.
        options: None: what is usual.

    Returns:
        What was written, and what is to be said once: what was guessed, replaced, ignored, and not held by the format.

    Raises:
        ConfigError: Options that do not go together.
        MissingDataError: A source, an image or a label file is missing.
        DataError: A file that cannot be understood, targets that are wrong, or labels in ``out`` that would be
            replaced or mixed with these; nothing is written then.
    """
    options = options or ConvertOptions()
    writing = FORMATS[target_format].write
    if writing is None:
        raise ConfigError(f'{target_format} is only read; it cannot be written')
    if options.fill == 'gaussian' and (target_format != mask_folder.NAME or options.kind != 'keep'):
        raise ConfigError(
            f'--fill gaussian writes soft masks: only --to {mask_folder.NAME} holds them, and only from boxes '
            '(without --shapes)'
        )
    if options.grow is not None and options.point_size is not None:
        raise ConfigError('--grow-points and --point-size both say how large the target of a point is; give one')
    sets = []
    for source in sources:
        # Points that are to grow are what counts, also where a target has a box beside its point.
        read = options.read if options.grow is None else replace(options.read, keypoints_first=True)
        labels = read_labels(source, options.source_format, read)
        check(labels, options.check)
        if options.grow is not None:
            grow_points(labels, options.grow)
        sets.append(labels)
    whole = merge(sets)
    if options.one_class:
        one_class(whole, options.one_class)
    change_kind(
        whole, options.kind, options.point_size, options.fill != 'box', cut_points=target_format != mask_folder.NAME
    )
    if any(out.resolve() == source.resolve() for source in sources) and options.images != 'none':
        raise ConfigError(f'{out}: is the source, too; write to another folder, or add labels alone with --copy none')
    try:
        with Placing(out, options.images, _known_labels(FORMATS[target_format], out, sources)) as placing:
            if target_format == mask_folder.NAME:
                lost = mask_folder.write(whole, placing, options.fill)
            elif target_format == yolo.NAME:
                lost = yolo.write(whole, placing, as_outlines=options.kind == 'masks')
            else:
                lost = writing(whole, placing)
    except FileExistsError as error:
        raise DataError(f'{out}: {error}; write to another folder, or remove this one') from None
    return whole, whole.notes + lost


def _known_labels(known: Format, out: Path, sources: Sequence[Path]) -> list[Path]:
    """The label files that are in a folder already; without those that are read, beside which a person adds others."""
    if not out.is_dir():
        return []
    read = {path.resolve() for source in sources for path in (*known.find(source), *known.label_files(source))}
    return [path for path in known.label_files(out) if path.resolve() not in read]
