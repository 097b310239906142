from __future__ import annotations

import subprocess
import sys

import cv2
import pytest

from mmirstd.cli.browse import parse_args
from mmirstd.visualization import COLORS
from tests.shared import REPO
from tests.test_datasets.helpers import make_root

TOOL = REPO / 'tools' / 'analysis_tools' / 'browse_dataset.py'
CONFIG = REPO / 'configs' / '_base_' / 'datasets' / 'nuaa-sirst-213-214.py'


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
    assert (cv2.imread(str(out / 'train_000.png')) == COLORS['ground truth']).all(axis=-1).any()
    assert 'train: 9 samples; ' in done.stdout  # 30 less the 21 held out

    command[-1] = 'data_root=nowhere'
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 2
    assert 'nowhere: the root of the data set does not exist' in done.stderr
    assert 'Traceback' not in done.stderr
