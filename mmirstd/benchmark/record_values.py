"""The figures of a result record by the names that suites use."""

from __future__ import annotations

from typing import Any

from mmirstd.utils.errors import ConfigError
from mmirstd.utils.near_matches import near_matches

#: Run -> seed -> record.
Records = dict[str, dict[int, dict[str, Any]]]

#: What ``run.NAME`` may be: entry of the record, and its entry there.
RUN_VALUES = {
    'parameters': ('network', 'parameters'),
    'inference_parameters': ('network', 'inference_parameters'),
    'flops': ('network', 'flops'),
    'training_s': ('training', 'training_s'),
    'wall_s': ('training', 'wall_s'),
    'chosen': ('training', 'chosen'),
    'iterations': ('training', 'iterations'),
    'gils_scale': ('training', 'gils_scale'),
    'images': ('network', 'images'),
}


def value_of(record: dict[str, Any], value: str, where: str) -> float | None:
    """A figure of a record; None where it is undefined.

    Args:
        record: See :mod:`.run_record`.
        value: ``test.METRIC``, ``test@NAME.METRIC``, ``val.METRIC`` or ``run.NAME``.
        where: For messages.

    Raises:
        ConfigError: The record has no such figure; near matches are listed.
    """
    source, _, name = value.partition('.')
    if source == 'run':
        part, key = RUN_VALUES.get(name, ('', None))
        known, entry = list(RUN_VALUES), record.get(part) or {}
        found = key is not None
    elif source.startswith('test@'):
        test = record.get('tests', {}).get(source.partition('@')[2])
        if test is None:  # the run has no such test, or it is still to be made: the table says which
            return None
        entry = test['metrics']
        key, known, found = name, list(entry), name in entry
    else:
        entry = record['test' if source == 'test' else 'validation'] or {}
        key, known, found = name, list(entry), name in entry
        if source == 'val' and not entry:  # a method without training
            return None
    if not found:
        close = near_matches(name, known)
        raise ConfigError(
            f'{where}: {value}: no such figure.\n  '
            + (f'did you mean: {", ".join(close)}?' if close else f'there are: {", ".join(known)}')
        )
    return entry.get(key)
