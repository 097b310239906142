from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmirstd.apis import IRSTDInferencer, MovingTargetInferencer, Source, TargetTracker
from mmirstd.apis.frame_places import frame_places
from mmirstd.apis.target_tracker import milliseconds
from mmirstd.tracking import TrackOptions
from mmirstd.utils.errors import DataError
from tests.test_apis.helpers import LocalContrast, moving_frames, scene, write_image, write_video
from tests.test_models.clip_models import tiny_detector


def still_model(**options: object) -> IRSTDInferencer:
    model = IRSTDInferencer(LocalContrast(), device='cpu', show_progress=False, **options)
    model.sequences = True
    return model


def write_folder(folder: Path, frames: list[np.ndarray], numbers: list[int] | None = None) -> Path:
    for number, frame in zip(numbers or range(len(frames)), frames):
        write_image(folder / f'{number:04d}.png', frame)
    return folder


def test_a_still_model_on_a_video(tmp_path: Path) -> None:
    video = write_video(tmp_path / 'a.avi', moving_frames(10))
    results = list(TargetTracker().track(still_model().infer(video)))
    assert [len(result.tracks) for result in results] == [0, 0] + [1] * 8
    (last,) = results[-1].tracks
    assert (last.frame, last.id, last.moving) == (9, 1, True)
    assert (last.x, last.y) == (pytest.approx(56, abs=0.5), pytest.approx(30, abs=0.5))
    assert last.vx == pytest.approx(4, abs=0.3)


def test_a_frame_folder_and_a_clip_model(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / 'seq', moving_frames(6))
    model = MovingTargetInferencer(tiny_detector(5), device='cpu', show_progress=False, threshold=0.0)
    tracker = TargetTracker(TrackOptions(confirm=(1, 1)))
    for result in tracker.track(model.infer(folder)):
        fresh = [track for track in result.tracks if track.detected]
        assert 0 < len(fresh) <= len(result.targets)
    assert len(tracker.seconds) == 6


def test_a_sequence_shorter_than_the_clip(tmp_path: Path) -> None:
    """The first frame stands for those before it; two frames can be confirmed by 1/1 only."""
    folder = write_folder(tmp_path / 'seq', moving_frames(2))
    model = MovingTargetInferencer(tiny_detector(5), device='cpu', show_progress=False, threshold=0.0)
    assert [result.tracks for result in TargetTracker().track(model.infer(folder))] == [[], []]
    results = list(TargetTracker(TrackOptions(confirm=(1, 1))).track(model.infer(folder)))
    assert all(result.tracks for result in results)


def test_one_frame_and_the_first_frames_have_no_confirmed_track(tmp_path: Path) -> None:
    (result,) = TargetTracker().track(still_model().infer(write_folder(tmp_path, moving_frames(1))))
    assert (len(result.targets), result.tracks) == (1, [])
    (result,) = TargetTracker(TrackOptions(confirm=(1, 1))).track(still_model().infer(tmp_path))
    assert [track.id for track in result.tracks] == [1]


def test_single_images_in_the_order_given_are_one_sequence() -> None:
    results = list(TargetTracker().track(still_model().infer(moving_frames(5))))
    assert [[track.frame for track in result.tracks] for result in results] == [[], [], [2], [3], [4]]


def test_sequences_do_not_mix(tmp_path: Path) -> None:
    first, second = (write_video(tmp_path / f'{name}.avi', moving_frames(6)) for name in 'ab')
    tracker = TargetTracker()
    found = [[track.id for track in result.tracks] for result in map(tracker, still_model().infer([first, second]))]
    assert found == [[], [], [1], [1], [1], [1]] * 2


def test_missing_frames_by_their_names(tmp_path: Path) -> None:
    frames = moving_frames(12)
    numbers = [0, 1, 2, 3, 4, 8, 9, 11]
    folder = write_folder(tmp_path, [frames[number] for number in numbers], numbers)
    tracker = TargetTracker(TrackOptions(camera='still'))
    results = list(tracker.track(still_model().infer(folder)))
    assert {track.id for result in results for track in result.tracks} == {1}
    assert results[-1].tracks[0].vx == pytest.approx(4, abs=0.3)
    assert tracker.gaps == 2
    assert tracker.report()['gaps'] == 2


@pytest.mark.parametrize(
    ('names', 'places'),
    [
        (['1.png', '2.png', '5.png'], [0, 1, 4]),
        (['1.png', '5.png', '6.png'], [0, 4, 5]),
        (['t10.png', 't20.png', 't30.png', 't60.png'], [0, 1, 2, 5]),
        (['1700000001.png', '1700000034.png', '1700000067.png', '1700000101.png'], []),  # a clock
        (['a.png', 'b.png'], []),
        (['a1.png', 'b1.png'], []),
        (['7.png'], []),
    ],
)
def test_places_of_frames(tmp_path: Path, names: list[str], places: list[int]) -> None:
    for name in names:
        write_image(tmp_path / name, scene())
    assert frame_places(Source('frames', str(tmp_path), 'a')) == places
    assert frame_places(Source('video', str(tmp_path / 'a.mp4'), 'a')) == []


def test_frames_again_and_a_jump_are_counted(tmp_path: Path) -> None:
    frames = moving_frames(6)
    folder = write_folder(tmp_path, [frames[k // 2] for k in range(12)])
    tracker = TargetTracker(TrackOptions(camera='still'))
    *_, last = tracker.track(still_model().infer(folder))
    assert (tracker.repeats, last.tracks[0].hits, last.tracks[0].frame) == (6, 6, 11)


def test_a_change_of_size_ends_the_sequence_and_is_told(tmp_path: Path) -> None:
    write_folder(tmp_path, [*moving_frames(4), scene(32, 32, ())])
    told: list[str] = []
    results = list(
        TargetTracker().track(still_model().infer(tmp_path, on_error=lambda source, error: told.append(str(error))))
    )
    assert len(results) == 4
    assert 'frame 4 has 32x32' in told[0]
    with pytest.raises(ValueError, match='expected one size in a sequence'):
        list(TargetTracker().track(still_model().infer([scene(), scene(32, 32, ())])))


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='no image or video in this folder'):
        list(TargetTracker().track(still_model().infer(tmp_path)))


def test_a_frame_that_failed_is_a_frame_without_detection() -> None:
    results = list(still_model().infer(moving_frames(8)))
    video = Source('video', 'a.mp4', 'a')
    for frame, result in enumerate(results):
        result.source, result.frame = video, frame
    tracker = TargetTracker(TrackOptions(camera='still'))
    found = [tracker(result) for result in results if result.frame not in (4, 5)]
    assert [track.frame for result in found for track in result.tracks] == [2, 3, 6, 7]
    assert found[-1].tracks[0].vx == pytest.approx(4, abs=0.3)


def test_milliseconds() -> None:
    assert milliseconds([]) is None
    assert milliseconds([0.001, 0.002, 0.004]) == {'median': 2.0, 'p95': pytest.approx(3.8), 'max': 4.0}
