"""The head of unfolded decompositions (RPCANet, RPCANet++)."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from mmirstd.registry import MODELS

from .irstd_head import IRSTDHead


@MODELS.register_module()
class UnfoldingHead(IRSTDHead):
    """Takes the backbone's target map as the logits and adds the loss of the reconstruction.

    Has no parameters, except a 1x1 convolution with ``map_channels``.  The inputs are those of ``mmirstd.RPCANet``:
    target map, reconstructed image, image.

    Args:
        reconstruction_weight: Factor of the mean squared error between reconstruction and image
            (``loss_reconstruction``); 0.01 in the official code (fengyiwu98/RPCANet, train.py).
        **kwargs: As for :class:`IRSTDHead`, without those of levels and convolutions.
    """

    def __init__(self, reconstruction_weight: float = 0.01, **kwargs) -> None:
        super().__init__(in_channels=1, in_index=0, **{'init_cfg': None, **kwargs})
        if self.map_channels == 1:
            self.conv_seg = nn.Identity()
        self.reconstruction_weight = reconstruction_weight

    def loss(self, inputs: Sequence[Tensor], batch_data_samples: list, train_cfg: dict) -> dict[str, Tensor]:
        """Losses of the target map, and ``loss_reconstruction``."""
        _, reconstruction, image = inputs
        losses = super().loss(inputs, batch_data_samples, train_cfg)
        error = F.mse_loss(reconstruction, image.to(reconstruction))
        return {**losses, 'loss_reconstruction': self.reconstruction_weight * error}
