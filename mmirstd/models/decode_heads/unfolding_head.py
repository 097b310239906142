"""The head of unfolded decompositions (RPCANet, RPCANet++)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmirstd.registry import MODELS

from .irstd_head import IRSTDHead


@MODELS.register_module()
class UnfoldingHead(IRSTDHead):
    """Takes the backbone's target map as the logits and adds the loss of the reconstruction.

    Has no parameters.  The inputs are those of ``mmirstd.RPCANet``: target map, reconstructed image, image.

    Args:
        reconstruction_weight: Factor of the mean squared error between reconstruction and image
            (``loss_reconstruction``); 0.01 in the official code (fengyiwu98/RPCANet, train.py).
        divide_by_maximum: In tests, take each image's target map divided by its maximum for the probability, as the
            official evaluation does, instead of the sigmoid that training uses.
        **kwargs: As for :class:`IRSTDHead`, without those of levels and convolutions.
    """

    def __init__(self, reconstruction_weight: float = 0.01, divide_by_maximum: bool = False, **kwargs) -> None:
        super().__init__(in_channels=1, in_index=0, **{'init_cfg': None, **kwargs})
        self.conv_seg = nn.Identity()
        self.reconstruction_weight = reconstruction_weight
        self.divide_by_maximum = divide_by_maximum

    def loss(self, inputs: Sequence[Tensor], batch_data_samples: list, train_cfg: dict) -> dict[str, Tensor]:
        """Losses of the target map, and ``loss_reconstruction``."""
        _, reconstruction, image = inputs
        losses = super().loss(inputs, batch_data_samples, train_cfg)
        error = F.mse_loss(reconstruction, image.to(reconstruction))
        return {**losses, 'loss_reconstruction': self.reconstruction_weight * error}

    def predict(self, inputs: Sequence[Tensor], batch_img_metas: list[dict], test_cfg: dict) -> Tensor:
        """Logits at the image's size (see ``divide_by_maximum``)."""
        if not self.divide_by_maximum:
            return super().predict(inputs, batch_img_metas, test_cfg)
        target = self.forward(inputs)
        maximum = target.amax(dim=(1, 2, 3), keepdim=True)
        ratio = torch.where(maximum > 0, target / maximum, torch.zeros_like(target))
        return self.predict_by_feat(ratio.logit(eps=1e-6), batch_img_metas)
