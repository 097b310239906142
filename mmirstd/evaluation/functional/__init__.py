"""IRSTD measures in NumPy and OpenCV; importable without torch and mmengine.

The parts below these names are in the modules: matching rules in ``matching``, rules of a protocol in ``protocols``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmirstd.utils.components import Components, label_components
from mmirstd.utils.renamed import renamed_names

from .binarize import binarize
from .coco_evaluation import CocoEvaluation
from .evaluate import count_evidence, count_image, evaluate, summarize
from .frame_detections import FrameDetections
from .image_evidence import ImageEvidence
from .image_records import image_records
from .pd_fa_curve import PdFaCurve, pd_fa_curve
from .pixels import PixelCounts, f1, iou, pixel_counts, precision, recall
from .protocols import ALIASES, PROTOCOLS, ProtocolSpec, get_protocol
from .roc_curve import RocCurve, roc_curve
from .target_scr import target_scr

__all__ = [
    'ALIASES',
    'CocoEvaluation',
    'Components',
    'FrameDetections',
    'ImageEvidence',
    'PROTOCOLS',
    'PdFaCurve',
    'PixelCounts',
    'ProtocolSpec',
    'RocCurve',
    'binarize',
    'count_evidence',
    'count_image',
    'evaluate',
    'f1',
    'get_protocol',
    'image_records',
    'iou',
    'label_components',
    'pd_fa_curve',
    'pixel_counts',
    'precision',
    'recall',
    'roc_curve',
    'summarize',
    'target_scr',
]

#: Names that this package gave out before 0.2 -> where they are now.
_MOVED = {
    'DENOMINATORS': 'pd_fa.DENOMINATORS',
    'FALSE_ALARMS': 'pd_fa.FALSE_ALARMS',
    'FRAMES': 'box_protocols.BOX_PROTOCOLS',
    'IouRule': 'overlap.IouRule',
    'MATCHINGS': 'matching.MATCHINGS',
    'Matches': 'matching.Matches',
    'NiouRule': 'overlap.NiouRule',
    'PD_FA_THRESHOLDS': 'pd_fa_curve.PD_FA_THRESHOLDS',
    'PixelRule': 'overlap.PixelRule',
    'PredictionRule': 'binarize.PredictionRule',
    'ROC_THRESHOLDS': 'roc_curve.ROC_THRESHOLDS',
    'RocRule': 'roc_rule.RocRule',
    'SCALARS': 'evaluate.SCALARS',
    'TRUTH_RULES': 'binarize.TRUTH_RULES',
    'TargetRule': 'pd_fa.TargetRule',
    'binarise': 'binarize.binarize',
    'binarise_truth': 'binarize.binarize_truth',
    'centroid_distances': 'matching.centroid_distances',
    'component_maxima': 'mmirstd.utils.components.component_maxima',
    'count_frame': 'box_pd_fa.count_frame',
    'exact_mean': 'pixels.exact_mean',
    'exceedance_counts': 'roc_rule.exceedance_counts',
    'hit_components': 'mmirstd.utils.components.hit_components',
    'local_scr': 'target_scr.target_scr',
    'match_any_pixel': 'matching.match_any_pixel',
    'match_centres': 'box_pd_fa.match_centers',
    'match_first': 'matching.match_first',
    'match_nearest': 'matching.match_nearest',
    'normalise_by_max': 'binarize.normalize_by_max',
    'pd_by_scr': 'box_pd_fa.pd_by_scr',
    'pd_fa_counts': 'pd_fa_curve.pd_fa_counts',
    'ratio': 'pixels.ratio',
    'score_histograms': 'roc_curve.score_histograms',
    'sum_counts': 'pixels.sum_counts',
    'summarise': 'evaluate.summarize',
    'summarise_counts': 'box_pd_fa.summarize_counts',
    'summarise_parts': 'evaluate.summarize_parts',
    'trapezoid': 'roc_curve.trapezoid',
}

if not TYPE_CHECKING:
    __getattr__ = renamed_names(__name__, _MOVED)
