from __future__ import annotations

import subprocess
import sys

import cv2
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mmengine.config import Config

from mmirstd.engine.threads import ThreadPlan, apply_threads, limit_workers, most_workers, plan_threads
from tests.shared import REPO


@pytest.mark.parametrize(
    ('environ', 'cores', 'expected'),
    [
        ({}, 2, 2),
        ({'LOCAL_WORLD_SIZE': '2'}, 2, 1),
        ({'LOCAL_WORLD_SIZE': '8'}, 2, 1),  # never zero
        ({'OMPI_COMM_WORLD_LOCAL_SIZE': '2'}, 8, 4),
        ({'SLURM_NTASKS_PER_NODE': '4'}, 8, 2),
        ({'OMP_NUM_THREADS': '3', 'LOCAL_WORLD_SIZE': '2'}, 2, 3),  # the user's word counts
        ({'OMP_NUM_THREADS': '3,2'}, 2, 3),
        ({'OMP_NUM_THREADS': ''}, 2, 2),
    ],
)
def test_cores_are_divided_between_local_ranks(environ, cores, expected):
    plan = plan_threads(environ=environ, cores=cores, free=lambda: cores)
    assert plan.threads == expected
    assert ('OMP_NUM_THREADS' in str(plan)) == (plan.source == 'OMP_NUM_THREADS')


@pytest.mark.parametrize(
    ('cores', 'free', 'ranks', 'threads', 'busy'),
    [
        (2, 2.0, None, 2, 0),
        (2, 1.6, None, 2, 0),  # less than half a core's load
        (2, 1.4, None, 1, 1),
        (2, 1.0, None, 1, 1),
        (2, 0.0, None, 1, 1),  # never less than one
        (8, 5.1, None, 5, 3),
        (8, 6.0, 2, 3, 2),
        (8, 6.0, 4, 1, 2),
    ],
)
def test_busy_cores_are_left_to_others(cores, free, ranks, threads, busy):
    plan = plan_threads(ranks, {}, cores, lambda: free)
    assert (plan.threads, plan.busy) == (threads, busy)
    assert plan.cores_per_rank == max(1, (cores - busy) // (ranks or 1))
    assert ('other processes keep' in str(plan)) == (busy > 0)


@pytest.mark.parametrize(
    ('environ', 'cores'),
    [
        ({'OMP_NUM_THREADS': '2'}, 2),  # the user's word
        ({'LOCAL_WORLD_SIZE': '2'}, 4),  # the other rank's start would count as load
        ({}, 1),  # nothing to choose
    ],
)
def test_the_load_is_not_asked_where_it_does_not_count(environ, cores):
    plan = plan_threads(environ=environ, cores=cores, free=lambda: pytest.fail('asked'))
    assert plan.busy == 0
    assert plan.threads == (1 if cores == 1 else 2)


@given(cores=st.integers(1, 256), free=st.floats(0, 300), ranks=st.integers(1, 64))
def test_there_is_always_a_thread_and_never_more_than_cores(cores, free, ranks):
    plan = plan_threads(ranks, {}, cores, lambda: free)
    assert 1 <= plan.threads <= cores
    assert plan.threads * ranks <= max(cores, ranks)
    assert most_workers(plan, on_cpu=False) >= 1


def test_plan_is_put_into_force():
    before, opencv = torch.get_num_threads(), cv2.getNumThreads()
    environ = {'MKL_NUM_THREADS': '7'}
    try:
        apply_threads(ThreadPlan(cores=2, local_ranks=1, threads=2, source='test'), environ)
        assert torch.get_num_threads() == 2
        assert cv2.getNumThreads() == 1
    finally:
        torch.set_num_threads(before)
        cv2.setNumThreads(opencv)
    assert environ == {'MKL_NUM_THREADS': '7', 'OMP_NUM_THREADS': '2', 'OPENCV_FOR_THREADS_NUM': '1'}


@pytest.mark.parametrize(
    ('cores', 'ranks', 'on_cpu', 'expected'),
    [
        (2, 1, True, 0),
        (2, 2, True, 0),
        (16, 1, True, 4),
        (3, 1, True, 1),
        (2, 1, False, 2),
        (16, 2, False, 8),
        (1, 1, False, 1),
    ],
)
def test_workers_that_help(cores, ranks, on_cpu, expected):
    assert most_workers(ThreadPlan(cores, ranks, 1, 'test'), on_cpu) == expected


def test_workers_are_limited():
    cfg = Config(
        dict(
            train_dataloader=dict(num_workers=8, persistent_workers=True),
            val_dataloader=dict(num_workers=0, persistent_workers=True, prefetch_factor=2),
            test_dataloader=None,
        )
    )
    plan = ThreadPlan(cores=4, local_ranks=2, threads=2, source='test')
    notes = limit_workers(cfg, plan, on_cpu=False)
    assert notes == ['train_dataloader.num_workers: 8 -> 2 (network on GPU, 2 core(s) for this process)']
    assert cfg.train_dataloader == dict(num_workers=2, persistent_workers=True)
    assert cfg.val_dataloader == dict(num_workers=0, persistent_workers=False)  # torch refuses it otherwise
    limit_workers(cfg, plan, on_cpu=True)
    assert cfg.train_dataloader == dict(num_workers=0, persistent_workers=False)


def test_script_needs_no_package():
    script = str(REPO / 'mmirstd' / 'engine' / 'threads.py')
    out = subprocess.run(
        [sys.executable, '-S', script, '--ranks', '1000'], capture_output=True, text=True, check=True, env={}
    )
    assert out.stdout == '1\n'
