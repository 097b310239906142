"""IRSTD measures in NumPy and OpenCV; importable without torch and mmengine."""

from .binarise import TRUTH_RULES, PredictionRule, binarise, binarise_truth, normalise_by_max
from .box_centroids import count_frame, match_centres, pd_by_scr, summarise_counts
from .coco_curves import FRAMES, CocoEvaluation
from .components import Components, component_maxima, hit_components, label_components
from .curves import ROC_THRESHOLDS, RocCurve, roc_curve, score_histograms
from .detections import FrameDetections
from .evaluate import SCALARS, count_evidence, count_image, evaluate, summarise, summarise_parts
from .evidence import ImageEvidence
from .matching import MATCHINGS, Matches, centroid_distances, match_any_pixel, match_first, match_nearest
from .overlap import IouRule, NiouRule, PixelRule
from .pd_fa_curve import PD_FA_THRESHOLDS, PdFaCurve, pd_fa_counts, pd_fa_curve
from .pixels import PixelCounts, exact_mean, f1, iou, pixel_counts, precision, ratio, recall, sum_counts
from .protocols import ALIASES, PROTOCOLS, ProtocolSpec, get_protocol
from .records import image_records, target_scr
from .roc import RocRule, exceedance_counts, trapezoid
from .targets import DENOMINATORS, FALSE_ALARMS, TargetRule

__all__ = [
    'ALIASES', 'CocoEvaluation', 'Components', 'DENOMINATORS', 'FALSE_ALARMS', 'FRAMES', 'FrameDetections',
    'ImageEvidence', 'IouRule', 'MATCHINGS', 'Matches', 'NiouRule', 'PD_FA_THRESHOLDS', 'PROTOCOLS',
    'PdFaCurve', 'PixelCounts', 'PixelRule', 'PredictionRule', 'ProtocolSpec', 'ROC_THRESHOLDS', 'RocCurve',
    'RocRule', 'SCALARS', 'TRUTH_RULES', 'TargetRule', 'binarise', 'binarise_truth', 'centroid_distances',
    'component_maxima', 'count_evidence', 'count_frame', 'count_image', 'evaluate', 'exact_mean',
    'exceedance_counts', 'f1', 'get_protocol', 'hit_components', 'image_records', 'iou', 'label_components',
    'match_any_pixel', 'match_centres', 'match_first', 'match_nearest', 'normalise_by_max',
    'pd_by_scr', 'pd_fa_counts', 'pd_fa_curve', 'pixel_counts', 'precision', 'ratio', 'recall', 'roc_curve',
    'score_histograms', 'sum_counts', 'target_scr', 'summarise', 'summarise_counts', 'summarise_parts', 'trapezoid'
]
