"""The form of a suite file: a JSON Schema, which editors know as well, and its violations in words.

``suite.schema.json`` is the one definition of keys, types and choices. What it cannot say (names that must exist
elsewhere in the file or on the disk) is checked by :mod:`.suite_file`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from mmirstd.utils.errors import ConfigError, first_few
from mmirstd.utils.near_matches import near_matches

SCHEMA_FILE = Path(__file__).with_name('suite.schema.json')


@cache
def load_suite_schema() -> dict[str, Any]:
    """The schema, draft 7, which editors with a YAML language server understand."""
    schema: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding='utf-8'))
    return schema


def check_form(content: Any, where: str) -> None:
    """See that a suite has the form of the schema.

    Args:
        content: As YAML gave it, without keys that have no value.
        where: Name of the file, for messages.

    Raises:
        ConfigError: All that is wrong: file, place, what was found, what was expected.
    """
    found = [line for error in _validator().iter_errors(content) for line in _describe(error, content, where)]
    if len(found) == 1:
        raise ConfigError(found[0])
    if found:
        raise ConfigError(f'{where}: {len(found)} things are wrong:\n{first_few(found)}')


@cache
def _validator() -> Any:
    kind = jsonschema.Draft7Validator
    # To JSON Schema 1.0 is a whole number; a seed of 1.0 would make another file name.
    types = kind.TYPE_CHECKER.redefine('integer', lambda _, value: type(value) is int)
    return jsonschema.validators.extend(kind, type_checker=types)(load_suite_schema())


def _describe(error: Any, content: Any, where: str) -> Iterable[str]:
    place, found = place_of(where, content, list(error.absolute_path)), error.instance
    expected = error.schema.get('title', 'something else')
    if error.validator == 'additionalProperties':
        known = error.schema['properties']
        for key in found:
            if key not in known:
                yield f'{place}: unknown key {key!r}; expected some of {", ".join(known)}.{_near(key, known)}'
    elif error.validator == 'required':
        missing = [key for key in error.validator_value if key not in found]
        if error.message.startswith(repr(missing[0])):  # one error for each; all are told by the first
            yield f'{place}: {", ".join(missing)} missing'
    elif error.validator == 'enum':
        choices = error.validator_value
        yield f'{place}: found {_short(found)}; expected one of {", ".join(choices)}{_near(found, choices)}'
    elif error.validator == 'uniqueItems':
        twice = sorted({str(item) for item in found if found.count(item) > 1})
        yield f'{place}: given more than once: {", ".join(twice)}'
    else:
        yield f'{place}: found {_short(found)}; expected {expected}'


def place_of(where: str, content: Any, path: Sequence[str | int]) -> str:
    """A place in a suite: ``['runs', 0, 'seeds']`` -> ``FILE: runs[0] (NAME): seeds``."""
    text = where
    for key in path:
        content = content[key]
        if isinstance(key, int):
            name = content.get('name') if isinstance(content, Mapping) else None
            text += f'[{key}]' + (f' ({name})' if isinstance(name, str) else '')
        else:
            text += f': {key}'
    return text


def _near(key: Any, known: Iterable[str]) -> str:
    close = near_matches(str(key), known)
    return f'\n  did you mean: {", ".join(close)}?' if close else ''


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f'{text[:77]}...'
