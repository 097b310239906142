"""Change how a config is evaluated: the protocols reported, and a fixed size instead of the native one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mmirstd.utils.config_parts import bare_type
from mmirstd.utils.errors import ConfigError


def set_protocols(cfg: Any, protocols: Sequence[str], eval_size: int | None = None) -> list[str]:
    """Let the test evaluator report these protocols, ``'default'`` always among them; in place.

    Args:
        cfg: With ``test_evaluator``.
        protocols: Names, see :mod:`mmirstd.evaluation.functional.protocols`.
        eval_size: The fixed size that will be evaluated at.

    Returns:
        A notice for each protocol whose official evaluation is at another size than this one.

    Raises:
        ConfigError: An unknown protocol, or no ``mmirstd.IRSTDMetric`` in the config.
    """
    from mmirstd.evaluation.functional.protocols import get_protocol

    try:
        specs = {spec.name: spec for spec in (get_protocol(name) for name in ['default', *protocols])}
    except KeyError as error:
        raise ConfigError(f'--protocol: {error.args[0]}') from error
    ours = irstd_metrics(cfg)
    if not ours:
        raise ConfigError('--protocol: test_evaluator has no mmirstd.IRSTDMetric, whose protocols these are')
    for evaluator in ours:
        evaluator['protocol'] = list(specs)
    root = str(cfg.test_dataloader['dataset'].get('data_root') or '')
    notices = []
    for name, spec in specs.items():
        if name == 'default' or not spec.resolution:
            continue
        official = spec.official_size(root)
        if official != eval_size:
            notices.append(
                f'protocol {name!r} officially evaluates {_at(official)}, this evaluation is {_at(eval_size)}: its '
                'figures compare with published ones only at the official size ('
                + (f'--eval-size {official})' if official else 'leave --eval-size out)')
            )
    return notices


def irstd_metrics(cfg: Any) -> list[dict]:
    """The configs of ``mmirstd.IRSTDMetric``, or of ``mmirstd.ClipMaskMetric``, among the test evaluators."""
    return _metrics(cfg, 'IRSTDMetric', 'ClipMaskMetric')


def _metrics(cfg: Any, *kinds: str) -> list[dict]:
    given = cfg.get('test_evaluator') or []
    return [e for e in (given if isinstance(given, (list, tuple)) else [given]) if bare_type(e) in kinds]


def set_per_image(cfg: Any, path: str) -> None:
    """Let the first metric of ours, of masks or else of boxes, write what happened in each image, in place.

    Args:
        cfg: With ``test_evaluator``.
        path: ``.json`` or ``.csv``.

    Raises:
        ConfigError: There is no such metric, or another suffix.
    """
    ours = irstd_metrics(cfg) or _metrics(cfg, 'MovingTargetMetric')
    if not ours:
        raise ConfigError(
            '--per-image: test_evaluator has neither mmirstd.IRSTDMetric (masks) nor mmirstd.MovingTargetMetric '
            '(boxes), which could write it'
        )
    if not path.endswith(('.json', '.csv')):
        raise ConfigError(f'--per-image {path}: expected a name that ends with .json or .csv')
    ours[0]['per_image_out'] = path


def set_per_sequence(cfg: Any, path: str) -> None:
    """Let ``mmirstd.MovingTargetMetric`` write the detections of each sequence by score, in place.

    Args:
        cfg: With ``test_evaluator``.
        path: ``.json``.

    Raises:
        ConfigError: There is no such metric, or another suffix.
    """
    ours = _metrics(cfg, 'MovingTargetMetric')
    if not ours:
        raise ConfigError('--per-sequence: test_evaluator has no mmirstd.MovingTargetMetric, which could write it')
    if not path.endswith('.json'):
        raise ConfigError(f'--per-sequence {path}: expected a name that ends with .json')
    ours[0]['score_counts_out'] = path


def _at(size: int | None) -> str:
    return 'at native size' if size is None else f'at {size} x {size}'


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
        cfg: With ``test_dataloader``.
        size: Side in pixels, at least 1.

    Raises:
        ConfigError: ``size`` is not positive, or the pipeline has no step before which it can stand.
    """
    if size < 1:
        raise ConfigError(f'--eval-size {size}: expected a positive number of pixels')
    for pipeline in _pipelines(cfg.test_dataloader['dataset']):
        names = [bare_type(step) for step in pipeline]
        if 'ResizeForEvaluation' in names:
            pipeline[names.index('ResizeForEvaluation')]['size'] = size
            continue
        place = next((names.index(n) for n in ('PadToMultiple', 'PackSegInputs') if n in names), None)
        if place is None:
            raise ConfigError('--eval-size: the test pipeline has neither mmirstd.PadToMultiple nor PackSegInputs')
        pipeline.insert(place, dict(type='mmirstd.ResizeForEvaluation', size=size))
