"""Why a run ended without a record: kept beside its logs until it is run again."""

from __future__ import annotations

import json
import re
import signal
from dataclasses import dataclass
from pathlib import Path

from mmirstd.utils.files import write_json

_FILE = 'failure.json'

#: A line that says what was wrong: of our commands, or the last of a traceback.
_ERROR = re.compile(r'\s*(error: .+|(\w+\.)*[A-Z]\w*(Error|Exception|Exit|Interrupt|Failed)\b.*)')


@dataclass(frozen=True)
class Failure:
    """What ended a run.

    Attributes:
        seed: Of the run.
        reason: One line.
        log: File with the whole output; None: nothing was started.
    """

    seed: int
    reason: str
    log: Path | None = None

    def __str__(self) -> str:
        return f'seed {self.seed} failed: {self.reason}' + (f' (log: {self.log})' if self.log else '')


def write_failure(folder: Path, failure: Failure) -> None:
    """Keep it in a run's work dir."""
    log = None if failure.log is None else failure.log.name
    write_json(folder / _FILE, dict(seed=failure.seed, reason=failure.reason, log=log))


def read_failure(folder: Path) -> Failure | None:
    """What ended the run that last worked here; None: it did not fail."""
    file = folder / _FILE
    if not file.is_file():
        return None
    kept = json.loads(file.read_text(encoding='utf-8'))
    return Failure(kept['seed'], kept['reason'], folder / kept['log'] if kept['log'] else None)


def clear_failure(folder: Path) -> None:
    """Forget it: the run begins anew."""
    (folder / _FILE).unlink(missing_ok=True)


def error_line(output: str) -> str:
    """The line of a command's output that says why it failed: its last error, else its last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if _ERROR.fullmatch(line)]
    return (errors or lines or ['no output'])[-1]


def status_in_words(status: int) -> str:
    """``ended with status 1``, or by which signal a process was killed."""
    if status >= 0:
        return f'ended with status {status}'
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = str(-status)
    return f'was killed by {name}' + (', as the system does when memory is full' if name == 'SIGKILL' else '')
