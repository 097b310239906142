"""The configs, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from mmengine.config import Config

from mmirstd.engine.config_names import runnable_configs
from tests.shared import REPO

#: Name -> file; those of bp_fpn are of other people's data, with mmdet's and mmseg's names (tests/integration).
CONFIGS = {name: path for name, path in runnable_configs().items() if path.parent.name != 'bp_fpn'}
MOVING = {
    name: path
    for name, path in CONFIGS.items()
    if path.parent.name in ('sstnet', 'stmenet', 'tdcnet', 'tridos', 'yolo_bp', 'yolox')
}
#: Segmentors of clips.
CLIP_MASKS = {
    name: path
    for name, path in CONFIGS.items()
    if path.parent.name in ('deeppro', 'dtum', 'rfr', 'lvnet', 'feedbacksts')
}
SINGLE_FRAME = {name: path for name, path in CONFIGS.items() if name not in MOVING and name not in CLIP_MASKS}


@cache
def load(name: str) -> Config:
    """A config by its name; not to be changed."""
    return Config.fromfile(CONFIGS[name])


def relative(path: Path) -> str:
    """As a user would write it."""
    return path.relative_to(REPO).as_posix()
