"""Start the process group with the backend that fits the device."""

from __future__ import annotations

import datetime
import os
from typing import Any

import torch
from torch import distributed as torch_dist
from torch.distributed.rendezvous import rendezvous

from mmirstd.utils.config_parts import bare_type
from mmirstd.utils.errors import ConfigError

from .launchers import LAUNCHER_VARIABLES, missing_variables, restart_count


def init_distributed(launcher: str, backend: str | None = None, timeout_s: int = 1800) -> None:
    """Make the process group before mmengine's Runner does.

    mmengine's launchers call ``torch.cuda.set_device`` unconditionally, so
    they cannot start on CPU; a group that already exists is respected by the
    Runner.  On CUDA mmengine's own launcher is used.

    Args:
        launcher: ``'none'`` (nothing is done), ``'pytorch'`` (torchrun), ``'slurm'`` or ``'mpi'``.
        backend: Defaults to ``'nccl'`` where CUDA is available, else ``'gloo'``.
        timeout_s: Seconds after which a collective call is given up.

    Raises:
        ConfigError: The launcher did not set its environment variables, i.e. the tool was not started by it.
    """
    if launcher == 'none' or torch_dist.is_initialized():
        return
    variables = LAUNCHER_VARIABLES[launcher]
    missing = missing_variables(launcher)
    if missing:
        raise ConfigError(
            f'--launcher {launcher}: the environment lacks {", ".join(missing)}, so this process was not started by it.'
            '\n  cure: start through tools/dist_train.sh or tools/dist_test.sh of a checkout, or by `torchrun '
            '--nproc_per_node N -m mmirstd.cli train CONFIG --launcher pytorch`, or leave --launcher out.'
        )
    use_cuda = torch.cuda.is_available()
    backend = backend or ('nccl' if use_cuda else 'gloo')
    timeout = datetime.timedelta(seconds=timeout_s)
    if use_cuda:
        from mmengine.dist import init_dist

        init_dist(launcher, backend=backend, timeout=timeout_s, **_fresh_store(timeout))
        return
    for name, source in variables.items():
        os.environ.setdefault(name, os.environ[source])
    os.environ.setdefault('MASTER_ADDR', '127.0.0.1')
    os.environ.setdefault('MASTER_PORT', '29500')
    torch_dist.init_process_group(backend, timeout=timeout, **_fresh_store(timeout))


def _fresh_store(timeout: datetime.timedelta) -> dict[str, Any]:
    """Arguments for the process group of a training that torchrun started again; none for a first start.

    torchrun of torch 2.13 keeps one store over all restarts. The addresses of the processes that have died stand in it,
    and who reads one of them before the new process has written its own waits for ever.
    """
    restarts = restart_count()
    if not restarts:
        return {}
    store, rank, world_size = next(rendezvous('env://', timeout=timeout))
    return dict(store=torch_dist.PrefixStore(f'restart {restarts}', store), rank=rank, world_size=world_size)


def prepare_distributed_config(cfg: Any) -> None:
    """Complete a config, in place, for a model wrapped in DistributedDataParallel.

    On CPU the wrapper must be given no device ids (mmengine gives it the
    local rank).  Batch-norm statistics, which each rank gathers on its own,
    are averaged after each epoch by mmengine's ``SyncBuffersHook``: without
    it the ranks would evaluate slightly different models.
    """
    wrapper = dict(
        cfg.get('model_wrapper_cfg')
        or dict(
            type='MMDistributedDataParallel',
            broadcast_buffers=False,
            find_unused_parameters=cfg.get('find_unused_parameters', False),
        )
    )
    if not torch.cuda.is_available():
        wrapper['device_ids'] = None
    cfg.model_wrapper_cfg = wrapper
    hooks = list(cfg.get('custom_hooks') or [])
    if not any(bare_type(hook) == 'SyncBuffersHook' for hook in hooks):
        hooks.append(dict(type='SyncBuffersHook'))
    cfg.custom_hooks = hooks
