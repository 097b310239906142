from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from mmirstd.benchmark import build_table, load_suite, paired_difference
from mmirstd.benchmark.sequence_counts import difference_over_both, spread_over_sequences
from mmirstd.evaluation.functional.score_counts import ScoreCounts
from mmirstd.utils.errors import ConfigError

from .helpers import record, toy, write_suite


def detector(rng: np.random.Generator, skill: np.ndarray) -> ScoreCounts:
    """Counts of a detector that finds a share of each sequence's ten targets."""
    number = len(skill)
    true = np.zeros((number, 2, 20), np.int64)
    for owner, share in enumerate(skill):
        for score in rng.binomial(19, 0.3, rng.binomial(10, share)):
            true[owner, rng.integers(2), score] += 1
    false = rng.poisson(np.linspace(0.05, 1, 20), (number, 20))
    targets = np.maximum(true.sum(axis=2), 5)
    return ScoreCounts(tuple(f's{k}' for k in range(number)), ('0-1',), targets, true, false)


def test_the_spread_is_that_of_fresh_sequences() -> None:
    """Draw the sequences anew many times: the spread of the mean difference is what one set's resamples say."""
    rng = np.random.default_rng(0)

    def draw() -> tuple[list[ScoreCounts], list[ScoreCounts]]:
        hard = rng.uniform(0.2, 0.9, 60)
        return [[detector(rng, np.clip(hard + gain, 0, 1)) for _ in range(3)] for gain in (0.1, 0.0)]

    fresh, said = [], []
    for _ in range(60):
        a, b = draw()
        means = [x.mean_precision() - y.mean_precision() for x, y in zip(a, b)]
        fresh.append(np.mean(means))
        said.append(spread_over_sequences(a, b, 'mAP50', resamples=200))
    # the standard deviation of 60 draws is known to a tenth
    assert np.mean(said) == pytest.approx(np.std(fresh), rel=0.3)


def test_what_both_have_in_common_cancels() -> None:
    rng = np.random.default_rng(1)
    one = detector(rng, rng.uniform(0, 1, 30))
    assert spread_over_sequences([one], [one], 'mAP50') == 0
    assert spread_over_sequences([one], [detector(rng, rng.uniform(0, 1, 30))], 'mAP50_scr/0-1') > 0
    with pytest.raises(ValueError, match='other sequences|same sequences'):
        spread_over_sequences([one], [detector(rng, rng.uniform(0, 1, 29))], 'mAP50')
    with pytest.raises(ValueError, match='no pairs'):
        spread_over_sequences([one], [], 'mAP50')


def test_without_spread_over_sequences_it_is_the_paired_t_interval() -> None:
    a, b = [0.5, 0.6, 0.55, 0.7], [0.45, 0.6, 0.5, 0.6]
    plain, both = paired_difference(a, b), difference_over_both(a, b, 0.0, 200)
    assert (both.mean, both.low, both.high) == pytest.approx((plain.mean, plain.low, plain.high))
    assert (both.n, both.positive, both.negative) == (4, 3, 0)


def test_variances_add() -> None:
    a, b = [0.52, 0.48] * 50, [0.5] * 100
    over_seeds = float(np.std(np.array(a) - b, ddof=1)) / 10
    found = difference_over_both(a, b, 3 * over_seeds, 10**6)
    # nearly a normal distribution's: 1.96 standard deviations
    assert found.high - found.mean == pytest.approx(1.96 * math.sqrt(10) * over_seeds, rel=0.01)
    same = difference_over_both([0.5, 0.5], [0.5, 0.5], 0.0, 10)
    assert (same.low, same.high, same.sign) == (0.0, 0.0, 0)
    assert difference_over_both([0.5], [0.4], 0.01, 10).low is None


def test_coverage() -> None:
    """The interval holds the true difference about as often as it says."""
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(400):
        seeds = rng.normal(0, 0.01, 8)
        shift = rng.normal(0, 0.005)  # of the test sequences, the same for all seeds
        found = difference_over_both(list(0.02 + seeds + shift), [0.0] * 8, 0.005, 200)
        held += found.low <= 0.02 <= found.high
    assert 0.92 <= held / 400 <= 0.99  # 0.95 within three standard errors, 0.011 each


COLUMNS = [dict(value='test.mAP50'), dict(value='test.mAP50_scr/0-1', heading='SCR below 1')]


def suite_of(root: Path, **table):
    made = toy(
        tables=[
            dict(
                dict(
                    name='t',
                    readme='README.md',
                    kind='differences',
                    over='sequences',
                    columns=COLUMNS,
                    pairs=[['a', 'b']],
                ),
                **table,
            )
        ]
    )
    return load_suite(write_suite(root, made), root)


def records_of(shift: float = 0.0, counted: bool = True) -> dict:
    rng = np.random.default_rng(3)
    found: dict = {}
    for name, options, gain in (('a', {}, 0.4), ('b', {'model.width': 2}, 0.0)):
        found[name] = {}
        for seed in (0, 1):
            counts = detector(rng, np.full(40, 0.4 + gain))
            test = {'mAP50': counts.mean_precision() + shift, 'mAP50_scr/0-1': counts.mean_precision('0-1')}
            entry = dict(record(f'configs/{name}.py', options, seed, **test), run=name)
            found[name][seed] = dict(entry, per_sequence=counts.to_dict()) if counted else entry
    return found


def test_a_table(tmp_path: Path) -> None:
    suite = suite_of(tmp_path)
    lines = build_table(suite, suite.tables[0], records_of(), tmp_path).markdown
    assert '| a | B | mAP50 | +0.' in lines
    assert '| a | B | SCR below 1 | +' in lines
    assert '| 2 | 2 |' in lines
    assert 'Paired by seed and sequence' in lines
    assert suite.counts_sequences(suite.runs[0], 0)
    assert suite.counts_sequences(suite.runs[1], 5)


def test_damaged_and_old_records(tmp_path: Path) -> None:
    suite = suite_of(tmp_path)
    with pytest.raises(ConfigError, match='(?s)counts of each sequence give mAP50 .*the record is damaged'):
        build_table(suite, suite.tables[0], records_of(shift=0.1), tmp_path)
    lines = build_table(suite, suite.tables[0], records_of(counted=False), tmp_path).markdown
    assert 'Without counts of each sequence, because the records are older: a against B.' in lines


def test_only_what_a_table_needs_is_counted(tmp_path: Path) -> None:
    suite = suite_of(tmp_path, seeds=[1])
    assert [suite.counts_sequences(suite.runs[0], seed) for seed in (0, 1)] == [False, True]
    assert not suite_of(tmp_path, over='seeds').counts_sequences(suite.runs[0], 1)
    with pytest.raises(ConfigError, match='over: sequences can compare test.mAP50'):
        suite_of(tmp_path, columns=[dict(value='test.Pd')])
