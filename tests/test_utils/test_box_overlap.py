from __future__ import annotations

import numpy as np

from mmirstd.utils.box_overlap import box_overlaps


def test_overlaps_of_all_pairs() -> None:
    first = np.array([(0, 0, 2, 2), (5, 5, 5, 5)], float)
    second = np.array([(0, 0, 2, 2), (1, 0, 3, 2), (2, 0, 4, 2), (5, 5, 5, 5)], float)
    np.testing.assert_allclose(box_overlaps(first, second), [[1, 1 / 3, 0, 0], [0, 0, 0, 0]])
    assert box_overlaps(np.empty((0, 4)), second).shape == (0, 4)
