from __future__ import annotations

import pytest
from mmengine.config import Config

from mmirstd.engine.time_budget import limit_minutes
from mmirstd.utils.errors import ConfigError


@pytest.mark.parametrize('cfg', [{}, dict(default_hooks=dict(param_scheduler=dict(type='ParamSchedulerHook')))])
def test_the_hook_that_steps_the_schedules_is_replaced(cfg):
    cfg = Config(cfg)
    limit_minutes(cfg, 8, 3.5)
    assert cfg.default_hooks.param_scheduler == dict(type='mmirstd.TimeBudgetHook', minutes=8.0, spent_s=3.5)


def test_what_cannot_be_is_an_error():
    with pytest.raises(ConfigError, match='more than 0'):
        limit_minutes(Config({}), 0)
    with pytest.raises(ConfigError, match='my.Hook'):
        limit_minutes(Config(dict(default_hooks=dict(param_scheduler=dict(type='my.Hook')))), 1)
