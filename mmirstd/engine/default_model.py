"""The models that are taken where none is named; nothing is imported, so that command lines are read at once."""

from __future__ import annotations

#: Its training was the most varied: it finds points of two pixels as well as targets of twenty.
DEFAULT_MODEL = 'ggl-net-tiny_general'
#: What is named with ``--track``, too: it gives points low scores, and has far fewer false tracks.
LARGER_TARGETS = 'yolox-bp-nano_drone-ir'
