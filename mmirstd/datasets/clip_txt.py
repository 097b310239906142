"""Moving targets annotated in SSTNet's text lists."""

from __future__ import annotations

import os.path as osp

from mmirstd.registry import DATASETS

from .clip_base import BaseClipDataset
from .errors import DataError
from .sequences import Frame, Video, frame_number, natural_key
from .txt_list import read_txt_list, relative_paths


@DATASETS.register_module()
class TxtClipDataset(BaseClipDataset):
    """DAUB and IRDST through the lists of SSTNet's data loader (``path x1,y1,x2,y2,class ...``).

    A sequence is a folder, time the last number of the file name. The lists hold only frames with targets; the past
    frames between are found in the folders (``context='disk'``). Image sizes are not in the lists: boxes are held
    against the image when it is loaded.

    Args:
        strip: what to take off the front of the listed paths, see :func:`~.txt_list.relative_paths`; None finds it.
        kwargs: see :class:`~.clip_base.BaseClipDataset`.
    """

    def __init__(self, *args, strip: str | None = None, **kwargs) -> None:
        self.strip = strip
        super().__init__(*args, **kwargs)

    def load_videos(self) -> list[Video]:
        """Read the list."""
        images = read_txt_list(self.ann_file)
        paths = relative_paths(images, self.data_prefix['img'], self.strip)
        classes = len(self.metainfo['classes'])
        videos: dict[str, Video] = {}
        for index, (image, path) in enumerate(zip(images, paths), 1):
            folder = osp.dirname(path)
            video = videos.setdefault(folder, Video(folder or '.', len(videos) + 1))
            number = frame_number(path)
            frame = Frame(osp.join(self.data_prefix['img'], path), -1 if number is None else number, index)
            for box, label in zip(image.boxes, image.classes):
                if classes > 1 and not 0 <= label < classes:
                    raise DataError(f'{self.ann_file}, line {image.line}: class {label}; the data set has {classes} '
                                    f'classes, {self.metainfo["classes"]}')
                frame.instances.append(dict(bbox=list(box), bbox_label=label if classes > 1 else 0, ignore_flag=0))
            video.frames.append(frame)
        for video in videos.values():
            if any(frame.number < 0 for frame in video.frames):
                video.frames.sort(key=lambda frame: natural_key(frame.path))
                for number, frame in enumerate(video.frames):
                    frame.number = number
        return list(videos.values())
