"""The steps of a fine-tuning, each done by the command that a user would type."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmirstd.engine.checkpoint_files import best_checkpoint
from mmirstd.evaluation.prediction_dump import PredictionDump
from mmirstd.utils.commands import command_line, python_path, python_program
from mmirstd.utils.errors import ConfigError, UserError
from mmirstd.utils.files import write_json, write_text
from mmirstd.utils.progress import silent_heartbeat

from .config_text import config_text
from .own_data import OwnData
from .recipe import Recipe
from .threshold_advice import ThresholdAdvice, advise_threshold

#: What is compared, and how it is written.
MEASURES: dict[str, str] = {'IoU': '.3f', 'nIoU': '.3f', 'Pd': '.3f', 'Fa_e6': '.1f'}


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
    """

    checkpoint: Path
    measures: Mapping[str, Mapping[str, Mapping[str, float]]]
    threshold: ThresholdAdvice

    @property
    def gain(self) -> float:
        """How much larger IoU on the validation images is after the fine-tuning; from random weights IoU itself."""
        found = self.measures['val']
        return found['tuned']['IoU'] - found.get('start', {}).get('IoU', 0.0)


class Workflow:
    """Write a config, check the data, train, test.

    Args:
        data: The images and masks.
        out: Folder for everything; made if missing.
        base: Config whose network is taken.
        weights: Checkpoint to start from; None: random weights.
        recipe: The schedule.
        command: The command line, for the config's first lines.
        options: Further arguments of the data sets.

    Raises:
        ConfigError: ``out`` is a file, or a training was begun there.
    """

    def __init__(
        self,
        data: OwnData,
        out: Path,
        base: Path,
        weights: str | None,
        recipe: Recipe,
        command: str = '',
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.data, self.out, self.base, self.weights, self.recipe = data, out, base, weights, recipe
        self.config = out / 'config.py'
        if out.exists() and not out.is_dir():
            raise ConfigError(f'{out}: is a file', expected='a folder, or nothing yet')
        if (out / 'work').exists():
            raise ConfigError(
                f'{out}: a fine-tuning was begun there',
                cure=f'train it again with `{command_line("train", self.config)}`, or name another folder with --out',
            )
        self._command = command
        self._options = options

    def write(self) -> None:
        """Write the lists and the config."""
        self.out.mkdir(parents=True, exist_ok=True)
        self.data.write_lists(self.out)
        text = config_text(
            self.base,
            self.weights,
            self.data.root,
            self.data.below_root(self.data.images),
            self.data.below_root(self.data.masks),
            self.recipe,
            loading=self.data.loading,
            data=self._options,
            window=self.data.window,
            command=self._command,
            split=str(self.data.split),
            name=str(self.config),
        )
        write_text(self.config, text)

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
            if self.weights:
                found['start'] = self._test(self.weights, part, 'start')
            found['tuned'] = self._test(str(checkpoint), part, 'tuned')
        advice = advise_threshold(PredictionDump(self.out / 'val-tuned'))
        outcome = FinetuneOutcome(checkpoint, measures, advice)
        write_json(
            self.out / 'results.json',
            dict(checkpoint=str(checkpoint), start=self.weights, measures=measures, threshold=advice.best),
        )
        return outcome

    def _test(self, checkpoint: str, part: str, name: str) -> dict[str, float]:
        dump = self.out / f'{part}-{name}'
        options = [f'test_dataloader.dataset.ann_file={self.out / f"{part}.txt"}'] if part != 'test' else []
        words = ['test', str(self.config), checkpoint, '--dump', str(dump), '--work-dir', str(self.out / 'tests')]
        if self._run(*words, *(['--cfg-options', *options] if options else []), quiet=True):
            raise StepFailed(f'{checkpoint}: its test on the {part} images ended with an error, see above')
        metrics: dict[str, Any] = json.loads((dump / 'metrics.json').read_text(encoding='utf-8'))['metrics']
        return {key: float(metrics[key]) for key in MEASURES}

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
