from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.hooks import EMAHook, Hook
from mmengine.runner import Runner
from torch import nn

from mmirstd.compat.checkpoint import install_safe_checkpoint_loading
from mmirstd.engine import CheckpointGuardHook
from mmirstd.engine.hooks.checkpoint_guard_hook import compare_state_dict, describe_architecture
from mmirstd.utils.errors import CheckpointError
from tests.test_engine.small_runner import Model, RisingScore, small_runner

META_CFG = """
import os
model = dict(
    backbone=dict(base_channels=8, type='mmirstd.GGLEncoder'),
    decode_head=dict(type='mmirstd.IRSTDHead'),
    type='EncoderDecoder')
os.remove('/nonexistent')
"""


def network(width: int = 4) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(1, width, 3, padding=1), nn.BatchNorm2d(width), nn.Conv2d(width, 2, 3, padding=1))


class Logger:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def warning(self, line: str) -> None:
        self.lines.append(line)


def runner_of(model, resume=False):
    return SimpleNamespace(model=model, logger=Logger(), _resume=resume)


def test_matching_checkpoint_passes_with_prefix_and_without_counters():
    model = network()
    state = {f'module.{k}': v for k, v in model.state_dict().items() if 'num_batches' not in k}
    CheckpointGuardHook().after_load_checkpoint(runner_of(model), dict(state_dict=state))
    CheckpointGuardHook().after_load_checkpoint(runner_of(model), dict(model.state_dict()))  # bare weights


class Seen(Hook):
    """The weights that are tested, or the average that a training begins with."""

    def before_test_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        self.weights = {name: value.clone() for name, value in runner.model.state_dict().items()}

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        average = next(hook for hook in runner.hooks if isinstance(hook, EMAHook)).ema_model.module
        self.weights = {name: value.clone() for name, value in average.state_dict().items()}


@pytest.mark.parametrize('run', ['test', 'train'])
@pytest.mark.parametrize(
    'content', [dict, lambda state: dict(state_dict={f'module.{key}': value for key, value in state.items()})]
)
def test_a_moving_average_begins_with_bare_weights_and_with_a_prefix(tmp_path: Path, run: str, content: Any) -> None:
    """EMAHook takes ``state_dict`` and its keys as they are, and passes over what does not fit."""
    install_safe_checkpoint_loading()
    state = Model().state_dict()
    torch.save(content(state), tmp_path / 'weights.pth')
    seen, data = Seen(), dict(dataset=[torch.ones(1)], sampler=dict(type='DefaultSampler', shuffle=False), batch_size=1)
    runner = small_runner(
        tmp_path,
        1,
        load_from=str(tmp_path / 'weights.pth'),
        custom_hooks=[EMAHook(), CheckpointGuardHook(), seen],
        test_dataloader=data,
        test_evaluator=Evaluator(RisingScore()),
        test_cfg=dict(),
    )
    getattr(runner, run)()
    assert all(torch.equal(value, seen.weights[key]) for key, value in state.items())


def test_comparison_counts_each_kind():
    state = network(8).state_dict()
    state['extra'] = torch.zeros(1)
    state.pop('2.bias')
    found = compare_state_dict(network(4), state)
    assert {k: len(v) for k, v in found.items()} == dict(matched=0, missing=1, unexpected=1, mismatched=7)
    assert '2.weight: (2, 8, 3, 3) in the file, (2, 4, 3, 3) in the model' in found['mismatched']


def test_foreign_checkpoint_is_refused_with_what_it_is():
    checkpoint = dict(state_dict=network(8).state_dict(), meta=dict(cfg=META_CFG))
    with pytest.raises(CheckpointError) as error:
        CheckpointGuardHook(filename='a.pth').after_load_checkpoint(runner_of(network(4)), checkpoint)
    message = str(error.value)
    assert message.startswith("a.pth: 1 of the model's 8 entries match")
    assert 'of another shape (7): 0.weight: (8, 1, 3, 3) in the file, (4, 1, 3, 3) in the model' in message
    assert 'EncoderDecoder(backbone=mmirstd.GGLEncoder, decode_head=mmirstd.IRSTDHead)' in message
    assert 'cure:' in message


def test_entries_of_the_file_alone_mean_another_architecture():
    state = {**network().state_dict(), 'neck.weight': torch.zeros(1)}
    with pytest.raises(CheckpointError, match=r'only in the file \(1\): neck.weight'):
        CheckpointGuardHook().after_load_checkpoint(runner_of(network()), dict(state_dict=state))


def test_fine_tuning_accepts_a_base_checkpoint_and_says_what_is_new():
    state = network().state_dict()
    state.pop('2.bias')
    runner = runner_of(network())
    CheckpointGuardHook(min_match=0.5).after_load_checkpoint(runner, dict(state_dict=state))
    assert 'missing in the file (1): 2.bias' in runner.logger.lines[0]
    with pytest.raises(CheckpointError):
        CheckpointGuardHook(min_match=0.5).after_load_checkpoint(runner, dict(state_dict={'2.bias': state['0.bias']}))


def test_a_run_cannot_continue_from_bare_weights():
    model = network()
    with pytest.raises(CheckpointError, match='load_from=CKPT'):
        CheckpointGuardHook().after_load_checkpoint(runner_of(model, resume=True), dict(state_dict=model.state_dict()))


def test_config_that_resume_would_execute_is_removed():
    model = network()
    checkpoint = dict(state_dict=model.state_dict(), meta=dict(config='raise SystemExit', cfg='x = 1'))
    CheckpointGuardHook().after_load_checkpoint(runner_of(model), checkpoint)
    assert checkpoint['meta'] == dict(cfg='x = 1')


@pytest.mark.parametrize('meta', [None, {}, dict(cfg='model = ('), dict(cfg='x = 1')])
def test_architecture_may_be_unknown(meta):
    assert describe_architecture(dict(meta=meta)).startswith('unknown')
    assert describe_architecture({}).startswith('unknown')
