from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mmirstd.benchmark import build_table, due_pairs, load_suite
from mmirstd.benchmark.halving import leads
from mmirstd.utils.errors import ConfigError

from .helpers import record, toy, write_suite

NAMES = ('base', 'low', 'mid', 'high', 'other-base', 'other')
HALVING = dict(figure='val.IoU', stages=[dict(seeds=[0, 1]), dict(seeds=[2, 3, 4], keep=2), dict(seeds=[7], keep=1)])
VAL = dict(base=0.5, low=0.4, mid=0.52, high=0.6, other=0.35) | {'other-base': 0.2}


def content(**changes: Any) -> dict[str, Any]:
    against = dict(low='base', mid='base', high='base', other='other-base')
    runs = [
        dict(name=name, config='configs/a.py', **(dict(against=against[name]) if name in against else {}))
        for name in NAMES
    ]
    made = toy(runs=runs, halving=HALVING)
    del made['seeds']
    return {**made, **changes}


def suite_of(root: Path, **changes: Any):
    return load_suite(write_suite(root, content(**changes)), root)


def records_of(seeds: dict[str, list[int]], val: dict[str, float | None] = VAL) -> dict[str, dict[int, dict]]:
    return {
        name: {
            seed: dict(record('configs/a.py', {}, seed, dict(IoU=val[name]), IoU=0.9), run=name)
            for seed in seeds.get(name, [])
        }
        for name in NAMES
    }


def due(suite, records) -> list[tuple[str, int]]:
    return [(run.name, seed) for run, seed in due_pairs(suite, records)]


def test_stages_follow_one_another(tmp_path: Path) -> None:
    suite = suite_of(tmp_path)
    first = [(name, seed) for seed in (0, 1) for name in NAMES]
    assert due(suite, records_of({})) == first
    assert due(suite, records_of(dict.fromkeys(NAMES, [0]))) == first
    # one record of the first stage is missing: nothing can be chosen
    assert due(suite, records_of({**dict.fromkeys(NAMES, [0, 1]), 'low': [0]})) == first
    # "other" leads its own base by 0.15, "high" by 0.1, "mid" by 0.02
    second = [(name, seed) for seed in (2, 3, 4) for name in ('base', 'high', 'other-base', 'other')]
    done = dict.fromkeys(NAMES, [0, 1])
    assert due(suite, records_of(done)) == first + second
    done = {name: [0, 1, 2, 3, 4] for name in NAMES}
    assert due(suite, records_of(done)) == [*first, *second, ('other-base', 7), ('other', 7)]


def test_the_lead_is_the_mean_over_the_seeds_so_far(tmp_path: Path) -> None:
    suite = suite_of(tmp_path)
    records = records_of(dict.fromkeys(NAMES, [0, 1]))
    records['mid'][1]['validation']['IoU'] = 0.92
    found = leads(suite, records, list(NAMES), [0, 1])
    assert list(found) == ['mid', 'other', 'high', 'low']
    assert found == pytest.approx(dict(mid=0.22, other=0.15, high=0.1, low=-0.1))
    # a figure that is undefined is no lead
    records['mid'][1]['validation']['IoU'] = None
    assert list(leads(suite, records, list(NAMES), [0, 1]))[-1] == 'mid'


def test_tables_of_the_last_stage_s_seeds(tmp_path: Path) -> None:
    column = dict(value='test.IoU')
    suite = suite_of(
        tmp_path,
        tables=[
            dict(name='all', readme='README.md', columns=[column]),
            dict(name='last', readme='README.md', columns=[column], seeds=[7]),
            dict(
                name='pairs',
                readme='README.md',
                kind='differences',
                columns=[column],
                seeds=[2, 3, 4],
                pairs=[['high', 'base'], ['low', 'base']],
            ),
        ],
    )
    records = records_of({**dict.fromkeys(NAMES, [0, 1]), 'high': [0, 1, 2, 3, 4], 'base': [0, 1, 2, 3, 4, 7]})
    every, last, pairs = (build_table(suite, table, records, tmp_path / 'logs').markdown for table in suite.tables)
    assert '| high | 0.900 ± 0.000 | 5 |' in every
    assert '| base | 0.900 | 1 |' in last
    assert 'Dropped by the halving, or not run yet: low; mid; high; other-base; other.' in last
    assert '| high | base | IoU | +0.000 | [+0.000, +0.000] | 0 | 3 |' in pairs
    assert 'Dropped by the halving, or not run yet: low against base.' in pairs


@pytest.mark.parametrize(
    ('changes', 'match'),
    [
        (dict(seeds=[0]), 'with halving, its stages say them'),
        (dict(halving=dict(HALVING, figure='test.IoU')), 'runs are not chosen by test parts'),
        (dict(halving=dict(HALVING, stages=[dict(seeds=[0], keep=1)])), 'the first takes all'),
        (dict(halving=dict(HALVING, stages=[dict(seeds=[0]), dict(seeds=[1], keep=0)])), '1 or more'),
        (dict(halving=dict(HALVING, stages=[dict(seeds=[0]), dict(seeds=[0])])), 'more than once: 0'),
        (dict(halving=dict(HALVING, stages=[dict(seeds='0')])), 'expected a list of whole numbers'),
        (dict(runs=[dict(name='a', config='configs/a.py')]), r'what they are compared with \(against\)'),
        (
            dict(
                runs=[
                    dict(name='base', config='configs/a.py'),
                    dict(name='b', config='configs/a.py', against='bsae'),
                ]
            ),
            'did you mean: base',
        ),
        (dict(halving=None, seeds=[0]), 'against belongs to halving'),
    ],
)
def test_mistakes(changes: dict, match: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=match):
        suite_of(tmp_path, **changes)
