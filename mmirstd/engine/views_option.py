"""Test-time augmentation as an option: ``--tta`` and ``model.test_cfg.views``."""

from __future__ import annotations

from typing import Any

from mmengine.config import Config

from mmirstd.compat.mean_of_views import Views
from mmirstd.utils.config_parts import bare_type
from mmirstd.utils.errors import ConfigError

KEY = 'model.test_cfg.views'


def views_option(name: str | None) -> dict[str, Any]:
    """What ``--tta NAME`` adds to ``--cfg-options``; nothing where it was not given."""
    return {} if name is None else {KEY: name}


def takes_views(cfg: Config) -> bool:
    """Whether the network of a config has views: it is a segmentation network of single images."""
    # of detectors, classical methods and cascades mmseg's encode_decode is not what runs; clips are not mirrored
    model = cfg.get('model') or {}
    return isinstance(model.get('decode_head'), dict) and 'num_frames' not in model


def check_views(cfg: Config) -> None:
    """Raise a ConfigError where a config asks for views that cannot be understood, or of a network that has none."""
    model = cfg.get('model') or {}
    test_cfg = model.get('test_cfg')
    value = test_cfg.get('views') if isinstance(test_cfg, dict) else None
    if Views.of(value) is None:
        return
    if not takes_views(cfg):
        raise ConfigError(
            f'test-time augmentation of {bare_type(model)}, with {KEY}={value}',
            expected='a segmentation network of single images (mmseg.EncoderDecoder)',
            cure='leave it out',
        )
