"""Runner-side parts: optimizer wrapper, hooks, threads, process groups, clear errors; imported on first use."""

from typing import TYPE_CHECKING

from mmirstd.utils.lazy import lazy_names

if TYPE_CHECKING:
    from mmirstd.utils.errors import CheckpointError, ConfigError, UserError

    from .config_errors import explain_config_errors
    from .hooks import (
        AuxiliaryLossHook,
        ChannelsLastHook,
        CheckpointGuardHook,
        EpochSeedHook,
        GradientDiagnosticsHook,
        NormalizationHook,
        PredictionDumpHook,
        TimedLoggerHook,
    )
    from .optim_wrapper import AutocastOptimWrapper
    from .threads import ThreadPlan, apply_threads, plan_threads

_MODULES = {
    'AutocastOptimWrapper': '.optim_wrapper',
    'AuxiliaryLossHook': '.hooks',
    'ChannelsLastHook': '.hooks',
    'CheckpointError': 'mmirstd.utils.errors',
    'CheckpointGuardHook': '.hooks',
    'ConfigError': 'mmirstd.utils.errors',
    'EpochSeedHook': '.hooks',
    'GradientDiagnosticsHook': '.hooks',
    'NormalizationHook': '.hooks',
    'PredictionDumpHook': '.hooks',
    'ThreadPlan': '.threads',
    'TimedLoggerHook': '.hooks',
    'UserError': 'mmirstd.utils.errors',
    'apply_threads': '.threads',
    'explain_config_errors': '.config_errors',
    'plan_threads': '.threads',
}
__all__ = [
    'AutocastOptimWrapper',
    'AuxiliaryLossHook',
    'ChannelsLastHook',
    'CheckpointError',
    'CheckpointGuardHook',
    'ConfigError',
    'EpochSeedHook',
    'GradientDiagnosticsHook',
    'NormalizationHook',
    'PredictionDumpHook',
    'ThreadPlan',
    'TimedLoggerHook',
    'UserError',
    'apply_threads',
    'explain_config_errors',
    'plan_threads',
]
__getattr__, __dir__ = lazy_names(__name__, _MODULES)
