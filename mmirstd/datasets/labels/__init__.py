"""Labels of other programs, both ways: each is read into one :class:`~.label_set.LabelSet` and written from it.

``supervision`` reads and writes some of the formats, too. It is not used: it needs matplotlib and PyAV; a mask of one
or two pixels has no contour there and becomes a box; images are decoded to 8 bits; CVAT, points and rotated boxes are
not known. ``datumaro`` knows more formats and needs much more. pycocotools, which mmdet brings along, has COCO's run
lengths and fills polygons.
"""

from typing import TYPE_CHECKING

from mmirstd.utils.lazy import lazy_names

if TYPE_CHECKING:
    from .changes import change_kind, merge, one_class
    from .checking import CheckOptions, check
    from .convert import ConvertOptions, convert_labels
    from .formats import FORMATS, find_format, labels_nearby, read_labels
    from .label_set import Annotation, LabeledImage, LabelSet
    from .options import ReadOptions
    from .placing import Placing

_MODULES = {
    'FORMATS': '.formats',
    'Annotation': '.label_set',
    'CheckOptions': '.checking',
    'ConvertOptions': '.convert',
    'LabelSet': '.label_set',
    'LabeledImage': '.label_set',
    'Placing': '.placing',
    'ReadOptions': '.options',
    'change_kind': '.changes',
    'check': '.checking',
    'convert_labels': '.convert',
    'find_format': '.formats',
    'labels_nearby': '.formats',
    'merge': '.changes',
    'one_class': '.changes',
    'read_labels': '.formats',
}
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
    'convert_labels',
    'find_format',
    'labels_nearby',
    'merge',
    'one_class',
    'read_labels',
]
if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(__name__, _MODULES)
