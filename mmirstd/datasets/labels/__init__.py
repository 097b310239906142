"""Labels of other programs, both ways: each is read into one :class:`~.label_set.LabelSet` and written from it.

``supervision`` reads and writes some of the formats, too. It is not used: it needs matplotlib and PyAV; a mask of one
or two pixels has no contour there and becomes a box; images are decoded to 8 bits; CVAT, points and rotated boxes are
not known. ``datumaro`` knows more formats and needs much more. pycocotools, which mmdet brings along, has COCO's run
lengths and fills polygons.
"""

from .changes import change_kind, merge, one_class
from .checking import CheckOptions, check
from .convert import ConvertOptions, convert
from .formats import FORMATS, find_format, read_labels
from .label_set import Annotation, LabeledImage, LabelSet
from .options import ReadOptions
from .placing import Placing

__all__ = [
    'FORMATS',
    'Annotation',
    'CheckOptions',
    'ConvertOptions',
    'LabelSet',
    'LabeledImage',
    'Placing',
    'ReadOptions',
    'change_kind',
    'check',
    'convert',
    'find_format',
    'merge',
    'one_class',
    'read_labels',
]
