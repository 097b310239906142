from __future__ import annotations

import csv
import json
import logging
import re
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mmirstd.apis import IRSTDInferencer, MovingTargetInferencer
from mmirstd.apis.target_schema import CSV_COLUMNS
from mmirstd.app.messages import describe_error
from mmirstd.app.session import AppSession
from mmirstd.app.settings import Settings
from mmirstd.app.status import result_status
from mmirstd.app.store import SessionStore
from mmirstd.app.upload_limits import UploadLimits
from mmirstd.app.views import track_table
from mmirstd.datasets.image_io import read_image
from mmirstd.false_alarms.operating_point import OperatingPoint
from mmirstd.utils.errors import DataError
from tests.test_apis.helpers import LocalContrast, moving_frames, scene, write_image, write_video
from tests.test_models.clip_models import tiny_detector


class Shelf:
    """One network for all choices; counts the images that went through it."""

    def __init__(self, inferencer: object) -> None:
        from threading import Lock

        self.lock = Lock()
        self.inferencer = inferencer
        self.runs = 0
        self.asked: list = []
        forward = inferencer.forward

        def counted(*args: object, **kwargs: object) -> list:
            self.runs += 1
            return forward(*args, **kwargs)

        inferencer.forward = counted

    def get(self, name: str, load_options: dict | None = None, tta: str | None = None) -> object:
        self.asked.append((name, load_options))
        return self.inferencer


ANY = Settings('any')


def segmentation() -> Shelf:
    return Shelf(IRSTDInferencer(LocalContrast(), device='cpu', show_progress=False))


@pytest.fixture
def session(tmp_path: Path) -> AppSession:
    return AppSession(segmentation(), UploadLimits(), tmp_path / 'session')


def rows(path: Path) -> list[dict]:
    with path.open(newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file))


def test_an_image_and_its_files(session: AppSession, tmp_path: Path) -> None:
    image = scene(targets=((20, 20), (40, 70))).astype(np.uint16) * 200
    path = write_image(tmp_path / 'my scene.tif', image)
    assert session.detect(path, ANY)
    (expected,) = IRSTDInferencer(LocalContrast(), device='cpu').infer(image)
    assert session.targets == expected.targets
    assert session.results[0].image.dtype == np.uint16  # the bit depth came through
    assert {kind: file.name for kind, file in session.files.items()} == {
        'csv': 'my scene-targets.csv',
        'json': 'my scene-targets.json',
        'mask': 'my scene-mask.png',
        'overlay': 'my scene-overlay.png',
    }
    found = rows(session.files['csv'])
    assert list(found[0]) == list(CSV_COLUMNS)
    assert [float(row['x']) for row in found] == [target.as_dict()['x'] for target in expected.targets]
    assert {row['source'] for row in found} == {'my scene.tif'}  # no folder of the server
    record = json.loads(session.files['json'].read_text())
    assert record['targets'] == [target.as_dict() for target in expected.targets]
    assert (record['source'], record['dtype'], record['complete']) == ('my scene.tif', 'uint16', True)
    assert np.array_equal(read_image(session.files['mask']) > 0, expected.mask)
    assert read_image(session.files['overlay']).size > 0


def test_another_threshold_needs_no_network_and_replaces_the_files(session: AppSession, tmp_path: Path) -> None:
    path = write_image(tmp_path / 'a.png', scene(targets=((20, 20), (40, 70)), bright=60))
    session.detect(path, ANY, threshold=0.3)
    before = dict(session.files)
    found = []
    for threshold in (0.01, 0.5, 0.999):
        session.rethreshold(threshold, 2)
        (expected,) = IRSTDInferencer(LocalContrast(), device='cpu', threshold=threshold, min_area=2).infer(path)
        assert session.targets == expected.targets
        record = json.loads(session.files['json'].read_text())
        assert (record['threshold'], record['min_area']) == (threshold, 2)
        assert record['targets'] == [target.as_dict() for target in expected.targets]
        found.append(len(rows(session.files['csv'])))
    assert found[0] > 0
    assert found[-1] == 0
    assert not any(file.exists() for file in before.values())
    assert len(list(session.folder.iterdir())) == 1  # what was made for other thresholds is gone
    assert not session.detect(path, ANY, threshold=0.4)
    assert session.shelf.runs == 1
    assert session.detect(path, Settings('another'))
    assert session.detect(path, Settings('another', 'Stretch from least to greatest value'))
    assert session.shelf.runs == 3


@pytest.mark.parametrize('codec', ['MJPG', 'mp4v'])
def test_a_video(session: AppSession, tmp_path: Path, codec: str) -> None:
    path = write_video(tmp_path / ('v.avi' if codec == 'MJPG' else 'v.mp4'), moving_frames(6), codec)
    seen = []
    session.detect(path, ANY, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(k, 6) for k in range(1, 7)]
    expected = list(IRSTDInferencer(LocalContrast(), device='cpu').infer(path))
    assert session.targets == [target for result in expected for target in result.targets]
    assert [int(row['frame']) for row in rows(session.files['csv'])] == [t.frame for t in session.targets]
    assert len(json.loads(session.files['json'].read_text())['targets']) == len(session.targets) > 0
    with zipfile.ZipFile(session.files['mask']) as masks:
        names = sorted(masks.namelist())
        assert names == [f'{k:06d}.png' for k in range(6)]
        mask = cv2.imdecode(np.frombuffer(masks.read(names[3]), np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(mask > 0, expected[3].mask)
    assert session.files['overlay'].name == 'v-overlay.mp4'
    for kind in ('overlay', 'preview'):
        capture = cv2.VideoCapture(str(session.files[kind]))
        assert sum(capture.grab() for _ in range(20)) == 6
        capture.release()
    # Another threshold writes the tables at once, the video only when it is asked for.
    session.rethreshold(0.6)
    assert set(session.files) == {'csv', 'json', 'mask', 'tracks'}
    assert not session.detect(path, ANY, threshold=0.6)
    assert set(session.files) == {'csv', 'json', 'mask', 'tracks', 'overlay', 'preview'}


def test_a_video_has_tracks_that_follow_the_threshold(tmp_path: Path) -> None:
    path = write_video(tmp_path / 'v.avi', moving_frames(8))
    session = AppSession(segmentation(), UploadLimits(), tmp_path / 'session')
    session.detect(path, ANY)
    ((first, *_, last),) = session.tracks
    assert (first.id, first.frame, last.frame, last.moving) == (1, 2, 7, True)
    assert [row['frame'] for row in rows(session.files['tracks'])] == [str(k) for k in range(2, 8)]
    assert 'in 8 frames, 1 track,' in result_status(session, ANY, [])
    assert track_table(session)['data'] == [[1, 0, 2, 7, 8, 'moves']]
    session.rethreshold(0.5, 50)  # the target is smaller
    assert session.tracks == []
    assert rows(session.files['tracks']) == []
    session.rethreshold(0.5)
    assert (session.tracks[0][0], session.tracks[0][-1]) == (first, last)


def test_a_long_video_is_looked_at_in_part_and_a_cut_one_as_far_as_it_goes(tmp_path: Path) -> None:
    path = write_video(tmp_path / 'v.avi', moving_frames(8))
    short = AppSession(segmentation(), UploadLimits(frames=3), tmp_path / 'a')
    short.detect(path, ANY)
    assert len(short.results) == 3
    assert 'first 3 frames of 8' in short.notes[0]
    exact = AppSession(segmentation(), UploadLimits(frames=8), tmp_path / 'b')
    exact.detect(path, ANY)
    assert (len(exact.results), exact.notes) == (8, [])
    data = path.read_bytes()
    (tmp_path / 'cut.avi').write_bytes(data[: len(data) * 2 // 3])
    cut = AppSession(segmentation(), UploadLimits(), tmp_path / 'c')
    cut.detect(tmp_path / 'cut.avi', ANY)
    assert 0 < len(cut.results) < 8
    assert 'Ended early' in cut.notes[0]
    assert str(tmp_path) not in cut.notes[0]
    record = json.loads(cut.files['json'].read_text())
    assert record['complete'] is False
    assert str(tmp_path) not in record['problem']


def test_a_detector_has_boxes_and_no_mask(tmp_path: Path) -> None:
    shelf = Shelf(MovingTargetInferencer(tiny_detector(5), device='cpu', show_progress=False, threshold=0.0))
    session = AppSession(shelf, UploadLimits(), tmp_path / 's')
    path = write_video(tmp_path / 'v.avi', moving_frames(3))
    session.detect(path, ANY)
    every = len(session.targets)
    assert set(session.files) == {'csv', 'json', 'tracks', 'overlay', 'preview'}
    assert not session.has_maps
    session.rethreshold(float(np.median([target.peak for target in session.targets])))
    assert 0 < len(session.targets) < every
    assert shelf.runs == 3
    session.detect(write_image(tmp_path / 'one.png', scene()), ANY)
    assert set(session.files) == {'csv', 'json', 'overlay'}


def test_bad_files_are_told_and_survived(session: AppSession, tmp_path: Path) -> None:
    floats = scene().astype(np.float32) / 255
    floats[3, 4] = np.nan
    write_image(tmp_path / 'nan.tif', floats)
    (tmp_path / 'zero.png').write_bytes(b'')
    (tmp_path / 'text.png').write_text('text')
    good = write_image(tmp_path / 'good.png', scene())
    whole = write_video(tmp_path / 'v.avi', moving_frames(8)).read_bytes()
    (tmp_path / 'broken.avi').write_bytes(whole[:200] + bytes(len(whole) - 200))
    cases = {
        'nan.tif': r'1 of 6144 pixels are NaN.*mmirstd infer --nonfinite median',
        'zero.png': 'empty',
        'text.png': 'not an image',
        'broken.avi': 'broken.avi',
    }
    for name, message in cases.items():
        with pytest.raises(DataError) as caught:
            session.detect(tmp_path / name, ANY)
        text = describe_error(caught.value, tmp_path / name)
        assert str(tmp_path) not in text
        assert name in text
        assert re.search(message, text, re.S), text
        assert (session.results, session.files) == ([], {})
        session.detect(good, ANY)
        assert len(session.targets) == 1
    Image.fromarray(np.stack([255 - scene()] * 3 + [np.zeros((64, 96), np.uint8)], -1), 'CMYK').save(
        tmp_path / 'cmyk.jpg', quality=95
    )
    session.detect(tmp_path / 'cmyk.jpg', ANY)
    assert len(session.targets) == 1
    for shape in ((1, 1), (10, 20000)):
        session.detect(write_image(tmp_path / 'shape.png', np.full(shape, 7, np.uint8)), ANY)
        assert set(session.files) == {'csv', 'json', 'mask', 'overlay'}


def test_errors_in_words(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert (
        describe_error(OSError(28, 'No space left on device', '/secret/x'))
        == 'The app cannot read or write its files: No space left on device.'
    )
    assert 'memory' in describe_error(MemoryError())
    with caplog.at_level(logging.ERROR, 'mmirstd.app'):
        text = describe_error(RuntimeError('/secret/y'))
    assert 'secret' not in text
    assert '/secret/y' in caplog.text


def test_nothing_is_left(session: AppSession, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='no results'):
        session.rethreshold(0.5)
    given = session.put('scene.tif', scene())
    session.detect(given, ANY)
    shown = [Path(session.show('overlay', np.zeros((4, 4, 3), np.uint8))) for _ in range(6)]
    assert [path.is_file() for path in shown] == [False, False, True, True, True, True]
    session.close()
    assert not session.folder.exists()


def test_the_store_forgets_who_was_away_longest(tmp_path: Path) -> None:
    store = SessionStore(segmentation(), UploadLimits(), tmp_path, most=2)
    first, lock = store.get('a')
    second, _ = store.get('b')
    assert store.get('a') == (first, lock)
    store.get('c')
    assert not second.folder.exists()
    assert first.folder.is_dir()
    assert len(store) == 2
    store.end('a')
    store.end('never seen')
    assert not first.folder.exists()
    store.close()
    assert len(store) == 0
    assert list(tmp_path.iterdir()) == []


def test_the_threshold_of_the_checkpoint_decides_until_the_slider_moves(tmp_path: Path) -> None:
    inferencer = IRSTDInferencer(
        LocalContrast(), device='cpu', show_progress=False, operating_point=OperatingPoint(11.0, asked='at most ...')
    )
    session = AppSession(Shelf(inferencer), UploadLimits(), tmp_path / 'session')
    # 40 (contrast - 0.2): logits of about 9 and 13 (the end)
    image = scene(targets=((20, 20), (40, 70)))
    image[39:42, 69:72] = 255
    path = write_image(tmp_path / 'a.png', image)
    session.detect(path, ANY, 0.5)
    assert len(session.targets) == 1
    assert session.results[0].operating_point == OperatingPoint(11.0, asked='at most ...')
    assert 'that of the checkpoint: logit > 11, chosen for at most' in session.notes[0]
    assert 'above logit 11' in result_status(session, ANY, ['any'])
    assert json.loads(session.files['json'].read_text())['logit_threshold'] == 11
    session.rethreshold(0.6)
    assert len(session.targets) == 2
    assert 'above 0.60' in result_status(session, ANY, ['any'])
    session.rethreshold(0.5)
    assert len(session.targets) == 1
