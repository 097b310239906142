"""Hooks of mmirstd."""

from .atomic_checkpoint_hook import AtomicCheckpointHook
from .auxiliary_loss_hook import AuxiliaryLossHook
from .average_buffers_hook import AverageBuffersHook
from .channels_last_hook import ChannelsLastHook
from .checkpoint_guard_hook import CheckpointGuardHook
from .epoch_seed_hook import EpochSeedHook
from .epoch_table_hook import EpochTableHook
from .gradient_diagnostics_hook import GradientDiagnosticsHook
from .hard_negative_hook import HardNegativeHook
from .lesps_hook import LESPSHook
from .missed_validation_hook import MissedValidationHook
from .nonfinite_loss_hook import NonFiniteLossHook
from .normalization_hook import NormalizationHook
from .pal_hook import PALHook
from .patience_hook import PatienceHook
from .prediction_dump_hook import PredictionDumpHook
from .prediction_writer_hook import PredictionWriterHook
from .preemption_hook import PreemptionHook
from .schedule_guard_hook import ScheduleGuardHook
from .time_budget_hook import TimeBudgetHook
from .timed_logger_hook import TimedLoggerHook

__all__ = [
    'AtomicCheckpointHook',
    'AuxiliaryLossHook',
    'AverageBuffersHook',
    'ChannelsLastHook',
    'CheckpointGuardHook',
    'EpochSeedHook',
    'EpochTableHook',
    'GradientDiagnosticsHook',
    'HardNegativeHook',
    'LESPSHook',
    'MissedValidationHook',
    'NonFiniteLossHook',
    'NormalizationHook',
    'PALHook',
    'PatienceHook',
    'PredictionDumpHook',
    'PredictionWriterHook',
    'PreemptionHook',
    'ScheduleGuardHook',
    'TimeBudgetHook',
    'TimedLoggerHook',
]
