"""Motions that are estimated once."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmirstd.datasets.clip_alignment import ClipAlignment
from mmirstd.datasets.motion_cache import MotionCache, PassingFrame

MATRIX = np.array([[1, 0, 0.25], [0, 1, -3], [1e-5, 0, 1]])


def counted(result: np.ndarray | None) -> tuple[list[int], object]:
    """A list that grows with each estimate, and the estimate."""
    calls: list[int] = []

    def estimate() -> np.ndarray | None:
        calls.append(1)
        return result

    return calls, estimate


@pytest.mark.parametrize('result', [MATRIX, None])
@pytest.mark.parametrize('in_file', [True, False])
def test_each_identity_is_estimated_once(result: np.ndarray | None, in_file: bool, tmp_path: Path) -> None:
    cache = MotionCache(tmp_path / 'new' / 'motions.db' if in_file else None)
    calls, estimate = counted(result)
    for identity in (('a', 1), ('a', 1), ('b', 1), ('a', 1)):
        found = cache.matrix(identity, estimate)
        assert found is None if result is None else np.array_equal(found, result)
    assert len(calls) == len(cache) == 2
    # Another process, another run.
    other = pickle.loads(pickle.dumps(cache)) if not in_file else MotionCache(cache.path)
    found = other.matrix(('a', 1), estimate)
    assert len(calls) == 2
    assert found is None if result is None else np.array_equal(found, result)


def test_copies_share_what_they_know() -> None:
    cache = MotionCache()
    calls, estimate = counted(MATRIX)
    copy.deepcopy(cache).matrix('x', estimate)
    cache.matrix('x', estimate)
    assert len(calls) == 1


def test_old_motions_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('mmirstd.datasets.motion_cache.MOST', 3)
    cache = MotionCache()
    calls, estimate = counted(MATRIX)
    for identity in (0, 1, 2, 3, 0):
        cache.matrix(identity, estimate)
    assert len(cache) == 3
    assert len(calls) == 5


def test_what_identifies_a_frame_in_one_process_stays_out_of_the_file(tmp_path: Path) -> None:
    """Another process counts its frames from 0, too."""
    for shift in (3, 9):
        alignment = ClipAlignment(cache=str(tmp_path / 'motions.db'))
        scenery = cv2.GaussianBlur(np.random.default_rng(0).random((160, 180), np.float32), (0, 0), 3)
        frames = [np.ascontiguousarray(scenery[20:140, 20 + k * shift : 140 + k * shift]) for k in range(2)]
        identities = [PassingFrame('0 of a stream (0)'), PassingFrame('1 of a stream (1)')]
        assert alignment.motions(frames, identities)[0][0, 2] == pytest.approx(shift, abs=0.1)
        alignment.motions(frames, identities)
        assert alignment.estimates == 1  # in memory it is remembered
