"""Segmentors that are not mmseg's own: of clips, and the classical methods."""

from .classical import ClassicalSegmentor
from .dtum import DTUM
from .ipi import IPI
from .lcm import LCM
from .max_median import MaxMedian
from .mpcm import MPCM
from .multi_frame_segmentor import MultiFrameSegmentor
from .pstnn import PSTNN
from .rfr import RFR
from .white_tophat import WhiteTopHat
from .wslcm import WSLCM

__all__ = [
    'DTUM',
    'IPI',
    'LCM',
    'MPCM',
    'PSTNN',
    'RFR',
    'WSLCM',
    'ClassicalSegmentor',
    'MaxMedian',
    'MultiFrameSegmentor',
    'WhiteTopHat',
]
