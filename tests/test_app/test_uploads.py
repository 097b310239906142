from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmirstd.app.upload_limits import UploadLimits
from mmirstd.app.uploads import accept_upload
from mmirstd.utils.errors import DataError
from tests.test_apis.helpers import moving_frames, scene, write_image, write_video

LIMITS = UploadLimits()


def test_an_image_is_accepted_under_its_own_name(tmp_path: Path) -> None:
    path = write_image(tmp_path / 'a b ö.TIF', scene().astype(np.uint16) * 200)
    upload = accept_upload(path, LIMITS)
    assert (upload.kind, upload.label, upload.name, upload.still) == ('image', 'a b ö.TIF', 'a b ö', True)
    assert upload.read().dtype == np.uint16


@pytest.mark.parametrize('name', ['v.avi', 'v.mp4'])
def test_a_video_is_accepted_with_a_limit_of_frames(tmp_path: Path, name: str) -> None:
    path = write_video(tmp_path / name, moving_frames(4), 'MJPG' if name == 'v.avi' else 'mp4v')
    assert accept_upload(path, LIMITS).max_frames == 200
    assert not accept_upload(path, LIMITS).still
    # Four frames' worth of pixels at most: 96x64 = 6144.
    assert accept_upload(path, UploadLimits(pixels=6144)).max_frames == 4
    assert accept_upload(path, UploadLimits(pixels=6144, frames=3)).max_frames == 3


def test_what_is_refused_is_named_without_its_folder(tmp_path: Path) -> None:
    good = write_image(tmp_path / 'good.png', scene()).read_bytes()
    cases = {
        'zero.png': (b'', 'empty'),
        'zero.mp4': (b'', 'empty'),
        'text.png': (b'I am text', 'not an image'),
        'text.mp4': (b'#EXTM3U\n/etc/passwd\n', 'no MP4 video'),
        'list.avi': (b'ffconcat version 1.0', 'no AVI video'),
        'notes.txt': (b'text', 'not read here'),
        'cut.png': (good[:-20], 'truncated'),
        'broken.mp4': (b'\0\0\0\x18ftypmp42' + bytes(200), 'cannot be opened as a video'),
        'headless.png': (good[:16] + bytes(8) + good[24:], 'checksum'),
    }
    for name, (content, message) in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=message) as caught:
            accept_upload(tmp_path / name, LIMITS)
        assert name in str(caught.value)
        assert str(tmp_path) not in str(caught.value)
    with pytest.raises(DataError, match='upload it again'):
        accept_upload(tmp_path / 'gone.png', LIMITS)


@pytest.mark.parametrize('suffix', ['gif', 'webp', 'pgm', 'tif'])
def test_limits_hold_for_every_format_and_page(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f'a.{suffix}'
    small, large = Image.new('L', (8, 8)), Image.fromarray(scene())
    several = dict(save_all=True, append_images=[large]) if suffix == 'tif' else {}
    (small if several else large).save(path, **several)
    with pytest.raises(DataError, match='96x64 = 6,144 pixels; the limit is 6,143'):
        accept_upload(path, UploadLimits(pixels=6143))
    upload = accept_upload(path, UploadLimits(pixels=6144))
    if not several:
        assert upload.read().shape == (64, 96)
        return
    with pytest.raises(DataError, match='holds 2 images'):
        upload.read()


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_image(tmp_path / 'a.png', scene())
    with pytest.raises(DataError, match=r'MB; the limit is 0\.001 MB'):
        accept_upload(path, UploadLimits(megabytes=0.001))
    video = write_video(tmp_path / 'a.avi', moving_frames(2))
    # By the header alone: nothing may be decoded.
    monkeypatch.setattr('cv2.imdecode', None)
    for item in (path, video):
        with pytest.raises(DataError, match='96x64 = 6,144 pixels; the limit is 6,143'):
            accept_upload(item, UploadLimits(pixels=6143))
        assert accept_upload(item, UploadLimits(pixels=6144)).label == item.name
    with pytest.raises(ValueError, match='positive'):
        UploadLimits(frames=0)
