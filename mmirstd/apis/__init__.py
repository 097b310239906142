"""Use trained models from Python."""

from .build import build_inferencer
from .frame_stream import FrameStream, RawFormat
from .inputs import Source, expand_inputs
from .irstd_inferencer import IRSTDInferencer
from .measure import measure_boxes, measure_targets
from .moving_target_inferencer import MovingTargetInferencer
from .output_folder import OutputFolder
from .result_writer import KINDS, ResultWriter
from .results import FrameResult
from .streaming import StreamingDetector
from .target_schema import CSV_COLUMNS, SCHEMA, SCHEMA_VERSION, Target
from .tiling import AUTO_TILE_PIXELS, Tiling

__all__ = [
    'AUTO_TILE_PIXELS', 'CSV_COLUMNS', 'FrameResult', 'FrameStream', 'IRSTDInferencer', 'KINDS',
    'MovingTargetInferencer', 'OutputFolder', 'RawFormat', 'ResultWriter', 'SCHEMA', 'SCHEMA_VERSION', 'Source',
    'StreamingDetector', 'Target', 'Tiling', 'build_inferencer', 'expand_inputs', 'measure_boxes', 'measure_targets'
]
