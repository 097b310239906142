"""What a person is told when something goes wrong."""

from __future__ import annotations

import logging
import os

from mmirstd.utils.commands import command_line
from mmirstd.utils.errors import UserError

from .uploads import UploadedFile

_logger = logging.getLogger('mmirstd.app')


def describe_error(error: Exception, upload: UploadedFile | str | os.PathLike[str] = '') -> str:
    """What to tell the person: the message of an error that is about input, without this machine's folders.

    An error that nobody foresaw is logged with its traceback and told by its type alone.

    Args:
        error: What was raised.
        upload: What it is about, or where that was put.
    """
    if isinstance(error, UserError):
        text = error.told(_cures().get(error.option or '', error.cure))
    elif isinstance(error, OSError) and error.strerror:
        text = f'The app cannot read or write its files: {error.strerror}.'
    elif isinstance(error, MemoryError):
        text = 'There is not enough memory for this.'
    else:
        _logger.error('unexpected error', exc_info=error)
        text = f'Something went wrong here ({type(error).__name__}); the log of the app has the details.'
    path = os.fspath(upload.location if isinstance(upload, UploadedFile) else upload)
    if path:
        label = upload.label if isinstance(upload, UploadedFile) else os.path.basename(path)
        text = text.replace(path, label).replace(os.path.dirname(path) + os.sep, '')
    return text


def _cures() -> dict[str, str]:
    """Option behind an error -> what one can do about it here."""
    return {
        'nonfinite': f'repair the file, or use {command_line("infer", "--nonfinite", "median")}',
        'normalize': 'another choice of gray values',
        'bit_depth': 'another bit depth, or another choice of gray values',
    }
