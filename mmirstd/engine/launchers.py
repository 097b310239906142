"""Which process of several this one is, by what its launcher put into the environment; torch is not imported."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from mmirstd.utils.errors import ConfigError

#: Launcher -> what torch.distributed calls it -> the launcher's variable.
LAUNCHER_VARIABLES = {
    'pytorch': {'RANK': 'RANK', 'WORLD_SIZE': 'WORLD_SIZE', 'LOCAL_RANK': 'LOCAL_RANK'},
    'slurm': {'RANK': 'SLURM_PROCID', 'WORLD_SIZE': 'SLURM_NTASKS', 'LOCAL_RANK': 'SLURM_LOCALID'},
    'mpi': {
        'RANK': 'OMPI_COMM_WORLD_RANK',
        'WORLD_SIZE': 'OMPI_COMM_WORLD_SIZE',
        'LOCAL_RANK': 'OMPI_COMM_WORLD_LOCAL_RANK',
    },
}


class LaunchedAs(NamedTuple):
    """A process of several.

    Attributes:
        rank: Its number, from 0.
        processes: How many there are.
        local_rank: Its number on its machine, from 0.
    """

    rank: int
    processes: int
    local_rank: int


def restart_count(environ: Mapping[str, str] = os.environ) -> int:
    """How often torchrun has started this process again (``--max-restarts``)."""
    return int(environ.get('TORCHELASTIC_RESTART_COUNT') or 0)


def missing_variables(launcher: str, environ: Mapping[str, str] = os.environ) -> list[str]:
    """What a launcher should have set and has not."""
    return [name for name in LAUNCHER_VARIABLES[launcher].values() if name not in environ]


def launched_as(launcher: str, environ: Mapping[str, str] = os.environ) -> LaunchedAs | None:
    """Which process this is.

    Args:
        launcher: ``'pytorch'``, ``'slurm'`` or ``'mpi'``; ``'none'``: torchrun is seen all the same, since processes
            that know nothing of each other would do everything twice.
        environ: The environment.

    Returns:
        None: the only one.

    Raises:
        ConfigError: The launcher did not set its variables.
    """
    if launcher == 'none':
        if missing_variables('pytorch', environ):
            return None
        launcher = 'pytorch'
    if missing := missing_variables(launcher, environ):
        raise ConfigError(
            f'--launcher {launcher}: the environment lacks {", ".join(missing)}, so this process was not started by it'
        )
    names = LAUNCHER_VARIABLES[launcher]
    launched = LaunchedAs(*(int(environ[names[key]]) for key in ('RANK', 'WORLD_SIZE', 'LOCAL_RANK')))
    return launched if launched.processes > 1 else None
