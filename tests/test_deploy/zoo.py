"""Networks of the zoo whose results mean something, without weights."""

from __future__ import annotations

import copy

import torch
from mmengine.registry import init_default_scope
from torch import nn

from mmirstd.apis import IRSTDInferencer
from mmirstd.registry import MODELS
from tests.test_configs.configs import SINGLE_FRAME, load

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
