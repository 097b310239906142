"""Class names: from files, and by index."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmirstd.utils.errors import DataError
from mmirstd.utils.near_matches import near_matches

from ..text_file import read_text

#: The class of data that name none.
TARGET = 'target'


def read_class_names(path: str | os.PathLike[str]) -> list[str]:
    """Class names by index, from a ``data.yaml`` (its ``names``) or a text file with one name a line.

    Raises:
        MissingDataError: No such file.
        DataError: It holds no names.
    """
    text = read_text(path, 'class names')
    if Path(path).suffix.lower() not in ('.yaml', '.yml'):
        names = [line.strip() for line in text.splitlines() if line.strip()]
    else:
        found = read_yaml(path).get('names')
        names = [str(found[key]) for key in sorted(found)] if isinstance(found, dict) else list(map(str, found or []))
    if not names:
        raise DataError(f'{path}: no class names; expected "names: [drone, ...]", or one name a line in a text file')
    return names


def read_yaml(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The mapping in a YAML file, empty where it holds another thing.

    Raises:
        MissingDataError: No such file.
        DataError: It is no YAML.
    """
    import yaml

    try:
        content = yaml.safe_load(read_text(path, 'YAML'))
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # also numbers of many digits, or deep lists
        raise DataError(f'{path}: not valid YAML ({error})') from None
    return content if isinstance(content, dict) else {}


class ClassIndex:
    """Classes by name, in the order in which they appear.

    Args:
        names: Those that are known; no other is allowed. None: any.
    """

    def __init__(self, names: Sequence[str] | None = None) -> None:
        self.names = list(names or ())
        self._closed = names is not None

    def index(self, name: str | None, where: object) -> int:
        """The index of a class.

        Args:
            name: As the label file has it.
            where: The file, for the message.

        Raises:
            DataError: The name is empty, or none of those that were given.
        """
        name = (name or '').strip()
        if not name:
            raise DataError(f'{where}: a target has no class name')
        if name not in self.names:
            if self._closed:
                close = near_matches(name, self.names)
                raise DataError(
                    f'{where}: the class {name!r} is none of those given ({", ".join(self.names)})'
                    + (f'; did you mean {close[0]!r}?' if close else '')
                    + ' Add it to --names, or correct the label'
                )
            self.names.append(name)
        return self.names.index(name)
