from __future__ import annotations

import pytest

from mmirstd.models.losses.route_factor import RouteFactor
from mmirstd.models.training_progress import TrainingProgress


def at(alpha, iteration: int = 0, epoch: int | None = 0, count: int = 2) -> tuple[float, ...]:
    progress = TrainingProgress(iteration, 100, epoch, None if epoch is None else 10)
    return RouteFactor(alpha).at(progress, count)


def test_constants_need_no_progress() -> None:
    assert RouteFactor(0.25).at(None, 3) == (0.25, 0.25, 0.25)
    assert RouteFactor([0, 1]).at(None, 2) == (0.0, 1.0)
    assert not RouteFactor(0.25).scheduled


def test_a_schedule_reaches_its_end_at_the_last_step_before_it() -> None:
    by_epoch = dict(start_factor=0.0, end_factor=[1.0, 0.5], begin=2, end=7)
    assert [at(by_epoch, epoch=epoch) for epoch in (0, 2, 4, 6, 9)] == [
        (0.0, 0.0),
        (0.0, 0.0),
        (0.5, 0.25),
        (1.0, 0.5),
        (1.0, 0.5),
    ]
    whole = dict(start_factor=1.0, end_factor=0.0)
    assert at(whole, epoch=0) == (1.0, 1.0)
    assert at(whole, epoch=9) == (0.0, 0.0)
    by_iteration = dict(whole, by_epoch=False)
    assert at(by_iteration, iteration=0, epoch=None) == (1.0, 1.0)
    assert at(by_iteration, iteration=99, epoch=None) == (0.0, 0.0)
    assert at(by_iteration, iteration=33, epoch=None)[0] == pytest.approx(2 / 3)


def test_the_values_are_those_of_mmengine_s_scheduler() -> None:
    import torch
    from mmengine.optim import LinearParamScheduler

    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    cfg = dict(start_factor=0.2, end_factor=0.8, begin=1, end=6)
    scheduler = LinearParamScheduler(optimizer, 'lr', **cfg)
    for epoch in range(9):
        if epoch >= 1:  # before begin mmengine's leaves the learning rate alone, a factor starts with its first value
            assert at(cfg, epoch=epoch)[0] == pytest.approx(optimizer.param_groups[0]['lr'])
        optimizer.step()
        scheduler.step()


def test_nobody_tells_the_progress() -> None:
    schedule = RouteFactor(dict(start_factor=0, end_factor=1))
    with pytest.raises(RuntimeError, match='AuxiliaryLossHook'):
        schedule.at(None, 1)
    with pytest.raises(RuntimeError, match='by_epoch=False'):
        schedule.at(TrainingProgress(0, 100), 1)


@pytest.mark.parametrize(
    'alpha',
    [
        -0.1,
        float('nan'),
        'half',
        True,
        [],
        [0.5, None],
        dict(start_factor=0.0),
        dict(start_factor=0.0, end_factor=1.0, power=2),
        dict(start_factor=0.0, end_factor=1.0, begin=3, end=4),
        dict(start_factor=0.0, end_factor=1.0, begin=-1),
        dict(start_factor=0.0, end_factor=1.0, end=2.5),
    ],
)
def test_bad_values(alpha) -> None:
    with pytest.raises(ValueError, match='DGRLoss: alpha'):
        RouteFactor(alpha)


def test_another_number_of_levels() -> None:
    RouteFactor(0.5).check_levels(3, 'FPN')
    RouteFactor([0.5, 0.0]).check_levels(2, 'FPN')
    with pytest.raises(ValueError, match='3 levels of FPN feed a finer one'):
        RouteFactor([0.5, 0.0]).check_levels(3, 'FPN')
