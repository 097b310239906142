"""A head within its warm-up predicts otherwise than later; a checkpoint's weights alone do not tell which it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from mmirstd.models.decode_heads import WarmUpHead


def predict_as_trained(network: nn.Module, checkpoint: Mapping[str, Any]) -> None:
    """Let heads with a warm-up predict as they did when the checkpoint was written.

    Otherwise the network that is loaded were another one than was validated and chosen.

    Args:
        network: That has the checkpoint's weights, or gets them.
        checkpoint: With ``meta.epoch``, the epochs that its training had done (by iterations: 0). Without it,
            as in converted weights, the training was done.
    """
    meta = checkpoint.get('meta')
    epochs = meta.get('epoch') if isinstance(meta, Mapping) else None
    if not isinstance(epochs, int):
        return
    for module in network.modules():
        if isinstance(module, WarmUpHead):
            module.fusion_predicts = epochs > module.warm_epoch + 1
