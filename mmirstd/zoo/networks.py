"""The networks of the zoo, by name, and what kind they are of."""

from __future__ import annotations

from pathlib import Path

from mmengine.config import Config
from mmengine.registry import init_default_scope

import mmirstd.registry  # noqa: F401
from mmirstd.engine.config_names import networks
from mmirstd.engine.data_option import base_part
from mmirstd.key_maps import ARCHS
from mmirstd.models.clip_model import ClipModel
from mmirstd.models.detectors import MultiFrameDetector
from mmirstd.models.segmentors import ClassicalSegmentor
from mmirstd.registry import MODELS


def zoo_models() -> dict[str, Config]:
    """Configs of all networks by name, sorted: of single images, and segmentors and detectors of clips.

    Variants are left out: what is made of another network's file in ``configs/_base_/models`` and has neither official
    weights nor a folder of its own.
    """
    files = networks()
    official = {key_map.network for key_map in ARCHS.values()}
    configs = {
        name: Config.fromfile(path)
        for name, path in files.items()
        if name in official or name in (path.stem, _folder(path)) or _is_made_of(path) not in files
    }
    init_default_scope('mmseg')
    return {
        name: cfg
        for name, cfg in configs.items()
        if cfg.model.type == 'EncoderDecoder' or is_classical(cfg) or is_of_clips(cfg)
    }


def _is_made_of(config: Path) -> str | None:
    """The name of the file in ``_base_/models`` that a config begins with."""
    part = base_part(config, 'models')
    return None if part is None else part.stem


def _folder(config: Path) -> str:
    return config.parent.name.replace('_', '-')


def is_classical(cfg: Config) -> bool:
    """Whether a model config is that of a method without weights."""
    return _is_a(cfg, ClassicalSegmentor)


def is_of_clips(cfg: Config) -> bool:
    """Whether a model config is that of a segmentor or a detector of clips."""
    return _is_a(cfg, ClipModel)


def is_clip_detector(cfg: Config) -> bool:
    """Whether a model config is that of a detector of clips."""
    return _is_a(cfg, MultiFrameDetector)


def _is_a(cfg: Config, kind: type) -> bool:
    built = MODELS.get(cfg.model.type)
    return isinstance(built, type) and issubclass(built, kind)
