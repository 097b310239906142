"""What a run that continues takes from its checkpoint before the Runner is built."""

from __future__ import annotations

import os
from typing import Any

from .checkpoint_files import numbered_checkpoints
from .checkpoint_meta import read_meta


def keep_seed(cfg: Any, checkpoint: str | os.PathLike[str]) -> list[str]:
    """Let a run that continues have the seed that it began with; in place.

    mmengine takes it from the checkpoint, too, but only when the data loaders have been built. Without a seed in the
    config, or with another one, their samplers would draw another order: an epoch that goes on after an interruption
    would train on some images twice and leave others out.

    Args:
        cfg: The config; ``randomness.seed`` is set.
        checkpoint: From which the run continues; what is no file here is not looked at.

    Returns:
        A line for the log where the config says another seed.

    Raises:
        CheckpointError: It cannot be read.
    """
    seed = read_meta(checkpoint).get('seed') if os.path.isfile(checkpoint) else None
    if seed is None:
        return []
    randomness = dict(cfg.get('randomness') or {})
    asked = randomness.get('seed')
    cfg.randomness = dict(randomness, seed=seed)
    if asked in (None, seed):
        return []
    return [f'randomness.seed: {seed}, with which the run began; the config says {asked}']


def resumed_by_config(cfg: Any) -> str | None:
    """From what a config with mmengine's ``resume = True`` continues, in the words of ``--resume``.

    Args:
        cfg: The config, with ``work_dir``.

    Returns:
        The checkpoint ``load_from``, or ``'auto'``; None for a new run: ``resume`` is not set, or, as in mmengine,
        nothing was saved in the work dir yet.
    """
    if not cfg.get('resume'):
        return None
    if cfg.get('load_from'):
        return str(cfg.load_from)
    saved = numbered_checkpoints(cfg.work_dir) or os.path.isfile(os.path.join(cfg.work_dir, 'last_checkpoint'))
    return 'auto' if saved else None
