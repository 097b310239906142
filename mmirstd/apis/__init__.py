"""Use trained models from Python."""

from .app_session import AppSession, SessionStore
from .build import build_inferencer
from .frame_stream import FrameStream, RawFormat
from .inputs import Source, expand_inputs
from .irstd_inferencer import IRSTDInferencer
from .measure import measure_boxes, measure_targets
from .model_choices import ModelChoice, ModelShelf, given_choice, shipped_choices
from .moving_target_inferencer import MovingTargetInferencer
from .output_folder import OutputFolder
from .result_writer import KINDS, ResultWriter
from .results import FrameResult
from .streaming import StreamingDetector
from .target_schema import CSV_COLUMNS, SCHEMA, SCHEMA_VERSION, Target
from .tiling import AUTO_TILE_PIXELS, Tiling
from .uploads import UploadedFile, UploadLimits, accept_upload

__all__ = [
    'AUTO_TILE_PIXELS', 'AppSession', 'CSV_COLUMNS', 'FrameResult', 'FrameStream', 'IRSTDInferencer', 'KINDS',
    'ModelChoice', 'ModelShelf', 'MovingTargetInferencer', 'OutputFolder', 'RawFormat', 'ResultWriter', 'SCHEMA',
    'SCHEMA_VERSION', 'SessionStore', 'Source', 'StreamingDetector', 'Target', 'Tiling', 'UploadLimits',
    'UploadedFile', 'accept_upload', 'build_inferencer', 'expand_inputs', 'given_choice', 'measure_boxes',
    'measure_targets', 'shipped_choices'
]
