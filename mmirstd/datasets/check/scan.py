"""Look at every file of the splits once, several at a time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from mmirstd.utils.progress import Progress
from mmirstd.utils.spread import spread

from .facts import ImageFacts, Label, LabelFacts, look
from .samples import Sample, Split

#: Samples of each split that a quick check looks at.
QUICK = 100


class Checked:
    """The splits and the facts of their samples; iterates over ``(split, sample, image, label)``.

    Args:
        splits: In the order in which they are reported.
        facts: By file and label, see :func:`scan`.
    """

    def __init__(
        self,
        splits: Sequence[Split],
        facts: dict[tuple[str | None, Label], tuple[ImageFacts, LabelFacts]],
    ) -> None:
        self.splits = list(splits)
        self._facts = facts
        self._real: dict[str, str] = {}

    def real_path(self, path: str) -> str:
        """Where a file is without links; each is looked up once, since each folder of its path is asked for."""
        if path not in self._real:
            self._real[path] = os.path.realpath(path)
        return self._real[path]

    def of(self, split: Split) -> Iterator[tuple[Split, Sample, ImageFacts, LabelFacts]]:
        """The samples of one split that were looked at."""
        for sample in split.samples:
            facts = self._facts.get((sample.image, sample.label))
            if facts is not None:
                yield split, sample, *facts

    def __iter__(self) -> Iterator[tuple[Split, Sample, ImageFacts, LabelFacts]]:
        for split in self.splits:
            yield from self.of(split)

    def names(self, chosen: Iterable[str] | None = None) -> tuple[str, ...]:
        """Names of all splits, or of some, in order."""
        wanted = None if chosen is None else set(chosen)
        return tuple(split.name for split in self.splits if wanted is None or split.name in wanted)


def scan(splits: Sequence[Split], quick: bool = False, workers: int | None = None) -> Checked:
    """Look at the files of all splits.

    Args:
        splits: See :mod:`.samples`.
        quick: Look at :data:`QUICK` samples of each split, evenly spread.
        workers: Threads; default: two more than cores that may be used.
    """
    tasks = list(
        dict.fromkeys(
            (sample.image, sample.label)
            for split in splits
            for sample in (spread(split.samples, QUICK) if quick else split.samples)
            if sample.image or sample.label.mask
        )
    )
    if workers is None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1
        workers = cores + 2  # some wait for the disk
    facts = {}
    # Threads: decoding, which is most of the work, holds no lock, and nothing has to be loaded or sent again.
    with Progress(len(tasks), 'image', 'looking at the files') as progress, ThreadPoolExecutor(workers) as pool:
        for done, (task, found) in enumerate(zip(tasks, pool.map(lambda task: look(*task), tasks)), 1):
            facts[task] = found
            progress.update(done)
    return Checked(splits, facts)
