"""See what the network sees: ``python tools/analysis_tools/browse_dataset.py CONFIG [options]``.

Writes contact sheets (PNG) of samples after the whole pipeline.  Each sample
is shown as the image with the contour of its mask, and below it its targets
magnified, once bare and once with the contour.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mmirstd.engine.data_option import add_data_argument
from mmirstd.engine.launch import OptionsAction, load_data_set, run_tool
from mmirstd.visualization import COLORS, contact_sheet, draw_contours, save_png, to_display

PANEL = 384  # width and height of a sample's image on the sheet, in pixels
INSETS = 2  # magnified targets per sample, each with and without contour
SIDE = 24  # width and height of the neighbourhood that an inset shows, in image pixels
TEXT = (235, 235, 235)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description='Contact sheets of a data set as the network sees it.')
    parser.add_argument('config', help='config file with data loaders, also one of configs/_base_/datasets')
    parser.add_argument('--split', choices=['train', 'val', 'test'], default='train')
    parser.add_argument(
        '--num', type=int, default=24, metavar='N', help='samples to show, evenly spaced over the split; 0: all'
    )
    parser.add_argument(
        '--repeat',
        type=int,
        default=1,
        metavar='K',
        help='run the pipeline K times on each sample, to see what is random in it',
    )
    parser.add_argument('--per-sheet', type=int, default=12, metavar='M', help='samples on one sheet')
    parser.add_argument('--out', help='folder of the sheets; default: work_dirs/<config name>/browse')
    parser.add_argument('--seed', type=int, default=0, help='seed of the random transforms')
    add_data_argument(parser)
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=OptionsAction,
        metavar='KEY=VALUE',
        default={},
        help='override config entries, e.g. data_root=/data/NUAA-SIRST',
    )
    parser.add_argument('--traceback', action='store_true', help='show the traceback of an input error, too')
    args = parser.parse_args(argv)
    for option in ('num', 'repeat', 'per_sheet'):
        if getattr(args, option) < (0 if option == 'num' else 1):
            parser.error(f'--{option.replace("_", "-")} {getattr(args, option)}: expected a larger number')
    return args


def sample_picture(image: np.ndarray, mask: np.ndarray | None, title: str) -> np.ndarray:
    """One sample for the sheet.

    Args:
        image: (H, W) float, as the network gets it.
        mask: (h, w) {0, 1}, target > 0; smaller than the image where only the
            image is padded (at the right and bottom).  None without ground truth.
        title: the line above.

    Returns:
        uint8 BGR, ``PANEL`` pixels wide.
    """
    height, width = image.shape
    full = np.zeros((height, width), np.uint8)
    if mask is not None:
        full[: mask.shape[0], : mask.shape[1]] = mask > 0
    gray = to_display(image)
    scale = PANEL / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    picture = cv2.resize(gray, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST)
    # A target of one pixel must survive a reduction, hence the area average of the mask.
    reduced = (
        cv2.resize(full.astype(np.float32), size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST) > 0
    )
    picture = draw_contours(picture, reduced, COLORS['ground truth'])
    if mask is not None and mask.shape != image.shape:  # where the padding begins
        bottom, right = round(mask.shape[0] * scale), round(mask.shape[1] * scale)
        cv2.rectangle(picture, (0, 0), (right - 1, bottom - 1), COLORS['false alarm'], 1)

    canvas = np.zeros((20 + PANEL + PANEL // (2 * INSETS), PANEL, 3), np.uint8)
    cv2.putText(
        canvas, title.encode('ascii', 'replace').decode(), (2, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, TEXT, 1, cv2.LINE_AA
    )
    canvas[20 : 20 + size[1], : size[0]] = picture
    insets = _insets(image, full)
    if insets:
        row = np.concatenate(insets, axis=1)
        canvas[20 + PANEL :, : row.shape[1]] = row
    return canvas


def _insets(image: np.ndarray, mask: np.ndarray) -> list[np.ndarray]:
    """The smallest targets magnified: bare, with contour, bare, with contour."""
    count, _, stats, centroids = cv2.connectedComponentsWithStats(mask, connectivity=8)
    edge = PANEL // (2 * INSETS)
    pictures = []
    for label in sorted(range(1, count), key=lambda i: int(stats[i, cv2.CC_STAT_AREA]))[:INSETS]:
        side = max(SIDE, int(stats[label, 2:4].max()) + 6)
        column, row = (int(c) - side // 2 for c in centroids[label])
        window = slice(max(row, 0), row + side), slice(max(column, 0), column + side)
        # black beyond the edge of the image: nothing may look like part of it
        beyond = dict(
            top=max(-row, 0),
            left=max(-column, 0),
            borderType=cv2.BORDER_CONSTANT,
            bottom=max(row + side - image.shape[0], 0),
            right=max(column + side - image.shape[1], 0),
        )
        crop = cv2.copyMakeBorder(to_display(image[window], (0, 100)), **beyond)
        bare = cv2.resize(crop, (edge, edge), interpolation=cv2.INTER_NEAREST)
        inside = cv2.resize(cv2.copyMakeBorder(mask[window], **beyond), (edge, edge), interpolation=cv2.INTER_NEAREST)
        pictures += [bare, draw_contours(bare, inside, COLORS['ground truth'])]
    return pictures


def describe(inputs: np.ndarray, mask: np.ndarray | None, name: str) -> str:
    """ID, size, range of values and number of targets in one line."""
    text = f'{name}  {inputs.shape[1]}x{inputs.shape[0]}  [{inputs.min():.2f}, {inputs.max():.2f}]'
    if mask is None:
        return text + '  no mask'
    targets = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[0] - 1
    return f'{text}  {targets} target{"" if targets == 1 else "s"}, {int(mask.sum())} px'


def main() -> None:
    """Write the sheets."""
    import random

    from mmengine.registry import DATASETS

    args = parse_args()
    dataset = DATASETS.build(load_data_set(args.config, args.split, args.cfg_options, args.data))
    random.seed(args.seed)
    np.random.seed(args.seed)

    number = min(args.num or len(dataset), len(dataset))
    picks = np.linspace(0, len(dataset) - 1, number).round().astype(int)
    name = Path(args.config).stem + (f'_{Path(args.data).stem}' if args.data else '')
    out = Path(args.out or Path('work_dirs') / name / 'browse')
    pictures: list[np.ndarray] = []
    sheets = positive = shown = 0
    for index in picks.repeat(args.repeat):
        sample = dataset[int(index)]
        inputs, data_sample = sample['inputs'][0].numpy(), sample['data_samples']
        mask = data_sample.gt_sem_seg.data[0].numpy().astype(np.uint8) if 'gt_sem_seg' in data_sample else None
        name = data_sample.get('sample_id') or Path(data_sample.get('img_path', str(index))).stem
        pictures.append(sample_picture(inputs, mask, describe(inputs, mask, name)))
        shown += 1
        positive += mask is not None and bool(mask.any())
        if len(pictures) == args.per_sheet or shown == number * args.repeat:
            path = out / f'{args.split}_{sheets:03d}.png'
            save_png(path, contact_sheet(pictures, columns=4))
            print(f'{path}  ({shown} of {number * args.repeat} samples)', flush=True)
            pictures, sheets = [], sheets + 1
    print(f'{args.split}: {len(dataset)} samples; {positive} of the {shown} shown have a target')


if __name__ == '__main__':
    run_tool(main)
