from __future__ import annotations

import pytest
import torch

import mmirstd.registry  # noqa: F401
from mmirstd.models.necks import CSPFPN
from mmirstd.registry import MODELS

CHANNELS = [8, 16, 32]


def features(size: int = 16, channels: list[int] = CHANNELS) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    return [torch.randn(2, c, size // 2**i, size // 2**i, generator=generator) for i, c in enumerate(channels)]


def yolox_pafpn(seed: int = 0):
    from mmdet.models.necks import YOLOXPAFPN

    torch.manual_seed(seed)
    neck = YOLOXPAFPN(CHANNELS, out_channels=8, num_csp_blocks=1)
    neck.init_weights()
    return neck


@pytest.mark.parametrize('training', [False, True])
def test_equals_the_top_down_half_of_yolox(training: bool) -> None:
    reference = yolox_pafpn()
    seen = {}
    reference.top_down_blocks[1].register_forward_hook(lambda m, args, out: seen.__setitem__(0, out))
    reference.top_down_blocks[0].register_forward_hook(lambda m, args, out: seen.__setitem__(1, out))
    reference.reduce_layers[0].register_forward_hook(lambda m, args, out: seen.__setitem__(2, out))
    neck = CSPFPN(CHANNELS, out_levels=(0, 1, 2), act_cfg=dict(type='Swish'))  # as YOLOX, for the last bit
    result = neck.load_state_dict(reference.state_dict(), strict=False)
    assert result.missing_keys == []
    assert all(k.startswith(('downsamples', 'bottom_up_blocks', 'out_convs')) for k in result.unexpected_keys)
    reference.train(training)
    neck.train(training)
    outs = neck(features())
    reference(features())
    for level, out in enumerate(outs):
        assert torch.equal(out, seen[level])


@pytest.mark.parametrize('out_levels', [(0,), (1,), (2,), (0, 2), (1, 2), (0, 1, 2)])
@pytest.mark.parametrize('out_channels', [None, 12])
def test_any_subset_comes_out_and_nothing_idle_is_built(out_levels: tuple[int, ...], out_channels: int | None) -> None:
    neck = MODELS.build(
        dict(type='mmirstd.CSPFPN', in_channels=CHANNELS, out_levels=out_levels, out_channels=out_channels)
    )
    outs = neck(features())
    own = [8, 16, 16]
    assert [o.shape[1:] for o in outs] == [(out_channels or own[i], 16 // 2**i, 16 // 2**i) for i in out_levels]
    sum(o.square().sum() for o in outs).backward()
    assert all(p.grad is not None for p in neck.parameters())


def test_the_subset_does_not_change_a_level() -> None:
    every = CSPFPN(CHANNELS, out_levels=(0, 1, 2)).eval()
    some = CSPFPN(CHANNELS, out_levels=(1,)).eval()
    assert some.load_state_dict(every.state_dict(), strict=False).missing_keys == []
    assert torch.equal(some(features())[0], every(features())[1])


def test_norm_is_yolox_s_and_configurable() -> None:
    norm = CSPFPN(CHANNELS).reduce_layers[0].bn
    assert (norm.eps, norm.momentum) == (1e-3, 0.03)
    norm = CSPFPN(CHANNELS, norm_cfg=dict(type='BN', eps=1e-5, momentum=0.1)).top_down_blocks[0].main_conv.bn
    assert (norm.eps, norm.momentum) == (1e-5, 0.1)


def test_sstnet_s_widths_and_parameters() -> None:
    # ../shared/golden/sstnet_feature_extractor.json: P3 has 128 channels at widen factor 0.5
    neck = CSPFPN([128, 256, 512], num_csp_blocks=1)
    shapes = {k: tuple(v.shape) for k, v in neck.state_dict().items() if k.endswith('conv.weight')}
    assert shapes['reduce_layers.0.conv.weight'] == (256, 512, 1, 1)
    assert shapes['top_down_blocks.0.main_conv.conv.weight'] == (128, 512, 1, 1)
    assert shapes['reduce_layers.1.conv.weight'] == (128, 256, 1, 1)
    assert shapes['top_down_blocks.1.final_conv.conv.weight'] == (128, 128, 1, 1)
    with torch.no_grad():
        assert neck.eval()(features(8, [128, 256, 512]))[0].shape == (2, 128, 8, 8)


def test_sizes_that_are_not_halves() -> None:
    inputs = [torch.randn(1, c, *s) for c, s in zip(CHANNELS, [(15, 9), (8, 5), (4, 3)])]
    assert CSPFPN(CHANNELS)(inputs)[0].shape == (1, 8, 15, 9)


@pytest.mark.parametrize(
    ('kwargs', 'match'),
    [
        (dict(in_channels=[8]), 'two levels or more'),
        (dict(in_channels=CHANNELS, out_levels=()), 'ascending indices from 0'),
        (dict(in_channels=CHANNELS, out_levels=(1, 0)), 'ascending'),
        (dict(in_channels=CHANNELS, out_levels=(3,)), 'to 2'),
    ],
)
def test_bad_configs(kwargs: dict, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        CSPFPN(**kwargs)


def test_wrong_number_of_inputs() -> None:
    with pytest.raises(ValueError, match='built for 3 levels, got 2'):
        CSPFPN(CHANNELS)(features()[:2])
