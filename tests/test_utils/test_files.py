"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os

import numpy as np
import pytest

from mmirstd.utils.files import atomic_path, file_sha256, save_png, write_bytes, write_json, write_text


@pytest.mark.parametrize('durable', [False, True])
def test_the_file_appears_when_the_block_ends(tmp_path, durable):
    path = tmp_path / 'new' / 'video.mp4'
    with atomic_path(path, durable) as temporary:
        temporary.write_bytes(b'frames')
        assert temporary.parent == path.parent
        assert temporary.suffix == '.mp4'
        assert not path.exists()
    assert path.read_bytes() == b'frames'
    assert os.listdir(path.parent) == ['video.mp4']


def test_an_error_keeps_the_old_file_and_leaves_nothing_else(tmp_path):
    path = tmp_path / 'a.json'
    path.write_text('old')

    def fill() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text('ha')
            raise OSError(errno.ENOSPC, 'No space left on device')

    with pytest.raises(OSError, match='No space'):
        fill()
    assert path.read_text() == 'old'
    assert os.listdir(tmp_path) == ['a.json']


def test_text_json_and_checksum(tmp_path):
    write_text(tmp_path / 't.txt', 'Größe')
    assert (tmp_path / 't.txt').read_bytes() == 'Größe'.encode()
    write_json(tmp_path / 'd.json', dict(a=[1, 2]))
    assert json.loads((tmp_path / 'd.json').read_text()) == dict(a=[1, 2])
    data = bytes(range(256)) * 5000
    write_bytes(tmp_path / 'b', data)
    assert file_sha256(tmp_path / 'b') == hashlib.sha256(data).hexdigest()


def test_what_png_does_not_hold(tmp_path):
    with pytest.raises(ValueError, match='bad.png: an image of shape .*float64'):
        save_png(tmp_path / 'bad.png', np.zeros((2, 2, 2)))
    assert not os.listdir(tmp_path)
    save_png(tmp_path / 'größe' / 'ü.png', np.zeros((2, 3), np.uint8))
    assert (tmp_path / 'größe' / 'ü.png').is_file()
