"""A JSON object with one long list, which is written as it comes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from mmirstd.utils.record_columns import ColumnRecord


def close_quietly(file: TextIO) -> None:
    """Close a file that is to be removed; its last buffer may not fit on the disk."""
    with suppress(OSError):
        file.close()


class StreamedJson:
    """Writes ``{head..., name: [records...], tail...}``.

    Args:
        path: The file.
        head: Entries before the list.
        name: Of the list.
    """

    def __init__(self, path: Path, head: Mapping[str, Any], name: str) -> None:
        self._file = path.open('w', encoding='utf-8')
        entries = (f'  {json.dumps(key)}: {json.dumps(value)},\n' for key, value in head.items())
        self._file.write('{\n' + ''.join(entries) + f'  {json.dumps(name)}: [')
        self._count = 0

    def add(self, records: Iterable[ColumnRecord]) -> None:
        """Write further entries of the list."""
        for record in records:
            self._file.write((',' if self._count else '') + f'\n    {json.dumps(record.as_dict())}')
            self._count += 1

    def close(self, **tail: Any) -> None:
        """End the list, and write what is known only now."""
        entries = ''.join(f',\n  {json.dumps(key)}: {json.dumps(value)}' for key, value in tail.items())
        self._file.write(('\n  ]' if self._count else ']') + entries + '\n}\n')
        self._file.close()

    def abandon(self) -> None:
        """Close the file, which is to be removed."""
        close_quietly(self._file)
