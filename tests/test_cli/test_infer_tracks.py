"""``mmirstd infer --track``."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import pytest
import torch

from mmirstd.apis.track_files import TRACK_COLUMNS
from mmirstd.cli.infer import main, parse_args
from mmirstd.tracking import TrackOptions
from mmirstd.tracking.track_point import TRACK_SCHEMA, TRACK_SCHEMA_VERSION, TrackPoint
from mmirstd.utils.errors import UserError
from tests.shared import REPO
from tests.test_apis.helpers import moving_frames, scene, write_image, write_video
from tests.test_models.clip_models import tiny_config, tiny_detector

TOP_HAT = 'white-tophat_nuaa-sirst-341-86'


def infer(*args: object) -> int:
    return main([TOP_HAT, '-', *map(str, args), '--quiet', '--device', 'cpu'])


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file))


def test_a_video_and_a_frame_folder_get_tracks(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    video = write_video(tmp_path / 'a.avi', moving_frames(8))
    for k, frame in enumerate(moving_frames(8)):
        write_image(tmp_path / 'b' / f'{k + k // 4}.png', frame)  # number 4 is missing
    out = tmp_path / 'out'
    assert infer(video, tmp_path / 'b', '--track', '--confirm', '2/4', '--out', out) == 0
    shown = capsys.readouterr()
    assert 'tracks.csv (2 tracks)' in shown.out
    assert 'tracking: ' in shown.out
    assert 'frames are missing at 1 places' in shown.err
    found = rows(out / 'tracks.csv')
    assert tuple(found[0]) == TRACK_COLUMNS
    assert {(row['source'], row['id']) for row in found} == {(str(video), '1'), (str(tmp_path / 'b'), '1')}
    assert [row['frame'] for row in rows(out / 'tracks/a.csv')] == [str(k) for k in range(1, 8)]
    record = json.loads((out / 'tracks/a.json').read_text())
    assert (record['schema'], record['schema_version']) == (TRACK_SCHEMA, TRACK_SCHEMA_VERSION)
    assert record['tracking']['confirm'] == [2, 4]
    assert record['tracks'] == [
        dict(id=1, first=0, confirmed=1, last=7, hits=8, moving=True, class_name=None, class_share=None)
    ]
    assert (record['frames'], record['complete'], record['jumps'], record['repeats']) == (8, True, [], 0)
    assert {'median', 'p95', 'max'} == set(record['detection_ms']) == set(record['tracking_ms'])
    assert [point['frame'] for point in record['points']] == list(range(1, 8))
    # targets of single frames are there as ever, and in tables of their own
    assert len(rows(out / 'targets.csv')) == 16
    capture = cv2.VideoCapture(str(out / 'overlays/a.mp4'))
    assert int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) == 8

    assert infer(video, tmp_path / 'b', '--track', '--confirm', '2/4', '--out', out) == 0
    assert '2 finished before' in capsys.readouterr().out
    with pytest.raises(UserError, match='tracking'):
        infer(video, '--track', '--confirm', '3/4', '--out', out)
    with pytest.raises(UserError, match='tracking'):
        infer(video, '--out', out)


def test_a_single_image_has_no_track(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    image = write_image(tmp_path / 'one.png', scene())
    assert infer(image, tmp_path / 'missing.png', '--track', '--out', tmp_path / 'out') == 1
    told = capsys.readouterr().err
    assert 'one.png: found a single image, expected a sequence, since --track was given' in told
    assert 'put the frames of a sequence into a folder' in told
    assert 'missing.png: found' not in told


def test_a_single_image_for_a_model_of_clips(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """Without --track it is a sequence of one frame; with it, the same error as for any model."""
    config = tmp_path / 'tiny.py'
    config.write_text(
        "custom_imports = dict(imports=['mmirstd.registry'])\ndefault_scope = 'mmdet'\n"
        f'model = {tiny_config(5).to_dict()!r}\n'
    )
    torch.save(dict(state_dict=tiny_detector(5).state_dict()), tmp_path / 'tiny.pth')
    image = write_image(tmp_path / 'one.png', scene())
    given = [str(config), str(tmp_path / 'tiny.pth'), str(image), '--quiet', '--device', 'cpu', '--out']
    assert main([*given, str(tmp_path / 'still'), '--save', 'csv']) == 0
    assert main([*given, str(tmp_path / 'tracked'), '--track']) == 1
    assert 'one.png: found a single image, expected a sequence' in capsys.readouterr().err


def test_a_folder_of_one_frame_and_an_empty_one(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    write_image(tmp_path / 'one' / '0.png', scene())
    (tmp_path / 'none').mkdir()
    assert infer(tmp_path / 'one', tmp_path / 'none', '--track', '--out', tmp_path / 'out') == 1
    shown = capsys.readouterr()
    assert '(0 tracks)' in shown.out
    assert 'no image or video in this folder' in shown.err
    assert rows(tmp_path / 'out/tracks/one.csv') == []
    assert json.loads((tmp_path / 'out/tracks/one.json').read_text())['tracks'] == []


def test_a_jump_of_the_camera_and_frames_again_are_said(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    from tests.test_tracking.test_camera_motion import ground, view

    frames = [view(ground(1 + k // 4), 160 + k, 160).astype('uint8') for k in range(8)]
    for k, frame in enumerate([*frames, frames[-1]]):
        write_image(tmp_path / 'a' / f'{k}.png', frame)
    assert infer(tmp_path / 'a', '--track', '--save', 'csv', '--out', tmp_path / 'out') == 0
    told = capsys.readouterr().err
    assert 'the camera jumps at frame 4; all tracks ended there' in told
    assert '1 frames are the frame before again' in told


@pytest.mark.parametrize(
    ('given', 'words'),
    [
        (['--confirm', '3/5'], '--confirm goes with --track'),
        (['--moving-only'], '--moving-only goes with --track'),
        (['--save', 'tracks'], '--save tracks goes with --track'),
        (['--track', '--confirm', '5/3'], "--confirm '5/3': expected M/N with 1 <= M <= N"),
        (['--track', '--coast', '-1'], '--coast found -1, expected at least 0'),
        (['--track', '--max-speed', '0'], '--max-speed found 0.0, expected more than 0'),
    ],
)
def test_options_that_do_not_fit(given: list[str], words: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        parse_args(['net', 'a.png', '--out', 'b', *given])
    assert words in capsys.readouterr().err


def test_options_reach_the_tracker() -> None:
    given = '--save csv --track --confirm 2/3 --coast 4 --max-speed 9 --still-camera --moving-only'
    args = parse_args(['net', 'a.mp4', '--out', 'b', *given.split()])
    assert args.tracking == TrackOptions((2, 3), 4, 9, camera='still', moving_only=True)
    assert args.save == ['csv', 'tracks']
    assert parse_args(['net', 'a.mp4', '--out', 'b']).tracking is None


def test_every_column_is_documented_with_its_unit() -> None:
    text = (REPO / 'docs/tracking.md').read_text(encoding='utf-8')
    assert f'`{TRACK_SCHEMA}`, version {TRACK_SCHEMA_VERSION}' in text
    for name in TrackPoint.columns():
        unit = TrackPoint.__dataclass_fields__[name].metadata['unit']
        assert f'| `{name}` | {unit} |' in text, name
