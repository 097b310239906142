"""What a training wrote on its way: losses and validation, over all its resumed parts."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Scalars of ``GradientDiagnosticsHook``, whose step is an iteration; its entries are neither losses nor a validation.
_GRADIENTS = ('grad_norm/', 'grad_cos/')


@dataclass(frozen=True)
class History:
    """The course of a training as if it had never been interrupted.

    Attributes:
        train: Logged training steps: ``epoch`` (epoch-based), ``iter``, ``time`` (s an iteration), losses, ``lr``.
        val: Validations: ``step`` (epoch or iteration) and the metrics.
    """

    train: list[dict[str, Any]]
    val: list[dict[str, Any]]

    def validated(self) -> set[int]:
        """Epochs (or iterations) that were validated."""
        return {entry['step'] for entry in self.val}


def read_history(work_dir: Path, unit: str = 'epoch') -> History:
    """Read mmengine's ``<work dir>/<time>/vis_data/scalars.json`` of each part.

    A part that continued from an earlier checkpoint replaces what the parts before it did beyond that checkpoint.

    Args:
        work_dir: Of the training.
        unit: ``'epoch'`` or ``'iter'``: in which validations count.
    """
    train: list[dict[str, Any]] = []
    val: list[dict[str, Any]] = []
    for file in sorted(work_dir.glob('*/vis_data/scalars.json')):
        new_train: list[dict[str, Any]] = []
        new_val: list[dict[str, Any]] = []
        for line in file.read_text(encoding='utf-8').splitlines():
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:  # the last line of a killed process
                continue
            if 'iter' in entry:
                new_train.append(entry)
            elif not any(name.startswith(_GRADIENTS) for name in entry):
                new_val.append(entry)
        if not new_train and not new_val:
            continue
        # A part may begin with the validation of the epoch that the part before it trained.
        first_val = new_val[0]['step'] if new_val else math.inf
        first_train = new_train[0][unit] if new_train else first_val + 1
        train = [e for e in train if e[unit] < first_train] + new_train
        val = [e for e in val if e['step'] < min(first_train, first_val)] + new_val
    return History(train, val)


def last_position(work_dir: Path) -> dict[str, Any] | None:
    """The newest logged training step, for a progress line; None before the first."""
    files = sorted(work_dir.glob('*/vis_data/scalars.json'))
    if not files:
        return None
    with files[-1].open('rb') as stream:
        stream.seek(max(0, files[-1].stat().st_size - 8192))
        lines = stream.read().decode('utf-8', 'replace').splitlines()
    for line in reversed(lines):
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(entry, dict) and 'iter' in entry:
            return entry
    return None


def iterations_per_epoch(work_dir: Path) -> int | None:
    """From the newest line ``Epoch(train) [1][20/266]`` of mmengine's log; None: there is none."""
    found = _in_newest_log(work_dir, r'Epoch\(train\)\s+\[\s*\d+\]\[\s*\d+/\s*(\d+)\]')
    return int(found) if found else None


def validation_seconds(work_dir: Path, history: History) -> float | None:
    """How long a validation takes: time of an image or batch times how many; None: nothing was validated."""
    batches = _in_newest_log(work_dir, r'(?:Epoch|Iter)\(val\)\s+\[\s*\d+\]\[\s*\d+/\s*(\d+)\]')
    times = [e['time'] for e in history.val if isinstance(e.get('time'), (int, float))]
    return int(batches) * sum(times) / len(times) if batches and times else None


def _in_newest_log(work_dir: Path, pattern: str) -> str | None:
    logs = sorted(work_dir.glob('*/*.log'))
    found = re.findall(pattern, logs[-1].read_text(encoding='utf-8', errors='replace')) if logs else []
    return found[-1] if found else None


def seconds_per_iteration(history: History) -> float | None:
    """Mean time of an iteration, without validation and start-up; None if nothing was logged."""
    times = [e['time'] for e in history.train if isinstance(e.get('time'), (int, float))]
    return sum(times) / len(times) if times else None


def last_logged(history: History, names: Sequence[str]) -> dict[str, float]:
    """The last value of what parts of a network log of themselves, of those that were logged."""
    found = {name: entry[name] for entry in history.train for name in names if name in entry}
    return {name: value for name, number in found.items() if (value := shorten(number, 5)) is not None}


def loss_curve(history: History, points: int = 60) -> dict[str, list[float | None]]:
    """The losses over the iterations, at most so many points, each the mean over its stretch.

    Returns:
        ``iter`` and each loss -> list of numbers with 5 significant digits.
    """
    entries = history.train
    names = sorted({name for e in entries for name in e if 'loss' in name})
    count = min(points, len(entries))
    curve: dict[str, list[float | None]] = {'iter': [], **{name: [] for name in names}}
    for k in range(count):
        part = entries[k * len(entries) // count : (k + 1) * len(entries) // count]
        curve['iter'].append(part[-1]['iter'])
        for name in names:
            values = [e[name] for e in part if name in e]
            curve[name].append(shorten(sum(values) / len(values), 5) if values else None)
    return curve


def validation_curve(history: History, keep: int | None, points: int = 100) -> list[dict[str, Any]]:
    """Metrics of each validation; of more than ``points``, an even selection that contains step ``keep``."""
    entries = history.val
    if len(entries) > points:
        chosen = {round(k * (len(entries) - 1) / (points - 1)) for k in range(points)}
        entries = [e for i, e in enumerate(entries) if i in chosen or e['step'] == keep]
    return [dict(step=e['step'], **metrics_of(e)) for e in entries]


def metrics_of(entry: dict[str, Any]) -> dict[str, float | None]:
    """The metrics of a validation entry, 6 significant digits; undefined ones (NaN) None."""
    return {
        name: shorten(value, 6)
        for name, value in entry.items()
        if name not in ('step', 'time', 'data_time') and isinstance(value, (int, float))
    }


def shorten(value: float | None, digits: int) -> float | int | None:
    """Round to significant digits; None for what is not finite."""
    if value is None or isinstance(value, int):
        return value
    return float(f'{value:.{digits}g}') if math.isfinite(value) else None
