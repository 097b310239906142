"""Early stopping added to a config by an option."""

from __future__ import annotations

from typing import Any

from mmirstd.utils.config_parts import bare_type
from mmirstd.utils.errors import ConfigError


def stop_early(cfg: Any, patience: int) -> None:
    """Let a training end when the measure that chooses its best checkpoint no longer improves; in place.

    Args:
        cfg: With a checkpoint hook that has ``save_best`` and ``rule``.
        patience: After so many validations without a better one.

    Raises:
        ConfigError: ``patience`` is below 1, nothing is validated, or it is not said what is better.
    """
    if patience < 1:
        raise ConfigError(f'--patience {patience}: expected a number of validations, 1 or more')
    if not cfg.get('val_dataloader') or not cfg.get('val_cfg'):
        raise ConfigError('--patience: the config validates nothing (val_dataloader, val_cfg), so nothing can be seen')
    hook = (cfg.get('default_hooks') or {}).get('checkpoint') or {}
    best, rule = hook.get('save_best'), hook.get('rule')
    if not isinstance(best, str) or best == 'auto' or rule not in ('greater', 'less'):
        raise ConfigError(
            f'--patience: default_hooks.checkpoint has save_best={best!r}, rule={rule!r}; expected the name of one '
            'measure, and what is better',
            cure='--cfg-options default_hooks.checkpoint.save_best=IoU default_hooks.checkpoint.rule=greater',
        )
    stopping = dict(type='mmirstd.PatienceHook', monitor=best, rule=rule, patience=patience)
    # the config in a work dir has the hook of its own training
    others = [hook for hook in cfg.get('custom_hooks') or () if bare_type(hook) != 'PatienceHook']
    cfg.custom_hooks = [*others, stopping]
