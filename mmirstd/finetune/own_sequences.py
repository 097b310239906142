"""Sequences of one's own with boxes, points or masks: what is needed to train a detector of moving targets."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from mmirstd.datasets.image_io import read_mask
from mmirstd.datasets.labels import (
    FORMATS,
    Annotation,
    CheckOptions,
    LabeledImage,
    LabelSet,
    ReadOptions,
    change_kind,
    check,
    find_format,
    one_class,
    read_labels,
)
from mmirstd.datasets.labels.coco import coco_content
from mmirstd.datasets.labels.grow import grow_points
from mmirstd.datasets.labels.mask_folder import parts_of
from mmirstd.datasets.name_pairs import has_images, image_files, pair_by_name
from mmirstd.datasets.own_split import OwnSplit, sequence_of, split_images, splits_not_kept
from mmirstd.datasets.points.click import GrowOptions
from mmirstd.datasets.sequences import natural_key
from mmirstd.utils.errors import DataError, MissingDataError

from .config_text import clip_config_text
from .own_data import POINT_SIZE, unknown_labels
from .own_frames import decode_videos, find_videos
from .own_set import OwnSet, Start, find_bit_depth
from .threshold_advice import ThresholdAdvice, advise_score

#: What labels of one sequence are called: its name, and one of these.
_LABEL_SUFFIXES = ('', '.json', '.xml', '.csv', '.txt')


@dataclass(frozen=True)
class OwnSequences(OwnSet):
    """Sequences of one's own.

    Attributes:
        given: Frames or videos as the user named them.
        frames: Folder of the frames.
        labels: Boxes of the labeled frames; an image's ``video`` is its sequence.
        split: Parts of the labeled frames.
        num_frames: Frames of a clip.
        loading: Loading options that the frames need.
        notes: What was found and decided, a line each.
    """

    given: Path
    frames: Path
    labels: LabelSet
    split: OwnSplit
    num_frames: int
    loading: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    measures: ClassVar[Mapping[str, str]] = {'mAP50': '.3f', 'F1': '.3f', 'Pd': '.3f', 'Fa_e6': '.1f'}
    dumps: ClassVar[bool] = False

    @property
    def source(self) -> Path:
        """The frames or videos."""
        return self.given

    def list_name(self, part: str) -> str:
        """``train.json``."""
        return f'{part}.json'

    def list_text(self, images: Sequence[str]) -> str:
        """COCO, with the sequences."""
        by_path = {_below(image, self.frames): image for image in self.labels.images}
        return json.dumps(coco_content(self.labels, [(by_path[name], name) for name in images])) + '\n'

    def config_text(self, start: Start, name: str) -> str:
        """See :func:`~.config_text.clip_config_text`."""
        return clip_config_text(
            start.base,
            start.weights,
            self.frames,
            self.num_frames,
            start.recipe,
            loading=self.loading,
            data=start.options,
            command=start.command,
            split=str(self.split),
            name=name,
        )

    def test_options(self, folder: Path) -> tuple[list[str], list[str]]:
        """Measures and detections."""
        folder.mkdir(parents=True, exist_ok=True)
        return (
            ['--out', str(folder / 'metrics.json')],
            [f'test_evaluator.results_out={folder / "detections.json"}'],
        )

    def advise_threshold(self, folder: Path) -> ThresholdAdvice:
        """By the detections of the validation frames."""
        return advise_score(folder.parent / self.list_name('val'), folder / 'detections.json')


def look_at_sequences(
    frames: str | os.PathLike[str],
    labels: str | os.PathLike[str],
    out: Path,
    num_frames: int,
    *,
    by: str = 'auto',
    val: float = 0.15,
    test: float = 0.2,
    seed: int = 0,
    bit_depth: int | None = None,
    check_options: CheckOptions | None = None,
    point_size: float | None = POINT_SIZE,
    grow: GrowOptions | None = None,
    first_frame: int = 0,
    in_time: bool = True,
    begun: bool = False,
) -> OwnSequences:
    """Decode videos, read labels, part the sequences and look at the gray values.

    Args:
        frames: A folder of frames with a folder for each sequence, a video, or a folder of videos.
        labels: Labels of another program, for all sequences or a file or folder for each; or a folder of masks.
        out: Where frames of videos go, ``frames/`` in it.
        num_frames: Frames of a clip.
        by: See :func:`mmirstd.datasets.own_split.split_images`.
        val: Share of validation frames.
        test: Share of test frames.
        seed: Of the parts.
        bit_depth: Of the frames; None: what they hold.
        check_options: What is done with labels whose frames are missing or of another size; None: they are errors.
        point_size: Width and height of a target that a point marks, pixels; None with ``grow``.
        grow: Points become the pixels that grow around them in the frame, and the box around these; None: they do not.
        first_frame: The number that labels give to the first frame of a video.
        in_time: The images of a folder follow each other; False: they are stills, and few folders are parted image by
            image.
        begun: A training has begun with the frames of videos that are in ``out``: they stay as they are.

    Raises:
        MissingDataError: Frames or labels are missing.
        DataError: They cannot be understood, or there are too few to part.
    """
    given, source = Path(frames).expanduser().resolve(), Path(labels).expanduser().resolve()
    if not source.exists():
        raise MissingDataError(f'{labels}: no such file or folder')
    videos, notes = find_videos(given), []
    root = given
    if videos:
        root = out / 'frames'
        notes = decode_videos(videos, given if given.is_dir() else given.parent, root, first_frame, begun)
    if root.is_file():
        raise DataError(f'{frames}: is no video', expected='a folder of frames, a video, or a folder of videos')
    names = image_files(root)
    found = _read(root, names, source, check_options or CheckOptions(), notes, keypoints_first=grow is not None)
    if grow is not None:
        grow_points(found, grow)
    change_kind(found, 'boxes', point_size)
    one_class(found, 'target')
    notes += found.notes
    found.images.sort(key=lambda image: natural_key(str(image.path)))
    by_path = {_below(image, root): image for image in found.images}
    found.images = list(by_path.values())  # a frame may have been listed in several splits
    targets = sum(len(image.annotations) for image in found.images)
    if not targets:
        raise DataError(f'{labels}: the labels have no target', expected='boxes, points, outlines or masks')
    for name, image in by_path.items():
        image.video = image.video or sequence_of(name) or root.name
    notes += splits_not_kept(found.splits)
    sequences = {name: str(image.video) for name, image in by_path.items()}
    split = split_images(list(by_path), by, val, test, seed, sequences=sequences if in_time else None)
    loading, note = find_bit_depth([str(root / name) for name in by_path], bit_depth)
    folders = {os.path.dirname(name) for name in by_path}
    unlabeled = sum(os.path.dirname(name) in folders for name in names if name not in by_path)
    said = f'{targets} targets in {len(by_path)} frames of {len(set(sequences.values()))} sequences' + (
        f'; {unlabeled} frames without labels are past frames only' if unlabeled else ''
    )
    return OwnSequences(
        given, root, found, split, num_frames, loading, (*notes, said, *note, str(split).replace('images', 'frames'))
    )


def _below(image: LabeledImage, root: Path) -> str:
    assert image.path is not None
    return image.path.relative_to(root).as_posix()


def _read(
    root: Path, names: list[str], source: Path, options: CheckOptions, notes: list[str], keypoints_first: bool
) -> LabelSet:
    """The labels of all frames, checked."""
    if source == root and _formats(source) == 1:  # a data set, with its frames
        labels = _checked(source, None, options, keypoints_first)
        labels.notes.insert(0, f'labels: {find_format(source).description}')
        return labels
    if source != root and source.is_dir() and has_images(source) and not _is_known(source):
        return _of_masks(root, names, source)
    each = _label_files_by_sequence(names, source)
    if not each:
        labels = _checked(source, root, options, keypoints_first)
        labels.notes.insert(0, f'labels: {find_format(source).description}')
        return labels
    whole = LabelSet(str(source), [], [])
    without = sorted({os.path.dirname(name) for name in names} - set(each))
    for folder, place in each.items():
        labels = _checked(place, root / folder, options, keypoints_first)
        for image in labels.images:
            image.name = f'{folder}/{image.name}'
            image.video = folder
            for annotation in image.annotations:
                annotation.label = 0
        whole.images += labels.images
        whole.classes = list(dict.fromkeys([*whole.classes, *labels.classes]))
        whole.notes += [note for note in labels.notes if note not in whole.notes]
    whole.notes.insert(0, f'labels: {len(each)} sequences, each with a file or folder of its name in {source}')
    if without:
        whole.notes.append(f'{len(without)} sequences have no labels and are left out: {", ".join(without[:3])}')
    return whole


def _is_known(source: Path) -> bool:
    try:
        return find_format(source).name != 'masks'
    except DataError:
        return False


def _label_files_by_sequence(names: list[str], source: Path) -> dict[str, Path]:
    """Folder of a sequence -> its labels, where there is a file or folder for each; empty where there is not."""
    folders = dict.fromkeys(os.path.dirname(name) for name in names)
    if not source.is_dir():
        return {}
    found = {}
    for folder in filter(None, folders):
        places = [source / (folder + suffix) for suffix in _LABEL_SUFFIXES]
        place = next((place for place in places if place.exists()), None)
        if place is not None:
            found[folder] = place
    return found if 2 * len(found) >= len(folders) else {}


def _checked(source: Path, frames: Path | None, options: CheckOptions, keypoints_first: bool) -> LabelSet:
    try:
        read = ReadOptions(images=frames, by_number=True, keypoints_first=keypoints_first)
        labels = read_labels(source, None, read)
    except DataError as error:
        if _formats(source) != 1:
            raise unknown_labels(source) from error
        raise
    check(labels, options)
    labels.images = [image for image in labels.images if image.path is not None]
    labels.notes = labels.notes[1:]  # which format it is: said once for all
    return labels


def _formats(source: Path) -> int:
    return sum(bool(known.find(source)) for known in FORMATS.values())


def _of_masks(root: Path, names: list[str], source: Path) -> LabelSet:
    """Each 8-connected part of a mask is a target."""
    pairs = pair_by_name(names, image_files(source), f'{root} and {source}', 'frame')
    labels = LabelSet(str(source), ['target'], [], [str(pairs)])
    for name, mask_name in pairs.pairs.items():
        mask = read_mask(source / mask_name)
        height, width = mask.shape
        image = LabeledImage(name, root / name, height, width, where=str(source / mask_name))
        image.annotations = [Annotation(part) for part in parts_of(mask)]
        labels.images.append(image)
    check(labels, CheckOptions())
    return labels
