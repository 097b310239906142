from __future__ import annotations

import pytest
import torch

from mmirstd.models.backbones import GGLEncoder

pytestmark = pytest.mark.usefixtures('float64')


@pytest.mark.parametrize('gradient', ['gsm', 'concat', None])
def test_levels(gradient: str | None) -> None:
    encoder = GGLEncoder(base_channels=4, gradient=gradient)
    outs = encoder(torch.rand(1, 1, 32, 48))
    assert [tuple(o.shape[1:]) for o in outs] == [(4, 32, 48), (8, 16, 24), (16, 8, 12), (32, 4, 6), (64, 2, 3)]
    assert encoder.out_channels == [4, 8, 16, 32, 64]


def test_no_stage_has_more_than_the_most_channels() -> None:
    encoder = GGLEncoder(base_channels=4, max_channels=16)
    outs = encoder(torch.rand(1, 1, 32, 48))
    assert [o.shape[1] for o in outs] == encoder.out_channels == [4, 8, 16, 16, 16]


def test_gray_is_repeated_for_a_three_channel_stem() -> None:
    encoder = GGLEncoder(in_channels=3, base_channels=4).eval()
    image = torch.rand(1, 1, 16, 16)
    for ours, repeated in zip(encoder(image), encoder(image.repeat(1, 3, 1, 1))):
        torch.testing.assert_close(ours, repeated)


def test_bad_input_is_named_with_the_cure() -> None:
    encoder = GGLEncoder(base_channels=4)
    with pytest.raises(ValueError, match='3 channels.*LoadInfraredImage'):
        encoder(torch.rand(1, 3, 16, 16))
    with pytest.raises(ValueError, match='divisible by 16.*PadToMultiple'):
        encoder(torch.rand(1, 1, 16, 20))
    with pytest.raises(ValueError, match="'gsm', 'concat' or None"):
        GGLEncoder(gradient='sobel')


def test_norm_eval_keeps_running_statistics() -> None:
    encoder = GGLEncoder(base_channels=4, norm_eval=True).train()
    before = {k: v.clone() for k, v in encoder.state_dict().items()}
    encoder(torch.rand(2, 1, 16, 16))
    assert all(torch.equal(v, before[k]) for k, v in encoder.state_dict().items())


def test_initialization_is_kaiming_fan_out() -> None:
    encoder = GGLEncoder(base_channels=16)
    encoder.init_weights()
    weight = encoder.stages[4][1].body[0].conv.weight
    assert float(weight.std()) == pytest.approx((2 / (256 * 9)) ** 0.5, rel=0.02)
    assert float(encoder.stem[0].bn.weight.min()) == 1
