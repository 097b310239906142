"""Motion-coupling neck; equality with the official network is in tests/test_models/test_golden.py."""

from __future__ import annotations

import copy

import pytest
import torch
from mmcv.cnn import fuse_conv_bn

from mmirstd.models.necks import MotionCouplingNeck

pytestmark = pytest.mark.usefixtures('float64')


def frames(num_frames: int, channels: int = 8) -> list[tuple[torch.Tensor]]:
    return [(torch.randn(2, channels, 6, 5),) for _ in range(num_frames)]


def neck(num_frames: int = 4, **options: object) -> MotionCouplingNeck:
    torch.manual_seed(0)
    return MotionCouplingNeck(8, num_frames, **options)


@pytest.mark.parametrize('num_frames', [2, 3, 5])
@pytest.mark.parametrize('fused', [False, True])
def test_states_give_what_forward_gives(num_frames: int, fused: bool) -> None:
    module = neck(num_frames, out_channels=12)
    module(frames(num_frames))  # sets running statistics
    module.eval()
    streamed = fuse_conv_bn(copy.deepcopy(module)) if fused else module
    clip = frames(num_frames)
    with torch.no_grad():
        (whole,) = module(clip)
        (level,) = streamed.couple([streamed.frame_state(levels) for levels in clip])
    assert whole.shape == (2, 12, 6, 5)
    torch.testing.assert_close(level, whole, rtol=0, atol=1e-5)


def test_all_parameters_learn() -> None:
    module = neck()
    module(frames(4))[0].sum().backward()
    assert [name for name, p in module.named_parameters() if p.grad is None] == []


def test_the_official_weight_of_the_key_frame_is_unused() -> None:
    module = neck(official_unused=True)
    module(frames(4))[0].sum().backward()
    assert [name for name, p in module.named_parameters() if p.grad is None] == ['pair_weights.3']


def test_init_cfg_reaches_the_convolutions() -> None:
    module = neck(out_channels=12, init_cfg=dict(type='Constant', layer='Conv2d', val=0.5))
    module.init_weights()
    assert all((m.weight == 0.5).all() for m in module.modules() if isinstance(m, torch.nn.Conv2d))


class TestBadInput:
    def test_one_frame(self) -> None:
        with pytest.raises(ValueError, match='at least 2 frames'):
            neck(1)

    def test_another_number_of_frames(self) -> None:
        with pytest.raises(ValueError, match='built for 4 frames, got 3'):
            neck()(frames(3))
        with pytest.raises(ValueError, match='built for 4 frames, got 3'):
            neck().eval().couple(frames(3))

    def test_states_in_training(self) -> None:
        module = neck()
        with pytest.raises(RuntimeError, match='eval mode only'):
            module.couple([module.frame_state(levels) for levels in frames(4)])
