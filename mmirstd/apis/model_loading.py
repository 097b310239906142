"""Find, build and fill the network of an inferencer."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope
from mmengine.runner.checkpoint import _load_checkpoint
from torch import nn

from mmirstd.compat.checkpoint import load_checkpoint_file
from mmirstd.engine.checkpoint_files import find_checkpoint
from mmirstd.engine.checkpoint_meta import read_meta
from mmirstd.engine.class_check import data_set_classes
from mmirstd.engine.config_errors import explain_config_errors
from mmirstd.engine.config_files import REPO_ROOT, load_config
from mmirstd.engine.config_names import find_named_config, metafile_models
from mmirstd.engine.hooks.checkpoint_guard_hook import compare_state_dict, describe_architecture
from mmirstd.engine.views_option import check_views
from mmirstd.engine.warm_up_state import predict_as_trained
from mmirstd.registry import MODELS
from mmirstd.utils.errors import CheckpointError, ConfigError

ModelLike = Any  # str | os.PathLike[str] | Config | ConfigDict | dict | nn.Module


def find_model_config(model: str | os.PathLike[str], options: dict | None = None) -> Config:
    """Read a config by path, or one of ours by its name or that of a model in a metafile (``'ggl-net-tiny_nuaa'``).

    Raises:
        ConfigError: There is none; the new name of an old one, or near matches are named.
    """
    return load_config(str(find_named_config(model)), options)


def default_weights(cfg: Config) -> str | None:
    """The checkpoint that the metafile beside a config names for it: a URL, or a file in the repository."""
    filename = getattr(cfg, 'filename', None)
    if not filename:
        return None
    for entry in metafile_models(Path(filename).parent / 'metafile.yml'):
        weights = entry.get('Weights')
        if weights and (REPO_ROOT / entry.get('Config', '')).resolve() == Path(filename).resolve():
            weights = weights[0] if isinstance(weights, list) else weights
            return weights if '://' in weights else str(REPO_ROOT / weights)
    return None


def as_config(model: ModelLike) -> Config | ConfigDict | None:
    """The config of what an inferencer was given, None for a model that was built.

    Raises:
        TypeError: It is something else.
        ConfigError: It names no config, or the config no model.
    """
    if isinstance(model, nn.Module):
        return None
    if isinstance(model, (str, os.PathLike)):
        cfg = find_model_config(model)
    elif isinstance(model, (Config, ConfigDict, dict)):
        cfg = copy.deepcopy(model) if isinstance(model, (Config, ConfigDict)) else ConfigDict(copy.deepcopy(model))
    else:
        raise TypeError(
            f'a model of type {type(model).__name__}; expected a config file, the name of a config, a '
            'Config or a network'
        )
    if not cfg.get('model'):
        raise ConfigError(f'{config_name(cfg)}: has no model')
    return cfg


def with_views(model: ModelLike, tta: str) -> Config | ConfigDict:
    """The config of what an inferencer was given, with test-time augmentation.

    Raises:
        ValueError: The network was built already.
        ConfigError: The views are unknown, or it is no segmentation network of single images.
    """
    cfg = as_config(model)
    if cfg is None:
        raise ValueError('tta goes with a config; of a network that was built, set test_cfg.views')
    cfg['model']['test_cfg'] = {**(cfg['model'].get('test_cfg') or {}), 'views': tta}
    check_views(cfg)
    return cfg


def config_name(cfg: Config | ConfigDict | None) -> str:
    """Short name of a config, for messages and results."""
    filename = None if cfg is None else getattr(cfg, 'filename', None)
    return Path(filename).stem if filename else 'model'


def build_network(
    model: ModelLike, cfg: Config | ConfigDict | None, weights: str | os.PathLike[str] | None, scope: str
) -> tuple[nn.Module, str | None]:
    """Build a network and load its weights, none of which are unpickled with code execution.

    Args:
        model: What the inferencer was given.
        cfg: :func:`as_config` of it.
        weights: Checkpoint file or URL; None: :func:`default_weights`.
        scope: Default scope where the config has none.

    Returns:
        The network in eval mode on the CPU, and where its weights came from (None: from nowhere).

    Raises:
        CheckpointError: The weights are missing, damaged or another network's, or there are none for a network that
            has learnable parameters.
        ConfigError: The config has an error.
    """
    init_default_scope((cfg or {}).get('default_scope') or scope)
    if cfg is None:
        network = model
    else:
        description = copy.deepcopy(cfg['model'])
        if description.get('pretrained') is not None:
            description['pretrained'] = None  # the checkpoint replaces it, and nothing is downloaded
        if isinstance(description.get('backbone'), dict):
            description['backbone'].pop('init_cfg', None)
        with explain_config_errors(config_name(cfg)):
            network = MODELS.build(description)
        if weights is None:
            weights = default_weights(cfg)
    if weights is not None:
        load_weights(network, os.fspath(weights))
    elif cfg is not None and any(p.requires_grad and p.numel() for p in network.parameters()):
        raise CheckpointError(
            f'{config_name(cfg)}: its network has learnable parameters and no checkpoint was given, '
            'so the weights would be random.\n  cure: give the checkpoint that training wrote (.pth)'
        )
    return network.eval(), None if weights is None else os.fspath(weights)


def class_names(
    network: nn.Module, cfg: Config | ConfigDict | None, weights: str | os.PathLike[str] | None
) -> tuple[str, ...]:
    """Names of the classes that a detector of boxes tells apart; empty where it has one class, and of other networks.

    The checkpoint's, which the network was trained on, or else those of the config's data sets; numbers where neither
    fits the head.

    Args:
        network: The network.
        cfg: Its config; None: there is none.
        weights: Checkpoint file or URL.
    """
    head = getattr(network, 'bbox_head', None) or getattr(getattr(network, 'roi_head', None), 'bbox_head', None)
    head = head[-1] if isinstance(head, nn.ModuleList) else head
    number = getattr(head, 'num_classes', None)
    if not isinstance(number, int) or number < 2:
        return ()
    meta = read_meta(weights) if weights is not None and os.path.isfile(weights) else {}
    trained = (meta.get('dataset_meta') or {}).get('classes')
    for names in (trained, *data_set_classes(cfg or {}).values()):
        if isinstance(names, (list, tuple)) and len(names) == number:
            return tuple(str(name) for name in names)
    return tuple(str(label) for label in range(number))


def load_weights(network: nn.Module, path: str) -> None:
    """Fill a network from a checkpoint that fits it exactly.

    Raises:
        CheckpointError: It does not, or it is no checkpoint.
    """
    found = find_checkpoint(path)
    checkpoint = _load_checkpoint(found, map_location='cpu') if '://' in found else load_checkpoint_file(found, 'cpu')
    state = checkpoint.get('state_dict', checkpoint) if isinstance(checkpoint, dict) else None
    if not isinstance(state, dict):
        raise CheckpointError(f'{path}: holds a {type(checkpoint).__name__}, expected a dict of weights')
    compared = compare_state_dict(network, state)
    wrong = {
        title: compared[key]
        for key, title in (
            ('missing', 'missing in the file'),
            ('unexpected', 'only in the file'),
            ('mismatched', 'other shapes'),
        )
        if compared[key]
    }
    if wrong:
        details = ''.join(
            f'\n  {title} ({len(items)}): {", ".join(items[:3])}{", ..." if len(items) > 3 else ""}'
            for title, items in wrong.items()
        )
        raise CheckpointError(
            f'{path}: belongs to another network than the config.{details}'
            f"\n  the file's model: {describe_architecture(checkpoint)}"
            '\n  cure: use the config that made it; it lies beside the checkpoint in its work dir'
        )
    predict_as_trained(network, checkpoint)
    # strict would mind batch norm's step counters, which no result depends on
    network.load_state_dict({key.removeprefix('module.'): value for key, value in state.items()}, strict=False)
