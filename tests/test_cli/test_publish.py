"""The small file predicts what the training checkpoint predicts, and holds nothing of the machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mmirstd.cli.publish import publish
from mmirstd.compat.checkpoint import load_checkpoint_file
from mmirstd.utils.errors import CheckpointError
from tests.shared import REPO


def training_checkpoint(folder: Path, **weights: torch.Tensor) -> Path:
    torch.manual_seed(0)
    state = {
        'backbone.conv.weight': torch.randn(4, 3, 3, 3),
        'backbone.bn.running_var': torch.tensor([1e5, 1e-9]),
        'backbone.bn.num_batches_tracked': torch.tensor(7),
        'head.bias': torch.randn(4),
        **weights,
    }
    cfg = "data_root = '/home/somebody/data/NUAA-SIRST'\nwork_dir = 'work_dirs/x'\n"
    meta = dict(
        epoch=3,
        iter=90,
        seed=0,
        cfg=cfg,
        experiment_name='x_20200101',
        time='today',
        normalization=[dict(bit_depth=14)],
    )
    path = folder / 'best_IoU_epoch_3.pth'
    torch.save(dict(meta=meta, state_dict=state, optimizer=dict(state={}), message_hub={}), path)
    return path


def test_kernels_are_halved_and_statistics_kept(tmp_path: Path) -> None:
    source = training_checkpoint(tmp_path)
    done = publish(source, tmp_path / 'new' / 'small.pth')
    state = load_checkpoint_file(str(source), 'cpu')['state_dict']
    small = load_checkpoint_file(str(tmp_path / 'new' / 'small.pth'), 'cpu')
    assert set(small) == {'meta', 'state_dict'}
    assert list(small['state_dict']) == list(state)
    for key, value in small['state_dict'].items():
        if value.ndim >= 2:
            assert value.dtype == torch.float16
            torch.testing.assert_close(value.float(), state[key], rtol=2**-11, atol=1e-7)
        else:
            assert value.dtype == state[key].dtype
            assert torch.equal(value, state[key])
    assert 0 < done['largest_change'] < 2e-3
    assert small['meta'] == dict(
        epoch=3,
        iter=90,
        seed=0,
        cfg="data_root = 'NUAA-SIRST'\nwork_dir = 'work_dirs/x'\n",
        normalization=[dict(bit_depth=14)],
    )


def test_full_precision_on_demand(tmp_path: Path) -> None:
    done = publish(training_checkpoint(tmp_path), tmp_path / 'small.pth', half=False)
    small = load_checkpoint_file(str(tmp_path / 'small.pth'), 'cpu')['state_dict']
    assert small['backbone.conv.weight'].dtype == torch.float32
    assert done['largest_change'] == 0


@pytest.mark.parametrize(
    ('weights', 'message'),
    [
        ({'head.weight': torch.full((2, 2), 1e6)}, 'head.weight has values beyond float16'),
        ({'head.weight': torch.full((2, 2), float('nan'))}, 'head.weight has values that are not finite'),
    ],
)
def test_weights_that_would_be_spoilt(tmp_path: Path, weights: dict, message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        publish(training_checkpoint(tmp_path, **weights), tmp_path / 'small.pth')
    assert not (tmp_path / 'small.pth').exists()


def test_no_weights(tmp_path: Path) -> None:
    torch.save(dict(state_dict={}), tmp_path / 'a.pth')
    with pytest.raises(CheckpointError, match='holds no weights'):
        publish(tmp_path / 'a.pth', tmp_path / 'small.pth')


def test_the_tool_replaces_nothing_unasked(tmp_path: Path) -> None:
    source = training_checkpoint(tmp_path)
    command = [sys.executable, 'tools/model_converters/publish_model.py', str(source), str(tmp_path / 'small.pth')]
    first = subprocess.run(command, cwd=REPO, capture_output=True, text=True)
    assert first.returncode == 0, first.stderr
    assert 'SHA-256' in first.stdout
    second = subprocess.run(command, cwd=REPO, capture_output=True, text=True)
    assert second.returncode == 2
    assert 'exists' in second.stderr
    assert subprocess.run([*command, '--overwrite'], cwd=REPO, capture_output=True).returncode == 0
