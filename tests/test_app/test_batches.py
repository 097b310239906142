"""Several images at once: what is taken, what is left out and why, and the files of the results."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmirstd.apis import IRSTDInferencer, MovingTargetInferencer
from mmirstd.app.session import AppSession
from mmirstd.app.settings import Settings
from mmirstd.app.upload_limits import UploadLimits
from mmirstd.app.uploads import accept_batch
from mmirstd.datasets.image_io import read_image
from mmirstd.utils.errors import DataError
from tests.test_apis.helpers import LocalContrast, moving_frames, scene, write_image, write_video
from tests.test_models.clip_models import tiny_detector

from .test_session import Shelf, rows, segmentation

ANY = Settings('any')


def png(image: np.ndarray) -> bytes:
    return cv2.imencode('.png', image)[1].tobytes()


def packed(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace('__', '/').replace('_png', '.png'), data)
    return path


def test_images_of_a_zip_in_natural_order_under_their_names(tmp_path: Path) -> None:
    image = png(scene())
    path = tmp_path / 'flight 1.zip'
    with zipfile.ZipFile(path, 'w') as archive:
        for name in ('b/10.png', 'b/2.png', '../../c.png', 'readme.txt', '__MACOSX/b/._2.png', 'b/.hidden.png'):
            archive.writestr(name, image)
        archive.writestr('a/cut.png', image[:-20])
        archive.writestr('v.mp4', b'x')
    batch = accept_batch([path], UploadLimits(), tmp_path / 'out')
    assert batch.name == 'flight 1'
    assert [upload.label for upload in batch.images] == ['b/2.png', 'b/10.png', 'c.png']
    assert [upload.name for upload in batch.images] == ['b/2', 'b/10', 'c']
    assert all(Path(upload.location).parent == tmp_path / 'out' for upload in batch.images)
    ((name, why),) = batch.refused
    assert name == 'a/cut.png'
    assert why.startswith('truncated')
    (note,) = batch.notes
    assert note == 'Left out, since they are no images: 2 files (readme.txt, v.mp4). Send a video by itself.'


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    paths = [write_image(tmp_path / folder / 'a.png', scene()) for folder in 'xyz']
    batch = accept_batch([*paths, write_image(tmp_path / 'b.png', scene())], UploadLimits(), tmp_path / 'out')
    assert [image.label for image in batch.images] == ['a (2).png', 'a (3).png', 'a.png', 'b.png']
    assert batch.notes[0].startswith('Several files have the same name (a.png) and are numbered here.')


def test_limits_of_many_images(tmp_path: Path) -> None:
    paths = [write_image(tmp_path / f'{k}.png', scene()) for k in range(5)]

    def accepted(**limits: float) -> tuple[int, str]:
        batch = accept_batch(paths, UploadLimits(**limits), tmp_path / 'out')
        return len(batch.images), ' '.join(batch.notes)

    assert accepted() == (5, '')
    assert accepted(files=5) == (5, '')
    count, note = accepted(files=3)
    assert count == 3
    assert note == 'Only the first 3 of 5 images were looked at: that is the limit (--max-files).'
    # Four images' pixels together: 96x64 = 6144.
    count, note = accepted(pixels=6144)
    assert count == 4
    assert 'Only the first 4 of 5 images were looked at: the limit is 24,576 pixels together' in note


def test_a_zip_cannot_fill_the_disk_or_leave_its_folder(tmp_path: Path) -> None:
    zeros = png(np.zeros((3000, 3000), np.uint8))  # small when packed once more
    bomb = packed(tmp_path / 'bomb.zip', **{f'{k}_png': zeros + bytes(2**20) for k in range(6)})
    assert bomb.stat().st_size < 2**20
    with pytest.raises(DataError, match=r'^bomb\.zip: more than 4 MB when unpacked'):
        accept_batch([bomb], UploadLimits(megabytes=1), tmp_path / 'a')
    assert sum(path.stat().st_size for path in (tmp_path / 'a').iterdir()) <= 4 * 2**20
    packed(tmp_path / 'none.zip', readme=b'text')
    (tmp_path / 'text.zip').write_text('I am text')
    whole = packed(tmp_path / 'good.zip', a_png=png(scene())).read_bytes()
    (tmp_path / 'cut.zip').write_bytes(whole[:-30])
    buffer = io.BytesIO(whole)
    with zipfile.ZipFile(buffer) as archive:
        offset = archive.infolist()[0].header_offset
    locked = bytearray(whole)
    locked[offset + 6] |= 1  # the flag of a password, in both headers
    locked[whole.index(b'PK\1\2') + 8] |= 1
    (tmp_path / 'locked.zip').write_bytes(locked)
    for name, message in (
        ('none.zip', 'there is no image in it: readme; expected'),
        ('text.zip', 'cannot be unpacked'),
        ('cut.zip', 'cannot be unpacked'),
        ('locked.zip', 'without a password'),
        ('gone.zip', 'upload it again'),
    ):
        with pytest.raises(DataError, match=message) as caught:
            accept_batch([tmp_path / name], UploadLimits(), tmp_path / name.replace('.', '-'))
        assert str(tmp_path) not in str(caught.value)


def test_a_batch_and_its_files(tmp_path: Path) -> None:
    session = AppSession(segmentation(), UploadLimits(), tmp_path / 's')
    images = {'2.png': scene(), '10.png': scene(targets=((20, 20), (40, 70))), 'none.png': scene(targets=())}
    paths = [write_image(tmp_path / name, image) for name, image in images.items()]
    (tmp_path / 'bad.png').write_bytes(b'')
    done = []
    assert session.detect([*paths, tmp_path / 'bad.png'], ANY, progress=lambda *given: done.append(given))
    assert done == [(1, 3), (2, 3), (3, 3)]
    assert (session.batch, session.sequence) == (True, False)
    assert [(entry.name, entry.first) for entry in session.entries] == [
        ('2.png', 0),
        ('10.png', 1),
        ('bad.png', None),
        ('none.png', 2),
    ]
    expected = [next(IRSTDInferencer(LocalContrast(), device='cpu').infer(image)) for image in images.values()]
    assert session.targets == [target for result in expected for target in result.targets]
    assert [len(result.targets) for result in session.results] == [1, 2, 0]

    assert {kind: path.name for kind, path in session.files.items()} == {
        'csv': 'images-targets.csv',
        'images': 'images-images.csv',
        'all': 'images-results.zip',
    }
    assert [row['source'] for row in rows(session.files['csv'])] == ['2.png', '10.png', '10.png']
    table = {row['source']: row for row in rows(session.files['images'])}
    assert list(table) == ['2.png', '10.png', 'bad.png', 'none.png']
    assert (table['10.png']['targets'], table['10.png']['width'], table['none.png']['targets']) == ('2', '96', '0')
    assert float(table['none.png']['highest']) == pytest.approx(expected[2].probability.max(), abs=1e-6)
    assert float(table['2.png']['seconds']) > 0
    assert (table['bad.png']['targets'], 'empty' in table['bad.png']['problem']) == ('', True)
    with zipfile.ZipFile(session.files['all']) as archive:
        assert sorted(archive.namelist()) == sorted(
            ['images.csv', 'targets.csv', 'csv/', 'json/', 'masks/']
            + [
                f'{folder}/{name}.{kind}'
                for folder, kind in (('csv', 'csv'), ('json', 'json'), ('masks', 'png'))
                for name in ('2', '10', 'none')
            ]
        )
        archive.extract('masks/10.png', tmp_path / 'x')
        assert archive.read('targets.csv') == session.files['csv'].read_bytes()
    assert np.array_equal(read_image(tmp_path / 'x/masks/10.png') > 0, expected[1].mask)

    # Another threshold needs no network; pictures come when they are asked for.
    session.rethreshold(0.999999)
    assert session.shelf.runs == 3
    assert list(csv.reader(session.files['csv'].open()))[1:] == []
    assert not session.detect([*paths, tmp_path / 'bad.png'], ANY, 0.5)
    assert session.shelf.runs == 3
    with zipfile.ZipFile(session.files['all']) as archive:
        assert {name for name in archive.namelist() if name.startswith('overlays/') and name != 'overlays/'} == {
            'overlays/2.png',
            'overlays/10.png',
            'overlays/none.png',
        }
    session.close()
    assert not session.folder.exists()


def test_where_no_image_can_be_used_the_first_reason_is_told(tmp_path: Path) -> None:
    session = AppSession(segmentation(), UploadLimits(), tmp_path / 's')
    floats = scene().astype(np.float32)
    floats[3, 4] = np.nan
    paths = [write_image(tmp_path / f'{k}.tif', floats) for k in range(2)]
    with pytest.raises(DataError, match=r'none of the 2 images can be used; 0\.tif: 1 of 6144 pixels are NaN'):
        session.detect(paths, ANY)
    assert str(tmp_path) not in str(session.entries)


def test_a_detector_of_moving_targets_takes_them_for_one_sequence(tmp_path: Path) -> None:
    shelf = Shelf(MovingTargetInferencer(tiny_detector(5), device='cpu', show_progress=False, threshold=0.0))
    session = AppSession(shelf, UploadLimits(), tmp_path / 's')
    frames = moving_frames(3)
    paths = [write_image(tmp_path / f'{name}.png', frame) for name, frame in zip(('10', '9', '11'), frames)]
    session.detect(paths, ANY)
    assert (session.batch, session.sequence, len(session.results)) == (False, True, 3)
    for result, frame in zip(session.results, (frames[1], frames[0], frames[2])):  # in the order of their names
        assert np.array_equal(result.image, frame)
    assert 'one sequence' in session.notes[-1]
    assert {'csv', 'json', 'overlay'} <= set(session.files)


def test_a_video_among_images_is_left_out(tmp_path: Path) -> None:
    session = AppSession(segmentation(), UploadLimits(), tmp_path / 's')
    session.detect([write_image(tmp_path / 'a.png', scene()), write_video(tmp_path / 'v.avi', moving_frames(2))], ANY)
    assert len(session.results) == 1
    assert 'v.avi' in session.notes[0]
