"""Runner-side parts: optimizer wrapper, hooks, threads, process groups, clear errors; imported on first use."""

from typing import TYPE_CHECKING

from mmirstd.utils.lazy import lazy_names

if TYPE_CHECKING:
    from .config_errors import explain_config_errors
    from .freed_memory import keep_freed_memory
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
    'CheckpointGuardHook': '.hooks',
    'EpochSeedHook': '.hooks',
    'GradientDiagnosticsHook': '.hooks',
    'NormalizationHook': '.hooks',
    'PredictionDumpHook': '.hooks',
    'ThreadPlan': '.threads',
    'TimedLoggerHook': '.hooks',
    'apply_threads': '.threads',
    'explain_config_errors': '.config_errors',
    'keep_freed_memory': '.freed_memory',
    'plan_threads': '.threads',
}
__all__ = [
    'AutocastOptimWrapper',
    'AuxiliaryLossHook',
    'ChannelsLastHook',
    'CheckpointGuardHook',
    'EpochSeedHook',
    'GradientDiagnosticsHook',
    'NormalizationHook',
    'PredictionDumpHook',
    'ThreadPlan',
    'TimedLoggerHook',
    'apply_threads',
    'explain_config_errors',
    'keep_freed_memory',
    'plan_threads',
]
_MOVED = {name: f'mmirstd.utils.errors.{name}' for name in ('CheckpointError', 'ConfigError', 'UserError')}
if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(__name__, _MODULES, _MOVED)
