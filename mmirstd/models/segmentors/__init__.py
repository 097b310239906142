"""Segmentors that are not mmseg's own: the classical methods."""

from .classical import ClassicalSegmentor
from .lcm import LCM
from .max_median import MaxMedian
from .mpcm import MPCM
from .pstnn import PSTNN
from .white_tophat import WhiteTopHat

__all__ = ['LCM', 'MPCM', 'PSTNN', 'ClassicalSegmentor', 'MaxMedian', 'WhiteTopHat']
