"""What the ways to normalize gray values cost: the table of docs/inference.md.

    python benchmarks/gray-values/normalizations.py --nuaa data/NUAA-SIRST --nudt data/NUDT-SIRST
    python benchmarks/gray-values/normalizations.py --codes FOLDER     # images and masks of 14 bits in files of 16

Two minutes on one core.  Prints IoU of a released general network on training images that were held out of its
training, as 8 bits, as 14-bit codes that fill a part of the range, and with a hot pixel; and false targets in noise.
Or of real files of 14 bits, read as ``mmirstd infer`` reads them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.registry import init_default_scope

from mmirstd.apis import build_inferencer
from mmirstd.datasets import SIRSTDataset
from mmirstd.datasets.gray_normalization import normalize
from mmirstd.datasets.image_io import read_image
from mmirstd.engine.default_model import DEFAULT_MODEL
from mmirstd.evaluation.functional import evaluate

LARGEST, NOISE_IMAGES = 2**14 - 1, 12
Pairs = list[tuple[np.ndarray, np.ndarray]]


def held_out(root: str, ann_file: str, count: int) -> Pairs:
    """Images and masks of the validation part of a training list, as the network's config has it."""
    data = SIRSTDataset(data_root=root, ann_file=ann_file, holdout=dict(num=count, seed=0, part='val'), pipeline=[])
    infos = [data.get_data_info(index) for index in range(len(data))]
    return [(read_image(i['img_path']), (cv2.imread(i['seg_map_path'], 0) > 127).astype(np.uint8)) for i in infos]


def codes(image: np.ndarray, share: float, rng: np.random.Generator, hot: bool = False) -> np.ndarray:
    """8 bits as 14-bit codes that fill a share of the range, anywhere in it, perhaps with one pixel at its end."""
    scaled = image.astype(np.float32) / 255 * share + rng.uniform(0, 1 - share)
    found = np.round(scaled * LARGEST).astype(np.uint16)
    if hot:
        found[rng.integers(0, found.shape[0]), rng.integers(0, found.shape[1])] = LARGEST
    return found


def probability(model: torch.nn.Module, image: np.ndarray) -> np.ndarray:
    """(H, W) of a normalized image, padded to a multiple of 32."""
    height, width = image.shape
    padded = np.pad(image, ((0, -height % 32), (0, -width % 32)))
    with torch.no_grad():
        levels = model.forward(torch.from_numpy(padded.astype(np.float32))[None, None], mode='tensor')
    logits = levels[0] if isinstance(levels, (list, tuple)) else levels
    return logits.sigmoid()[0, 0, :height, :width].numpy()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--nuaa', metavar='ROOT')
    parser.add_argument('--nudt', metavar='ROOT')
    parser.add_argument('--codes', metavar='FOLDER')
    parser.add_argument('--network', default=DEFAULT_MODEL, help='default: %(default)s')
    args = parser.parse_args()
    if args.codes:
        measure_codes(args.network, Path(args.codes))
    if args.nuaa and args.nudt:
        measure_held_out(args)
    elif not args.codes:
        parser.error('expected --nuaa and --nudt, or --codes')


def measure_codes(network: str, folder: Path) -> None:
    """Print IoU of the files in ``images`` with the masks of the same name in ``masks``."""
    for options in ({}, dict(bit_depth=14), dict(normalize='fixed')):
        detect = build_inferencer(network, backend='torch', load_options=options)
        pairs = [
            (next(detect.infer(str(folder / 'images' / mask.name))).probability, cv2.imread(str(mask), 0) > 127)
            for mask in sorted((folder / 'masks').iterdir())
        ]
        print(f'{network}, {options or "no option"}: IoU {evaluate("default", pairs)["IoU"]:.3f} ({len(pairs)} images)')


def measure_held_out(args: argparse.Namespace) -> None:
    """Print the table."""
    init_default_scope('mmseg')
    model = build_inferencer(args.network, backend='torch').model
    sets = [
        held_out(args.nuaa, ['img_idx/idx427_trainval.txt', 'idx_427/trainval.txt'], 34),
        held_out(args.nudt, 'img_idx/train_NUDT-SIRST.txt', 66),
    ]
    rng = np.random.default_rng(1)
    noise = [
        np.clip(np.round(8000 + rng.normal(0, 3, (256, 256))), 0, LARGEST).astype(np.uint16)
        for _ in range(NOISE_IMAGES)
    ]
    kinds: list[Callable[[np.ndarray, np.random.Generator], np.ndarray]] = [
        lambda image, rng: image,
        lambda image, rng: codes(image, 0.05, rng),
        lambda image, rng: codes(image, 0.2, rng, hot=True),
    ]
    for way in ('fixed', 'minmax', 'percentile', 'robust'):
        figures = []
        for kind in kinds:
            for pairs in sets:
                rng = np.random.default_rng(0)
                seen = [(normalize(kind(image, rng), way, bit_depth=14), mask) for image, mask in pairs]
                found = evaluate('default', [(probability(model, image), mask) for image, mask in seen])
                figures.append(f'{found["IoU"]:.3f}')
        maps = [probability(model, normalize(image, way, bit_depth=14)) > 0.5 for image in noise]
        figures.append(f'{np.mean([cv2.connectedComponents(each.astype(np.uint8))[0] - 1 for each in maps]):.1f}')
        print(f'| `{way}` | {" | ".join(figures)} |', flush=True)


if __name__ == '__main__':
    main()
