from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmirstd.engine.checkpoint_files import (
    checkpoint_defect,
    find_checkpoint,
    looks_like_checkpoint,
    newest_checkpoint,
    numbered_checkpoints,
)
from mmirstd.utils.errors import CheckpointError

STATE = dict(state_dict=dict(w=torch.arange(4096.0)))


def safetensors_bytes() -> bytes:
    """The format by its definition: length, JSON header, numbers."""
    header = json.dumps({'w': dict(dtype='F32', shape=[4], data_offsets=[0, 16])}).encode()
    return len(header).to_bytes(8, 'little') + header + np.zeros(4, np.float32).tobytes()


def save(path: Path, legacy: bool = False) -> Path:
    torch.save(STATE, path, _use_new_zipfile_serialization=not legacy)
    return path


@pytest.mark.parametrize('name', ['my.pth', 'my.pth.tar', 'model.bin', 'weights', 'a.png', 'x.ckpt', 'x.pkl'])
@pytest.mark.parametrize('legacy', [False, True])
def test_a_checkpoint_is_known_by_its_content(tmp_path: Path, name: str, legacy: bool) -> None:
    path = save(tmp_path / name, legacy)
    assert looks_like_checkpoint(path)
    assert checkpoint_defect(path, thorough=True) is None
    assert find_checkpoint(str(path)) == str(path)


def test_what_is_no_checkpoint(tmp_path: Path) -> None:
    np.save(tmp_path / 'frame.npy', np.zeros((4, 4)))
    np.savez(tmp_path / 'frames.npz', a=np.zeros((4, 4)))
    (tmp_path / 'image.png').write_bytes(b'\x89PNG\r\n\x1a\n')
    (tmp_path / 'empty.png').touch()
    for path in tmp_path.iterdir():
        assert not looks_like_checkpoint(path)
    assert not looks_like_checkpoint(tmp_path)
    assert not looks_like_checkpoint('absent.png')
    assert not looks_like_checkpoint('rtsp://camera/stream')


@pytest.mark.parametrize('name', ['absent.pth', 'absent.pth.tar', 'absent.bin', 'dir/*.pth', 'https://host/w.pth?a=1'])
def test_what_does_not_exist_is_judged_by_its_name(name: str) -> None:
    assert looks_like_checkpoint(name)


def test_a_pickle_of_any_kind_and_safetensors(tmp_path: Path) -> None:
    (tmp_path / 'a').write_bytes(pickle.dumps(dict(a=list(range(100)))))
    (tmp_path / 'b').write_bytes(safetensors_bytes())
    assert looks_like_checkpoint(tmp_path / 'a')
    assert looks_like_checkpoint(tmp_path / 'b')
    assert checkpoint_defect(tmp_path / 'a') is None
    with pytest.raises(CheckpointError, match=r'safetensors file[\s\S]*cure: pip install safetensors'):
        find_checkpoint(str(tmp_path / 'b'))


@pytest.fixture(scope='module')
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bool], bytes]:
    folder = tmp_path_factory.mktemp('whole')
    contents = {legacy: save(folder / f'{legacy}.pth', legacy).read_bytes() for legacy in (False, True)}
    return contents.__getitem__


@given(share=st.floats(0, 1, exclude_max=True))
def test_a_cut_archive_is_never_complete_and_still_a_checkpoint(
    whole: Callable[[bool], bytes], tmp_path_factory: pytest.TempPathFactory, share: float
) -> None:
    data = whole(False)
    path = tmp_path_factory.mktemp('cut') / 'w'
    path.write_bytes(data[: int(share * len(data))])
    assert checkpoint_defect(path) is not None
    if share * len(data) > 64:
        assert looks_like_checkpoint(path)


@given(place=st.integers(0, 4 * 4096 - 1))
def test_a_changed_number_is_found_by_the_thorough_check(
    whole: Callable[[bool], bytes], tmp_path_factory: pytest.TempPathFactory, place: int
) -> None:
    data = bytearray(whole(False))
    start = data.index(np.arange(4096, dtype=np.float32).tobytes())
    data[start + place] ^= 1
    path = tmp_path_factory.mktemp('changed') / 'w'
    path.write_bytes(data)
    assert checkpoint_defect(path) is None
    assert 'checksum' in checkpoint_defect(path, thorough=True)


def test_cut_in_the_old_format(whole: Callable[[bool], bytes], tmp_path: Path) -> None:
    path = tmp_path / 'w'
    data = whole(True)
    path.write_bytes(data[: data.index(b'state_dict')])
    assert 'cut off' in checkpoint_defect(path)


def test_archive_without_checksums(tmp_path: Path) -> None:
    path = save(tmp_path / 'w')
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
    data = path.read_bytes()
    for info in infos:  # as torch.serialization.set_crc32_options(False) leaves them: some other number
        data = data.replace(info.CRC.to_bytes(4, 'little'), (info.CRC ^ 0xFFFF).to_bytes(4, 'little'))
    path.write_bytes(data)
    assert torch.load(path)['state_dict']['w'].sum() == STATE['state_dict']['w'].sum()
    assert checkpoint_defect(path, thorough=True) is None


def test_missing_checkpoint_lists_those_in_its_folder(tmp_path: Path) -> None:
    save(tmp_path / 'epoch_12.pth')
    with pytest.raises(CheckpointError, match=r'does not exist[\s\S]*epoch_12.pth'):
        find_checkpoint(str(tmp_path / 'epoch_21.pth'))
    with pytest.raises(CheckpointError, match=r'is a folder[\s\S]*epoch_12.pth'):
        find_checkpoint(str(tmp_path))
    with pytest.raises(CheckpointError, match='does not exist either'):
        find_checkpoint(str(tmp_path / 'no' / 'epoch_21.pth'))
    assert find_checkpoint('https://example.org/x.pth') == 'https://example.org/x.pth'


def test_damaged_files_are_named_with_a_complete_one_beside_them(tmp_path: Path) -> None:
    data = save(tmp_path / 'epoch_1.pth').read_bytes()
    cut = tmp_path / 'epoch_2.pth'
    cut.write_bytes(data[:-500])
    with pytest.raises(
        CheckpointError,
        match=rf'is cut off after {len(data) - 500} bytes[\s\S]*beside it:\s*'
        rf'{tmp_path}/epoch_1.pth',
    ):
        find_checkpoint(str(cut))
    cut.write_bytes(b'')
    with pytest.raises(CheckpointError, match='is empty'):
        find_checkpoint(str(cut))
    cut.write_bytes(b'<html>not found</html>')
    with pytest.raises(CheckpointError, match='is no PyTorch checkpoint'):
        find_checkpoint(str(cut))


def test_newest_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match='does not exist'):
        newest_checkpoint(str(tmp_path / 'absent'))
    with pytest.raises(CheckpointError, match='holds no checkpoint'):
        newest_checkpoint(str(tmp_path))
    for name in ('epoch_2', 'epoch_10', 'best_IoU_epoch_99'):
        save(tmp_path / f'{name}.pth')
    assert sorted(numbered_checkpoints(tmp_path)) == [2, 10]
    assert numbered_checkpoints(tmp_path, 'iter') == {}
    assert newest_checkpoint(str(tmp_path)).path == str(tmp_path / 'epoch_10.pth')
    marker = tmp_path / 'last_checkpoint'
    for text, expected in (('/moved/away/epoch_2.pth', 2), ('/moved/away/epoch_3.pth', 10), ('', 10)):
        marker.write_text(text)
        newest = newest_checkpoint(str(tmp_path))
        assert newest.path == str(tmp_path / f'epoch_{expected}.pth')
        assert str(newest) == f'continues from {newest.path}'


def test_newest_complete_checkpoint(tmp_path: Path) -> None:
    for epoch in (1, 2, 3, 9):
        save(tmp_path / f'epoch_{epoch}.pth')
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'epoch_3.pth'))
    cut = tmp_path / 'epoch_3.pth'
    cut.write_bytes(cut.read_bytes()[:-500])
    newest = newest_checkpoint(str(tmp_path))
    assert newest.path == str(tmp_path / 'epoch_2.pth')  # not an earlier run's 9
    assert 'epoch_3.pth: is cut off' in str(newest)
    assert 'the newest complete checkpoint' in str(newest)
    for epoch in (1, 2, 9):
        (tmp_path / f'epoch_{epoch}.pth').write_bytes(b'PK\x03\x04')
    with pytest.raises(CheckpointError, match='no checkpoint in .* is complete'):
        newest_checkpoint(str(tmp_path))
