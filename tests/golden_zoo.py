"""All networks with recorded figures, and how their outputs are ordered.

``python -m tests.golden_zoo [ARCH ...]`` measures again what rounding does to them, to the named ones or to all
(tests/data/golden_rounding.json).  That takes a quarter of an hour and gives the same on every machine.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from functools import cache, cached_property

import torch
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmseg.models.utils import resize
from torch import Tensor, nn

from mmirstd.models.decode_heads.mrf3_head import as_target_logits
from mmirstd.models.layers.frequency_attention import FrequencyAttention
from mmirstd.models.layers.video_swin import WindowAttention3D
from mmirstd.registry import MODELS
from tests.golden_network import ROUNDING, GoldenNetwork
from tests.networks import network_model


def upsampled(size: int, align_corners: bool) -> Callable[[list[Tensor]], list[Tensor]]:
    """The official networks end with an upsampling, which mmseg's segmentor does for ours."""
    return lambda levels: [resize(levels[0], (size, size), mode='bilinear', align_corners=align_corners, warning=False)]


def prediction_last(levels: list[Tensor]) -> list[Tensor]:
    """DNANet's and MSHNet's lists end with the prediction, ours begin with it."""
    return [*levels[1:], levels[0]]


def uiu_levels(levels: list[Tensor]) -> list[Tensor]:
    """UIU-Net returns all maps at the prediction's size."""
    return [resize(x, levels[0].shape[2:], mode='bilinear', align_corners=False, warning=False) for x in levels]


def aligned_levels(levels: list[Tensor]) -> list[Tensor]:
    """HCF-Net returns all maps at the prediction's size."""
    return [resize(x, levels[0].shape[2:], mode='bilinear', align_corners=True, warning=False) for x in levels]


def serank_levels(levels: list[Tensor]) -> list[Tensor]:
    """SeRankDet returns the side maps at full size, and the prediction last."""
    return prediction_last(uiu_levels(levels))


def sctrans_levels(levels: list[Tensor]) -> list[Tensor]:
    """SCTransNet's side maps at full size, deepest first, then the fused and the finest one."""
    finest, fused, *sides = levels
    sides = [resize(side, finest.shape[2:], mode='bilinear', align_corners=True, warning=False) for side in sides]
    return [*sides[::-1], fused, finest]


class ISNet(GoldenNetwork):
    """The edge map comes from the neck by the auxiliary head."""

    def logits(self, model: nn.Module, image: Tensor) -> list[Tensor]:
        features = model.extract_feat(image)
        return [model.decode_head(features), model.auxiliary_head(features)]


class Unfolded(GoldenNetwork):
    """RPCANet's outputs are reconstruction and target map."""

    def logits(self, model: nn.Module, image: Tensor) -> list[Tensor]:
        features = model.extract_feat(image)
        return [features[1], model.decode_head(features)]

    def prediction(self, model: nn.Module, image: Tensor) -> Tensor:
        return self.logits(model, image)[1]


class ClipMasks(GoldenNetwork):
    """A segmentor of clips; the official ones give a map of each frame."""

    def input(self, in_channels: int | None = None, training: bool = False) -> Tensor:
        """The recorded clips (B, C, T, H, W) as ours (B, T, C, H, W)."""
        return super().input(in_channels, training).transpose(1, 2).contiguous()

    def all_frames(self, model: nn.Module, image: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, T, 1, H, W) and the head's feature (B, T, C, H, W) of all frames."""
        levels = model.temporal_neck.all_frames(model.extract_clip_feats(image))
        frames = (-1, model.num_frames)
        return model.decode_head.forward(levels).unflatten(0, frames), levels[0].unflatten(0, frames)

    def logits(self, model: nn.Module, image: Tensor) -> list[Tensor]:
        """As (B, 1, T, H, W)."""
        return [self.all_frames(model, image)[0].transpose(1, 2)]

    def prediction(self, model: nn.Module, image: Tensor) -> Tensor:
        """The key frame's logits."""
        return self.all_frames(model, image)[0][:, -1]


class DeepPro(ClipMasks):
    """Its outputs are the logits and the feature before them."""

    def logits(self, model: nn.Module, image: Tensor) -> list[Tensor]:
        logits, features = self.all_frames(model, image)
        return [logits.squeeze(2), features.transpose(1, 2)]


class TwoClasses(GoldenNetwork):
    """MRF3Net's maps of two classes: masks, then edges, of which that of the finest level comes last."""

    def logits(self, model: nn.Module, image: Tensor) -> list[Tensor]:
        masks, (finest, *edges) = model.decode_head.class_logits(model.extract_feat(image))
        return [*masks, *edges, finest]

    def prediction(self, model: nn.Module, image: Tensor) -> Tensor:
        return as_target_logits(self.logits(model, image)[0])


class Clips(GoldenNetwork):
    """A detector of clips: boxes, objectness and class of the key frame."""

    #: Not a part of a detector.
    whole = True

    def new(self, in_channels: int, training: bool = False) -> nn.Module:
        init_default_scope('mmdet')
        model = network_model(self.key_map.network)
        del model['data_preprocessor']
        self.configure(model, in_channels, training)
        built = MODELS.build(model)
        # The official code takes the frames one after the other.
        built.fold_frames = not training
        return built

    def configure(self, model: ConfigDict, in_channels: int, training: bool) -> None:
        """Change the config before it is built."""
        for backbone in (model.backbone, *model.get('clip_backbones', ())):
            backbone.in_channels = in_channels

    def input(self, in_channels: int | None = None, training: bool = False) -> Tensor:
        """The recorded clips (B, C, T, H, W) as ours (B, T, C, H, W)."""
        return super().input(in_channels, training).transpose(1, 2).contiguous()

    def logits(self, model: nn.Module, image: Tensor) -> list[Tensor]:
        return [official_map(model(image, mode='tensor'))]


class SSTNet(Clips):
    """In training also the motion branch's loss."""

    def new(self, in_channels: int, training: bool = False) -> nn.Module:
        built = super().new(in_channels, training)
        built.temporal_neck.fold_frames = not training
        return built

    def configure(self, model: ConfigDict, in_channels: int, training: bool) -> None:
        """With the motion branch's unused parameters in training."""
        model.backbone.in_channels = model.motion_branch.in_channels = in_channels
        model.motion_branch.official_unused = model.temporal_neck.official_unused = training

    def keeps_unused(self, training: bool) -> bool:
        return training

    def training_outputs(self, model: nn.Module, image: Tensor) -> Sequence[Tensor]:
        """With the motion loss."""
        frames = model.extract_clip_feats(image)
        raw = official_map(model.bbox_head(model.couple(frames)))
        return [raw, model.motion_branch.loss(image, frames)['loss_motion']]


class TDCNet(Clips):
    """As of LVNet."""

    @cached_property
    def official(self) -> dict[str, Tensor]:
        state = dict(super().official)
        for level, window in enumerate(((2, 8, 8), (2, 4, 4), (2, 2, 2)), start=1):
            index = WindowAttention3D(1, window, 1).position_index
            state.update(
                {key: index for key in state if key.endswith('relative_position_index') and f'a{level}.' in key}
            )
        return state


class Pyramid(SSTNet):
    """Backbone and pyramid of one frame (``--arch sstnet-pyramid``)."""

    whole = False

    def new(self, in_channels: int, training: bool = False) -> nn.Module:
        model = super().new(in_channels)
        model.temporal_neck = model.motion_branch = None
        del model.bbox_head
        return model

    def keeps_unused(self, training: bool) -> bool:
        return False

    def input(self, in_channels: int | None = None, training: bool = False) -> Tensor:
        return GoldenNetwork.input(self, in_channels, training)

    def logits(self, model: nn.Module, image: Tensor) -> list[Tensor]:
        return list(model.extract_frame_feat(image))

    def training_outputs(self, model: nn.Module, image: Tensor) -> Sequence[Tensor]:
        return self.logits(model, image)


class ResUNetDTUM(ClipMasks):
    """Its outputs are the key frame's logits, and the maps of the last four frames, which it keeps for a stream."""

    def new(self, in_channels: int, training: bool = False) -> nn.Module:
        model = super().new(in_channels)
        model.temporal_neck.hidden[3].p = 0.0
        return model

    def logits(self, model: nn.Module, image: Tensor) -> list[Tensor]:
        frames = model.extract_clip_feats(image)
        (logits,) = model.couple(frames)
        return [logits.unsqueeze(2), torch.stack([maps for (maps,) in frames[1:]], dim=2)]

    def prediction(self, model: nn.Module, image: Tensor) -> Tensor:
        return self.logits(model, image)[0].squeeze(2)


class ResUNetRFR(ClipMasks):
    """Frame after frame, in evaluation as in training."""

    @cached_property
    def official(self) -> dict[str, Tensor]:
        """With the table of cosines, which is too large for the record."""
        return {**super().official, 'spatio_temporal_fusion.fa.dct_layer.weight': FrequencyAttention(16).basis}

    def all_frames(self, model: nn.Module, image: Tensor) -> tuple[Tensor, Tensor]:
        levels = [model.frame_levels(*state) for state in model.all_states(image)]
        return torch.stack([model.decode_head.forward(level) for level in levels], dim=1), image

    def new(self, in_channels: int, training: bool = False) -> nn.Module:
        """On the record's five frames."""
        model = super().new(in_channels)
        model.num_frames = 5
        return model

    def logits(self, model: nn.Module, image: Tensor) -> list[Tensor]:
        """As (B, T, 1, H, W)."""
        return [self.all_frames(model, image)[0]]


class LVNet(ClipMasks):
    """The tables of relative positions, which are constants, are too large for the record."""

    @cached_property
    def official(self) -> dict[str, Tensor]:
        state = dict(super().official)
        index = WindowAttention3D(24, (4, 7, 7), 3).position_index
        return {key: index if key.endswith('relative_position_index') else value for key, value in state.items()}


def official_map(outputs: tuple) -> Tensor:
    """Our raw maps in the official order: box regressions, objectness, class."""
    (cls_score,), (bbox_pred,), (objectness,) = outputs
    return torch.cat([bbox_pred, objectness, cls_score], dim=1)


_ALL_IN_EVALUATION = "mode='train' (eval BN)"
_ENTRIES: dict[str, Callable[[], GoldenNetwork]] = {
    'abc': lambda: GoldenNetwork('abc', 'abc', lambda levels: prediction_last(uiu_levels(levels))),
    'acm-fpn': lambda: GoldenNetwork('acm_fpn', 'acm-fpn', upsampled(64, False)),
    'acm-unet': lambda: GoldenNetwork('acm_unet', 'acm-unet', upsampled(64, False)),
    'acm': lambda: GoldenNetwork('basic_acm', 'acm', upsampled(64, False)),
    'alcnet': lambda: GoldenNetwork('basic_alcnet', 'alcnet', upsampled(64, False)),
    # The float64 gradient is the official code's own; the softmax of its non-local blocks is steep with random weights,
    # and float32 gave it 223.8.
    'agpcnet': lambda: GoldenNetwork('agpcnet', 'agpcnet', upsampled(128, True), gradient_norm=222.90343136478162),
    'alcl-net': lambda: GoldenNetwork('alcl_net', 'alcl-net'),
    'deeppro': lambda: DeepPro('deeppro', 'deeppro', list, equal_terms=40 * 32 * 32),
    'deeppro-plus': lambda: DeepPro('deeppro_plus', 'deeppro-plus', list, equal_terms=40 * 32 * 32),
    # Its recorded variant without deep supervision has other weights (a layer of another name).
    'dnanet': lambda: GoldenNetwork('dnanet', 'dnanet', prediction_last),
    'dnanet-basic': lambda: GoldenNetwork(
        'basic_dnanet', 'dnanet-basic', training_levels=prediction_last, variants={_ALL_IN_EVALUATION: prediction_last}
    ),
    'drpca-net': lambda: Unfolded('drpca_net', 'drpca-net', list),
    'ggl-net': lambda: GoldenNetwork('ggl_net', 'ggl-net'),
    'hdnet': lambda: GoldenNetwork(
        'hdnet',
        'hdnet',
        prediction_last,
        variants={'warm_flag=False (eval BN)': lambda levels: levels[1:2]},
    ),
    'hcf-net': lambda: GoldenNetwork('hcf_net', 'hcf-net', aligned_levels),
    'isnet': lambda: ISNet('basic_isnet', 'isnet', training_levels=list, variants={_ALL_IN_EVALUATION: list}),
    # Its split attentions and UIU-Net's channel attentions normalize two values a channel in training (batch 2, one
    # pixel), which turns rounding into signs: what training decides of them is little, and their scatter says so.
    'istdu-net': lambda: GoldenNetwork('basic_istdunet', 'istdu-net'),
    'l-rpcanet': lambda: Unfolded('l_rpcanet', 'l-rpcanet', list),
    'l2sknet-fpn': lambda: GoldenNetwork('l2sknet_fpn', 'l2sknet-fpn'),
    'l2sknet-unet': lambda: GoldenNetwork('l2sknet_unet', 'l2sknet-unet'),
    'l2sknet-1d-fpn': lambda: GoldenNetwork('l2sknet_1d_fpn', 'l2sknet-1d-fpn'),
    'l2sknet-1d-unet': lambda: GoldenNetwork('l2sknet_1d_unet', 'l2sknet-1d-unet'),
    'lrrnet': lambda: Unfolded('lrrnet', 'lrrnet', list),
    'mlcl-net': lambda: GoldenNetwork('mlcl_net_base', 'mlcl-net'),
    'mlcl-net-small': lambda: GoldenNetwork('mlcl_net_small', 'mlcl-net-small'),
    # As of AGPCNet; float32 gave the official code 12.0632.
    'msda-net': lambda: GoldenNetwork('msda_net', 'msda-net', gradient_norm=12.028037343634303),
    'mrf3net': lambda: TwoClasses('mrf3net', 'mrf3net', list),
    'mshnet': lambda: GoldenNetwork(
        'mshnet',
        'mshnet',
        prediction_last,
        # The finest map predicts during the warm-up.
        variants={'warm_flag=False (eval BN)': lambda levels: levels[1:2]},
    ),
    # Of the official code a CUDA operator was replaced by its PyTorch form.
    'mshnet-nsfpn': lambda: GoldenNetwork(
        'mshnet_nsfpn',
        'mshnet-nsfpn',
        prediction_last,
        variants={'warm_flag=False (eval BN)': lambda levels: levels[1:2]},
    ),
    # As of AGPCNet; float32 gave the official code 6.1317.
    'mtu-net': lambda: GoldenNetwork('mtu_net', 'mtu-net', gradient_norm=6.045295129323654),
    'rdian': lambda: GoldenNetwork('basic_rdian', 'rdian'),
    'ristdnet': lambda: GoldenNetwork('basic_ristdnet', 'ristdnet'),
    'rpcanet': lambda: Unfolded('rpcanet', 'rpcanet', list),
    'rpcanet-pp': lambda: Unfolded(
        'rpcanet_pp', 'rpcanet-pp', list, options={'model.backbone.official_unused': True}, keep_unused=True
    ),
    'sctransnet': lambda: GoldenNetwork(
        'sctransnet',
        'sctransnet',
        training_levels=sctrans_levels,
        variants={_ALL_IN_EVALUATION: sctrans_levels},
        options={'model.neck.official_unused': True},
        keep_unused=True,
    ),
    'rfr-resunet': lambda: ResUNetRFR('rfr_resunet', 'rfr-resunet'),
    'lvnet': lambda: LVNet('lvnet', 'lvnet'),
    'feedbacksts': lambda: ClipMasks('feedbacksts', 'feedbacksts'),
    # The float64 gradient is the official code's own; swapped ranks move that of float32, 2872.99.
    'serankdet': lambda: GoldenNetwork('serankdet', 'serankdet', serank_levels, gradient_norm=2873.2138441002244),
    'sstnet': lambda: SSTNet('sstnet', 'sstnet'),
    'sstnet-pyramid': lambda: Pyramid('sstnet_feature_extractor', 'sstnet-pyramid'),
    'stmenet': lambda: Clips('stmenet', 'stmenet'),
    'tdcnet': lambda: TDCNet(
        'tdcnet',
        'tdcnet',
        # Ours is always that in evaluation.
        variants={'deploy: RepConv3D fused with switch_to_deploy() (must agree within float noise)': list},
    ),
    'tridos': lambda: Clips('tridos', 'tridos'),
    'uiu-net': lambda: GoldenNetwork('uiunet', 'uiu-net', uiu_levels),
    'uiu-net-basic': lambda: GoldenNetwork(
        'basic_uiunet', 'uiu-net-basic', training_levels=uiu_levels, variants={_ALL_IN_EVALUATION: uiu_levels}
    ),
    'unet': lambda: GoldenNetwork('basic_unet', 'unet'),
    'resunet': lambda: GoldenNetwork('basic_resunet', 'resunet'),
    # The official code gives the coarser temporal levels no gradient.
    'resunet-dtum': lambda: ResUNetDTUM('resunet_dtum', 'resunet-dtum', list, keep_unused=True),
}
NAMES = tuple(_ENTRIES)


@cache
def golden_network(name: str) -> GoldenNetwork:
    """The network of an ``--arch`` name; its results are kept for further checks."""
    return _ENTRIES[name]()


def main(names: Sequence[str]) -> None:
    """Measure what rounding does to networks and record it."""
    records = json.loads(ROUNDING.read_text()) if ROUNDING.is_file() else {}
    for name in names or NAMES:
        records[name] = _rounded(_ENTRIES[name]().measure_rounding())
        print(name, records[name], flush=True)
        ROUNDING.write_text(json.dumps({key: records[key] for key in NAMES if key in records}, indent=1) + '\n')


def _rounded(figures: dict | list | float) -> dict | list | float:
    """Three digits are enough, and no machine changes them."""
    if isinstance(figures, dict):
        return {key: _rounded(value) for key, value in figures.items()}
    return [_rounded(value) for value in figures] if isinstance(figures, list) else float(f'{figures:.2e}')


if __name__ == '__main__':
    main(sys.argv[1:])
