from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.shared import REPO
from tests.test_datasets.helpers import make_root
from tools.analysis_tools.choose_threshold import main, table


def test_training_images_only(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """There is no test split, so reading it would fail."""
    root = make_root(tmp_path, [f'a{i}' for i in range(6)], split='img_idx/idx427_trainval.txt')
    config = REPO / 'configs/max_median/max-median_nuaa-sirst-341-86.py'
    main([str(config), '--k', '4', '1000', '--limit', '3', '--cfg-options', f'data_root={root}'])
    printed = capsys.readouterr().out
    assert '3 training images' in printed
    assert '1000     0.0000 0.0000 0.0000 0.0' in printed
    assert 'with k = 4' in printed


def test_threshold_of_each_map() -> None:
    saliency = np.zeros((20, 20))
    saliency[5:8, 5:8], saliency[15, 15] = 1.0, 0.5
    low, high = table([(saliency, saliency == 1)], [1.0, 5.0])
    assert (low['k'], high['k']) == (1.0, 5.0)
    assert low['IoU'] == pytest.approx(9 / 10)
    assert high['IoU'] == 1.0
