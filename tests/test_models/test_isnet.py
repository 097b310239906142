"""ISNet against the figures of BasicIRSTD's implementation (its DCN extension replaced by plain PyTorch there)."""

from __future__ import annotations

import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import Tensor, nn

from mmirstd.models.layers import DeformConv2dPack
from tests.golden_network import GoldenNetwork


class ISNet(GoldenNetwork):
    """The edge map comes from the neck by the auxiliary head."""

    @staticmethod
    def logits(model: nn.Module, image: Tensor) -> list[Tensor]:
        features = model.extract_feat(image)
        return [model.decode_head(features), model.auxiliary_head(features)]


def both(levels: list[Tensor]) -> list[Tensor]:
    return levels


@pytest.fixture(scope='module')
def network() -> ISNet:
    network = ISNet('basic_isnet', 'isnet')
    network.check_fill()
    return network


def test_outputs_equal_the_official_network(network: ISNet) -> None:
    network.check_outputs()
    network.check_outputs(levels=both, variant="mode='train' (eval BN)")


def test_training_forward_and_gradients_equal_the_official_network(network: ISNet) -> None:
    network.check_training(both)


def test_offsets_start_at_zero_and_learn(network: ISNet) -> None:
    init_default_scope('mmseg')
    model = network.build()
    model.init_weights()
    packs = [m for m in model.modules() if isinstance(m, DeformConv2dPack)]
    assert len(packs) == 4
    assert not any(pack.offset.weight.any() for pack in packs)
    mask = torch.zeros(1, 32, 32, dtype=torch.long)
    mask[:, 10:13, 10:12] = 1
    samples = [SegDataSample(gt_sem_seg=PixelData(data=mask)) for _ in range(2)]
    losses = model(torch.rand(2, 1, 32, 32), samples, mode='loss')
    assert set(losses) == {'decode.loss_soft_iou', 'aux.loss_edge'}
    sum(losses.values()).backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []
    assert any(pack.offset.weight.grad.any() for pack in packs)
