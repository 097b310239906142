from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from mmirstd.cli.target_statistics import PERCENTILES, QUANTITIES, collect, table
from mmirstd.datasets.target_values import target_values
from tests.shared import REPO
from tests.test_datasets.helpers import make_root

TOOL = REPO / 'tools' / 'analysis_tools' / 'target_statistics.py'
CONFIG = REPO / 'configs' / '_base_' / 'datasets' / 'nuaa-sirst-213-214.py'


def scene() -> tuple[np.ndarray, np.ndarray]:
    """A flat target of 3x5 pixels, 0.3 above a background of noise with sigma 0.02, its rim half as strong."""
    rng = np.random.default_rng(0)
    image = rng.normal(0.4, 0.02, (80, 90))
    mask = np.zeros(image.shape, np.uint8)
    mask[30:33, 40:45] = 1
    image[30:33, 40:45] += 0.15
    image[31, 41:44] += 0.15
    return image, mask


def test_one_target() -> None:
    image, mask = scene()
    found = target_values(image, mask, mask)
    assert (found['area'], found['side']) == (15, 5)
    assert found['contrast'] == pytest.approx(18, abs=1.5)  # 12 pixels of 15 % and 3 of 30 %
    assert found['clutter'] == pytest.approx(2, abs=0.2)
    assert found['scr'] == pytest.approx(9, abs=1.5)
    assert found['rim'] == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(('down', 'right'), [(0, 0), (1, 0), (0, 1), (-1, 1)])
def test_a_mask_to_one_side(down, right) -> None:
    image, mask = scene()
    shifted = np.roll(mask, (-down, -right), (0, 1))
    found = target_values(image, shifted, shifted)
    assert (found['down'], found['right']) == (pytest.approx(down, abs=0.15), pytest.approx(right, abs=0.15))


def test_no_shift_without_room_or_contrast() -> None:
    image, mask = scene()
    near = mask.copy()
    near[35, 42] = 1  # another target three pixels below
    edge = image[28:], mask[28:], mask[28:]
    for case in ((image, mask, near), edge, (1 - image, mask, mask), (image * 0 + 0.4, mask, mask)):
        found = target_values(*case)
        assert np.isnan(found['down'])
        assert np.isnan(found['right'])


def test_counts_and_table() -> None:
    image, mask = scene()
    mask[60, 10] = 1
    values = collect(iter([(image, mask), (image, mask * 0)]))
    assert sorted(values['area']) == [1, 15]
    assert values['targets'] == [2, 0]
    lines = table(values).splitlines()
    assert len(lines) == 2 + len(QUANTITIES)
    assert all(line.count('|') == len(PERCENTILES) + 2 for line in lines)
    assert '| area (px) | - |' in table(collect(iter([])))


def test_the_tool(tmp_path) -> None:
    root = make_root(tmp_path / 'data', [f'a{i}' for i in range(30)])
    done = subprocess.run(
        [
            sys.executable,
            TOOL,
            CONFIG,
            '--cfg-options',
            f'data_root={root}',
            'train_dataloader.dataset.ann_file=',
            'train_dataloader.dataset.holdout=None',
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '\n30 images, 30 targets, 0 images without one\n' in done.stdout
    assert '| SCR |' in done.stdout
