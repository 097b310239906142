"""The short config that a fine-tuning writes: a person reads it, changes it and runs it again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmirstd.engine.config_names import networks
from mmirstd.engine.data_option import base_part
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.resources import base_name

from .recipe import Recipe

#: Side of the training windows, pixels, unless all images are smaller.
WINDOW = 256

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
{model}    'mmirstd::_base_/datasets/sirst_pipelines.py',
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

{schedule}"""


_CLIP_TEXT = """\
# {network} on sequences of your own.  Written by:
#   {command}
# {split}.
# Change it as you like, and train again: mmirstd train {name}
_base_ = [
{model}    'mmirstd::_base_/datasets/clip_pipelines.py',
    'mmirstd::_base_/schedules/cpu_adamw-onecycle.py',
    'mmirstd::_base_/default_runtime_moving.py',
]

load_from = {weights!r}
work_dir = '{{{{ fileDirname }}}}/work'
{loading}{changes}
frames = dict(data_root={root!r}, num_frames={num_frames}{data})
train_dataloader = dict(
    batch_size={recipe.batch_size},
    dataset=dict(ann_file='{{{{ fileDirname }}}}/train.json', **frames),
)
val_dataloader = dict(dataset=dict(ann_file='{{{{ fileDirname }}}}/val.json', **frames))
test_dataloader = dict(dataset=dict(ann_file='{{{{ fileDirname }}}}/test.json', **frames))

{schedule}"""

_SCHEDULE = """\
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
        ConfigError: ``base`` has no network.
    """
    model, changes = network_of(base)
    return _TEXT.format(
        network=_name(base, model),
        command=command,
        split=split,
        name=name,
        model='' if model is None else f'    {base_name(model)!r},\n',
        weights=weights,
        loading=_lines(loading),
        changes=changes,
        schedule=_SCHEDULE.format(recipe=recipe),
        root=str(root),
        images=images,
        window='' if window == WINDOW else _WINDOW.format(window=window),
        pipeline='' if window == WINDOW else 'pipeline=train_pipeline, ',
        data=_arguments(data),
        masks=masks,
        recipe=recipe,
    )


def clip_config_text(
    base: Path,
    weights: str | None,
    root: Path,
    num_frames: int,
    recipe: Recipe,
    *,
    loading: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    command: str = '',
    split: str = '',
    name: str = 'config.py',
) -> str:
    """The text of the config of a detector of moving targets.

    Args:
        base: The config whose network is taken.
        weights: The checkpoint to start from; None: random weights.
        root: Folder of the frames.
        num_frames: Frames of a clip.
        recipe: The schedule.
        loading: Loading options, such as ``bit_depth=14``.
        data: Further arguments of the data sets.
        command: What the first lines name as the origin.
        split: How the frames were parted, in words.
        name: File name of the config.

    Raises:
        ConfigError: ``base`` has no network.
    """
    model, changes = network_of(base)
    return _CLIP_TEXT.format(
        network=_name(base, model),
        command=command,
        split=split,
        name=name,
        model='' if model is None else f'    {base_name(model)!r},\n',
        weights=weights,
        loading=_lines(loading),
        changes=changes,
        root=str(root),
        num_frames=num_frames,
        data=_arguments(data),
        recipe=recipe,
        schedule=_SCHEDULE.format(recipe=recipe),
    )


def network_of(config: Path) -> tuple[Path | None, str]:
    """The network of a config, to be taken over into another one.

    Returns:
        A file among its bases that has a part of the network or all of it (in a folder ``_base_/models``), or None; and
        what the config itself says of the network, as text.

    Raises:
        ConfigError: It has no network.
    """
    model = base_part(config, 'models')
    changes = model_changes(config, model)
    if model is None and not changes:
        raise ConfigError(f'{config}: has no model', cure='give a config of a network')
    return model, Config(dict(model=changes)).pretty_text if changes else ''


def _name(config: Path, model: Path | None) -> str:
    return model.stem if model is not None and model.stem in networks() else config.stem.split('_')[0]


def _lines(entries: Mapping[str, Any] | None) -> str:
    return ''.join(f'{key} = {value!r}\n' for key, value in (entries or {}).items())


def _arguments(entries: Mapping[str, Any] | None) -> str:
    return ''.join(f', {key}={value!r}' for key, value in (entries or {}).items())


def model_changes(config: Path, part: Path | None) -> dict[str, Any]:
    """What a config's ``model`` changes of the one in its base: as an inheriting config would write it.

    Args:
        config: File of the config.
        part: File of the base; None: there is none, and all is new.
    """
    # types that are classes become names
    full, base = (Config.fromfile(str(path)).to_dict().get('model', {}) if path else {} for path in (config, part))
    return _changes(full, base)


def _changes(full: dict[str, Any], base: dict[str, Any]) -> dict[str, Any]:
    if set(base) - set(full):  # what is gone cannot be said but by all anew
        return {'_delete_': True, **full}
    changes: dict[str, Any] = {}
    for key, value in full.items():
        if key in base and value == base[key]:
            continue
        if not isinstance(value, dict) or key not in base:
            changes[key] = value
        elif isinstance(base[key], dict):
            changes[key] = _changes(value, base[key])
        else:  # mmengine puts a dict in place of a list or a number only where it is told to
            changes[key] = {'_delete_': True, **value}
    return changes
