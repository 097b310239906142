"""An option for the optimizer's learning rate, where the schedule has its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmirstd.utils.config_parts import bare_type
from mmirstd.utils.errors import ConfigError

_OPTION = 'optim_wrapper.optimizer.lr'


def check_rate_option(cfg: Any, options: Mapping[str, Any]) -> None:
    """Refuse a learning rate that a one-cycle schedule, which begins and ends at shares of ``eta_max``, never reads.

    Args:
        cfg: After the options were merged.
        options: ``--cfg-options``, keys dotted. One for the schedule says that the user knows of it.

    Raises:
        ConfigError: The rate would have no effect.
    """
    if _OPTION not in options or any(option.startswith('param_scheduler') for option in options):
        return
    given, rate = cfg.get('param_scheduler') or [], options[_OPTION]
    for index, scheduler in enumerate(given if isinstance(given, (list, tuple)) else [given]):
        if bare_type(scheduler) == 'OneCycleLR' and scheduler.get('eta_max') != rate:
            raise ConfigError(
                f'--cfg-options {_OPTION}={rate}: OneCycleLR has the rate {scheduler.get("eta_max")} at its top, and '
                "none of the optimizer's, so the option would have no effect",
                cure=f'--cfg-options {_OPTION}={rate} param_scheduler.{index}.eta_max={rate}, or leave it out',
            )
