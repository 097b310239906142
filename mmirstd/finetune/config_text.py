"""The short config that a fine-tuning writes: a person reads it, changes it and runs it again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmirstd.engine.data_option import base_part
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.resources import resource_root

from .own_data import WINDOW
from .recipe import Recipe

_WINDOW = """\
# the images are smaller than the usual windows
train_pipeline = _base_.train_pipeline
train_pipeline[2].size = {window}
"""

_TEXT = """\
# {network} on images of your own.  Written by:
#   {command}
# {split}.
# Change it as you like, and train again: mmirstd train {name}
_base_ = [
    '{model}',
    'mmirstd::_base_/datasets/sirst_pipelines.py',
    'mmirstd::_base_/schedules/cpu_adamw-onecycle.py',
    'mmirstd::_base_/default_runtime.py',
]

load_from = {weights!r}
work_dir = '{{{{ fileDirname }}}}/work'
{loading}{changes}
data_root = {root!r}
data_prefix = dict(img_path={images!r}, seg_map_path={masks!r})
{window}
files = dict(data_root=data_root, data_prefix=data_prefix{data})
train_dataloader = dict(
    batch_size={recipe.batch_size},
    dataset=dict({pipeline}ann_file='{{{{ fileDirname }}}}/train.txt', **files),
)
val_dataloader = dict(dataset=dict(ann_file='{{{{ fileDirname }}}}/val.txt', **files))
test_dataloader = dict(dataset=dict(ann_file='{{{{ fileDirname }}}}/test.txt', **files))

lr = {recipe.lr:g}  # at the top of one cycle
optim_wrapper = dict(optimizer=dict(lr=lr))
param_scheduler = [dict(type='OneCycleLR', eta_max=lr, pct_start=0.15, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(max_epochs={recipe.epochs}, val_interval={recipe.val_interval})
"""


def config_text(
    base: Path,
    weights: str | None,
    root: Path,
    images: str,
    masks: str,
    recipe: Recipe,
    *,
    loading: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    window: int = WINDOW,
    command: str = '',
    split: str = '',
    name: str = 'config.py',
) -> str:
    """The text of the config.

    Args:
        base: The config whose network is taken.
        weights: The checkpoint to start from; None: random weights.
        root: Folder that holds images and masks.
        images: Folder of the images below it.
        masks: Folder of the masks below it.
        recipe: The schedule.
        loading: Loading options, such as ``bit_depth=14``.
        data: Further arguments of the data sets, such as ``mask_size_mismatch='resize'``.
        window: Side of the training windows, pixels.
        command: What the first lines name as the origin.
        split: How the images were parted, in words.
        name: File name of the config.

    Raises:
        ConfigError: The network of ``base`` is in no file of ``_base_/models``.
    """
    model = base_part(base, 'models')
    if model is None:
        raise ConfigError(
            f'{base}: none of its bases is a network (a file in a folder _base_/models)',
            cure='name the network in _base_, as our configs do',
        )
    changes = model_changes(base, model)
    return _TEXT.format(
        network=model.stem,
        command=command,
        split=split,
        name=name,
        model=_scoped(model),
        weights=weights,
        loading=''.join(f'{key} = {value!r}\n' for key, value in (loading or {}).items()),
        changes=Config(dict(model=changes)).pretty_text if changes else '',
        root=str(root),
        images=images,
        window='' if window == WINDOW else _WINDOW.format(window=window),
        pipeline='' if window == WINDOW else 'pipeline=train_pipeline, ',
        data=''.join(f', {key}={value!r}' for key, value in (data or {}).items()),
        masks=masks,
        recipe=recipe,
    )


def _scoped(path: Path) -> str:
    configs = resource_root() / 'configs'
    return f'mmirstd::{path.relative_to(configs).as_posix()}' if path.is_relative_to(configs) else str(path)


def model_changes(config: Path, part: Path) -> dict[str, Any]:
    """What a config's ``model`` changes of the one in its base: as an inheriting config would write it."""
    full, base = (Config.fromfile(str(path)).get('model', {}) for path in (config, part))
    return _changes(_plain(full), _plain(base))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _changes(full: dict[str, Any], base: dict[str, Any]) -> dict[str, Any]:
    if set(base) - set(full):  # what is gone cannot be said but by all anew
        return {'_delete_': True, **full}
    changes: dict[str, Any] = {}
    for key, value in full.items():
        if key in base and value == base[key]:
            continue
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        changes[key] = _changes(value, base[key]) if both else value
    return changes
