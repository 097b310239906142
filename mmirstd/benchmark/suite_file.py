"""Read a suite from YAML and check it, so that no hour is spent before a misspelled name is found."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from mmirstd.engine.config_names import renamed
from mmirstd.engine.data_option import find_data_set
from mmirstd.engine.schedule_option import find_schedule
from mmirstd.evaluation.image_counts import MEASURES
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.near_matches import near_matches

from .further_tests import read_evaluations
from .halving import Halving, Stage
from .options import flatten_options
from .suite import Column, Run, Suite, Table, match_runs, usually_better
from .suite_paths import SuitePaths
from .suite_schema import check_form


def load_suite(path: str | Path, root: Path) -> Suite:
    """Read and check a suite; ``suite.schema.json`` beside this module describes its form.

    Args:
        path: YAML file.
        root: The folder of mmirstd's ``configs/``, see :mod:`.suite_paths`.

    Raises:
        ConfigError: What is wrong, where, and near matches of a misspelled name.
    """
    where = str(path)
    try:
        content = yaml.safe_load(Path(path).read_text(encoding='utf-8'))
    except OSError as error:
        known = sorted(p.relative_to(root).as_posix() for p in (root / 'benchmarks').glob('*.yml'))
        hint = f'\n  suites: {", ".join(known)}' if known else ''
        raise ConfigError(f'suite {where}: cannot be read: {error.strerror}.{hint}') from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f'suite {where}: is no YAML: {error}') from error
    content = _without_empty_keys(content)
    check_form(content, where)
    return _SuiteReader(content, where, SuitePaths(Path(path).resolve(), root)).suite()


def _without_empty_keys(content: Any) -> Any:
    """Without keys that are there and say nothing (``note:``), except tests: there it means that one is left out."""
    if not isinstance(content, Mapping):
        return content
    kept = {key: value for key, value in content.items() if value is not None}
    for key in ('runs', 'tables', 'columns', 'stages'):
        if isinstance(kept.get(key), list):
            kept[key] = [_without_empty_keys(item) for item in kept[key]]
    if 'halving' in kept:
        kept['halving'] = _without_empty_keys(kept['halving'])
    return kept


class _SuiteReader:
    """From content of the right form to a suite.

    Args:
        content: Of the file.
        where: Name of the file, for messages.
        paths: Where its paths lead.
    """

    def __init__(self, content: Mapping[str, Any], where: str, paths: SuitePaths) -> None:
        self._content, self._where, self._paths = content, where, paths
        self._data_roots: dict[str, str] = dict(content.get('data_roots', {}))
        self._options = flatten_options(content.get('options', {}), f'{where}: options')
        self._halving = self._read_halving()
        self._seeds = content.get('seeds') if self._halving is None else list(self._halving.seeds)

    def suite(self) -> Suite:
        content, paths = self._content, self._paths
        runs = [self._run(entry, f'{self._where}: runs[{index}]') for index, entry in enumerate(content['runs'])]
        _distinct([run.name for run in runs], f'{self._where}: runs')
        _check_against(runs, self._halving, f'{self._where}: runs')
        tables = tuple(
            _table(entry, f'{self._where}: tables[{index}]', runs)
            for index, entry in enumerate(content.get('tables', []))
        )
        _distinct([table.name for table in tables], f'{self._where}: tables')
        return Suite(
            content.get('name', paths.file.stem),
            paths,
            self._data_roots,
            tuple(runs),
            tables,
            self._halving,
            paths.target(content['logs']) if 'logs' in content else paths.file.parent / 'logs',
            paths.target(content.get('work_dir', 'work_dirs/benchmarks')),
        )

    def _read_halving(self) -> Halving | None:
        entry = self._content.get('halving')
        if entry is None:
            return None
        if 'seeds' in self._content or any('seeds' in run for run in self._content['runs']):
            raise ConfigError(f'{self._where}: seeds: with halving, its stages say them')
        stages = [Stage(tuple(stage['seeds']), stage.get('keep')) for stage in entry['stages']]
        if stages[0].keep is not None:
            raise ConfigError(f'{self._where}: halving: stages[0]: keep: found {stages[0].keep}; the first takes all')
        halving = Halving(entry['figure'], tuple(stages))
        _distinct(halving.seeds, f'{self._where}: halving: seeds')
        return halving

    def _run(self, entry: Mapping[str, Any], where: str) -> Run:
        name = entry['name']
        where = f'{where} ({name})'
        checkpoint = entry.get('checkpoint')
        if checkpoint is not None and 'seeds' in entry:
            raise ConfigError(f'{where}: seeds: a run that tests a checkpoint is not trained and has none')
        seeds = [0] if checkpoint is not None else entry.get('seeds', self._seeds)
        if seeds is None:
            raise ConfigError(f'{where}: seeds: found none; expected a list of them, here or for the whole suite')
        options = {**self._options, **flatten_options(entry.get('cfg_options', {}), f'{where}: cfg_options')}
        for key in ('data_root', 'randomness.seed', 'work_dir'):
            if key in options:
                raise ConfigError(f'{where}: {key} is no option of a run; it comes from data_roots, seeds, --work-dir')
        data, data_file = self._data_set(entry, where)
        schedule, schedule_file = self._part(entry, 'schedule', find_schedule, where)
        return Run(
            name,
            entry['config'],
            self._file(entry['config'], where, 'config', '*.py'),
            str(entry.get('label', name)),
            str(entry.get('group', '')),
            tuple(seeds),
            dict(sorted(options.items())),
            self._data_root(entry, where),
            data,
            data_file,
            schedule,
            schedule_file,
            read_evaluations(self._content.get('tests'), entry.get('tests'), where),
            checkpoint,
            None if checkpoint is None else self._file(checkpoint, where, 'checkpoint', '*.pth'),
            entry.get('against'),
        )

    def _file(self, path: str, where: str, what: str, pattern: str) -> Path:
        """A config or a checkpoint, or an error with files of similar names."""
        found = self._paths.find_file(path)
        if found is not None:
            return found
        root = self._paths.root
        known = {p.name: p.relative_to(root).as_posix() for p in (root / 'configs').rglob(pattern)}
        close = [known[name] for name in difflib.get_close_matches(Path(path).name, list(known), n=4, cutoff=0.6)]
        raise ConfigError(
            f'{where}: {what} {path!r} does not exist; looked in {self._paths.looked_in(path)}.'
            + (
                (renamed(path) if what == 'config' else '')
                or ''.join(['\n  did you mean:', *(f'\n    {c}' for c in close)] if close else [])
            )
        )

    def _data_root(self, entry: Mapping[str, Any], where: str) -> str | None:
        roots = self._data_roots
        name: str | None = entry.get('data_root', next(iter(roots)) if len(roots) == 1 else None)
        if name is not None and name not in roots:
            close = near_matches(name, roots)
            raise ConfigError(
                f'{where}: data_root: {name!r} is not among data_roots ({", ".join(roots) or "none"})'
                + (f'\n  did you mean: {", ".join(close)}?' if close else '')
            )
        if name is None and roots:
            raise ConfigError(f'{where}: data_root: which of the data_roots {", ".join(roots)}?')
        return name

    def _data_set(self, entry: Mapping[str, Any], where: str) -> tuple[str | None, str | None]:
        """The data set as the suite writes it, and as a command takes it."""
        name: str | None = entry.get('data')
        if name is None:
            return None, None
        if name in self._data_roots:
            raise ConfigError(
                f'{where}: data: {name!r} is one of data_roots; data is the data set in place of the '
                f"config's, e.g. nudt-sirst-663-664.\n  cure: data_root: {name}"
            )
        return self._part(entry, 'data', find_data_set, where)

    def _part(
        self, entry: Mapping[str, Any], key: str, find: Callable[[str], Path], where: str
    ) -> tuple[str | None, str | None]:
        """A part in place of the config's, as the suite writes it, and as a command takes it."""
        name: str | None = entry.get(key)
        if name is None:
            return None, None
        file = self._paths.find_file(name) if name.endswith('.py') else None
        try:
            find(name if file is None else str(file))
        except ConfigError as error:
            raise ConfigError(f'{where}: {error}') from error
        return name, name if file is None else str(file)


def _check_against(runs: Sequence[Run], halving: Halving | None, where: str) -> None:
    names = [run.name for run in runs]
    for run in runs:
        if run.against is None:
            continue
        if halving is None:
            raise ConfigError(f'{where}: {run.name}: against belongs to halving')
        if run.against not in names or next(other for other in runs if other.name == run.against).against is not None:
            close = near_matches(str(run.against), [other.name for other in runs if other.against is None])
            raise ConfigError(
                f'{where}: {run.name}: against: {run.against!r}; expected a run that itself is compared with none'
                + (f'\n  did you mean: {", ".join(close)}?' if close else '')
            )
    if halving is not None and all(run.against is None for run in runs):
        raise ConfigError(f'{where}: halving needs runs that say what they are compared with (against)')


def _table(entry: Mapping[str, Any], where: str, runs: Sequence[Run]) -> Table:
    where = f'{where} ({entry["name"]})'
    columns = tuple(_column(column, f'{where}: columns[{i}]') for i, column in enumerate(entry['columns']))
    table = Table(
        entry['name'],
        entry.get('readme'),
        entry.get('kind', 'results'),
        columns,
        note=str(entry.get('note', '')).strip(),
        seeds=tuple(entry['seeds']) if 'seeds' in entry else None,
    )
    if table.kind == 'results':
        for key in ('pairs', 'over', 'chart'):
            if key in entry:
                raise ConfigError(f'{where}: {key} belongs to kind: differences')
        chosen = match_runs([str(glob) for glob in entry.get('runs', ['*'])], runs, f'{where}: runs')
        _check_tests(columns, [run for run in runs if run.name in chosen], where)
        return replace(table, runs=tuple(chosen))
    if 'runs' in entry:
        raise ConfigError(f'{where}: kind: differences has pairs, not runs')
    if 'pairs' not in entry:
        raise ConfigError(f'{where}: pairs missing')
    names = [run.name for run in runs]
    for index, pair in enumerate(entry['pairs']):
        for one in pair:
            if one not in names:
                close = near_matches(one, names)
                raise ConfigError(
                    f'{where}: pairs[{index}]: there is no run {one!r}.'
                    + (f'\n  did you mean: {", ".join(close)}?' if close else '')
                )
    over = entry.get('over', table.over)
    for column in columns:
        if over == 'images' and not (column.value.startswith('test.') and column.figure in MEASURES):
            raise ConfigError(
                f'{where}: {column.value}: over: images can compare ' + ', '.join(f'test.{known}' for known in MEASURES)
            )
        if over == 'sequences' and column.value != 'test.mAP50' and not column.value.startswith('test.mAP50_scr/'):
            raise ConfigError(f'{where}: {column.value}: over: sequences can compare test.mAP50 and test.mAP50_scr/BIN')
    _check_tests(columns, [run for run in runs if any(run.name in pair for pair in entry['pairs'])], where)
    return replace(
        table, pairs=tuple((pair[0], pair[1]) for pair in entry['pairs']), over=over, chart=entry.get('chart', '')
    )


def _check_tests(columns: Sequence[Column], runs: Sequence[Run], where: str) -> None:
    known = list(dict.fromkeys(test.name for run in runs for test in run.tests))
    for column in columns:
        if column.test is not None and column.test not in known:
            close = near_matches(column.test, known)
            raise ConfigError(
                f'{where}: {column.value}: no run of the table has a test {column.test!r}'
                + (f'\n  did you mean: {", ".join(close)}?' if close else '; see tests')
            )


def _column(entry: Mapping[str, Any], where: str) -> Column:
    column = Column(entry['value'], entry['value'].partition('.')[2], better=usually_better(entry['value']))
    if column.test is not None:
        column = replace(column, heading=f'{column.heading} ({column.test})')
    given = {key: item for key, item in entry.items() if key in ('format', 'spread', 'better')}
    column = replace(
        column,
        heading=str(entry.get('heading', column.heading)),
        scale=float(entry.get('scale', column.scale)),
        **given,
    )
    try:
        format(1.0, column.format)
    except ValueError as error:
        raise ConfigError(f'{where}: format: found {column.format!r}: {error}; expected one such as .3f') from error
    return column


def _distinct(items: Sequence[Any], where: str) -> None:
    twice = sorted({item for item in items if list(items).count(item) > 1})
    if twice:
        raise ConfigError(f'{where}: given more than once: {", ".join(map(str, twice))}')
