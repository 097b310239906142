"""The command lines of a run with a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .further_tests import Evaluation
from .options import format_option
from .settings import Settings
from .suite import Run, Suite
from .work_folder import run_folder

#: What stands in recorded commands for the work dir, wherever it was on the machine that ran.
SHOWN_WORK_DIR = 'work_dirs/benchmarks'


@dataclass(frozen=True)
class Commands:
    """Words after ``mmirstd``, with this machine's paths or as recorded: see :meth:`here` and :meth:`shown`.

    Attributes:
        config: Config file.
        folder: Work dir.
        options: ``--cfg-options``.
        given: Checkpoint that is tested as it is; None: one of the work dir.
        exchanged: ``--data`` and ``--schedule`` with their names, as far as the run has them.
    """

    config: str
    folder: str
    options: tuple[str, ...]
    given: str | None = None
    exchanged: tuple[str, ...] = ()

    @classmethod
    def here(cls, suite: Suite, run: Run, seed: int, settings: Settings) -> Commands:
        """With this machine's paths."""
        given = None if run.checkpoint_file is None else str(run.checkpoint_file)
        return cls(
            str(run.config_file),
            str(run_folder(settings.work_dir, suite.name, run.name, seed)),
            _options(suite, run, seed, settings.data),
            given,
            _exchanged(run.data_file, run.schedule_file),
        )

    @classmethod
    def shown(cls, suite: Suite, run: Run, seed: int) -> Commands:
        """As recorded: with the suite's paths instead of a machine's."""
        return cls(
            run.config,
            run_folder(Path(SHOWN_WORK_DIR), suite.name, run.name, seed).as_posix(),
            _options(suite, run, seed, suite.data_roots),
            run.checkpoint,
            _exchanged(run.data, run.schedule),
        )

    def train(self, resume: Path | None = None, max_minutes: float | None = None) -> list[str]:
        """Train, from the checkpoint ``resume`` on if it is given, and no longer than so many minutes."""
        command = ['train', self.config, *self.exchanged, '--work-dir', self.folder]
        if resume is not None:
            command += ['--resume', f'{self.folder}/{resume.name}']
        if max_minutes is not None:
            command += ['--max-minutes', f'{max_minutes:g}']
        return [*command, '--cfg-options', *self.options]

    def test(self, checkpoint: Path | None, per_image: bool, per_sequence: bool = False) -> list[str]:
        """Test by the default protocol at native size; no checkpoint for a method without training."""
        options = ['--per-image', f'{self.folder}/per_image.json'] if per_image else []
        options += ['--per-sequence', f'{self.folder}/per_sequence.json'] if per_sequence else []
        return self._test(checkpoint, 'test', options)

    def further_test(self, tests: Sequence[Evaluation], checkpoint: Path | None) -> list[str]:
        """Further tests that one command makes."""
        size, protocols = tests[0].eval_size, [test.protocol for test in tests if test.protocol != 'default']
        return self._test(
            checkpoint,
            tests[0].command_name,
            [
                *(['--protocol', ','.join(dict.fromkeys(protocols))] if protocols else []),
                *(['--eval-size', str(size)] if size else []),
            ],
            [format_option(key, value, tests[0].name) for key, value in tests[0].options.items()],
        )

    def _test(
        self, checkpoint: Path | None, name: str, options: Sequence[str], cfg_options: Sequence[str] = ()
    ) -> list[str]:
        tested = [] if checkpoint is None else [self.given or f'{self.folder}/{checkpoint.name}']
        return [
            'test',
            self.config,
            *tested,
            *self.exchanged,
            '--work-dir',
            f'{self.folder}/{name}',
            '--out',
            f'{self.folder}/{name}.json',
            *options,
            '--cfg-options',
            *self.options,
            *cfg_options,
        ]


def _exchanged(data: str | None, schedule: str | None) -> tuple[str, ...]:
    given = (('--data', data), ('--schedule', schedule))
    return tuple(word for option, name in given if name is not None for word in (option, name))


def _options(suite: Suite, run: Run, seed: int, roots: Mapping[str, str]) -> tuple[str, ...]:
    where = f'{suite.path}: {run.name}'
    options = [format_option(key, value, where) for key, value in run.options.items()]
    if run.data_root is not None:
        options.insert(0, format_option('data_root', roots[run.data_root], where))
    return (*options, format_option('randomness.seed', seed, where))
