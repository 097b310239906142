"""How much a report holds."""

from __future__ import annotations

#: Runs at most: as many as have a color of their own.
MAX_RUNS = 6
#: False alarms shown of each run, the most confident ones, unless asked otherwise; the tables count all.
MAX_ALARMS = 1000
