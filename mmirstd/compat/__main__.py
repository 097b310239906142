"""``python -m mmirstd.compat``: check the environment; exit status 0 when usable, 1 otherwise."""

from __future__ import annotations

import argparse
import os
import sys

from mmirstd.utils.commands import program_name


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog='python -m mmirstd.compat' if __name__ == '__main__' else program_name('doctor'),
        description='Report what this machine has, what mmirstd needs, what is installed, and what to do about the '
        'difference.',
    )
    parser.add_argument('--matrix', action='store_true', help='print the supported versions as Markdown and stop')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Print the report (or the table of supported versions) and return the exit status."""
    args = parse_args(argv)
    from .environment import format_report, inspect_environment, supported_matrix

    findings = [] if args.matrix else inspect_environment()
    try:
        print(supported_matrix() if args.matrix else format_report(findings), flush=True)
    except BrokenPipeError:  # the reader (head, a pager) has seen enough
        # Python flushes standard output once more at exit, which would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return int(any(finding.level == 'fail' for finding in findings))


if __name__ == '__main__':
    sys.exit(main())
