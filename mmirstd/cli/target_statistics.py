"""Size, SCR and annotation of a data set's targets: ``mmirstd target-statistics CONFIG [options]``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mmirstd.utils.config_parts import bare_type

from .arguments import add_data_set_arguments, add_traceback_argument, make_parser

if TYPE_CHECKING:
    import numpy as np

DESCRIPTION = """\
Size, signal-to-clutter ratio and annotation of a data set's targets.

One table of percentiles, to compare data sets, or to fit generated scenes to real training images.

Images are taken as the config loads them, at their native size, before any augmentation.  Quantities, each of a target
but the last two:

- area: pixels of the mask (8-connected);  side: the longer side of its box, px;
- SCR: |mu_t - mu_b| / sigma_b, as mmirstd.utils.scr.local_scr defines it;
- peak: the same of the pixel that stands out most;
- contrast: mu_t - mu_b, and clutter: sigma_b, both in percent of full scale;
- rim: mean of the mask's outermost pixels, 0 at the background's mean and 1 at the target's 95th percentile: low where
  the annotator draws generously;
- down, right: how far the center of what is seen lies below and right of the mask's center, px; of bright targets with
  an SCR of 4 or more, room of 4 px around them and no other target in it.  Where the middle half is not around 0, the
  masks lie to one side, and a training that flips and transposes images teaches that it may be any side;
- targets: number in an image;  spread: standard deviation of an image's pixels, percent of full scale.
"""
EXAMPLES = """
{target-statistics} configs/_base_/datasets/nuaa-sirst-341-86.py --cfg-options data_root=/data/NUAA-SIRST
"""
PERCENTILES = (5, 25, 50, 75, 95)
QUANTITIES = {
    'area': 'area (px)',
    'side': 'side (px)',
    'scr': 'SCR',
    'peak': 'peak (sigmas)',
    'contrast': 'contrast (%)',
    'clutter': 'clutter (%)',
    'rim': 'rim',
    'down': 'down (px)',
    'right': 'right (px)',
    'targets': 'targets',
    'spread': 'spread (%)',
}


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser('target-statistics', DESCRIPTION, EXAMPLES)
    add_data_set_arguments(parser)
    add_traceback_argument(parser)
    return parser.parse_args(argv)


def collect(samples: Iterator[tuple[np.ndarray, np.ndarray]]) -> dict[str, list[float]]:
    """All values by quantity.

    Args:
        samples: (H, W) float image of full scale 1, and (H, W) mask, > 0 on targets.
    """
    import numpy as np

    from mmirstd.datasets.target_values import target_values
    from mmirstd.utils.components import label_components

    values: dict[str, list[float]] = {name: [] for name in QUANTITIES}
    for image, mask in samples:
        everything = (mask > 0).astype(np.uint8)
        components = label_components(everything)
        top, left, bottom, right = components.window
        for k in range(len(components)):
            target = np.zeros_like(everything)
            target[top:bottom, left:right] = components.labels == k + 1
            for name, value in target_values(image, target, everything).items():
                values[name].append(value)
        values['targets'].append(float(len(components)))
        values['spread'].append(100 * float(image.std()))
    return values


def table(values: dict[str, list[float]]) -> str:
    """The percentiles as Markdown."""
    import numpy as np

    lines = [f'| | {" | ".join(f"{p}%" for p in PERCENTILES)} |', f'|---|{"---:|" * len(PERCENTILES)}']
    for name, label in QUANTITIES.items():
        found = np.array(values[name])
        found = found[np.isfinite(found)]
        cells = [f'{v:.3g}' for v in np.percentile(found, PERCENTILES)] if len(found) else ['-'] * len(PERCENTILES)
        lines.append(f'| {label} | {" | ".join(cells)} |')
    return '\n'.join(lines)


def loading_only(dataset: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The data sets of a config, the parts of concatenated ones each for itself, without augmentation."""
    for part in dataset.get('datasets', [dataset]):
        part = dict(part.get('dataset', part))  # without what repeats it
        part['pipeline'] = [step for step in part['pipeline'] if 'Load' in bare_type(step)]
        part['pipeline'].append(dict(type='PackSegInputs', meta_keys=('sample_id',)))
        yield part


def main(argv: list[str] | None = None) -> None:
    """Print the table."""
    args = parse_args(argv)
    from mmengine.registry import DATASETS

    from mmirstd.engine.config_files import load_data_set

    datasets = [
        DATASETS.build(part)
        for part in loading_only(load_data_set(args.config, args.split, args.cfg_options, args.data))
    ]

    def samples() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for dataset in datasets:
            for index in range(len(dataset)):
                sample = dataset[index]
                mask = sample['data_samples'].gt_sem_seg.data[0].numpy()
                yield sample['inputs'][0].numpy(), mask

    values = collect(samples())
    print(
        f'{len(values["targets"])} images, {len(values["area"])} targets, '
        f'{sum(count == 0 for count in values["targets"])} images without one\n'
    )
    print(table(values))
