"""No silence: a line at least every ten seconds, on a terminal or in a pipe.

Imports nothing but Python, so that a tool can speak while it loads everything else.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

#: The usual silence, seconds; three less than the longest, because a step may take longer than the one before.
PACE = 7.0
#: The silence that the heartbeat ends, seconds; not ten, because importing a large library holds its thread up.
_SPEAK_AFTER = 7.5
_RANK_VARIABLES = ('RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK', 'PMI_RANK')


class Pace:
    """Tells when a line is due so that none is later than ``seconds`` after the one before.

    Args:
        seconds: The longest time between two lines.
        clock: Seconds that only grow.
    """

    def __init__(self, seconds: float = PACE, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self.restart()

    def restart(self) -> None:
        """A line was written now."""
        self._line = self._asked = self._clock()

    def due(self) -> bool:
        """Whether to write a line now, because the next time this is asked would be too late; then :meth:`restart`."""
        now = self._clock()
        step, self._asked = now - self._asked, now
        return now + step - self._line > self.seconds


class _WatchedStream:
    """A text stream that notes when its reader last saw something: any text on a terminal, a whole line in a pipe."""

    def __init__(self, stream: TextIO, seen: Callable[[], None]) -> None:
        self._stream = stream
        self._seen = seen
        self._terminal = stream.isatty()

    def write(self, text: str) -> int:
        """Write through; a whole line is passed on at once, also into a pipe."""
        written = self._stream.write(text)
        if '\n' in text:
            self._stream.flush()
        if self._terminal or '\n' in text:
            self._seen()
        return written

    def writelines(self, lines: Any) -> None:
        """Write each line through."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Heartbeat:
    """Says what goes on whenever standard output has been silent for some seconds.

    On a terminal standard error, where bars are drawn, counts as well; in a pipe it goes elsewhere.

    Args:
        doing: What goes on, e.g. ``'loading PyTorch'``.
        seconds: The silence after which it speaks.
    """

    def __init__(self, doing: str, seconds: float = _SPEAK_AFTER) -> None:
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._saved: tuple[TextIO, TextIO] | None = None
        self.now_doing(doing)
        self._seen()

    def now_doing(self, doing: str) -> None:
        """Something else goes on from now on."""
        self._doing, self._since = doing, time.monotonic()

    def start(self) -> None:
        """Watch both streams until :meth:`stop`, or the end of the program."""
        if self._thread is not None:
            return
        if sys.stdout is None or sys.stderr is None:  # closed by the caller: nobody listens
            return
        self._saved = (sys.stdout, sys.stderr)
        sys.stdout = _WatchedStream(sys.stdout, self._seen)
        if sys.stdout.isatty():
            sys.stderr = _WatchedStream(sys.stderr, self._seen)
        self._seen()
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name='heartbeat', daemon=True)
        self._thread.start()
        atexit.register(self.stop)  # a thread that writes while Python ends would end it badly

    def stop(self) -> None:
        """Be silent, and give the streams back."""
        if self._thread is None or self._saved is None:
            return
        self._stop.set()
        self._thread.join()
        self._thread = None
        sys.stdout, sys.stderr = self._saved
        atexit.unregister(self.stop)

    def _seen(self) -> None:
        self._last = time.monotonic()

    def _run(self) -> None:
        while not self._stop.wait(min(0.5, self._seconds / 4)):
            now = time.monotonic()
            if now - self._last < self._seconds:
                continue
            try:
                # One write, so that another thread's line is not torn.
                sys.stdout.write(f'... still {self._doing} ({now - self._since:.0f} s)\n')
            except (OSError, ValueError):  # the reader has gone; the tool itself will find out
                return


_heartbeat: Heartbeat | None = None


def start_heartbeat(doing: str) -> None:
    """Start the program's heartbeat; of several processes of a run only the first one has it.

    Args:
        doing: What goes on.
    """
    global _heartbeat
    if any(os.environ.get(variable, '0') not in ('', '0') for variable in _RANK_VARIABLES):
        return
    if _heartbeat is None:
        _heartbeat = Heartbeat(doing)
    _heartbeat.now_doing(doing)
    _heartbeat.start()


def now_doing(doing: str) -> None:
    """Tell the program's heartbeat, if there is one, what goes on."""
    if _heartbeat is not None:
        _heartbeat.now_doing(doing)


@contextmanager
def silent_heartbeat() -> Iterator[None]:
    """Within, the program's heartbeat, if there is one, is silent: another program speaks on the same terminal."""
    if _heartbeat is None:
        yield
        return
    _heartbeat.stop()
    try:
        yield
    finally:
        _heartbeat.start()


@contextmanager
def heartbeat(doing: str) -> Iterator[None]:
    """A heartbeat for one block."""
    beat = Heartbeat(doing)
    beat.start()
    try:
        yield
    finally:
        beat.stop()


class StatusLine:
    """Where a long task stands: one line that is rewritten on a terminal, a plain line now and then elsewhere.

    Args:
        pace: When a plain line is due; default: so that no silence exceeds ten seconds.
        rewrite_pace: When the line on a terminal is rewritten; default: twice a second at most.
    """

    def __init__(self, pace: Pace | None = None, rewrite_pace: Pace | None = None) -> None:
        self._pace = Pace() if pace is None else pace
        self._rewrite_pace = Pace(0.5) if rewrite_pace is None else rewrite_pace
        self._shown = False

    def show(self, text: str) -> None:
        """This is where it stands; written where it is time."""
        if sys.stdout.isatty():
            if self._rewrite_pace.due():
                self._rewrite_pace.restart()
                sys.stdout.write('\r' + text[: shutil.get_terminal_size().columns - 1] + '\033[K')
                sys.stdout.flush()
                self._shown = True
        elif self._pace.due():
            self.print(text)

    def clear(self) -> None:
        """Take the line off the terminal, before something else is written there."""
        if self._shown:
            self._shown = False
            sys.stdout.write('\r\033[K')
            sys.stdout.flush()

    def print(self, text: str) -> None:
        """Write a line that stays."""
        self.clear()
        print(text, flush=True)
        self._pace.restart()


class Progress:
    """A bar on a terminal, lines on standard output elsewhere; a context manager.

    Args:
        total: How many there are.
        unit: What is counted, e.g. ``'image'``.
        desc: What is done with them.
        pace: When a line is due.
    """

    def __init__(self, total: int, unit: str, desc: str, pace: Pace | None = None) -> None:
        self._total, self._unit, self._desc = total, unit, desc
        self._done = 0
        self._bar = None
        if sys.stdout.isatty() and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=total, unit=unit, desc=desc, mininterval=0.5)
        else:
            self._pace = Pace() if pace is None else pace
            self._start = time.monotonic()
            self._line()

    def update(self, done: int) -> None:
        """``done`` of all are done."""
        advanced, self._done = done - self._done, done
        if self._bar is not None:
            self._bar.update(advanced)
        elif advanced and (self._pace.due() or done >= self._total):
            self._pace.restart()
            self._line()

    def _line(self) -> None:
        spent = f', {time.monotonic() - self._start:.0f} s' if self._done else ''
        print(f'{self._desc}: {self._done} of {self._total} {self._unit}s{spent}', flush=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
