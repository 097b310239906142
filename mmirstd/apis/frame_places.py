"""Where the frames of a folder lie in time."""

from __future__ import annotations

from collections import Counter

from mmirstd.datasets.sequences import frame_number

from .inputs import Source, frame_files


def frame_places(source: Source) -> list[int]:
    """Where the frames of a folder lie in time, in frames from the first: 0, 1, 2, ... without a gap.

    Empty where their names do not tell: numbers that do not rise, or no whole multiples of the usual step.
    """
    if source.kind != 'frames':
        return []
    numbers = [frame_number(path) for path in frame_files(source.location)]
    known = [number for number in numbers if number is not None]
    steps = [after - before for before, after in zip(known, known[1:])]
    if len(known) < len(numbers) or not steps or min(steps) <= 0:
        return []
    counts = Counter(steps)
    usual = min(steps, key=lambda step: (-counts[step], step))
    if any(step % usual for step in steps):
        return []
    return [(number - known[0]) // usual for number in known]
