"""Read the text files that users write: UTF-8 or UTF-16, with or without a byte-order mark."""

from __future__ import annotations

import codecs
import os

from mmirstd.utils.errors import DataError, MissingDataError

# The longer mark first: that of UTF-32 (little end first) begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, 'utf-8-sig'),
    (codecs.BOM_UTF32_LE, 'utf-32'),
    (codecs.BOM_UTF32_BE, 'utf-32'),
    (codecs.BOM_UTF16_LE, 'utf-16'),
    (codecs.BOM_UTF16_BE, 'utf-16'),
)


def read_text(path: str | os.PathLike[str], expected: str = 'text') -> str:
    """The whole content of a text file.

    Windows programs write UTF-16 and byte-order marks ("Unicode" in Notepad, ``>`` in PowerShell).  The mark tells the
    encoding; without one the text is UTF-8, or UTF-16 where every other byte of it is zero.

    Args:
        path: The file.
        expected: What the file should hold, for the messages.

    Returns:
        The text without a mark, line ends as in the file.

    Raises:
        MissingDataError: No such file.
        DataError: The bytes are no text in these encodings.
    """
    try:
        with open(path, 'rb') as file:
            data = file.read()
    except (FileNotFoundError, NotADirectoryError):
        raise MissingDataError(f'{path}: no such file; expected {expected}') from None
    except IsADirectoryError:
        raise DataError(f'{path}: is a folder; expected a file with {expected}') from None
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), None) or _without_mark(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(
            f'{path}: not a text file in UTF-8 or UTF-16 ({error}); expected {expected}. If it is text, '
            'save it again as UTF-8'
        ) from None
    if '\0' in text:
        raise DataError(f'{path}: not a text file (it holds zero bytes); expected {expected}')
    return text


def text_head(path: str | os.PathLike[str], size: int) -> bytes:
    """The first bytes of a file that may be text, as ASCII: without mark, UTF-16's zeros and leading white space."""
    with open(path, 'rb') as file:
        return file.read(size).replace(b'\0', b'').lstrip(b'\xef\xbb\xbf\xff\xfe \t\r\n')


def _without_mark(data: bytes) -> str:
    """UTF-16 shows where most characters are ASCII: their upper bytes are zero, and text has no other zeros."""
    start = data[:4096]
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if len(data) % 2 == 0 and max(even, odd) > len(start) // 4 and not min(even, odd):
        return 'utf-16-be' if even else 'utf-16-le'
    return 'utf-8'
