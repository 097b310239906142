from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmirstd.utils import progress
from mmirstd.utils.progress import Heartbeat, Pace, Progress, StatusLine
from tests.shared import REPO


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(step=st.floats(0.01, 10.0), count=st.integers(1, 300))
def test_even_steps_never_make_a_longer_silence(step, count):
    clock = Clock()
    pace, last, lines = Pace(10.0, clock), 0.0, 0
    for _ in range(count):
        clock.now += step
        assert clock.now - last <= 10.0 + 1e-6
        if pace.due():
            pace.restart()
            last, lines = clock.now, lines + 1
    assert lines <= count
    if step < 5:  # and it does not chatter
        assert lines <= clock.now / (10.0 - 2 * step) if step < 4 else True


def test_a_line_in_between_starts_the_time_again():
    clock = Clock()
    pace = Pace(10.0, clock)
    clock.now = 6.0
    pace.restart()
    clock.now = 8.0
    assert not pace.due()
    clock.now = 14.1
    assert pace.due()


class Terminal(io.StringIO):
    """A stream that calls itself a terminal."""

    def isatty(self) -> bool:
        return True


def test_lines_in_a_pipe_and_a_bar_on_a_terminal(capsys, monkeypatch):
    clock = Clock()
    with Progress(30, 'image', 'work', Pace(10.0, clock)) as counted:
        for done in range(1, 31):
            clock.now += 1.0
            counted.update(done)
            counted.update(done)  # nothing new
    lines = [re.sub(r', \d+ s$', '', line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == 'work: 0 of 30 images'
    assert lines[-1] == 'work: 30 of 30 images'
    numbers = [int(line.split()[1]) for line in lines]
    assert max(late - early for early, late in zip(numbers, numbers[1:])) <= 10
    assert len(lines) < 10

    out, err = Terminal(), Terminal()
    monkeypatch.setattr(sys, 'stdout', out)
    monkeypatch.setattr(sys, 'stderr', err)
    with Progress(3, 'image', 'work') as counted:
        counted.update(3)
    assert out.getvalue() == ''
    assert 'work: 100%' in err.getvalue()


def test_a_status_line_is_rewritten_on_a_terminal_and_a_line_now_and_then_in_a_pipe(capsys, monkeypatch):
    clock = Clock()

    def count_to(number):
        line = StatusLine(Pace(5.0, clock), Pace(1.0, clock))
        for done in range(1, number + 1):
            clock.now += 1.0
            line.show(f'{done} of {number}')
        line.print('all done')

    count_to(10)
    assert capsys.readouterr().out == '5 of 10\n10 of 10\nall done\n'

    terminal = Terminal()
    monkeypatch.setattr('sys.stdout', terminal)
    monkeypatch.setenv('COLUMNS', '6')
    count_to(2)
    assert terminal.getvalue() == '\r1 of \033[K\r2 of \033[K\r\033[Kall done\n'


@pytest.mark.parametrize('kind', [io.StringIO, Terminal])
def test_the_heart_beats_in_silence_alone(monkeypatch, kind):
    out = kind()
    monkeypatch.setattr(sys, 'stdout', out)
    beat = Heartbeat('counting sheep', seconds=0.2)
    beat.start()
    try:
        for _ in range(6):
            time.sleep(0.05)
            print('a line')
        assert 'sheep' not in out.getvalue()
        beat.now_doing('sleeping')
        deadline = time.monotonic() + 20
        while out.getvalue().count('still') < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        beat.stop()
    assert sys.stdout is out
    spoken = out.getvalue().split('a line\n')[-1].splitlines()
    assert len(spoken) >= 2
    assert all(re.fullmatch(r'\.\.\. still sleeping \(\d+ s\)', line) for line in spoken)


@pytest.mark.parametrize(('terminal', 'silent'), [(True, True), (False, False)])
def test_half_a_line_is_seen_on_a_terminal_alone(monkeypatch, terminal, silent):
    out = Terminal() if terminal else io.StringIO()
    seen = []
    stream = progress._WatchedStream(out, lambda: seen.append(1))
    stream.write('50%\r')
    assert bool(seen) == silent
    stream.writelines(['line\n'])
    assert seen
    assert stream.isatty() == terminal


CODE = """
import sys, time
from mmirstd.utils import progress
progress._SPEAK_AFTER = 0.3
progress.Heartbeat.__init__.__defaults__ = (0.3, )
progress.start_heartbeat('loading')
progress.start_heartbeat('loading')
time.sleep(1.2)
print('end')
"""


@pytest.mark.parametrize(
    ('environ', 'speaks'), [({}, True), ({'RANK': '0'}, True), ({'RANK': '1'}, False), ({'SLURM_PROCID': '2'}, False)]
)
def test_a_program_in_a_pipe(environ, speaks):
    base = {key: value for key, value in os.environ.items() if key not in progress._RANK_VARIABLES}
    done = subprocess.run(
        [sys.executable, '-S', '-c', CODE],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=True,
        env={**base, **environ},
    )
    assert done.stderr == ''
    assert done.stdout.endswith('end\n')
    assert ('... still loading (' in done.stdout) == speaks


def test_it_lives_without_standard_output():
    done = subprocess.run(
        f'{sys.executable} -S -c "{CODE.strip()}" >&-'.replace("print('end')", ''),
        shell=True,
        cwd=REPO,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, '')
