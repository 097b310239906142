"""Refuse a checkpoint that does not belong to the model."""

from __future__ import annotations

import ast
import copy
from collections import OrderedDict
from typing import Any

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import nn

from mmirstd.registry import HOOKS
from mmirstd.utils.commands import command_line
from mmirstd.utils.errors import CheckpointError

from ..warm_up_state import predict_as_trained

_SHOWN = 5


def compare_state_dict(model: nn.Module, state_dict: dict) -> dict[str, list[str]]:
    """Compare a state dict with a model's by key and shape.

    Returns:
        ``matched``, ``missing`` (in the model only), ``unexpected`` (in the file only) and
        ``mismatched`` (``key: file shape, model shape``).  Keys lose a ``module.`` prefix; batch-norm's step counters,
        which no result depends on, are left out.
    """

    def relevant(entries: dict) -> dict:
        return {k.removeprefix('module.'): v for k, v in entries.items() if not k.endswith('num_batches_tracked')}

    theirs = relevant(state_dict)
    for name, module in model.named_modules():
        # A wrapper that takes the weights of what it wraps says how their names change (BPFPN).
        if hasattr(module, 'translate_state_dict'):
            module.translate_state_dict(theirs, f'{name}.' if name else '')
    ours = relevant(model.state_dict())
    result: dict[str, list[str]] = {'matched': [], 'missing': [], 'unexpected': [], 'mismatched': []}
    for key, value in ours.items():
        if key not in theirs:
            result['missing'].append(key)
        elif tuple(value.shape) != tuple(getattr(theirs[key], 'shape', ())):
            shape = tuple(getattr(theirs[key], 'shape', ()))
            result['mismatched'].append(f'{key}: {shape} in the file, {tuple(value.shape)} in the model')
        else:
            result['matched'].append(key)
    result['unexpected'] = [k for k in theirs if k not in ours]
    return result


def describe_architecture(checkpoint: dict) -> str:
    """What the config stored in a checkpoint says of its model, read as literals and never executed.

    Returns:
        E.g. ``'EncoderDecoder(backbone=mmirstd.GGLEncoder, decode_head=mmirstd.IRSTDHead)'``,
        or ``'unknown (...)'``.
    """
    meta = checkpoint.get('meta')
    text = meta.get('cfg') if isinstance(meta, dict) else None
    if not isinstance(text, str):
        return 'unknown (the file holds no config)'
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return 'unknown (its config cannot be read)'
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], 'id', None) == 'model':
            parts: dict[str, Any] = {}
            for keyword in getattr(node.value, 'keywords', []):
                if keyword.arg == 'type' and isinstance(keyword.value, ast.Constant):
                    parts['type'] = keyword.value.value
                inner = [
                    k.value.value
                    for k in getattr(keyword.value, 'keywords', [])
                    if k.arg == 'type' and isinstance(k.value, ast.Constant)
                ]
                if inner and keyword.arg in ('backbone', 'neck', 'decode_head', 'bbox_head'):
                    parts[keyword.arg] = inner[0]
            name = parts.pop('type', 'model')
            return f'{name}({", ".join(f"{k}={v}" for k, v in parts.items())})'
    return 'unknown (its config names no model)'


def _in_usual_form(checkpoint: dict) -> dict:
    """The weights, below ``state_dict`` and without a ``module.`` prefix; ``checkpoint`` is changed in place."""
    given = checkpoint['state_dict'] if 'state_dict' in checkpoint else copy.copy(checkpoint)
    weights = OrderedDict((str(key).removeprefix('module.'), value) for key, value in given.items())
    if hasattr(given, '_metadata'):  # versions of the modules, by which old weights are converted
        weights._metadata = given._metadata  # type: ignore[attr-defined]  # as PyTorch does
    if given is not checkpoint.get('state_dict'):
        checkpoint.clear()
    checkpoint['state_dict'] = weights
    return weights


def _first(title: str, items: list[str]) -> str:
    if not items:
        return ''
    more = f' ... and {len(items) - _SHOWN} more' if len(items) > _SHOWN else ''
    return f'\n  {title} ({len(items)}): {", ".join(items[:_SHOWN])}{more}'


@HOOKS.register_module()
class CheckpointGuardHook(Hook):
    """Compare every checkpoint with the model before it is loaded.

    mmengine loads with ``strict=False`` and only warns, so a checkpoint of
    another architecture ends in silently random weights.  This hook raises
    instead.  It also removes ``meta['config']``, which
    ``Runner.resume`` would execute as Python, and brings bare weights and names
    with ``module.`` into the form that ``EMAHook`` needs: it would stop at the
    first, and average, and test, its initial weights with the second.

    Args:
        min_match: The share of the model's entries, 0 to 1, that the file must fill.  1.0 (default): the two
            must be the same, entries that only the file has included.  Lower: for fine-tuning from a base
            checkpoint; what is not filled is logged.
        filename: The file's name, for messages.
    """

    # before EMAHook takes the weights
    priority = 'VERY_HIGH'

    def __init__(self, min_match: float = 1.0, filename: str = 'the checkpoint') -> None:
        self.min_match = min_match
        self.filename = filename

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Check the checkpoint.

        Raises:
            CheckpointError: It has no weights, they do not fit the model, or a run is to continue from a file without
                the state of a run.
        """
        if not isinstance(checkpoint, dict):
            raise CheckpointError(f'{self.filename}: holds a {type(checkpoint).__name__}, expected a dict of weights')
        meta = checkpoint.get('meta')
        if isinstance(meta, dict):
            meta.pop('config', None)
        if runner._resume:
            absent = [k for k in ('meta', 'message_hub', 'optimizer') if k not in checkpoint]
            if absent:
                raise CheckpointError(
                    f'{self.filename}: holds weights but not the state of a run ({", ".join(absent)} missing), so no '
                    'run can continue from it.\n  cure: start a new run from its weights: --cfg-options load_from=CKPT'
                )
        state_dict = _in_usual_form(checkpoint)
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        found = compare_state_dict(model, state_dict)
        total = len(found['matched']) + len(found['missing']) + len(found['mismatched'])
        share = len(found['matched']) / total if total else 1.0
        problems = (
            _first('missing in the file', found['missing'])
            + _first('only in the file', found['unexpected'])
            + _first('of another shape', found['mismatched'])
        )
        predict_as_trained(model, checkpoint)
        summary = f"{self.filename}: {len(found['matched'])} of the model's {total} entries match"
        if not problems:
            return
        if share < self.min_match or self.min_match >= 1.0:
            raise CheckpointError(
                f'{summary}: it belongs to another architecture.{problems}'
                f"\n  the file's model: {describe_architecture(checkpoint)}"
                '\n  cure: use the config that made it (it lies beside the checkpoint in its work dir), convert '
                f'official weights with `{command_line("convert")}`, or allow the difference with --partial-checkpoint.'
            )
        runner.logger.warning(f'{summary}; the rest keeps its initial values.{problems}')
