"""Is the false-alarm rate that ``mmirstd calibrate`` promises kept? The shipped checkpoint on generated scenes.

A large pool of generated backgrounds stands for all that a camera may see: the true rate at any threshold is counted in
it. From this pool images are drawn again and again, the threshold is chosen from them, and its true rate is compared
with what was asked. Logits are kept in a folder, so that a second run takes a minute.

    python benchmarks/false-alarms/coverage.py --pool /tmp/pool --out benchmarks/false-alarms/coverage.json \\
        --picture docs/images/false_alarms.png
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from mmirstd.datasets.synthetic import ClutterConfig, SceneConfig, TargetConfig, render_scene
from mmirstd.false_alarms.cfar import Cfar
from mmirstd.false_alarms.counts import FalseAlarmCounts, threshold_grid
from mmirstd.false_alarms.rate_bounds import clopper_pearson
from mmirstd.false_alarms.threshold_choice import Request, UnsupportedRateError, choose_threshold
from mmirstd.utils.files import write_json

MODEL = 'ggl-net-tiny_general'
SIZE = (256, 256)
CLUTTER = ClutterConfig(count=(0.5, 0.25, 0.25))  # half of the images hold spots that look like targets
#: What is asked -> with how many images.
ASKED = (
    ('pixels', 1e-5, 200),
    ('pixels', 1e-5, 400),
    ('pixels', 1e-6, 400),
    ('pixels', 1e-6, 1000),
    ('targets', 0.1, 100),
    ('targets', 0.1, 200),
)


def logits_of(folder: Path, name: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits (N, H, W) and masks of generated scenes, made once."""
    files = folder / f'{name}.npy', folder / f'{name}_mask.npy'
    if not all(file.is_file() for file in files):
        from mmirstd.apis import IRSTDInferencer

        folder.mkdir(parents=True, exist_ok=True)
        inferencer = IRSTDInferencer(MODEL, device='cpu', backend='torch')
        targets = TargetConfig(count=(1.0,)) if name == 'background' else TargetConfig()
        config = SceneConfig(size=SIZE, targets=targets, clutter=CLUTTER)
        logits, masks = np.empty((count, *SIZE), np.float32), np.empty((count, *SIZE), bool)
        for k in range(count):
            scene = render_scene(config, np.random.default_rng([7 if name == 'background' else 8, k]))
            [result] = inferencer.infer(scene.image)
            logits[k], masks[k] = result.logit, scene.mask > 0
        for file, values in zip(files, (logits, masks)):
            np.save(file, values)
    return np.load(files[0], mmap_mode='r')[:count], np.load(files[1], mmap_mode='r')[:count]


def counted(logits: np.ndarray, masks: np.ndarray, cfar: Cfar | None = None) -> FalseAlarmCounts:
    """The counts of all images, by the logits or their distance from the surroundings."""
    counts = FalseAlarmCounts(threshold_grid() if cfar is None else threshold_grid(2.0))
    for logit, mask in zip(logits, masks):
        counts.add(np.asarray(logit) if cfar is None else cfar(logit), np.asarray(mask))
    return counts


def coverage(pool: FalseAlarmCounts, what: str, rate: float, images: int, repeats: int) -> dict[str, Any]:
    """How often the rate was kept, and by how much."""
    units = pool.pixels if what == 'pixels' else pool.images
    true = pool.false_totals(what).sum(axis=0) / units
    rng = np.random.default_rng(1)
    rates, methods, refused = [], [], 0
    for _ in range(repeats):
        sample = pool.drawn(rng.integers(pool.images, size=images))
        try:
            choice = choose_threshold(sample, Request(what, rate, ''))
        except UnsupportedRateError:
            refused += 1
            continue
        rates.append(float(true[choice.index]))
        methods.append(choice.method)
    kept = sum(found <= rate for found in rates)
    return dict(
        what=what,
        asked=rate,
        images=images,
        repeats=repeats,
        kept=kept,
        broken=len(rates) - kept,
        refused=refused,
        by_tail=methods.count('tail'),
        median_share=float(np.median(rates)) / rate if rates else None,
        rates=[float(f'{found:.4g}') for found in rates],
    )


def at_rates(pool: FalseAlarmCounts, labeled: FalseAlarmCounts) -> list[dict[str, Any]]:
    """Pd at the least thresholds whose true rate in the pool is within a few rates."""
    rows = []
    for what, rate in (('pixels', 1e-4), ('pixels', 1e-5), ('pixels', 1e-6), ('targets', 0.1)):
        true = pool.false_totals(what).sum(axis=0) / (pool.pixels if what == 'pixels' else pool.images)
        index = int(np.flatnonzero(true > rate)[-1]) + 1
        hits = int(labeled.detected[index])
        low, high = clopper_pearson(hits, labeled.targets)
        threshold = float(pool.thresholds[index])
        rows.append(dict(what=what, rate=rate, threshold=threshold, pd=hits / labeled.targets, low=low, high=high))
    return rows


def draw(path: Path, record: dict[str, Any], pool: FalseAlarmCounts, labeled: FalseAlarmCounts) -> None:
    """Rate and Pd over the threshold, and what the chosen thresholds keep."""
    import matplotlib

    matplotlib.use('Agg')
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout='constrained')
    rate = pool.false_totals('pixels').sum(axis=0) / pool.pixels
    shown = rate > 0
    left.semilogy(pool.thresholds[shown], rate[shown], color='C3')
    left.axvline(17.3, color='0.6', linestyle=':')
    left.annotate('float32 probability\nis 1 from here on', (18.5, 2e-7), color='0.4', fontsize=9)
    left.set(xlabel='threshold (logit)', ylabel='false pixels a pixel', ylim=(1e-7, 1e-3))
    left.yaxis.label.set_color('C3')
    other = left.twinx()
    other.plot(pool.thresholds, labeled.detected / labeled.targets, color='C0')
    other.set(ylabel='Pd', ylim=(0, 1), xlim=(-10, 150))
    other.yaxis.label.set_color('C0')
    left.set_title('Generated scenes: what a threshold keeps and costs')
    rows = record['coverage']
    for place, row in enumerate(rows):
        shares = np.maximum(np.array(row['rates']) / row['asked'], 3e-3)
        jitter = np.random.default_rng(0).uniform(-0.3, 0.3, len(shares))
        right.semilogx(shares, place + jitter, '.', markersize=3, color='C2')
        right.semilogx(shares[shares > 1], (place + jitter)[shares > 1], '.', markersize=4, color='C3')
    right.axvline(1, color='k')
    names = [
        f'{row["asked"]:g} {"a pixel" if row["what"] == "pixels" else "an image"}\n{row["images"]} images'
        for row in rows
    ]
    right.set_yticks(range(len(rows)), names)
    right.set(xlabel='true rate / asked rate (0 at the left edge)', title='200 choices each, 95% confidence')
    right.invert_yaxis()
    figure.savefig(path, dpi=110)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--pool', type=Path, required=True, help='folder for the logits')
    parser.add_argument('--backgrounds', type=int, default=1600, help='images of the pool')
    parser.add_argument('--labeled', type=int, default=300, help='scenes with targets')
    parser.add_argument('--repeats', type=int, default=200)
    parser.add_argument('--out', type=Path, required=True, help='figures, JSON')
    parser.add_argument('--picture', type=Path, help='PNG')
    args = parser.parse_args()
    background, scenes = (
        logits_of(args.pool, *one) for one in (('background', args.backgrounds), ('labeled', args.labeled))
    )
    pool, labeled = counted(*background), counted(*scenes)
    record: dict[str, Any] = dict(
        model=MODEL,
        size=SIZE,
        backgrounds=pool.images,
        scenes=labeled.images,
        targets=labeled.targets,
        at_rates=dict(logit=at_rates(pool, labeled)),
        coverage=[],
    )
    record['at_rates']['cfar'] = at_rates(counted(*background, Cfar()), counted(*scenes, Cfar()))
    for asked in ASKED:
        record['coverage'].append(coverage(pool, *asked, args.repeats))
        print({key: value for key, value in record['coverage'][-1].items() if key != 'rates'}, flush=True)
        write_json(args.out, record, indent=1)
    if args.picture is not None:
        draw(args.picture, record, pool, labeled)


if __name__ == '__main__':
    main()
