"""Past frames on the key frame: aligned, remembered, and left alone where nothing can be told."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.registry import init_default_scope

from mmirstd.datasets.synthetic import SceneConfig, render_scene
from mmirstd.datasets.transforms import AlignClip, LoadClip, PackClipInputs, PackClipSegInputs
from mmirstd.registry import TRANSFORMS
from mmirstd.utils.errors import ConfigError, DataError

STEP = (3, 2)  # rows and columns that the camera moves in a frame


@pytest.fixture(scope='module')
def video() -> list[np.ndarray]:
    """Six frames (96, 112) of a panning camera."""
    scene = render_scene(SceneConfig(size=(128, 144), backgrounds='ground'), np.random.default_rng(2)).image
    return [
        np.ascontiguousarray(scene[STEP[0] * k : STEP[0] * k + 96, STEP[1] * k : STEP[1] * k + 112]) for k in range(6)
    ]


@pytest.fixture
def files(video: list[np.ndarray], tmp_path: Path) -> list[str]:
    paths = [str(tmp_path / f'{k}.png') for k in range(len(video))]
    for path, frame in zip(paths, video):
        cv2.imwrite(path, frame)
    return paths


def clip(paths: list[str], positions: list[int], **extra: object) -> dict:
    return LoadClip()(dict(img_paths=[paths[p] for p in positions], **extra))


def test_past_frames_come_to_the_key_frame(files: list[str]) -> None:
    results = clip(files, [0, 1, 2, 3, 4])
    before = results['img'].copy()
    after = AlignClip()(results)['img']
    assert after.dtype == np.float32
    assert np.array_equal(after[..., -1], before[..., -1])
    for k in range(4):
        inside = (slice(0, 96 - 12), slice(0, 112 - 8))  # what every frame saw
        moved, still = (np.abs(image[inside][..., k] - image[inside][..., -1]).mean() for image in (after, before))
        assert moved < 0.25 * still
    truth = [[STEP[1] * (4 - k), STEP[0] * (4 - k)] for k in range(5)]
    np.testing.assert_allclose(results['frame_motions'][:, :2, 2], truth, atol=0.3)
    assert results['aligned'] is True


def test_pixels_that_were_not_seen_are_the_key_frames_or_the_edge(files: list[str]) -> None:
    key, edge = (AlignClip(border=border)(clip(files, [0, 5]))['img'] for border in ('key', 'edge'))
    unseen = (slice(96 - 13, None), slice(None))
    assert np.array_equal(key[unseen][..., 0], key[unseen][..., 1])
    assert not np.array_equal(edge[unseen][..., 0], edge[unseen][..., 1])
    assert (edge[-5:, :90, 0] == edge[-6:-5, :90, 0]).mean() > 0.9


def test_the_second_epoch_estimates_nothing(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does a window that shares its frames with another."""
    align = AlignClip()
    first = align(clip(files, [0, 1, 2, 3]))['img']
    assert align.estimates == 3
    align(clip(files, [1, 2, 3, 4]))
    assert align.estimates == 4
    again = align(clip(files, [0, 1, 2, 3]))['img']
    assert align.estimates == 4
    assert np.array_equal(first, again)
    os.utime(files[3], ns=(1, 1))  # a file that changed is another one
    align(clip(files, [0, 1, 2, 3]))
    assert align.estimates == 5


def test_another_run_reads_the_file(files: list[str], tmp_path: Path) -> None:
    path = str(tmp_path / 'motions.db')
    first, second = (AlignClip(cache=path) for _ in range(2))
    images = [align(clip(files, [0, 1, 2]))['img'] for align in (first, second)]
    assert (first.estimates, second.estimates) == (2, 0)
    assert np.array_equal(*images)
    other = AlignClip(cache=path, motion='translation')
    other(clip(files, [0, 1, 2]))
    assert other.estimates == 2


def test_a_repeated_frame_stays(files: list[str]) -> None:
    align = AlignClip()
    results = align(clip(files, [0, 0, 0]))
    assert align.estimates == 0
    assert np.array_equal(results['frame_motions'], np.tile(np.eye(3), (3, 1, 1)))


def test_a_flat_sky_stays_and_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    paths = [str(tmp_path / f'{k}.png') for k in range(4)]
    for k, path in enumerate(paths):
        cv2.imwrite(path, np.full((64, 64), 100 + k, np.uint8))
    align = AlignClip()
    results = clip(paths, [0, 1, 2, 3])
    before = results['img'].copy()
    with caplog.at_level(logging.WARNING):
        assert np.array_equal(align(results)['img'], before)
    assert (align.estimates, align.failures) == (3, 3)
    said = [record.getMessage() for record in caplog.records if 'AlignClip' in record.getMessage()]
    assert len(said) <= 1  # print_log takes the current logger, which may be another


def test_a_tiny_frame_stays(tmp_path: Path) -> None:
    paths = [str(tmp_path / f'{k}.png') for k in range(2)]
    for path in paths:
        cv2.imwrite(path, np.random.default_rng(0).integers(0, 255, (5, 7)).astype(np.uint8))
    align = AlignClip()
    assert align(clip(paths, [0, 1]))['img'].shape == (5, 7, 2)
    assert align.failures == 1


def test_frames_of_another_size(files: list[str], video: list[np.ndarray]) -> None:
    """Loading refuses them, or brings them to the key frame's size, which belongs to what is remembered."""
    cv2.imwrite(files[1], cv2.resize(video[1], (224, 192)))
    with pytest.raises(DataError, match='expected one size in a sequence'):
        clip(files, [0, 1, 2])
    align = AlignClip()
    results = align(LoadClip(frame_size_mismatch='resize')(dict(img_paths=[files[0], files[1], files[2]])))
    np.testing.assert_allclose(results['frame_motions'][0][:2, 2], [2 * STEP[1], 2 * STEP[0]], atol=0.6)


def test_a_jump_of_the_camera_keeps_the_frames_before_it_together(files: list[str], tmp_path: Path) -> None:
    other = str(tmp_path / 'other.png')
    scene = render_scene(SceneConfig(size=(96, 112), backgrounds='cloud'), np.random.default_rng(9)).image
    cv2.imwrite(other, scene)
    results = AlignClip()(LoadClip()(dict(img_paths=[files[0], files[1], other])))
    motions = results['frame_motions']
    np.testing.assert_allclose(motions[0][:2, 2] - motions[1][:2, 2], STEP[::-1], atol=0.3)
    assert np.array_equal(motions[1], np.eye(3))


def test_masks_of_past_frames_follow(files: list[str]) -> None:
    masks = np.zeros((96, 112, 3), np.uint8)
    for k in range(3):
        masks[40 - STEP[0] * k : 43 - STEP[0] * k, 50 - STEP[1] * k : 53 - STEP[1] * k, k] = 1  # still in the scene
    results = AlignClip()(clip(files, [0, 1, 2], gt_seg_map=masks.copy(), seg_fields=['gt_seg_map']))
    for k in range(3):
        assert np.array_equal(results['gt_seg_map'][..., k], masks[..., 2]), k
    key_alone = AlignClip()(clip(files, [0, 1, 2], gt_seg_map=masks[..., 2].copy()))
    assert np.array_equal(key_alone['gt_seg_map'], masks[..., 2])


def test_the_frames_as_they_were_may_stay_behind(files: list[str]) -> None:
    results = clip(files, [0, 1, 2])
    before = results['img'].copy()
    after = AlignClip(keep_original=True)(results)['img']
    assert after.shape == (96, 112, 6)
    assert np.array_equal(after[..., 3:], before)
    assert np.array_equal(after[..., 2], before[..., 2])


def test_packing_says_it(files: list[str]) -> None:
    for pack in (PackClipInputs(meta_keys=('img_path',)), PackClipSegInputs()):
        for align, expected in ((AlignClip(), True), (lambda results: results, False)):
            results = align(clip(files, [0, 1], img_path=files[1]))
            assert pack(results)['data_samples'].metainfo.get('aligned', False) is expected


class TestErrors:
    @pytest.mark.parametrize('options', [dict(method='x'), dict(motion='x'), dict(border='x')])
    def test_options(self, options: dict) -> None:
        with pytest.raises(ValueError, match="AlignClip: .* is 'x'; expected one of"):
            AlignClip(**options)

    def test_one_frame(self, files: list[str]) -> None:
        with pytest.raises(ConfigError, match='nothing to align it with'):
            AlignClip()(clip(files, [0]))

    def test_maps_of_past_frames(self, files: list[str]) -> None:
        with pytest.raises(ConfigError, match='window_step'):
            AlignClip()(clip(files, [0, 1], frame_instances=[[], []]))


def test_the_registry_has_it() -> None:
    init_default_scope('mmdet')
    assert 'ecc' in repr(TRANSFORMS.build(dict(type='mmirstd.AlignClip')))
