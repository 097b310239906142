from __future__ import annotations

import numpy as np
import pytest

from mmirstd.visualization import contact_sheet


def test_contact_sheet():
    images = [np.full((10, 20, 3), 200, np.uint8), np.full((30, 10), 100, np.uint8), np.zeros((5, 5, 3), np.uint8)]
    sheet = contact_sheet(images, columns=2)
    assert (sheet == 200).all(axis=-1).sum() == 200
    assert (sheet == 100).all(axis=-1).sum() == 300
    resized = contact_sheet(images[:1], columns=5, cell_width=40)
    assert (resized == 200).all(axis=-1).sum() == 40 * 20
    with pytest.raises(ValueError, match='at least one picture'):
        contact_sheet([])
