"""Trainings and tests in forked processes: all is imported once, and a kill -9 hits a real process."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import torch


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return int(sock.getsockname()[1])


def import_everything() -> None:
    """What a training imports, in this process, so that its children need not."""
    import mmirstd.registry  # noqa: F401
    from mmirstd.cli import test, train  # noqa: F401
    from mmirstd.engine import threads
    from mmirstd.registry import MODELS
    from mmirstd.visualization import worst_images  # noqa: F401

    threads.most_workers = lambda plan, on_cpu: 8  # a machine of few cores takes none, and workers are to be tested
    MODELS.import_from_location()


class Training:
    """``mmirstd train``, or another command, in one or more forked processes.

    Args:
        arguments: Of the command.
        log: Where its output goes, appended.
        ranks: Processes, with gloo between them.
        before: Called in each process with its rank before the command starts.
        command: ``'train'`` or ``'test'``.

    Attributes:
        statuses: Exit status of each process that has ended.
        outlived: Seconds from the first failure to the end of the last process.
    """

    def __init__(
        self,
        arguments: list[str],
        log: Path,
        ranks: int = 1,
        before: Callable[[int], None] | None = None,
        command: str = 'train',
    ) -> None:
        self.started = time.monotonic()
        self.statuses: dict[int, int] = {}
        self.outlived = 0.0
        port = free_port()
        self.pids = [self._fork(rank, ranks, port, arguments, log, before, command) for rank in range(ranks)]

    @staticmethod
    def _fork(
        rank: int,
        ranks: int,
        port: int,
        arguments: list[str],
        log: Path,
        before: Callable[[int], None] | None,
        command: str,
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

            main = import_module(f'mmirstd.cli.{command}').main
            if before is not None:
                before(rank)
            sys.argv = [f'mmirstd {command}', *arguments]
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
        end, first, failed = time.monotonic() + timeout, 0, 0.0
        while len(self.statuses) < len(self.pids):
            for pid in self.pids:
                if pid in self.statuses:
                    continue
                done, status = os.waitpid(pid, os.WNOHANG)
                if done:
                    self.statuses[pid] = os.waitstatus_to_exitcode(status)
                    if self.statuses[pid] and not first:
                        first, failed = self.statuses[pid], time.monotonic()
                        end = min(end, failed + alone)
            if time.monotonic() > end:
                self.signal(signal.SIGKILL)
                if not first:
                    for pid in self.pids:
                        os.waitpid(pid, 0)
                    raise TimeoutError(f'no end after {timeout} s')
            time.sleep(0.01)
        self.outlived = time.monotonic() - failed if first else 0.0
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


def relative_difference(one: Path, two: Path) -> float:
    """Of the weights of two checkpoints: the length of the difference over the length of the first's."""
    a, b = (torch.load(path, map_location='cpu', weights_only=False)['state_dict'] for path in (one, two))
    names = [name for name in a if a[name].is_floating_point() and 'running' not in name]
    first, second = (torch.cat([state[name].flatten().double() for name in names]) for state in (a, b))
    return float((first - second).norm() / first.norm())
