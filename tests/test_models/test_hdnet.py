"""What HDNet has beside the figures that tests/test_models/test_golden.py compares."""

from __future__ import annotations

import pytest
import torch
from mmengine.registry import init_default_scope

from mmirstd.models.backbones.hd_encoder import CONTRAST, AtrousContrast
from mmirstd.models.decode_heads import HDHead
from mmirstd.models.layers import dynamic_high_pass, frequency_rings
from mmirstd.registry import MODELS
from tests.golden_zoo import golden_network
from tests.networks import network_model


def test_the_official_cutoffs() -> None:
    """Recorded of each sample, for the four shares from coarse to fine."""
    network = golden_network('hdnet')
    model = network.build(dtype=torch.float64).eval()
    head, cutoffs = model.decode_head, []
    with torch.no_grad():
        features = model.extract_feat(network.input().double())
        sides = head.level_logits(features)[1:]
        image = features[-1]
        for side, share in zip(reversed(sides), reversed(head.energies)):
            scale = torch.nn.functional.interpolate(
                side, image.shape[2:], mode='bilinear', align_corners=True
            ).sigmoid()
            weighed = image * (1 + scale)
            image = dynamic_high_pass(weighed, share)
            rings = frequency_rings(*image.shape[2:], symmetric=False, device=image.device)
            removed = (torch.fft.fft2(weighed) - torch.fft.fft2(high_pass_complex(weighed, share))).abs() > 1e-9
            cutoffs += [int(rings[sample[0]].max()) for sample in removed]
    assert cutoffs == network.golden['dhpf_cutoffs']['values']


def high_pass_complex(x: torch.Tensor, share: float) -> torch.Tensor:
    """One sample after the other, as the definition reads: blocks of a shifted spectrum grow until they hold enough."""
    spectrum = torch.fft.fftshift(torch.fft.fft2(x), dim=(2, 3))
    rows, columns = x.shape[2] // 2, x.shape[3] // 2
    for sample in spectrum:
        energy = sample[0].abs().square()
        for c in range(1, min(rows, columns)):
            if energy[rows - c : rows + c, columns - c : columns + c].sum() >= share * energy.sum():
                break
        sample[0, rows - c : rows + c, columns - c : columns + c] = 0
    return torch.fft.ifft2(torch.fft.ifftshift(spectrum, dim=(2, 3)))


@pytest.mark.parametrize('size', [(32, 32), (24, 40), (33, 21)])
@pytest.mark.parametrize('share', [0.1, 0.6])
@pytest.mark.usefixtures('float64')
def test_high_pass_is_its_definition(size: tuple[int, int], share: float) -> None:
    torch.manual_seed(0)
    smooth = torch.nn.functional.avg_pool2d(torch.randn(3, 1, *size), 3, stride=1, padding=1)
    torch.testing.assert_close(dynamic_high_pass(smooth, share), high_pass_complex(smooth, share).abs())


@pytest.mark.usefixtures('float64')
def test_symmetric_high_pass_leaves_a_real_image() -> None:
    x = torch.randn(2, 1, 32, 32)
    low = frequency_rings(32, 32, symmetric=True, device=x.device) <= 6
    assert torch.fft.ifft2(torch.fft.fft2(x) * ~low).imag.abs().max() < 1e-12
    low = frequency_rings(32, 32, symmetric=False, device=x.device) <= 6
    assert torch.fft.ifft2(torch.fft.fft2(x) * ~low).imag.abs().max() > 1e-3
    constant = torch.full((1, 1, 32, 32), 7.0) + 1e-3 * x[:1]
    assert dynamic_high_pass(constant, 0.5, symmetric=True).max() < 1e-2


def test_the_filtered_image_never_changes_the_mask() -> None:
    network = golden_network('hdnet')
    model = network.build().eval()
    with torch.no_grad():
        features = model.extract_feat(network.input())
        scaled = model.decode_head(features)
        plain = super(HDHead, model.decode_head).level_logits(features)[0]
    ratio = scaled / plain
    assert ((ratio >= 1.5) & (ratio <= 2)).all()
    assert not torch.equal(scaled, plain)
    assert torch.equal(scaled > 0, plain > 0)


def test_contrast_kernels_are_the_start_and_learn() -> None:
    init_default_scope('mmseg')
    model = MODELS.build(network_model('hdnet'))
    model.init_weights()
    blocks = [module for module in model.modules() if isinstance(module, AtrousContrast)]
    assert len(blocks) == 5
    for block in blocks:
        weight = block.near[0].weight
        torch.testing.assert_close(weight, torch.tensor(CONTRAST).expand_as(weight))
        assert weight.requires_grad
        assert block.minus_far.weight[0, 0, 1, 1] == 0


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match='divisible by 4, got 6'):
        AtrousContrast(4, 6, dict(type='BN'))
    with pytest.raises(ValueError, match='as many as in_channels'):
        HDHead(in_channels=[4, 4], in_index=[0, 1])
