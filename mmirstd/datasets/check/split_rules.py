"""Findings about splits: images in several of them, repeated images, sequences, names, and files that no list has."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..image_io import IMAGE_SUFFIXES
from .finding import Finding
from .samples import Sample, Split
from .scan import Checked

#: Correlation of thumbnails from which two images probably show the same scene. The most alike of NUAA-SIRST's 91,000
#: pairs have 0.87; copies in JPEG (quality 70) mostly 0.9 to 0.98, resized copies 0.99.
_ALIKE = 0.95
#: Thumbnails that are compared with all others at a time.
_BLOCK = 1024
#: More images than this are not compared by their look: the time grows with the square.
_MOST_COMPARED = 30000
#: Pairs of images that look the same that are listed, those most alike: 10,000 frames of one scene make 50 million.
_MOST_LISTED = 10000
#: Of more files with the same pixels than this, as a camera that stands still writes them, not each is paired with
#: each: the pairs grow with the square.
_MOST_PAIRED = 100


def split_findings(checked: Checked) -> Iterator[Finding]:
    """All of this file."""
    yield from _shared(checked)
    yield from _copies(checked)
    yield from _alike(checked)
    for split in checked.splits:
        yield from _names(split)
    yield from _unlisted(checked)
    yield from _sequences(checked)


def _severity(first: Split, second: Split) -> str:
    """Of an image in two splits: figures of the test split must not come from training images."""
    kinds = {_kind(first).replace('trainval', 'train'), _kind(second).replace('trainval', 'train')}
    if kinds == {'train', 'test'}:
        return 'error'
    return 'warning' if 'train' in kinds else 'note'


_WHY = {
    'error': 'test figures would be training figures',
    'warning': 'validation figures are training figures',
    'note': 'what chooses the checkpoint is tested, too',
}


def _pairs(checked: Checked) -> Iterator[tuple[Split, Split]]:
    for first, second in combinations(checked.splits, 2):
        if _apart(first, second):
            yield first, second


def _kind(split: Split) -> str:
    return split.name.split()[0]


def _apart(first: Split, second: Split) -> bool:
    """Whether two splits are to share nothing; the lists train and val are parts of trainval."""
    kinds = {_kind(first), _kind(second)}
    return first.group == second.group and not ('trainval' in kinds and kinds & {'train', 'val'})


def _shared(checked: Checked) -> Iterator[Finding]:
    """One file in two splits."""
    for first, second in _pairs(checked):
        there = _files(checked, second)
        both = tuple(path for real, path in _files(checked, first).items() if real in there)
        if both:
            severity = _severity(first, second)
            yield Finding(
                severity,
                'files in two splits',
                (first.name, second.name),
                f'{len(both)} of {len(first.samples)} and {len(second.samples)} images are in both: {_WHY[severity]}',
                'correct the lists',
                both,
            )


def _files(checked: Checked, split: Split) -> dict[str, str]:
    """The images by their real path."""
    return {checked.real_path(sample.image): sample.image for sample in split.samples if sample.image}


def _copies(checked: Checked) -> Iterator[Finding]:
    """Equal pixels in several files."""
    groups: dict[bytes, dict[str, tuple[set[str], bytes]]] = {}
    for split, sample, image, label in checked:
        if sample.image and image.digest and image.low < image.high:
            path = checked.real_path(sample.image)
            names, _ = groups.setdefault(image.digest, {}).setdefault(path, (set(), label.digest))
            names.add(split.name)
    copies = [group for group in groups.values() if len(group) > 1]
    across: dict[tuple[str, str], list[str]] = {}
    within: dict[str, list[str]] = {}
    labels: list[str] = []
    by_name = {split.name: split for split in checked.splits}
    for group in copies:
        for (path, (names, digest)), (other, (others, other_digest)) in _paired(sorted(group.items())):
            if digest != other_digest:
                labels.append(f'{path} and {other}')
            for name in names:
                for other_name in others:
                    if name == other_name:
                        within.setdefault(name, []).append(f'{path} = {other}')
                    elif _apart(by_name[name], by_name[other_name]):
                        first, second = sorted((name, other_name), key=list(by_name).index)
                        across.setdefault((first, second), []).append(f'{path} ({name}) = {other} ({other_name})')
    for (name, other_name), found in across.items():
        severity = _severity(by_name[name], by_name[other_name])
        yield Finding(
            severity,
            'copies in two splits',
            (name, other_name),
            f'{len(found)} pair(s) of files have the same pixels: {_WHY[severity]}',
            'take one of each pair off its list',
            tuple(found),
        )
    for name, found in within.items():
        yield Finding(
            'warning',
            'copies',
            (name,),
            f'{len(found)} pair(s) of files have the same pixels',
            'take one of each pair off the list',
            tuple(found),
        )
    if labels:
        yield Finding(
            'warning',
            'copies with different labels',
            checked.names(),
            f'{len(labels)} pair(s) of files have the same pixels and different labels',
            'keep the right one',
            tuple(labels),
        )


_File = tuple[str, tuple[set[str], bytes]]


def _paired(files: Sequence[_File]) -> Iterator[tuple[_File, _File]]:
    """Pairs of files with the same pixels: each with each; of many each with the first one of each split.

    Args:
        files: Path, the names of its splits, and the digest of its label, by path.
    """
    if len(files) <= _MOST_PAIRED:
        yield from combinations(files, 2)
        return
    first: dict[frozenset[str], int] = {}
    for place, (_, (names, _)) in enumerate(files):
        first.setdefault(frozenset(names), place)
    for place in first.values():
        for other, file in enumerate(files):
            if other > place or (other < place and first[frozenset(file[1][0])] != other):
                yield files[min(place, other)], files[max(place, other)]


def _alike(checked: Checked) -> Iterator[Finding]:
    """Images that look the same and are not equal: other compression, size or gain, the same background again."""
    rows = [
        (split, sample.image, image.digest, image.thumbnail)
        for split, sample, image, _ in checked
        if image.thumbnail and not sample.sequence
    ]
    unique = {path: (split, digest, thumb) for split, path, digest, thumb in rows}
    if len(unique) < 2:
        return
    if len(unique) > _MOST_COMPARED:
        yield Finding(
            'note',
            'not checked',
            checked.names(),
            f'{len(unique)} images are too many to be compared by '
            f'their look (at most {_MOST_COMPARED}); copies of equal pixels are found',
        )
        return
    paths = list(unique)
    vectors = np.array([np.frombuffer(unique[path][2], np.int8) for path in paths], np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    numbers = {id(split): number for number, split in enumerate(checked.splits)}
    owners = np.array([numbers[id(unique[path][0])] for path in paths])
    known: dict[bytes, int] = {}
    digests = np.array([known.setdefault(unique[path][1], len(known)) for path in paths])
    compared = np.array([[one is other or _apart(one, other) for other in checked.splits] for one in checked.splits])
    found: dict[tuple[str, ...], _MostAlike] = {}
    for start in range(0, len(paths), _BLOCK):
        likeness = vectors[start : start + _BLOCK] @ vectors[start:].T
        for first, row in enumerate(likeness, start):
            alike = np.flatnonzero(row[first - start + 1 :] > _ALIKE) + first + 1
            alike = alike[(digests[alike] != digests[first]) & compared[owners[first], owners[alike]]]
            others, places = np.unique(owners[alike], return_index=True)
            for other in others[np.argsort(places)]:
                both = dict.fromkeys(checked.splits[number].name for number in (owners[first], other))
                seconds = alike[owners[alike] == other]
                found.setdefault(tuple(both), _MostAlike()).add(row[seconds - start], first, seconds)
    for names, pairs in found.items():
        listed = [
            (value, f'{paths[one]} ({unique[paths[one]][0].name}) ~ {paths[other]} ({unique[paths[other]][0].name})')
            for value, one, other in pairs.listed()
        ]
        listed.sort(reverse=True)
        across = len(names) > 1
        yield Finding(
            'warning' if across else 'note',
            'probably the same scene',
            names,
            f'{pairs.count} pair(s) of images look the same without being equal (likeness above {_ALIKE:g})'
            + (f'; the {len(listed)} most alike are listed' if len(listed) < pairs.count else '')
            + (', so what is tested may have been trained on' if across and 'train' in names else ''),
            'look at them; keep a scene in one split' if across else '',
            tuple(f'{text}: {value:.3f}' for value, text in listed),
        )


class _MostAlike:
    """Counts pairs of images and keeps the most alike, so that memory does not grow with their number.

    Attributes:
        count: Pairs so far.
    """

    def __init__(self) -> None:
        self.count = 0
        self._kept: NDArray[np.float64] = np.zeros((0, 3))
        self._new: list[NDArray[np.float64]] = []
        self._waiting = 0

    def add(self, likeness: NDArray[np.float32], first: int, seconds: NDArray[np.int64]) -> None:
        """Take pairs of an image.

        Args:
            likeness: (N,)
            first: Number of the image.
            seconds: (N,) of the others.
        """
        self.count += len(seconds)
        self._new.append(np.column_stack([likeness, np.full(len(seconds), first), seconds]))
        self._waiting += len(seconds)
        if self._waiting > _MOST_LISTED:
            self._keep()

    def _keep(self) -> None:
        pairs = np.concatenate([self._kept, *self._new])
        self._kept = pairs[np.argsort(-pairs[:, 0], kind='stable')[:_MOST_LISTED]]
        self._new, self._waiting = [], 0

    def listed(self) -> list[tuple[float, int, int]]:
        """Likeness and both numbers of the most alike."""
        self._keep()
        return [(float(value), int(first), int(second)) for value, first, second in self._kept]


def _names(split: Split) -> Iterator[Finding]:
    folded: dict[str, set[str]] = {}
    for sample in split.samples:
        folded.setdefault(sample.name.lower(), set()).add(sample.name)
    clashes = tuple(sorted(' and '.join(sorted(names)) for names in folded.values() if len(names) > 1))
    if clashes:
        yield Finding(
            'warning',
            'names',
            (split.name,),
            f'{len(clashes)} pair(s) of names differ in upper and lower '
            'case only, which Windows and macOS take for one file',
            'rename them',
            clashes,
        )


def _unlisted(checked: Checked) -> Iterator[Finding]:
    """Images and masks of the folders that are in no split; frames between annotated ones are meant to be."""
    listed = {
        checked.real_path(path)
        for split in checked.splits
        for sample in split.samples
        for path in (sample.image, sample.label.mask)
        if path
    }
    folders = {
        os.path.dirname(checked.real_path(path))
        for split in checked.splits
        for sample in split.samples
        if not sample.sequence
        for path in (sample.image, sample.label.mask)
        if path
    }
    rest = tuple(sorted(path for folder in folders for path in _images_in(folder) if path not in listed))
    if rest:
        yield Finding(
            'note',
            'not listed',
            checked.names(),
            f'{len(rest)} image file(s) beside the listed ones are in no split',
            '',
            rest,
        )


def _images_in(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if os.path.splitext(entry.name)[1].lower() in IMAGE_SUFFIXES and not entry.name.startswith('.'):
                yield os.path.realpath(entry.path)


def _sequences(checked: Checked) -> Iterator[Finding]:
    sequences = {split.name: _by_sequence(split.samples) for split in checked.splits}
    for first, second in _pairs(checked):
        both = sequences[first.name].keys() & sequences[second.name].keys()
        if both and not _files(checked, first).keys() & _files(checked, second).keys():  # else that is the finding
            severity = _severity(first, second).replace('error', 'warning')
            names = tuple(sorted(sequences[first.name][key][0].folder for key in both))
            yield Finding(
                severity,
                'sequences in two splits',
                (first.name, second.name),
                f'frames of {len(both)} sequence(s) are in both; neighboring frames are nearly equal',
                'keep a sequence in one split',
                names,
            )
    for split in checked.splits:
        short = tuple(
            f'{frames[0].folder}: {len(frames)} frame(s)'
            for frames in sequences[split.name].values()
            if len(frames) < split.num_frames
        )
        if short:
            yield Finding(
                'note',
                'short sequences',
                (split.name,),
                f'{len(short)} of {len(sequences[split.name])} '
                f'sequences have fewer annotated frames than a clip ({split.num_frames}); their first frame '
                'is repeated',
                '',
                short,
            )
        gaps: list[str] = []
        for frames in sequences[split.name].values() if split.num_frames > 1 else ():
            numbers = np.array(sorted(frame.number for frame in frames))
            steps = np.diff(numbers)
            usual = int(np.median(steps)) if len(steps) else 1
            wide = int((steps > usual).sum())
            if wide:
                gaps.append(f'{frames[0].folder}: {wide} gap(s), the longest of {int(steps.max())} frames')
        if gaps:
            yield Finding(
                'note',
                'gaps',
                (split.name,),
                f'{len(gaps)} of {len(sequences[split.name])} sequences have '
                'gaps in the numbers of their annotated frames',
                '',
                tuple(gaps),
            )


def _by_sequence(samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.sequence:
            groups.setdefault(sample.sequence, []).append(sample)
    return groups
