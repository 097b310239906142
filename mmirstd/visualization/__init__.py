"""Pictures a person can judge a detector by.

:mod:`~mmirstd.visualization.overlay` (masks), :mod:`~mmirstd.visualization.detections`
(boxes) and :mod:`~mmirstd.visualization.animation` need NumPy and OpenCV only, and
Pillow for GIF; :mod:`~mmirstd.visualization.hook` needs mmengine and is imported by the
registry ``mmirstd.registry.HOOKS`` on first use, so importing this package
stays cheap.
"""

from .animation import GifInfo, save_gif, save_mp4
from .detections import BOX_COLORS, BoxFinding, detection_insets, draw_detections, find_detections
from .overlay import (
    COLORS,
    Finding,
    contact_sheet,
    draw_comparison,
    draw_contours,
    find_components,
    save_png,
    to_display,
    zoom_insets,
)

__all__ = [
    'BOX_COLORS', 'BoxFinding', 'COLORS', 'Finding', 'GifInfo', 'contact_sheet', 'detection_insets',
    'draw_comparison', 'draw_contours', 'draw_detections', 'find_components', 'find_detections', 'save_gif',
    'save_mp4', 'save_png', 'to_display', 'zoom_insets'
]
