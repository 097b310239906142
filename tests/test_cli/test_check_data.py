from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from mmirstd.cli import check_data
from mmirstd.utils.errors import ConfigError, DataError
from tests.shared import REPO
from tests.test_datasets.test_check import data

CONFIG = 'configs/_base_/datasets/nuaa-sirst-341-86.py'


@pytest.fixture
def root(tmp_path):
    """The layout of CONFIG; its hold-out takes 34 images."""
    root = data.make_root(tmp_path / 'data', 8, 6)
    for name, of in (('idx427_trainval', 'train'), ('idx427_test', 'test')):
        (root / 'img_idx' / f'{of}.txt').rename(root / 'img_idx' / f'{name}.txt')
    return root


def run(capsys, *arguments) -> tuple[int, str]:
    return check_data.main([*map(str, arguments)]), capsys.readouterr().out


def test_a_folder(root, capsys):
    status, out = run(capsys, root)
    assert status == 0
    assert out.endswith('nothing wrong was found\n')
    assert '\ntrainval idx427  8 ' in out


def test_a_config(root, capsys, tmp_path):
    for number in (1, 2, 3, 9):
        (root / 'images' / f'{number}.png').write_bytes(b'')
    out_file = tmp_path / 'report.json'
    options = ('--cfg-options', f'data_root={root}', 'holdout.num=2')
    status, out = run(capsys, CONFIG, *options, '--shown', '1', '--out', out_file)
    assert status == 1
    assert re.search(r'ERROR unreadable \((train, val|train|val), test\): 4 file\(s\) cannot be read', out)
    assert 'and 3 more' in out
    written = json.loads(out_file.read_text())
    assert written['status'] == 1
    assert [split['split'] for split in written['splits']] == ['train', 'val', 'test']
    assert [len(finding['items']) for finding in written['findings'] if finding['kind'] == 'unreadable'] == [4]


def test_a_config_by_its_name(root, capsys):
    status, _ = run(
        capsys, 'white-tophat_nuaa-sirst-341-86', '--quick', '--cfg-options', f'data_root={root}', 'holdout.num=2'
    )
    assert status == 0


def test_what_cannot_be_checked(root, tmp_path):
    with pytest.raises(ConfigError, match='neither a folder nor a config'):
        check_data.main(['nothing'])
    with pytest.raises(ConfigError, match='takes neither --cfg-options nor --data'):
        check_data.main([str(root), '--cfg-options', 'a=1'])
    with pytest.raises(ConfigError, match='no data loader'):
        check_data.main(['configs/_base_/schedules/cpu_adamw-onecycle.py'])
    (tmp_path / 'empty').mkdir()
    with pytest.raises(ConfigError, match='neither a folder nor a config of this name'):
        check_data.main(['no-such-name'])
    with pytest.raises(ConfigError, match='no_such_option'):  # the name is known
        check_data.main(['dnanet_b16-1500e_nuaa-sirst-341-86', '--cfg-options', 'no_such_option=1'])
    with pytest.raises(DataError, match='no data set of a known layout'):
        check_data.main([str(tmp_path / 'empty')])


def test_training_points_to_the_check_which_names_everything(root, tmp_path):
    """The command that train.py prints is run as it is, from elsewhere."""
    for number in (0, 3, 4):
        (root / 'images' / f'{number}.png').write_bytes(b'')
    train = subprocess.run(
        [
            sys.executable,
            REPO / 'tools/train.py',
            'configs/ggl_net/ggl-net-tiny_pretrained-b8-70e_nuaa-sirst-341-86.py',
            '--work-dir',
            tmp_path / 'work',
            '--cfg-options',
            f'data_root={root}',
            'holdout.num=2',
            'train_cfg.max_epochs=1',
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert train.returncode == 2, train.stderr
    assert 'the file is empty (0 bytes)' in train.stderr
    lines = train.stderr.strip().splitlines()
    assert lines[-2] == 'to list everything wrong with the data set at once:'
    command = lines[-1].strip()
    assert command.startswith(f'python {REPO}/tools/analysis_tools/check_dataset.py configs/')
    check = subprocess.run(
        f'{sys.executable} {command.removeprefix("python ")}',
        shell=True,
        cwd=tmp_path,
        text=True,
        capture_output=True,
        check=False,
    )
    assert check.returncode == 1, check.stderr
    assert '3 file(s) cannot be read' in check.stdout
    assert 'Traceback' not in check.stderr
