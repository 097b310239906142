"""Read a suite from YAML and check it, so that no hour is spent before a misspelled name is found."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from mmirstd.engine.config_names import renamed
from mmirstd.engine.data_option import find_data_set
from mmirstd.evaluation.image_counts import MEASURES
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.near_matches import near_matches

from .further_tests import read_evaluations
from .halving import Halving, Stage
from .options import flatten_options
from .suite import Column, Run, Suite, Table, match_runs

_NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9._+-]*')
KINDS = ('results', 'differences')
SOURCES = ('test', 'val', 'run')
OVER = ('seeds', 'images', 'sequences')


def load_suite(path: str | Path, root: Path) -> Suite:
    """Read and check a suite.

    Example::

        data_roots: {nuaa: data/NUAA-SIRST}
        options: {train_cfg.max_epochs: 30}     # of all runs
        seeds: [0, 1]                           # of runs without their own
        tests:                                  # beside the default protocol at native size; a run may have its own
          msda: {protocol: msda, eval_size: 512}
        runs:
        - {name: plain, config: configs/ggl_net/ggl-net-plain_b4-500e_nuaa-sirst-341-86.py}
        - {name: full, config: configs/ggl_net/ggl-net_b4-500e_nuaa-sirst-341-86.py, label: GGL-Net, seeds: [0, 1, 2]}
        - {name: nudt, config: ..., data: nudt-sirst-663-664, data_root: nudt}     # on another data set (--data)
        - {name: mine, config: ..., checkpoint: weights/mine.pth}     # tested as it is, not trained; no seeds
        - {name: other, config: ..., against: full}      # with halving: what the run is compared with
        halving:                                # instead of seeds: the better runs get more of them
          figure: val.mIoU
          stages: [{seeds: [0, 1]}, {seeds: [2, 3, 4], keep: 4}]
        tables:
        - name: test
          readme: configs/ggl_net/README.md
          columns:
          - {value: test.IoU, heading: IoU}
          - {value: test@msda.IoU}
          - {value: run.flops, heading: GFLOPs, scale: 1e-9, spread: false}
        - {name: pairs, kind: differences, over: seeds, readme: ..., columns: [...], pairs: [[full, plain]],
           chart: configs/ggl_net/images/pairs.svg,     # a picture of it, too, where this is
           seeds: [2, 3, 4]}                            # of these seeds alone

    Args:
        path: YAML file.
        root: The repository; configs and checkpoints are looked for there, then beside the YAML file.

    Raises:
        ConfigError: What is wrong, where, and near matches of a misspelled name.
    """
    where = str(path)
    try:
        content = yaml.safe_load(Path(path).read_text(encoding='utf-8'))
    except OSError as error:
        known = sorted(p.relative_to(root).as_posix() for p in (root / 'benchmarks').glob('*.yml'))
        raise ConfigError(f'suite {where}: cannot be read: {error.strerror}.\n  suites: {", ".join(known)}') from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f'suite {where}: is no YAML: {error}') from error
    content = _fields(
        content,
        where,
        required=('runs',),
        optional=('name', 'data_roots', 'options', 'seeds', 'halving', 'tests', 'tables'),
    )
    data_roots = content.get('data_roots') or {}
    if not isinstance(data_roots, Mapping) or not all(
        isinstance(k, str) and isinstance(v, str) for k, v in data_roots.items()
    ):
        raise ConfigError(f'{where}: data_roots: found {data_roots!r}; expected NAME: PATH')
    for name, folder in data_roots.items():
        _relative(folder, f'{where}: data_roots: {name}')
    common = flatten_options(_mapping(content.get('options'), f'{where}: options'), f'{where}: options')
    halving = _halving(content, where)
    runs = []
    for index, entry in enumerate(_list(content['runs'], f'{where}: runs')):
        runs.append(
            _run(
                entry,
                f'{where}: runs[{index}]',
                Path(path),
                root,
                dict(data_roots),
                common,
                content.get('seeds') if halving is None else list(halving.seeds),
                content.get('tests'),
            )
        )
    _distinct([run.name for run in runs], f'{where}: runs')
    _check_against(runs, halving, f'{where}: runs')
    tables = tuple(
        _table(entry, f'{where}: tables[{index}]', runs)
        for index, entry in enumerate(_list(content.get('tables') or [], f'{where}: tables', empty=True))
    )
    _distinct([table.name for table in tables], f'{where}: tables')
    file = Path(path).resolve()
    shown = file.relative_to(root.resolve()).as_posix() if file.is_relative_to(root.resolve()) else file.name
    return Suite(
        _name(content.get('name', Path(path).stem), f'{where}: name'),
        shown,
        root,
        dict(data_roots),
        tuple(runs),
        tables,
        halving,
    )


def _halving(content: Mapping[str, Any], where: str) -> Halving | None:
    entry = content.get('halving')
    if entry is None:
        return None
    if 'seeds' in content or any(isinstance(run, Mapping) and 'seeds' in run for run in content['runs'] or []):
        raise ConfigError(f'{where}: seeds: with halving, its stages say them')
    where = f'{where}: halving'
    entry = _fields(entry, where, required=('figure', 'stages'), optional=())
    figure = entry['figure']
    if not isinstance(figure, str) or not figure.startswith('val.'):
        raise ConfigError(f'{where}: figure: {figure!r}; expected val.METRIC: runs are not chosen by test parts')
    stages = []
    for index, stage in enumerate(_list(entry['stages'], f'{where}: stages')):
        stage = _fields(stage, f'{where}: stages[{index}]', required=('seeds',), optional=('keep',))
        keep = stage.get('keep')
        if keep is not None and (type(keep) is not int or keep < 1 or index == 0):
            raise ConfigError(
                f'{where}: stages[{index}]: keep: {keep!r}; expected how many runs, 1 or more, go on into this stage; '
                'the first takes all'
            )
        stages.append(Stage(_seeds(stage['seeds'], f'{where}: stages[{index}]: seeds'), keep))
    halving = Halving(figure, tuple(stages))
    _distinct(halving.seeds, f'{where}: seeds')
    return halving


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


def _seeds(entry: Any, where: str) -> tuple[int, ...]:
    if not isinstance(entry, list) or not entry or not all(type(s) is int and s >= 0 for s in entry):
        raise ConfigError(f'{where}: found {entry!r}; expected a list of integers')
    _distinct(entry, where)
    return tuple(entry)


def _run(
    entry: Any,
    where: str,
    suite_file: Path,
    root: Path,
    data_roots: dict[str, str],
    common: dict[str, Any],
    seeds: Any,
    tests: Any,
) -> Run:
    entry = _fields(
        entry,
        where,
        required=('name', 'config'),
        optional=('label', 'group', 'seeds', 'cfg_options', 'data', 'data_root', 'tests', 'checkpoint', 'against'),
    )
    name = _name(entry['name'], f'{where}: name')
    where = f'{where} ({name})'
    config = entry['config']
    _relative(config, f'{where}: config')
    file = next((p.resolve() for p in (root / config, suite_file.parent / config) if p.is_file()), None)
    if file is None:
        known = [p.relative_to(root).as_posix() for p in (root / 'configs').rglob('*.py')]
        by_name = {Path(p).name: p for p in known}
        close = [by_name[n] for n in near_matches_of_files(Path(config).name, by_name)]
        raise ConfigError(
            f'{where}: config {config!r} does not exist, neither in the repository nor beside the suite.'
            + (renamed(config) or ''.join(['\n  did you mean:', *(f'\n    {c}' for c in close)] if close else []))
        )
    checkpoint, checkpoint_file = entry.get('checkpoint'), None
    if checkpoint is not None:
        checkpoint_file = _find_checkpoint(checkpoint, suite_file, root, where)
        if 'seeds' in entry:
            raise ConfigError(f'{where}: seeds: a run that tests a checkpoint is not trained and has none')
        seeds = [0]
    seeds = entry.get('seeds', seeds)
    if seeds is None:
        raise ConfigError(f'{where}: seeds: found None; expected a list of integers, here or for the whole suite')
    seeds = _seeds(seeds, f'{where}: seeds')
    options = {
        **common,
        **flatten_options(_mapping(entry.get('cfg_options'), f'{where}: cfg_options'), f'{where}: cfg_options'),
    }
    for key in ('data_root', 'randomness.seed', 'work_dir'):
        if key in options:
            raise ConfigError(f'{where}: {key} is no option of a run; it comes from data_roots, seeds, --work-dir')
    return Run(
        name,
        config,
        file,
        str(entry.get('label', name)),
        str(entry.get('group', '')),
        seeds,
        dict(sorted(options.items())),
        _data_root(entry, data_roots, where),
        _data_set(entry, data_roots, where),
        read_evaluations(tests, entry.get('tests'), where),
        checkpoint,
        checkpoint_file,
        entry.get('against'),
    )


def _data_root(entry: Mapping[str, Any], data_roots: Mapping[str, str], where: str) -> str | None:
    name: str | None = entry.get('data_root', next(iter(data_roots)) if len(data_roots) == 1 else None)
    if name is not None and name not in data_roots:
        raise ConfigError(f'{where}: data_root: {name!r} is not among data_roots ({", ".join(data_roots) or "none"})')
    if name is None and data_roots:
        raise ConfigError(f'{where}: data_root: which of the data_roots {", ".join(data_roots)}?')
    return name


def _data_set(entry: Mapping[str, Any], data_roots: Mapping[str, str], where: str) -> str | None:
    name: str | None = entry.get('data')
    if name is None:
        return None
    if name in data_roots:
        raise ConfigError(
            f'{where}: data: {name!r} is one of data_roots; data is the data set in place of the '
            f"config's, e.g. nudt-sirst-663-664.\n  cure: data_root: {name}"
        )
    _relative(name, f'{where}: data')
    try:
        find_data_set(name)
    except ConfigError as error:
        raise ConfigError(f'{where}: {error}') from error
    return name


def _find_checkpoint(checkpoint: Any, suite_file: Path, root: Path, where: str) -> Path:
    _relative(checkpoint, f'{where}: checkpoint')
    places: tuple[Path, ...] = (root / checkpoint, suite_file.parent / checkpoint)
    for path in places:
        if path.is_file():
            return path.resolve()
    known = {p.name: p.relative_to(root).as_posix() for p in (root / 'configs').rglob('*.pth')}
    close = [known[name] for name in near_matches_of_files(Path(checkpoint).name, known)]
    raise ConfigError(
        f'{where}: checkpoint {checkpoint!r} does not exist, neither in the repository nor beside the '
        'suite.' + ''.join(['\n  did you mean:', *(f'\n    {c}' for c in close)] if close else [])
    )


def near_matches_of_files(name: str, known: Iterable[str]) -> list[str]:
    """File names that look like ``name``, best first."""
    return difflib.get_close_matches(name, list(known), n=4, cutoff=0.6)


def _table(entry: Any, where: str, runs: Sequence[Run]) -> Table:
    entry = _fields(
        entry,
        where,
        required=('name', 'readme', 'columns'),
        optional=('kind', 'over', 'runs', 'pairs', 'note', 'chart', 'seeds'),
    )
    seeds = None if entry.get('seeds') is None else _seeds(entry['seeds'], f'{where}: seeds')
    name = _name(entry['name'], f'{where}: name')
    where = f'{where} ({name})'
    _relative(entry['readme'], f'{where}: readme')
    kind = entry.get('kind', 'results')
    if kind not in KINDS:
        raise ConfigError(f'{where}: kind: {kind!r}; expected one of {", ".join(KINDS)}')
    columns = tuple(
        _column(c, f'{where}: columns[{i}]') for i, c in enumerate(_list(entry['columns'], f'{where}: columns'))
    )
    names = [run.name for run in runs]
    if kind == 'results':
        for key in ('pairs', 'over', 'chart'):
            if key in entry:
                raise ConfigError(f'{where}: {key} belongs to kind: differences')
        chosen = match_runs([str(g) for g in _list(entry.get('runs', ['*']), f'{where}: runs')], runs, f'{where}: runs')
        _check_tests(columns, [run for run in runs if run.name in chosen], where)
        note = str(entry.get('note', '')).strip()
        return Table(name, entry['readme'], kind, columns, runs=tuple(chosen), note=note, seeds=seeds)
    if 'runs' in entry:
        raise ConfigError(f'{where}: kind: differences has pairs, not runs')
    pairs = []
    for index, pair in enumerate(_list(entry.get('pairs', []), f'{where}: pairs')):
        if not isinstance(pair, list) or len(pair) != 2:
            raise ConfigError(f'{where}: pairs[{index}]: found {pair!r}; expected [A, B], for A minus B')
        for one in pair:
            if one not in names:
                close = near_matches(str(one), names)
                raise ConfigError(
                    f'{where}: pairs[{index}]: there is no run {one!r}.'
                    + (f'\n  did you mean: {", ".join(close)}?' if close else '')
                )
        pairs.append((pair[0], pair[1]))
    over = entry.get('over', 'seeds')
    if over not in OVER:
        raise ConfigError(f'{where}: over: {over!r}; expected one of {", ".join(OVER)}')
    if over == 'images':
        for column in columns:
            if not column.value.startswith('test.') or column.figure not in MEASURES:
                raise ConfigError(
                    f'{where}: {column.value}: over: images can compare '
                    + ', '.join(f'test.{known}' for known in MEASURES)
                )
    if over == 'sequences':
        for column in columns:
            if column.value != 'test.mAP50' and not column.value.startswith('test.mAP50_scr/'):
                raise ConfigError(
                    f'{where}: {column.value}: over: sequences can compare test.mAP50 and test.mAP50_scr/BIN'
                )
    chart = entry.get('chart', '')
    if chart:
        _relative(chart, f'{where}: chart')
        if Path(chart).suffix != '.svg':
            raise ConfigError(f'{where}: chart: {chart!r}; expected the name of an SVG file')
    _check_tests(columns, [run for run in runs if any(run.name in pair for pair in pairs)], where)
    return Table(
        name,
        entry['readme'],
        kind,
        columns,
        pairs=tuple(pairs),
        note=str(entry.get('note', '')).strip(),
        over=over,
        chart=chart,
        seeds=seeds,
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


def _column(entry: Any, where: str) -> Column:
    entry = _fields(entry, where, required=('value',), optional=('heading', 'format', 'scale', 'spread', 'better'))
    value = entry['value']
    if (
        not isinstance(value, str)
        or not value.partition('.')[2]
        or (value.partition('.')[0] not in SOURCES and not value.startswith('test@'))
    ):
        raise ConfigError(f'{where}: value: {value!r}; expected test.METRIC, test@NAME.METRIC, val.METRIC or run.NAME')
    column = Column(value, value.partition('.')[2])
    if column.test is not None:
        column = replace(column, heading=f'{column.heading} ({column.test})')
    column = replace(column, **{key: item for key, item in entry.items() if key not in ('value', 'scale')})
    try:
        column = replace(column, scale=float(entry.get('scale', 1.0)))
        format(1.0, column.format)
    except (TypeError, ValueError) as error:
        raise ConfigError(f'{where}: format {column.format!r} or scale {entry.get("scale")!r}: {error}') from error
    if column.better not in ('higher', 'lower'):
        raise ConfigError(f'{where}: better: {column.better!r}; expected higher or lower')
    return column


def _fields(entry: Any, where: str, required: Sequence[str], optional: Sequence[str]) -> dict[str, Any]:
    if not isinstance(entry, Mapping):
        raise ConfigError(f'{where}: found {entry!r}; expected a mapping with {", ".join(required)}')
    known = [*required, *optional]
    for key in entry:
        if key not in known:
            close = near_matches(str(key), known)
            raise ConfigError(
                f'{where}: unknown key {key!r}; expected some of {", ".join(known)}.'
                + (f'\n  did you mean: {", ".join(close)}?' if close else '')
            )
    missing = [key for key in required if entry.get(key) is None]
    if missing:
        raise ConfigError(f'{where}: {", ".join(missing)} missing')
    return dict(entry)


def _list(entry: Any, where: str, empty: bool = False) -> list[Any]:
    if not isinstance(entry, list) or not (entry or empty):
        raise ConfigError(f'{where}: found {entry!r}; expected a list')
    return entry


def _mapping(entry: Any, where: str) -> Mapping[str, Any]:
    if entry is not None and not isinstance(entry, Mapping):
        raise ConfigError(f'{where}: found {entry!r}; expected KEY: VALUE')
    return entry or {}


def _name(entry: Any, where: str) -> str:
    if not isinstance(entry, str) or not _NAME.fullmatch(entry):
        raise ConfigError(f'{where}: {entry!r}; expected letters, digits and . _ + - (it becomes a file name)')
    return entry


def _relative(path: Any, where: str) -> None:
    if not isinstance(path, str) or Path(path).is_absolute() or path.startswith('~'):
        raise ConfigError(f'{where}: {path!r}; expected a path relative to the repository, so that it holds elsewhere')


def _distinct(items: Sequence[Any], where: str) -> None:
    twice = sorted({item for item in items if list(items).count(item) > 1})
    if twice:
        raise ConfigError(f'{where}: given more than once: {", ".join(map(str, twice))}')
