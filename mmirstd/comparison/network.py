"""The networks of a comparison, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config
from mmseg.models.segmentors import BaseSegmentor

from mmirstd.engine.config_files import find_config
from mmirstd.engine.config_names import config_of_name
from mmirstd.finetune.config_text import network_of
from mmirstd.models.segmentors import ClassicalSegmentor
from mmirstd.registry import MODELS
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.near_matches import near_matches
from mmirstd.utils.resources import base_name, resource_root


@dataclass(frozen=True)
class ComparedNetwork:
    """A network without data and schedule.

    Attributes:
        name: In tables and file names.
        model: File of the network, as a config's ``_base_`` names it.
        changes: What a config of the user's changes of it, as lines of a config.
        trains: False for a classical method.
    """

    name: str
    model: str
    changes: str = ''
    trains: bool = True


def find_networks(names: Sequence[str]) -> list[ComparedNetwork]:
    """Networks by the names of files in ``configs/_base_/models``, of configs, or by paths of configs.

    Raises:
        ConfigError: One is not there, finds no masks, or two have the same name.
    """
    found = [_find_network(name) for name in names]
    known = [network.name for network in found]
    twice = sorted({name for name in known if known.count(name) > 1})
    if twice:
        raise ConfigError(f'--nets: given more than once: {", ".join(twice)}')
    return found


def _find_network(name: str) -> ComparedNetwork:
    models = _models()
    if name in models:
        model, changes, label = models[name], '', name
    else:
        config = _config(name, list(models))
        label = config.stem if name.endswith('.py') else name
        is_part = config.parent.name == 'models' and config.parent.parent.name == '_base_'
        model, changes = (config, '') if is_part else network_of(config)
    named = str(Config.fromfile(str(model)).model.type)
    kind = MODELS.get(named if '.' in named else f'mmseg.{named}')
    if kind is None:
        raise ConfigError(
            f'--nets {name}: its type {named} is not registered',
            expected="one of mmirstd's or mmseg's",
            cure='compare networks of your own modules by a suite of `mmirstd benchmark`',
        )
    if not (isinstance(kind, type) and issubclass(kind, BaseSegmentor)):
        raise ConfigError(
            f'--nets {name}: finds boxes',
            expected='networks of masks',
            cure='compare detectors by a suite of `mmirstd benchmark`; benchmarks/drone-ir.yml is an example',
        )
    return ComparedNetwork(label, base_name(model), changes, not issubclass(kind, ClassicalSegmentor))


def _models() -> dict[str, Path]:
    """Name -> file of the networks that mmirstd has."""
    return {path.stem: path for path in sorted((resource_root() / 'configs' / '_base_' / 'models').glob('*.py'))}


def _config(name: str, models: Sequence[str]) -> Path:
    if name.endswith('.py'):
        return find_config(name)
    try:
        return config_of_name(name)
    except ConfigError:
        close = near_matches(name, models)
        raise ConfigError(
            f'--nets {name}: there is no such network or config.\n  '
            + (f'did you mean: {", ".join(close)}?' if close else f'networks: {", ".join(models)}')
        ) from None
