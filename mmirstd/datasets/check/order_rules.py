"""Whether the frames of a sequence are in the order of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .finding import Finding
from .samples import Sample
from .scan import Checked

#: Frames with one target that are needed to tell.
_LEAST = 20
#: Pixels that the target must wander, in the median of random pairs of frames.
_WANDERS = 5.0
#: A target's step to the next frame, as a share of that. It is 0.04 to 0.2 in the seven test sequences of DAUB, and
#: 0.9 and more when their frames are shuffled.
_JUMPS = 0.6


def order_findings(checked: Checked) -> Iterator[Finding]:
    """Sequences in which a single target jumps about: their frames are not in the order of time.

    Boxes tell it, without a look at the images; masks do not.
    """
    for split in checked.splits:
        sequences: dict[str, list[Sample]] = {}
        for sample in split.samples:
            if sample.sequence and sample.label.boxes is not None and len(sample.label.boxes) == 1:
                sequences.setdefault(sample.sequence, []).append(sample)
        shuffled = tuple(
            f'{frames[0].folder}: {share:.0%} of the way between two random frames'
            for frames in sequences.values()
            if (share := _step_share(frames)) is not None and share > _JUMPS
        )
        if shuffled:
            yield Finding(
                'warning',
                'order of frames',
                (split.name,),
                f'in {len(shuffled)} of {len(sequences)} sequences the target jumps from frame to frame: the numbers '
                'of the frames are not in the order of time, and a clip of them has no motion',
                'take a release whose frames are in order (documentation: "Protocols"), or correct the numbers',
                shuffled,
            )


def _step_share(frames: Sequence[Sample]) -> float | None:
    """The median step of the target to the next frame, as a share of that between random frames; None: not known."""
    if len(frames) < _LEAST:
        return None
    boxes = np.array([(frame.label.boxes or ())[0] for frame in sorted(frames, key=lambda frame: frame.number)])
    places = (boxes[:, :2] + boxes[:, 2:]) / 2
    other = places[np.random.default_rng(0).permutation(len(places))]
    wander = float(np.median(np.hypot(*(places - other).T)))
    if wander < _WANDERS:
        return None
    return float(np.median(np.hypot(*np.diff(places, axis=0).T))) / wander
