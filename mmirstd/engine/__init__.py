"""Runner-side parts: optimiser wrapper, hooks, thread settings, process groups, clear errors."""

from .errors import CheckpointError, ConfigError, UserError, explain_config_errors
from .hooks import (
    AuxiliaryLossHook,
    ChannelsLastHook,
    CheckpointGuardHook,
    EpochSeedHook,
    GradientDiagnosticsHook,
    PredictionDumpHook,
)
from .optim_wrapper import AutocastOptimWrapper
from .threads import ThreadPlan, apply_threads, plan_threads

__all__ = [
    'AutocastOptimWrapper', 'AuxiliaryLossHook', 'ChannelsLastHook', 'CheckpointError', 'CheckpointGuardHook',
    'ConfigError', 'EpochSeedHook', 'GradientDiagnosticsHook', 'PredictionDumpHook', 'ThreadPlan', 'UserError',
    'apply_threads', 'explain_config_errors', 'plan_threads'
]
