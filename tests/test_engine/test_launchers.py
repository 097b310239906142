"""Which process of several this is."""

from __future__ import annotations

import pytest

from mmirstd.engine.launchers import LaunchedAs, launched_as
from mmirstd.utils.errors import ConfigError

TORCHRUN = dict(RANK='5', WORLD_SIZE='8', LOCAL_RANK='1')
SLURM = dict(SLURM_PROCID='2', SLURM_NTASKS='4', SLURM_LOCALID='0')


def test_torchrun_is_seen_without_being_told() -> None:
    assert launched_as('none', TORCHRUN) == launched_as('pytorch', TORCHRUN) == LaunchedAs(5, 8, 1)
    assert launched_as('none', {}) is None
    assert launched_as('none', dict(TORCHRUN, RANK='0', WORLD_SIZE='1')) is None


def test_a_job_of_slurm_is_not_taken_for_several_processes_unless_it_is_said() -> None:
    """Its variables are set in a batch script that starts one process, too."""
    assert launched_as('none', SLURM) is None
    assert launched_as('slurm', SLURM) == LaunchedAs(2, 4, 0)


def test_a_launcher_that_did_not_start_it() -> None:
    with pytest.raises(ConfigError, match='--launcher mpi: the environment lacks OMPI_COMM_WORLD_RANK'):
        launched_as('mpi', TORCHRUN)
