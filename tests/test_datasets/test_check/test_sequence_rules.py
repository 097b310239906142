"""Orders and counts of sequences, without files: both go by lists and boxes."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from mmirstd.datasets.check.facts import Label
from mmirstd.datasets.check.known_counts import KNOWN, count_findings
from mmirstd.datasets.check.order_rules import order_findings
from mmirstd.datasets.check.samples import Sample, Split
from mmirstd.datasets.check.scan import Checked
from mmirstd.datasets.sequences import frame_number
from tests.shared import SHARED, needs_shared


def split(name: str, source: str, sequences: dict[str, np.ndarray]) -> Split:
    """A split whose frames have a target of 3 pixels at these places (N, 2)."""
    made = Split(name, source)
    for folder, places in sequences.items():
        for number, (x, y) in enumerate(places.tolist()):
            boxes = ((x - 1.5, y - 1.5, x + 1.5, y + 1.5),)
            path = f'{folder}/{number}.png'
            made.samples.append(Sample(path, path, Label(boxes=boxes), folder, number, folder))
    return made


def found(rule, *splits: Split) -> list:
    return list(rule(Checked(list(splits), {})))


WAY = np.cumsum(np.random.default_rng(0).normal(1, 0.5, (60, 2)), 0)


def test_order_of_time_and_none() -> None:
    shuffled = np.random.default_rng(1).permutation(WAY)
    assert found(order_findings, split('train', 'a', {'s1': WAY, 's2': WAY[::-1]})) == []
    (finding,) = found(order_findings, split('train', 'a', {'s1': WAY, 's2': shuffled}))
    assert (finding.severity, finding.kind, len(finding.items)) == ('warning', 'order of frames', 1)
    assert finding.items[0].startswith('s2: ')
    assert '1 of 2 sequences' in finding.found


def test_targets_that_stand_or_few_frames_tell_nothing() -> None:
    standing = np.random.default_rng(0).normal(50, 1, (100, 2))
    few = np.random.default_rng(0).uniform(0, 100, (10, 2))
    assert found(order_findings, split('train', 'a', {'s1': standing, 's2': few})) == []


@needs_shared
def test_order_of_the_test_sequences_of_daub() -> None:
    data = json.loads((SHARED / 'data/annotations/DAUB_instances_test2017.json').read_text())
    boxes = {entry['image_id']: entry['bbox'] for entry in data['annotations']}
    frames = defaultdict(list)
    for image in data['images']:
        x, y, width, height = boxes[image['id']]
        folder = str(PurePosixPath(image['file_name']).parent)
        frames[folder].append((frame_number(image['file_name']), x + width / 2, y + height / 2))
    sequences = {folder: np.array(sorted(rows))[:, 1:] for folder, rows in frames.items()}
    assert (len(sequences), sum(map(len, sequences.values()))) == (7, KNOWN['daub'][0].frames[1])
    assert found(order_findings, split('test', 'a', sequences)) == []
    rng = np.random.default_rng(0)
    (finding,) = found(
        order_findings, split('test', 'a', {folder: rng.permutation(places) for folder, places in sequences.items()})
    )
    assert len(finding.items) == 6  # in the seventh the target stays within 5 pixels


def daub(train: int = 10, test: int = 7, missing: int = 0) -> tuple[Split, Split]:
    def sequences(first: int, count: int, frames: int) -> dict[str, np.ndarray]:
        each = [frames // count] * (count - 1)
        return {f's{first + k}': np.zeros((n, 2)) for k, n in enumerate([*each, frames - sum(each)])}

    return (
        split('train', '/x/DAUB/instances_train2017.json', sequences(0, train, 8982 - missing)),
        split('test', '/x/DAUB/instances_test2017.json', sequences(20, test, 4795)),
    )


def test_known_counts() -> None:
    assert found(count_findings, *daub()) == []
    # what is held out for validation is a part of the training list
    train, test = daub()
    val = Split('val', train.source, [s for s in train.samples if s.sequence == 's3'])
    train.samples = [s for s in train.samples if s.sequence != 's3']
    assert found(count_findings, train, val, test) == []


@pytest.mark.parametrize('options', [dict(train=9), dict(test=8), dict(missing=1)])
def test_other_counts(options: dict) -> None:
    (finding,) = found(count_findings, *daub(**options))
    assert (finding.severity, finding.splits) == ('note', ('train', 'test'))
    assert "SSTNet's lists of DAUB: 10 and 7 sequences for training and test, 8,982 and 4,795 frames" in finding.found


def test_other_names_and_single_lists_are_left_alone() -> None:
    train, test = daub(train=9)
    assert found(count_findings, train) == []
    for part in (train, test):
        part.source = part.source.replace('DAUB', 'DAUB-R')
    assert found(count_findings, train, test) == []


def test_every_known_form_is_documented() -> None:
    text = (Path(__file__).parents[3] / 'docs/protocols.md').read_text(encoding='utf-8')
    for forms in KNOWN.values():
        for known in forms:
            assert f'| {known.sequences[0]} / {known.sequences[1]} |' in text
