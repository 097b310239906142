"""HCF-Net's norm of groups, its refinement and its sizes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmirstd.models.backbones import HCFEncoder
from mmirstd.models.backbones.hcf_encoder import DilatedChannelRefinement, GroupBatchNorm2d
from mmirstd.models.layers.patch_aware_attention import EfficientChannelAttention, LocalGlobalAttention
from mmirstd.models.necks.hcf_neck import DimensionSelection


def test_groups_pass_a_batch_norm_one_after_the_other() -> None:
    torch.manual_seed(0)
    ours, plain = GroupBatchNorm2d(3).double(), nn.BatchNorm2d(3).double()
    nn.init.normal_(ours.weight)
    nn.init.normal_(ours.bias)
    plain.load_state_dict(ours.state_dict())
    x = torch.randn(2, 5, 3, 4, 4, dtype=torch.float64) * 2 + 1
    for training in (True, True, False):
        out = ours.train(training)(x)
        expected = torch.stack([plain.train(training)(group) for group in x.unbind(dim=1)], dim=1)
        torch.testing.assert_close(out, expected, rtol=0, atol=1e-12)
        for name, value in plain.state_dict().items():
            torch.testing.assert_close(ours.state_dict()[name], value, rtol=1e-12, atol=1e-12)


def test_channels_of_the_quarters_are_mixed_one_by_one() -> None:
    """Output ``4 i + j`` before the last convolution sees channel ``i`` of each quarter and no other."""
    refine = DilatedChannelRefinement(16, dilations=(1, 1, 1, 1)).double().eval()
    refine.leave = nn.Identity()
    x = torch.randn(1, 16, 5, 5, dtype=torch.float64)
    base = refine(x)
    x[:, 4 * 2 + 1] += 1  # channel 1 of quarter 2
    changed = (refine(x) - base).abs().flatten(2).amax(dim=2)[0] > 0
    assert set(changed.nonzero().flatten().tolist()) <= {4, 5, 6, 7}
    assert changed.any()


def test_what_describes_a_patch() -> None:
    """The mean over channels of each pixel; officially that over the pixels of each group of channels."""
    x = torch.randn(2, 8, 4, 6)
    patch = x[0, :, 2:4, 4:6]
    torch.testing.assert_close(LocalGlobalAttention(8, 2, False)._describe(x)[0, 1, 2], patch.mean(dim=0).flatten())
    groups = patch.flatten(1).mean(dim=1).view(4, 2).mean(dim=1)
    torch.testing.assert_close(LocalGlobalAttention(8, 2, True)._describe(x)[0, 1, 2], groups)


@pytest.mark.parametrize(('channels', 'size'), [(32, 3), (64, 3), (128, 5), (256, 5), (512, 5)])
def test_kernels_of_the_channel_attention(channels: int, size: int) -> None:
    assert EfficientChannelAttention(channels).conv.kernel_size == (size,)


def test_a_level_chooses_between_its_neighbors() -> None:
    select = DimensionSelection(8, 16, 4, dict(type='BN')).double().eval()
    x, deep, fine = (torch.randn(1, c, s, s, dtype=torch.float64) for c, s in ((8, 8), (16, 4), (4, 16)))
    assert select(x, deep, fine).shape == (1, 8, 8, 8)
    with torch.no_grad():
        for conv, bias in ((select.own, 50.0), (select.deep, 3.0)):
            conv.weight.zero_()
            conv.bias.fill_(bias)
        select.tail.weight.copy_(torch.eye(8)[:, :, None, None])
        select.tail.bias.zero_()
        # A gate that is open lets the deeper level alone pass.
        torch.testing.assert_close(select(x, deep, fine), torch.full_like(x, 53) / (1 + 1e-5) ** 0.5)


def test_sizes_that_the_official_code_refuses() -> None:
    encoder = HCFEncoder(channels=(16, 16, 16, 16, 16)).eval()
    with torch.no_grad():
        outs = encoder(torch.rand(1, 1, 48, 32))
    assert [tuple(x.shape[2:]) for x in outs] == [(48, 32), (24, 16), (12, 8), (6, 4), (3, 2)]
    with pytest.raises(ValueError, match='divisible by 16'):
        encoder(torch.rand(1, 1, 40, 32))
