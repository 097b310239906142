"""A training that ends after given minutes, as an option on a config."""

from __future__ import annotations

from typing import Any

from mmirstd.utils.config_parts import bare_type, is_mmengines
from mmirstd.utils.errors import ConfigError


def limit_minutes(cfg: Any, minutes: float, spent_s: float = 0.0) -> None:
    """Let a training end in time, its schedule shortened as far as necessary (``TimeBudgetHook``); in place.

    Args:
        cfg: With ``default_hooks``, or without.
        minutes: For all of it, from the start of the process to the end of the last validation.
        spent_s: Seconds of them that have passed already.

    Raises:
        ConfigError: ``minutes`` is not above 0, or the config steps its schedules by a hook of its own.
    """
    if not minutes > 0:
        raise ConfigError(f'--max-minutes {minutes:g}: expected more than 0')
    hooks = cfg.get('default_hooks') or {}
    hook = hooks.get('param_scheduler')
    if hook and not is_mmengines(hook, 'ParamSchedulerHook') and bare_type(hook) != 'TimeBudgetHook':
        raise ConfigError(
            f'--max-minutes: default_hooks.param_scheduler is a {hook.get("type")}, which this option would replace',
            expected='ParamSchedulerHook',
            cure='train_cfg.max_epochs in place of --max-minutes',
        )
    budget = dict(type='mmirstd.TimeBudgetHook', minutes=float(minutes), spent_s=spent_s)
    cfg.default_hooks = dict(hooks, param_scheduler=budget)
