"""Moving targets annotated in COCO's JSON format."""

from __future__ import annotations

import os
import os.path as osp
from collections import Counter
from collections.abc import Sequence
from itertools import count
from typing import Any

from mmengine.logging import print_log

from mmirstd.registry import DATASETS
from mmirstd.utils.errors import DataError, MissingDataError, first_few

from .box_checks import could_be_corners, look_like_corners, looks_normalized
from .clip_base import BaseClipDataset
from .coco_file import CocoAnnotation, CocoFile, read_coco
from .listed_paths import image_exists, without_leading_folders
from .mask_values import check_mask_rule
from .sequences import Frame, Video

BOX_FORMATS = ('xywh', 'xyxy')


@DATASETS.register_module()
class ClipDataset(BaseClipDataset):
    """DAUB, IRDST, ITSDT-15K as UESTC-nnLab ships them, Drone-IR after conversion, synthetic sequences.

    COCO JSON (:func:`~.coco_file.read_coco` says what is tolerated). Sequences are told by the images' ``video_id`` or
    else by the folder of ``file_name`` (``images/test/data6/0.bmp``); time by ``frame_id``, or else by the last number
    of the file name, or else (when a sequence's names lack it) by their natural order. A sequence's name is that in
    ``videos`` or else its folder; behind a name that several have, its ``video_id`` is put (``frames/2``). Annotations
    may carry ``track_id`` and ``scr``. ``iscrowd`` boxes are ignored in training and evaluation.

    With one class in ``metainfo`` every category counts as this class; with several, categories are
    told by name.

    Args:
        box_format: ``'xywh'``: a ``bbox`` is left, top, width, height, as COCO defines it; ``'xyxy'``: left, top,
            right, bottom. None: COCO's, and boxes that can only be corners are an error.
        mask_folders: ``('images', 'masks')``: there are masks, too; an image's is the PNG file of the same name, with
            the first of these folders in its path replaced by the second. None: boxes alone.
        mask_rule: Which values of a mask are target, see :data:`~.mask_values.MASK_RULES`.
        kwargs: See :class:`~.clip_base.BaseClipDataset`.
    """

    def __init__(
        self,
        *args,
        box_format: str | None = None,
        mask_folders: tuple[str, str] | None = None,
        mask_rule: str | int | Sequence[int] = 'auto',
        **kwargs,
    ) -> None:
        if box_format is not None and box_format not in BOX_FORMATS:
            raise ValueError(f'box_format is {box_format!r}; expected one of {", ".join(map(repr, BOX_FORMATS))}')
        self.box_format = box_format
        self.mask_folders = mask_folders
        self.mask_rule = check_mask_rule(mask_rule)
        super().__init__(*args, **kwargs)

    def load_videos(self) -> list[Video]:
        """Read the JSON file."""
        data = read_coco(self.ann_file, self.problems)
        labels = self._labels(data)
        self.category_ids = _category_ids(data, labels, len(self.metainfo['classes']))
        frames, videos = self._frames(data)
        if self.mask_folders is not None:
            self._find_masks(list(frames.values()))
        self._check_format(data.annotations, frames)
        for annotation in data.annotations:
            label = labels.get(annotation.category_id)
            if label is None:
                continue
            first, second, third, fourth = annotation.bbox
            corner = (third, fourth) if self.box_format == 'xyxy' else (first + third, second + fourth)
            frames[annotation.image_id].instances.append(
                dict(
                    bbox=[first, second, *corner],
                    bbox_label=label,
                    ignore_flag=int(annotation.iscrowd),
                    **annotation.extras,
                )
            )
        return videos

    def _find_masks(self, frames: list[Frame]) -> None:
        """Set the frames' mask files."""
        assert self.mask_folders is not None
        images, masks = self.mask_folders
        root, missing = self.data_prefix['img'], []
        for frame in frames:
            parts = osp.relpath(frame.path, root or '.').split(os.sep)
            if images in parts:
                parts[parts.index(images)] = masks
                frame.mask_path = osp.splitext(osp.join(root, *parts))[0] + '.png'
            if frame.mask_path is None or not osp.isfile(frame.mask_path):
                missing.append(f'{frame.path}: expected {frame.mask_path or f"a folder {images} in its path"}')
        if missing:
            self.problems.add(
                MissingDataError(
                    f'{self.ann_file}: {len(missing)} image(s) of {len(frames)} have no mask '
                    f'(mask_folders={self.mask_folders}):\n{first_few(missing)}'
                ),
                missing,
            )

    def _labels(self, data: CocoFile) -> dict[Any, int]:
        """Label of each category ID that annotations have."""
        classes = list(self.metainfo['classes'])
        used = Counter(annotation.category_id for annotation in data.annotations)
        names = {category['id']: category.get('name') for category in data.categories}
        if len(classes) == 1:
            labels = dict.fromkeys(names or used, 0)
            merged = [str(names[category]) for category in used if category in names]
            if len(merged) > 1:
                print_log(
                    f'{self.ann_file}: the categories {", ".join(sorted(merged))} all count as the one class '
                    f'{classes[0]!r}; to tell them apart: metainfo=dict(classes=...)',
                    logger='current',
                )
        else:
            labels = {category: classes.index(name) for category, name in names.items() if name in classes}
        unknown = {category: number for category, number in used.items() if category not in labels}
        if unknown:
            self.problems.add(
                DataError(
                    f'{self.ann_file}: annotations of unknown categories {unknown} (id: number); its categories are '
                    f'{names} (id: name), the data set is built for the classes {tuple(classes)}: change '
                    'metainfo=dict(classes=...) or the file'
                )
            )
        return labels

    def _check_format(self, annotations: list[CocoAnnotation], frames: dict[Any, Frame]) -> None:
        """Boxes given as two corners would be far too large, and those that reach outside would be cut."""
        if self.box_format is not None:
            return
        boxes = [annotation.bbox for annotation in annotations]
        if not could_be_corners(boxes):
            return
        sizes = (
            [(1, 1)] * len(boxes)
            if looks_normalized(boxes)
            else self._image_sizes([frames[annotation.image_id] for annotation in annotations])
        )
        if not look_like_corners(boxes, [annotation.area for annotation in annotations], sizes):
            return
        corners = list(boxes[0])
        self.problems.add(
            DataError(
                f'{self.ann_file}: its {len(boxes)} boxes look like [x1, y1, x2, y2], the first is {corners} of '
                f"{frames[annotations[0].image_id].path}; expected [x, y, width, height], which is COCO's order. Set "
                "box_format='xyxy' on the data set (or 'xywh' if they are right as they are), or correct the file"
            )
        )
        self.box_format = 'xyxy'

    def _frames(self, data: CocoFile) -> tuple[dict[Any, Frame], list[Video]]:
        root = self.data_prefix['img']
        names = [image.name for image in data.images]
        found = without_leading_folders(names, lambda name: image_exists(root, name)) if names else None
        if found is not None and found[1]:
            print_log(
                f'{self.ann_file}: its file names are taken without the leading {found[1]!r}, as files below {root}',
                logger='current',
            )
        names = names if found is None else found[0]
        frames: dict[Any, Frame] = {}
        groups: dict[tuple[bool, Any], list[Frame]] = {}
        for image, name in zip(data.images, names):
            frames[image.id] = frame = Frame(osp.join(root, name), image.frame_id, image.id, image.height, image.width)
            group = (True, osp.dirname(name)) if image.video_id is None else (False, image.video_id)
            groups.setdefault(group, []).append(frame)
        folders: dict[Any, str] = {image.id: osp.dirname(name) for image, name in zip(data.images, names)}
        # IDs of folders and of texts, behind those that the file gives
        new_ids = count(max((group for _, group in groups if isinstance(group, int)), default=0) + 1)
        videos: list[Video] = []
        for (by_folder, group), members in groups.items():
            video_id = group if isinstance(group, int) else next(new_ids)
            name = group if by_folder else data.videos.get(group) or folders[members[0].img_id] or str(group)
            videos.append(Video(name, video_id, members, by_folder))
        self._part_names(videos, [None if by_folder else str(group) for by_folder, group in groups])
        return frames, videos

    def _part_names(self, videos: Sequence[Video], ids: Sequence[str | None]) -> None:
        """Put a sequence's ID behind a name that several have: tables, hold-outs and samplers go by names.

        Args:
            videos: Renamed in place.
            ids: The ``video_id`` of each, None for a folder.
        """
        uses = Counter(video.name for video in videos)
        taken = set(uses)
        repeated: list[str] = []
        for video, video_id in zip(videos, ids):
            if uses[video.name] == 1 or video_id is None:
                continue
            repeated.append(video.name)
            while video.name in taken:
                video.name = f'{video.name}/{video_id}'
            taken.add(video.name)
        if repeated:
            shown = first_few([f'{name!r} (of {uses[name]} sequences)' for name in dict.fromkeys(repeated)])
            print_log(
                f'{self.ann_file}: video_id is put behind names that are not those of one sequence alone:\n{shown}',
                logger='current',
            )


def _category_ids(data: CocoFile, labels: dict[Any, int], classes: int) -> tuple[int | str, ...]:
    """The ID of each class in the file; empty where a class has none, or boxes of several categories."""
    used = {annotation.category_id for annotation in data.annotations}
    ids: list[int | str] = []
    for label in range(classes):
        listed = [category for category in labels if labels[category] == label and category is not None]
        known = [category for category in listed if category in used] or listed
        if len(known) != 1:
            return ()
        ids += known
    return tuple(ids)
