"""Pictures a person can judge a detector by.

:mod:`~mmirstd.visualization.overlay` needs NumPy and OpenCV only;
:mod:`~mmirstd.visualization.hook` needs mmengine and is imported by the
registry ``mmirstd.registry.HOOKS`` on first use, so importing this package
stays cheap.
"""

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
    'COLORS', 'Finding', 'contact_sheet', 'draw_comparison', 'draw_contours', 'find_components', 'save_png',
    'to_display', 'zoom_insets'
]
