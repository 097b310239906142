"""The models that are taken where none is named; nothing is imported, so that command lines are read at once."""

from __future__ import annotations

#: Of the most varied training: it finds points of two pixels as well as targets of twenty, and marks the least clutter.
DEFAULT_MODEL = 'ggl-net-tiny_three-sources'
#: The detector of boxes: named with ``--track``, too, and where a fine-tuning of moving targets starts. It gives points
#: low scores, and has far fewer false tracks.
DEFAULT_DETECTOR = 'yolox-bp-nano_drone-ir'
