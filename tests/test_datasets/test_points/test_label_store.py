from __future__ import annotations

import copy
import multiprocessing
import pickle
from pathlib import Path

import numpy as np
import pytest

from mmirstd.datasets.points.label_store import LabelStore
from mmirstd.utils.errors import CheckpointError

NAMES, SIZES = ['a', 'b', 'c'], [(20, 30), (8, 8), (5, 40)]
POINTS = [np.array([[3, 4], [19, 29]]), np.zeros((0, 2)), np.array([[0, 39]])]


def store() -> LabelStore:
    return LabelStore(NAMES, SIZES, POINTS)


def test_labels_begin_with_the_points() -> None:
    labels = store()
    np.testing.assert_array_equal(np.argwhere(labels.label(0)), POINTS[0])
    assert labels.label(0).max() == 1
    assert not labels.label(1).any()
    assert labels.training_label(2).dtype == np.uint8


def test_grown_labels_are_soft_or_cut_at_one_half() -> None:
    labels = store()
    grown = np.linspace(0, 1, 64).reshape(8, 8)
    labels.put(1, grown)
    assert labels.training_label(1).dtype == np.float32
    np.testing.assert_allclose(labels.training_label(1), grown, atol=0.5 / 255 + 1e-6)
    labels.binary = True
    np.testing.assert_array_equal(labels.training_label(1), grown > 0.5)


def _read(labels: LabelStore, ask: multiprocessing.Queue, tell: multiprocessing.Queue) -> None:
    while ask.get() is not None:
        tell.put((float(labels.label(1).sum()), labels.trains.tolist(), labels.binary))


@pytest.mark.skipif('fork' not in multiprocessing.get_all_start_methods(), reason='this system cannot fork')
def test_workers_see_what_changes() -> None:
    """Those that are spawned get the store pickled: see the test of copies."""
    labels, context = store(), multiprocessing.get_context('fork')
    ask, tell = context.Queue(), context.Queue()
    worker = context.Process(target=_read, args=(labels, ask, tell))
    worker.start()
    try:
        ask.put(1)
        assert tell.get(timeout=60) == (0, [True] * 3, False)
        labels.put(1, np.ones((8, 8)))
        labels.trains, labels.binary = np.array([True, False, True]), True
        ask.put(1)
        assert tell.get(timeout=60) == (64, [True, False, True], True)
    finally:
        ask.put(None)
        worker.join(60)
    assert labels.label(1).sum() == 64  # the worker's end took nothing along


def test_an_image_that_waits_has_a_stand_in() -> None:
    labels = store()
    assert [labels.stand_in(i) for i in range(3)] == [0, 1, 2]
    labels.trains = np.array([True, False, True])
    np.random.seed(0)
    assert labels.stand_in(2) == 2
    assert {labels.stand_in(1) for _ in range(50)} == {0, 2}
    labels.trains = np.zeros(3, bool)
    assert labels.stand_in(1) == 1


def test_the_state_restores_everything() -> None:
    labels, other = store(), LabelStore(NAMES[::-1], SIZES[::-1], POINTS[::-1])
    labels.put(0, np.random.default_rng(0).random((20, 30)))
    labels.trains, labels.binary = np.array([True, False, True]), True
    other.load_state_dict(labels.state_dict())
    for index in range(3):
        np.testing.assert_array_equal(labels.label(index), other.label(2 - index))
    assert other.trains.tolist() == [True, False, True]
    assert other.binary


def test_labels_of_other_images_are_refused() -> None:
    with pytest.raises(CheckpointError, match=r"2 are only in one of them, the first is 'c'"):
        LabelStore(['a', 'b', 'd'], SIZES, POINTS).load_state_dict(store().state_dict())
    with pytest.raises(CheckpointError, match='label of b in the checkpoint has 8x8 pixels.*its image 9x8'):
        LabelStore(NAMES, [(20, 30), (9, 8), (5, 40)], POINTS).load_state_dict(store().state_dict())


def test_copies_share_and_the_file_goes_with_the_last_owner() -> None:
    labels = store()
    path = Path(labels._path)
    assert copy.deepcopy(labels) is labels
    reader = pickle.loads(pickle.dumps(labels))
    labels.put(1, np.ones((8, 8)))
    assert reader.label(1).sum() == 64
    del reader
    assert path.exists()
    labels._remove()
    assert not path.exists()
