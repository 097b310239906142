from __future__ import annotations

import cv2
import numpy as np

from mmirstd.visualization import save_png


def test_save_png(tmp_path):
    picture = np.random.default_rng(0).integers(0, 255, (8, 9, 3)).astype(np.uint8)
    path = tmp_path / 'with space' / 'путь.v1.png'
    save_png(path, picture)
    np.testing.assert_array_equal(cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR), picture)
    assert [p.name for p in path.parent.iterdir()] == ['путь.v1.png']
