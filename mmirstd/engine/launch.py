"""From a config to a Runner on this machine: threads, workers, process group, checkpoints that are data."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.runner import Runner

from mmirstd.compat.precision import choose_precision

from .class_check import check_classes
from .config_errors import explain_config_errors
from .distributed import init_distributed, prepare_distributed_config
from .evaluation_batches import batch_by_size
from .freed_memory import keep_freed_memory
from .optim_wrapper import emulation_cost
from .preprocessor_check import check_preprocessor
from .threads import ThreadPlan, apply_threads, limit_workers, plan_threads


def default_work_dir(cfg: Config, work_dir: str | None) -> str:
    """The folder of a run: the option, the config's own, or ``work_dirs/<config name>`` here; absolute."""
    chosen = work_dir or cfg.get('work_dir') or os.path.join('work_dirs', Path(cfg.filename).stem)
    return os.path.abspath(os.path.expanduser(chosen))


def prepare(cfg: Config, launcher: str) -> tuple[ThreadPlan, list[str]]:
    """Fit a config to this machine: threads, workers, process group.

    Args:
        cfg: Changed in place.
        launcher: ``--launcher``.

    Returns:
        The thread plan and lines for the log.
    """
    plan = plan_threads()
    apply_threads(plan)
    if get_device() == 'cpu':
        keep_freed_memory()
    notes = [str(plan), *limit_workers(cfg, plan, on_cpu=get_device() == 'cpu'), *_emulated_evaluation(cfg)]
    cfg.launcher = launcher
    if launcher != 'none':
        init_distributed(launcher, timeout_s=cfg.get('env_cfg', {}).get('dist_cfg', {}).get('timeout', 1800))
        prepare_distributed_config(cfg)
    return plan, notes


def _emulated_evaluation(cfg: Config) -> list[str]:
    """A line for each evaluation that the config asks to be in bfloat16 on a CPU that has none."""
    if get_device() != 'cpu' or (best := choose_precision('cpu')).dtype == 'bfloat16':
        return []
    return [
        f'{key}.fp16=True: bfloat16, as asked for, but {best.why}: {emulation_cost("cpu")}\n  cure: {key}.fp16=False'
        for key in ('val_cfg', 'test_cfg')
        if (cfg.get(key) or {}).get('fp16')
    ]


def build_runner(cfg: Config, notes: Sequence[str] = (), runner_class: type[Runner] = Runner) -> Runner:
    """Build the Runner, whose checkpoints are unpickled safely, and log what was chosen for this machine.

    Args:
        cfg: The config.
        notes: Lines for the log.
        runner_class: What is built.

    Raises:
        ConfigError: A type or an argument in the config is wrong, or its classes do not agree.
    """
    from mmirstd.compat.checkpoint import install_safe_checkpoint_loading

    from .hooks.atomic_checkpoint_hook import use_atomic_checkpoints

    install_safe_checkpoint_loading()
    use_atomic_checkpoints(cfg)
    check_classes(cfg)
    notes = [*notes, *check_preprocessor(cfg), *batch_by_size(cfg)]
    with explain_config_errors(cfg.filename or 'config'):
        runner = runner_class.from_cfg(cfg)
    for note in notes:
        runner.logger.info(note)
    return runner
