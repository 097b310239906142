"""Markdown tables from result records alone."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmirstd.evaluation.seed_statistics import mean_and_spread

from .charts import draw_differences
from .differences import Difference, Differences, find_differences
from .record_values import Records, value_of
from .suite import Column, Suite, Table


@dataclass(frozen=True)
class BuiltTable:
    """A table to put into its README.

    Attributes:
        markdown: Without markers, ending in a line break.
        chart: The same as a picture (SVG), where the suite asks for one and there is something to show.
    """

    markdown: str
    chart: str | None = None


def build_table(suite: Suite, table: Table, records: Records, logs: Path) -> BuiltTable:
    """A table from the records alone.

    Args:
        suite: The suite.
        table: One of its tables.
        records: From :func:`~.run_record.read_records`.
        logs: Folder of the records, for the link.

    Raises:
        ConfigError: See :func:`~.record_values.value_of` and :func:`~.differences.find_differences`.
    """
    chart = None
    if table.seeds is not None:
        records = {
            name: {seed: record for seed, record in found.items() if seed in table.seeds}
            for name, found in records.items()
        }
    if table.kind == 'results':
        rows, used = _results(suite, table, records)
    else:
        found = find_differences(suite, table, records)
        rows, used = _differences(suite, table, found, records), found.used
        if table.chart and found.rows:
            chart = draw_differences(suite, found)
    lines = [*rows, '', _footer(suite, table, used, logs)]
    if table.note:
        lines += ['', table.note]
    return BuiltTable('\n'.join(lines) + '\n', chart)


def _results(suite: Suite, table: Table, records: Records) -> tuple[list[str], list[dict]]:
    where = f'{suite.path}: table {table.name}'
    groups = any(suite.run(name).group for name in table.runs)
    heads = [*(['group'] if groups else []), 'run', *(c.heading for c in table.columns), 'seeds']
    lines = [_row(heads), '|' + '---|' * (1 + groups) + '---:|' * (len(table.columns) + 1)]
    used: list[dict] = []
    missing: list[str] = []
    last, labels = None, suite.labels(table.runs)
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
        wanted = [seed for seed in run.seeds if table.seeds is None or seed in table.seeds]
        whole = suite.halving is not None or len(found) == len(wanted)
        count = str(len(found)) if whole else f'{len(found)} of {len(wanted)}'
        lines.append(_row([*([run.group if run.group != last else ''] if groups else []), run.label, *cells, count]))
        last = run.group
    if missing:
        lines += ['', f'{_not_there(suite)}: {"; ".join(missing)}.']
    lines += _untested(suite, table.columns, {name: list(records[name].values()) for name in table.runs})
    return (lines if used else [f'{_not_there(suite)}: {"; ".join(missing)}.']), used


def _not_there(suite: Suite) -> str:
    return 'Not run yet' if suite.halving is None else 'Dropped by the halving, or not run yet'


def _untested(suite: Suite, columns: Sequence[Column], records: dict[str, list[dict]]) -> list[str]:
    """A line for tests that were added to the suite and are still to be made."""
    shown, labels = {column.test for column in columns}, suite.labels(list(records))
    lacking = [
        f'{labels[name]} by {test.name}'
        for name, found in records.items()
        for run in [suite.run(name)]
        for test in run.tests
        if test.name in shown and not all(test.made(record.get('tests', {}).get(test.name)) for record in found)
    ]
    return ['', f'Not tested yet: {"; ".join(lacking)}.'] if lacking else []


def _mean_cell(values: list[float], column: Column, expected: int) -> str:
    if not values:
        return '-'
    mean, spread = mean_and_spread([v * column.scale for v in values])
    text = format(mean, column.format)
    if spread is not None and column.spread:
        text += f' ± {format(spread, column.format)}'
    return text if len(values) == expected else f'{text} (n={len(values)})'


def _differences(suite: Suite, table: Table, found: Differences, records: Records) -> list[str]:
    labels = suite.labels([name for pair in table.pairs for name in pair])
    over_images = table.over == 'images'
    heads = ['images', 'seeds', 'seen'] if over_images else ['A better', 'pairs', 'seen']
    lines = [_row(['A', 'B', 'figure', 'A - B', '95% interval', *heads]), '|---|---|---|---:|---:|---:|---:|---|']
    for row in found.rows:
        n = row.result.n if row.result else 0
        counts = [n, row.seeds] if over_images else [row.wins, n] if row.result else ['-', 0]
        lines.append(
            _row(
                [
                    labels[row.first],
                    labels[row.second],
                    row.column.heading,
                    *_interval_cells(row),
                    *map(str, counts),
                    _seen(row),
                ]
            )
        )
    if not found.rows:
        lines = []
    for pairs, text in (
        (found.missing, _not_there(suite)),
        (found.uncounted, f'Without counts of each {table.over[:-1]}, because the records are older'),
    ):
        if pairs:
            against = '; '.join(f'{labels[first]} against {labels[second]}' for first, second in pairs)
            lines += ['', f'{text}: {against}.'] if lines else [f'{text}: {against}.']
    if found.rows:
        lines += _untested(suite, table.columns, {name: list(records[name].values()) for name in labels})
    return lines


def _interval_cells(row: Difference) -> list[str]:
    if row.result is None or not row.defined:
        return ['-', '-']
    signed, result = '+' + row.column.format.lstrip('+'), row.result
    interval = '-' if result.low is None else f'[{format(result.low, signed)}, {format(result.high, signed)}]'
    return [format(result.mean, signed), interval]


def _seen(row: Difference) -> str:
    if row.result is None or not row.defined:
        return 'undefined'
    if row.result.low is None:
        return 'one pair says nothing'
    return {0: 'no difference seen', 1: 'A better', -1: 'B better'}[row.better]


def _footer(suite: Suite, table: Table, used: list[dict], logs: Path) -> str:
    command = f'`python tools/benchmark.py {suite.path}`'
    if not used:
        return f'Made by {command}.'
    if table.kind == 'results':
        seeds = Counter(record['run'] for record in used)
        text = 'Mean ± standard deviation over the seeds (n - 1). ' if max(seeds.values()) > 1 else ''
    elif table.over == 'images':
        text = (
            'Paired by image: percentile interval over 10000 resamples of the test images, the same for A and B; '
            'the difference is the mean over the seeds. It tells how far the choice of test images decides, not '
            'how far another training would. Each for itself (nothing corrects for the number of comparisons); '
            '"no difference seen": it covers 0. '
        )
    elif table.over == 'sequences':
        text = (
            'Paired by seed and sequence: t interval of the mean over the seeds, whose variance is that over the seeds '
            'plus that over 2000 resamples of the test sequences, the same for A and B. Each for itself (nothing '
            'corrects for the number of comparisons); "no difference seen": it covers 0. '
        )
    else:
        text = (
            'Paired by seed; paired t interval of the mean, each for itself (nothing corrects for the number of '
            'comparisons); "no difference seen": it covers 0. '
        )
    rules = sorted({record['selection'] for record in used})
    text += f'Checkpoint: {" or ".join(rules)}. '
    commits = sorted(
        {(record['git']['commit'] or 'no git')[:9] + ('+' if record['git']['dirty'] else '') for record in used}
    )
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
