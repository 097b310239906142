"""NS-FPN's parts, and the places where it can stand."""

from __future__ import annotations

import pytest
import torch
from mmengine.registry import init_default_scope

from mmirstd.models.layers import haar_inverse, haar_subbands
from mmirstd.models.necks import BPFPN, NSFPN, SkipPyramid
from mmirstd.models.necks.ns_fpn import FeaturePurification, GaussianBlur
from mmirstd.models.necks.spiral_sampling import SpiralSampling, spiral_offsets
from mmirstd.registry import MODELS
from tests.networks import network_model

from .bp_fpn_models import det_batch, fcos, gradients, losses_of

NECK = dict(type='mmirstd.NSFPN', in_channels=[32, 64, 128], out_channels=16, num_outs=3)


def levels(*sizes: int, channels: tuple[int, ...] = (32, 64, 128)) -> list[torch.Tensor]:
    torch.manual_seed(0)
    return [torch.randn(2, c, size, size) for c, size in zip(channels, sizes)]


def test_haar_inverse() -> None:
    x = torch.randn(2, 3, 6, 8, dtype=torch.float64)
    torch.testing.assert_close(haar_inverse(*haar_subbands(x, scale=0.5), scale=0.5), x, rtol=0, atol=1e-14)


def test_nothing_is_purified_without_threshold_and_attention(monkeypatch: pytest.MonkeyPatch) -> None:
    purify = FeaturePurification(3, threshold=0, official_order=False).double()
    monkeypatch.setattr(purify.attention, 'forward', lambda low: torch.ones_like(low[:, :1]))
    for size in ((6, 8), (5, 7)):
        x = torch.randn(2, 3, *size, dtype=torch.float64)
        torch.testing.assert_close(purify(x), x, rtol=0, atol=1e-6)  # the filters' rounding


def test_small_high_coefficients_are_blurred(monkeypatch: pytest.MonkeyPatch) -> None:
    """A faint checkerboard of one block is spread over its neighbors; a strong one stays, and so do the means."""
    purify = FeaturePurification(1, official_order=False).double()
    monkeypatch.setattr(purify.attention, 'forward', lambda low: torch.ones_like(low[:, :1]))
    x = torch.zeros(1, 1, 6, 6, dtype=torch.float64)
    x[..., 2:4, 2:4] = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
    assert float(haar_subbands(x)[3][0, 0, 1, 1]) == pytest.approx(2, abs=1e-6)
    assert float(purify(x)[0, 0, 2, 2]) == pytest.approx(1, abs=1e-6)
    faint = purify(0.2 * x).detach()
    center = 1 / (1 + 4 * torch.exp(torch.tensor(-0.5)) + 4 * torch.exp(torch.tensor(-1.0)))
    assert float(faint[0, 0, 2, 2]) == pytest.approx(0.2 * float(center), abs=1e-6)
    assert float(faint.abs().sum()) == pytest.approx(0.8, abs=1e-6)


def test_blur_keeps_a_constant_and_its_width_is_learned() -> None:
    blur = GaussianBlur(2)
    x = torch.randn(1, 2, 5, 5)
    torch.testing.assert_close(blur(torch.full((1, 2, 5, 5), 3.0)), torch.full((1, 2, 5, 5), 3.0))
    blur(x).square().sum().backward()
    assert float(blur.sigma.grad) != 0


def test_spirals() -> None:
    offsets = spiral_offsets(8, 4)
    torch.testing.assert_close(offsets.norm(dim=-1), torch.arange(1.0, 5.0).expand(8, 4))
    torch.testing.assert_close(offsets[0], torch.tensor([[1.0, 0.0], [0.0, 2.0], [-3.0, 0.0], [0.0, -4.0]]))
    torch.testing.assert_close(offsets[2, 0], torch.tensor([0.0, 1.0]))  # a quarter turn further


def test_sampling_reads_the_coarse_level_at_the_spirals() -> None:
    """With the offsets (1, 0) of the first head's first point: the coarse value one pixel to the right."""
    sampling = SpiralSampling(8)
    value = torch.zeros(1, 8, 4, 4)
    value[0, 0, 1, 2] = 1
    sampled = sampling._sample(value, torch.Size((4, 4)))  # (heads, B, C / heads, HW, points)
    assert sampled.shape == (8, 1, 1, 16, 4)
    first = sampled[0, 0, 0, :, 0].view(4, 4)
    torch.testing.assert_close(
        first, torch.zeros(4, 4).index_put((torch.tensor(1), torch.tensor(1)), torch.tensor(1.0))
    )


def test_sampling_in_16_bits_reads_the_same_places() -> None:
    layer = SpiralSampling(8, num_heads=2, num_points=4)
    value = torch.rand(1, 8, 48, 160, generator=torch.Generator().manual_seed(0)).bfloat16()
    size = torch.Size([96, 320])
    with torch.no_grad(), torch.autocast('cpu', torch.bfloat16):
        found, expected = layer._sample(value, size), layer._sample(value.float(), size)
    assert found.dtype == value.dtype
    # values below 1, of which bfloat16 keeps steps of 1 / 256
    torch.testing.assert_close(found.float(), expected, rtol=0, atol=2**-8)


def test_channels_and_heads() -> None:
    with pytest.raises(ValueError, match='channels=12 is no multiple of num_heads=8'):
        SpiralSampling(12)


def test_outputs_have_the_sizes_of_the_levels() -> None:
    """Odd ones as well, which the official code does not keep."""
    neck = NSFPN([32, 64, 128], 16, num_outs=5, start_level=1, add_extra_convs='on_input')
    outs = neck(levels(17, 9, 5))
    assert [tuple(x.shape) for x in outs] == [(2, 16, size, size) for size in (9, 5, 3, 2, 1)]
    assert len(NSFPN([32, 64, 128], 16, num_outs=4)(levels(16, 8, 4))) == 4
    with pytest.raises(ValueError, match='built for 3 levels, got 2'):
        neck(levels(16, 8))


def test_stands_where_fpn_and_bp_fpn_stand() -> None:
    batch = det_batch()
    for neck in (NECK, dict(type='mmirstd.BPFPN', pyramid=NECK, dgr=dict(form='gradient'))):
        model = fcos(neck)
        found = gradients(model, model.parse_losses(losses_of(model, batch))[0])
        assert {name for name, p in model.named_parameters() if p.requires_grad} == set(found)
    assert isinstance(model.neck, BPFPN)


def test_a_pyramid_in_the_skips_leaves_the_finest_level() -> None:
    skips = SkipPyramid(dict(NECK, in_channels=[64, 128], num_outs=2))
    inputs = levels(16, 8, 4)
    outs = skips(inputs)
    assert outs[0] is inputs[0]
    assert [x.shape[1] for x in outs] == [32, 16, 16]
    with pytest.raises(ValueError, match='NSFPN made 3 levels of 2'):
        SkipPyramid(dict(NECK, in_channels=[64, 128]))(inputs)


def test_other_pyramids_in_its_place() -> None:
    """The same segmentor with mmdet's FPN, which makes a fair comparison."""
    init_default_scope('mmseg')
    cfg = network_model('mshnet-nsfpn')
    cfg.neck[0].pyramid.type = 'mmdet.FPN'
    model = MODELS.build(cfg).eval()
    with torch.no_grad():
        assert model(torch.rand(1, 1, 32, 32), mode='tensor').shape == (1, 1, 32, 32)
