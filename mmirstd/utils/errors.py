"""Errors that input causes: one tree, with messages a person can act on.

::

    UserError
        ConfigError              a config or an option
        CheckpointError          a checkpoint (also a RuntimeError)
            UnsafeCheckpointError    ... that wants to run code
        DataError                a data set or one of its files (also a ValueError)
            MissingDataError         ... that is not there (also a FileNotFoundError)

The tools print these without a traceback and exit with status 2.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any


class UserError(Exception):
    """The base: something that a user gave cannot be used as it is.

    Args:
        message: What is wrong, with the name of the file, key or option first.
        found: What was found.
        expected: What was expected.
        cure: What to do about it.
        option: The setting that the cure changes, e.g. ``'bit_depth'``. A front end names its own switch for it.

    The text of the error is all of them; ``message`` alone may hold everything. An error out of a data-loader
    worker keeps its text, not its fields.
    """

    def __init__(
        self,
        message: str = '',
        *,
        found: str | None = None,
        expected: str | None = None,
        cure: str | None = None,
        option: str | None = None,
    ) -> None:
        self.message = message
        self.found = found
        self.expected = expected
        self.cure = cure
        self.option = option
        super().__init__(self.told(cure))

    def told(self, cure: str | None) -> str:
        """The text with the cure as a front end names it.

        Args:
            cure: Takes the place of ``cure``; None leaves it out.
        """
        parts = [f'found {self.found}'] * bool(self.found) + [f'expected {self.expected}'] * bool(self.expected)
        text = self.message + (': ' if parts and self.message else '') + ', '.join(parts)
        return text + (f'\n  cure: {cure}' if cure else '')

    def of(self, name: str | os.PathLike[str]) -> UserError:
        """The same error, said of a file or entry: its name goes before the message."""
        return _rebuild(
            type(self), f'{os.fspath(name)}: {self.message}', self.found, self.expected, self.cure, self.option
        )

    def __str__(self) -> str:
        return self.told(self.cure)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.found, self.expected, self.cure, self.option)


def _rebuild(
    kind: type[UserError], message: str, found: str | None, expected: str | None, cure: str | None, option: str | None
) -> UserError:
    return kind(message, found=found, expected=expected, cure=cure, option=option)


class ConfigError(UserError):
    """A config or a command line option cannot be used as it is."""


class CheckpointError(UserError, RuntimeError):
    """A checkpoint is missing, damaged, or does not belong to the model."""


class UnsafeCheckpointError(CheckpointError):
    """A checkpoint names functions or types that are not known to be harmless; none was executed."""


class DataError(UserError, ValueError):
    """A data set or one of its files is not what it should be."""


class MissingDataError(DataError, FileNotFoundError):
    """A file or folder of a data set is missing."""


def first_few(lines: Sequence[str], count: int = 5) -> str:
    """The first of many lines for a message, indented, and how many more there are."""
    shown = '\n  '.join(lines[:count])
    more = f'\n  and {len(lines) - count} more' if len(lines) > count else ''
    return f'  {shown}{more}'
