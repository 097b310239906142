"""A detector as mmdet ships it, of a few channels, with random weights."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from mmengine.config import Config

from mmirstd.registry import MODELS

CONFIG = """
_base_ = 'mmdet::yolox/yolox_tiny_8xb8-300e_coco.py'
model = dict(
    backbone=dict(widen_factor=0.125),
    neck=dict(in_channels=[32, 64, 128], out_channels=32),
    bbox_head=dict(num_classes=1, in_channels=32, feat_channels=32),
    test_cfg=dict(score_thr=0.0))
"""


def write_stock_detector(folder: Path, more: str = '') -> tuple[str, str]:
    """Write ``stock.py`` and ``stock.pth``.

    Args:
        folder: Where.
        more: Further lines of the config.

    Returns:
        Config and checkpoint.
    """
    config, weights = folder / 'stock.py', folder / 'stock.pth'
    config.write_text(CONFIG + more)
    torch.manual_seed(0)
    network = MODELS.build(Config.fromfile(str(config)).model | dict(type='mmdet.YOLOX'))
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            # mmcv's own weights let an untrained network of this depth overflow
            torch.nn.init.kaiming_uniform_(module.weight, a=math.sqrt(5))
            if module.bias is not None:
                torch.nn.init.zeros_(module.bias)
    torch.save(dict(state_dict=network.state_dict(), meta={}), weights)
    return str(config), str(weights)
