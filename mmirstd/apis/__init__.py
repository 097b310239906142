"""Use trained models from Python; the names are imported on first use."""

from typing import TYPE_CHECKING

from mmirstd.utils.lazy import lazy_names

if TYPE_CHECKING:
    from .build import build_inferencer
    from .detector_inferencer import DetectorInferencer
    from .exported_inferencer import ExportedInferencer
    from .exported_sequence_inferencer import ExportedSequenceInferencer
    from .frame_result import FrameResult
    from .inputs import Source, expand_inputs
    from .irstd_inferencer import IRSTDInferencer
    from .moving_target_inferencer import MovingTargetInferencer
    from .output_folder import OutputFolder
    from .result_writer import ResultWriter
    from .streaming_detector import StreamingDetector
    from .streaming_segmentor import StreamingSegmentor
    from .target_measurement import measure_boxes, measure_targets
    from .target_schema import Target
    from .target_tracker import TargetTracker
    from .tiling import Tiling

_MODULES = {
    'DetectorInferencer': '.detector_inferencer',
    'ExportedInferencer': '.exported_inferencer',
    'ExportedSequenceInferencer': '.exported_sequence_inferencer',
    'FrameResult': '.frame_result',
    'IRSTDInferencer': '.irstd_inferencer',
    'MovingTargetInferencer': '.moving_target_inferencer',
    'OutputFolder': '.output_folder',
    'ResultWriter': '.result_writer',
    'Source': '.inputs',
    'StreamingDetector': '.streaming_detector',
    'StreamingSegmentor': '.streaming_segmentor',
    'Target': '.target_schema',
    'TargetTracker': '.target_tracker',
    'Tiling': '.tiling',
    'build_inferencer': '.build',
    'expand_inputs': '.inputs',
    'measure_boxes': '.target_measurement',
    'measure_targets': '.target_measurement',
}
__all__ = [
    'DetectorInferencer',
    'ExportedInferencer',
    'ExportedSequenceInferencer',
    'FrameResult',
    'IRSTDInferencer',
    'MovingTargetInferencer',
    'OutputFolder',
    'ResultWriter',
    'Source',
    'StreamingDetector',
    'StreamingSegmentor',
    'Target',
    'TargetTracker',
    'Tiling',
    'build_inferencer',
    'expand_inputs',
    'measure_boxes',
    'measure_targets',
]
if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(__name__, _MODULES)
