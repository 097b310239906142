"""A learning rate that the schedule does not read."""

from __future__ import annotations

import pytest

from mmirstd.engine.config_files import load_config
from mmirstd.utils.errors import ConfigError

ONE_CYCLE = 'configs/ggl_net/ggl-net-tiny_pretrained-b8-70e_nuaa-sirst-341-86.py'
CONSTANT = 'configs/mshnet/mshnet_b4-400e_irstd-1k-800-201.py'
RATE = {'optim_wrapper.optimizer.lr': 1e-4}


def test_a_rate_without_effect_is_refused() -> None:
    with pytest.raises(ConfigError, match=r'no effect[\s\S]*cure: .*lr=0.0001 param_scheduler.0.eta_max=0.0001'):
        load_config(ONE_CYCLE, RATE)


def test_one_that_counts_is_taken() -> None:
    cfg = load_config(ONE_CYCLE, {**RATE, 'param_scheduler.0.eta_max': 1e-4})
    assert cfg.param_scheduler[0].eta_max == cfg.optim_wrapper.optimizer.lr == 1e-4
    assert load_config(CONSTANT, RATE).optim_wrapper.optimizer.lr == 1e-4
    top = load_config(ONE_CYCLE).param_scheduler[0].eta_max
    load_config(ONE_CYCLE, {'optim_wrapper.optimizer.lr': top})  # as the schedule has it
