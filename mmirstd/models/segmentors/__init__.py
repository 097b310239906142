"""Segmentors that are not mmseg's own: of clips, and the classical methods."""

from .classical import ClassicalSegmentor
from .dtum import DTUM
from .lcm import LCM
from .max_median import MaxMedian
from .mpcm import MPCM
from .multi_frame_segmentor import MultiFrameSegmentor
from .pstnn import PSTNN
from .rfr import RFR
from .white_tophat import WhiteTopHat

__all__ = [
    'DTUM',
    'LCM',
    'MPCM',
    'PSTNN',
    'RFR',
    'ClassicalSegmentor',
    'MaxMedian',
    'MultiFrameSegmentor',
    'WhiteTopHat',
]
