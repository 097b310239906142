"""Errors about a user's data; they live in :mod:`mmirstd.utils.errors`."""

from mmirstd.utils.errors import DataError, MissingDataError, first_few

__all__ = ['DataError', 'MissingDataError', 'first_few']
