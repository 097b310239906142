"""Packed convolutions give what the plain ones give, and only stand where they can."""

from __future__ import annotations

import copy
import io

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmcv.cnn import ConvModule, fuse_conv_bn
from torch import nn

from mmirstd.models.layers import PackedConvModule, pack_convs, packed_conv

pytestmark = pytest.mark.skipif(not packed_conv.can_pack(), reason='this PyTorch has no oneDNN operators')


def plain(act: str | None = 'SiLU', **kwargs) -> ConvModule:
    torch.manual_seed(0)
    return ConvModule(8, 12, 3, padding=1, act_cfg=act and dict(type=act), **kwargs).eval()


@settings(max_examples=40, deadline=None)
@given(
    kernel=st.sampled_from([1, 3, 5]),
    stride=st.integers(1, 2),
    dilation=st.integers(1, 2),
    groups=st.sampled_from([1, 4]),
    bias=st.booleans(),
    size=st.tuples(*[st.integers(9, 20)] * 2),
    batch=st.integers(1, 3),
    channels_last=st.booleans(),
    act=st.sampled_from([None, 'SiLU', 'Swish', 'Sigmoid', 'ReLU', 'LeakyReLU', 'Tanh']),
)
def test_equal_to_the_plain_module(kernel, stride, dilation, groups, bias, size, batch, channels_last, act) -> None:
    module = ConvModule(
        8,
        12,
        kernel,
        stride,
        kernel // 2,
        dilation,
        groups,
        bias,
        act_cfg=act and dict(type=act, **({'inplace': False} if act.endswith('ReLU') else {})),
    )
    packed = PackedConvModule(module)
    with torch.inference_mode():
        # A second size, then the first again: the weights are packed anew.
        for shape in (size, (16, 16), size):
            x = torch.randn(batch, 8, *shape)
            if channels_last:
                x = x.to(memory_format=torch.channels_last)
            torch.testing.assert_close(packed(x), module(x), rtol=1e-5, atol=1e-5)


def test_the_operators_are_used_for_float32_without_gradients_only() -> None:
    packed = PackedConvModule(plain())
    x = torch.rand(1, 8, 9, 9)
    assert packed(x).requires_grad
    with torch.no_grad():
        assert packed.bfloat16()(x.bfloat16()).dtype == torch.bfloat16
        assert packed.double()(x.double()).dtype == torch.float64
        assert packed._packed is None
        packed.float()(x)
        assert packed._packed[1].layout == torch._mkldnn


def test_norms_are_folded_first_and_other_modules_stay() -> None:
    model = nn.Sequential(
        plain(norm_cfg=dict(type='BN')),
        nn.Conv2d(12, 8, 1),
        plain(padding_mode='reflect'),
        nn.Conv2d(12, 8, 1),
        plain(order=('act', 'conv', 'norm')),
    )
    model[0].norm.running_mean.uniform_(-1, 1)
    x = torch.rand(2, 8, 16, 16)
    with torch.no_grad():
        expected = model.eval()(x)
        assert not any(isinstance(module, PackedConvModule) for module in pack_convs(copy.deepcopy(model)))
        packed = pack_convs(fuse_conv_bn(model))
        assert [isinstance(module, PackedConvModule) for module in packed] == [True] + 4 * [False]
        torch.testing.assert_close(packed(x), expected, rtol=0, atol=1e-5)


def test_the_parts_remain_for_those_who_use_them_one_by_one() -> None:
    module = plain()
    packed = PackedConvModule(module)
    assert packed.conv is module.conv
    assert packed.activate is module.activate
    x = torch.rand(1, 8, 9, 9)
    assert torch.equal(packed.norm(x), x)
    assert packed.state_dict().keys() == module.state_dict().keys()


def test_a_packed_module_can_be_copied_and_stored() -> None:
    packed = PackedConvModule(plain())
    x = torch.rand(1, 8, 9, 9)
    with torch.no_grad():
        expected = packed(x)
        file = io.BytesIO()
        torch.save(packed, file)
        file.seek(0)
        for again in (copy.deepcopy(packed), torch.load(file, weights_only=False)):
            assert again._packed is None
            torch.testing.assert_close(again(x), expected)


def test_asking_leaves_the_random_numbers_as_they_were() -> None:
    packed_conv.can_pack.cache_clear()
    torch.manual_seed(0)
    packed_conv.can_pack()
    found = torch.rand(3)
    torch.manual_seed(0)
    assert torch.equal(found, torch.rand(3))


def test_nothing_is_replaced_without_the_operators(monkeypatch) -> None:
    def missing(*args):
        raise AttributeError('no such operator')

    monkeypatch.setattr(PackedConvModule, 'forward', missing)
    packed_conv.can_pack.cache_clear()
    try:
        assert isinstance(pack_convs(nn.Sequential(plain()))[0], ConvModule)
    finally:
        packed_conv.can_pack.cache_clear()
