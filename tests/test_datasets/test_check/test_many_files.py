"""What a check finds in many files that are alike: counts are exact, lists and memory have an end."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from mmirstd.datasets.check import split_rules
from mmirstd.datasets.check.facts import THUMBNAIL, ImageFacts, Label, LabelFacts
from mmirstd.datasets.check.finding import Finding
from mmirstd.datasets.check.samples import Sample, Split
from mmirstd.datasets.check.scan import Checked

NAMES = ('train', 'val', 'test')


def checked(count: int, digest: bytes | None = None, noise: int = 21, splits: int = 3) -> Checked:
    """Files of one scene, parted by turns; with a digest all have the same pixels, labels differ in every fifth."""
    rng = np.random.default_rng(0)
    scene = rng.integers(-90, 90, THUMBNAIL**2)
    parts, facts = [Split(name, name) for name in NAMES[:splits]], {}
    for k in range(count):
        sample = Sample(f'{k}', f'/data/images/{k:04d}.png', Label(f'/data/masks/{k:04d}.png'))
        parts[k % splits].samples.append(sample)
        thumbnail = np.clip(scene + rng.integers(-noise, noise, scene.size), -127, 127).astype(np.int8).tobytes()
        image = ImageFacts(high=1.0, digest=digest or bytes([k // 256, k % 256]), thumbnail=thumbnail)
        facts[sample.image, sample.label] = (image, LabelFacts(digest=bytes([k % 5 == 0])))
    return Checked(parts, facts)


def likeness_of_each_pair(found: Checked) -> dict[tuple[str, ...], list[str]]:
    """What :func:`split_rules._alike` lists, pair by pair."""
    rows = [(sample.image, split.name, image.thumbnail) for split, sample, image, _ in found]
    vectors = np.array([np.frombuffer(row[2], np.int8) for row in rows], np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    likeness = vectors @ vectors.T
    pairs: dict[tuple[str, ...], list[tuple[float, str]]] = {}
    for one, other in combinations(range(len(rows)), 2):
        if likeness[one, other] > 0.95:
            (path, name, _), (other_path, other_name, _) = rows[one], rows[other]
            text = f'{path} ({name}) ~ {other_path} ({other_name})'
            pairs.setdefault(tuple(dict.fromkeys((name, other_name))), []).append((float(likeness[one, other]), text))
    return {
        names: [f'{text}: {value:.3f}' for value, text in sorted(listed, reverse=True)]
        for names, listed in pairs.items()
    }


def test_images_that_look_the_same_are_all_listed_where_they_are_few() -> None:
    found = checked(40)
    findings = list(split_rules._alike(found))
    expected = likeness_of_each_pair(found)
    # neither none nor all of the pairs are alike enough
    assert 0 < sum(map(len, expected.values())) < 40 * 39 // 2
    assert {finding.splits: list(finding.items) for finding in findings} == expected
    assert [finding.splits for finding in findings] == list(expected)
    assert all('most alike' not in finding.found for finding in findings)


def test_of_many_images_that_look_the_same_the_most_alike_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = checked(60, noise=20, splits=1)
    expected = likeness_of_each_pair(found)['train',]
    monkeypatch.setattr(split_rules, '_MOST_LISTED', 50)
    monkeypatch.setattr(split_rules, '_BLOCK', 16)
    (finding,) = split_rules._alike(found)
    assert finding.found.startswith(f'{len(expected)} pair(s) of images')
    assert '; the 50 most alike are listed' in finding.found
    assert list(finding.items) == expected[:50]


def listed_copies(findings: list[Finding]) -> dict[tuple[str, tuple[str, ...]], int]:
    return {(finding.kind, finding.splits): len(finding.items) for finding in findings}


def test_few_copies_are_paired_each_with_each() -> None:
    copies = listed_copies(list(split_rules._copies(checked(9, digest=b'x'))))
    assert copies['copies', ('train',)] == 3
    assert copies['copies in two splits', ('train', 'test')] == 9


def test_many_copies_take_as_many_lines_as_files() -> None:
    sizes = {}
    for count in (300, 1200):
        findings = list(split_rules._copies(checked(count, digest=b'x')))
        sizes[count] = listed_copies(findings)
        across = next(f for f in findings if f.splits == ('train', 'test'))
        told = {path.split()[0] for item in across.items for path in item.split(' = ')}
        # each file of the one split has a line with a file of the other one
        assert told == {f'/data/images/{k:04d}.png' for k in range(count) if k % 3 != 1}
    assert sizes[300].keys() == sizes[1200].keys()
    assert all(sizes[1200][kind] <= 5 * size for kind, size in sizes[300].items())


def test_links_of_a_file_are_followed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr('os.path.realpath', lambda path: asked.append(path) or path)
    monkeypatch.setattr(split_rules, '_images_in', lambda folder: iter(()))
    list(split_rules.split_findings(checked(12)))
    assert len(asked) == len(set(asked)) == 24  # images and masks
