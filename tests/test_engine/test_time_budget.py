from __future__ import annotations

import pytest
from mmengine.config import Config

from mmirstd.engine.time_budget import limit_minutes
from mmirstd.utils.errors import ConfigError


@pytest.mark.parametrize(
    'hook',
    [
        None,
        dict(type='ParamSchedulerHook'),
        dict(type='mmengine.hooks.ParamSchedulerHook'),  # mmengine's new style, written into a work dir
        dict(type='mmirstd.TimeBudgetHook', minutes=1.0),  # of a training that had the option
    ],
)
def test_the_hook_that_steps_the_schedules_is_replaced(hook):
    cfg = Config(dict(default_hooks=dict(param_scheduler=hook)) if hook else {})
    limit_minutes(cfg, 8, 3.5)
    assert cfg.default_hooks.param_scheduler == dict(type='mmirstd.TimeBudgetHook', minutes=8.0, spent_s=3.5)


def test_what_cannot_be_is_an_error():
    with pytest.raises(ConfigError, match='more than 0'):
        limit_minutes(Config({}), 0)
    with pytest.raises(ConfigError, match='my.Hook'):
        limit_minutes(Config(dict(default_hooks=dict(param_scheduler=dict(type='my.Hook')))), 1)
