"""How much a report holds."""

from __future__ import annotations

#: Runs at most, those that differ by their seed counted as one: as many as have a color of their own.
MAX_RUNS = 6
#: False alarms shown of each run, the most confident ones, unless asked otherwise; the tables count all.
MAX_ALARMS = 1000
#: Targets shown, the hardest ones, unless asked otherwise; the tables count all.
MAX_TARGETS = 5000
#: Clips around misses and false alarms of sequences, unless asked otherwise.
MAX_CLIPS = 200
#: Frames of a clip before and after that of the finding.
CLIP_REACH = 4
