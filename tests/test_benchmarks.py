"""The suites in benchmarks/ and what the READMEs say of them."""

from __future__ import annotations

import json
import re
import runpy

import pytest

from mmirstd.benchmark import build_table, load_suite, read_records, replace_between
from mmirstd.cli import zoo
from mmirstd.cli.choose_threshold import markdown

from .shared import REPO

SUITES = sorted((REPO / 'benchmarks').glob('*.yml'))
LOGS = REPO / 'benchmarks' / 'logs'


@pytest.mark.parametrize('path', SUITES, ids=lambda path: path.stem)
def test_tables_are_those_of_the_records(path) -> None:
    """A figure that was typed over, or a record that was added and forgotten, is a difference."""
    suite = load_suite(path, REPO)
    records = read_records(suite, LOGS)
    for table in suite.tables:
        built = build_table(suite, table, records, LOGS)
        text = (REPO / table.readme).read_text(encoding='utf-8')
        if not any(records.values()):  # a suite that is prepared: its place in the README stays empty
            assert replace_between(text, f'{suite.name}/{table.name}', '', table.readme) == text
            continue
        assert replace_between(text, f'{suite.name}/{table.name}', built.markdown, table.readme) == text, (
            f'mmirstd benchmark benchmarks/{path.name} --tables-only'
        )
        if built.chart is not None:
            assert (REPO / table.chart).is_file()


@pytest.mark.parametrize(
    'path', sorted((REPO / 'configs').glob('*/logs/threshold.json')), ids=lambda path: path.parts[-3]
)
def test_thresholds_are_those_of_the_records(path) -> None:
    readme, built = path.parents[1] / 'README.md', markdown(json.loads(path.read_text()), 'logs/threshold.json')
    text = readme.read_text(encoding='utf-8')
    assert replace_between(text, f'choose-threshold/{path.parts[-3]}', built, str(readme)) == text


def test_rates_that_are_asked_for_are_kept_in_95_of_100_repeats() -> None:
    """On generated scenes, with a shipped checkpoint: benchmarks/false-alarms/coverage.py."""
    text = (REPO / 'docs/false_alarms.md').read_text(encoding='utf-8')
    names = {
        ('pixels', 1e-5): '1e-5 a pixel',
        ('pixels', 1e-6): '1e-6 a pixel',
        ('targets', 0.1): '0.1 targets an image',
    }
    rows = json.loads((REPO / 'benchmarks/false-alarms/coverage.json').read_text())['coverage']
    assert {(row['what'], row['asked']) for row in rows} == set(names)
    for row in rows:
        assert row['kept'] + row['broken'] + row['refused'] == row['repeats'] == 200
        assert row['broken'] <= 10
        counts = ' | '.join(str(row[key]) for key in ('images', 'kept', 'broken', 'refused', 'by_tail'))
        assert (
            f'| {names[row["what"], row["asked"]]} | {counts} | {row["median_share"]:.2f} |'.replace('0.00 ', '0 ')
            in text
        )


def test_the_effect_of_a_temperature_is_that_of_the_record() -> None:
    """benchmarks/calibration/temperature.py."""
    text = (REPO / 'docs/false_alarms.md').read_text(encoding='utf-8').replace('*', '')
    figures = json.loads((REPO / 'benchmarks/calibration/temperature.json').read_text())
    for row in (row for rows in figures.values() for row in rows):
        bias = f' and bias {row["bias"]:.2g}' if row['bias'] else ''
        how = 'as it is' if row['temperature'] == 1 else f'temperature {row["temperature"]:.2g}{bias}'
        numbers = f'{row["ece"]:.5f} | {row["nll"]:.4f} | {row["brier"]:.5f} | {row["iou"]:.3f}'
        assert f'| {how} | {numbers} |' in text


def test_what_training_and_views_come_to_abroad_is_that_of_the_records() -> None:
    text = (REPO / 'configs/ggl_net/abroad.md').read_text(encoding='utf-8')
    for source in ('nuaa', 'nudt'):
        first, last = (
            json.loads((LOGS / 'abroad' / f'{source}_{run}_seed0.json').read_text())
            for run in ('baseline', 'drone-long')
        )
        for how, found in (('the recipe', first['test']), ('all three', last['tests']['flips-scales']['metrics'])):
            false, hard = found['false_per_image'], found['false_per_image_at_Pd0.9']
            row = f'{found["Pd"]:.3f} | {false:.2f} | {found["false_per_image_at_Pd0.7"]:.2f} | '
            row += f'{hard:.2f}' if hard < 10 else f'{hard:.1f}'
            assert f'| {how} | {row} | {found["IoU"]:.3f} |' in text


def test_every_record_belongs_to_a_suite() -> None:
    names = {load_suite(path, REPO).name: {run.name for run in load_suite(path, REPO).runs} for path in SUITES}
    for file in LOGS.rglob('*.json'):
        suite, run = file.parent.name, re.sub(r'_seed\d+$', '', file.stem)
        assert run in names.get(suite, ()), file


def test_every_marker_belongs_to_a_table() -> None:
    tables = {
        f'{suite.name}/{table.name}': table.readme
        for suite in (load_suite(p, REPO) for p in SUITES)
        for table in suite.tables
    }
    tables.update(dict.fromkeys((zoo.TABLE, zoo.COST_TABLE, zoo.CLIP_TABLE), 'docs/zoo.md'))
    tables.update(
        {
            f'choose-threshold/{path.parts[-3]}': f'configs/{path.parts[-3]}/README.md'
            for path in (REPO / 'configs').glob('*/logs/threshold.json')
        }
    )
    for folder in ('.', 'configs', 'docs', 'benchmarks'):
        for file in (REPO / folder).glob('*.md' if folder == '.' else '**/*.md'):
            for name in re.findall(r'<!-- benchmark:(\S+) -->', file.read_text(encoding='utf-8')):
                assert tables.get(name) == file.relative_to(REPO).as_posix(), (file, name)


@pytest.mark.parametrize('name', ['choose_size', 'false_targets'])
def test_what_shipped_networks_do_abroad_is_that_of_the_record(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """benchmarks/abroad/choose_size.py and false_targets.py."""
    monkeypatch.syspath_prepend(REPO / 'benchmarks/abroad')
    script = runpy.run_path(str(REPO / f'benchmarks/abroad/{name}.py'))
    record = json.loads((REPO / f'benchmarks/abroad/{name}.json').read_text())
    assert [(case['held_out'], case['weights']) for case in record['cases']] == [case[:2] for case in script['CASES']]
    assert script['markdown'](record['cases']) in (REPO / 'configs/ggl_net/abroad.md').read_text(encoding='utf-8')
