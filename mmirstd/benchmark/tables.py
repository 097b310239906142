"""Tables from result records alone."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mmirstd.evaluation.key_figures import key_figures
from mmirstd.evaluation.seed_statistics import mean_and_spread
from mmirstd.utils.result_table import ResultCell, ResultColumn, ResultRow, ResultTable, markdown_table

from .charts import draw_differences
from .differences import Difference, Differences, find_differences
from .failure import Failure
from .record_values import Records, value_of
from .suite import Column, Suite, Table, usually_better


@dataclass(frozen=True)
class BuiltTable:
    """A table, ready to be put into a README or written to a file of its own.

    Attributes:
        results: The table and its notes; without rows where nothing was run.
        chart: The same as a picture (SVG), where the suite asks for one and there is something to show.
    """

    results: ResultTable
    chart: str | None = None

    @property
    def markdown(self) -> str:
        """For a README: without markers, ending in a line break; best values are not marked."""
        if self.results.rows:
            return markdown_table(self.results, mark_best=False)
        return '\n\n'.join(self.results.all_notes()) + '\n'


def build_table(
    suite: Suite, table: Table, records: Records, logs: Path, failures: Mapping[str, Sequence[Failure]] | None = None
) -> BuiltTable:
    """A table from the records.

    Args:
        suite: The suite.
        table: One of its tables.
        records: From :func:`~.run_record.read_records`.
        logs: Folder of the records, for the link.
        failures: Run -> what ended its runs without a record. A table in a README has nothing of them.

    Raises:
        ConfigError: See :func:`~.record_values.value_of` and :func:`~.differences.find_differences`.
    """
    chart = None
    if table.seeds is not None:
        records = {
            name: {seed: record for seed, record in found.items() if seed in table.seeds}
            for name, found in records.items()
        }
    records, gaps = _with_gaps(suite, table, records)
    if table.kind == 'results':
        results, used = _results(suite, table, records, failures or {})
    else:
        found = find_differences(suite, table, records)
        results, used = _differences(suite, table, found, records), found.used
        if table.chart and found.rows:
            chart = draw_differences(suite, found)
    notes = (*results.notes, *gaps, _footer(suite, table, used, logs), *([table.note] if table.note else []))
    return BuiltTable(replace(results, notes=notes, title=f'{suite.name}: {table.name}'), chart)


def _with_gaps(suite: Suite, table: Table, records: Records) -> tuple[Records, list[str]]:
    """Records where a figure that other runs alone have (of a metric of their own) is undefined, and who lacks it."""
    names = table.runs
    if table.kind != 'results':
        names = tuple(dict.fromkeys(name for pair in table.pairs for name in pair))
    labels, notes = suite.labels(names), []
    filled = {name: dict(found) for name, found in records.items()}
    for column in table.columns:
        if column.source != 'test':
            continue
        lacking = [
            (name, seed)
            for name in names
            for seed, record in records[name].items()
            if column.figure not in (record['test'] or {})
        ]
        if len(lacking) == sum(len(records[name]) for name in names):
            continue  # nobody has it, which is an error
        for name, seed in lacking:
            record = filled[name][seed]
            filled[name][seed] = dict(record, test={**(record['test'] or {}), column.figure: None})
        if lacking:
            without = dict.fromkeys(labels[name] for name, _ in lacking)
            notes.append(f'{column.figure} was not measured for {", ".join(without)}.')
    return filled, notes


#: More names than these are counted, not listed.
_MANY = 8
#: Of the table that a suite without tables gets, beside the key figures: value, heading, format, factor.
_COSTS = (
    ('run.inference_parameters', 'parameters (M)', '.2f', 1e-6),
    ('run.flops', 'GFLOPs', '.2f', 1e-9),
    ('run.training_s', 'training (min)', '.2f', 1 / 60),
)


def usual_table(suite: Suite, records: Records) -> Table:
    """The table of a suite that has none: all runs, the key figures that their records have, and what they cost."""
    made = [record for found in records.values() for record in found.values()]
    figures = key_figures(made[0]['test']) if made else []
    columns = [
        Column(
            f'test.{name}',
            'Fa (1e-6)' if name == 'Fa_e6' else name,
            '.1f' if name == 'Fa_e6' else '.3f',
            better=usually_better(f'test.{name}'),
        )
        for name in figures
        if all(name in record['test'] for record in made)
    ]
    columns += [
        Column(value, heading, form, scale, spread=False, better='lower')
        for value, heading, form, scale in _COSTS
        if any(value_of(record, value, suite.path) for record in made)
    ]
    return Table('results', None, 'results', tuple(columns), runs=tuple(run.name for run in suite.runs))


def _results(
    suite: Suite, table: Table, records: Records, failures: Mapping[str, Sequence[Failure]]
) -> tuple[ResultTable, list[dict]]:
    groups = any(suite.run(name).group for name in table.runs)
    columns = [
        *([ResultColumn('group')] if groups else []),
        ResultColumn('run'),
        *(ResultColumn(c.heading, c.format, None if c.source == 'run' else c.better) for c in table.columns),
        ResultColumn('seeds', 'd'),
    ]
    used: list[dict] = []
    rows: list[ResultRow] = []
    missing: list[str] = []
    last, labels = None, suite.labels(table.runs)
    for name in table.runs:
        run, found = suite.run(name), records[name]
        failed = [failure for failure in failures.get(name, ()) if table.seeds is None or failure.seed in table.seeds]
        if not found and not failed:
            missing.append(labels[name])
            continue
        used += found.values()
        cells, notes = _figures(suite, table, found)
        wanted = [seed for seed in run.seeds if table.seeds is None or seed in table.seeds]
        whole = suite.halving is not None or len(found) == len(wanted)
        count: ResultCell = len(found) if whole else f'{len(found)} of {len(wanted)}'
        named = [*([run.group if run.group != last else ''] if groups else []), run.label]
        notes += [str(failure) for failure in failed]
        rows.append(ResultRow((*named, *cells, count), '; '.join(notes)))
        last = run.group
    said = [_named(_not_there(suite), missing)] if missing else []
    said += _untested(suite, table.columns, {name: list(records[name].values()) for name in table.runs})
    return ResultTable(tuple(columns), tuple(rows), tuple(said)), used


def _figures(suite: Suite, table: Table, found: Mapping[int, dict]) -> tuple[list[ResultCell], list[str]]:
    """Mean and spread of each column over the seeds, and which columns not all seeds have."""
    where = f'{suite.path}: table {table.name}'
    cells: list[ResultCell] = []
    notes = []
    for column in table.columns:
        values = [v for seed in sorted(found) if (v := value_of(found[seed], column.value, where)) is not None]
        if not values:
            cells.append(None)
            continue
        mean, spread = mean_and_spread([value * column.scale for value in values])
        cells.append((mean, spread) if column.spread else mean)
        if len(values) < len(found):
            notes.append(f'{column.heading} is defined for {len(values)} of {len(found)} seeds')
    return cells, notes


def _not_there(suite: Suite) -> str:
    return 'Not run yet' if suite.halving is None else 'Dropped by the halving, or not run yet'


def _named(text: str, names: Sequence[str]) -> str:
    """A line about all of these; of many it names the first ones, since nobody reads a wall of names."""
    if len(names) <= _MANY:
        return f'{text}: {"; ".join(names)}.'
    return f'{text}: {len(names)}, {"; ".join(names[:3])} and others (`mmirstd benchmark SUITE --list` has all).'


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
    return [_named('Not tested yet', lacking)] if lacking else []


def _differences(suite: Suite, table: Table, found: Differences, records: Records) -> ResultTable:
    labels = suite.labels([name for pair in table.pairs for name in pair])
    over_images = table.over == 'images'
    counted = ['images', 'seeds'] if over_images else ['A better', 'pairs']
    columns = (
        *(ResultColumn(heading) for heading in ('A', 'B', 'figure')),
        *(ResultColumn(heading, '') for heading in ('A - B', '95% interval', *counted)),
        ResultColumn('seen'),
    )
    rows = []
    for row in found.rows:
        n = row.result.n if row.result else 0
        counts: list[ResultCell] = [n, row.seeds] if over_images else [row.wins, n] if row.result else ['-', 0]
        named = (labels[row.first], labels[row.second], row.column.heading)
        rows.append(ResultRow((*named, *_interval_cells(row), *counts, _seen(row))))
    said = []
    for pairs, text in (
        (found.missing, _not_there(suite)),
        (found.uncounted, f'Without counts of each {table.over[:-1]}, because the records are older'),
    ):
        if pairs:
            said.append(_named(text, [f'{labels[first]} against {labels[second]}' for first, second in pairs]))
    if found.rows:
        said += _untested(suite, table.columns, {name: list(records[name].values()) for name in labels})
    return ResultTable(columns, tuple(rows), tuple(said))


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
    command = f'`mmirstd benchmark {suite.path}`'
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
    # Below one root a list has one content; not all runs need read the same lists.
    listed = {item for record in used for item in record['data'].items()}
    if len(listed) > len({name for name, _ in listed}) and len(suite.data_roots) < 2:
        text += '**The records were made on different versions of the data.** '
    folder = (logs / suite.name).resolve()
    if table.readme is not None and folder.is_relative_to(suite.paths.home.resolve()):
        readme = suite.paths.find(table.readme)
        link = Path(os.path.relpath(folder, readme.parent.resolve())).as_posix()
        text += f'Made by {command}; records with all commands, curves and versions: [{folder.name}]({link}).'
    else:
        text += f'Made by {command}.'
    return text
