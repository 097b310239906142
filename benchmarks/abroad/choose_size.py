"""What 20 labeled images of a source are worth: they choose the size in which a network sees images (--tta size=...).

    OMP_NUM_THREADS=1 python benchmarks/abroad/choose_size.py data [--only nuaa]

``data`` is that of fold.py. Each network sees the training images of a source that it never saw, in each size. Then, a
thousand times, 20 random images choose the size of the highest IoU, and the others are measured with it. Writes
choose_size.json beside this file and prints the tables of configs/ggl_net/abroad.md. No test list is read.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from held_out import CASES, SOURCES, seen_abroad
from numpy.typing import NDArray

from mmirstd.evaluation.functional.false_at_pd import AT_PD_LOGITS, at_pd_counts, false_per_image_at
from mmirstd.utils.components import label_components
from mmirstd.utils.files import write_json
from mmirstd.utils.json_text import parse_json

HERE = Path(__file__).parent
SIZES = (0.5, 0.75, 1.0, 1.5)
LABELED, DRAWS = 20, 1000
#: Key -> format.
FIGURES = ('Pd', '.3f'), ('false', '.2f'), ('false_at', '.2f'), ('IoU', '.3f')
#: Of the threshold 0.5 among those of the counts.
HALF = AT_PD_LOGITS.index(0.0)


class Counts:
    """Counts of N images: (N,) pixels in common and in either, (N,) targets, (N, K, 2) found and false targets."""

    def __init__(self, maps: list[tuple[NDArray[Any], NDArray[np.bool_]]]) -> None:
        self.common = np.array([np.count_nonzero((logit > 0) & mask) for logit, mask in maps])
        self.either = np.array([np.count_nonzero((logit > 0) | mask) for logit, mask in maps])
        truth = [label_components(mask) for _, mask in maps]
        self.targets = np.array([len(targets) for targets in truth])
        self.found = np.stack([at_pd_counts(logit, targets) for (logit, _), targets in zip(maps, truth)])

    def iou(self, images: NDArray[Any]) -> float:
        """Of some images; their union may be empty."""
        either = self.either[images].sum()
        return float(self.common[images].sum() / either) if either else 1.0

    def measures(self, images: NDArray[Any]) -> dict[str, float | None]:
        """Of some images, at the threshold 0.5; false targets also where 90% of the targets are found (None: never)."""
        targets, found = int(self.targets[images].sum()), self.found[images]
        at = false_per_image_at(0.9, list(found), targets)
        return dict(
            Pd=float(found[:, HALF, 0].sum() / targets),
            false=float(found[:, HALF, 1].mean()),
            false_at=None if np.isnan(at) else at,
            IoU=self.iou(images),
        )


def count(data: str, held_out: str, weights: str) -> dict[float, Counts]:
    """Size -> counts of all images of the source that is held out."""
    return {
        size: Counts([(seen.logit, seen.mask) for seen in seen_abroad(data, held_out, weights, size)]) for size in SIZES
    }


def choose(counts: dict[float, Counts]) -> dict[str, Any]:
    """Medians over the draws, and how often each size was chosen."""
    number = len(counts[1.0].targets)
    generator = np.random.default_rng(0)
    chosen, rows, plain, worse = [], [], [], 0
    for _ in range(DRAWS):
        order = generator.permutation(number)
        size = max(SIZES, key=lambda size: counts[size].iou(order[:LABELED]))
        chosen.append(size)
        rows.append(counts[size].measures(order[LABELED:]))
        plain.append(counts[1.0].measures(order[LABELED:]))
        worse += counts[size].iou(order[LABELED:]) < counts[1.0].iou(order[LABELED:])
    return dict(
        share={f'{size:g}': chosen.count(size) / DRAWS for size in SIZES},
        chosen={key: _median([row[key] for row in rows]) for key in rows[0]},
        plain={key: _median([row[key] for row in plain]) for key in plain[0]},
        worse=worse / DRAWS,
        all={f'{size:g}': counts[size].measures(np.arange(number)) for size in SIZES},
        images=number,
    )


def _median(values: list[float | None]) -> float | None:
    """None: half of the draws or more have no such figure."""
    middle = float(np.median([np.inf if value is None else value for value in values]))
    return middle if np.isfinite(middle) else None


def markdown(cases: list[dict[str, Any]]) -> str:
    """A row a network and source; figures of the image in its own size, then in the size that was chosen."""
    lines = [
        '| tested on | trained on | size chosen | Pd | false targets/image | at Pd 0.9 | IoU | worse IoU |',
        '|---|---|---|---:|---:|---:|---:|---:|',
    ]
    for case in cases:
        sizes = ', '.join(f'{size} ({share:.0%})' for size, share in case['share'].items() if share >= 0.01)
        cells = [f'{_text(case["plain"][key], form)} → {_text(case["chosen"][key], form)}' for key, form in FIGURES]
        lines.append(
            f'| {SOURCES[case["held_out"]]} | {case["saw"]} | {sizes} | {" | ".join(cells)} | {case["worse"]:.0%} |'
        )
    return '\n'.join(lines)


def sizes_markdown(cases: list[dict[str, Any]]) -> str:
    """A row a network, source and size: figures of all images."""
    lines = [
        '| tested on | trained on | size | Pd | false targets/image | at Pd 0.9 | IoU |',
        '|---|---|---:|---:|---:|---:|---:|',
    ]
    for case in cases:
        about = f'{SOURCES[case["held_out"]]} | {case["saw"]}'
        for size, found in case['all'].items():
            cells = [_text(found[key], form) for key, form in FIGURES]
            lines.append(f'| {about} | {size} | {" | ".join(cells)} |')
            about = ' | '
    return '\n'.join(lines)


def _text(value: float | None, form: str) -> str:
    return '-' if value is None else format(value, form)


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data', help='the folder that holds NUAA-SIRST, NUDT-SIRST, synthetic and Drone-IR-masks')
    parser.add_argument('--only', choices=tuple(SOURCES), help='measure these anew, the others stay')
    args = parser.parse_args()
    file = HERE / 'choose_size.json'
    known = parse_json(file.read_text(encoding='utf-8'))['cases'] if file.is_file() else []
    cases = {(case['held_out'], case['weights']): case for case in known}
    for held_out, weights, saw in CASES:
        if args.only in (None, held_out):
            found = choose(count(args.data, held_out, weights))
            cases[held_out, weights] = dict(held_out=held_out, weights=weights, saw=saw, **found)
            kept = [cases[key[:2]] for key in CASES if key[:2] in cases]
            write_json(file, dict(labeled=LABELED, draws=DRAWS, cases=kept))
            print(f'{sizes_markdown(kept)}\n\n{markdown(kept)}', flush=True)


if __name__ == '__main__':
    main()
