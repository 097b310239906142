"""The models that are taken where none is named; nothing is imported, so that command lines are read at once."""

from __future__ import annotations

#: Of the most varied training: it finds points of two pixels as well as targets of twenty, and marks the least clutter.
DEFAULT_MODEL = 'ggl-net-tiny_three-sources'
#: What is named with ``--track``, too: it gives points low scores, and has far fewer false tracks.
LARGER_TARGETS = 'yolox-bp-nano_drone-ir'
