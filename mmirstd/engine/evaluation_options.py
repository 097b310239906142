"""Change how a config is evaluated: the protocols reported, and a fixed size instead of the native one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .errors import ConfigError, near_matches


def set_protocols(cfg: Any, protocols: Sequence[str], eval_size: int | None = None) -> list[str]:
    """Let the test evaluator report these protocols, ``'default'`` always among them; in place.

    Args:
        cfg (mmengine.Config): With ``test_evaluator``.
        protocols (Sequence[str]): Names, see :mod:`mmirstd.evaluation.functional.protocols`.
        eval_size (int, optional): The fixed size that will be evaluated at.

    Returns:
        list[str]: A notice for each protocol whose official evaluation is at another size than this one.

    Raises:
        ConfigError: An unknown protocol, or no ``mmirstd.IRSTDMetric`` in the config.
    """
    from mmirstd.evaluation.functional.protocols import PROTOCOLS
    unknown = [p for p in protocols if p not in PROTOCOLS]
    if unknown:
        close = near_matches(unknown[0], PROTOCOLS)
        raise ConfigError(f'--protocol {unknown[0]}: there is no such protocol; there are: {", ".join(PROTOCOLS)}.'
                          + (f'\n  did you mean: {", ".join(close)}?' if close else ''))
    wanted = list(dict.fromkeys(['default', *protocols]))
    evaluators = cfg.test_evaluator if isinstance(cfg.test_evaluator, (list, tuple)) else [cfg.test_evaluator]
    ours = [e for e in evaluators if str(e.get('type', '')).rsplit('.', 1)[-1] == 'IRSTDMetric']
    if not ours:
        raise ConfigError('--protocol: test_evaluator has no mmirstd.IRSTDMetric, whose protocols these are')
    for evaluator in ours:
        evaluator['protocol'] = wanted
    notices = []
    for name in wanted:
        size = getattr(PROTOCOLS[name], 'resolution', None)
        if size is not None and eval_size != _side(size):
            where = 'at the native size' if eval_size is None else f'at {eval_size} x {eval_size}'
            notices.append(f'protocol {name!r}: its official evaluation is at {size}, this one is {where}; '
                           f'the figures compare with published ones only at that size (--eval-size {_side(size)})')
    return notices


def _side(size: Any) -> int:
    return int(size[0]) if isinstance(size, (tuple, list)) else int(size)


def _pipelines(dataset: dict) -> Iterator[list]:
    """Pipelines of a dataset config and of those it wraps."""
    if dataset.get('pipeline') is not None:
        yield dataset['pipeline']
    if isinstance(dataset.get('dataset'), dict):
        yield from _pipelines(dataset['dataset'])
    for member in dataset.get('datasets') or ():
        yield from _pipelines(member)


def set_eval_size(cfg: Any, size: int) -> None:
    """Insert ``mmirstd.ResizeForEvaluation`` into the test pipeline, after loading and before padding; in place.

    Args:
        cfg (mmengine.Config): With ``test_dataloader``.
        size (int): Side in pixels, at least 1.

    Raises:
        ConfigError: ``size`` is not positive, or the pipeline has no step before which it can stand.
    """
    if size < 1:
        raise ConfigError(f'--eval-size {size}: expected a positive number of pixels')
    for pipeline in _pipelines(cfg.test_dataloader['dataset']):
        names = [str(step.get('type', '')).rsplit('.', 1)[-1] for step in pipeline]
        if 'ResizeForEvaluation' in names:
            pipeline[names.index('ResizeForEvaluation')]['size'] = size
            continue
        place = next((names.index(n) for n in ('PadToMultiple', 'PackSegInputs') if n in names), None)
        if place is None:
            raise ConfigError('--eval-size: the test pipeline has neither mmirstd.PadToMultiple nor PackSegInputs')
        pipeline.insert(place, dict(type='mmirstd.ResizeForEvaluation', size=size))
