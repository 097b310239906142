"""What a temperature, alone and with a bias, does to shipped checkpoints: fitted on one half, measured on the other.

    python benchmarks/calibration/temperature.py data/NUAA-SIRST

Images with even numbers fit, those with odd numbers are measured: the 341 training images of NUAA-SIRST, of which the
first checkpoint saw none, and 300 generated scenes, half of which hold spots that look like targets. Writes
temperature.json beside this file and prints the table of docs/false_alarms.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmirstd.apis import IRSTDInferencer
from mmirstd.datasets import SIRSTDataset
from mmirstd.datasets.image_io import read_image, read_mask
from mmirstd.datasets.synthetic import ClutterConfig, SceneConfig, TargetConfig, render_scene
from mmirstd.evaluation.functional.calibration import LogitCounts
from mmirstd.utils.files import write_json

Pairs = Iterator[tuple[NDArray[Any], NDArray[np.bool_]]]
SCENES = 300
HEAD = '| | | ECE | NLL | Brier | IoU at 0.5 |'


def training_images(root: str) -> Pairs:
    """NUAA-SIRST's training list, and its masks of the size of their images."""
    data = SIRSTDataset(data_root=root, ann_file='img_idx/idx427_trainval.txt', pipeline=[])
    for index in range(len(data)):
        info = data.get_data_info(index)
        image, mask = read_image(info['img_path']), read_mask(info['seg_map_path'])
        if image.shape == mask.shape:
            yield image, mask > 0


def generated_scenes() -> Pairs:
    """As those of benchmarks/false-alarms/coverage.py with targets."""
    config = SceneConfig(size=(256, 256), targets=TargetConfig(), clutter=ClutterConfig(count=(0.5, 0.25, 0.25)))
    for k in range(SCENES):
        scene = render_scene(config, np.random.default_rng([8, k]))
        yield scene.image, scene.mask > 0


def measure(name: str, pairs: Pairs) -> list[dict[str, Any]]:
    """The rows of a checkpoint: as it is, with a temperature, with temperature and bias."""
    inferencer = IRSTDInferencer(name, device='cpu', backend='torch', tile='off', show_progress=False)
    halves, measured = (LogitCounts(), LogitCounts()), []
    for number, (image, mask) in enumerate(pairs):
        [result] = inferencer.infer(image)
        halves[number % 2].add(result.logit, mask)
        if number % 2:
            measured.append((result.logit, mask))
    fit, test = halves
    rows = []
    for temperature, bias in ((1.0, 0.0), (fit.fit_temperature(), 0.0), fit.fit_platt()):
        found = [(logit / temperature + bias > 0, mask) for logit, mask in measured]
        common, either = (sum(int(part(a, b).sum()) for a, b in found) for part in (np.logical_and, np.logical_or))
        rows.append(
            dict(temperature=temperature, bias=bias, **asdict(test.measure(temperature, bias)), iou=common / either)
        )
    return rows


def main() -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('root', metavar='NUAA_ROOT')
    args = parser.parse_args()
    figures = {
        'ggl-net-tiny_synthetic-fitted': measure('ggl-net-tiny_synthetic-fitted', training_images(args.root)),
        'ggl-net-tiny_general': measure('ggl-net-tiny_general', generated_scenes()),
    }
    write_json(Path(__file__).with_name('temperature.json'), figures)
    print(HEAD)
    print('|---|---|' + '---:|' * 4)
    for name, rows in figures.items():
        for row in rows:
            how = 'as it is' if row['temperature'] == 1 else f'temperature {row["temperature"]:.2g}'
            if row['bias']:
                how = f'temperature {row["temperature"]:.2g} and bias {row["bias"]:.2g}'
            numbers = f'{row["ece"]:.5f} | {row["nll"]:.4f} | {row["brier"]:.5f} | {row["iou"]:.3f}'
            print(f'| {name} | {how} | {numbers} |')


if __name__ == '__main__':
    main()
