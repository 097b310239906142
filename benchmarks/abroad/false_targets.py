"""What the false targets of a network abroad are.

    OMP_NUM_THREADS=1 python benchmarks/abroad/false_targets.py data

``data`` is that of fold.py. Each shipped network sees the training images of a source that it never saw. Its false
targets are counted by kind, at the threshold 0.5 and at the highest one of :data:`AT_PD_LOGITS` that finds 80% of the
targets. Writes false_targets.json beside this file and prints the table of configs/ggl_net/abroad.md. No test list is
read.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from held_out import CASES, SOURCES, Seen, seen_abroad
from numpy.typing import NDArray

from mmirstd.evaluation.functional.false_at_pd import AT_PD_LOGITS, at_pd_counts
from mmirstd.evaluation.functional.matching import dilate, match_nearest
from mmirstd.utils.components import Components, label_components
from mmirstd.utils.files import write_json

HERE = Path(__file__).parent
SHARE = 0.8


def is_single_pixel(image: NDArray[Any], box: NDArray[Any]) -> bool:
    """Whether one pixel stands out in a box (top, left, bottom, right) of an image.

    Of the 3x3 pixels around the brightest one, the second brightest rises less than half as far over their median.
    """
    top, left, bottom, right = (int(side) for side in box)
    inside = image[top:bottom, left:right]
    row, column = np.unravel_index(int(inside.argmax()), inside.shape)
    y, x = top + int(row), left + int(column)
    around = np.sort(image[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2].astype(np.float64), axis=None)
    middle = float(np.median(around))
    return bool(around[-1] > middle and around[-2] - middle < (around[-1] - middle) / 2)


def touched_by(mask: NDArray[np.bool_], components: Components) -> NDArray[np.bool_]:
    """(N,) bool: the components that have a pixel in a mask (H, W)."""
    return np.isin(np.arange(1, len(components) + 1), components.labels[components.crop(mask)])


def kinds(images: list[Seen], threshold: float, by_video: bool) -> dict[str, Any]:
    """The false targets above a threshold of the logit.

    Returns:
        ``Pd``; ``false``: how many; of these ``on_target``: those that touch a labeled target, ``pixel``: further ones
        where a single pixel stands out; ``missed``: targets; of these ``touched``: those that a prediction touches;
        ``half``: of ``groups`` videos or images the least number that has half of the false targets.
    """
    found = Counter[str]()
    places = Counter[str]()
    for seen in images:
        targets, predictions = label_components(seen.mask), label_components(seen.logit > threshold)
        matches = match_nearest(targets, predictions)
        found.update(targets=len(targets), detected=int(matches.detected.sum()))
        near, marked = dilate(seen.mask, 1), dilate(seen.logit > threshold, 1)
        found['touched'] += int((touched_by(marked, targets) & ~matches.detected).sum())
        on_target = touched_by(near, predictions)
        for index in np.flatnonzero(~matches.matched):
            places[Path(seen.path).parent.name if by_video else seen.path] += 1
            if on_target[index]:
                found['on_target'] += 1
            elif is_single_pixel(seen.image, predictions.boxes[index]):
                found['pixel'] += 1
    counts = np.sort(list(places.values()))[::-1].cumsum()
    groups = {Path(seen.path).parent.name if by_video else seen.path for seen in images}
    return dict(
        Pd=found['detected'] / found['targets'],
        false=places.total(),
        on_target=found['on_target'],
        pixel=found['pixel'],
        missed=found['targets'] - found['detected'],
        touched=found['touched'],
        half=int(np.searchsorted(counts, counts[-1] / 2) + 1) if len(counts) else 0,
        groups=len(groups),
    )


def threshold_of(share: float, images: list[Seen]) -> float:
    """The highest logit of AT_PD_LOGITS above which a share of the targets is found; the lowest where none does."""
    truth = [label_components(seen.mask) for seen in images]
    found = np.sum([at_pd_counts(seen.logit, targets)[:, 0] for seen, targets in zip(images, truth)], axis=0)
    enough = np.flatnonzero(found >= share * sum(map(len, truth)))
    return AT_PD_LOGITS[int(enough[-1]) if len(enough) else 0]


def markdown(cases: list[dict[str, Any]]) -> str:
    """A row a network, source and threshold."""
    lines = [
        '| tested on | trained on | Pd | false targets | on a labeled target | a single pixel | half of them in '
        '| missed targets | touched |',
        '|---|---|---:|---:|---:|---:|---:|---:|---:|',
    ]
    for case in cases:
        about = f'{SOURCES[case["held_out"]]} | {case["saw"]}'
        unit = 'videos' if case['held_out'] == 'drone_ir' else 'images'
        for row in case['rows']:
            half = f'{row["half"]} of {row["groups"]} {unit}'
            counts = (
                f'{row["false"]} | {row["on_target"]} | {row["pixel"]} | {half} | {row["missed"]} | {row["touched"]}'
            )
            lines.append(f'| {about} | {row["Pd"]:.3f} | {counts} |')
            about = ' | '
    return '\n'.join(lines)


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data', help='the folder that holds NUAA-SIRST, NUDT-SIRST, synthetic and Drone-IR-masks')
    args = parser.parse_args()
    cases = []
    for held_out, weights, saw in CASES:
        images = list(seen_abroad(args.data, held_out, weights))
        rows = [
            dict(logit=logit, **kinds(images, logit, held_out == 'drone_ir'))
            for logit in (0.0, threshold_of(SHARE, images))
        ]
        cases.append(dict(held_out=held_out, weights=weights, saw=saw, rows=rows))
    write_json(HERE / 'false_targets.json', dict(share=SHARE, cases=cases))
    print(markdown(cases))


if __name__ == '__main__':
    main()
