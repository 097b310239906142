"""What the released lists of data sets of moving targets hold, and how a copy differs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .finding import Finding
from .samples import Split
from .scan import Checked

#: Held out of the training list, it counts as a part of it.
_PART = {'train': 'train', 'trainval': 'train', 'val': 'train', 'test': 'test'}


@dataclass(frozen=True)
class KnownCounts:
    """A released split.

    Attributes:
        form: What it is.
        sequences: ``train`` and ``test``.
        frames: Annotated frames likewise; None: not known.
    """

    form: str
    sequences: tuple[int, int]
    frames: tuple[int, int] | None


#: Folder of the data set, in small letters -> its released forms. Sources: docs/protocols.md, "Moving targets".
KNOWN = {
    'daub': (KnownCounts("SSTNet's lists of DAUB", (10, 7), (8982, 4795)),),
    'irdst': (KnownCounts("SSTNet's lists of IRDST", (42, 43), (20398, 20258)),),
    'nudt-mirsdt': (KnownCounts("DTUM's lists of NUDT-MIRSDT", (80, 20), (8000, 2000)),),
}


def count_findings(checked: Checked) -> Iterator[Finding]:
    """Whether a data set with a known name has the known numbers of sequences and frames."""
    by_name: dict[str, list[Split]] = {}
    for split in checked.splits:
        name = _known_name(split.source)
        if name and any(sample.sequence for sample in split.samples):
            by_name.setdefault(name, []).append(split)
    for name, splits in by_name.items():
        found = {part: _counts([split for split in splits if _part(split) == part]) for part in ('train', 'test')}
        if not all(sequences for sequences, _ in found.values()):
            continue  # a single list says nothing of the form
        if any(_matches(found, known) for known in KNOWN[name]):
            continue
        expected = '; '.join(f'{known.form}: {_text(known.sequences, known.frames)}' for known in KNOWN[name])
        have = _text(
            (found['train'][0], found['test'][0]),
            (found['train'][1], found['test'][1]),
        )
        yield Finding(
            'note',
            'another form of the data set',
            tuple(split.name for split in splits),
            f'{have}; expected of {name.upper()} one of: {expected}. '
            'Figures of another form are not those of the papers',
            'name the form beside your figures, or take the released lists',
        )


def _known_name(source: str) -> str:
    parts = os.path.abspath(source).lower().split(os.sep)
    return next((part for part in reversed(parts) if part in KNOWN), '')


def _part(split: Split) -> str:
    return _PART.get(split.name.split()[0], '')


def _counts(splits: Sequence[Split]) -> tuple[int, int]:
    """Sequences and annotated frames of these splits together, each counted once."""
    sequences = {sample.sequence for split in splits for sample in split.samples}
    frames = {sample.name for split in splits for sample in split.samples}
    return len(sequences), len(frames)


def _matches(found: dict[str, tuple[int, int]], known: KnownCounts) -> bool:
    parts = found['train'], found['test']
    return tuple(part[0] for part in parts) == known.sequences and (
        known.frames is None or tuple(part[1] for part in parts) == known.frames
    )


def _text(sequences: tuple[int, int], frames: tuple[int, int] | None) -> str:
    text = f'{sequences[0]} and {sequences[1]} sequences for training and test'
    return text if frames is None else f'{text}, {frames[0]:,} and {frames[1]:,} frames'
