"""A head that starts with its finest level alone (MSHNet)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from mmirstd.registry import MODELS

from ..losses.warm_up import in_warm_up
from .irstd_head import IRSTDHead


@MODELS.register_module()
class WarmUpHead(IRSTDHead):
    """Trains only the first level at first, then the fusion and all levels (MSHNet, arXiv 2403.19366).

    During the warm-up the first level's map is the only one supervised, with weight 1, and it predicts: also in the
    validation between two epochs of the warm-up, because the fusion has not learned yet.  A checkpoint of the warm-up
    predicts so, too (:func:`mmirstd.engine.warm_up_state.predict_as_trained`); other weights predict by the fusion.

    Args:
        *args: As for :class:`IRSTDHead`.
        warm_epoch: Last epoch of the warm-up, counted from 0; should be that of the loss.  -1 for no warm-up.
        fusion_kernel_size: As for :class:`IRSTDHead`, needed here.
        **kwargs: As for :class:`IRSTDHead`.
    """

    def __init__(self, *args, warm_epoch: int = 5, fusion_kernel_size: int = 3, **kwargs) -> None:
        super().__init__(*args, **dict(kwargs, fusion_kernel_size=fusion_kernel_size))
        self.warm_epoch = warm_epoch

    def loss(self, inputs: Sequence[Tensor], batch_data_samples: list, train_cfg: dict) -> dict[str, Tensor]:
        """Losses of all supervised maps, or of the first level alone during the warm-up."""
        self.fusion_predicts = not in_warm_up(self.warm_epoch)
        if self.fusion_predicts:
            return super().loss(inputs, batch_data_samples, train_cfg)
        finest, fused, *_ = self.level_logits(inputs)
        # Distributed training wants a gradient for every parameter; those of the idle convolutions are zero.
        idle = 0 * fused.sum()
        return {name: value + idle for name, value in self.loss_by_feat(finest, batch_data_samples).items()}
