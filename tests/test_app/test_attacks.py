"""What somebody who means harm sends the app."""

from __future__ import annotations

import pickle
import struct
import threading
import time
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from mmirstd.app.session import AppSession
from mmirstd.app.settings import Settings
from mmirstd.app.store import SessionStore
from mmirstd.app.upload_limits import UploadLimits
from mmirstd.app.uploads import accept_batch, accept_upload
from mmirstd.utils.errors import DataError, UserError
from tests.test_apis.helpers import scene, write_image
from tests.test_app.test_session import segmentation

ANY = Settings('any')


def png(width: int, height: int, packed: bytes) -> bytes:
    """A gray PNG of any claims and any content, with right checksums."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

    header = struct.pack('>IIBBBBB', width, height, 8, 0, 0, 0, 0)
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', packed) + chunk(b'IEND', b'')


@pytest.mark.parametrize(('width', 'height'), [(60000, 60000), (2**31 - 1, 2**31 - 1), (2**31 - 1, 1), (0, 5)])
def test_bombs_of_pixels_are_refused_before_any_is_decoded(tmp_path: Path, width: int, height: int) -> None:
    path = tmp_path / 'a.png'
    path.write_bytes(png(width, height, zlib.compress(bytes(10))))
    began = time.process_time()
    with pytest.raises(DataError):
        accept_upload(path, UploadLimits())
    assert time.process_time() - began < 1


def test_a_bomb_in_the_compressed_pixels_costs_no_more_than_the_image(tmp_path: Path) -> None:
    path = tmp_path / 'a.png'
    path.write_bytes(png(16, 16, zlib.compress(bytes(2**26), 1)))  # 64 MiB where 272 bytes are due
    session = AppSession(segmentation(), UploadLimits(), tmp_path / 'session')
    began = time.process_time()
    with suppress(UserError):
        session.detect(path, ANY)
    assert time.process_time() - began < 5


@pytest.mark.parametrize('suffix', ['png', 'mp4', 'avi', 'tif', 'zip'])
def test_files_that_are_two_things(tmp_path: Path, suffix: str) -> None:
    """A name says one thing, the content another: the content counts, and nothing of it is run."""
    mark = tmp_path / 'hacked'

    class Call:
        def __reduce__(self):
            return exec, (f'open({str(mark)!r}, "w").close()',)

    for content in (
        b'GIF89a/*' + b'<script>alert(1)</script>*/',
        b'%PDF-1.4\n' + pickle.dumps(Call()),
        pickle.dumps(Call()),
        b'#!/bin/sh\ntouch ' + str(mark).encode(),
        b'#EXTM3U\nfile:///etc/passwd\n',
        b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    ):
        path = tmp_path / f'a.{suffix}'
        path.write_bytes(content)
        if suffix == 'zip':
            with pytest.raises(DataError):
                accept_batch([path], UploadLimits(), tmp_path / f'unpacked{len(content)}')
            continue
        with pytest.raises(DataError):
            accept_upload(path, UploadLimits()).read()
    assert not mark.exists()


def test_an_image_with_a_zip_behind_it_is_an_image(tmp_path: Path) -> None:
    path = write_image(tmp_path / 'a.png', scene())
    whole = tmp_path / 'b.zip'
    with zipfile.ZipFile(whole, 'w') as archive:
        archive.writestr('../../x.png', path.read_bytes())
    path.write_bytes(path.read_bytes() + whole.read_bytes())
    assert accept_upload(path, UploadLimits()).kind == 'image'


@pytest.mark.parametrize(
    'name', ['../../out.png', '/etc/out.png', '..\\..\\out.png', 'C:\\out.png', 'a/../../../out.png', './/..//out.png']
)
def test_names_in_a_zip_lead_nowhere(tmp_path: Path, name: str) -> None:
    image = write_image(tmp_path / 'a.png', scene()).read_bytes()
    with zipfile.ZipFile(tmp_path / 'a.zip', 'w') as archive:
        archive.writestr(name, image)
        archive.writestr('good.png', image)
    inside = tmp_path / 'uploads' / 'inside'
    batch = accept_batch([tmp_path / 'a.zip'], UploadLimits(), inside)
    assert len(batch.images) == 2
    assert all(Path(item.location).parent == inside for item in batch.images)
    assert not any('..' in item.name for item in batch.images)
    assert {path.name for path in tmp_path.iterdir()} == {'a.png', 'a.zip', 'uploads'}


def test_results_of_an_odd_name_stay_in_the_session(tmp_path: Path) -> None:
    session = AppSession(segmentation(), UploadLimits(), tmp_path / 'session')
    for name in ('..png', '....png', '-rf.png', 'a;rm -rf ~.png', '%2e%2e%2fa.png', 'con.png', '\u202egnp.png'):
        path = write_image(tmp_path / 'ok.png', scene(targets=((20, 20),))).rename(tmp_path / name)
        if session.detect(path, ANY):
            for file in session.files.values():
                assert session.folder in file.resolve().parents
    session.close()


def test_many_people_at_once_see_nothing_of_each_other(tmp_path: Path) -> None:
    """A thousand requests in eight threads, of more people than there are sessions."""
    store = SessionStore(segmentation(), UploadLimits(), tmp_path / 'sessions', most=8)
    wrong: list[str] = []

    def visit(number: int) -> None:
        draw = np.random.default_rng(number)
        for _ in range(125):
            key = f'person {draw.integers(20)}'
            session, lock = store.get(key)
            with lock:
                owner = getattr(session, 'owner', key)
                if owner != key:
                    wrong.append(f'{key} got the session of {owner}')
                session.owner = key

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert not wrong
    assert len(store) <= 8 + 8  # one that is in use is not ended
    store.close()
    assert len(store) == 0
    assert list((tmp_path / 'sessions').iterdir()) == []


def test_images_of_eight_people_at_once(tmp_path: Path) -> None:
    store = SessionStore(segmentation(), UploadLimits(), tmp_path / 'sessions', most=8)
    places = {number: (10 + 5 * number, 20 + 7 * number) for number in range(8)}
    found: dict[int, list[tuple[int, int]]] = {}

    def visit(number: int) -> None:
        path = write_image(tmp_path / f'{number}.png', scene(targets=(places[number],)))
        session, lock = store.get(f'person {number}')
        with lock:
            session.detect(path, ANY)
            found[number] = [(round(target.y), round(target.x)) for target in session.targets]

    threads = [threading.Thread(target=visit, args=(number,)) for number in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    for number, place in places.items():
        assert any(abs(y - place[0]) <= 2 and abs(x - place[1]) <= 2 for y, x in found[number]), (number, found)
    folders = {store.get(f'person {number}')[0].folder for number in places}
    assert len(folders) == 8
    store.close()
