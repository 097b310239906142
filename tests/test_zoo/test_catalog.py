"""The joined figures, filtered and sorted; and the record in the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmirstd.utils.errors import ConfigError
from mmirstd.zoo.catalog import SORTS, ZooEntry, read_catalog, select, sort_entries, zoo_clip_costs, zoo_table
from mmirstd.zoo.networks import zoo_models
from mmirstd.zoo.record import read_record
from mmirstd.zoo.scatter import draw_scatter

D = 'nudt-sirst-663-664'
ENTRIES = [
    ZooEntry('a', 2_000_000, 30_000_000_000, {'torch': 1.5}, {'a': 'equal (0e+00)'}, 'MIT', published={D: 0.9}),
    ZooEntry('b', 500_000, 3_000_000_000, {'torch': 0.2, 'openvino': 0.1}, {'b': 'DIFFERS (1e-02)'}, own={D: 0.7}),
    ZooEntry('c', 0, None, {'torch': 0.01}),
]


def names(entries: list[ZooEntry]) -> list[str]:
    return [entry.name for entry in entries]


@pytest.mark.parametrize(
    ('options', 'expected'),
    [
        ({}, ['a', 'b', 'c']),
        ({'max_gflops': 3.0}, ['b']),  # c has no figure
        ({'max_params': 1.0}, ['b']),
        ({'max_time': 0.2}, ['b', 'c']),
        ({'equal': True}, ['a']),
        ({'license': 'mit'}, ['a']),
        ({'kind': 'classical'}, ['c']),
        ({'kind': 'learned'}, ['a', 'b']),
        ({'names': ['b', 'c']}, ['b', 'c']),
    ],
)
def test_filters(options: dict, expected: list[str]) -> None:
    assert names(select(ENTRIES, **options)) == expected


@pytest.mark.parametrize(
    ('by', 'expected'),
    [('name', 'abc'), ('params', 'bac'), ('gflops', 'bac'), ('time', 'cba'), ('published', 'abc'), ('own', 'bac')],
)
def test_what_lacks_the_figure_comes_last(by: str, expected: str) -> None:
    assert ''.join(names(sort_entries(ENTRIES, by))) == expected


def test_every_sort_of_the_command_is_one() -> None:
    from mmirstd.cli.zoo import SORTS as OFFERED

    assert tuple(SORTS) == OFFERED


def test_table_has_a_column_a_backend() -> None:
    table = zoo_table(ENTRIES)
    headings = [column.heading for column in table.columns]
    assert headings.index('time, torch') + 1 == headings.index('time, openvino')
    assert table.texts()[2] == ['c', '-', '-', '0.01', *'------']


def test_clips_have_a_row_a_backend_whole_and_streaming() -> None:
    cost = dict(ms=20.0, ms_p95=21.0, mib=300)
    costs = {'torch': cost, 'torch streaming': dict(cost, ms=4.0), 'openvino': dict(cost, ms=10.0)}
    clips = ZooEntry('d', 1_000_000, 5_000_000_000, {'torch streaming': 0.1}, costs=costs, frames=5)
    table = zoo_clip_costs([*ENTRIES, clips], ('torch', 'onnxruntime', 'openvino'))
    assert table.texts() == [
        ['d', '5', '1.00', '5.00', 'torch', '20.0', '21.0', '300', '4.0', '21.0', '250.0', '300'],
        ['', '', '', '', 'openvino', '10.0', '21.0', '300', *'----'],
    ]
    assert not any('streaming' in column.heading for column in zoo_table([clips]).columns)


def test_scatter_is_reproducible_and_shows_the_entries() -> None:
    picture = draw_scatter(ENTRIES)
    assert picture == draw_scatter(ENTRIES)
    assert draw_scatter(ENTRIES[2:]) != picture  # nothing to show but the axes


def test_the_record_holds_every_network_and_no_other() -> None:
    models, recorded = set(zoo_models()), set(read_record())
    missing = sorted(models - recorded)
    assert not missing, f'mmirstd zoo {" ".join(missing)} --measure'
    assert recorded <= models


def test_catalog_joins_what_is_known() -> None:
    entries = {entry.name: entry for entry in read_catalog()}
    assert entries['dnanet'].published[D] == 0.8861  # the authors' weights, not the retrained copy
    assert entries['rdian'].own[D] == 0.614
    assert entries['rpcanet'].license == 'MIT'
    assert entries['rpcanet'].recipes == ('b8-800e',)
    assert entries['rpcanet'].is_equal
    assert not entries['lcm'].is_equal


def test_a_missing_or_foreign_record_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'zoo.json: cannot be read'):
        read_record(tmp_path / 'zoo.json')
    (tmp_path / 'zoo.json').write_text('[]')
    with pytest.raises(ConfigError, match='found no record of networks'):
        read_record(tmp_path / 'zoo.json')
