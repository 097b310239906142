"""What max-median, LCM, MPCM, WSLCM, PSTNN and IPI have in common, and what each promises."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmirstd.models.segmentors import ClassicalSegmentor
from mmirstd.models.segmentors.cells import cell_means
from mmirstd.models.segmentors.pstnn import corner_prior, shrink_tail, tile_starts
from mmirstd.registry import MODELS
from tests.shared import REPO

# PSTNN's and IPI's patches tile these sizes, so that a flip permutes them.
SHAPE = (60, 80)
FILTERS = {
    'MaxMedian': dict(kernel_size=15, threshold=5.0),
    'LCM': dict(threshold=4.0),
    'MPCM': dict(threshold=5.0),
    'PSTNN': dict(patch_size=20, threshold=3.0),
    'WSLCM': dict(threshold=5.0),
    'IPI': dict(patch_size=20, step=10, threshold=5.0),
}
CONFIGS = sorted(
    path
    for name in ('max_median', 'lcm', 'mpcm', 'pstnn', 'wslcm', 'ipi')
    for path in (REPO / 'configs' / name).glob('*.py')
)


@pytest.fixture(params=FILTERS)
def model(request: pytest.FixtureRequest) -> ClassicalSegmentor:
    return MODELS.build(dict(type=f'mmirstd.{request.param}', **FILTERS[request.param]))


def clutter() -> np.ndarray:
    """Smooth background between 0.2 and 0.6 with faint noise."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    smooth = 0.4 + 0.1 * np.sin(x / 17) + 0.1 * np.cos(y / 13)
    return (smooth + np.random.default_rng(0).normal(0, 0.004, SHAPE)).astype(np.float32)


def detect(model: ClassicalSegmentor, image: np.ndarray) -> np.ndarray:
    return model(torch.from_numpy(image)[None, None], mode='predict')[0].pred_sem_seg.data[0].numpy() > 0


@pytest.mark.parametrize('value', [0.0, 0.3, 1.0])
def test_nothing_is_found_where_nothing_is(model: ClassicalSegmentor, value: float) -> None:
    assert not detect(model, np.full(SHAPE, value, np.float32)).any()


@pytest.mark.parametrize('corner', [(27, 33), (2, 2), (55, 75)])
def test_a_bright_blob_on_smooth_clutter_is_found(model: ClassicalSegmentor, corner: tuple[int, int]) -> None:
    image = clutter()
    target = np.zeros(SHAPE, bool)
    target[corner[0] : corner[0] + 3, corner[1] : corner[1] + 3] = True
    image[target] += 0.35
    found = detect(model, image)
    assert (found & target).any()
    # LCM's cells spread a peak by half the largest of them.
    near = np.zeros(SHAPE, bool)
    near[max(corner[0] - 6, 0) : corner[0] + 9, max(corner[1] - 6, 0) : corner[1] + 9] = True
    assert not (found & ~near).any()


def test_flips_of_the_image_flip_the_map(model: ClassicalSegmentor) -> None:
    image = clutter()
    image[20:23, 50:53] += 0.35
    expected = model.saliency(image)
    for axes in (0, 1, (0, 1)):
        flipped = model.saliency(np.ascontiguousarray(np.flip(image, axes)))
        # The Fourier transform along PSTNN's patches knows their order, which only the turn by 180 degrees reverses.
        exact = type(model).__name__ != 'PSTNN' or axes == (0, 1)
        np.testing.assert_allclose(np.flip(flipped, axes), expected, atol=(1e-5 if exact else 1e-2) * expected.max())


def test_a_straight_edge_is_background_for_max_median_and_mpcm() -> None:
    image = np.full(SHAPE, 0.2, np.float32)
    image[:, 40:] = 0.8
    for name in ('MaxMedian', 'MPCM'):
        saliency = MODELS.build(dict(type=f'mmirstd.{name}')).saliency(image)
        assert saliency.max() <= 1e-6


def test_max_median_is_what_its_definition_says() -> None:
    image = np.random.default_rng(1).random((9, 11)).astype(np.float32)
    saliency = MODELS.build(dict(type='mmirstd.MaxMedian', kernel_size=3)).saliency(image)
    y, x = 4, 5
    lines = [
        image[y, x - 1 : x + 2],
        image[y - 1 : y + 2, x],
        np.diag(image[y - 1 : y + 2, x - 1 : x + 2]),
        np.diag(np.fliplr(image[y - 1 : y + 2, x - 1 : x + 2])),
    ]
    assert saliency[y, x] == pytest.approx(image[y, x] - max(np.median(line) for line in lines))


def test_contrast_measures_are_what_their_definitions_say() -> None:
    image = np.random.default_rng(2).random((30, 30)).astype(np.float32)
    y, x, size = 14, 15, 3

    def cell(rows: int, columns: int) -> np.ndarray:
        top, left = y + rows * size - 1, x + columns * size - 1
        return image[top : top + size, left : left + size]

    around = [(-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1)]
    means = [cell(*offset).mean() for offset in around]
    center, neighbors = cell_means(image, size)
    assert center[y, x] == pytest.approx(cell(0, 0).mean(), rel=1e-5)
    np.testing.assert_allclose(neighbors[:, y, x], means, rtol=1e-5)
    lcm = MODELS.build(dict(type='mmirstd.LCM', cell_sizes=[size])).saliency(image)
    assert lcm[y, x] == pytest.approx(cell(0, 0).max() ** 2 / max(means), rel=1e-5)
    image[y - 1 : y + 2, x - 1 : x + 2] += 2
    products = [(cell(0, 0).mean() - means[i]) * (cell(0, 0).mean() - means[i + 4]) for i in range(4)]
    mpcm = MODELS.build(dict(type='mmirstd.MPCM', cell_sizes=[size])).saliency(image)
    assert mpcm[y, x] == pytest.approx(min(products), rel=1e-5)


def test_dark_targets_need_their_polarity() -> None:
    image = 1 - clutter()
    image[20:23, 50:53] -= 0.35
    found = {
        p: detect(MODELS.build(dict(type='mmirstd.MPCM', polarity=p, threshold=5.0)), image)[21, 51]
        for p in ('bright', 'dark', 'both')
    }
    assert found == dict(bright=False, dark=True, both=True)


def test_tiles_cover_every_pixel() -> None:
    assert tile_starts(80, 40) == [0, 40]
    assert tile_starts(95, 40) == [0, 40, 55]
    assert tile_starts(40, 40) == [0]


def test_tail_is_shrunk_in_the_fourier_domain() -> None:
    tensor = np.random.default_rng(3).random((5, 6, 6))
    np.testing.assert_allclose(shrink_tail(tensor, 6, 1e9), tensor, atol=1e-7)
    slices = np.fft.fft(shrink_tail(tensor, 2, 0.3), axis=0)
    for ours, theirs in zip(
        np.linalg.svd(slices, compute_uv=False), np.linalg.svd(np.fft.fft(tensor, axis=0), compute_uv=False)
    ):
        np.testing.assert_allclose(ours, np.r_[theirs[:2], np.maximum(theirs[2:] - 0.3, 0)], atol=1e-6)


def test_corner_prior_prefers_blobs_to_edges() -> None:
    image = np.zeros(SHAPE)
    image[:, 60:] = 1
    image[28:31, 28:31] = 1
    prior = corner_prior(image)
    assert prior[29, 29] + prior[28, 28] > 0.5
    assert prior[25:35, 58:62].max() < 0.05


def test_an_image_smaller_than_a_patch() -> None:
    image = np.ascontiguousarray(clutter()[:25, :31])
    saliency = MODELS.build(dict(type='mmirstd.PSTNN', patch_size=40)).saliency(image)
    assert saliency.shape == image.shape
    assert np.isfinite(saliency).all()


@pytest.mark.parametrize(
    ('name', 'options', 'message'),
    [
        ('MaxMedian', dict(kernel_size=4), 'kernel_size'),
        ('LCM', dict(cell_sizes=[3, 4]), 'cell_sizes of LCM'),
        ('LCM', dict(floor=0), 'floor'),
        ('MPCM', dict(cell_sizes=[]), 'cell_sizes of MPCM'),
        ('MPCM', dict(polarity='hot'), 'polarity'),
        ('PSTNN', dict(patch_size=2), 'patch_size'),
        ('PSTNN', dict(sparsity=0), 'sparsity'),
    ],
)
def test_bad_options(name: str, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(type=f'mmirstd.{name}', **options))


def test_configs() -> None:
    assert {path.stem for path in CONFIGS} == {
        f'{name}_nuaa-sirst-341-86' for name in ('ipi', 'lcm', 'max-median', 'mpcm', 'pstnn', 'wslcm')
    }
    for path in CONFIGS:
        cfg = Config.fromfile(path)
        assert isinstance(MODELS.build(cfg.model), ClassicalSegmentor)
        assert cfg.default_scope == 'mmseg'
