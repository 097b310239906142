"""What it is worth that freed memory stays with the process (mmirstd/engine/freed_memory.py).

    python benchmarks/freed-memory/measure.py --out benchmarks/freed-memory/figures.json

A training step of GGL-Net on two crops of 256x256 by the plain loop and by ours, and an image through GGL-Net tiny,
each with and without. Every figure is of a fresh process, since an allocator keeps the marks of what ran before. The
sides take turns; CPU time of one thread, medians over the rounds. With AVX2 alone: ONEDNN_MAX_CPU_ISA=AVX2
ATEN_CPU_CAPABILITY=avx2.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from mmirstd.costs.memory import MIB, peak_memory
from mmirstd.costs.own_process import run_alone
from mmirstd.engine.freed_memory import keep_freed_memory
from mmirstd.utils.files import write_json

CONFIG = 'ggl-net_cpu-b8-45e_nuaa-sirst-341-86'
RUNS = 6
WORK = ('plain loop', 'step, float32', 'step, precision of this machine', 'image 256', 'image 1024')


def step_of(work: str) -> Callable[[], object]:
    """A training step."""
    import torch
    from mmengine.dataset import pseudo_collate
    from mmengine.registry import init_default_scope

    from mmirstd.apis.model_loading import find_model_config
    from mmirstd.cli.speed_training import OurStep, PlainLoop, dataset, write_images
    from mmirstd.registry import MODELS

    cfg = find_model_config(CONFIG, {})
    init_default_scope('mmseg')
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        write_images(Path(folder), 2, 256)
        images = dataset(cfg, Path(folder), True)
        data = pseudo_collate([images[index] for index in range(2)])
    network = MODELS.build(cfg.model)
    if work == 'plain loop':
        return PlainLoop(cfg, network, data)
    return OurStep(cfg, network, data, 'float32' if work == 'step, float32' else None)


def image_of(side: int) -> Callable[[], object]:
    """An image through the network of the box, in one piece."""
    import numpy as np

    from mmirstd.apis import build_inferencer

    detect = build_inferencer('ggl-net-tiny_general', tile='off', backend='torch')
    image = np.random.default_rng(0).integers(0, 255, (side, side), np.uint8)
    return lambda: detect([image])


def alone(work: str, kept: bool) -> dict[str, Any]:
    """Figures of one process."""
    import resource

    import torch

    torch.set_num_threads(1)
    if kept:
        assert keep_freed_memory(), 'this system or environment has another allocator'
    run = image_of(int(work.split()[1])) if work.startswith('image') else step_of(work)
    for _ in range(2):
        run()
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    seconds = []
    for _ in range(RUNS):
        before = time.process_time()
        run()
        seconds.append(time.process_time() - before)
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults
    return dict(ms=1000 * median(seconds), faults=faults / RUNS, mib=(peak_memory() or 0) / MIB)


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--out', type=Path)
    args = parser.parse_args()
    found: dict[tuple[str, bool], list[dict[str, Any]]] = {}
    for _, work, kept in itertools.product(range(args.rounds), WORK, (False, True)):
        found.setdefault((work, kept), []).append(run_alone(alone, work, kept))
    table = {
        work: {
            'kept' if kept else 'given back': {
                key: median(run[key] for run in found[work, kept]) for key in found[work, kept][0]
            }
            for kept in (False, True)
        }
        for work in WORK
    }
    print(f'{"":<34}{"given back ms":>14}{"kept ms":>10}{"ratio":>7}{"faults":>9}{"kept":>8}{"MiB":>7}{"kept":>7}')
    for work, sides in table.items():
        back, kept = sides['given back'], sides['kept']
        print(
            f'{work:<34}{back["ms"]:>14.0f}{kept["ms"]:>10.0f}{back["ms"] / kept["ms"]:>7.2f}'
            f'{back["faults"]:>9.0f}{kept["faults"]:>8.0f}{back["mib"]:>7.0f}{kept["mib"]:>7.0f}'
        )
    if args.out is not None:
        write_json(args.out, table)


if __name__ == '__main__':
    main()
