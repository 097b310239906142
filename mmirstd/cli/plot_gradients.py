"""Compare the gradients of runs in one picture: ``mmirstd plot-gradients RUN1 [RUN2 ...]``."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Literal

import numpy as np

from mmirstd.utils.errors import UserError

from .arguments import add_traceback_argument, make_parser

DESCRIPTION = """\
Gradient norms and cosines of runs, in one picture.

A run is a work folder (or its scalars.json) that was trained with
custom_hooks=[dict(type='mmirstd.GradientDiagnosticsHook')]. Colors are levels, line styles are runs; thin lines are
what was recorded, thick ones its running mean.
"""
PANELS = (
    ('grad_norm/C_', 'gradient norm of backbone levels'),
    ('grad_norm/P_', 'gradient norm of pyramid levels'),
    ('grad_cos/P_', 'cosine between adjacent pyramid levels'),
    ('grad_cos/own_top_down_', "cosine of a level's own gradient and the top-down path's"),
)
STYLES: tuple[Literal['-', '--', ':', '-.'], ...] = ('-', '--', ':', '-.')

# key -> steps, values
Series = dict[str, tuple[np.ndarray, np.ndarray]]


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser('plot-gradients', DESCRIPTION)
    parser.add_argument('runs', nargs='+', metavar='RUN', help='work folder, or a scalars.json')
    parser.add_argument('--out', default='gradients.png', help='picture to write: .png, .pdf or .svg')
    parser.add_argument('--labels', nargs='+', metavar='LABEL', help='names of the runs; default: their folders')
    parser.add_argument(
        '--smooth', type=int, metavar='N', help='records in the running mean; default: a tenth of the run'
    )
    add_traceback_argument(parser)
    args = parser.parse_args(argv)
    if args.labels and len(args.labels) != len(args.runs):
        parser.error(f'{len(args.labels)} labels for {len(args.runs)} runs')
    if args.smooth is not None and args.smooth < 1:
        parser.error(f'--smooth {args.smooth}: expected 1 or more')
    return args


def read_run(path: str | Path) -> Series:
    """Read the records of :class:`mmirstd.engine.GradientDiagnosticsHook`.

    Args:
        path: A ``scalars.json``, or a folder that has some below it; of a run that was continued, which has several,
            the later one counts where steps overlap.

    Returns:
        Scalar name -> (steps ascending, values).

    Raises:
        UserError: There is no such run, or it has no gradient records.
    """
    path = Path(path)
    if path.is_dir():
        files = sorted(path.glob('**/vis_data/scalars.json'))  # folders are named by time
    else:
        files = [path] if path.is_file() else []
    if not files:
        raise UserError(f'{path}: no run there; expected a work folder with */vis_data/scalars.json, or such a file')
    records: dict[str, dict[int, float]] = {}
    for file in files:
        for number, line in enumerate(file.read_text().splitlines(), 1):
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:
                print(f'{file}, line {number}: left out, it is cut off', file=sys.stderr)
                continue
            for key, value in entry.items():
                if key.startswith(('grad_norm/', 'grad_cos/')):
                    records.setdefault(key, {})[int(entry['step'])] = float(value)
    if not records:
        raise UserError(
            f'{path}: has no gradient records.\n  cure: train it with '
            "custom_hooks=[dict(type='mmirstd.GradientDiagnosticsHook', interval=50)]"
        )
    return {
        key: (np.array(sorted(values)), np.array([values[s] for s in sorted(values)]))
        for key, values in records.items()
    }


def running_mean(values: np.ndarray, width: int) -> np.ndarray:
    """Centered mean over ``width`` values; at the ends over those there are."""
    kernel = np.ones(min(width, len(values)))
    return np.convolve(values, kernel, 'same') / np.convolve(np.ones(len(values)), kernel, 'same')


def _order(key: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r'\d+', key))


def draw(runs: dict[str, Series], out: str | Path, smooth: int | None = None) -> None:
    """Draw the runs into one picture.

    Args:
        runs: Label -> records.
        out: File to write.
        smooth: Records in the running mean; None: a tenth of each run.
    """
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot as plt
    from matplotlib.lines import Line2D

    found = {key for records in runs.values() for key in records}
    panels = [(prefix, title) for prefix, title in PANELS if any(key.startswith(prefix) for key in found)]
    # One color a level in all panels; viridis without its pale end, which is hard to see on white.
    finest = sorted({_order(key)[:1] for key in found})
    palette = {n: plt.get_cmap('viridis')(i / max(1, len(finest) - 1) * 0.85) for i, n in enumerate(finest)}
    figure, axes = plt.subplots(1, len(panels), figsize=(5.2 * len(panels), 4.6), squeeze=False)
    for axis, (prefix, title) in zip(axes[0], panels):
        keys = sorted((key for key in found if key.startswith(prefix)), key=_order)
        colors = {key: palette[_order(key)[:1]] for key in keys}
        for index, records in enumerate(runs.values()):
            for key in keys:
                if key not in records:
                    continue
                steps, values = records[key]
                width = smooth or max(1, len(values) // 10)
                style = dict(color=colors[key], linestyle=STYLES[index % len(STYLES)])
                if width > 1:
                    axis.plot(steps, values, linewidth=0.6, alpha=0.3, **style)
                marker = 'o' if len(values) == 1 else None
                axis.plot(steps, running_mean(values, width), linewidth=1.8, marker=marker, **style)
        axis.set_title(title, fontsize=11)
        axis.set_xlabel('iteration')
        axis.grid(alpha=0.25)
        if prefix.startswith('grad_norm'):
            axis.set_yscale('log')
        else:
            axis.axhline(0, color='black', linewidth=0.8)
            extreme = max(np.abs(r[k][1]).max() for r in runs.values() for k in keys if k in r)
            axis.set_ylim(-1.1 * extreme, 1.1 * extreme)
        handles = [Line2D([], [], color=colors[k], linewidth=2) for k in keys]
        names = [
            k.removeprefix(prefix).replace('_s', ' and s').replace('s', 'stride ', 1).replace(' s', ' ') for k in keys
        ]
        axis.legend(handles, names, fontsize=8, framealpha=0.8)
    handles = [
        Line2D([], [], color='black', linestyle=STYLES[i % len(STYLES)], linewidth=1.8) for i in range(len(runs))
    ]
    figure.legend(handles, list(runs), loc='lower center', ncol=len(runs), frameon=False)
    figure.tight_layout(rect=(0, 0.07, 1, 1))
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=130)
    plt.close(figure)


def main(argv: list[str] | None = None) -> None:
    """Read the runs, draw them, say where."""
    args = parse_args(argv)
    labels = args.labels or [
        Path(r).parent.parent.parent.name if Path(r).is_file() else Path(r).resolve().name for r in args.runs
    ]
    if len(set(labels)) < len(labels):
        labels = [f'{label} ({i + 1})' for i, label in enumerate(labels)]
    runs = {label: read_run(run) for label, run in zip(labels, args.runs)}
    draw(runs, args.out, args.smooth)
    print(f'gradients of {", ".join(runs)}: {args.out}')
