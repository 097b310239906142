"""How a command ends: its errors about input as a message, its finished ranks without a hang."""

from __future__ import annotations

import argparse
import errno
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mmirstd.utils.commands import command_line
from mmirstd.utils.errors import DataError, UserError

#: What the system says of a disk that takes no more: full, over quota, file size limit.
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def run_tool(main: Callable[[], int | None]) -> int:
    """Run a command's main function; errors caused by input end it with their message and exit status 2.

    Args:
        main: The command; returns its exit status, None for 0.

    Returns:
        The exit status.
    """
    try:
        status = main()
    except UserError as error:
        if '--traceback' in sys.argv:
            raise
        print(f'\nerror: {error}', file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        if error.errno not in _DISK_FULL or '--traceback' in sys.argv:
            raise
        where = f'{error.filename}: ' if error.filename else ''
        print(
            f'\nerror: {where}{error.strerror}, so results cannot be written.\n  cure: make room, or write '
            'elsewhere; a training goes on with --resume',
            file=sys.stderr,
        )
        sys.exit(2)
    except RuntimeError as error:
        if not _lost_a_rank(error) or '--traceback' in sys.argv:
            raise
        print(
            f'\nerror: another process of this run is gone ({str(error).splitlines()[0][:200]}), so this one ends.\n'
            '  cure: what it said before it went is further up; a training goes on with --resume',
            file=sys.stderr,
        )
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(2)  # taking the process group down would wait for who is gone
    _leave_process_group()
    return status or 0


#: What gloo and NCCL say when the other end of a connection has closed, or does not answer in time.
_LOST = ('Connection closed by peer', 'Connection reset by peer', 'Broken pipe', 'remote process exited', 'Timed out')


def _lost_a_rank(error: RuntimeError) -> bool:
    torch = sys.modules.get('torch')
    if torch is None or not torch.distributed.is_available() or not torch.distributed.is_initialized():
        return False
    return any(text in str(error) for text in _LOST)


@contextmanager
def pointing_to_data_check(args: argparse.Namespace) -> Iterator[None]:
    """Add to an error about a data set how to list everything that is wrong with it.

    Args:
        args: Of a command with the options of :func:`.arguments.add_common_arguments`.

    Raises:
        DataError: With the command below its text.
    """
    try:
        yield
    except DataError as error:
        raise DataError(f'{error}\n{data_check_hint(args)}') from error


def data_check_hint(args: argparse.Namespace) -> str:
    """How to list everything that is wrong with the data of a command's config."""
    options = getattr(args, 'cfg_options_given', [])
    command = command_line(
        'check-data',
        args.config,
        *(['--data', args.data] if args.data else []),
        *(['--cfg-options', *options] if options else []),
    )
    return f'to list everything wrong with the data set at once:\n  {command}'


def _leave_process_group() -> None:
    """End a rank of a finished distributed run without tearing the interpreter down.

    torch 2.13 can hang there: when a DistributedDataParallel holds the last reference to a gloo group, its destructor
    joins gloo's thread while it holds the GIL, for which that thread may be waiting.
    """
    if sys.modules.get('torch') is None:  # then there is no group, and no need to load it
        return
    from torch import distributed as torch_dist

    if torch_dist.is_available() and torch_dist.is_initialized():
        torch_dist.barrier()  # no rank leaves while another still needs it
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
