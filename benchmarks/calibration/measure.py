"""Do the probabilities of benchmarks/calibration.yml mean what they say, and how far can a threshold go?

    python benchmarks/calibration/measure.py data/NUAA-SIRST --work-dir work_dirs/benchmarks

Runs each checkpoint that the suite chose on the 34 validation and the 86 test images, writes figures.json beside this
file and prints the table of docs/false_alarms.md. The temperature is fitted on the validation images alone.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.config import Config
from numpy.typing import NDArray

from mmirstd.apis import IRSTDInferencer
from mmirstd.benchmark import load_suite, read_records
from mmirstd.benchmark.work_folder import run_folder
from mmirstd.datasets import SIRSTDataset
from mmirstd.datasets.image_io import read_image, read_mask
from mmirstd.evaluation.functional.calibration import LogitCounts
from mmirstd.utils.files import write_json

REPO = Path(__file__).resolve().parents[2]
FIGURES = {
    'ece': ('ECE', '.2e'),
    'ece_scaled': ('ECE, scaled', '.2e'),
    'temperature': ('temperature', '.3g'),
    'largest': ('largest logit', '.1f'),
    'certain': ('lowest Fa (1e-6)', '.2f'),
    'certain_scaled': ('lowest Fa, scaled (1e-6)', '.2f'),
}
Pairs = list[tuple[NDArray[np.floating], NDArray[np.bool_]]]


def maps(inferencer: IRSTDInferencer, loader: dict[str, Any], root: str) -> Pairs:
    """Logits and masks of the images of a data loader's list."""
    dataset = loader['dataset']
    data = SIRSTDataset(data_root=root, ann_file=dataset['ann_file'], holdout=dataset.get('holdout'), pipeline=[])
    found = []
    for index in range(len(data)):
        info = data.get_data_info(index)
        [result] = inferencer.infer(read_image(info['img_path']))
        mask = read_mask(info['seg_map_path'])
        if mask.shape != result.logit.shape:  # Misc_111, as the config's mask_size_mismatch='resize' has it
            mask = cv2.resize(mask, result.logit.shape[::-1], interpolation=cv2.INTER_NEAREST)
        found.append((result.logit, mask > 0))
    return found


def certain(pairs: Pairs, temperature: float = 1.0) -> float:
    """Share of all pixels, in millionths, that are background and have the probability 1 in float32.

    No threshold of the probability is above these, so no lower false-alarm rate can be asked for.
    """
    ones = sum(
        int((1 / (1 + np.exp(-logit[~mask].astype(np.float32) / np.float32(temperature))) >= 1).sum())
        for logit, mask in pairs
    )
    return 1e6 * ones / sum(mask.size for _, mask in pairs)


def measure(config: str, options: dict[str, Any], checkpoint: Path, root: str) -> dict[str, float]:
    """The figures of a checkpoint, by the keys of ``FIGURES``."""
    cfg = Config.fromfile(REPO / config)
    cfg.merge_from_dict(options)
    inferencer = IRSTDInferencer(cfg, checkpoint, device='cpu', backend='torch', tile='off')
    counts = {}
    pairs: Pairs = []
    for part in ('val', 'test'):
        pairs = maps(inferencer, cfg[f'{part}_dataloader'], root)
        counts[part] = LogitCounts()
        for logit, mask in pairs:
            counts[part].add(logit, mask)
    temperature = counts['val'].fit_temperature()
    return dict(
        ece=counts['test'].measure().ece,
        ece_scaled=counts['test'].measure(temperature).ece,
        temperature=temperature,
        largest=max(float(np.abs(logit).max()) for logit, _ in pairs),
        certain=certain(pairs),
        certain_scaled=certain(pairs, temperature),
    )


def main() -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('root', metavar='NUAA_ROOT')
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/benchmarks'))
    args = parser.parse_args()
    suite = load_suite(REPO / 'benchmarks/calibration.yml', REPO)
    records = read_records(suite, REPO / 'benchmarks/logs')
    file = REPO / 'benchmarks/calibration/figures.json'
    figures: dict[str, dict[str, Any]] = json.loads(file.read_text()) if file.is_file() else {}
    print('| run | ' + ' | '.join(head for head, _ in FIGURES.values()) + ' | seeds |')
    print('|---|' + '---:|' * (len(FIGURES) + 1))
    for run in suite.runs:
        rows = []
        for seed, record in records[run.name].items():
            name, chosen = f'{run.name}_seed{seed}', record['checkpoint']
            if figures.get(name, {}).get('sha256') != chosen['sha256']:
                checkpoint = run_folder(args.work_dir, suite.name, run.name, seed) / chosen['name']
                found = measure(run.config, dict(run.options), checkpoint, args.root)
                figures[name] = dict(sha256=chosen['sha256'], **found)
                write_json(file, figures, indent=1)
            rows.append(figures[name])
        if rows:
            means = [format(np.mean([row[key] for row in rows]), form) for key, (_, form) in FIGURES.items()]
            print(f'| {run.label} | {" | ".join(means)} | {len(rows)} |', flush=True)


if __name__ == '__main__':
    main()
