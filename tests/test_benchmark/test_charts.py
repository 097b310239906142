from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mmirstd.benchmark import (
    build_table,
    find_differences,
    load_suite,
    read_records,
    record_path,
    write_chart,
    write_record,
)
from mmirstd.utils.errors import ConfigError

from .helpers import record, toy, write_suite

COLUMNS = [
    dict(value='test.IoU', heading='IoU'),
    dict(value='test.Fa', heading='Fa (1e-6)', scale=1e6, format='.1f', better='lower'),
]


def make(root: Path, **changes):
    (root / 'docs').mkdir(exist_ok=True)
    table = dict(
        name='pairs',
        readme='docs/README.md',
        kind='differences',
        columns=COLUMNS,
        pairs=[['b', 'a']],
        chart='docs/pairs.svg',
    )
    runs = [dict(run, group='Set <1>') for run in toy()['runs']]
    return load_suite(write_suite(root, toy(runs=runs, tables=[{**table, **changes}])), root)


def write(suite, name: str, *values: tuple[float, float | None]) -> None:
    run = suite.run(name)
    for seed, (iou, fa) in enumerate(values):
        write_record(record_path(suite.root, suite, run, seed), record(run.config, run.options, seed, IoU=iou, Fa=fa))


def chart_of(suite) -> str | None:
    return build_table(suite, suite.tables[0], read_records(suite, suite.root), suite.root).chart


def texts(svg: str) -> list[str]:
    return [
        ''.join(node.itertext()).strip()
        for node in ElementTree.fromstring(svg).iter('{http://www.w3.org/2000/svg}text')
    ]


def test_what_it_says(tmp_path: Path) -> None:
    suite = make(tmp_path)
    write(suite, 'a', (0.5, 2e-6), (0.6, 3e-6))
    write(suite, 'b', (0.7, 5e-6), (0.81, 6e-6))
    svg = chart_of(suite)
    words = texts(svg)
    for word in (
        'Set <1>',
        'B',
        'less a, 2 seeds',
        'IoU, higher is better',
        'Fa (1e-6), lower is better',
        'the upper one is better',
        'the lower one is better',
    ):
        assert word in words, word
    assert 'no difference seen' not in words
    assert svg == chart_of(suite)
    assert str(tmp_path) not in svg
    assert not re.search(r'[ \t]$', svg, re.MULTILINE)


def test_the_differences_are_those_of_the_table(tmp_path: Path) -> None:
    suite = make(tmp_path)
    write(suite, 'a', (0.5, 2e-6), (0.6, None))
    write(suite, 'b', (0.4, 5e-6), (0.8, None))
    iou, fa = find_differences(suite, suite.tables[0], read_records(suite, tmp_path)).rows
    assert (iou.first, iou.second, iou.seeds, iou.better, iou.wins) == ('b', 'a', 2, 0, 1)
    assert iou.result.mean == pytest.approx(0.05)
    assert fa.result.mean == pytest.approx(3.0)
    assert fa.result.low is None
    words = texts(chart_of(suite))
    assert 'no difference seen' in words
    assert 'one pair says nothing' in words
    assert 'the upper one is better' not in words


def test_undefined_figures_leave_a_gap(tmp_path: Path) -> None:
    suite = make(tmp_path)
    write(suite, 'a', (0.5, None), (0.5, None))
    write(suite, 'b', (0.6, None), (0.7, None))
    row = find_differences(suite, suite.tables[0], read_records(suite, tmp_path)).rows[1]
    assert (row.result, row.defined, row.better, row.wins) == (None, False, 0, 0)
    assert 'Fa (1e-6), lower is better' in texts(chart_of(suite))


def test_no_chart_without_records_or_wish(tmp_path: Path) -> None:
    assert chart_of(make(tmp_path)) is None
    suite = make(tmp_path, chart=None)
    write(suite, 'a', (0.5, 0.0))
    write(suite, 'b', (0.6, 0.0))
    assert chart_of(suite) is None


def test_written_only_when_changed(tmp_path: Path) -> None:
    path = tmp_path / 'new' / 'x.svg'
    assert write_chart(path, '<svg/>\n')
    assert not write_chart(path, '<svg/>\n')
    assert write_chart(path, '<svg></svg>\n')
    assert path.read_text() == '<svg></svg>\n'


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(chart='docs/pairs.png'), r'chart: .*expected the name of an SVG file'),
        (dict(kind='results', pairs=None), 'belongs to kind: differences'),
    ],
)
def test_bad_suites(tmp_path: Path, changes: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make(tmp_path, **changes)


def test_long_headings_take_two_lines(tmp_path: Path) -> None:
    long = dict(COLUMNS[0], heading='IoU of targets at SCR 2 to 4')
    suite = make(tmp_path, columns=[long, COLUMNS[1]])
    write(suite, 'a', (0.5, 2e-6), (0.6, 3e-6))
    write(suite, 'b', (0.7, 5e-6), (0.81, 6e-6))
    words = texts(chart_of(suite))
    assert {'IoU of targets at SCR 2 to 4,', 'higher is better', 'Fa (1e-6),', 'lower is better'} <= set(words)
