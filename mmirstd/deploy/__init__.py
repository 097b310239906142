"""Networks as files that run without PyTorch: what is in such a file, how it is written, how it is run.

What runs a file (:mod:`.session`, :mod:`.graph_description`) imports neither torch nor OpenMMLab; what writes it does.
"""

from typing import TYPE_CHECKING

from mmirstd.utils.lazy import lazy_names

if TYPE_CHECKING:
    from .graph_description import GraphDescription
    from .graph_files import FORMATS, write_graph
    from .segmentation_graph import SegmentationGraph
    from .session import GraphSession, open_session

_MODULES = {
    'FORMATS': '.graph_files',
    'GraphDescription': '.graph_description',
    'GraphSession': '.session',
    'SegmentationGraph': '.segmentation_graph',
    'open_session': '.session',
    'write_graph': '.graph_files',
}
__all__ = ['FORMATS', 'GraphDescription', 'GraphSession', 'SegmentationGraph', 'open_session', 'write_graph']
if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(__name__, _MODULES)
