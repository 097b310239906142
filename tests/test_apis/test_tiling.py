from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmirstd.apis import IRSTDInferencer, Tiling
from tests.test_apis.helpers import LocalContrast, conv_net, scene


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(1, 700),
    window=st.integers(1, 6),
    overlap=st.integers(0, 3),
    seam=st.sampled_from(['blend', 'crop']),
)
def test_tiles_cover_and_weights_add_up(size: int, window: int, overlap: int, seam: str) -> None:
    window = max(window, 2 * overlap) * 32
    tiling = Tiling(window, overlap * 32, seam)
    spans = tiling.spans(size)
    assert spans[0][0] == 0
    assert spans[-1][1] == size
    total = np.zeros(size)
    margin = tiling.overlap / (4 if seam == 'blend' else 2)
    for (start, end), weight in zip(spans, tiling.weights(spans)):
        assert start % 32 == 0
        assert 0 < end - start <= window
        assert end == size or end - start == window
        assert weight.min() >= 0
        total[start:end] += weight
        used = np.flatnonzero(weight) + start
        # Far enough from every cut, where there is no image border.
        assert start == 0 or used[0] - start >= margin - 1
        assert end == size or end - 1 - used[-1] >= margin - 1
    np.testing.assert_allclose(total, 1, rtol=0, atol=1e-6)


@pytest.mark.parametrize('bad', [dict(window=64, overlap=64), dict(seam='glue'), dict(window=0), dict(overlap=-1)])
def test_bad_options(bad: dict) -> None:
    with pytest.raises(ValueError):
        Tiling(**bad)


@pytest.mark.parametrize('seam', ['blend', 'crop'])
def test_a_fully_convolutional_network_gives_the_whole_images_result(seam: str) -> None:
    model = conv_net()
    image = np.random.default_rng(1).integers(0, 256, (300, 420)).astype(np.uint8)

    def probability(**options: object) -> np.ndarray:
        (result,) = IRSTDInferencer(model, device='cpu', **options).infer(image, batch_size=3)
        logits.append(result.logit)
        return result.probability

    logits: list[np.ndarray] = []

    whole = probability(tile='off')
    assert whole.std() > 0.1  # neither constant nor saturated
    tiled = probability(tile='on', tiling=Tiling(256, 128, seam))
    np.testing.assert_allclose(tiled, whole, rtol=0, atol=1e-5)
    # a logit may lie 4 times as far off as its probability, or more where that is near its end
    np.testing.assert_allclose(logits[1], logits[0], rtol=1e-4, atol=1e-4)
    cut = probability(tile='on', tiling=Tiling(96, 0, 'crop'))
    assert np.abs(cut - whole).max() > 1e-3  # without overlap the seams do show


def places_on_seams(size: int, tiling: Tiling) -> tuple[tuple[int, int], ...]:
    """On all crossings of cuts, where tiles begin, and in the image's corners; row and column."""
    spans = tiling.spans(size)
    middles = [(a[1] + b[0]) // 2 for a, b in zip(spans, spans[1:])]
    far = size - 3
    return (
        *((row, column) for row in middles for column in middles),
        *((row + 20, row) for row, _ in spans[1:]),
        (2, 2),
        (far, far),
        (2, far),
        (far, 2),
    )


@pytest.mark.parametrize('seam', ['blend', 'crop'])
def test_targets_on_seams_are_those_of_the_whole_image(seam: str) -> None:
    tiling = Tiling(256, 64, seam)
    places = places_on_seams(900, tiling)
    image = scene(900, 900, places)
    model = LocalContrast()
    (whole,) = IRSTDInferencer(model, device='cpu', tile='off').infer(image)
    assert len(whole.targets) == len(places)
    (tiled,) = IRSTDInferencer(model, device='cpu', tile='on', tiling=tiling).infer(image, batch_size=2)
    assert np.array_equal(tiled.mask, whole.mask)
    assert [t.as_dict() for t in tiled.targets] == [t.as_dict() for t in whole.targets]


def test_4096x4096_in_tiles_of_bounded_size() -> None:
    tiling = Tiling(1024, 128)
    places = places_on_seams(4096, tiling)
    model = LocalContrast()
    (result,) = IRSTDInferencer(model, device='cpu', tile='on', tiling=tiling).infer(scene(4096, 4096, places))
    assert model.largest == 1024 * 1024
    assert sorted((round(t.y), round(t.x)) for t in result.targets) == sorted(places)


def test_auto_tiles_large_images_of_networks_only() -> None:
    network = IRSTDInferencer(conv_net(), device='cpu')
    assert not network.tiled((1080, 1920))
    assert network.tiled((4096, 4096))
    assert network.tiled((128, 20000))
    assert not IRSTDInferencer(LocalContrast(), device='cpu').tiled((4096, 4096))
    assert IRSTDInferencer(LocalContrast(), device='cpu', tile='on').tiled((128, 2000))
