"""DTUM turns any single-frame network into one of clips."""

from __future__ import annotations

import pytest
import torch

from mmirstd.engine.config_names import networks
from mmirstd.models.decode_heads import WarmUpHead
from mmirstd.models.layers.direction_coded import DirectionCodedUShape, pool_with_direction
from mmirstd.models.segmentors.dtum import one_map
from tests.networks import network_model
from tests.test_models.clip_segmentors import as_dtum, clip_batch

SINGLE_FRAME = [name for name in networks() if network_model(name).type == 'EncoderDecoder']


def test_codes_tell_where_the_maximum_was() -> None:
    x = torch.zeros(1, 1, 2, 4, 6)
    for time, (row, column) in enumerate([(0, 3), (3, 4)]):
        x[0, 0, time, row, column] = 1
    pooled, code = pool_with_direction(x)
    assert pooled[0, 0].nonzero().tolist() == [[0, 0, 1], [1, 1, 2]]
    assert (code[0, 0, 0, 0, 1], code[0, 0, 1, 1, 2]) == (-0.5, 0.5)
    assert code[pooled == 0].unique().tolist() == [-1.5]  # among equal pixels the first


@pytest.mark.parametrize('name', SINGLE_FRAME)
def test_any_network_of_single_frames(name: str) -> None:
    """One entry of a config; the key frame's map depends on past frames, and every used weight on the loss."""
    model = as_dtum(name, channels=4).float()
    clips = torch.rand(1, 3, 1, 32, 32)
    with torch.no_grad():
        logits = model(clips, mode='tensor')
        assert logits.shape == (1, 1, 32, 32)
        other = clips.clone()
        other[:, 0] = 1 - other[:, 0]
        assert not torch.equal(model(other, mode='tensor'), logits)
        torch.testing.assert_close(model(clips, mode='tensor'), logits)


@pytest.mark.parametrize('name', ['alcnet', 'dnanet', 'ggl-net-tiny', 'isnet', 'mshnet'])
def test_a_training_step(name: str) -> None:
    """Of heads with deep supervision, with a fusion that predicts, and with an auxiliary head."""
    torch.manual_seed(0)
    model = as_dtum(name, detach=False).float().train()
    data = model.data_preprocessor(clip_batch(2, 3, 32), True)
    losses = model(**data, mode='loss')
    assert any(key.startswith('aux') for key in losses) == (name == 'isnet')
    total, _ = model.parse_losses(losses)
    total.backward()
    without = [key for key, p in model.named_parameters() if p.grad is None]
    assert without == []


def test_the_official_gradient_stops_before_the_coarser_levels() -> None:
    torch.manual_seed(0)
    x = torch.rand(1, 4, 3, 16, 16, dtype=torch.float64)
    for detach in (True, False):
        torch.manual_seed(0)
        module = DirectionCodedUShape(4, 3, detach=detach).double()
        module(x).sum().backward()
        without = {key.split('.')[0] + key.split('.')[1] for key, p in module.named_parameters() if p.grad is None}
        assert without == ({'down1', 'down2', 'down3', 'up1', 'up2'} if detach else set())


def test_a_checkpoint_of_the_single_frame_network_loads_but_for_the_last_convolution() -> None:
    from mmirstd.registry import MODELS

    cfg = network_model('resunet')
    state = {key: value for key, value in MODELS.build(cfg).state_dict().items() if 'conv_seg' not in key}
    missing, unexpected = as_dtum('resunet').load_state_dict(state, strict=False)
    assert not unexpected
    assert all(key.startswith(('temporal_neck.', 'decode_head.conv_seg.')) for key in missing)


def test_which_map_a_head_gives() -> None:
    several = dict(type='mmirstd.IRSTDHead', in_channels=[8, 16], in_index=[1, 2], level_weights=[1, 2])
    assert one_map(several) == dict(type='mmirstd.IRSTDHead', in_channels=8, in_index=1)
    fused = dict(several, fusion_kernel_size=3)
    assert one_map(fused) == fused
    assert one_map(dict(fused, fusion_predicts=False))['in_channels'] == 8
    for head in ('mmirstd.WarmUpHead', WarmUpHead):  # a name, or a class as in mmengine's new style
        assert one_map(dict(several, type=head))['in_channels'] == [8, 16]


def test_all_frames_are_refused() -> None:
    for options in ({'supervised': 'all'}, {'test_cfg.frames': 'all'}):
        with pytest.raises(ValueError, match='key frame alone'):
            as_dtum('resunet', **options)
    with pytest.raises(ValueError, match='couples the frames itself'):
        as_dtum('resunet', temporal_neck=dict(type='mmirstd.MotionCouplingNeck'))


def test_sizes_that_its_levels_do_not_halve_are_refused() -> None:
    """Also where the network of single frames takes any size."""
    model = as_dtum('rdian').float().eval()
    with torch.no_grad(), pytest.raises(ValueError, match='DTUM needs height and width divisible by 8, got 36x40'):
        model(torch.rand(1, 3, 1, 36, 40), mode='tensor')
