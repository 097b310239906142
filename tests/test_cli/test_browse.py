from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest

from mmirstd.visualization import COLORS
from tests.shared import REPO
from tests.test_datasets.helpers import make_root
from tools.analysis_tools.browse_dataset import PANEL, describe, parse_args, sample_picture

TOOL = REPO / 'tools' / 'analysis_tools' / 'browse_dataset.py'
CONFIG = REPO / 'configs' / '_base_' / 'datasets' / 'nuaa-sirst-213-214.py'


def has_color(picture: np.ndarray, name: str) -> bool:
    return bool((picture == COLORS[name]).all(axis=-1).any())


def test_one_pixel_target_is_marked_and_magnified():
    image, mask = np.random.default_rng(0).random((900, 700), np.float32), np.zeros((900, 700), np.uint8)
    mask[450, 350] = 1
    picture = sample_picture(image, mask, 'x')
    assert picture.shape[1] == PANEL
    assert has_color(picture[20 : 20 + PANEL], 'ground truth')
    assert has_color(picture[20 + PANEL :], 'ground truth')
    assert not has_color(picture, 'false alarm')
    assert not has_color(sample_picture(image, mask * 0, 'x'), 'ground truth')


@pytest.mark.parametrize('corner', [(0, 0), (0, 39), (49, 0), (49, 39)])
def test_targets_at_the_edge_and_padding(corner):
    mask = np.zeros((50, 40), np.uint8)
    mask[corner] = 1
    picture = sample_picture(np.random.default_rng(0).random((64, 64), np.float32), mask, 'x')
    assert has_color(picture[20 + PANEL :], 'ground truth')
    assert has_color(picture, 'false alarm')  # the line where the padding begins


def test_describe():
    mask = np.zeros((3, 4), np.uint8)
    assert describe(np.zeros((3, 4)), mask, 'a').endswith('0 targets, 0 px')
    mask[0, :2] = 1
    assert describe(np.ones((3, 4)), mask, 'Misc_1') == 'Misc_1  4x3  [1.00, 1.00]  1 target, 2 px'
    assert describe(np.zeros((3, 4)), None, 'a').endswith('no mask')


def test_wrong_numbers():
    with pytest.raises(SystemExit):
        parse_args(['c.py', '--per-sheet', '0'])


def test_the_tool(tmp_path):
    root = make_root(tmp_path / 'data', [f'Misc_{i}' for i in range(30)], split='img_idx/train_NUAA-SIRST.txt')
    make_root(root, ['Misc_30'], split='img_idx/test_NUAA-SIRST.txt')
    out = tmp_path / 'sheets'
    command = [
        sys.executable,
        TOOL,
        CONFIG,
        '--num',
        '5',
        '--repeat',
        '2',
        '--per-sheet',
        '4',
        '--out',
        out,
        '--cfg-options',
        f'data_root={root}',
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in out.iterdir()) == [f'train_00{i}.png' for i in range(3)]
    assert has_color(cv2.imread(str(out / 'train_000.png')), 'ground truth')
    assert 'train: 9 samples; ' in done.stdout  # 30 less the 21 held out

    command[-1] = 'data_root=nowhere'
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 2
    assert 'nowhere: the root of the data set does not exist' in done.stderr
    assert 'Traceback' not in done.stderr
