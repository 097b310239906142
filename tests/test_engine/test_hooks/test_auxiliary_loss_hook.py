"""The hook with mmengine's real runner: schedules go on after an interruption."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.runner import Runner
from torch import nn

from tests.test_models.test_necks.bp_fpn_models import FPN, fcos

from .test_gradient_diagnostics_hook import Images, collate

ALPHA = dict(start_factor=0.0, end_factor=1.0)


@pytest.fixture(autouse=True)
def no_report_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Runner, '_log_env', lambda *args, **kwargs: None)


def neck(alpha) -> dict:
    return dict(type='mmirstd.BPFPN', pyramid=FPN, dgr=dict(form='route', alpha=alpha))


def train(model: nn.Module, work_dir: Path, resume: bool = False, stop_after: int | None = None, **loop) -> list[float]:
    """Train for four epochs of two iterations; returns alpha as each step logged it."""
    seen: list[float] = []
    loop = loop or dict(by_epoch=True, max_epochs=4)
    runner = Runner(
        model=model,
        work_dir=str(work_dir),
        experiment_name=f'{work_dir.name}{resume}',
        train_dataloader=dict(
            dataset=Images(4),
            batch_size=2,
            num_workers=0,
            collate_fn=collate,
            sampler=dict(type='DefaultSampler', shuffle=False),
        ),
        train_cfg=loop,
        optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-3)),
        default_hooks=dict(
            checkpoint=dict(type='CheckpointHook', interval=1, by_epoch=loop['by_epoch']),
            auxiliary_loss=dict(type='mmirstd.AuxiliaryLossHook'),
        ),
        visualizer=dict(type='Visualizer', vis_backends=[]),
        log_level='ERROR',
        resume=resume,
    )
    runner._init_model_weights = lambda: None  # the models come initialized
    step = model.train_step

    def train_step(*args, **kwargs):
        log = step(*args, **kwargs)
        seen.append(log['dgr_alpha_l1'].item())
        if len(seen) == stop_after:
            raise KeyboardInterrupt
        return log

    model.train_step = train_step
    runner.train()
    return seen


def test_an_interrupted_schedule_goes_on_where_it_stopped(tmp_path: Path) -> None:
    whole = fcos(neck(ALPHA))
    expected = [0.0, 0.0, 1 / 3, 1 / 3, 2 / 3, 2 / 3, 1.0, 1.0]
    assert train(whole, tmp_path / 'whole') == pytest.approx(expected)
    with pytest.raises(KeyboardInterrupt):
        train(fcos(neck(ALPHA)), tmp_path / 'parts', stop_after=5)  # in the third epoch
    resumed = fcos(neck(ALPHA), seed=7)
    assert train(resumed, tmp_path / 'parts', resume=True) == pytest.approx(expected[4:])
    assert all(torch.equal(v, resumed.state_dict()[k]) for k, v in whole.state_dict().items())


def test_a_training_that_counts_iterations(tmp_path: Path) -> None:
    loop = dict(by_epoch=False, max_iters=3)
    assert train(fcos(neck(dict(ALPHA, by_epoch=False))), tmp_path / 'a', **loop) == [0.0, 0.5, 1.0]
    with pytest.raises(RuntimeError, match='by_epoch=False'):
        train(fcos(neck(ALPHA)), tmp_path / 'b', **loop)
