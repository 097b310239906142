"""The segmentation head of IRSTD networks: one logit a pixel."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmcv.cnn import ConvModule
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.utils import resize
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import biased_conv
from .pool_target import pool_target


@MODELS.register_module()
class IRSTDHead(BaseDecodeHead):
    """A small convolutional head to one logit map, with optional deep supervision of further levels.

    The prediction comes from the first selected level through a hidden convolution (``channels``) and a last one:
    conv1x1-ReLU-conv1x1 in GGL-Net (arXiv 2512.09497), conv3x3-BN-ReLU-dropout-conv1x1 in ACM, ISNet and RDIAN
    (``hidden_kernel_size=3, norm_cfg=dict(type='BN'), dropout_ratio=0.1``).

    Deep supervision is the same for all networks: with several levels (``in_index`` and ``in_channels`` are lists),
    each has its own projection and its own loss while training, weighted by ``level_weights``.  The test output is that
    of the first level (DNANet), or with ``fusion_kernel_size`` a convolution over the logits of all levels, resized to
    the first one's size, which is then supervised too, as the first of the maps (UIU-Net, MSHNet).

    mmseg's segmentor turns the logit into a probability in ``postprocess_result``, so ``seg_logits`` of a result
    holds PROBABILITIES in [0, 1].

    Args:
        in_channels: Channels of the level, or of each supervised level, the prediction's first.
        in_index: Index of the level in the neck's output, or one for each supervised level.
        channels: Hidden channels of the first level's projection; None predicts straight from the level.
        kernel_size: Of the convolutions that give a level's logits.
        aux_kernel_size: Of those of all levels but the first; ``kernel_size`` by default.
        hidden_kernel_size: Of the hidden convolution.
        norm_cfg: Norm layer of the hidden convolution; None for none.
        hidden_bias: Whether the hidden convolution has a bias; by default only where it has no norm.
        dropout_ratio: Probability with which an entry of the hidden feature is dropped while training.
        fusion_kernel_size: Odd size of the convolution over all levels' logits; None predicts from the first level.
        fusion_predicts: False for a fusion that only trains, beside a prediction from the first level (SCTransNet).
        threshold: A pixel is target when its probability is greater.
        level_weights: Loss weight of each supervised map, in the order of :meth:`level_logits`; 1 each by default.
        loss_decode: Loss config or configs; called with (logits, target, weight=None, ignore_index=...).
        align_corners: Of the resize of coarser levels' logits.
        map_channels: Channels of each map: 1, the logits; more for a head whose maps are features for another network
            (``mmirstd.DTUM``).
        init_cfg: mmengine initialization.

    Raises:
        ValueError: If the lists differ in length, or a fusion is asked for and there is nothing to fuse.
    """

    conv_seg: nn.Module

    def __init__(
        self,
        in_channels: int | Sequence[int],
        in_index: int | Sequence[int] = 0,
        channels: int | None = None,
        kernel_size: int = 1,
        hidden_kernel_size: int = 1,
        norm_cfg: dict | None = None,
        hidden_bias: bool | None = None,
        dropout_ratio: float = 0,
        fusion_kernel_size: int | None = None,
        fusion_predicts: bool = True,
        threshold: float = 0.5,
        level_weights: Sequence[float] | None = None,
        loss_decode: dict | Sequence[dict] = dict(type='mmirstd.SoftIoULoss'),
        align_corners: bool = False,
        native_supervision: bool = False,
        aux_kernel_size: int | None = None,
        map_channels: int = 1,
        init_cfg: dict | None = dict(type='Kaiming', layer='Conv2d', mode='fan_out', nonlinearity='relu'),
    ) -> None:
        several = not isinstance(in_channels, int)
        level_channels = [in_channels] if isinstance(in_channels, int) else list(in_channels)
        level_indices = [in_index] if isinstance(in_index, int) else list(in_index)
        maps = len(level_channels) + (fusion_kernel_size is not None)
        level_weights = [1.0] * maps if level_weights is None else list(level_weights)
        if len(level_channels) != len(level_indices) or len(level_weights) != maps:
            raise ValueError(
                'IRSTDHead: in_channels, in_index and level_weights must be equally long (level_weights one longer '
                f'with fusion_kernel_size), got {level_channels}, {level_indices} and {level_weights}'
            )
        if fusion_kernel_size is not None and not several:
            raise ValueError('IRSTDHead: fusion_kernel_size needs several levels, as lists in in_channels and in_index')
        super().__init__(
            level_channels if several else in_channels,
            level_channels[0] if channels is None else channels,
            num_classes=2,
            out_channels=1,
            threshold=threshold,
            dropout_ratio=0,
            norm_cfg=norm_cfg,
            in_index=level_indices if several else level_indices[0],
            input_transform='multiple_select' if several else None,
            loss_decode=loss_decode,
            align_corners=align_corners,
            init_cfg=init_cfg,
        )
        self.level_weights = level_weights
        self.native_supervision = native_supervision
        self.hidden: nn.Module = nn.Identity()
        if channels is not None and (norm_cfg is None if hidden_bias is None else hidden_bias):
            self.hidden = biased_conv(level_channels[0], channels, hidden_kernel_size, norm_cfg)
        elif channels is not None:
            self.hidden = ConvModule(
                level_channels[0],
                channels,
                hidden_kernel_size,
                padding=hidden_kernel_size // 2,
                bias=False,
                norm_cfg=norm_cfg,
            )
        if dropout_ratio > 0:
            # mmseg's own drops whole channels; the official IRSTD heads drop single entries.
            self.dropout = nn.Dropout(dropout_ratio)
        self.map_channels = map_channels
        if kernel_size != 1 or map_channels != 1:
            self.conv_seg = nn.Conv2d(self.channels, map_channels, kernel_size, padding=kernel_size // 2)
        aux_kernel_size = aux_kernel_size or kernel_size
        self.aux_convs = nn.ModuleList(
            nn.Conv2d(c, map_channels, aux_kernel_size, padding=aux_kernel_size // 2) for c in level_channels[1:]
        )
        self.fusion = None
        self.fusion_predicts = fusion_predicts
        if fusion_kernel_size is not None:
            self.fusion = nn.Conv2d(
                len(level_channels) * map_channels, map_channels, fusion_kernel_size, padding=fusion_kernel_size // 2
            )

    def _levels(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        levels = self._transform_inputs(inputs)
        return levels if self.input_transform else [levels]

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Levels of the neck -> the prediction's logits (B, 1, H, W)."""
        if self.fusion is not None and self.fusion_predicts:
            return self.level_logits(inputs)[0]
        return self.cls_seg(self.hidden(self._levels(inputs)[0]))

    def level_logits(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Levels of the neck -> logits of all supervised maps, each at its own size, the prediction's first."""
        levels = self._levels(inputs)
        logits = [self.cls_seg(self.hidden(levels[0]))]
        logits += [conv(x) for conv, x in zip(self.aux_convs, levels[1:])]
        if self.fusion is None:
            return logits
        size = logits[0].shape[2:]
        resized = [resize(x, size, mode='bilinear', align_corners=self.align_corners, warning=False) for x in logits]
        fused = self.fusion(torch.cat(resized, dim=1))
        return [fused, *logits] if self.fusion_predicts else [logits[0], fused, *logits[1:]]

    def predict_by_feat(self, seg_logits: Tensor, batch_img_metas: list[dict]) -> Tensor:
        """Logits (B, C, h, w), resized to the size of the network's input.

        mmseg's own turns sizes into numbers where ``align_corners`` is set, to warn of some; an exported program would
        keep them.
        """
        meta = batch_img_metas[0]
        size = meta['img_shape']
        if not isinstance(size, torch.Size):  # which is a window's, of mmseg's sliding inference
            size = meta.get('pad_shape', size)[:2]
        return resize(seg_logits, size, mode='bilinear', align_corners=self.align_corners, warning=False)

    def loss(self, inputs: Sequence[Tensor], batch_data_samples: list, train_cfg: dict) -> dict[str, Tensor]:
        """Losses of all supervised maps against ``gt_sem_seg``, summed under each loss's name."""
        losses: dict[str, Tensor] = {}
        for logits, level_weight in zip(self.level_logits(inputs), self.level_weights):
            for name, value in self.loss_by_feat(logits, batch_data_samples).items():
                losses[name] = losses.get(name, 0) + level_weight * value
        return losses

    def loss_by_feat(self, seg_logits: Tensor, batch_data_samples: list) -> dict[str, Tensor]:
        """Losses of one level's logits, resized to the target's size (or the other way round).

        Samples with a mask of each of T frames go with logits of B * T frames, a clip's one after the other; a clip is
        then one sample of the loss.

        mmseg's own version also logs a pixel accuracy, which for targets of a few pixels says nothing.
        """
        target = self._stack_batch_gt(batch_data_samples)
        if target.shape[1] > 1:
            seg_logits = seg_logits.unflatten(0, (-1, target.shape[1])).squeeze(2)
        if self.native_supervision:
            target = pool_target(target, seg_logits.shape[2:], self.ignore_index)
        else:
            seg_logits = resize(
                seg_logits, size=target.shape[2:], mode='bilinear', align_corners=self.align_corners, warning=False
            )
        target = target.squeeze(1)
        losses: dict[str, Tensor] = {}
        for loss in self.loss_decode if isinstance(self.loss_decode, nn.ModuleList) else [self.loss_decode]:
            value = loss(seg_logits, target, weight=None, ignore_index=self.ignore_index)
            name = str(loss.loss_name)
            losses[name] = losses.get(name, 0) + value
        return losses
