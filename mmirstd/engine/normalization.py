"""What a network was trained on: how gray values became its input, kept in its checkpoint and followed later."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from mmengine.config import Config

from mmirstd.datasets.gray_normalization import RENAMED_OPTIONS
from mmirstd.utils.renamed import rename_keys

from .checkpoint_meta import read_meta
from .loading_options import loading_steps

#: Arguments of the loading transform that decide the network's input, and what they are when left out.
_DEFAULTS: dict[str, Any] = dict(normalize='fixed', bit_depth=None, max_value=None, percentiles=[0.5, 99.5])
_META = 'normalization'
#: Options of loading that do not decide the network's input range.
_BESIDES = {'nonfinite', 'invert'}


def normalization(step: dict) -> dict[str, Any]:
    """How a loading step makes the network's input: ``normalize``, ``bit_depth``, ``max_value``, ..., plain values.

    What has no effect is as by default: percentiles unless they are used, the bit depth unless it divides. Old names of
    options are read as well: checkpoints keep what they were made with.
    """
    step = dict(step)
    rename_keys(step, RENAMED_OPTIONS)
    found = {key: step.get(key, default) for key, default in _DEFAULTS.items()}
    if found['normalize'] == 'auto' and (found['bit_depth'] is not None or found['max_value'] is not None):
        found['normalize'] = 'fixed'
    if found['normalize'] != 'percentile':
        found['percentiles'] = _DEFAULTS['percentiles']
    if found['normalize'] != 'fixed':
        found['max_value'] = None
    if found['normalize'] != 'fixed' or found['max_value'] is not None:
        found['bit_depth'] = None
    return dict(found, percentiles=[float(value) for value in found['percentiles']])


def training_normalizations(cfg: Config) -> list[dict[str, Any]]:
    """The distinct normalizations of a config's training data."""
    distinct: list[dict[str, Any]] = []
    for step in loading_steps(cfg.get('train_dataloader')):
        found = normalization(step)
        if found not in distinct:
            distinct.append(found)
    return distinct


def remember_normalization(checkpoint: dict, cfg: Config, wide: bool = False) -> None:
    """Write a config's training normalizations into the meta data of a checkpoint, in place.

    Args:
        checkpoint: The checkpoint.
        cfg: The config.
        wide: The training images have 16 bits, which is kept as ``bit_depth=16`` where nothing else is said.
    """
    found = training_normalizations(cfg)
    if wide:
        found = [dict(one, bit_depth=16) if one == _plain() else one for one in found]
    checkpoint.setdefault('meta', {})[_META] = found


def trained_normalizations(path: str) -> list[dict[str, Any]]:
    """What a checkpoint file says it was trained with; empty where it does not say.

    Raises:
        CheckpointError: It cannot be read.
    """
    stored = read_meta(path).get(_META)
    if not isinstance(stored, list):
        return []
    return [normalization(entry) for entry in stored if isinstance(entry, dict)]


def follow_training(steps: Iterable[dict], path: str, asked: bool) -> str | None:
    """Let loading steps do what a checkpoint's network was trained with, unless the user asked for something else.

    A checkpoint that knows no bit depth (8-bit images, or all 16 bits) goes with any: codes divided by their own
    largest value are alike.

    Args:
        steps: Loading steps of the pipelines in use, changed in place.
        path: The checkpoint; what is no file here is not looked at.
        asked: The user set the normalization, which then stays.

    Returns:
        What to tell the user; None where nothing differs.

    Raises:
        CheckpointError: It cannot be read.
    """
    trained = trained_normalizations(path) if os.path.isfile(path) else []
    steps = list(steps)
    used = [normalization(step) for step in steps]
    if not trained or all(any(_alike(one, other) for other in trained) for one in used):
        return None
    what = '; or '.join(_written(one) for one in trained)
    differs = next(one for one in used if not any(_alike(one, other) for other in trained))
    if asked or len(trained) > 1:
        return f'the checkpoint was trained with {what}; the images are now read with {_written(differs)}' + (
            ', as asked for' if asked else ''
        )
    for step in steps:
        rename_keys(step, RENAMED_OPTIONS)
        step.update(trained[0])
    return f'the images are read with {what}, as the checkpoint was trained; the config says {_written(differs)}'


def _alike(used: dict[str, Any], trained: dict[str, Any]) -> bool:
    bits = trained['bit_depth']
    return used == trained or bits in (None, 16) and dict(used, bit_depth=bits) == trained


def _written(found: dict[str, Any]) -> str:
    changed = {key: value for key, value in found.items() if value != _DEFAULTS[key]}
    if found['normalize'] == 'fixed' and found['max_value'] is None:
        changed['bit_depth'] = found['bit_depth']
    return ' '.join(f'{key}={value}' for key, value in changed.items())


def choose_for_inference(
    step: dict, weights: str | None, options: dict[str, Any], cfg: Any, source: str | None = None
) -> str | None:
    """Decide how a loading step reads the images of a user.

    What the user asks for comes first, then what the checkpoint's network was trained with.  Where the user says
    nothing and the training saw the plain division, which is right for images of 8 bits, raw files are stretched:
    ``normalize='auto'`` (:func:`mmirstd.datasets.gray_normalization.automatic_way`).

    Args:
        step: The loading step of a test pipeline, changed in place.
        weights: The checkpoint; None: there is none.
        options: Loading options that the user gave; they are put into the step.
        cfg: The config; None: there is none.
        source: What a notice of old names of options names.

    Returns:
        What to tell the user; None: nothing.

    Raises:
        CheckpointError: The checkpoint cannot be read.
    """
    rename_keys(step, RENAMED_OPTIONS, source)
    step.update(options)
    asked = bool(set(options) - _BESIDES) or cfg is not None and is_asked_for(cfg)
    said, trained = None, []
    if weights is not None and os.path.isfile(weights):
        trained = trained_normalizations(weights)
        said = follow_training([step], weights, asked)
    # A mixture of 8-bit images and scenes of known depth says nothing of a stranger's raw files.
    if not asked and normalization(step) == _plain() and (not trained or _plain() in trained):
        step['normalize'] = 'auto'
    return said


def _plain() -> dict[str, Any]:
    return normalization({})


def is_asked_for(cfg: Any) -> bool:
    """Whether a config's top or the command line say how test images are normalized, not the config's pipelines."""
    if any(cfg.get(option) is not None for option in (*_DEFAULTS, *RENAMED_OPTIONS)):
        return True
    filename = getattr(cfg, 'filename', None)
    if not filename:
        return False
    written = Config.fromfile(filename, import_custom_modules=False)
    return [normalization(step) for step in loading_steps(written.get('test_dataloader'))] != [
        normalization(step) for step in loading_steps(cfg.get('test_dataloader'))
    ]
