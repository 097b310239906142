"""The segmentation head of IRSTD networks: one logit a pixel."""

from __future__ import annotations

from collections.abc import Sequence

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.utils import resize
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import biased_conv


@MODELS.register_module()
class IRSTDHead(BaseDecodeHead):
    """Conv1x1-ReLU-conv1x1 to one logit map, with optional deep supervision of further levels.

    The first selected level is the prediction.  With several levels (``in_index`` and ``in_channels`` are lists),
    each has its own projection and its own loss while training, weighted by ``level_weights``; the test output
    stays that of the first.  GGL-Net uses one level (arXiv 2512.09497).

    mmseg's segmentor turns the logit into a probability in ``postprocess_result``, so ``seg_logits`` of a result
    holds PROBABILITIES in [0, 1].

    Args:
        in_channels: Channels of the level, or of each supervised level, the prediction's first.
        in_index: Index of the level in the neck's output, or one for each supervised level.
        channels: Hidden channels of the prediction's projection; None predicts straight from the level.
        threshold: A pixel is target when its probability is greater.
        level_weights: Loss weight of each level; 1 each by default.
        loss_decode: Loss config or configs; called with (logits, target, weight=None, ignore_index=...).
        align_corners: Of the resize of coarser levels' logits to the target's size.
        init_cfg: mmengine initialisation.

    Raises:
        ValueError: If the lists differ in length.
    """

    def __init__(
        self,
        in_channels: int | Sequence[int],
        in_index: int | Sequence[int] = 0,
        channels: int | None = None,
        threshold: float = 0.5,
        level_weights: Sequence[float] | None = None,
        loss_decode: dict | Sequence[dict] = dict(type='mmirstd.SoftIoULoss'),
        align_corners: bool = False,
        init_cfg: dict | None = dict(type='Kaiming', layer='Conv2d', mode='fan_out', nonlinearity='relu')
    ) -> None:
        several = not isinstance(in_channels, int)
        level_channels = list(in_channels) if several else [in_channels]
        level_indices = [in_index] if isinstance(in_index, int) else list(in_index)
        level_weights = [1.0] * len(level_channels) if level_weights is None else list(level_weights)
        if not len(level_channels) == len(level_indices) == len(level_weights):
            raise ValueError('IRSTDHead: in_channels, in_index and level_weights must be equally long, got '
                             f'{level_channels}, {level_indices} and {level_weights}')
        super().__init__(
            level_channels if several else in_channels,
            level_channels[0] if channels is None else channels,
            num_classes=2,
            out_channels=1,
            threshold=threshold,
            dropout_ratio=0,
            in_index=level_indices if several else level_indices[0],
            input_transform='multiple_select' if several else None,
            loss_decode=loss_decode,
            align_corners=align_corners,
            init_cfg=init_cfg)
        self.level_weights = level_weights
        self.hidden = nn.Identity() if channels is None else biased_conv(level_channels[0], channels, 1, norm_cfg=None)
        self.aux_convs = nn.ModuleList(nn.Conv2d(c, 1, kernel_size=1) for c in level_channels[1:])

    def _levels(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        levels = self._transform_inputs(inputs)
        return levels if self.input_transform else [levels]

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Levels of the neck -> the prediction's logits (B, 1, H, W)."""
        return self.cls_seg(self.hidden(self._levels(inputs)[0]))

    def level_logits(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Levels of the neck -> logits of all supervised levels, each at its own size, the prediction's first."""
        levels = self._levels(inputs)
        return [self.forward(inputs)] + [conv(x) for conv, x in zip(self.aux_convs, levels[1:])]

    def loss(self, inputs: Sequence[Tensor], batch_data_samples: list, train_cfg: dict) -> dict[str, Tensor]:
        """Losses of all supervised levels against ``gt_sem_seg``, summed under each loss's name."""
        losses: dict[str, Tensor] = {}
        for logits, level_weight in zip(self.level_logits(inputs), self.level_weights):
            for name, value in self.loss_by_feat(logits, batch_data_samples).items():
                losses[name] = losses.get(name, 0) + level_weight * value
        return losses

    def loss_by_feat(self, seg_logits: Tensor, batch_data_samples: list) -> dict[str, Tensor]:
        """Losses of one level's logits, resized to the target's size.

        mmseg's own version also logs a pixel accuracy, which for targets of a few pixels says nothing.
        """
        target = self._stack_batch_gt(batch_data_samples)
        seg_logits = resize(
            seg_logits, size=target.shape[2:], mode='bilinear', align_corners=self.align_corners, warning=False)
        target = target.squeeze(1)
        losses: dict[str, Tensor] = {}
        for loss in self.loss_decode if isinstance(self.loss_decode, nn.ModuleList) else [self.loss_decode]:
            value = loss(seg_logits, target, weight=None, ignore_index=self.ignore_index)
            losses[loss.loss_name] = losses.get(loss.loss_name, 0) + value
        return losses
