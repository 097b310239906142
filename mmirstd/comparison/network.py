"""The networks of a comparison, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config
from mmseg.models.segmentors import BaseSegmentor

from mmirstd.engine.config_names import config_of_name, find_config, networks
from mmirstd.finetune.config_text import network_of
from mmirstd.models.segmentors import ClassicalSegmentor
from mmirstd.registry import MODELS
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.near_matches import near_matches
from mmirstd.utils.resources import base_name


@dataclass(frozen=True)
class ComparedNetwork:
    """A network without data and schedule.

    Attributes:
        name: In tables and file names.
        model: File with the network or a part of it, as a config's ``_base_`` names it; None: all is in ``changes``.
        changes: What the config itself says of the network, as lines of a config.
        trains: False for a classical method.
    """

    name: str
    model: str | None
    changes: str = ''
    trains: bool = True


def find_networks(names: Sequence[str]) -> list[ComparedNetwork]:
    """Networks by their names (:func:`~mmirstd.engine.config_names.networks`), those of configs, or paths of configs.

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
    known = networks()
    config = known[name] if name in known else _config(name, list(known))
    label = config.stem if name.endswith('.py') else name
    is_part = config.parent.name == 'models' and config.parent.parent.name == '_base_'
    model, changes = (config, '') if is_part else network_of(config)
    named = str(Config.fromfile(str(config)).to_dict()['model']['type'])
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
    base = None if model is None else base_name(model)
    return ComparedNetwork(label, base, changes, not issubclass(kind, ClassicalSegmentor))


def _config(name: str, known: Sequence[str]) -> Path:
    if name.endswith('.py'):
        return find_config(name)
    try:
        return config_of_name(name)
    except ConfigError:
        close = near_matches(name, known)
        raise ConfigError(
            f'--nets {name}: there is no such network or config.\n  '
            + (f'did you mean: {", ".join(close)}?' if close else f'networks: {", ".join(known)}')
        ) from None
