"""A config of mmdet for a data set in COCO JSON of ours."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

#: A detector of mmdet that is known everywhere; any other one with ``CocoDataset`` will do.
BASE = 'mmdet::retinanet/retinanet_r50_fpn_1x_coco.py'
_TEXT = """\
_base_ = {base!r}
frames = dict(data_root={root!r}, data_prefix=dict(img=''), metainfo=dict(classes={classes!r}))
train_dataloader = dict(dataset=dict(ann_file={train!r}, **frames))
val_dataloader = dict(dataset=dict(ann_file={val!r}, **frames))
test_dataloader = dict(dataset=dict(ann_file={test!r}, **frames))
val_evaluator = dict(ann_file=frames['data_root'] + {val!r})
test_evaluator = dict(ann_file=frames['data_root'] + {test!r})
model = dict(bbox_head=dict(num_classes={number}))
"""


def mmdet_config(
    root: str | os.PathLike[str], images: Mapping[str, int], classes: Sequence[str], base: str = BASE
) -> str:
    """The text of a config with a stock detector of mmdet on converted frames.

    Args:
        root: Folder of the data set, with ``instances_{train,val,test}2017.json``.
        images: How many images ``'train'``, ``'val'`` and ``'test'`` have; a part without any is replaced by another.
        classes: Names of the categories.
        base: The config of mmdet.

    Raises:
        ValueError: No part has an image.
    """
    parts = [part for part in ('test', 'val', 'train') if images.get(part)]
    if not parts:
        raise ValueError(f'{root}: no part of the data set has an image')
    files = {part: f'instances_{part if images.get(part) else parts[0]}2017.json' for part in ('train', 'val', 'test')}
    folder = Path(root).resolve().as_posix() + '/'
    return _TEXT.format(base=base, root=folder, classes=tuple(classes), number=len(classes), **files)
