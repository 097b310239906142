"""The steps of a fine-tuning, each done by the command that a user would type."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mmirstd.benchmark.history import read_history
from mmirstd.benchmark.plan import read_plan
from mmirstd.benchmark.tool_process import end_process
from mmirstd.benchmark.work_folder import LOCK_NAME, lock_folder
from mmirstd.engine.checkpoint_files import best_checkpoint, newest_checkpoint, numbered_checkpoints
from mmirstd.engine.config_files import load_config
from mmirstd.utils.commands import python_path, python_program
from mmirstd.utils.errors import CheckpointError, ConfigError, UserError
from mmirstd.utils.files import file_sha256, write_json, write_text
from mmirstd.utils.progress import now_doing, silent_heartbeat
from mmirstd.visualization.worst_images import FOLDER

from .own_set import OwnSet, Start
from .recipe import Recipe
from .threshold_advice import ThresholdAdvice

#: Exit status of a training that was interrupted.
INTERRUPTED = 130
_NETWORKS = {'start': 'as it was before', 'tuned': 'after the training'}
_IMAGES = {'start': 'training and validation', 'val': 'validation', 'test': 'test'}


class StepFailed(UserError):
    """A command of the workflow ended with an error; it said why."""


@dataclass(frozen=True)
class FinetuneOutcome:
    """What a fine-tuning came to.

    Attributes:
        tuned: The best checkpoint of the training on the validation images.
        measures: Part (``'val'``, ``'test'``) -> ``'tuned'`` and, with weights to start from, ``'start'`` -> measures
            of the default protocol at threshold 0.5.
        threshold: What the validation images advise for :attr:`checkpoint`.
        decisive: The measure that says which network is better.
        start: The weights that it started from.
    """

    tuned: Path
    measures: Mapping[str, Mapping[str, Mapping[str, float]]]
    threshold: ThresholdAdvice
    decisive: str = 'IoU'
    start: str | None = None

    @property
    def checkpoint(self) -> Path:
        """The best one on the validation images; what it started from takes part, and wins where none is better."""
        return Path(self.start) if self.start is not None and self.kept else self.tuned

    @property
    def kept(self) -> bool:
        """Whether what it started from is still the best on the validation images."""
        return start_is_best(self.measures['val'], self.decisive)


def start_is_best(measures: Mapping[str, Mapping[str, float]], decisive: str) -> bool:
    """Whether the training made the decisive measure no better; a measure that is undefined says nothing.

    Args:
        measures: ``'tuned'`` and, with weights to start from, ``'start'`` -> measures on the validation images.
        decisive: A measure, larger is better.
    """
    return 'start' in measures and measures['tuned'][decisive] <= measures['start'][decisive]


@contextmanager
def alone(out: Path) -> Iterator[int]:
    """Within, no other process can work in the folder; gives the file descriptor of its lock.

    A folder that was made for this, and has nothing else in it at the end, is removed.

    Raises:
        CheckpointError: Another process works there.
    """
    made = not out.exists()
    with lock_folder(out) as lock:
        try:
            yield lock
        finally:
            if made and out.is_dir() and [path.name for path in out.iterdir()] == [LOCK_NAME]:
                (out / LOCK_NAME).unlink()
                out.rmdir()


class Workflow:
    """Write a config, check the data, measure the start, train, test.

    A step that an earlier call ended is not done again.

    Args:
        data: What was found of the images and labels.
        out: Folder for everything; made if missing.
        start: Where it begins.
        lock: What :func:`alone` gives for ``out``; the commands hold it, too.
    """

    def __init__(self, data: OwnSet, out: Path, start: Start, lock: int | None = None) -> None:
        self.data, self.out, self.start, self._lock = data, out, start, lock
        self.config, self.work = out / 'config.py', out / 'work'  # the config says so, too

    @property
    def worst_images(self) -> Path:
        """Folder of the pictures of the validation images on which the best checkpoint does worst."""
        return self.work / FOLDER

    def dump(self, part: str, which: str) -> Path:
        """Folder of what a test wrote; ``which``: ``'start'`` or ``'tuned'``."""
        return self.out / f'{part}-{which}'

    def write(self) -> None:
        """Write the lists and the config."""
        self.data.write_lists(self.out)
        self._write_config()

    def _write_config(self) -> None:
        write_text(self.config, self.data.config_text(self.start, str(self.config)))

    def keep(self) -> list[str]:
        """Go on with the lists and the config that are there; what is to be said.

        Raises:
            ConfigError: One of them is gone.
        """
        files = {part: self.out / self.data.list_name(part) for part in ('train', 'val', 'test')}
        for path in (self.config, *files.values()):
            if not path.is_file():
                raise ConfigError(
                    f'{path}: is gone, so this fine-tuning cannot go on',
                    cure='put it back, or name another folder with --out',
                )
        changed = [
            path.name
            for part, path in files.items()
            if path.read_text(encoding='utf-8') != self.data.list_text(self.data.parts[part])
        ]
        if not changed:
            return []
        return [f'the images or labels were changed since; {", ".join(changed)} of the first call are kept']

    def check(self) -> None:
        """List what is wrong with the data.

        Raises:
            StepFailed: There are errors, or they could not be checked.
        """
        status = self._run('check-data', str(self.config), '--out', str(self.out / 'check.json'))
        if status:
            raise StepFailed(
                f'{self.config}: its data have errors, listed above and in {self.out / "check.json"}',
                cure='correct them and run the same command again, or go on without the check: --no-check',
            )

    def measure_start(self) -> dict[str, float]:
        """Measure the weights that it starts from on training and validation images, before anything is trained.

        Raises:
            StepFailed: The test ended with an error.
        """
        assert self.start.weights is not None
        return self._test(self.start.weights, 'start', 'start')

    def follow(self, recipe: Recipe) -> None:
        """Train by this recipe."""
        self.start = replace(self.start, recipe=recipe)
        self._write_config()

    def train(self, again: str) -> Path:
        """Train, or go on with the training; the checkpoint that is best on the validation images.

        Args:
            again: The command that goes on after an interruption.

        Raises:
            StepFailed: The training ended with an error.
            KeyboardInterrupt: It was interrupted.
        """
        begun, complete = self._trained_so_far()
        if not complete:
            words = ['--resume'] if begun else []
            status = self._run('train', str(self.config), '--again', again, *words)
            if status == INTERRUPTED:
                raise KeyboardInterrupt
            if status:
                raise StepFailed(
                    f'{self.config}: the training ended with an error, see above and the log in {self.work}'
                )
        return best_checkpoint(self.work)

    def _trained_so_far(self) -> tuple[bool, bool]:
        """Whether there is a checkpoint to go on from, and whether the training came to its end."""
        try:
            newest = Path(newest_checkpoint(str(self.work)).path)
        except CheckpointError:
            return False, False
        plan = read_plan(load_config(str(self.config)), str(self.config))
        ended = newest == numbered_checkpoints(self.work, plan.unit).get(plan.length)
        validated = not plan.validates(plan.length) or plan.length in read_history(self.work, plan.unit).validated()
        return True, ended and validated

    def outcome(self, tuned: Path) -> FinetuneOutcome:
        """Test the checkpoint and what it started from.

        Args:
            tuned: The best checkpoint of the training.

        Raises:
            StepFailed: A test ended with an error.
        """
        measures: dict[str, dict[str, dict[str, float]]] = {'val': {}, 'test': {}}
        for part, found in measures.items():
            if self.start.weights:
                found['start'] = self._test(self.start.weights, part, 'start')
            found['tuned'] = self._test(str(tuned), part, 'tuned')
        decisive = next(iter(self.data.measures))
        best = 'start' if start_is_best(measures['val'], decisive) else 'tuned'
        advice = self.data.advise_threshold(self.dump('val', best))
        outcome = FinetuneOutcome(tuned, measures, advice, decisive, self.start.weights)
        write_json(
            self.out / 'results.json',
            dict(
                checkpoint=str(outcome.checkpoint),
                tuned=str(tuned),
                start=self.start.weights,
                measures=measures,
                threshold=advice.best,
            ),
        )
        return outcome

    def _test(self, checkpoint: str, part: str, which: str) -> dict[str, float]:
        folder = self.dump(part, which)
        measured = folder / 'metrics.json'
        if not self._is_measured(measured, checkpoint):
            now_doing(f'testing the network {_NETWORKS[which]} on the {_IMAGES[part]} images')
            words, options = self.data.test_options(folder)
            if part != 'test':
                options = [*options, f'test_dataloader.dataset.ann_file={self.out / self.data.list_name(part)}']
            words = ['test', str(self.config), checkpoint, *words, '--work-dir', str(self.out / 'tests')]
            if self._run(*words, *(['--cfg-options', *options] if options else []), quiet=True):
                raise StepFailed(f'{checkpoint}: its test on the {_IMAGES[part]} images ended with an error, see above')
        metrics: dict[str, Any] = json.loads(measured.read_text(encoding='utf-8'))['metrics']
        return {key: math.nan if metrics[key] is None else float(metrics[key]) for key in self.data.measures}

    def _is_measured(self, measured: Path, checkpoint: str) -> bool:
        """Whether an earlier call made this test, with the same checkpoint and the config as it is."""
        if not measured.is_file() or measured.stat().st_mtime <= self.config.stat().st_mtime:
            return False
        tested: str | None = json.loads(measured.read_text(encoding='utf-8')).get('checkpoint_sha256')
        return Path(checkpoint).is_file() and tested == file_sha256(checkpoint)

    def _run(self, *words: str, quiet: bool = False) -> int:
        """Run a command as a user would; quiet: its output is shown only where it fails."""
        with nullcontext() if quiet else silent_heartbeat():
            process = subprocess.Popen(
                [*python_program(), *words],
                env=dict(os.environ, PYTHONPATH=python_path()),
                stdout=subprocess.PIPE if quiet else None,
                stderr=subprocess.STDOUT if quiet else None,
                text=True,
                pass_fds=() if self._lock is None else (self._lock,),
                start_new_session=True,
            )  # Ctrl-C reaches us alone, and we end the command in an orderly way
            try:
                said, _ = process.communicate()
            finally:
                if process.poll() is None:
                    end_process(process)
        if quiet and process.returncode:
            print(said, file=sys.stderr)
        return process.returncode
