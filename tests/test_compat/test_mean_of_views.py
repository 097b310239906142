"""The mean over mirror images and other sizes of an image."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from torch import Tensor

from mmirstd.compat.mean_of_views import NAMED, Views, mean_of_views, views_of
from mmirstd.registry import MODELS
from mmirstd.utils.errors import ConfigError
from tests.test_apis.helpers import tiny_ggl_config

from mmseg.models.utils import resize  # isort: skip # behind what mmirstd puts into mmcv

SHAPE = (2, 1, 64, 96)
METAS = [dict(img_shape=SHAPE[2:], pad_shape=SHAPE[2:], ori_shape=SHAPE[2:])] * 2


def network(views: Any = None, mode: str = 'whole', **test_cfg: Any) -> torch.nn.Module:
    init_default_scope('mmseg')
    torch.manual_seed(0)
    options = ConfigDict(test_cfg, mode=mode, views=views)
    model = MODELS.build(dict(tiny_ggl_config().model, test_cfg=options)).eval()
    for module in model.modules():  # not the statistics of a new network, with which every pixel has one value
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 2.0)
    return model


def image(channels: int = 1) -> Tensor:
    return torch.rand(2, channels, *SHAPE[2:], generator=torch.Generator().manual_seed(1))


def fake(*maps: Tensor) -> Any:
    """A network that gives these logits, one after the other, whatever it sees."""
    given = iter(maps)
    return lambda segmentor, inputs, metas: next(given)


def segmentor(views: Any) -> Any:
    return SimpleNamespace(test_cfg=dict(mode='whole', views=views))


@pytest.mark.parametrize(
    ('value', 'views', 'runs'),
    [
        ('flips', Views(True), 4),
        ('scales', Views(False, (0.75, 1.5)), 3),
        ('flips-scales', Views(True, (0.75, 1.5)), 6),
        (dict(scales=[0.5, 2]), Views(False, (0.5, 2.0)), 3),
        (dict(flips=True, scales=[4]), Views(True, (4.0,)), 5),
        (dict(), Views(), 1),
        ('size=1', Views(), 1),
        ('size=0.75', Views(size=0.75), 1),
        ('flips,size=1.5', Views(True, size=1.5), 4),
        ('flips-scales,size=2', Views(True, (0.75, 1.5), 2.0), 6),
        (dict(flips=True, scales=[0.5, 2], size=3), Views(True, (0.5, 2.0), 3.0), 6),
        (['flips', 'size=0.75'], Views(True, size=0.75), 4),  # of --cfg-options
    ],
)
def test_names_and_own_views(value: Any, views: Views, runs: int) -> None:
    assert Views.of(value) == views
    assert len(views) == runs
    assert Views.of(None) is None
    assert views_of(segmentor(value)) == (None if views == Views() else views)
    assert views_of(SimpleNamespace()) is None
    assert not isinstance(value, str) or str(views) == value


@pytest.mark.parametrize(
    'value',
    [
        'flip',
        '',
        'flips,scales',
        'size=0.2',
        'size=nan',
        'size=large',
        'size=1,size=2',
        True,
        3,
        dict(scales=[0.4]),
        dict(scales=['1']),
        dict(scales=2),
        dict(size='1'),
        dict(flips='no'),
        [],
        ['flips', 2],
        dict(turns=1),
    ],
)
def test_what_cannot_be_understood_is_told(value: Any) -> None:
    with pytest.raises(ConfigError, match='test_cfg.views is .* expected one of flips, scales, flips-scales'):
        Views.of(value)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-300, 300, width=32), min_size=4, max_size=4))
def test_it_is_the_mean_probability_and_finite(values: list[float]) -> None:
    maps = [torch.full((1, 1, 1, 1), value) for value in values]
    found = float(mean_of_views(fake(*maps), segmentor('flips'), torch.zeros(1, 1, 1, 1), []))
    exact = np.array(values, np.longdouble)
    odds = np.logaddexp.reduce(-np.logaddexp(0, -exact)) - np.logaddexp.reduce(-np.logaddexp(0, exact))
    # a dozen sums of numbers as large as the logits, in float32
    assert found == pytest.approx(float(odds), abs=16 * 2**-24 * max(1.0, *np.abs(values)), rel=1e-5)


def test_of_several_channels_it_is_the_mean_softmax() -> None:
    generator = torch.Generator().manual_seed(0)
    maps = [4 * torch.randn(1, 3, 2, 2, generator=generator) for _ in range(4)]
    found = mean_of_views(fake(*maps), segmentor('flips'), torch.zeros(1, 1, 2, 2), [])
    turned = [maps[0], maps[1].flip(3), maps[2].flip(2), maps[3].flip(2, 3)]
    mean = torch.stack([view.softmax(dim=1) for view in turned]).mean(dim=0)
    torch.testing.assert_close(found.softmax(dim=1), mean)
    torch.testing.assert_close(found.exp(), mean)


@torch.no_grad()
def test_a_network_sees_its_image_mirrored_and_in_other_sizes() -> None:
    plain, x = network(), image()
    seen = []

    def original(segmentor: Any, inputs: Tensor, metas: list[dict]) -> Tensor:
        seen.append((tuple(inputs.shape[2:]), tuple(metas[0]['pad_shape'])))
        return plain.encode_decode(inputs, metas)

    found = mean_of_views(original, segmentor('flips-scales'), x, METAS)
    # 64 and 96 by 3/4 are 48 and 72, to a multiple of 32 (a half goes up); by 3/2 they are 96 and 144
    assert seen == [((64, 96),) * 2] * 4 + [((64, 64),) * 2, ((96, 160),) * 2]
    assert found.shape == SHAPE
    assert torch.isfinite(found).all()


@torch.no_grad()
def test_a_network_sees_its_image_in_another_size() -> None:
    plain, x = network(), torch.rand(2, 1, 64, 128, generator=torch.Generator().manual_seed(1))
    metas = [dict(img_shape=(64, 128), pad_shape=(64, 128), ori_shape=(64, 128))] * 2
    seen = []

    def original(segmentor: Any, inputs: Tensor, metas: list[dict]) -> Tensor:
        seen.append((tuple(inputs.shape[2:]), tuple(metas[0]['pad_shape'])))
        return plain.encode_decode(inputs, metas)

    found = mean_of_views(original, segmentor('size=0.5'), x, metas)
    small = plain.encode_decode(resize(x, size=(32, 64), mode='bilinear'), metas)
    torch.testing.assert_close(found, resize(small, size=(64, 128), mode='bilinear'))
    seen.clear()
    found = mean_of_views(original, segmentor('flips-scales,size=2'), x, metas)
    assert seen == [((128, 256),) * 2] * 4 + [((96, 192),) * 2, ((192, 384),) * 2]
    assert found.shape == x.shape


@torch.no_grad()
def test_the_config_asks_for_it() -> None:
    x = image()
    plain, flipped = network(), network('flips')
    views = [plain.encode_decode(x, METAS)]
    views += [plain.encode_decode(x.flip(dims), METAS).flip(dims) for dims in ([3], [2], [2, 3])]
    mean = torch.stack([view.double().sigmoid() for view in views]).mean(dim=0)
    found = flipped.encode_decode(x, METAS)
    assert np.ptp(mean.numpy()) > 1e-3
    assert (views[0].sigmoid() - found.sigmoid()).abs().max() > 1e-4
    torch.testing.assert_close(found.double().sigmoid(), mean, rtol=0, atol=1e-6)
    # what flipping does to the image, it does to the result
    mirrored = flipped.encode_decode(x.flip(3), METAS)
    torch.testing.assert_close(mirrored, found.flip(3), rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_windows_of_a_large_image_have_it_too() -> None:
    windows = dict(mode='slide', crop_size=(32, 32), stride=(32, 32))
    found = network('flips-scales', **windows).inference(image(), [dict(meta) for meta in METAS])
    corner = network('flips-scales').encode_decode(
        image()[..., :32, :32], [dict(img_shape=(32, 32), pad_shape=(32, 32))]
    )
    torch.testing.assert_close(found[..., :32, :32], corner)


@torch.no_grad()
def test_a_tiny_image_stays_an_image() -> None:
    seen = []
    x = torch.rand(1, 1, 7, 20)

    def original(segmentor: Any, inputs: Tensor, metas: list[dict]) -> Tensor:
        seen.append(tuple(inputs.shape[2:]))
        return inputs

    found = mean_of_views(original, segmentor('scales'), x, [dict(img_shape=(7, 20))])
    assert seen == [(7, 20), (32, 32), (32, 32)]
    assert found.shape == x.shape


def test_all_names_say_themselves() -> None:
    assert [str(Views.of(name)) for name in NAMED] == list(NAMED)
    assert str(Views(True, (2.0,))) == 'flips,scales 2'
    assert [str(Views.of(text)) for text in ('size=0.75', 'flips,size=2', 'size=1')] == [
        'size=0.75',
        'flips,size=2',
        'size=1',
    ]
