"""The schema is what the reader reads, no less and no more."""

from __future__ import annotations

import contextlib
import copy
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mmirstd.benchmark import Column, Evaluation, Table, load_suite, load_suite_schema
from mmirstd.benchmark.record_values import RUN_VALUES
from mmirstd.benchmark.suite_schema import check_form
from mmirstd.utils.errors import ConfigError
from tests.shared import REPO

from .helpers import write_suite

COLUMN = dict(value='test.IoU', heading='h', format='.1f', scale=2, spread=False, better='lower')
RUN = dict(
    name='a',
    config='configs/seg.py',
    label='A',
    group='G',
    cfg_options={'model.width': 2},
    data='nudt-sirst-663-664',
    schedule='cpu_adamw-onecycle',
    data_root='y',
    tests=dict(small=dict(protocol='msda', eval_size=64, cfg_options=dict(gain=0.1))),
)
#: Together they use every key.
SUITES: dict[str, dict[str, Any]] = dict(
    seeds=dict(
        name='other',
        data_roots=dict(x='data/x', y='data/y'),
        logs='results/logs',
        work_dir='results/work',
        options={'model.width': 3, 'model.depth': 1},
        seeds=[3, 4],
        tests=dict(native='msda'),
        runs=[
            RUN,
            dict(name='b', config='configs/b.py', seeds=[3], data_root='x'),
            dict(name='given', config='configs/seg.py', checkpoint='configs/given.pth', data_root='x'),
        ],
        tables=[
            dict(name='t', readme='README.md', columns=[COLUMN], runs=['a'], note='N', seeds=[3]),
            dict(
                name='d',
                kind='differences',
                columns=[dict(value='test.IoU')],
                pairs=[['a', 'b']],
                over='images',
                chart='d.svg',
            ),
        ],
    ),
    halving=dict(
        runs=[dict(name='a', config='configs/a.py'), dict(name='b', config='configs/b.py', against='a')],
        halving=dict(figure='val.IoU', stages=[dict(seeds=[0]), dict(seeds=[1], keep=1)]),
    ),
)


def _keys(content: Any, schema: dict[str, Any], place: tuple = ()) -> Iterator[tuple[tuple, str]]:
    """Each place in a suite that a key of the schema has, and which: ``properties`` of the schema are named by it."""
    if '$ref' in schema:
        name = schema['$ref'].rsplit('/', 1)[-1]
        schema = load_suite_schema()['definitions'][name]
    if isinstance(content, list):
        for index, item in enumerate(content):
            yield from _keys(item, schema['items'], (*place, index))
    elif isinstance(content, dict) and 'properties' in schema:
        for key, item in content.items():
            yield (*place, key), f'{schema["title"]}: {key}'
            yield from _keys(item, schema['properties'][key], (*place, key))
    elif isinstance(content, dict) and 'additionalProperties' in schema:
        for key, item in content.items():
            yield from _keys(item, schema['additionalProperties'], (*place, key))


def _all_keys(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if 'properties' in schema and 'title' in schema:
            yield from (f'{schema["title"]}: {key}' for key in schema['properties'])
        for value in schema.values():
            yield from _all_keys(value)


def load(root: Path, content: dict[str, Any]):
    (root / 'configs').mkdir(parents=True, exist_ok=True)
    (root / 'configs' / 'given.pth').touch()
    return load_suite(write_suite(root, content), root)


def test_it_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(load_suite_schema())


def test_these_suites_use_every_key() -> None:
    used = {name for content in SUITES.values() for _, name in _keys(content, load_suite_schema())}
    assert used == set(_all_keys(load_suite_schema()))


@pytest.mark.parametrize(
    ('name', 'place'),
    [
        pytest.param(name, place, id='.'.join(map(str, place)))
        for name, content in SUITES.items()
        for place, _ in _keys(content, load_suite_schema())
    ],
)
def test_every_key_is_read(tmp_path: Path, name: str, place: tuple) -> None:
    whole = load(tmp_path, SUITES[name])
    content = copy.deepcopy(SUITES[name])
    node: Any = content
    for key in place[:-1]:
        node = node[key]
    del node[place[-1]]
    with contextlib.suppress(ConfigError):  # a key that others need
        assert load(tmp_path, content) != whole


def test_defaults_are_those_of_the_code() -> None:
    definitions = load_suite_schema()['definitions']
    test = definitions['tests']['additionalProperties']
    for kind, schema in ((Column, definitions['column']), (Table, definitions['table']), (Evaluation, test)):
        known = {field.name: field.default for field in fields(kind)}
        said = {key: entry['default'] for key, entry in schema['properties'].items() if 'default' in entry}
        said.pop('kind', None)  # which the reader gives
        assert said == {key: known[key] for key in said}
        assert said


def test_the_figures_of_runs_are_listed() -> None:
    described = load_suite_schema()['definitions']['column']['properties']['value']['description']
    assert f'run: {", ".join(RUN_VALUES)}.' in described


@pytest.mark.parametrize('path', sorted((REPO / 'benchmarks').glob('*.yml')), ids=lambda path: path.stem)
def test_editors_find_the_schema_of_our_suites(path: Path) -> None:
    first = path.read_text(encoding='utf-8').splitlines()[0]
    schema = first.removeprefix('# yaml-language-server: $schema=')
    assert (path.parent / schema).resolve() == REPO / 'mmirstd' / 'benchmark' / 'suite.schema.json'


def test_all_mistakes_are_told_at_once() -> None:
    content = dict(runs=[dict(name='a', confg='x'), dict(name='b', config=3)], seeds=[-1])
    with pytest.raises(ConfigError) as error:
        check_form(content, 's.yml')
    text = str(error.value)
    assert text.startswith('s.yml: 4 things are wrong:')
    for line in (
        "s.yml: runs[0] (a): unknown key 'confg'",
        'did you mean: config?',
        's.yml: runs[0] (a): config missing',
        's.yml: runs[1] (b): config: found 3; expected a path',
        's.yml: seeds[0]: found -1; expected a whole number from 0 on',
    ):
        assert line in text


def test_the_suite_in_the_docs_is_valid(tmp_path: Path) -> None:
    (text,) = re.findall(
        r'^```yaml\n(.*?)^```$', (REPO / 'docs' / 'benchmarks.md').read_text(encoding='utf-8'), re.M | re.S
    )
    path = tmp_path / 'suite.yml'
    path.write_text(text)
    suite = load_suite(path, REPO)
    assert [run.name for run in suite.runs] == ['acm', 'tiny', 'tophat']
    assert suite.logs == tmp_path / 'logs'
