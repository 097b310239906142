from __future__ import annotations

import json

import numpy as np
import pytest

from mmirstd.false_alarms.cfar import Cfar
from mmirstd.false_alarms.operating_point import OperatingPoint


def test_it_decides_where_probabilities_are_equal() -> None:
    logit = np.array([[-3.0, 20.0, 100.0, 217.0]], np.float32)
    assert OperatingPoint(0).mask(logit).tolist() == [[False, True, True, True]]
    assert OperatingPoint(100).mask(logit).tolist() == [[False, False, False, True]]


@pytest.mark.parametrize('value', [-800, -3.25, 0, 2, 30, 40, 200])
def test_its_probability(value: float) -> None:
    point = OperatingPoint(value)
    assert 0 <= point.threshold < 1
    if abs(value) < 30:
        assert np.log(point.threshold / (1 - point.threshold)) == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize('cfar', [None, Cfar(7, 21, 0.5), Cfar(7, 21, 0.5, 'median')])
def test_there_and_back(cfar: Cfar | None) -> None:
    point = OperatingPoint(23.5, cfar, 'at most 1e-06 ...', dict(images=3), 3.5)
    assert OperatingPoint.from_dict(json.loads(json.dumps(point.as_dict()))) == point
    assert '23.5' in str(point)
    assert ('CFAR' in str(point)) == (cfar is not None)


@pytest.mark.parametrize(
    'bad',
    [
        None,
        [],
        {},
        dict(format=2, logit=1),
        dict(format=1),
        dict(format=1, logit='x'),
        dict(format=1, logit=float('nan')),
    ],
)
def test_damaged(bad: object) -> None:
    with pytest.raises(ValueError):
        OperatingPoint.from_dict(bad)


def test_other_conditions_than_it_was_chosen_under_are_told() -> None:
    fixed, robust = dict(normalize='fixed', bit_depth=14), dict(normalize='robust')
    assert OperatingPoint(1.0).other_conditions(robust, 'flips') is None  # nobody chose it
    point = OperatingPoint(1.0, record=dict(reading=fixed))
    assert point.other_conditions(dict(fixed)) is None
    assert OperatingPoint(1.0, record=dict(images=3)).other_conditions(robust) is None  # of earlier versions
    text = point.other_conditions(robust)
    assert 'were read with normalize=fixed, bit_depth=14; these are read with normalize=robust, so' in text
    text = point.other_conditions(robust, 'flips')
    assert 'bit_depth=14 and seen once; these are read with normalize=robust and seen with --tta flips' in text
    views = OperatingPoint(1.0, record=dict(reading=fixed, tta='flips'))
    assert views.other_conditions(fixed, 'flips') is None
    assert 'were seen with --tta flips; these are seen once' in views.other_conditions(fixed)
