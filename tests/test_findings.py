"""Files that once ended in something else than our own errors, found by tests/reliability/fuzz.py."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmirstd.apis.frame_stream import RawFormat
from mmirstd.apis.inputs import read_still
from mmirstd.compat.checkpoint import load_checkpoint_file
from mmirstd.datasets.image_io import page_count, read_image, read_pages
from mmirstd.deploy.graph_description import GraphDescription
from mmirstd.engine.checkpoint_files import checkpoint_defect
from mmirstd.utils.errors import CheckpointError, DataError
from mmirstd.utils.json_text import parse_json
from tests.reliability import fuzz
from tests.reliability.slow_measures import slow_measures


def test_a_pickle_that_claims_four_gigabytes_of_text(tmp_path: Path) -> None:
    path = tmp_path / 'a.pth'
    path.write_bytes(b'\x80\x02X' + struct.pack('<I', 2**32 - 1) + b'abc.')
    assert 'cut off' in str(checkpoint_defect(path))
    with pytest.raises(CheckpointError):
        load_checkpoint_file(path)


@pytest.mark.parametrize('field', ['version', 'offset'])
def test_a_zip_of_a_version_or_a_place_that_there_is_not(tmp_path: Path, field: str) -> None:
    path = tmp_path / 'a.pth'
    torch.save({'state_dict': {}}, path)
    data = bytearray(path.read_bytes())
    at = data.index(b'PK\x01\x02')  # the first entry of the table of contents
    if field == 'version':
        data[at + 6] = 128
    else:
        data[at + 42 : at + 46] = b'\xff\xff\xff\x7f'
    path.write_bytes(data)
    assert 'damaged' in str(checkpoint_defect(path, thorough=True))
    with pytest.raises(CheckpointError):
        load_checkpoint_file(path)


def test_an_array_of_more_pixels_than_numbers_can_say(tmp_path: Path) -> None:
    path = tmp_path / 'a.npy'
    np.save(path, np.zeros((9, 11), np.uint8))
    path.write_bytes(path.read_bytes().replace(b'(9, 11), }' + b' ' * 20, b'(9' + b'9' * 21 + b', 1), }'))
    with pytest.raises(DataError, match='not an array that can be read'):
        read_still(path)


@pytest.mark.parametrize('read', [read_image, lambda path: list(read_pages(path))])
def test_a_gif_that_ends_inside_its_header(tmp_path: Path, read: Callable[[Path], Any]) -> None:
    path = tmp_path / 'a.gif'
    path.write_bytes(b'GIF89a\x0b')
    with pytest.raises(DataError):
        read(path)


def test_a_tiff_whose_directory_is_beyond_all_files(tmp_path: Path) -> None:
    path = tmp_path / 'a.tif'
    path.write_bytes(b'II+\0' + struct.pack('<HHQ', 8, 0, 2**63) + bytes(64))
    assert page_count(path) == 1
    for read in (read_image, lambda path: list(read_pages(path))):
        with pytest.raises(DataError):
            read(path)


@pytest.mark.parametrize('text', ['9' * 30 + 'x3', '3x' + '9' * 5000, '\u0663x3', '0x3', '3x3:int8'])
def test_raw_frames_of_any_size_but_a_size(text: str) -> None:
    with pytest.raises(ValueError, match='no raw frame format'):
        RawFormat.parse(text)


def test_json_in_json_in_json() -> None:
    with pytest.raises(json.JSONDecodeError, match='nested too deeply'):
        parse_json('[' * 100_000)


@pytest.mark.parametrize(
    'change',
    [dict(kind=['segmentation']), dict(threshold='0.5'), dict(threshold=None), dict(outputs=['mask']), dict(divisor=0)]
    + [dict(classes='target'), dict(classes=[1]), dict(normalization=[]), dict(model=None), dict(whole_image=1)],
)
def test_a_damaged_description_of_an_exported_network(change: dict[str, Any]) -> None:
    good = GraphDescription('segmentation', 'acm', 0.5)
    assert GraphDescription.from_json(good.to_json(), 'a.onnx') == good
    values = {**json.loads(good.to_json()), **change}
    with pytest.raises(DataError):
        GraphDescription.from_json(json.dumps(values), 'a.onnx')
    del values['model']
    with pytest.raises(DataError):
        GraphDescription.from_json(json.dumps(values), 'a.onnx')


TARGETS = fuzz.targets()


@pytest.mark.parametrize('kind', sorted(TARGETS))
@settings(max_examples=25)
@given(random=st.randoms(use_true_random=False))
def test_changed_files_end_in_our_own_errors(kind: str, random: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    files, read = TARGETS[kind]
    name, data = random.choice(files)
    changed = fuzz.mutate(data, random)
    assert fuzz.try_case(read, tmp_path_factory.getbasetemp() / f'fuzz_{name}', changed) is None


def test_the_search_finds_what_is_wrong(tmp_path: Path) -> None:
    def wrong(path: Path) -> None:
        if path.read_bytes().startswith(b'!'):
            raise KeyError('x')

    assert fuzz.try_case(wrong, tmp_path / 'a', b'ok') is None
    assert 'KeyError' in str(fuzz.try_case(wrong, tmp_path / 'a', b'!'))


def test_the_slow_measures_by_hand() -> None:
    score, mask = np.array([[0.9, 0.1, 0.9]]), np.array([[1, 1, 0]])
    assert slow_measures([(score, mask)]) == {'IoU': 1 / 3, 'nIoU': 1 / 3, 'precision': 0.5, 'recall': 0.5, 'F1': 0.5}


def test_measures_equal_the_slow_reference() -> None:
    assert fuzz.fuzz_metrics(seconds=0.3, seed=5) > 0


def test_a_zip_without_a_checkpoint() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w') as archive:
        archive.writestr('a', 'b')
    with pytest.raises(CheckpointError, match='without a checkpoint'):
        load_checkpoint_file(stream)
