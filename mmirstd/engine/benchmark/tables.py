"""Markdown tables from result records alone."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import ConfigError, near_matches
from .image_counts import bootstrap_difference, measure
from .statistics import PairedDifference, mean_and_spread, paired_difference
from .suite import Column, Suite, Table

Records = dict[str, dict[int, dict[str, Any]]]

#: What ``run.NAME`` may be: entry of the record, and its entry there.
RUN_VALUES = {
    'parameters': ('network', 'parameters'),
    'inference_parameters': ('network', 'inference_parameters'),
    'flops': ('network', 'flops'),
    'training_s': ('training', 'training_s'),
    'wall_s': ('training', 'wall_s'),
    'chosen': ('training', 'chosen'),
    'iterations': ('training', 'iterations'),
    'images': ('network', 'images'),
}


def value_of(record: dict[str, Any], value: str, where: str) -> float | None:
    """A figure of a record; None where it is undefined.

    Args:
        record: See :mod:`.record`.
        value: ``test.METRIC``, ``test@NAME.METRIC``, ``val.METRIC`` or ``run.NAME``.
        where: For messages.

    Raises:
        ConfigError: The record has no such figure; near matches are listed.
    """
    source, _, name = value.partition('.')
    if source == 'run':
        part, key = RUN_VALUES.get(name, (None, None))
        known, entry = list(RUN_VALUES), record.get(part) or {}
        found = key is not None
    elif source.startswith('test@'):
        test = record.get('tests', {}).get(source.partition('@')[2])
        if test is None:  # the run has no such test, or it is still to be made: the table says which
            return None
        entry = test['metrics']
        key, known, found = name, list(entry), name in entry
    else:
        entry = record['test' if source == 'test' else 'validation'] or {}
        key, known, found = name, list(entry), name in entry
        if source == 'val' and not entry:  # a method without training
            return None
    if not found:
        close = near_matches(name, known)
        raise ConfigError(f'{where}: {value}: no such figure.\n  '
                          + (f'did you mean: {", ".join(close)}?' if close else f'there are: {", ".join(known)}'))
    return entry.get(key)


def build_table(suite: Suite, table: Table, records: Records, logs: Path) -> str:
    """The table's Markdown, without markers, ending in a line break.

    Args:
        suite: The suite.
        table: One of its tables.
        records: From :func:`~.record.read_records`.
        logs: Folder of the records, for the link.
    """
    make = _results if table.kind == 'results' else _differences if table.over == 'seeds' else _image_differences
    rows, used = make(suite, table, records)
    lines = [*rows, '', _footer(suite, table, used, logs)]
    if table.note:
        lines += ['', table.note]
    return '\n'.join(lines) + '\n'


def _labels(suite: Suite, names: Sequence[str]) -> dict[str, str]:
    """Run -> label, with its group where another run of the table has the same label."""
    runs = [suite.run(name) for name in dict.fromkeys(names)]
    labels = [run.label for run in runs]
    return {run.name: f'{run.label} ({run.group})' if run.group and labels.count(run.label) > 1 else run.label
            for run in runs}


def _results(suite: Suite, table: Table, records: Records) -> tuple[list[str], list[dict]]:
    where = f'{suite.path}: table {table.name}'
    groups = any(suite.run(name).group for name in table.runs)
    heads = [*(['group'] if groups else []), 'run', *(c.heading for c in table.columns), 'seeds']
    lines = [_row(heads), '|' + '---|' * (1 + groups) + '---:|' * (len(table.columns) + 1)]
    used, missing, last, labels = [], [], None, _labels(suite, table.runs)
    for name in table.runs:
        run, found = suite.run(name), records[name]
        if not found:
            missing.append(labels[name])
            continue
        used += found.values()
        cells = []
        for column in table.columns:
            values = [v for seed in sorted(found) if (v := value_of(found[seed], column.value, where)) is not None]
            cells.append(_mean_cell(values, column, len(found)))
        count = str(len(found)) if len(found) == len(run.seeds) else f'{len(found)} of {len(run.seeds)}'
        lines.append(_row([*([run.group if run.group != last else ''] if groups else []), run.label, *cells, count]))
        last = run.group
    if missing:
        lines += ['', f'Not run yet: {"; ".join(missing)}.']
    lines += _untested(suite, table.columns, {name: list(records[name].values()) for name in table.runs})
    return (lines if used else [f'Not run yet: {"; ".join(missing)}.']), used


def _untested(suite: Suite, columns: Sequence[Column], records: dict[str, list[dict]]) -> list[str]:
    """A line for tests that were added to the suite and are still to be made."""
    shown, labels = {column.test for column in columns}, _labels(suite, list(records))
    lacking = [f'{labels[name]} by {test.name}' for name, found in records.items() for run in [suite.run(name)]
               for test in run.tests if test.name in shown
               and not all(test.made(record.get('tests', {}).get(test.name)) for record in found)]
    return ['', f'Not tested yet: {"; ".join(lacking)}.'] if lacking else []


def _mean_cell(values: list[float], column: Column, expected: int) -> str:
    if not values:
        return '-'
    mean, spread = mean_and_spread([v * column.scale for v in values])
    text = format(mean, column.format)
    if spread is not None and column.spread:
        text += f' ± {format(spread, column.format)}'
    return text if len(values) == expected else f'{text} (n={len(values)})'


def _differences(suite: Suite, table: Table, records: Records) -> tuple[list[str], list[dict]]:
    where = f'{suite.path}: table {table.name}'
    lines = [_row(['A', 'B', 'figure', 'A - B', '95% interval', 'A better', 'pairs', 'seen']),
             '|---|---|---|---:|---:|---:|---:|---|']
    used, missing, label = [], [], _labels(suite, [name for pair in table.pairs for name in pair])
    for first, second in table.pairs:
        labels = label[first], label[second]
        seeds = sorted(set(records[first]) & set(records[second]))
        if not seeds:
            missing.append(' against '.join(labels))
            continue
        used += [records[name][seed] for name in (first, second) for seed in seeds]
        for column in table.columns:
            pairs = [(a * column.scale, b * column.scale) for seed in seeds
                     if (a := value_of(records[first][seed], column.value, where)) is not None
                     and (b := value_of(records[second][seed], column.value, where)) is not None]
            lines.append(_row([*labels, column.heading, *_difference_cells(pairs, column)]))
    if missing:
        lines += ['', f'Not run yet: {"; ".join(missing)}.']
    pairs = dict.fromkeys(name for pair in table.pairs for name in pair)
    lines += _untested(suite, table.columns, {name: list(records[name].values()) for name in pairs})
    return (lines if used else [f'Not run yet: {"; ".join(missing)}.']), used


def _image_differences(suite: Suite, table: Table, records: Records) -> tuple[list[str], list[dict]]:
    where = f'{suite.path}: table {table.name}'
    lines = [_row(['A', 'B', 'figure', 'A - B', '95% interval', 'images', 'seeds', 'seen']),
             '|---|---|---|---:|---:|---:|---:|---|']
    used, missing, without, labels = [], [], [], _labels(suite, [name for pair in table.pairs for name in pair])
    for first, second in table.pairs:
        against = f'{labels[first]} against {labels[second]}'
        seeds = sorted(set(records[first]) & set(records[second]))
        counted = [seed for seed in seeds if all('per_image' in records[name][seed] for name in (first, second))]
        if not counted:
            (without if seeds else missing).append(against)
            continue
        used += [records[name][seed] for name in (first, second) for seed in counted]
        tables = [[_counts_of(records[name][seed], table.columns, f'{where}: {name}, seed {seed}') for seed in counted]
                  for name in (first, second)]
        for column in table.columns:
            name = column.value.partition('.')[2]
            try:
                result = bootstrap_difference(*tables, name)
            except ValueError as error:
                raise ConfigError(f'{where}: {against}: {error}; records of one table are of one test split') from error
            result = result.scaled(column.scale)
            lines.append(_row([labels[first], labels[second], column.heading, *_interval_cells(result, column),
                               str(result.n), str(len(counted)), _seen(result, column)]))
    if missing:
        lines += ['', f'Not run yet: {"; ".join(missing)}.']
    if without:
        lines += ['', f'Without counts of each image, because the records are older: {"; ".join(without)}.']
    return (lines if used else lines[3:]), used


def _counts_of(record: dict[str, Any], columns: Sequence[Column], where: str) -> dict[str, list]:
    """The counts of each image, checked against the figures of the record."""
    counts = record['per_image']
    for column in columns:
        name = column.value.partition('.')[2]
        recorded, again = value_of(record, column.value, where), float(measure(counts, name)[0])
        if recorded is not None and not math.isclose(recorded, again, rel_tol=1e-6, abs_tol=1e-12):
            raise ConfigError(f'{where}: its counts of each image give {name} {again:g}, its figure is {recorded:g}.'
                              '\n  cure: the record is damaged; delete it')
    return counts


def _difference_cells(pairs: list[tuple[float, float]], column: Column) -> list[str]:
    if not pairs:
        return ['-', '-', '-', '0', 'undefined']
    result = paired_difference([a for a, _ in pairs], [b for _, b in pairs])
    wins = result.positive if column.better == 'higher' else result.negative
    return [*_interval_cells(result, column), str(wins), str(result.n), _seen(result, column)]


def _interval_cells(result: PairedDifference, column: Column) -> list[str]:
    if not math.isfinite(result.mean):
        return ['-', '-']
    signed = '+' + column.format.lstrip('+')
    interval = '-' if result.low is None else f'[{format(result.low, signed)}, {format(result.high, signed)}]'
    return [format(result.mean, signed), interval]


def _seen(result: PairedDifference, column: Column) -> str:
    if not math.isfinite(result.mean):
        return 'undefined'
    if result.low is None:
        return 'one pair says nothing'
    better = result.sign if column.better == 'higher' else -result.sign
    return {0: 'no difference seen', 1: 'A better', -1: 'B better'}[better]


def _footer(suite: Suite, table: Table, used: list[dict], logs: Path) -> str:
    command = f'`python tools/benchmark.py {suite.path}`'
    if not used:
        return f'Made by {command}.'
    if table.kind == 'results':
        seeds = Counter(record['run'] for record in used)
        text = 'Mean ± standard deviation over the seeds (n - 1). ' if max(seeds.values()) > 1 else ''
    elif table.over == 'images':
        text = ('Paired by image: percentile interval over 10000 resamples of the test images, the same for A and B; '
                'the difference is the mean over the seeds. It tells how far the choice of test images decides, not '
                'how far another training would. Each for itself (nothing corrects for the number of comparisons); '
                '"no difference seen": it covers 0. ')
    else:
        text = ('Paired by seed; paired t interval of the mean, each for itself (nothing corrects for the number of '
                'comparisons); "no difference seen": it covers 0. ')
    rules = sorted({record['selection'] for record in used})
    text += f'Checkpoint: {" or ".join(rules)}. '
    commits = sorted({(record['git']['commit'] or 'no git')[:9] + ('+' if record['git']['dirty'] else '')
                      for record in used})
    text += f'Commit{"s" if len(commits) > 1 else ""} {", ".join(commits)}'
    text += ' (+: with changes that the records name). ' if any(c.endswith('+') for c in commits) else '. '
    if len({tuple(sorted(record['data'].items())) for record in used}) > 1 and len(suite.data_roots) < 2:
        text += '**The records were made on different versions of the data.** '
    readme = suite.root / table.readme
    folder = (logs / suite.name).resolve()
    if folder.is_relative_to(suite.root.resolve()):
        link = Path(os.path.relpath(folder, readme.parent.resolve())).as_posix()
        text += f'Made by {command}; records with all commands, curves and versions: [{folder.name}]({link}).'
    else:
        text += f'Made by {command}.'
    return text


def _row(cells: list[str]) -> str:
    return '| ' + ' | '.join(cell.replace('|', '\\|') for cell in cells) + ' |'
