from __future__ import annotations

import copy
import multiprocessing
import pickle

import numpy as np
import pytest

from mmirstd.datasets import raw_cache
from mmirstd.datasets.image_io import read_image, read_mask
from mmirstd.datasets.raw_cache import RawCache, available_memory, cache_limit

from .helpers import make_root, scene, write


@pytest.fixture
def paths(tmp_path):
    root = make_root(tmp_path, ['a', 'b'])
    return [str(root / 'images' / f'{i}.png') for i in 'ab'] + [str(root / 'masks' / f'{i}.png') for i in 'ab']


def test_second_read_needs_no_file(paths, tmp_path):
    cache = RawCache(paths, 2**20)
    first = cache.image(paths[0]).copy(), cache.mask(paths[2]).copy()
    for path in paths:
        (tmp_path / path).unlink()
    np.testing.assert_array_equal(cache.image(paths[0]), first[0])
    np.testing.assert_array_equal(cache.mask(paths[2]), first[1])
    assert len(cache) == 2
    with pytest.raises(FileNotFoundError):
        cache.image(paths[1])


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.float32])
def test_types_and_odd_sizes(tmp_path, dtype):
    arrays = [(np.random.default_rng(s).random((7 + s, 5)) * 250).astype(dtype) for s in range(3)]
    paths = [str(write(tmp_path / f'{s}.tif', a)) for s, a in enumerate(arrays)]
    cache = RawCache(paths, 2**16)
    for _ in range(2):
        for path, array in zip(paths, arrays):
            read = cache.image(path)
            assert read.dtype == dtype
            np.testing.assert_array_equal(read, array)
    assert len(cache) == 3


def test_bounded(paths):
    size = scene(0)[0].size
    cache = RawCache(paths, size + size // 2)  # room for one
    for _ in range(2):
        for path in paths[:2]:
            np.testing.assert_array_equal(cache.image(path), read_image(path))
    assert len(cache) == 1
    assert cache.used_bytes <= size + size // 2


def test_off(paths):
    cache = RawCache(paths, 0)
    np.testing.assert_array_equal(cache.image(paths[0]), read_image(paths[0]))
    assert (len(cache), cache.used_bytes) == (0, 0)


def test_cached_arrays_cannot_be_spoilt(paths):
    cache = RawCache(paths, 2**20)
    cache.mask(paths[2])
    with pytest.raises(ValueError, match='read-only'):
        cache.mask(paths[2])[0, 0] = 7


def test_what_a_worker_decodes_the_others_see(paths):
    cache = RawCache(paths, 2**20)

    def work():
        cache.image(paths[0])
        cache.mask(paths[2])

    worker = multiprocessing.get_context('fork').Process(target=work)
    worker.start()
    worker.join(30)
    assert worker.exitcode == 0
    assert len(cache) == 2
    np.testing.assert_array_equal(cache.image(paths[0]), read_image(paths[0]))
    np.testing.assert_array_equal(cache.mask(paths[2]), read_mask(paths[2]))


def test_a_lock_left_by_a_killed_worker_does_not_stop_the_others(paths, monkeypatch):
    cache = RawCache(paths, 2**20)
    monkeypatch.setattr(cache, 'LOCK_TIMEOUT', 0.05)
    assert cache._lock.acquire(timeout=1)
    for path in paths[:2] * 2:
        np.testing.assert_array_equal(cache.image(path), read_image(path))
    assert len(cache) == 0


def test_copies_share_and_pickles_start_empty(paths):
    cache = RawCache(paths, 2**20)
    cache.image(paths[0])
    assert copy.deepcopy(cache) is cache
    other = pickle.loads(pickle.dumps(cache))
    assert len(other) == 0
    np.testing.assert_array_equal(other.image(paths[0]), read_image(paths[0]))
    assert len(other) == 1


def test_limit_of_the_options(monkeypatch):
    monkeypatch.setattr(raw_cache, 'available_memory', lambda: 40 * 2**20)
    assert cache_limit(True, 64) == 64 * 2**20
    assert cache_limit('auto', 64) == 10 * 2**20
    assert cache_limit('auto', 0.5) == 2**19
    assert cache_limit(False, 64) == 0
    monkeypatch.setattr(raw_cache, 'available_memory', lambda: None)
    assert cache_limit('auto', 64) == 64 * 2**20
    with pytest.raises(ValueError, match="cache is 'yes'; expected 'auto', True or False"):
        cache_limit('yes', 64)


def test_available_memory_is_plausible():
    free = available_memory()
    assert free is None or 2**20 < free < 2**50


def test_a_path_twice_has_one_place(paths):
    cache = RawCache([*paths[:2], *paths[:2], paths[1]], 2**20)
    for _ in range(2):
        for path in paths[:2]:
            np.testing.assert_array_equal(cache.image(path), read_image(path))
    assert len(cache) == 2
