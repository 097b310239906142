"""Trainings in forked processes: all is imported once, and a kill -9 hits a real process."""

from __future__ import annotations

import os
import random
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return int(sock.getsockname()[1])


def import_everything() -> None:
    """What a training imports, in this process, so that its children need not."""
    import mmirstd.registry  # noqa: F401
    from mmirstd.cli import train  # noqa: F401
    from mmirstd.registry import MODELS
    from mmirstd.visualization import worst_images  # noqa: F401

    MODELS.import_from_location()


class Training:
    """``mmirstd train`` in one or more forked processes.

    Args:
        arguments: Of the command.
        log: Where its output goes, appended.
        ranks: Processes, with gloo between them.
        before: Called in each process with its rank before the command starts.
        environ: Variables of the processes.
    """

    def __init__(
        self,
        arguments: list[str],
        log: Path,
        ranks: int = 1,
        before: Callable[[int], None] | None = None,
        environ: dict[str, str] | None = None,
    ) -> None:
        self.started = time.monotonic()
        self.statuses: dict[int, int] = {}
        port = free_port()
        self.pids = [self._fork(rank, ranks, port, arguments, log, before, environ or {}) for rank in range(ranks)]

    @staticmethod
    def _fork(
        rank: int,
        ranks: int,
        port: int,
        arguments: list[str],
        log: Path,
        before: Callable[[int], None] | None,
        environ: dict[str, str],
    ) -> int:
        sys.stdout.flush()
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(handle, 1)
            os.dup2(handle, 2)
            os.environ.update(environ)
            if ranks > 1:
                os.environ.update(
                    RANK=str(rank),
                    LOCAL_RANK=str(rank),
                    WORLD_SIZE=str(ranks),
                    LOCAL_WORLD_SIZE=str(ranks),
                    MASTER_ADDR='127.0.0.1',
                    MASTER_PORT=str(port),
                )
                arguments = [*arguments, '--launcher', 'pytorch']
            from mmirstd.cli.running import run_tool
            from mmirstd.cli.train import main

            if before is not None:
                before(rank)
            sys.argv = ['mmirstd train', *arguments]
            status = run_tool(lambda: main(arguments))
        except SystemExit as leaving:
            status = leaving.code if isinstance(leaving.code, int) else 1
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def signal(self, number: int) -> None:
        """Send a signal to all processes that are still there."""
        for pid in self.pids:
            if pid not in self.statuses:
                os.kill(pid, number)

    def wait(self, timeout: float = 300, alone: float = 2) -> int:
        """Wait for the end; processes whose partner was killed are killed, too.

        Args:
            timeout: Seconds.
            alone: Seconds that the others have after one has failed.

        Returns:
            0, or the first exit status that is something else; negative: killed by this signal.

        Raises:
            TimeoutError: They do not end; they are killed.
        """
        end, first = time.monotonic() + timeout, 0
        while len(self.statuses) < len(self.pids):
            for pid in self.pids:
                if pid in self.statuses:
                    continue
                done, status = os.waitpid(pid, os.WNOHANG)
                if done:
                    self.statuses[pid] = os.waitstatus_to_exitcode(status)
                    if self.statuses[pid] and not first:
                        first, end = self.statuses[pid], min(end, time.monotonic() + alone)
            if time.monotonic() > end:
                self.signal(signal.SIGKILL)
                if not first:
                    for pid in self.pids:
                        os.waitpid(pid, 0)
                    raise TimeoutError(f'no end after {timeout} s')
            time.sleep(0.01)
        return first


def different(one: Path, two: Path) -> list[str]:
    """What differs between two checkpoints: weights, moving average, optimizer; bit by bit."""
    a, b = (torch.load(path, map_location='cpu', weights_only=False) for path in (one, two))  # written here
    found = []
    for part in ('state_dict', 'ema_state_dict'):
        if (part in a) != (part in b):
            found.append(part)
            continue
        for key, value in a.get(part, {}).items():
            if not torch.equal(value, b[part][key]):
                found.append(f'{part}.{key}')
    states = [checkpoint.get('optimizer', {}).get('state', {}) for checkpoint in (a, b)]
    for number, state in states[0].items():
        for key, value in state.items():
            if not torch.equal(torch.as_tensor(value), torch.as_tensor(states[1][number][key])):
                found.append(f'optimizer.{number}.{key}')
    return found


def largest_difference(one: Path, two: Path) -> float:
    """Of the weights of two checkpoints, relative to the size of each tensor's largest weight; the largest."""
    a, b = (torch.load(path, map_location='cpu', weights_only=False)['state_dict'] for path in (one, two))
    return max(
        ((a[key] - b[key]).abs().max() / a[key].abs().max().clamp(min=1e-12)).item()
        for key in a
        if a[key].is_floating_point()
    )


def shuffled(things: list[str], seed: int) -> list[str]:
    """The same in another order."""
    return random.Random(seed).sample(things, len(things))
