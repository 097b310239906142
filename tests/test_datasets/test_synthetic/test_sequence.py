from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from mmirstd.datasets.synthetic import (
    ClutterConfig,
    SceneConfig,
    SensorConfig,
    SequenceConfig,
    TargetConfig,
    render_sequence,
    scene_rng,
)
from mmirstd.utils.scr import local_scr

SIZE = (96, 112)


def config(count=(0, 0, 1), sensor=None, backgrounds='cloud', scr=(4.0, 12.0), **values):
    scene = SceneConfig(
        size=SIZE, backgrounds=backgrounds, sensor=sensor or SensorConfig(), targets=TargetConfig(count=count, scr=scr)
    )
    return SequenceConfig(scene=scene, **{'num_frames': 16, **values})


@pytest.fixture(scope='module')
def sample():
    return [render_sequence(config(), scene_rng(0, 'train', k)) for k in range(6)]


def test_same_seed_same_sequence(sample):
    again = render_sequence(config(), scene_rng(0, 'train', 2))
    for one, two in zip(again.frames, sample[2].frames, strict=True):
        np.testing.assert_array_equal(one.image, two.image)
        assert one.targets == two.targets


def test_records_follow_their_tracks(sample):
    for sequence in sample:
        assert len(sequence.frames) == 16
        looks = {}
        for time, frame in enumerate(sequence.frames):
            ids = [t.id for t in frame.targets]
            assert len(set(ids)) == len(ids)
            for target, mask in zip(frame.targets, frame.target_masks, strict=True):
                assert target.centroid == pytest.approx(sequence.tracks[target.id].positions[time])
                assert target.bbox == cv2.boundingRect(mask)
                look = (target.shape, target.size, target.angle, target.scr_requested, target.polarity)
                assert looks.setdefault(target.id, look) == look
            seen = {
                k
                for k, t in enumerate(sequence.tracks)
                if 0 <= t.positions[time][0] <= SIZE[1] - 1 and 0 <= t.positions[time][1] <= SIZE[0] - 1
            }
            assert seen <= set(ids)
            union = np.zeros(SIZE, np.uint8)
            for mask in frame.target_masks:
                union |= mask
            np.testing.assert_array_equal(union, frame.mask)


def test_scr_is_measured_in_each_frame(sample):
    for sequence in sample:
        frame = sequence.frames[-1]
        for target, mask in zip(frame.targets, frame.target_masks, strict=True):
            assert target.scr_local == pytest.approx(local_scr(frame.image, mask, frame.mask).scr)


def test_median_scr_of_a_constant_track_is_the_request():
    errors = []
    for k in range(10):
        sequence = render_sequence(
            config(trajectories='constant', count=(0, 1), min_visible=1.0, speed=(0.3, 1.0)), scene_rng(1, 'train', k)
        )
        for number in range(len(sequence.tracks)):
            found = [t for f in sequence.frames for t in f.targets if t.id == number]
            errors.append(abs(np.median([t.scr_local for t in found]) / found[0].scr_requested - 1))
    assert len(errors) == 10
    assert np.mean(np.array(errors) < 0.25) >= 0.8


def test_per_frame_strength_holds_the_scr_in_every_frame():
    errors = []
    for k in range(4):
        sequence = render_sequence(
            config(
                trajectories='constant',
                amplitude='per-frame',
                count=(0, 1),
                min_visible=1.0,
                scr=(4, 4),
                backgrounds='sky',
            ),
            scene_rng(2, 'train', k),
        )
        errors += [abs(t.scr_local / 4 - 1) for f in sequence.frames for t in f.targets]
    assert len(errors) == 64
    assert np.mean(np.array(errors) < 0.1) >= 0.9


def test_the_background_moves_as_the_camera_says():
    still = SensorConfig(
        netd_mk=(5, 5),
        fpn_mk=(0, 0),
        column_stripe_mk=(0, 0),
        row_stripe_mk=(0, 0),
        vignetting_prob=0.0,
        fill=(0.5, 0.5),
        bit_depth=14,
    )
    sequence = render_sequence(config(count=(1,), sensor=still, drift=(0.6, 0.6), jitter=0.2), scene_rng(3, 'train', 0))
    window = cv2.createHanningWindow(SIZE[::-1], cv2.CV_64F)
    first = sequence.frames[0].image.astype(float)
    for time in (1, 5, 9):
        (dx, dy), _ = cv2.phaseCorrelate(sequence.frames[time].image.astype(float), first, window)
        assert (dx, dy) == pytest.approx(tuple(sequence.camera[time]), abs=0.15)


def test_stripes_stay_with_the_camera():
    striped = SensorConfig(
        netd_mk=(5, 5),
        fpn_mk=(0, 0),
        column_stripe_mk=(300, 300),
        row_stripe_mk=(0, 0),
        vignetting_prob=0.0,
        bit_depth=14,
    )
    sequence = render_sequence(
        config(count=(1,), sensor=striped, backgrounds='sky', drift=(0.8, 0.8)), scene_rng(4, 'train', 0)
    )
    columns = [np.diff(f.image.astype(float).mean(0)) for f in sequence.frames]
    assert np.corrcoef(columns[0], columns[-1])[0, 1] > 0.98


def test_noise_is_new_in_every_frame():
    sequence = render_sequence(
        config(count=(1,), backgrounds='sky', drift=(0, 0), jitter=0.0, sensor=SensorConfig(bit_depth=14)),
        scene_rng(5, 'train', 0),
    )
    one, two = (f.image.astype(float) for f in sequence.frames[:2])
    assert (one - two).std() > 5


def test_a_single_frame_is_a_sequence():
    assert len(render_sequence(config(num_frames=1), scene_rng(0, 'val', 0)).frames) == 1


def with_clutter(flicker=0.0, count=(0, 0, 0, 1), **values):
    base = config(**values)
    clutter = ClutterConfig(count=count, flicker=flicker, scr=(6.0, 12.0))
    return replace(base, scene=replace(base.scene, clutter=clutter))


def test_clutter_is_seen_and_not_annotated():
    sequence = render_sequence(with_clutter(count=(0, 1), jitter=0.0, drift=(0, 0)), scene_rng(0, 'train', 1))
    for frame in sequence.frames:
        (place,) = frame.clutter
        x, y = (round(c) for c in place)
        spot = np.zeros(SIZE, np.uint8)
        spot[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2] = 1
        assert local_scr(frame.image, spot, spot).scr > 2
        assert all(np.hypot(*(np.array(place) - t.centroid)) > 1e-6 for t in frame.targets)
        assert len(frame.target_masks) == len(frame.targets)


def test_clutter_moves_with_the_background():
    sequence = render_sequence(with_clutter(drift=(1.5, 1.5)), scene_rng(0, 'train', 3))
    places = {}
    for frame, eye in zip(sequence.frames, sequence.camera, strict=True):
        for place in np.array(frame.clutter).reshape(-1, 2) + eye:
            places.setdefault(tuple(place.round(6)), []).append(eye)
    assert 3 <= len(places) <= 3 * 2  # three an image area; the view drifts over less than two of them
    found = np.array(list(places))
    gaps = np.hypot(*(found[:, None] - found[None]).transpose(2, 0, 1)) + 1e9 * np.eye(len(found))
    assert gaps.min() >= ClutterConfig().spacing


def test_glints_come_and_go():
    steady = render_sequence(with_clutter(jitter=0.0, drift=(0, 0)), scene_rng(0, 'train', 4))
    glints = render_sequence(with_clutter(flicker=1.0, jitter=0.0, drift=(0, 0)), scene_rng(0, 'train', 4))
    assert {len(frame.clutter) for frame in steady.frames} == {3}
    shown = [len(frame.clutter) for frame in glints.frames]
    # each of 3 x 16 with chance one half: fewer than 10 or more than 38 happens once in 100 000 seeds
    assert 10 <= sum(shown) <= 38
    assert len(set(shown)) > 1


def test_targets_keep_their_scr_beside_clutter():
    errors = []
    for k in range(4):
        sequence = render_sequence(with_clutter(amplitude='per-frame', scr=(3.0, 8.0)), scene_rng(1, 'train', k))
        errors += [
            abs(np.log(t.scr_local / t.scr_requested)) for frame in sequence.frames for t in frame.targets if t.area > 8
        ]
    assert np.median(errors) < 0.1


def test_no_clutter_is_what_it_was_before_there_was_any():
    plain = render_sequence(config(), scene_rng(0, 'train', 5))
    none = render_sequence(with_clutter(count=(1.0, 0.0)), scene_rng(0, 'train', 5))
    for one, two in zip(plain.frames, none.frames, strict=True):
        np.testing.assert_array_equal(one.image, two.image)
        assert two.clutter == []
