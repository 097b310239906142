from __future__ import annotations

import numpy as np
import pytest

from mmirstd.datasets.points.evolution import EvolutionRule, evolve_lesps, evolve_pal

from .golden import CASES, recorded


@pytest.mark.parametrize('case', CASES)
@pytest.mark.parametrize('method', ['lesps', 'pal'])
def test_equals_the_official_code(method: str, case: int) -> None:
    probability = (recorded(f'probability_{case}') / 65535).astype(np.float32)
    label = recorded(f'label_{case}').astype(np.float32) / np.float32(255)
    ours = (evolve_lesps if method == 'lesps' else evolve_pal)(label, probability)
    # a mean of two float32 in [0, 1], or a product with the decay: a rounding or two
    np.testing.assert_allclose(ours, recorded(f'{method}_{case}'), atol=2**-23, rtol=0)


def scene() -> tuple[np.ndarray, np.ndarray]:
    label = np.zeros((60, 60), np.float32)
    label[30, 30] = 1
    probability = np.zeros((60, 60), np.float32)
    probability[29:32, 29:32] = 0.8
    return label, probability


def test_a_point_grows_into_what_is_predicted_around_it() -> None:
    label, probability = scene()
    grown = evolve_lesps(label, probability)
    assert grown[30, 30] == 1  # the point stays
    assert grown[29, 29] == pytest.approx(0.4)
    assert (grown > 0).sum() == 9
    for _ in range(3):
        grown = evolve_lesps(grown, probability)
    assert ((grown > 0.5) == (probability > 0)).all()


def test_other_parts_and_far_pixels_do_not_join() -> None:
    label, probability = scene()
    probability[36, 36] = 0.9  # in the window, apart from the target
    probability[30, 55] = 1  # outside of the window of 33
    assert (evolve_lesps(label, probability) > 0).sum() == 9


def test_only_pal_drops_a_single_part_beside_the_target_and_lets_labels_fade() -> None:
    label, probability = scene()
    label[10, 10] = 0.4
    probability = np.roll(probability, 8, axis=1)
    assert (evolve_lesps(label, probability) > 0).sum() == 2 + 9
    faded = evolve_pal(label, probability, decay=0.5)
    assert (faded > 0).sum() == 2
    assert (faded[10, 10], faded[30, 30]) == (pytest.approx(0.2), 1)


def test_a_target_that_has_grown_large_grows_no_further() -> None:
    label, probability = np.zeros((40, 40), np.float32), np.full((40, 40), 0.6, np.float32)
    label[10:30, 10:30] = 0.9
    probability[20, 20] = 0.61
    np.testing.assert_array_equal(evolve_lesps(label, probability), label)


@pytest.mark.parametrize('wrong', [dict(start=1.5), dict(window=32), dict(core=0), dict(area_share=0)])
def test_impossible_rules_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match='expected'):
        EvolutionRule(**wrong)
