"""Tiny data sets of moving targets on disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .helpers import write


def frame(seed: int, height: int = 24, width: int = 32, dtype=np.uint8) -> np.ndarray:
    """Noise, different for each seed."""
    return np.random.default_rng(seed).integers(0, 200, (height, width)).astype(dtype)


def coco_root(
    root: Path,
    sequences: dict[str, Sequence[int]] | None = None,
    size: tuple[int, int] = (24, 32),
    name: str = 'instances_test2017.json',
    ids: bool = False,
    unlisted: Sequence[str] = (),
) -> Path:
    """``images/test/SEQ/N.png`` as UESTC-nnLab lays them out, one box of 4x3 px a frame at (N, 2).

    Args:
        sequences: frame numbers by sequence.
        size: height, width.
        ids: write video_id and frame_id too, as the synthetic sequences do.
        unlisted: ``SEQ/N`` that are on disk only.
    """
    sequences = {'data6': range(6), 'data11': range(3)} if sequences is None else sequences
    images, annotations, videos = [], [], []
    for video, (sequence, numbers) in enumerate(sequences.items(), 1):
        videos.append(dict(id=video, name=sequence))
        for number in numbers:
            file = f'images/test/{sequence}/{number}.png'
            write(root / file, frame(1000 * video + number, *size))
            if f'{sequence}/{number}' in unlisted:
                continue
            entry = dict(id=len(images) + 1, file_name=file, height=size[0], width=size[1])
            if ids:
                entry.update(video_id=video, frame_id=number)
            images.append(entry)
            box = [float(number % 16), 2.0, 4, 3]
            annotations.append(
                dict(
                    id=len(annotations) + 1,
                    image_id=entry['id'],
                    category_id=1,
                    bbox=box,
                    area=12.0,
                    iscrowd=0,
                    segmentation=[[]],
                )
            )
    data = dict(images=images, annotations=annotations, categories=[dict(supercategory='none', id=1, name='target')])
    if ids:
        data['videos'] = videos
    (root / name).write_text(json.dumps(data))
    return root


def edit(root: Path, change, name: str = 'instances_test2017.json') -> None:
    """Change the annotation file in place."""
    path = root / name
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))
