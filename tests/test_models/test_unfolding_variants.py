"""What DRPCA-Net and L-RPCANet have beside the figures that tests/test_models/test_golden.py compares."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from mmirstd.models.backbones import LRPCANet
from mmirstd.models.backbones.drpcanet import DynamicSpatialAttention
from mmirstd.models.layers import PooledMLP
from tests.golden_network import GoldenNetwork

pytestmark = pytest.mark.usefixtures('float64')


def test_each_sample_has_its_own_kernel() -> None:
    layer = DynamicSpatialAttention(4)
    x = torch.randn(3, 4, 6, 7)
    expected = []
    for sample in x.split(1):
        kernel = layer.kernel(sample).view(1, 1, 3, 3)
        expected.append(sample * F.conv2d(sample.mean(dim=1, keepdim=True), kernel, padding=1).sigmoid())
    torch.testing.assert_close(layer(x), torch.cat(expected))


def test_a_pooled_mlp_sees_the_mean() -> None:
    layer = PooledMLP(3, 5, 2)
    x = torch.randn(2, 3, 4, 6)
    assert layer(x).shape == (2, 2, 1, 1)
    torch.testing.assert_close(layer(x), layer(x.mean(dim=(2, 3), keepdim=True)))


def test_the_noise_reaches_the_next_stage_only_on_request() -> None:
    torch.manual_seed(0)
    image = torch.rand(1, 1, 16, 16)
    for carry in (False, True):
        network = LRPCANet(num_stages=2, carry_noise=carry).eval()
        target = network(image)[0]
        first, last = (
            torch.autograd.grad(target.sum(), stage.noise.leave.bias, retain_graph=True, allow_unused=True)[0]
            for stage in network.stages
        )
        assert last is None  # the last stage's noise never reaches the targets
        assert first.abs() > 0  # that of the first one does by the image it helps to put together
        noise = network.stages[0](image, torch.zeros_like(image), None)[2]
        assert (noise is not None) == carry


def test_official_weights_load_with_the_noise_carried_on() -> None:
    network = GoldenNetwork('l_rpcanet', 'l-rpcanet', options={'model.backbone.carry_noise': True})
    model, plain = network.build().eval(), GoldenNetwork('l_rpcanet', 'l-rpcanet').build().eval()
    image = network.input()[:1].float()
    with torch.no_grad():
        assert not torch.equal(model.float()(image, mode='tensor'), plain.float()(image, mode='tensor'))
