"""Pd and Fa of DTUM's and DeepPro's papers against their own code, whose counts are in tests/data/golden."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from mmirstd.evaluation.functional import ImageEvidence, evaluate, get_protocol
from mmirstd.evaluation.functional.pd_fa import TargetRule
from tests.shared import DATA

CASES = json.loads((DATA / 'golden' / 'shooting_rules.json').read_text())['cases']


@pytest.mark.parametrize('reach', [(1, 4), (2, 5)])
def test_counts_of_the_official_code(reach: tuple[int, int]) -> None:
    rule = dataclasses.replace(get_protocol('dtum').target_rule, reach=reach)
    for case in CASES:
        score, mask = np.array(case['score'], np.float32) / 20, np.array(case['mask'], np.uint8)
        counts = rule.count(ImageEvidence(score, mask))
        assert [counts[name] for name in ('false_pixels', 'detected', 'targets')] == case[f'{reach[0]},{reach[1]}']
        assert counts['pixels'] == mask.size


def test_distances() -> None:
    """One pixel off is detected, two are not; a false pixel is more than four away."""
    mask = np.zeros((32, 32), np.uint8)
    mask[16, 16] = 1
    for shift, detected, false in ((0, 1, 0), (1, 1, 0), (2, 0, 0), (4, 0, 0), (5, 0, 1)):
        score = np.zeros((32, 32), np.float32)
        score[16, 16 + shift] = 0.5
        measures = evaluate('dtum', [(score, mask)])
        assert (measures['Pd'], measures['Fa'] * mask.size) == pytest.approx((detected, false)), shift


def test_deeppro_is_another_name() -> None:
    assert get_protocol('deeppro') is get_protocol('dtum')


def test_the_parts_go_together() -> None:
    with pytest.raises(ValueError, match='go together'):
        TargetRule(matching='near_pixel')
