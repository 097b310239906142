"""A benchmark suite: which runs, with which seeds, shown in which tables. :mod:`.suite_file` reads it."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmirstd.evaluation.key_figures import LOWER_IS_BETTER
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.near_matches import near_matches

from .further_tests import Evaluation
from .halving import Halving
from .suite_paths import SuitePaths


@dataclass(frozen=True)
class Run:
    """One network to train and test, with several seeds; or a checkpoint, or a method without training, to test.

    Attributes:
        name: Unique in the suite; part of the record's file name.
        config: Config file as the suite writes it.
        config_file: Where that file is on this machine.
        label: First column of tables; the name by default.
        group: Runs of a group stand together in tables; may be empty.
        seeds: Distinct seeds.
        options: ``--cfg-options``, flat, without data root and seed.
        data_root: Name of its data root in the suite, or None: the config's own.
        data: Data set in place of the config's (``--data``) as the suite writes it, or None: the config's own.
        data_file: The same as a command takes it on this machine.
        schedule: Schedule in place of the config's (``--schedule``) as the suite writes it, or None: the config's own.
        schedule_file: The same as a command takes it on this machine.
        tests: Further tests, beside the default protocol at native size.
        checkpoint: File that is tested as it is, as the suite writes it; None: what the run's training yields.
        checkpoint_file: Where that file is on this machine.
        against: Name of the run that successive halving compares it with; None: it is one of those.
    """

    name: str
    config: str
    config_file: Path
    label: str
    group: str
    seeds: tuple[int, ...]
    options: dict[str, Any]
    data_root: str | None
    data: str | None = None
    data_file: str | None = None
    schedule: str | None = None
    schedule_file: str | None = None
    tests: tuple[Evaluation, ...] = ()
    checkpoint: str | None = None
    checkpoint_file: Path | None = None
    against: str | None = None


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        value: ``test.METRIC``, ``test@NAME.METRIC`` of a further test, ``val.METRIC`` (of the chosen checkpoint) or
            ``run.parameters`` and so on.
        heading: Its heading.
        format: Python format of numbers.
        scale: Factor.
        spread: Show the standard deviation.
        better: ``'higher'`` or ``'lower'``: what counts as a win, and which value of a table is marked.
    """

    value: str
    heading: str
    format: str = '.3f'
    scale: float = 1.0
    spread: bool = True
    better: str = 'higher'

    @property
    def figure(self) -> str:
        """METRIC or NAME, what stands behind the first dot."""
        return self.value.partition('.')[2]

    @property
    def source(self) -> str:
        """``test``, ``test@NAME``, ``val`` or ``run``."""
        return self.value.partition('.')[0]

    @property
    def test(self) -> str | None:
        """NAME of ``test@NAME.METRIC``."""
        source, _, test = self.source.partition('@')
        return test if source == 'test' and test else None


def usually_better(value: str) -> str:
    """Which values of a figure are the better ones where the suite does not say: ``'higher'`` or ``'lower'``."""
    source, _, figure = value.partition('.')
    return 'lower' if source == 'run' or figure in LOWER_IS_BETTER else 'higher'


@dataclass(frozen=True)
class Table:
    """A table, in a README between ``<!-- benchmark:SUITE/NAME -->`` and ``<!-- /benchmark -->``.

    Attributes:
        name: Unique in the suite.
        readme: That file as the suite writes it; None: it is in none.
        kind: ``'results'``: a row a run, mean and standard deviation; ``'differences'``: of pairs of runs.
        over: What differences are paired by: ``'seeds'``, ``'images'``, or ``'sequences'`` (and seeds).
        seeds: Of the runs' seeds, those that it takes; None: all.
        columns: What is shown.
        runs: Rows of ``'results'``, in the suite's order.
        pairs: Rows of ``'differences'``: (A, B).
        note: Text below it.
        chart: SVG file, as the suite writes it, that shows ``'differences'`` as a picture; empty for none.
    """

    name: str
    readme: str | None
    kind: str
    columns: tuple[Column, ...]
    runs: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    note: str = ''
    over: str = 'seeds'
    chart: str = ''
    seeds: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Suite:
    """See :func:`~.suite_file.load_suite`.

    Attributes:
        name: The file's name without suffix, unless the file says otherwise.
        paths: Where the file is, and where its paths lead.
        data_roots: Name -> path as the suite writes it.
        runs: In the order of the file.
        tables: In the order of the file.
        halving: The stages in which runs are dropped; None: all runs get all their seeds.
        logs: Folder of the records, unless the command says another.
        work_dir: Folder for checkpoints, unless the command says another.
    """

    name: str
    paths: SuitePaths
    data_roots: dict[str, str]
    runs: tuple[Run, ...]
    tables: tuple[Table, ...]
    halving: Halving | None
    logs: Path
    work_dir: Path

    @property
    def path(self) -> str:
        """The file as tables and messages name it."""
        return self.paths.shown

    @property
    def root(self) -> Path:
        """The folder of mmirstd's ``configs/``."""
        return self.paths.root

    def run(self, name: str) -> Run:
        """A run by its name."""
        return next(run for run in self.runs if run.name == name)

    def counts_sequences(self, run: Run, seed: int) -> bool:
        """Whether a table compares this run with this seed over sequences, which needs counts of each."""
        return any(
            table.over == 'sequences'
            and any(run.name in pair for pair in table.pairs)
            and (table.seeds is None or seed in table.seeds)
            for table in self.tables
        )

    def labels(self, names: Iterable[str]) -> dict[str, str]:
        """Run -> label, with its group where another run among the names has the same label."""
        runs = [self.run(name) for name in dict.fromkeys(names)]
        labels = [run.label for run in runs]
        return {
            run.name: f'{run.label} ({run.group})' if run.group and labels.count(run.label) > 1 else run.label
            for run in runs
        }

    def select(self, only: Sequence[str] | None = None, seeds: Iterable[int] | None = None) -> list[tuple[Run, int]]:
        """(run, seed) pairs, seeds outermost, so that an interrupted suite has as many seeds of each run as it can.

        Args:
            only: Globs of run names; None: all.
            seeds: Of those in the suite; None: all.

        Raises:
            ConfigError: A glob matches no run, or nothing is left.
        """
        chosen = set(match_runs(only, self.runs, '--only')) if only else {run.name for run in self.runs}
        wanted = None if seeds is None else set(seeds)
        known = sorted({seed for run in self.runs for seed in run.seeds})
        pairs = [
            (run, seed)
            for seed in known
            for run in self.runs
            if run.name in chosen and seed in run.seeds and (wanted is None or seed in wanted)
        ]
        if not pairs:
            raise ConfigError(f'{self.path}: no run is left by --only and --seeds; its seeds are {known}')
        return pairs


def match_runs(globs: Sequence[str], runs: Sequence[Run], where: str) -> list[str]:
    """Names of the runs that match any of the globs, in the order of the runs.

    Raises:
        ConfigError: A glob matches none.
    """
    names = [run.name for run in runs]
    for glob in globs:
        if not fnmatch.filter(names, glob):
            close = near_matches(glob, names)
            hint = f'did you mean: {", ".join(close)}?' if close else f'runs: {", ".join(names)}'
            raise ConfigError(f'{where}: {glob!r} matches no run.\n  {hint}')
    return [name for name in names if any(fnmatch.fnmatchcase(name, glob) for glob in globs)]


def move_data(suite: Suite, given: Sequence[str]) -> dict[str, str]:
    """Data roots on this machine from ``NAME=PATH`` options, or ``PATH`` where the suite has one data root.

    Returns:
        Name -> absolute path, of all roots of the suite.

    Raises:
        ConfigError: An unknown name.
    """
    found = {name: str(suite.paths.find(path)) for name, path in suite.data_roots.items()}
    for text in given:
        name, equal, path = text.partition('=')
        if not equal and len(found) == 1:
            name, path = next(iter(found)), text
        if name not in found or not path:
            close = near_matches(name, found)
            raise ConfigError(
                f'--data-root {text}: the suite has the data roots {", ".join(found) or "(none)"}; '
                'expected NAME=PATH' + (f'\n  did you mean: {", ".join(close)}?' if close else '')
            )
        found[name] = str(Path(path).expanduser().resolve())
    return found
