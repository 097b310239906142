"""Measures of masks without target, nothing but target, and predictions of each extreme."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmirstd.evaluation.functional import PROTOCOLS, evaluate

#: What cannot be said without a target, or without a prediction: such a measure may be NaN, and no other.
UNDEFINED = {
    'no target': {'Pd', 'recall', 'F1', 'target_F1', 'AUC', 'nIoU', 'IoU'},
    'no prediction': {'precision', 'target_precision', 'F1', 'target_F1'},
    'no background': {'AUC', 'Fa'},
}


@pytest.mark.parametrize('protocol', ['default'])
@settings(max_examples=80)
@given(
    st.lists(
        st.tuples(st.sampled_from(['empty', 'full', 'pixel']), st.sampled_from([0.0, 0.5, 1.0])), min_size=1, max_size=3
    ),
    st.sampled_from([np.float16, np.float32, np.float64]),
)
def test_a_measure_is_nan_only_where_nothing_can_be_said(
    protocol: str, kinds: list[tuple[str, float]], dtype: type
) -> None:
    pairs = []
    for kind, score in kinds:
        mask = np.full((9, 9), kind == 'full', np.uint8)
        if kind == 'pixel':
            mask[4, 4] = 1
        pairs.append((np.full((9, 9), score, dtype), mask))
    measures = evaluate(protocol, pairs)
    allowed: set[str] = set()
    if not any(mask.any() for _, mask in pairs):
        allowed |= UNDEFINED['no target']
    if all(mask.all() for _, mask in pairs):
        allowed |= UNDEFINED['no background']
    if not any((score > 0.5).any() for score, _ in pairs):
        allowed |= UNDEFINED['no prediction']
    for name, value in measures.items():
        assert math.isfinite(value) or name in allowed, (name, value)


@pytest.mark.parametrize('protocol', sorted(PROTOCOLS))
@pytest.mark.parametrize('kind', ['empty', 'full'])
@pytest.mark.parametrize('score', [0.0, 1.0])
def test_every_protocol_has_an_answer(protocol: str, kind: str, score: float) -> None:
    """An official code's defects may make a measure NaN or infinite; nothing raises, and nothing warns."""
    mask = np.full((64, 64), kind == 'full', np.uint8)
    with np.errstate(all='raise'):
        measures = evaluate(protocol, [(np.full((64, 64), score, np.float32), mask)])
    assert measures
    assert all(isinstance(float(value), float) for value in measures.values())
