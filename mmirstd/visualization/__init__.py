"""Pictures a person can judge a detector by.

:mod:`~mmirstd.visualization.overlay` (masks), :mod:`~mmirstd.visualization.detection_overlay`
(boxes) and :mod:`~mmirstd.visualization.animation` need NumPy and OpenCV only, and
Pillow for GIF; :mod:`~mmirstd.visualization.hook` needs mmengine and is imported by the
registry ``mmirstd.registry.HOOKS`` on first use, so importing this package
stays cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmirstd.utils.lazy import lazy_names

if TYPE_CHECKING:
    from mmirstd.utils.files import save_png

    from .animation import GifInfo, save_gif, save_mp4
    from .box_findings import BoxFinding, find_detections
    from .contours import draw_contours
    from .detection_overlay import BOX_COLORS, detection_insets, draw_detections
    from .display import to_display
    from .drawing import COLORS
    from .insets import zoom_insets
    from .mask_findings import Finding, find_components
    from .overlay import draw_comparison
    from .sheet import contact_sheet

_MODULES = {
    'BOX_COLORS': '.detection_overlay',
    'BoxFinding': '.box_findings',
    'COLORS': '.drawing',
    'Finding': '.mask_findings',
    'GifInfo': '.animation',
    'contact_sheet': '.sheet',
    'detection_insets': '.detection_overlay',
    'draw_comparison': '.overlay',
    'draw_contours': '.contours',
    'draw_detections': '.detection_overlay',
    'find_components': '.mask_findings',
    'find_detections': '.box_findings',
    'save_gif': '.animation',
    'save_mp4': '.animation',
    'save_png': 'mmirstd.utils.files',
    'to_display': '.display',
    'zoom_insets': '.insets',
}
__all__ = [
    'BOX_COLORS',
    'BoxFinding',
    'COLORS',
    'Finding',
    'GifInfo',
    'contact_sheet',
    'detection_insets',
    'draw_comparison',
    'draw_contours',
    'draw_detections',
    'find_components',
    'find_detections',
    'save_gif',
    'save_mp4',
    'save_png',
    'to_display',
    'zoom_insets',
]
if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(__name__, _MODULES)
