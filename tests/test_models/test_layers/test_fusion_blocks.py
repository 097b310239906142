"""Wavelet subbands, dilated branches, gates, asymmetric modulation, non-local attention."""

from __future__ import annotations

import pytest
import torch

from mmirstd.models.layers import (
    AsymmetricModulation,
    ContextGate,
    NonLocalBlock,
    basic_stage,
    dilated_branch,
    haar_subbands,
)

pytestmark = pytest.mark.usefixtures('float64')


def test_haar_subbands_keep_the_energy_and_answer_to_edges() -> None:
    x = torch.rand(2, 3, 8, 6, dtype=torch.float64)
    subbands = haar_subbands(x)
    assert all(band.shape == (2, 3, 4, 3) for band in subbands)
    energy = sum(band.square().sum() for band in subbands)
    torch.testing.assert_close(energy, x.square().sum(), rtol=1e-6, atol=0.0)
    horizontal_edge = torch.zeros(1, 1, 2, 2)
    horizontal_edge[..., 0, :] = 1
    assert [round(float(band), 5) for band in haar_subbands(horizontal_edge)] == [1, 1, 0, 0]
    assert [round(float(band), 5) for band in haar_subbands(horizontal_edge.mT)] == [1, 0, 1, 0]


def test_undecimated_subbands_contain_the_decimated_ones() -> None:
    x = torch.rand(1, 2, 6, 8)
    for every, full in zip(haar_subbands(x), haar_subbands(x, decimate=False)):
        assert full.shape == x.shape
        torch.testing.assert_close(full[..., 1::2, 1::2], every)


@pytest.mark.parametrize('norm_cfg', [None, dict(type='BN')])
def test_dilated_branch_sees_as_far_as_kernel_and_dilation_reach(norm_cfg: dict | None) -> None:
    branch = dilated_branch(4, 5, 5, norm_cfg).eval()
    assert all((layer.conv.bias is None) is (norm_cfg is not None) for layer in branch)
    x = torch.rand(1, 4, 21, 21, requires_grad=True)
    for layer in branch:
        torch.nn.init.constant_(layer.conv.weight, 0.1)
    branch(x)[0, 0, 10, 10].backward()
    rows = x.grad.abs().sum((0, 1, 3)).nonzero().flatten()
    assert (int(rows[0]), int(rows[-1])) == (3, 17)  # 10 -+ (2 + 5)


@pytest.mark.parametrize(('pooled', 'size'), [(False, (5, 6)), (True, (1, 1))])
def test_context_gate(pooled: bool, size: tuple[int, int]) -> None:
    gate = ContextGate(8, pooled=pooled)(torch.randn(2, 8, 5, 6))
    assert gate.shape == (2, 8, *size)
    assert ((gate > 0) & (gate < 1)).all()
    with pytest.raises(ValueError, match='at least ratio=4'):
        ContextGate(3)


def test_asymmetric_modulation_with_open_gates_adds_the_levels() -> None:
    fusion = AsymmetricModulation(8, 8, project=False).eval()
    for gate in (fusion.top_down, fusion.bottom_up):
        torch.nn.init.constant_(gate.expand.bn.bias, 50.0)  # sigmoid: 1
    high, low = torch.rand(2, 8, 5, 5), torch.rand(2, 8, 5, 5)
    torch.testing.assert_close(fusion(high, low), fusion.post(2 * low + 2 * high))
    assert AsymmetricModulation(16, 8)(torch.rand(2, 16, 5, 5), low).shape == low.shape
    with pytest.raises(ValueError, match='project=True'):
        AsymmetricModulation(16, 8, project=False)


def test_non_local_block_starts_as_identity_and_averages_over_the_map() -> None:
    block = NonLocalBlock(8, 4)
    x = torch.rand(2, 8, 3, 4)
    torch.testing.assert_close(block(x), x)
    torch.nn.init.ones_(block.gamma)
    torch.nn.init.zeros_(block.query.weight)  # all positions alike
    torch.nn.init.zeros_(block.query.bias)
    torch.testing.assert_close(block(x), x + block.value(x).mean((2, 3), keepdim=True).expand_as(x))
    with pytest.raises(ValueError, match='at least ratio=16'):
        NonLocalBlock(8, 16)


def test_basic_stage_gives_the_shortcut_its_own_norm() -> None:
    stage = basic_stage(4, 8, 2, 2, dict(type='BN'), dict(type='BN', momentum=0.9))
    assert stage(torch.rand(2, 4, 6, 6)).shape == (2, 8, 3, 3)
    assert stage[0].downsample[1].momentum == 0.9
    assert stage[0].norm1.momentum == 0.1
