"""Markdown tables from result records alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..errors import ConfigError, near_matches
from .statistics import mean_and_spread, paired_difference
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
    'images': ('network', 'images'),
}


def value_of(record: dict[str, Any], value: str, where: str) -> float | None:
    """A figure of a record; None where it is undefined.

    Args:
        record: See :mod:`.record`.
        value: ``test.METRIC``, ``val.METRIC`` or ``run.NAME``.
        where: For messages.

    Raises:
        ConfigError: The record has no such figure; near matches are listed.
    """
    source, _, name = value.partition('.')
    if source == 'run':
        part, key = RUN_VALUES.get(name, (None, None))
        known, entry = list(RUN_VALUES), record.get(part) or {}
        found = key is not None
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
    rows, used = (_results if table.kind == 'results' else _differences)(suite, table, records)
    lines = [*rows, '', _footer(suite, table, used, logs)]
    if table.note:
        lines += ['', table.note]
    return '\n'.join(lines) + '\n'


def _results(suite: Suite, table: Table, records: Records) -> tuple[list[str], list[dict]]:
    where = f'{suite.path}: table {table.name}'
    groups = any(suite.run(name).group for name in table.runs)
    heads = [*(['group'] if groups else []), 'run', *(c.heading for c in table.columns), 'seeds']
    lines = [_row(heads), '|' + '---|' * (1 + groups) + '---:|' * (len(table.columns) + 1)]
    used, missing, last = [], [], None
    for name in table.runs:
        run, found = suite.run(name), records[name]
        if not found:
            missing.append(run.label)
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
    return (lines if used else [f'Not run yet: {"; ".join(missing)}.']), used


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
    used, missing = [], []
    for first, second in table.pairs:
        labels = suite.run(first).label, suite.run(second).label
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
    return (lines if used else [f'Not run yet: {"; ".join(missing)}.']), used


def _difference_cells(pairs: list[tuple[float, float]], column: Column) -> list[str]:
    if not pairs:
        return ['-', '-', '-', '0', 'undefined']
    result = paired_difference([a for a, _ in pairs], [b for _, b in pairs])
    signed = '+' + column.format.lstrip('+')
    wins = result.positive if column.better == 'higher' else result.negative
    if result.low is None:
        interval, seen = '-', 'one pair says nothing'
    else:
        interval = f'[{format(result.low, signed)}, {format(result.high, signed)}]'
        better = result.sign if column.better == 'higher' else -result.sign
        seen = {0: 'no difference seen', 1: 'A better', -1: 'B better'}[better]
    return [format(result.mean, signed), interval, str(wins), str(result.n), seen]


def _footer(suite: Suite, table: Table, used: list[dict], logs: Path) -> str:
    command = f'`python tools/benchmark.py {suite.path}`'
    if not used:
        return f'Made by {command}.'
    if table.kind == 'results':
        text = 'Mean ± standard deviation over the seeds (n - 1). '
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
