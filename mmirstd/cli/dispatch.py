"""The console command ``mmirstd``: one word for each command."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from mmirstd.utils.commands import COMMANDS
from mmirstd.utils.near_matches import near_matches
from mmirstd.utils.progress import start_heartbeat
from mmirstd.version import __version__

from .running import run_tool


def usage() -> str:
    """The text of ``mmirstd --help``."""
    width = max(map(len, COMMANDS))
    rows = '\n'.join(f'  {name:{width}}  {command.summary}' for name, command in COMMANDS.items())
    return (
        f'mmirstd {__version__}: infrared small target detection\n\nusage: mmirstd COMMAND ...\n\n'
        f'commands:\n{rows}\n\n`mmirstd COMMAND --help` shows the options of a command.'
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: Words after ``mmirstd``; default: those of the command line.

    Returns:
        The exit status; a command may also leave by ``SystemExit``.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ('-h', '--help', 'help'):
        print(usage())
        return 0
    if words[0] in ('-V', '--version'):
        print(__version__)
        return 0
    if words[0] not in COMMANDS:
        close = near_matches(words[0], COMMANDS)
        print(
            f'error: mmirstd has no command {words[0]!r}'
            + (f'; did you mean: {", ".join(close)}?' if close else '')
            + f'\n\n{usage()}',
            file=sys.stderr,
        )
        return 2
    return run_command(words[0], words[1:], speaks=argv is None)


def run_command(name: str, argv: Sequence[str] | None = None, speaks: bool = True) -> int:
    """Run one command as a program; its errors about input are printed without a traceback.

    Args:
        name: Of ``COMMANDS``.
        argv: Its arguments; default: those of the command line.
        speaks: Whether the process may say that it is still loading, where the command's ``LOADS`` says what.

    Returns:
        The exit status.
    """
    module = importlib.import_module(f'mmirstd.cli.{name.replace("-", "_")}')
    words = list(sys.argv[1:] if argv is None else argv)
    if speaks and (loads := getattr(module, 'LOADS', None)):
        start_heartbeat(f'loading {loads}')
    return run_tool(lambda: module.main(words))
