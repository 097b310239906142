"""The result record of one run with one seed: a small JSON file that is kept in the repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mmirstd.engine.config_names import new_name
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.files import file_sha256, write_text

from .options import as_json
from .suite import Run, Suite

FORMAT = 1


def record_path(logs: Path, suite: Suite, run: Run, seed: int) -> Path:
    """``LOGS/SUITE/RUN_seedK.json``."""
    return logs / suite.name / f'{run.name}_seed{seed}.json'


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write at once (a reader never sees half of it), one entry a line, and one validation a line."""
    lines = []
    for key, value in {'format': FORMAT, **record}.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = ',\n'.join(f'    {json.dumps(item)}' for item in value)
            text = f'[\n{rows}\n  ]'
        elif isinstance(value, dict) and (
            any(isinstance(item, list) and len(item) > 4 for item in value.values())
            or value
            and all(isinstance(item, dict) for item in value.values())
        ):
            rows = ',\n'.join(f'    {json.dumps(name)}: {_dumps(item)}' for name, item in value.items())
            text = f'{{\n{rows}\n  }}'
        else:
            text = json.dumps(value)
        lines.append(f'  {json.dumps(key)}: {text}')
    write_text(path, '{\n' + ',\n'.join(lines) + '\n}\n')


def _dumps(value: Any) -> str:
    nested = isinstance(value, list) and value and isinstance(value[0], list)
    return json.dumps(value, separators=(',', ':') if nested else None)  # thousands of small numbers


def read_record(path: Path, run: Run, seed: int) -> dict[str, Any] | None:
    """The record of this run, None if there is none.

    Further tests whose options the suite has changed since are left out, so that they are made again.

    Raises:
        ConfigError: The file is damaged, or it belongs to another config, other options, another seed or another given
            checkpoint: the suite or the checkpoint was changed after it.
    """
    if not path.is_file():
        return None
    try:
        record = json.loads(path.read_text(encoding='utf-8'))
        for key in ('test', 'validation', 'config', 'cfg_options', 'seed'):
            record[key]
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise ConfigError(
            f'{path}: is no result record ({type(error).__name__}: {error}).\n  cure: delete it; the run '
            'is then done again'
        ) from error
    expected = dict(
        config=run.config,
        data_set=run.data,
        schedule=run.schedule,
        cfg_options=as_json(run.options),
        seed=seed,
    )
    made = {**record, **_renamed(record)}
    for key, value in expected.items():
        if made.get(key) != value:
            raise ConfigError(
                f'{path}: was made with {key} {made.get(key)!r}, the suite now says {value!r}.\n  cure: delete the '
                'record to do the run again, or give the changed run another name'
            )
    if run.checkpoint_file is not None:
        tested = record.get('checkpoint') or {}
        given = dict(name=run.checkpoint, sha256=file_sha256(str(run.checkpoint_file)))
        if tested != given:
            raise ConfigError(
                f'{path}: is of the checkpoint {tested.get("name")} with SHA-256 {tested.get("sha256")}, '
                f'the suite now has {given["name"]} with {given["sha256"]}.\n  cure: delete the record '
                'to test this one'
            )
    changed = {test.name for test in run.tests if not test.made(record.get('tests', {}).get(test.name))}
    return {**record, 'tests': {name: entry for name, entry in record.get('tests', {}).items() if name not in changed}}


def _renamed(record: dict[str, Any]) -> dict[str, Any]:
    """Config, its exchanged parts and options of a record that was made with a config under an old name."""
    own = str(record['config']).startswith(('configs/', 'benchmarks/'))
    new = new_name(record['config']) if own else None
    return (
        {}
        if new is None
        else dict(
            config=new.config,
            data_set=new.data,
            schedule=new.schedule,
            cfg_options={**as_json(new.cfg_options), **record['cfg_options']},
        )
    )


def read_records(suite: Suite, logs: Path) -> dict[str, dict[int, dict[str, Any]]]:
    """All records of a suite: run -> seed -> record; runs without any are there, empty."""
    return {
        run.name: {
            seed: record
            for seed in run.seeds
            if (record := read_record(record_path(logs, suite, run, seed), run, seed)) is not None
        }
        for run in suite.runs
    }
