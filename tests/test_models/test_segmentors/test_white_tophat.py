from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.config import Config
from scipy import ndimage

from mmirstd.registry import DATASETS, MODELS
from tests.shared import REPO

CONFIGS = sorted((REPO / 'configs' / 'white_tophat').glob('*.py'))


def build(**options):
    return MODELS.build(dict(type='mmirstd.WhiteTopHat', **options))


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).random((40, 50)).astype(np.float32)


@pytest.mark.parametrize('size', [3, 7])
def test_it_is_the_top_hat(image, size):
    inner = np.s_[size:-size, size:-size]  # SciPy reflects at borders
    ours = build(kernel_size=size).saliency(image)
    np.testing.assert_allclose(ours[inner], ndimage.white_tophat(image, size=(size, size))[inner], atol=1e-6)
    assert (ours >= 0).all()
    dark = build(kernel_size=size, polarity='dark').saliency(image)
    np.testing.assert_allclose(dark[inner], ndimage.black_tophat(image, size=(size, size))[inner], atol=1e-6)
    np.testing.assert_array_equal(build(kernel_size=size, polarity='both').saliency(image), np.maximum(ours, dark))


def test_elliptic_element(image):
    model = build(kernel_size=7, shape='ellipse')
    assert 9 < model.element.sum() < 49
    expected = ndimage.white_tophat(image, footprint=model.element)
    np.testing.assert_allclose(model.saliency(image)[7:-7, 7:-7], expected[7:-7, 7:-7], atol=1e-6)


@pytest.mark.parametrize('background', ['flat', 'ramp', 'edge'])
@pytest.mark.parametrize('corner', [(20, 25), (0, 0), (37, 0), (37, 47)])
def test_it_finds_three_by_three_targets_wherever_they_are(background, corner):
    y, x = np.mgrid[:40, :50].astype(np.float32)
    scene = dict(flat=0 * x, ramp=x / 100, edge=(x > 30) * 0.5)[background] + np.float32(0.1)
    scene[corner[0] : corner[0] + 3, corner[1] : corner[1] + 3] += 0.3
    found = build(kernel_size=9, threshold=5.0)(torch.from_numpy(scene)[None, None], mode='predict')[0]
    expected = np.zeros(scene.shape)
    expected[corner[0] : corner[0] + 3, corner[1] : corner[1] + 3] = 1
    np.testing.assert_array_equal(found.pred_sem_seg.data[0], expected)


def test_dark_targets_need_their_polarity():
    scene = torch.full((1, 1, 40, 50), 0.8)
    scene[..., 20:23, 30:33] = 0.2
    found = {
        p: build(polarity=p, threshold=5.0)(scene, mode='predict')[0].pred_sem_seg.data.sum()
        for p in ('bright', 'dark', 'both')
    }
    assert found == dict(bright=0, dark=9, both=9)


@pytest.mark.parametrize(
    'options', [dict(kernel_size=8), dict(kernel_size=1), dict(polarity='hot'), dict(shape='cross')]
)
def test_bad_options(options):
    (name,) = options
    with pytest.raises(ValueError, match=name):
        build(**options)


def test_there_are_configs():
    assert [p.stem for p in CONFIGS] == ['white-tophat_nuaa-sirst-341-86']


@pytest.mark.parametrize('path', CONFIGS, ids=lambda p: p.stem)
def test_configs_build(path):
    cfg = Config.fromfile(path)
    assert type(MODELS.build(cfg.model)).__name__ == 'WhiteTopHat'
    assert DATASETS.get(cfg.test_dataloader.dataset.type) is not None
    assert cfg.default_scope == 'mmseg'
