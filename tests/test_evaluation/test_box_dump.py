"""The boxes of a dump come back with every digit, and what does not belong is named."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from mmirstd.evaluation.box_dump import BoxRule, DumpedBoxes, read_boxes, write_boxes
from mmirstd.evaluation.functional import FrameDetections
from mmirstd.utils.errors import DataError


def frame(name: str, targets: int, boxes: int) -> FrameDetections:
    rng = np.random.default_rng([targets, boxes])
    return FrameDetections(
        image=name,
        sequence=f'Säq {targets}',
        shape=(40 + targets, 50),
        targets=rng.random((targets, 4)) * 40,
        target_labels=np.arange(targets),
        ignored=rng.random(targets) > 0.5,
        scr=np.where(rng.random(targets) > 0.5, np.nan, rng.random(targets)),
        boxes=rng.random((boxes, 4)) * 40,
        scores=rng.random(boxes).astype(np.float32).astype(np.float64),
        labels=np.arange(boxes),
    )


FRAMES = [frame('a/1', 2, 3), frame('a/2', 0, 0), frame('b', 0, 4), frame('c', 3, 0)]


def test_boxes_come_back(tmp_path):
    rule = BoxRule(0.3, 4.5, 2, ('dröne', 'bird'))
    write_boxes(tmp_path, DumpedBoxes(FRAMES, rule))
    found = read_boxes(tmp_path, [str(one.image) for one in FRAMES])
    assert found.rule == rule
    for one, other in zip(found.frames, FRAMES, strict=True):
        for field in dataclasses.fields(FrameDetections):
            np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))


def test_a_dump_of_an_earlier_version_has_no_names(tmp_path):
    write_boxes(tmp_path, DumpedBoxes(FRAMES, BoxRule(0.3, 4.5, 4)))
    with np.load(tmp_path / 'boxes.npz') as file:
        arrays = {name: file[name] for name in file.files if name != 'classes'}
    np.savez_compressed(tmp_path / 'boxes.npz', **arrays)
    assert read_boxes(tmp_path, [str(one.image) for one in FRAMES]).rule == BoxRule(0.3, 4.5, 4)


def test_no_boxes_at_all(tmp_path):
    empty = [frame('a', 0, 0), frame('b', 0, 0)]
    write_boxes(tmp_path, DumpedBoxes(empty))
    found = read_boxes(tmp_path, ['a', 'b'])
    assert [one.boxes.shape for one in found.frames] == [(0, 4), (0, 4)]
    write_boxes(tmp_path, DumpedBoxes([]))
    assert read_boxes(tmp_path, []).frames == []


def test_a_dump_of_masks_has_none(tmp_path):
    assert read_boxes(tmp_path, ['a']) is None


def test_boxes_of_other_images(tmp_path):
    write_boxes(tmp_path, DumpedBoxes(FRAMES))
    with pytest.raises(DataError, match=r'boxes\.npz: holds the boxes of other images than index\.json'):
        read_boxes(tmp_path, ['a/1', 'a/2', 'b', 'd'])


@pytest.mark.parametrize('content', [b'', b'PK', b'no archive'])
def test_damage_is_named(tmp_path, content):
    (tmp_path / 'boxes.npz').write_bytes(content)
    with pytest.raises(DataError, match=r'boxes\.npz: not the boxes of a dump'):
        read_boxes(tmp_path, ['a'])


def test_a_file_that_was_cut_off(tmp_path):
    write_boxes(tmp_path, DumpedBoxes(FRAMES))
    path = tmp_path / 'boxes.npz'
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match='not the boxes of a dump'):
        read_boxes(tmp_path, ['a/1', 'a/2', 'b', 'c'])
