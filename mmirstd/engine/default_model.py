"""The models that are taken where none is named; nothing is imported, so that command lines are read at once."""

from __future__ import annotations

#: Of the most varied training: it finds points of two pixels as well as targets of twenty, and marks the least clutter.
DEFAULT_MODEL = 'ggl-net-tiny_three-sources'
#: Of those that give boxes. ``--track`` names it, too, and a fine-tuning of moving targets starts from it. Points get
#: low scores, and false tracks are far fewer.
DEFAULT_DETECTOR = 'yolox-bp-nano_drone-ir'
