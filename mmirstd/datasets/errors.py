"""Errors about a user's data: one class to catch, messages a person can act on."""

from __future__ import annotations

from collections.abc import Sequence


class DataError(ValueError):
    """A data set or one of its files is not what it should be.

    The message names the file, what was found, what was expected and the cure.
    Takes one string, so that it survives the trip out of a data-loader worker.
    """


def first_few(lines: Sequence[str], count: int = 5) -> str:
    """The first of many lines for a message, indented, and how many more there are."""
    shown = '\n  '.join(lines[:count])
    more = f'\n  and {len(lines) - count} more' if len(lines) > count else ''
    return f'  {shown}{more}'


class MissingDataError(DataError, FileNotFoundError):
    """A file or folder of a data set is missing."""
