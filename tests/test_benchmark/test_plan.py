from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmirstd.benchmark.history import History
from mmirstd.benchmark.plan import Plan, choose_checkpoint, read_plan, resume_point
from mmirstd.utils.errors import CheckpointError, ConfigError

PLAN = Plan(True, 'epoch', 10, 1, 3, 'IoU', 'greater')


def checkpoint(path: Path) -> Path:
    torch.save({}, path)
    return path


def config(**hook) -> Config:
    return Config(
        dict(
            train_cfg=dict(max_epochs=10, val_interval=3),
            train_dataloader=dict(x=1),
            optim_wrapper=dict(x=1),
            val_dataloader=dict(x=1),
            default_hooks=dict(checkpoint=hook),
        )
    )


def test_plans() -> None:
    assert read_plan(config(save_best='IoU', rule='greater'), 'x') == PLAN
    assert [step for step in range(1, 11) if PLAN.validates(step)] == [3, 6, 9, 10]
    assert PLAN.selection == 'highest IoU on the validation split'
    assert read_plan(config(save_best='loss', rule='less'), 'x').selection == 'lowest loss on the validation split'
    assert read_plan(config(), 'x').selection == 'last checkpoint'
    assert read_plan(Config(dict(model=dict())), 'x').selection == 'no training'
    for hook in (
        dict(save_best='auto', rule='greater'),
        dict(save_best='IoU'),
        dict(save_best=['IoU'], rule='greater'),
    ):
        with pytest.raises(ConfigError, match='needs the name of one metric'):
            read_plan(config(**hook), 'x')


def test_resume_passes_over_an_epoch_whose_validation_is_missing(tmp_path: Path) -> None:
    five = checkpoint(tmp_path / 'epoch_5.pth')
    six = checkpoint(tmp_path / 'epoch_6.pth')
    (tmp_path / 'epoch_7.pth').write_bytes(b'PK cut')
    assert resume_point(tmp_path, PLAN, History([], [dict(step=3, IoU=0.1)])) == five
    assert resume_point(tmp_path, PLAN, History([], [dict(step=6, IoU=0.1)])) == six
    five.unlink()
    assert resume_point(tmp_path, PLAN, History([], [])) is None


def test_the_first_of_the_best_is_chosen(tmp_path: Path) -> None:
    best = checkpoint(tmp_path / 'best_IoU_epoch_6.pth')
    history = History([], [dict(step=s, IoU=v) for s, v in ((3, 0.2), (6, 0.5), (9, 0.5), (10, float('nan')))])
    assert choose_checkpoint(tmp_path, PLAN, history) == (best, 6, dict(step=6, IoU=0.5))
    best.unlink()
    with pytest.raises(CheckpointError, match=r'best_IoU_epoch_6.pth is not in'):
        choose_checkpoint(tmp_path, PLAN, history)
    with pytest.raises(CheckpointError, match=r"no validation has 'IoU'"):
        choose_checkpoint(tmp_path, PLAN, History([], [dict(step=3, Pd=1.0)]))


def test_without_a_rule_the_last_is_taken(tmp_path: Path) -> None:
    plan = Plan(True, 'epoch', 10)
    with pytest.raises(CheckpointError, match='holds no epoch_N.pth'):
        choose_checkpoint(tmp_path, plan, History([], []))
    checkpoint(tmp_path / 'epoch_9.pth')
    last = checkpoint(tmp_path / 'epoch_10.pth')
    assert choose_checkpoint(tmp_path, plan, History([], [])) == (last, 10, {})
