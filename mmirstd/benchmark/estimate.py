"""How long the runs of a suite will take: from trainings that were done here, or from a few steps that are made now."""

from __future__ import annotations

import heapq
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from .history import (
    History,
    iterations_per_epoch,
    last_position,
    read_history,
    seconds_per_iteration,
    validation_seconds,
)
from .job import Job
from .plan import Plan
from .tool_process import Stopped, run_tool_process

#: Steps that are measured, and seconds of measuring: at least both, but no longer than the last if steps are slow.
MEASURED_STEPS = 20
LEAST_SECONDS = 3.0
MOST_SECONDS = 90.0


@dataclass(frozen=True)
class TrainingTime:
    """How long a training takes.

    Attributes:
        seconds: What is left of it; None: it cannot be said.
        source: Where that comes from.
        validates: Whether validations are in it.
    """

    seconds: float | None
    source: str
    validates: bool = True


def known_time(job: Job, others: Sequence[Job], plan: Plan) -> TrainingTime | None:
    """From what was trained on this machine; None: nothing was.

    Args:
        job: The one that is to be done.
        others: Of the same run, with other seeds.
        plan: Of its config.
    """
    if not plan.trains:
        return TrainingTime(0.0, 'nothing is trained')
    if job.folder.trained():
        return TrainingTime(0.0, 'was trained')
    for other in others:
        parts = other.folder.parts()
        if other.folder.trained() and all(part['threads'] == job.settings.threads for part in parts):
            seconds = sum(part['wall_s'] for part in parts)
            return TrainingTime(seconds * _left(job, plan), f'seed {other.seed} took {clock(seconds)} here')
    history = read_history(job.work_dir, plan.unit)
    step_s, per_epoch = seconds_per_iteration(history), iterations_per_epoch(job.work_dir)
    if step_s is None or (plan.unit == 'epoch' and per_epoch is None):
        return None
    val_s = validation_seconds(job.work_dir, history)
    seconds = step_s * plan.length * (per_epoch or 1) + (val_s or 0) * len(
        [step for step in range(1, plan.length + 1) if plan.validates(step)]
    )
    source = f'its first {history.train[-1]["iter"]} steps took {step_s:.3g} s each'
    return TrainingTime(seconds * _left(job, plan), source, validates=val_s is not None or plan.save_best is None)


def measured_time(
    job: Job, plan: Plan, steps: int = MEASURED_STEPS, least_s: float = LEAST_SECONDS, most_s: float = MOST_SECONDS
) -> TrainingTime:
    """From a few real training steps in a folder that is deleted afterwards; nothing is validated.

    Args:
        job: The one that is to be done.
        plan: Of its config.
        steps: At least so many, after the first.
        least_s: And at least so many seconds.
        most_s: No longer than this, if there was a second step.

    Raises:
        JobFailed: The training ended with an error.
    """
    with tempfile.TemporaryDirectory(prefix='mmirstd-estimate-') as name:
        folder, stop, watch = Path(name), threading.Event(), _StepWatch(Path(name), steps, least_s, most_s)

        def look(seconds: float, status: int | None) -> None:
            if watch.enough(seconds) and status is None:
                stop.set()

        commands = replace(job.commands, folder=name)
        options = ['default_hooks.logger.interval=1', f'train_cfg.val_begin={plan.length + 1}']
        if not (job.load_config().get('default_hooks') or {}).get('logger'):
            options.append('default_hooks.logger.type=LoggerHook')
        with suppress(Stopped):
            run_tool_process(
                job.settings.program,
                [*commands.train(), *options],
                job.suite.paths.home,
                folder / 'train.out',
                stop,
                job.settings.environment(job.gpu),
                watch=look,
                interval_s=0.1,
            )
        per_epoch = iterations_per_epoch(folder) if plan.unit == 'epoch' else 1
    step_s = watch.seconds_per_step
    if step_s is None or per_epoch is None:
        return TrainingTime(None, 'no step could be measured')
    total = watch.start_s + step_s * plan.length * per_epoch * _left(job, plan)
    return TrainingTime(
        total,
        f'{watch.steps} steps measured now, {step_s:.3g} s each, {watch.start_s:.0f} s before the first',
        validates=plan.save_best is None,
    )


class _StepWatch:
    """Steps of a training and when they were made: by the time at which its log grew."""

    def __init__(self, folder: Path, steps: int, least_s: float, most_s: float) -> None:
        self._folder, self._wanted, self._least_s, self._most_s = folder, steps, least_s, most_s
        self._first: tuple[int, float] | None = None
        self._last: tuple[int, float] | None = None
        #: From the start of the process to the first step.
        self.start_s = 0.0

    def enough(self, seconds: float) -> bool:
        """Look; whether enough was seen. ``seconds``: since the start."""
        entry = last_position(self._folder)
        if entry is None:
            return False
        (*_, file) = sorted(self._folder.glob('*/vis_data/scalars.json'))
        now = (int(entry['iter']), file.stat().st_mtime)
        if self._first is None:
            self._first, self.start_s = now, seconds
        self._last = now
        span = now[1] - self._first[1]
        return self.steps >= 1 and ((self.steps >= self._wanted and span >= self._least_s) or span >= self._most_s)

    @property
    def steps(self) -> int:
        """Measured so far: after the first that was seen."""
        return self._last[0] - self._first[0] if self._first and self._last else 0

    @property
    def seconds_per_step(self) -> float | None:
        """None: there was no second one."""
        if self._first is None or self._last is None or self.steps < 1:
            return None
        return (self._last[1] - self._first[1]) / self.steps


def side_by_side(seconds: Sequence[float], slots: int) -> float:
    """When the last job ends if jobs begin in their order, each as soon as one of ``slots`` is free."""
    free = [0.0] * slots
    for duration in seconds:
        heapq.heapreplace(free, free[0] + duration)
    return max(free)


def clock(seconds: float) -> str:
    """``45 s``, ``12 min``, ``3 h 05 min``."""
    if seconds < 90:
        return f'{seconds:.0f} s'
    minutes = round(seconds / 60)
    return f'{minutes} min' if minutes < 60 else f'{minutes // 60} h {minutes % 60:02d} min'


def _left(job: Job, plan: Plan) -> float:
    """Share of the training that is still to be done."""
    done = _position(read_history(job.work_dir, plan.unit), plan.unit)
    return max(0.0, 1 - done / plan.length)


def _position(history: History, unit: str) -> int:
    """Whole epochs (or iterations) that are behind a training."""
    if not history.train:
        return 0
    last = int(history.train[-1][unit])
    return last - 1 if unit == 'epoch' else last
