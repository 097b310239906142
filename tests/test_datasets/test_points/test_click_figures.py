"""The figures of docs/points.md: clicked masks against the true ones, on NUAA-SIRST's training images."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from functools import cache

import numpy as np

from mmirstd.datasets import SIRSTDataset
from mmirstd.datasets.image_io import read_image
from mmirstd.datasets.labels.mask_folder import parts_of
from mmirstd.datasets.labels.shapes import Box, Mask, filled
from mmirstd.datasets.points.click import GrowOptions, grow_from_click
from mmirstd.datasets.points.from_masks import points_of_mask
from tests.shared import REPO, SHARED, needs_shared

SIZES = ((1, 9), (10, 29), (30, 79), (80, 10**9))
LEVELS = (0.2, 0.3, 0.4, 0.5)


def iou(first: Mask, second: Mask) -> float:
    pixels = [{(m.top + r, m.left + c) for r, c in np.argwhere(m.pixels).tolist()} for m in (first, second)]
    return len(pixels[0] & pixels[1]) / len(pixels[0] | pixels[1])


def clicked() -> Iterator[tuple[np.ndarray, Mask, tuple[int, int]]]:
    """Image, target and click of all training targets; coarse clicks, seed 0."""
    root = str(SHARED / 'data' / 'NUAA-SIRST')
    dataset = SIRSTDataset(data_root=root, ann_file='img_idx/idx427_trainval.txt')
    for index in range(len(dataset)):
        sample = dataset.get_data_info(index)
        image = read_image(sample['img_path'])
        mask = dataset.load_mask(sample, image.shape)
        rng = np.random.default_rng([0, zlib.crc32(sample['sample_id'].encode())])
        for target, (row, column) in zip(parts_of(mask), points_of_mask(mask, 'coarse', rng).tolist(), strict=True):
            yield image, target, (row, column)


@cache
def table() -> str:
    """Rows: by size; columns: how the mask was made."""
    rows: list[tuple[int, list[float]]] = []
    for image, target, (row, column) in clicked():
        made = [grow_from_click(image, row, column, GrowOptions(level=level)) for level in LEVELS]
        spot = filled(Box(column - 2, row - 2, column + 3, row + 3), *image.shape)
        rows.append((int(target.pixels.sum()), [iou(target, mask) for mask in (*made, spot)]))
    lines = [
        '| target, pixels | targets | ' + ' | '.join(f'level {level:g}' for level in LEVELS) + ' | 5x5 at the click |'
    ]
    lines.append('|---|---:|' + '---:|' * (len(LEVELS) + 1))
    for low, high in (*SIZES, (1, 10**9)):
        values = np.array([ious for area, ious in rows if low <= area <= high])
        name = 'all' if low == 1 and high > 10**6 else f'{low} or more' if high > 10**6 else f'{low} to {high}'
        lines.append(f'| {name} | {len(values)} | ' + ' | '.join(f'{mean:.3f}' for mean in values.mean(axis=0)) + ' |')
    return '\n'.join(lines)


@needs_shared
def test_the_page_has_these_figures() -> None:
    """Two machines may round a threshold to either side of a gray level: a figure may differ in its last digits."""
    text = (REPO / 'docs' / 'points.md').read_text(encoding='utf-8')
    written = [line for line in text.splitlines() if re.match(r'\| (\d+ |all )', line) and line.count('|') == 8]
    made = table().splitlines()[2:]
    assert len(written) == len(made), table()
    for line, expected in zip(written, made):
        ours, theirs = ([cell.strip() for cell in row.strip('|').split('|')] for row in (line, expected))
        assert ours[:2] == theirs[:2], table()
        np.testing.assert_allclose(np.array(ours[2:], float), np.array(theirs[2:], float), atol=0.002, err_msg=table())


@needs_shared
def test_no_other_level_fits_better() -> None:
    means = [float(cell) for cell in table().splitlines()[-1].strip('|').split('|')[2:6]]
    assert LEVELS[int(np.argmax(means))] == GrowOptions().level
