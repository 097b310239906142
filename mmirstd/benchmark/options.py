"""Config options between YAML and the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mmirstd.utils.errors import ConfigError
from mmirstd.utils.option_values import parse_option_value


def flatten_options(options: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Nested mappings -> dotted keys, ``{'model': {'neck': {'x': 1}}}`` -> ``{'model.neck.x': 1}``, sorted.

    Args:
        options: As YAML gave them; keys may be dotted already.
        where: For messages.

    Raises:
        ConfigError: A key is no text, is given twice, or a value cannot be written on the command line.
    """
    flat: dict[str, Any] = {}

    def walk(node: Mapping, prefix: str) -> None:
        for key, value in node.items():
            if not isinstance(key, (str, int)) or isinstance(key, bool):
                raise ConfigError(f'{where}: the key {key!r}; expected text such as model.neck.target')
            name = f'{prefix}{key}'
            if isinstance(value, Mapping) and value:
                walk(value, f'{name}.')
            elif name in flat:
                raise ConfigError(f'{where}: {name} is given twice')
            else:
                format_option(name, value, where)
                flat[name] = value

    walk(options, '')
    return dict(sorted(flat.items()))


def format_option(key: str, value: Any, where: str) -> str:
    """``KEY=VALUE`` as the tools' ``--cfg-options`` reads it.

    Raises:
        ConfigError: The tools would read another value than this one (a mapping, text with commas).
    """
    text = _text(value)
    try:
        back = parse_option_value(text)
    except ValueError as error:
        back = error
    if type(back) is not type(value) or back != value:
        raise ConfigError(
            f'{where}: {key}: {value!r} cannot be given by --cfg-options.\n'
            '  cure: write a config file that sets it, and name that one'
        )
    return f'{key}={text}'


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        start, end = '[]' if isinstance(value, list) else '()'
        return start + ','.join(_text(item) for item in value) + end
    return str(value)


def as_json(value: Any) -> Any:
    """The value as it is after a way through JSON (tuples become lists)."""
    return json.loads(json.dumps(value))
