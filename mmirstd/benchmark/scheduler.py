"""Run jobs side by side, show how far they are, stop cleanly."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TextIO

from mmirstd.utils.errors import UserError

from .job import Job
from .time_budget import TimeBudget
from .tool_process import JobFailed, Stopped


@dataclass
class Outcome:
    """What happened.

    Attributes:
        finished: Names of jobs that were done now.
        failed: Name -> message.
        interrupted: Ended by Ctrl-C or a signal; the next call goes on.
        left: Names of jobs that the time did not reach, or that it ended; the next call does them.
    """

    finished: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False
    left: list[str] = field(default_factory=list)


def run_jobs(
    jobs: Sequence[Job],
    side_by_side: int,
    stop: threading.Event,
    stream: TextIO | None = None,
    interval_s: float = 2.0,
    budget: TimeBudget | None = None,
) -> Outcome:
    """Run jobs in their order; one that fails does not keep the others from running.

    Args:
        jobs: With the same ``stop``.
        side_by_side: How many at once.
        stop: Is set on ``KeyboardInterrupt``; the jobs then end their tools, and this returns.
        stream: For the progress; ``sys.stderr`` by default. A terminal has one line that changes, anything else gets
            a line when a job begins or ends and each five minutes.
        interval_s: Between two looks.
        budget: Of the time; None: as long as it takes.

    Returns:
        Outcome: Also after an interruption.
    """
    stream = stream or sys.stderr
    outcome, waiting, lock = Outcome(), list(jobs), threading.Lock()
    running: list[Job] = []

    def work(slot: int) -> None:
        while not stop.is_set():
            with lock:
                if not waiting:
                    return
                job, seconds = waiting[0], math.inf
                if budget is not None:
                    seconds = budget.training_seconds(job, waiting, running, max(1, side_by_side))
                if seconds == 0:
                    return
                if seconds > 0:
                    waiting.pop(0)
                    running.append(job)
                    job.training_s = seconds if budget is not None else None
            if math.isnan(seconds):  # another one has to end first
                stop.wait(interval_s / 4)
                continue
            job.gpu = job.settings.gpu_of(slot)
            say(f'{job.name}: begins' + ('' if job.gpu is None else f' on GPU {job.gpu}'))
            try:
                job()
                outcome.finished.append(job.name)
                say(f'{job.name}: done')
            except Stopped:
                if over_time.is_set():
                    outcome.left.append(job.name)
                say(f'{job.name}: stopped, can be continued')
            except JobFailed as error:
                outcome.failed[job.name] = str(error)
                say(f'{job.name}: FAILED: {error.reason}' + (f' (log: {error.log})' if error.log else ''))
            except UserError as error:
                outcome.failed[job.name] = str(error)
                say(f'{job.name}: FAILED: {str(error).splitlines()[0]}')
            except Exception as error:  # the other runs shall not suffer from a defect met by one
                outcome.failed[job.name] = f'{job.name}: {type(error).__name__}: {error}'
                say(f'{job.name}: FAILED: {type(error).__name__}: {error}')
            finally:
                with lock:
                    running.remove(job)
                    if budget is not None:
                        budget.ended(job)

    def say(text: str) -> None:
        stream.write(f'{_CLEAR if stream.isatty() else ""}[{time.strftime("%H:%M:%S")}] {text}\n')
        stream.flush()

    # Events in place of Thread.join: before Python 3.13, Ctrl-C during a join with a timeout marks a living thread as
    # ended, and its training would go on without us.
    ended = [threading.Event() for _ in range(max(1, side_by_side))]

    def work_and_tell(slot: int) -> None:
        try:
            work(slot)
        finally:
            ended[slot].set()

    threads = [
        threading.Thread(target=work_and_tell, args=(slot,), name=f'benchmark-{slot}') for slot in range(len(ended))
    ]
    over_time = threading.Event()
    shown, over = time.time(), False
    while not over:  # all of it inside the try, so that Ctrl-C at any moment ends here
        try:
            for thread in threads:
                if thread.ident is None and not stop.is_set():
                    thread.start()
            for event, thread in zip(ended, threads):
                if thread.ident is not None:
                    event.wait(interval_s / len(ended))
            over = all(event.is_set() or thread.ident is None for event, thread in zip(ended, threads))
            now = time.time()
            if budget is not None and budget.left() <= 0 and not over and not stop.is_set():
                over_time.set()
                stop.set()
                say(f'the time of {budget.minutes:g} min is over; what runs keeps its state')
            if stream.isatty() or now - shown > 300:
                shown = now
                with lock:
                    count = len(outcome.finished) + len(outcome.failed)
                    line = ' | '.join([f'{count}/{len(jobs)}', *(job.progress() for job in running)])
                stream.write(f'{_CLEAR}{line[:160]}' if stream.isatty() else f'[{time.strftime("%H:%M:%S")}] {line}\n')
                stream.flush()
        except KeyboardInterrupt:
            if not stop.is_set():
                stop.set()
                outcome.interrupted = True
                stream.write('\nstopping; trainings keep their last epoch and are continued by the next call\n')
                stream.flush()
    if stream.isatty():
        stream.write(_CLEAR)
    if budget is not None and not outcome.interrupted:
        outcome.left += [job.name for job in waiting]
    return outcome


_CLEAR = '\r\x1b[K'
