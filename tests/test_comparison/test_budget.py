from __future__ import annotations

import pytest

from mmirstd.comparison import Budget, schedule_epochs
from mmirstd.utils.errors import ConfigError


def budget(**changes) -> Budget:
    return Budget(
        **dict(
            dict(epochs=30, batch_size=4, val_interval=2, schedule='cpu_adamw-onecycle', lr=None, seeds=(0,)), **changes
        )
    )


def test_options() -> None:
    options = {'train_cfg.max_epochs': 30, 'train_cfg.val_interval': 2, 'train_dataloader.batch_size': 4}
    assert budget().options() == options
    # the cycle's top as well
    assert budget(lr=1e-3).options() == {
        **options,
        'optim_wrapper.optimizer.lr': 1e-3,
        'param_scheduler.0.eta_max': 1e-3,
    }
    assert budget(lr=1e-3, schedule='basicirstd_adam-400e').options() == {
        **options,
        'optim_wrapper.optimizer.lr': 1e-3,
    }


def test_schedules() -> None:
    assert schedule_epochs('basicirstd_adam-400e') == 400
    with pytest.raises(ConfigError, match=r'--schedule basicirstd_adam: .*\n  did you mean: basicirstd_adam-400e'):
        budget(schedule='basicirstd_adam').options()
