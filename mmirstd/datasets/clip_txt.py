"""Moving targets annotated in SSTNet's text lists."""

from __future__ import annotations

import os.path as osp

from mmengine.logging import print_log

from mmirstd.registry import DATASETS
from mmirstd.utils.errors import DataError

from .clip_base import BaseClipDataset
from .sequences import Frame, Video
from .txt_list import read_txt_list, relative_paths


@DATASETS.register_module()
class TxtClipDataset(BaseClipDataset):
    """DAUB and IRDST through the lists of SSTNet's data loader (``path x1,y1,x2,y2,class ...``).

    A sequence is a folder, time the last number of the file name. The lists hold only frames with targets; the past
    frames between are found in the folders (``context='disk'``). Image sizes are not in the lists: boxes are held
    against the image when it is loaded.

    Args:
        strip: What to take off the front of the listed paths, see :func:`~.txt_list.relative_paths`; None finds it.
        kwargs: See :class:`~.clip_base.BaseClipDataset`.
    """

    def __init__(self, *args, strip: str | None = None, **kwargs) -> None:
        self.strip = strip
        super().__init__(*args, **kwargs)

    def load_videos(self) -> list[Video]:
        """Read the list."""
        images = read_txt_list(self.ann_file)
        paths = relative_paths(images, self.data_prefix['img'], self.strip)
        classes = len(self.metainfo['classes'])
        listed = sorted({label for image in images for label in image.classes})
        if classes == 1 and len(listed) > 1:
            print_log(
                f'{self.ann_file}: the classes {", ".join(map(str, listed))} all count as the one class '
                f'{self.metainfo["classes"][0]!r}; to tell them apart: metainfo=dict(classes=...)',
                logger='current',
            )
        videos: dict[str, Video] = {}
        for index, (image, path) in enumerate(zip(images, paths), 1):
            folder = osp.dirname(path)
            video = videos.setdefault(folder, Video(folder or '.', len(videos) + 1, by_folder=True))
            frame = Frame(osp.join(self.data_prefix['img'], path), None, index)
            for box, label in zip(image.boxes, image.classes):
                if classes > 1 and not 0 <= label < classes:
                    self.problems.add(
                        DataError(
                            f'{self.ann_file}, line {image.line}: class {label}; the data set has {classes} classes, '
                            f'{self.metainfo["classes"]}'
                        ),
                        [image.path],
                    )
                    continue
                frame.instances.append(dict(bbox=list(box), bbox_label=label if classes > 1 else 0, ignore_flag=0))
            video.frames.append(frame)
        return list(videos.values())
