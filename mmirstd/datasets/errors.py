"""Errors about a user's data: one class to catch, messages a person can act on."""

from __future__ import annotations


class DataError(ValueError):
    """A data set or one of its files is not what it should be.

    The message names the file, what was found, what was expected and the cure.
    Takes one string, so that it survives the trip out of a data-loader worker.
    """


class MissingDataError(DataError, FileNotFoundError):
    """A file or folder of a data set is missing."""
