"""Networks of the zoo whose results mean something, without weights."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from mmengine.registry import init_default_scope
from torch import nn

from mmirstd.apis import IRSTDInferencer, MovingTargetInferencer
from mmirstd.deploy.graph_files import program_exporter
from mmirstd.models.detectors import MultiFrameDetector
from mmirstd.registry import MODELS
from mmirstd.utils.errors import UserError
from tests.test_configs.configs import CLIP_MASKS, MOVING, SINGLE_FRAME, load


def require_programs() -> None:
    """Skip a module of tests where this PyTorch has no exported programs for images of any size; the pinned one has."""
    try:
        program_exporter()
    except UserError as error:
        pytest.skip(str(error), allow_module_level=True)


#: Network -> its first config.
NETWORKS: dict[str, str] = {}
for _name in SINGLE_FRAME:
    NETWORKS.setdefault(_name.split('_')[0], _name)


def inferencer(network: str, **options) -> IRSTDInferencer:
    """With random weights, and batch norms with the statistics of noise: else deep features would vanish or explode."""
    cfg = load(NETWORKS[network])
    init_default_scope('mmseg')
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy(cfg.model)).train()
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    if norms:
        with torch.no_grad():
            model(torch.rand(2, 1, 64, 64), mode='tensor')
        for norm in norms:
            norm.running_var.clamp_(min=0.05)  # an almost constant channel would amplify rounding
    center_logits(model.eval())
    return IRSTDInferencer(model, device='cpu', **options)


@torch.no_grad()
def center_logits(model: nn.Module) -> None:
    """Bring the logits of noise to about -1 to 1, so that the sigmoid hides no difference."""
    head = model.decode_head
    fused = getattr(head, 'fusion', None) is not None and head.fusion_predicts
    last = head.fusion if fused else getattr(head, 'conv_seg', None)
    if isinstance(last, nn.Conv2d) and last.bias is not None:
        logits = model(torch.rand(1, 1, 64, 64), mode='tensor')
        last.weight /= logits.std()
        last.bias.sub_(logits.mean()).div_(logits.std())


#: Network of clips -> its first config.
CLIP_NETWORKS: dict[str, str] = {}
for _name in {**CLIP_MASKS, **MOVING}:
    CLIP_NETWORKS.setdefault(_name.split('_')[0], _name)


def clip_exports() -> list[tuple[str, bool]]:
    """Each network of clips once, as the stream that infer runs; one of each kind, and what has no stream, as clips."""
    # A narrow one stands for the wide one of its name.
    names = [name for name in CLIP_NETWORKS if f'{name}-nano' not in CLIP_NETWORKS]
    whole = ('deeppro', 'resunet-dtum', 'resunet-rfr', 'sstnet-nano', 'stmenet', 'tdcnet')
    return [(name, True) for name in names if name != 'tdcnet'] + [(name, False) for name in whole]


def clip_inferencer(network: str, folder: Path, **options) -> MovingTargetInferencer:
    """With its config's pipeline, a letterbox of 64 pixels where there is one, and weights as of :func:`inferencer`."""
    cfg = copy.deepcopy(load(CLIP_NETWORKS[network]))
    for step in cfg.test_dataloader.dataset.pipeline:
        if 'ClipLetterbox' in str(step['type']):
            step['size'] = 64
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    cfg.model.pop('motion_branch', None)
    model = MODELS.build(copy.deepcopy(cfg.model)).train()
    clips = torch.rand(2, model.input_frames, getattr(model.data_preprocessor, 'channels', 1), 64, 64)
    clips[..., 40:, :] = 0  # as a border
    norms = [module for module in model.modules() if isinstance(module, (nn.BatchNorm2d, nn.BatchNorm3d))]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        model._forward(clips)
        for norm in norms:
            norm.running_var.clamp_(min=0.05)
        model.eval()
        if isinstance(model, MultiFrameDetector):
            center_boxes(model, clips)
    torch.save(dict(state_dict=model.state_dict()), folder / 'weights.pth')
    return MovingTargetInferencer(cfg, folder / 'weights.pth', device='cpu', **options)


def center_boxes(model: nn.Module, clips: torch.Tensor) -> None:
    """Bring what the head says of noise to about -1 to 1, so that boxes are of some pixels and scores spread."""
    head = model.bbox_head
    last = (head.multi_level_conv_cls, head.multi_level_conv_reg, head.multi_level_conv_obj)
    for convs, found in zip(last, model._forward(clips)):
        for conv, maps in zip(convs, found):
            conv.weight /= maps.std()
            conv.bias.sub_(maps.mean()).div_(maps.std())
