"""Choose the threshold of a classical method on training images.

Each image is filtered once, then thresholded at mean + k * std of its map for every k. No test image takes part.

Example::

    python tools/analysis_tools/choose_threshold.py configs/mpcm/mpcm_nuaa-sirst-341-86.py --k 4 8 12 16 --limit 80 \
        --cfg-options data_root=PATH model.polarity=both
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402
from mmengine.config import Config, DictAction  # noqa: E402
from mmengine.registry import init_default_scope  # noqa: E402

from mmirstd.engine.launch import load_config  # noqa: E402
from mmirstd.evaluation.functional import evaluate  # noqa: E402
from mmirstd.registry import DATASETS, MODELS  # noqa: E402


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config of a classical method')
    parser.add_argument('--k', type=float, nargs='+', required=True, help='standard deviations above the mean to try')
    parser.add_argument('--limit', type=int, default=0, metavar='N',
                        help='take N images, evenly spaced through the list; 0: all')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='overrides, key=value')
    return parser.parse_args(argv)


def training_maps(cfg: Config, limit: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Saliency map and mask, both (H, W), of the training images (held-out part included) at native size."""
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    model = MODELS.build(cfg.model)
    source = cfg.test_dataloader.dataset.copy()
    source.ann_file = cfg.train_dataloader.dataset.ann_file
    dataset = DATASETS.build(source)
    chosen = range(len(dataset))
    if 0 < limit < len(dataset):
        chosen = np.linspace(0, len(dataset) - 1, limit).astype(int)
    for index in chosen:
        sample = dataset[int(index)]
        mask = sample['data_samples'].gt_sem_seg.data[0].numpy() > 0
        image = sample['inputs'][0].numpy().astype(np.float32)
        image = image[:mask.shape[0], :mask.shape[1]]  # without the padding at right and bottom
        yield np.maximum(np.asarray(model.saliency(np.ascontiguousarray(image)), np.float64), 0), mask


def table(maps: Sequence[tuple[np.ndarray, np.ndarray]], ks: Sequence[float]) -> list[dict[str, float]]:
    """Measures of the default protocol for every k, with the key ``k``."""
    rows = []
    for k in ks:
        pairs = (((s > s.mean() + k * s.std()).astype(np.float32), mask) for s, mask in maps)
        rows.append(dict(k=k, **evaluate('default', pairs)))
    return rows


def main(argv: list[str] | None = None) -> None:
    """Command line entry."""
    args = parse_args(argv)
    cfg = load_config(args.config, args.cfg_options)
    start = time.perf_counter()
    maps = list(training_maps(cfg, args.limit))
    seconds = (time.perf_counter() - start) / len(maps)
    rows = table(maps, args.k)
    print(f'{args.config}: {len(maps)} training images, {seconds * 1e3:.1f} ms each to load and filter')
    print('k        IoU    nIoU   Pd     Fa (1e-6)')
    for row in rows:
        print(f'{row["k"]:<8g} {row["IoU"]:.4f} {row["nIoU"]:.4f} {row["Pd"]:.4f} {row["Fa_e6"]:.1f}')
    best = max(rows, key=lambda row: row['IoU'])
    print(f'best IoU {best["IoU"]:.4f} with k = {best["k"]:g}')


if __name__ == '__main__':
    main()
