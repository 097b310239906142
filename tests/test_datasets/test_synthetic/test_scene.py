from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmirstd.datasets.synthetic import SceneConfig, SensorConfig, TargetConfig, render_scene, scene_rng
from mmirstd.datasets.synthetic.config import BACKGROUND_KINDS
from mmirstd.utils.scr import local_scr

SMALL = (128, 144)


def scenes(count, config, seed=0):
    return [render_scene(config, scene_rng(seed, 'train', k)) for k in range(count)]


@pytest.fixture(scope='module')
def sample():
    return scenes(40, SceneConfig(size=SMALL))


def test_same_seed_same_scene(sample):
    again = render_scene(SceneConfig(size=SMALL), scene_rng(0, 'train', 3))
    np.testing.assert_array_equal(again.image, sample[3].image)
    assert again.targets == sample[3].targets
    assert not np.array_equal(sample[3].image, sample[4].image)


def test_masks_boxes_and_areas_agree(sample):
    for scene in sample:
        assert scene.image.shape == scene.mask.shape == SMALL
        assert set(np.unique(scene.mask)) <= {0, 1}
        union = np.zeros(SMALL, np.uint8)
        for number, (target, mask) in enumerate(zip(scene.targets, scene.target_masks, strict=True)):
            assert target.id == number
            assert target.bbox == cv2.boundingRect(mask)
            assert target.area == mask.sum() >= 1
            assert max(target.bbox[2:]) <= 9
            x, y = target.centroid
            assert mask[round(y), round(x)]
            union |= mask
        np.testing.assert_array_equal(union, scene.mask)


def test_targets_are_separate_components_that_keep_their_distance(sample):
    for scene in sample:
        assert cv2.connectedComponents(scene.mask, connectivity=8)[0] - 1 == len(scene.targets)
        centers = np.array([t.centroid for t in scene.targets]).reshape(-1, 2)
        gaps = np.hypot(*(centers[:, None] - centers[None]).transpose(2, 0, 1))
        assert (gaps[~np.eye(len(centers), dtype=bool)] >= 16).all()


def test_written_scr_can_be_measured_again(sample):
    for scene in sample:
        for target, mask in zip(scene.targets, scene.target_masks, strict=True):
            stats = local_scr(scene.image, mask, scene.mask)
            assert target.scr_local == pytest.approx(stats.scr)
            assert abs(target.contrast) / target.background_sigma == pytest.approx(target.scr_local)
            assert target.peak == stats.peak


@pytest.mark.parametrize('kind', BACKGROUND_KINDS)
@pytest.mark.parametrize('depth', [8, 14])
def test_requested_scr_is_met(kind, depth):
    config = SceneConfig(
        size=SMALL, backgrounds=kind, sensor=SensorConfig(bit_depth=depth), targets=TargetConfig(count=(0, 1, 1))
    )
    errors = [abs(t.scr_local / t.scr_requested - 1) for s in scenes(15, config) for t in s.targets]
    assert len(errors) >= 15
    # In 8 bits half a count of rounding is up to 5% of the weakest contrast allowed (4% of full scale).
    assert np.mean(np.array(errors) < (0.05 if depth == 8 else 0.01)) >= 0.9


@pytest.mark.parametrize('scr', [1.5, 3.0, 6.0])
def test_a_fixed_scr_is_met_by_nearly_all(scr):
    config = SceneConfig(size=SMALL, targets=TargetConfig(count=(0, 1), scr=(scr, scr)))
    reached = np.array([t.scr_local for s in scenes(25, config, seed=1) for t in s.targets])
    assert len(reached) == 25
    assert np.median(reached) == pytest.approx(scr, rel=0.01)
    assert np.mean(np.abs(reached / scr - 1) < 0.1) >= 0.85


def test_stronger_requests_make_stronger_targets():
    def contrast(scr):
        config = SceneConfig(size=SMALL, backgrounds='sky', targets=TargetConfig(count=(0, 1), scr=(scr, scr)))
        return np.median([t.contrast for s in scenes(8, config) for t in s.targets])

    assert contrast(4.0) < contrast(8.0) < contrast(16.0)


@pytest.mark.parametrize('shape', ['point', 'gaussian', 'ellipse'])
def test_sub_pixel_centroid_can_be_seen_in_the_image(shape):
    """The target is where the annotation says, to a small part of a pixel, in the final quantized image."""
    sensor = SensorConfig(
        bit_depth=14,
        netd_mk=(5, 5),
        fpn_mk=(0, 0),
        column_stripe_mk=(0, 0),
        row_stripe_mk=(0, 0),
        vignetting_prob=0.0,
        min_span_k=20.0,
    )
    config = SceneConfig(
        size=SMALL,
        backgrounds='sky',
        sensor=sensor,
        targets=TargetConfig(count=(0, 1), shapes=shape, scr=(60, 100), border=14, edge_prob=0.0),
    )
    errors = []
    for scene in scenes(12, config):
        for target, mask in zip(scene.targets, scene.target_masks, strict=True):
            x, y = (round(c) for c in target.centroid)
            window = np.s_[y - 12 : y + 13, x - 12 : x + 13]
            patch, inside = scene.image[window].astype(float), cv2.dilate(mask[window], np.ones((7, 7)))
            # The sky is a smooth ramp: a plane through the pixels around the target takes it off.
            row, col = np.indices(patch.shape)
            design = np.stack((np.ones(patch.size), row.ravel(), col.ravel()), 1)
            free = inside.ravel() == 0
            plane = design @ np.linalg.lstsq(design[free], patch.ravel()[free], rcond=None)[0]
            weight = (patch - plane.reshape(patch.shape)) * inside
            found = (weight * col).sum() / weight.sum() + x - 12, (weight * row).sum() / weight.sum() + y - 12
            errors.append(np.hypot(*np.subtract(found, target.centroid)))
    assert len(errors) == 12
    assert np.median(errors) < 0.06
    assert max(errors) < 0.25


def test_fourteen_bits_use_more_than_eight():
    config = SceneConfig(size=SMALL, sensor=SensorConfig(bit_depth=14))
    for scene in scenes(5, config):
        assert scene.image.dtype == np.uint16
        assert scene.image.max() <= 16383
        assert len(np.unique(scene.image)) > 256


def test_images_without_targets():
    for scene in scenes(4, SceneConfig(size=SMALL, targets=TargetConfig(count=(1,)))):
        assert scene.targets == []
        assert scene.target_masks == []
        assert not scene.mask.any()
        assert scene.image.std() > 0


def test_number_of_targets_follows_the_weights():
    config = SceneConfig(size=SMALL, backgrounds='sky', targets=TargetConfig(count=(0, 0, 0, 1), spacing=10))
    assert [len(s.targets) for s in scenes(6, config)] == [3] * 6


def test_cold_targets_are_dark_and_black_hot_inverts():
    cold = SceneConfig(size=SMALL, targets=TargetConfig(count=(0, 1), cold_prob=1.0, scr=(3, 6)))
    found = [t for s in scenes(10, cold) for t in s.targets]
    assert {t.polarity for t in found} == {'cold'}
    assert all(t.contrast < 0 for t in found)
    black = SceneConfig(
        size=SMALL, sensor=SensorConfig(polarity='black-hot'), targets=TargetConfig(count=(0, 1), scr=(3, 6))
    )
    assert all(t.contrast < 0 for s in scenes(10, black) for t in s.targets)


def test_edge_prob_puts_targets_on_edges():
    def gradient(edge_prob):
        config = SceneConfig(size=SMALL, backgrounds='cloud', targets=TargetConfig(count=(0, 1), edge_prob=edge_prob))
        values = []
        for scene in scenes(20, config):
            image = scene.image.astype(np.float32)
            size = cv2.GaussianBlur(np.hypot(cv2.Sobel(image, -1, 1, 0), cv2.Sobel(image, -1, 0, 1)), (0, 0), 6)
            x, y = (round(c) for c in scene.targets[0].centroid)
            ring = np.ones((41, 41), bool)
            ring[10:31, 10:31] = False
            around = np.pad(size, 20, mode='reflect')[y : y + 41, x : x + 41]
            values.append(around[ring].mean() / size.mean())
        return np.mean(values)

    assert gradient(1.0) > gradient(0.0)
