"""One run with one seed: train (or continue) and choose the checkpoint unless one is given, test, write the record."""

from __future__ import annotations

import json
import os
import re
import shlex
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmirstd.engine.evaluation_options import set_eval_size, set_protocols
from mmirstd.engine.provenance import data_state, git_state
from mmirstd.evaluation.image_counts import read_image_counts
from mmirstd.utils.commands import python_path
from mmirstd.utils.errors import ConfigError, UserError
from mmirstd.utils.files import file_sha256
from mmirstd.utils.option_values import parse_option_value

from .commands import Commands
from .failure import Failure, clear_failure, read_failure, write_failure
from .further_tests import Evaluation, by_command
from .history import (
    iterations_per_epoch,
    last_logged,
    last_position,
    loss_curve,
    metrics_of,
    read_history,
    seconds_per_iteration,
    shorten,
    validation_curve,
)
from .options import as_json
from .plan import Plan, choose_checkpoint, read_plan, resume_point
from .run_record import read_record, record_path, write_record
from .sequence_counts import read_sequence_counts
from .settings import Settings
from .suite import Run, Suite
from .tool_process import JobFailed, Stopped, run_tool_process, tail
from .work_folder import WorkFolder

_ONE_CONFIG = threading.Lock()  # mmengine reads one at a time


class Job:
    """A run with a seed.

    Args:
        suite: The suite.
        run: One of its runs.
        seed: One of the run's seeds.
        settings: Of this machine.
        stop: Set when everything shall end.
    """

    def __init__(
        self, suite: Suite, run: Run, seed: int, settings: Settings, stop: threading.Event | None = None
    ) -> None:
        self.suite = suite
        self.run = run
        self.seed = seed
        self.settings = settings
        self.stop = stop or threading.Event()
        self.name = f'{run.name}_seed{seed}'
        self.commands = Commands.here(suite, run, seed, settings)
        self.shown_commands = Commands.shown(suite, run, seed)
        self.work_dir = Path(self.commands.folder)
        self.folder = WorkFolder(
            self.work_dir, run.config, [*self.shown_commands.exchanged, *self.shown_commands.options]
        )
        self.record = record_path(settings.logs, suite, run, seed)
        self.phase = 'waiting'
        self._plan: Plan | None = None
        self._per_sequence = suite.counts_sequences(run, seed)
        self._per_epoch: int | None = None
        self._test_start: float | None = None
        #: The GPU that it gets; None: none is assigned.
        self.gpu: str | None = None
        #: How long its training may take, in seconds; None: as long as its schedule.
        self.training_s: float | None = None
        #: Seconds that its tests took, when they were made.
        self.test_s: float | None = None

    @property
    def run_name(self) -> str:
        """Of the run, whatever the seed."""
        return self.run.name

    # State

    def done(self) -> bool:
        """Whether the record exists and holds all tests.

        Raises:
            ConfigError: It exists and is of other options.
        """
        record = self._record()
        return record is not None and not self._missing(record)

    def status(self) -> str:
        """``done``, ``trained, not tested``, ``interrupted``, ``to do`` and the like, or ``failed: ...``."""
        record = self._record()
        if record is not None:
            missing = ', '.join(test.name for test in self._missing(record))
            if not missing:
                return 'done'
            return f'done, but not tested by {missing}' + (', and cannot be: no checkpoint' if self.obstacle() else '')
        if (failure := self.failure()) is not None:
            return f'failed: {failure.reason}' + (f' (log: {failure.log})' if failure.log else '')
        if self.folder.trained():
            return 'trained, not tested'
        return 'interrupted' if self.folder.parts() else 'to do'

    def obstacle(self) -> str | None:
        """Why tests that were added to the suite cannot be made; None if they can, or none is missing."""
        record = self._record()
        if record is None or record['checkpoint'] is None or not (missing := self._missing(record)):
            return None
        file, sha256 = self._recorded_checkpoint(record), record['checkpoint']['sha256']
        if file is None or not file.is_file():
            found = 'is not there'
        elif file_sha256(str(file)) != sha256:
            found = 'is another one'
        else:
            return None
        return (
            f'{self.name}: is done, but was not tested by {", ".join(test.name for test in missing)}, and cannot '
            f'be now: {file} {found}.\n  cure: put the checkpoint with SHA-256 {sha256} there, or delete '
            f'{self.record} to train again, or take the test from the suite'
        )

    def failure(self) -> Failure | None:
        """What ended it when it last ran; None: it did not fail, or has a record."""
        return None if self._record() is not None else read_failure(self.work_dir)

    def _record(self) -> dict[str, Any] | None:
        return read_record(self.record, self.run, self.seed)

    def _recorded_checkpoint(self, record: dict[str, Any]) -> Path | None:
        if self.run.checkpoint_file is not None:
            return self.run.checkpoint_file
        return self.work_dir / record['checkpoint']['name'] if record['checkpoint'] else None

    def _missing(self, record: dict[str, Any]) -> list[Evaluation]:
        return [test for test in self.run.tests if not test.made(record['tests'].get(test.name))]

    def progress(self) -> str:
        """For the progress line: what happens now, how far, how long it still takes."""
        if self.phase != 'training' or self._plan is None:
            return f'{self.name} {self.phase}'
        plan, entry = self._plan, last_position(self.work_dir)
        if entry is None:
            return f'{self.name} starting'
        now = entry.get('epoch', entry['iter']) if plan.unit == 'epoch' else entry['iter']
        text = f'{self.name} {plan.unit} {now}/{plan.length}'
        if plan.unit == 'epoch':
            self._per_epoch = self._per_epoch or iterations_per_epoch(self.work_dir)
            if self._per_epoch:
                text += f' eta {_clock((plan.length * self._per_epoch - entry["iter"]) * entry.get("time", 0))}'
        else:
            text += f' eta {_clock((plan.length - entry["iter"]) * entry.get("time", 0))}'
        return text

    # Before it runs

    def load_config(self, further: Mapping[str, Any] | None = None) -> Any:
        """The run's config with all its options.

        Args:
            further: Options of a further test.

        Raises:
            ConfigError: It cannot be read, or the data root does not exist.
        """
        from mmirstd.engine.config_files import load_config

        options = {}
        for text in self.commands.options:
            key, _, value = text.partition('=')
            options[key] = parse_option_value(value)
        options.update(further or {})
        with _ONE_CONFIG:
            return load_config(str(self.run.config_file), options, self.run.data_file, self.run.schedule_file)

    def check(self, plan: Plan | None = None) -> Plan:
        """Find what can be found before anything runs: config, options, choice of the checkpoint.

        Args:
            plan: Of another seed of this run, which saves reading the config again.

        Raises:
            ConfigError: What is wrong.
        """
        if plan is None:
            name, cfg = f'{self.suite.path}: {self.run.name} ({self.run.config})', self.load_config()
            plan = read_plan(cfg, name, self.run.checkpoint is not None)
            for test in self.run.tests:
                try:
                    if test.options:
                        cfg = self.load_config(test.options)
                    set_protocols(cfg, [test.protocol], test.eval_size)
                    if test.eval_size:
                        set_eval_size(cfg, test.eval_size)
                except ConfigError as error:
                    raise ConfigError(f'{name}: tests: {test.name}: {error}') from error
        self._plan = plan
        return plan

    def build_network(self) -> None:
        """Build the network and forget it: finds arguments that do not fit.

        Raises:
            ConfigError: They do not.
        """
        from mmengine.registry import MODELS

        import mmirstd.registry  # noqa: F401
        from mmirstd.engine.config_errors import explain_config_errors
        from mmirstd.engine.config_scope import use_config_scope

        cfg = self.load_config()
        use_config_scope(cfg)
        name = f'{self.suite.path}: {self.run.name} ({self.run.config})'
        with explain_config_errors(name):
            try:
                MODELS.build(cfg.model)
            except ValueError as error:
                raise ConfigError(f'{name}: {error}') from error

    def next_commands(self) -> list[list[str]]:
        """What :meth:`__call__` would run now; the name of a checkpoint that is still to be chosen has a ``*``."""
        plan = self._plan or self.check()
        record = self._record()
        if record is not None:
            checkpoint = self._recorded_checkpoint(record)
            return [self.commands.further_test(tests, checkpoint) for tests in by_command(self._missing(record))]
        commands = []
        if plan.trains and not self.folder.trained():
            history = read_history(self.work_dir, plan.unit)
            commands.append(self.commands.train(resume_point(self.work_dir, plan, history)))
        best = f'best_{plan.save_best}_{plan.unit}_*.pth' if plan.save_best else f'{plan.unit}_{plan.length}.pth'
        checkpoint = Path(best.replace('/', '_')) if plan.trains else self.run.checkpoint_file
        return [
            *commands,
            self.commands.test(checkpoint, plan.per_image, self._per_sequence),
            *(self.commands.further_test(tests, checkpoint) for tests in by_command(self.run.tests)),
        ]

    def shell_lines(self) -> list[str]:
        """:meth:`next_commands` for a shell, with folder and environment: they run when pasted in this order."""
        variables = self.settings.environment(self.gpu)
        if os.environ.get('PYTHONPATH'):  # mmirstd may be found by it alone
            variables['PYTHONPATH'] = python_path()
        before = f'cd {shlex.quote(str(self.suite.paths.home))} && ' + ''.join(
            f'{name}={shlex.quote(value)} ' for name, value in variables.items()
        )
        return [
            before + ' '.join(_shell_word(word) for word in [*self.settings.program, *command])
            for command in self.next_commands()
        ]

    # Running

    def __call__(self) -> None:
        """Do all that is left to do.

        Raises:
            JobFailed: A tool failed, or a test was added to the suite and the checkpoint is gone.
            Stopped: ``stop`` was set.
            UserError: The config, the work dir or another process is in the way.
        """
        with self.folder.locked() as lock:
            if self.done():
                return
            clear_failure(self.work_dir)
            try:
                self._do_all(lock)
            except Stopped:
                raise
            except Exception as error:
                reason = error.reason if isinstance(error, JobFailed) else _one_line(error)
                log = error.log if isinstance(error, JobFailed) else None
                write_failure(self.work_dir, Failure(self.seed, reason, log))
                raise
            self.phase = 'done'

    def _do_all(self, lock: int) -> None:
        plan = self._plan or self.check()
        if self._record() is None:
            self.folder.check()
            if plan.trains and not self.folder.trained():
                self._train(plan, lock)
            self._test(plan, lock)
        self._test_further(lock)
        self.test_s = time.monotonic() - self._test_start if self._test_start is not None else None

    def _train(self, plan: Plan, lock: int) -> None:
        resume, parts = resume_point(self.work_dir, plan, read_history(self.work_dir, plan.unit)), self.folder.parts()
        minutes = None
        if self.training_s is not None:  # what earlier parts took counts, too
            minutes = round((self.training_s + sum(part['wall_s'] for part in parts)) / 60, 2)
        part = dict(
            command=_as_text(self.shown_commands.train(resume, minutes)),
            git=git_state(self.suite.root, self.run.config_file),
            jobs=self.settings.jobs,
            threads=self.settings.threads,
            wall_s=0.0,
            status=None,
        )

        def keep(seconds: float, status: int | None) -> None:  # now and then, so that a power cut costs little
            self.folder.write_parts([*parts, dict(part, wall_s=round(seconds, 1), status=status)])

        self.phase = 'training'
        self._run(self.commands.train(resume, minutes), 'train.out', lock, keep)

    def _test(self, plan: Plan, lock: int) -> None:
        history = read_history(self.work_dir, plan.unit)
        checkpoint, step = self.run.checkpoint_file, None
        entry: dict[str, Any] = {}
        if plan.trains:
            checkpoint, step, entry = choose_checkpoint(self.work_dir, plan, history)
        for name in ('test.json', 'per_image.json', 'per_sequence.json'):
            (self.work_dir / name).unlink(missing_ok=True)
        self._run_test(self.commands.test(checkpoint, plan.per_image, self._per_sequence), lock)
        write_record(self.record, self._result(plan, history, step, entry, checkpoint))

    def _run_test(self, command: list[str], lock: int) -> None:
        self.phase = 'testing'
        if self._test_start is None:
            self._test_start = time.monotonic()
        self._run(command, 'test.out', lock)

    def _run(
        self, command: list[str], log: str, lock: int, watch: Callable[[float, int | None], None] | None = None
    ) -> None:
        run_tool_process(
            self.settings.program,
            command,
            self.suite.paths.home,
            self.work_dir / log,
            self.stop,
            self.settings.environment(self.gpu),
            lock,
            watch,
        )

    def _test_further(self, lock: int) -> None:
        """Make the tests that the record lacks, and add them to it; nothing is trained."""
        record = self._record()
        assert record is not None  # this is the second half of a job that is done
        missing = self._missing(record)
        if not missing:
            return
        if (obstacle := self.obstacle()) is not None:
            raise JobFailed(obstacle)
        now = data_state(self.load_config())
        # Older records lack the split files of data sets with several candidates.
        if any(now.get(file) != digest for file, digest in record['data'].items()):
            raise JobFailed(
                f'{self.name}: further tests would be on other data than its record: {now} instead of '
                f'{record["data"]} (SHA-256 of the split files).\n  cure: --data-root with the data of the '
                f'record, or delete {self.record} to do all again'
            )
        checkpoint = self._recorded_checkpoint(record)
        for tests in by_command(missing):
            out = self.work_dir / f'{tests[0].command_name}.json'
            out.unlink(missing_ok=True)
            self._run_test(self.commands.further_test(tests, checkpoint), lock)
            tested = json.loads(out.read_text(encoding='utf-8'))
            state = git_state(self.suite.root, self.run.config_file)
            for test in tests:
                record['tests'][test.name] = dict(
                    **test.described(),
                    metrics=test.pick(tested['metrics']),
                    notices=[notice for notice in tested['notices'] if f'{test.protocol!r}' in notice],
                    commit=state['commit'],
                    dirty=state['dirty'],
                    time=tested['time'],
                )
            record['commands'] = _unique(
                [*record['commands'], _as_text(self.shown_commands.further_test(tests, checkpoint))]
            )
            write_record(self.record, record)

    def _result(self, plan: Plan, history, step: int | None, entry: dict, checkpoint: Path | None) -> dict[str, Any]:
        """See the module :mod:`.run_record`."""
        tested = json.loads((self.work_dir / 'test.json').read_text(encoding='utf-8'))
        parts = self.folder.parts()
        speed = seconds_per_iteration(history)
        done = re.findall(r'^done: (\d+) epochs, (\d+) iterations', tail(self.work_dir / 'train.out', 200), re.M)
        iterations = int(done[-1][1]) if done else None
        state = git_state(self.suite.root, self.run.config_file)
        first = parts[0]['git'] if parts else state
        dirty = sorted({file for part in [*parts, dict(git=state)] for file in part['git']['dirty']})
        return dict(
            suite=self.suite.name,
            run=self.run.name,
            seed=self.seed,
            config=self.run.config,
            data_set=self.run.data,
            schedule=self.run.schedule,
            cfg_options=as_json(self.run.options),
            git=dict(
                commit=first['commit'],
                dirty=dirty,
                commits=_unique([*(part['git']['commit'] for part in parts), state['commit']]),
            ),
            data=data_state(self.load_config()),
            commands=[
                *(part['command'] for part in parts),
                _as_text(self.shown_commands.test(checkpoint, plan.per_image, self._per_sequence)),
            ],
            selection=plan.selection,
            training=dict(
                unit=plan.unit,
                length=plan.length,
                chosen=step,
                iterations=iterations,
                training_s=shorten(speed * iterations, 5) if speed and iterations else None,
                wall_s=round(sum(part['wall_s'] for part in parts), 1) if parts else None,
                parts=[{key: part[key] for key in ('wall_s', 'jobs', 'threads')} for part in parts],
                **last_logged(history, ('gils_scale',)),
            ),
            validation=metrics_of(entry),
            test=tested['metrics'],
            **self._counts(plan),
            network=dict(tested['network'], images=tested['images']),
            checkpoint=None
            if checkpoint is None
            else dict(name=self.run.checkpoint or checkpoint.name, sha256=tested['checkpoint_sha256']),
            device=tested['device'],
            versions=tested['versions'],
            time=tested['time'],
            validation_curve=validation_curve(history, step),
            loss_curve=loss_curve(history),
        )

    def _counts(self, plan: Plan) -> dict[str, Any]:
        counts: dict[str, Any] = {}
        if plan.per_image:
            written = json.loads((self.work_dir / 'per_image.json').read_text(encoding='utf-8'))
            counts['per_image'] = read_image_counts(written['images'])
        if self._per_sequence:
            written = json.loads((self.work_dir / 'per_sequence.json').read_text(encoding='utf-8'))
            counts['per_sequence'] = read_sequence_counts(written)
        return counts


def _as_text(command: Sequence[str]) -> str:
    return shlex.join(['mmirstd', *command])


def _shell_word(word: str) -> str:
    """Quoted, but for the ``*`` in the name of a checkpoint."""
    folder, name = os.path.split(word)
    if not name.endswith('_*.pth'):
        return shlex.quote(word)
    return f'{shlex.quote(os.path.join(folder, name.removesuffix("*.pth")))}*.pth'


def _one_line(error: Exception) -> str:
    text = str(error).splitlines()[0] if str(error) else ''
    return text if isinstance(error, UserError) else f'{type(error).__name__}: {text}'


def _unique(items: Sequence) -> list:
    return list(dict.fromkeys(items))


def _clock(seconds: float) -> str:
    minutes = max(0, round(seconds / 60))
    return f'{minutes // 60}:{minutes % 60:02d}'
