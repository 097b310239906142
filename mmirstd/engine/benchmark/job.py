"""One run with one seed: train (or continue) and choose the checkpoint unless one is given, test, write the record."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import CheckpointError, ConfigError
from ..evaluation_options import set_eval_size, set_protocols
from ..provenance import data_state, git_state
from .evaluations import Evaluation
from .history import (
    last_position,
    loss_curve,
    metrics_of,
    read_history,
    seconds_per_iteration,
    shorten,
    validation_curve,
)
from .image_counts import read_image_counts
from .options import format_option
from .plan import Plan, choose_checkpoint, read_plan, resume_point
from .record import as_json, read_record, record_path, write_record
from .settings import Settings
from .suite import Run, Suite

#: What stands in recorded commands for the work dir, wherever it was on the machine that ran.
SHOWN_WORK_DIR = 'work_dirs/benchmarks'
STOP_AFTER_S = 60
_ONE_CONFIG = threading.Lock()  # mmengine reads one at a time
TAIL_LINES = 25


class JobFailed(Exception):
    """A tool failed; the message holds the tail of its log."""


class Stopped(Exception):
    """The benchmark is being ended."""


class Job:
    """A run with a seed.

    Args:
        suite: The suite.
        run: One of its runs.
        seed: One of the run's seeds.
        settings: Of this machine.
        stop: Set when everything shall end.
    """

    def __init__(self, suite: Suite, run: Run, seed: int, settings: Settings,
                 stop: threading.Event | None = None) -> None:
        self.suite = suite
        self.run = run
        self.seed = seed
        self.settings = settings
        self.stop = stop or threading.Event()
        self.name = f'{run.name}_seed{seed}'
        self.work_dir = settings.work_dir / suite.name / self.name
        self.shown_dir = f'{SHOWN_WORK_DIR}/{suite.name}/{self.name}'
        self.record = record_path(settings.logs, suite, run, seed)
        self.phase = 'waiting'
        self._started = time.time()
        self._plan: Plan | None = None
        self._lock: int | None = None

    # State

    def done(self) -> bool:
        """Whether the record exists and holds all tests.

        Raises:
            ConfigError: It exists and is of other options.
        """
        record = self._record()
        return record is not None and not self._missing(record)

    def status(self) -> str:
        """``done``, ``done, but not tested by ...``, ``trained, not tested``, ``interrupted``, ``to do``."""
        record = self._record()
        if record is not None:
            missing = ', '.join(test.name for test in self._missing(record))
            if not missing:
                return 'done'
            return f'done, but not tested by {missing}' + (', and cannot be: no checkpoint' if self.obstacle() else '')
        parts = self._parts()
        if parts and parts[-1]['status'] == 0:
            return 'trained, not tested'
        return 'interrupted' if parts else 'to do'

    def obstacle(self) -> str | None:
        """Why tests that were added to the suite cannot be made; None if they can, or none is missing."""
        record = self._record()
        if record is None or record['checkpoint'] is None or not (missing := self._missing(record)):
            return None
        from ..launch import file_sha256
        file, sha256 = self._recorded_checkpoint(record), record['checkpoint']['sha256']
        if not file.is_file():
            found = 'is not there'
        elif file_sha256(str(file)) != sha256:
            found = 'is another one'
        else:
            return None
        return (f'{self.name}: is done, but was not tested by {", ".join(test.name for test in missing)}, and cannot '
                f'be now: {file} {found}.\n  cure: put the checkpoint with SHA-256 {sha256} there, or delete '
                f'{self.record} to train again, or take the test from the suite')

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
            per_epoch = self._iterations_per_epoch
            if per_epoch:
                text += f' eta {_clock((plan.length * per_epoch - entry["iter"]) * entry.get("time", 0))}'
        else:
            text += f' eta {_clock((plan.length - entry["iter"]) * entry.get("time", 0))}'
        return text

    @property
    def _iterations_per_epoch(self) -> int | None:
        """From the log line ``Epoch(train) [1][20/266]``."""
        if not hasattr(self, '_per_epoch'):
            self._per_epoch = None
        if self._per_epoch is None and (log := self.work_dir / 'train.out').is_file():
            found = re.findall(r'Epoch\(train\)\s+\[\s*\d+\]\[\s*\d+/\s*(\d+)\]', _tail(log, 20))
            self._per_epoch = int(found[-1]) if found else None
        return self._per_epoch

    # Commands

    def _options(self, shown: bool) -> list[str]:
        where = f'{self.suite.path}: {self.run.name}'
        options = []
        if self.run.data is not None:
            path = self.suite.data_roots[self.run.data] if shown else self.settings.data[self.run.data]
            options.append(format_option('data_root', path, where))
        options += [format_option(key, value, where) for key, value in self.run.options.items()]
        return [*options, format_option('randomness.seed', self.seed, where)]

    def train_command(self, shown: bool = False, resume: Path | None = None) -> list[str]:
        """Arguments after ``python``; ``shown``: as recorded, with the suite's paths instead of this machine's."""
        folder = self.shown_dir if shown else str(self.work_dir)
        command = ['tools/train.py', self.run.config if shown else str(self.run.config_file), '--work-dir', folder]
        if resume is not None:
            command += ['--resume', f'{folder}/{resume.name}']
        return [*command, '--cfg-options', *self._options(shown)]

    def test_command(self, checkpoint: Path | None, shown: bool = False) -> list[str]:
        """Like :meth:`train_command`; without a checkpoint for a method without training."""
        folder = self.shown_dir if shown else str(self.work_dir)
        plan = self._plan or self.check()
        return self._test_command(checkpoint, shown, 'test', [
            *(['--per-image', f'{folder}/per_image.json'] if plan.per_image else [])])

    def further_command(self, tests: Sequence[Evaluation], checkpoint: Path | None, shown: bool = False) -> list[str]:
        """Like :meth:`test_command`, for further tests at one size."""
        size, protocols = tests[0].eval_size, [test.protocol for test in tests if test.protocol != 'default']
        return self._test_command(checkpoint, shown, self._further_name(size), [
            *(['--protocol', ','.join(dict.fromkeys(protocols))] if protocols else []),
            *(['--eval-size', str(size)] if size else [])])

    def _test_command(self, checkpoint: Path | None, shown: bool, name: str, options: Sequence[str]) -> list[str]:
        folder = self.shown_dir if shown else str(self.work_dir)
        return ['tools/test.py', self.run.config if shown else str(self.run.config_file),
                *([self._checkpoint_path(checkpoint, shown)] if checkpoint else []), '--work-dir', f'{folder}/{name}',
                '--out', f'{folder}/{name}.json', *options, '--cfg-options', *self._options(shown)]

    def _checkpoint_path(self, checkpoint: Path, shown: bool) -> str:
        if self.run.checkpoint is not None:
            return self.run.checkpoint if shown else str(self.run.checkpoint_file)
        return f'{self.shown_dir if shown else self.work_dir}/{checkpoint.name}'

    @staticmethod
    def _further_name(size: int | None) -> str:
        return f'test_{size or "native"}'

    @staticmethod
    def _by_size(tests: Sequence[Evaluation]) -> list[list[Evaluation]]:
        """Those of one size are made by one command."""
        return [[test for test in tests if test.eval_size == size]
                for size in dict.fromkeys(test.eval_size for test in tests)]

    def load_config(self) -> Any:
        """The run's config with all its options.

        Raises:
            ConfigError: It cannot be read, or the data root does not exist.
        """
        from mmengine.config import DictAction

        from ..launch import load_config
        options = {}
        for text in self._options(shown=False):
            key, _, value = text.partition('=')
            options[key] = DictAction._parse_iterable(value)
        with _ONE_CONFIG:
            return load_config(str(self.run.config_file), options)

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
        from mmengine.registry import MODELS, init_default_scope

        import mmirstd.registry  # noqa: F401

        from ..errors import explain_config_errors
        cfg = self.load_config()
        init_default_scope(cfg.get('default_scope', 'mmseg'))
        name = f'{self.suite.path}: {self.run.name} ({self.run.config})'
        with explain_config_errors(name):
            try:
                MODELS.build(cfg.model)
            except ValueError as error:
                raise ConfigError(f'{name}: {error}') from error

    def next_commands(self) -> list[list[str]]:
        """What :meth:`__call__` would run now, as recorded; the checkpoint's name is known after training."""
        plan = self._plan or self.check()
        record = self._record()
        if record is not None:
            checkpoint = self._recorded_checkpoint(record)
            return [self.further_command(tests, checkpoint, True) for tests in self._by_size(self._missing(record))]
        parts = self._parts()
        commands = []
        if plan.trains and not (parts and parts[-1]['status'] == 0):
            history = read_history(self.work_dir, plan.unit)
            commands.append(self.train_command(True, resume_point(self.work_dir, plan, history)))
        best = f'best_{plan.save_best}_{plan.unit}_N.pth' if plan.save_best else f'{plan.unit}_{plan.length}.pth'
        checkpoint = Path(best.replace('/', '_')) if plan.trains else self.run.checkpoint_file
        commands.append(self.test_command(checkpoint, True))
        commands += [self.further_command(tests, checkpoint, True) for tests in self._by_size(self.run.tests)]
        return commands

    # Running

    def __call__(self) -> None:
        """Do all that is left to do.

        Raises:
            JobFailed: A tool failed, or a test was added to the suite and the checkpoint is gone.
            Stopped: ``stop`` was set.
            UserError: The config, the work dir or another process is in the way.
        """
        self._acquire()
        try:
            if self.done():
                return
            plan = self._plan or self.check()
            if self._record() is None:
                self._check_parts()
                if plan.trains:
                    self._train(plan)
                self._test(plan)
            self._test_further()
            self.phase = 'done'
        finally:
            self._release()

    def _train(self, plan: Plan) -> None:
        parts = self._parts()
        if parts and parts[-1]['status'] == 0:
            return
        resume = resume_point(self.work_dir, plan, read_history(self.work_dir, plan.unit))
        part = dict(command=self._shown(self.train_command(True, resume)),
                    git=git_state(self.suite.root, self.run.config_file), jobs=self.settings.jobs,
                    threads=self.settings.threads, wall_s=0.0, status=None)
        self.phase = 'training'
        self._execute(self.train_command(resume=resume), 'train.out', part, parts)

    def _test(self, plan: Plan) -> None:
        history = read_history(self.work_dir, plan.unit)
        checkpoint, step, entry = self.run.checkpoint_file, None, {}
        if plan.trains:
            checkpoint, step, entry = choose_checkpoint(self.work_dir, plan, history)
        for name in ('test.json', 'per_image.json'):
            (self.work_dir / name).unlink(missing_ok=True)
        self.phase = 'testing'
        self._execute(self.test_command(checkpoint), 'test.out')
        write_record(self.record, self._result(plan, history, step, entry, checkpoint))

    def _test_further(self) -> None:
        """Make the tests that the record lacks, and add them to it; nothing is trained."""
        record = self._record()
        missing = self._missing(record)
        if not missing:
            return
        if (obstacle := self.obstacle()) is not None:
            raise JobFailed(obstacle)
        now = data_state(self.load_config())
        # Older records lack the split files of data sets with several candidates.
        if any(now.get(file) != digest for file, digest in record['data'].items()):
            raise JobFailed(f'{self.name}: further tests would be on other data than its record: {now} instead of '
                            f'{record["data"]} (SHA-256 of the split files).\n  cure: --data-root with the data of the '
                            f'record, or delete {self.record} to do all again')
        checkpoint = self._recorded_checkpoint(record)
        self.phase = 'testing'
        for tests in self._by_size(missing):
            out = self.work_dir / f'{self._further_name(tests[0].eval_size)}.json'
            out.unlink(missing_ok=True)
            self._execute(self.further_command(tests, checkpoint), 'test.out')
            tested = json.loads(out.read_text(encoding='utf-8'))
            state = git_state(self.suite.root, self.run.config_file)
            for test in tests:
                record['tests'][test.name] = dict(
                    protocol=test.protocol, eval_size=test.eval_size, metrics=test.pick(tested['metrics']),
                    notices=[notice for notice in tested['notices'] if f'{test.protocol!r}' in notice],
                    commit=state['commit'], dirty=state['dirty'], time=tested['time'])
            record['commands'] = _unique([*record['commands'],
                                          self._shown(self.further_command(tests, checkpoint, True))])
            write_record(self.record, record)

    def _result(self, plan: Plan, history, step: int | None, entry: dict, checkpoint: Path | None) -> dict[str, Any]:
        """See the module :mod:`.record`."""
        tested = json.loads((self.work_dir / 'test.json').read_text(encoding='utf-8'))
        parts = self._parts()
        speed = seconds_per_iteration(history)
        done = re.findall(r'^done: (\d+) epochs, (\d+) iterations', _tail(self.work_dir / 'train.out', 200), re.M)
        iterations = int(done[-1][1]) if done else None
        state = git_state(self.suite.root, self.run.config_file)
        first = parts[0]['git'] if parts else state
        dirty = sorted({file for part in [*parts, dict(git=state)] for file in part['git']['dirty']})
        return dict(
            suite=self.suite.name,
            run=self.run.name,
            seed=self.seed,
            config=self.run.config,
            cfg_options=as_json(self.run.options),
            git=dict(commit=first['commit'], dirty=dirty, commits=_unique(
                [*(part['git']['commit'] for part in parts), state['commit']])),
            data=data_state(self.load_config()),
            commands=[*(part['command'] for part in parts), self._shown(self.test_command(checkpoint, True))],
            selection=plan.selection,
            training=dict(
                unit=plan.unit, length=plan.length, chosen=step, iterations=iterations,
                training_s=shorten(speed * iterations, 5) if speed and iterations else None,
                wall_s=round(sum(part['wall_s'] for part in parts), 1) if parts else None,
                parts=[{key: part[key] for key in ('wall_s', 'jobs', 'threads')} for part in parts]),
            validation=metrics_of(entry),
            test=tested['metrics'],
            **self._per_image(plan),
            network=dict(tested['network'], images=tested['images']),
            checkpoint=None if checkpoint is None else dict(
                name=self.run.checkpoint or checkpoint.name, sha256=tested['checkpoint_sha256']),
            device=tested['device'],
            versions=tested['versions'],
            time=tested['time'],
            validation_curve=validation_curve(history, step),
            loss_curve=loss_curve(history))

    def _per_image(self, plan: Plan) -> dict[str, Any]:
        if not plan.per_image:
            return {}
        written = json.loads((self.work_dir / 'per_image.json').read_text(encoding='utf-8'))
        return dict(per_image=read_image_counts(written['images']))

    def _execute(self, command: Sequence[str], log: str, part: dict | None = None, parts: Sequence[dict] = ()) -> None:
        """Run a tool in the repository; its output goes to ``log`` in the work dir.

        Args:
            command: Arguments after ``python``.
            log: File name; appended to.
            part: Is kept up to date with the time and the status, among ``parts``, so that a power cut costs little.
            parts: Earlier ones.
        """
        threads = str(self.settings.threads)
        environ = {**os.environ, 'OMP_NUM_THREADS': threads, 'MKL_NUM_THREADS': threads, 'PYTHONUNBUFFERED': '1'}
        file = self.work_dir / log
        start = saved = self._started = time.time()
        with file.open('a', encoding='utf-8') as stream:
            stream.write(f'$ {shlex.join(["python", *command])}\n')
            stream.flush()
            if self.stop.is_set():
                raise Stopped
            process = subprocess.Popen(
                [sys.executable, *command], cwd=self.suite.root, env=environ, stdout=stream, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C reaches us alone, and we end the tool in an orderly way
                pass_fds=() if self._lock is None else (self._lock, ))  # the lock lives as long as the tool
        try:
            while True:
                if part is not None and (process.returncode is not None or time.time() - saved > 15):
                    saved = time.time()
                    part.update(wall_s=round(saved - start, 1), status=process.returncode)
                    self._write_parts([*parts, part])
                if process.returncode is not None:
                    break
                if self.stop.is_set():
                    self._end(process)
                    continue
                try:
                    process.wait(timeout=0.5)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            if process.poll() is None:
                self._end(process)
        if self.stop.is_set() and process.returncode != 0:
            raise Stopped
        if process.returncode != 0:
            raise JobFailed(f'{self.name}: {command[0]} ended with status {process.returncode}; the end of {file}:\n'
                            + _tail(file, TAIL_LINES))

    @staticmethod
    def _end(process: subprocess.Popen) -> None:
        """SIGTERM, on which tools/train.py says how to continue; after a while SIGKILL for all its processes."""
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=STOP_AFTER_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    # Parts of a training, kept in its work dir

    @property
    def _parts_file(self) -> Path:
        return self.work_dir / 'benchmark_parts.json'

    def _parts(self) -> list[dict[str, Any]]:
        return json.loads(self._parts_file.read_text())['parts'] if self._parts_file.is_file() else []

    def _write_parts(self, parts: Sequence[dict]) -> None:
        file = self._parts_file.with_suffix('.part')
        state = dict(config=self.run.config, options=self._options(True), parts=list(parts))
        file.write_text(json.dumps(state, indent=1))
        os.replace(file, self._parts_file)

    def _check_parts(self) -> None:
        if not self._parts_file.is_file():
            return
        begun = json.loads(self._parts_file.read_text())
        if (begun['config'], begun['options']) != (self.run.config, self._options(True)):
            raise ConfigError(f'{self.work_dir}: holds a training of {begun["config"]} {" ".join(begun["options"])}, '
                              'which the suite has changed since.\n  cure: delete that folder')

    def _acquire(self) -> None:
        self.work_dir.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.work_dir / '.lock', os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise CheckpointError(f'{self.name}: another process works in {self.work_dir}') from error
        self._lock = lock

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @staticmethod
    def _shown(command: Sequence[str]) -> str:
        return shlex.join(['python', *command])


def _tail(file: Path, lines: int) -> str:
    if not file.is_file():
        return ''
    with file.open('rb') as stream:
        stream.seek(max(0, file.stat().st_size - 400 * lines))
        return '\n'.join(stream.read().decode('utf-8', 'replace').splitlines()[-lines:])


def _unique(items: Sequence) -> list:
    return list(dict.fromkeys(items))


def _clock(seconds: float) -> str:
    minutes = max(0, round(seconds / 60))
    return f'{minutes // 60}:{minutes % 60:02d}'
