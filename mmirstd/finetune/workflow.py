"""The steps of a fine-tuning, each done by the command that a user would type."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmirstd.engine.checkpoint_files import best_checkpoint
from mmirstd.utils.commands import command_line, python_path, python_program
from mmirstd.utils.errors import ConfigError, UserError
from mmirstd.utils.files import write_json, write_text
from mmirstd.utils.progress import silent_heartbeat
from mmirstd.visualization.worst_images import FOLDER

from .own_set import OwnSet, Start
from .threshold_advice import ThresholdAdvice


def config_path(out: Path) -> Path:
    """Where a fine-tuning's config goes.

    Raises:
        ConfigError: ``out`` is a file, or a training was begun there.
    """
    if out.exists() and not out.is_dir():
        raise ConfigError(f'{out}: is a file', expected='a folder, or nothing yet')
    config = out / 'config.py'
    if (out / 'work').exists():
        raise ConfigError(
            f'{out}: a fine-tuning was begun there',
            cure=f'go on with it by `{command_line("train", config, "--resume")}`, train it again without --resume, or '
            'name another folder with --out',
        )
    return config


class StepFailed(UserError):
    """A command of the workflow ended with an error; it said why."""


@dataclass(frozen=True)
class FinetuneOutcome:
    """What a fine-tuning came to.

    Attributes:
        checkpoint: The best one on the validation images.
        measures: Part (``'val'``, ``'test'``) -> ``'tuned'`` and, with weights to start from, ``'start'`` -> measures
            of the default protocol at threshold 0.5.
        threshold: What the validation images advise.
        decisive: The measure that says which network is better.
        start: The weights that it started from.
    """

    checkpoint: Path
    measures: Mapping[str, Mapping[str, Mapping[str, float]]]
    threshold: ThresholdAdvice
    decisive: str = 'IoU'
    start: str | None = None

    @property
    def advised(self) -> str | None:
        """The weights that it started from, where the validation part prefers them; None: the tuned checkpoint."""
        return self.start if self.gain < 0 else None

    @property
    def gain(self) -> float:
        """How much larger the decisive measure is on the validation images after the fine-tuning.

        From random weights it is the measure itself.
        """
        found = self.measures['val']
        return found['tuned'][self.decisive] - found.get('start', {}).get(self.decisive, 0.0)


class Workflow:
    """Write a config, check the data, train, test.

    Args:
        data: What was found of the images and labels.
        out: Folder for everything; made if missing.
        start: Where it begins.

    Raises:
        ConfigError: ``out`` is a file, or a training was begun there.
    """

    def __init__(self, data: OwnSet, out: Path, start: Start) -> None:
        self.data, self.out, self.start = data, out, start
        self.config = config_path(out)

    @property
    def worst_images(self) -> Path:
        """Folder of the pictures of the validation images on which the best checkpoint does worst."""
        return self.out / 'work' / FOLDER

    def write(self) -> None:
        """Write the lists and the config."""
        self.out.mkdir(parents=True, exist_ok=True)
        self.data.write_lists(self.out)
        write_text(self.config, self.data.config_text(self.start, str(self.config)))

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

    def train(self) -> Path:
        """Train; the checkpoint that is best on the validation images.

        Raises:
            StepFailed: The training ended with an error.
        """
        work = self.out / 'work'  # as the config says
        if self._run('train', str(self.config)):
            raise StepFailed(f'{self.config}: the training ended with an error, see above and the log in {work}')
        return best_checkpoint(work)

    def outcome(self, checkpoint: Path) -> FinetuneOutcome:
        """Test the checkpoint and what it started from.

        Raises:
            StepFailed: A test ended with an error.
        """
        measures: dict[str, dict[str, dict[str, float]]] = {'val': {}, 'test': {}}
        for part, found in measures.items():
            if self.start.weights:
                found['start'] = self._test(self.start.weights, part, 'start')
            found['tuned'] = self._test(str(checkpoint), part, 'tuned')
        advice = self.data.advise_threshold(self.out / 'val-tuned')
        outcome = FinetuneOutcome(checkpoint, measures, advice, next(iter(self.data.measures)), self.start.weights)
        write_json(
            self.out / 'results.json',
            dict(
                checkpoint=str(checkpoint),
                start=self.start.weights,
                advised=outcome.advised or str(checkpoint),
                measures=measures,
                threshold=advice.best,
            ),
        )
        return outcome

    def _test(self, checkpoint: str, part: str, name: str) -> dict[str, float]:
        folder = self.out / f'{part}-{name}'
        words, options = self.data.test_options(folder)
        if part != 'test':
            options = [*options, f'test_dataloader.dataset.ann_file={self.out / self.data.list_name(part)}']
        words = ['test', str(self.config), checkpoint, *words, '--work-dir', str(self.out / 'tests')]
        if self._run(*words, *(['--cfg-options', *options] if options else []), quiet=True):
            raise StepFailed(f'{checkpoint}: its test on the {part} images ended with an error, see above')
        metrics: dict[str, Any] = json.loads((folder / 'metrics.json').read_text(encoding='utf-8'))['metrics']
        return {key: math.nan if metrics[key] is None else float(metrics[key]) for key in self.data.measures}

    def _run(self, *words: str, quiet: bool = False) -> int:
        """Run a command as a user would; quiet: its output is shown only where it fails."""
        with nullcontext() if quiet else silent_heartbeat():
            done = subprocess.run(
                [*python_program(), *words],
                env=dict(os.environ, PYTHONPATH=python_path()),
                stdout=subprocess.PIPE if quiet else None,
                stderr=subprocess.STDOUT if quiet else None,
                text=True,
                check=False,
            )
        if quiet and done.returncode:
            print(done.stdout, file=sys.stderr)
        return done.returncode
