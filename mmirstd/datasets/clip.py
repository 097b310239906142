"""Moving targets annotated in COCO's JSON format."""

from __future__ import annotations

import json
import os.path as osp
from collections import Counter
from typing import Any

from mmirstd.registry import DATASETS

from .clip_base import BaseClipDataset
from .errors import DataError
from .sequences import Frame, Video, frame_number, natural_key

#: Annotation entries that evaluation uses besides the box.
_EXTRAS = ('track_id', 'scr')


@DATASETS.register_module()
class ClipDataset(BaseClipDataset):
    """DAUB, IRDST, ITSDT-15K as UESTC-nnLab ships them, Drone-IR after conversion, synthetic sequences.

    COCO JSON. Sequences are told by the images' ``video_id`` or else by the folder of ``file_name``
    (``images/test/data6/0.bmp``); time by ``frame_id``, or else by the last number of the file name, or
    else (when a sequence's names lack it) by their natural order. Annotations may carry ``track_id``
    and ``scr``. ``iscrowd`` boxes are ignored in training and evaluation.

    With one class in ``metainfo`` every category counts as this class; with several, categories are
    told by name.

    Args: see :class:`~.clip_base.BaseClipDataset`.
    """

    def load_videos(self) -> list[Video]:
        """Read the JSON file."""
        data = self._read()
        labels = self._labels(data['categories'])
        frames, videos = self._frames(data)
        unknown = Counter()
        for annotation in data['annotations']:
            frame = frames.get(annotation.get('image_id'))
            if frame is None:
                raise DataError(
                    f'{self.ann_file}: annotation {annotation.get("id")} belongs to image '
                    f'{annotation.get("image_id")!r}, which is not among the {len(frames)} images; remove the '
                    'annotation or add the image')
            box = annotation.get('bbox')
            if not isinstance(box, (list, tuple)) or len(box) != 4:
                raise DataError(f'{self.ann_file}: annotation {annotation.get("id")} has bbox={box!r}; expected '
                                '[x, y, width, height]')
            label = labels.get(annotation.get('category_id'))
            if label is None:
                unknown[annotation.get('category_id')] += 1
                continue
            x, y, width, height = (float(value) for value in box)
            instance = dict(bbox=[x, y, x + width, y + height], bbox_label=label,
                            ignore_flag=int(bool(annotation.get('iscrowd', 0))))
            instance.update({key: annotation[key] for key in _EXTRAS if annotation.get(key) is not None})
            frame.instances.append(instance)
        if unknown:
            raise DataError(
                f'{self.ann_file}: annotations of unknown categories {dict(unknown)}; its categories are '
                f'{data["categories"]}, the data set is built for the classes {self.metainfo["classes"]}: change '
                'metainfo=dict(classes=...) or the file')
        return videos

    def _read(self) -> dict[str, list[dict[str, Any]]]:
        try:
            with open(self.ann_file, encoding='utf-8') as file:
                data = json.load(file)
        except ValueError as error:
            raise DataError(f'{self.ann_file}: not valid JSON ({error}); copy or download it again') from None
        for key in ('images', 'annotations'):
            if not isinstance(data, dict) or not isinstance(data.get(key), list):
                found = sorted(data) if isinstance(data, dict) else type(data).__name__
                raise DataError(f'{self.ann_file}: no list {key!r}, only {found}; expected COCO detection JSON with '
                                'images, annotations and categories')
        return dict(data, categories=data.get('categories') or [])

    def _labels(self, categories: list[dict]) -> dict[Any, int]:
        """Label of each category ID."""
        classes = list(self.metainfo['classes'])
        if len(classes) == 1:
            return {category['id']: 0 for category in categories} or {1: 0}
        return {category['id']: classes.index(category['name']) for category in categories
                if category.get('name') in classes}

    def _frames(self, data: dict) -> tuple[dict[Any, Frame], list[Video]]:
        frames: dict[Any, Frame] = {}
        names = {video.get('id'): str(video.get('name')) for video in data.get('videos') or []}
        groups: dict[Any, list[tuple[str, Frame, Any]]] = {}
        for image in data['images']:
            img_id, name = image.get('id'), image.get('file_name')
            if img_id is None or not isinstance(name, str):
                raise DataError(f'{self.ann_file}: image entry {image!r} lacks id or file_name')
            if img_id in frames:
                raise DataError(f'{self.ann_file}: the image id {img_id} appears twice ({name} and '
                                f'{frames[img_id].path}); expected distinct ids')
            frame = Frame(osp.join(self.data_prefix['img'], name), -1, img_id, image.get('height'), image.get('width'))
            frames[img_id] = frame
            group = image['video_id'] if image.get('video_id') is not None else osp.dirname(name)
            groups.setdefault(group, []).append((name, frame, image.get('frame_id')))

        videos = []
        for group, members in groups.items():
            numbers = [frame_id for _, _, frame_id in members]
            if any(number is None for number in numbers):
                numbers = [frame_number(name) for name, _, _ in members]
            if any(number is None for number in numbers):
                members.sort(key=lambda member: natural_key(member[0]))
                numbers = list(range(len(members)))
            for (_, frame, _), number in zip(members, numbers):
                frame.number = int(number)
            video_id = group if isinstance(group, int) else len(videos) + 1
            name = names.get(group) or (group if isinstance(group, str) else osp.dirname(members[0][0]) or str(group))
            videos.append(Video(name, video_id, [frame for _, frame, _ in members]))
        return frames, videos
