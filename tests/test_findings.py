"""Files that once ended in something else than our own errors, found by the fuzzing of tests/reliability."""

from __future__ import annotations

import io
import json
import os
import signal
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import savemat

from mmirstd.apis import Target
from mmirstd.apis.frame_stream import RawFormat
from mmirstd.apis.inputs import read_still
from mmirstd.compat.checkpoint import load_checkpoint_file
from mmirstd.datasets.coco_file import read_coco, rle_pixels
from mmirstd.datasets.image_io import page_count, read_image, read_mask, read_pages
from mmirstd.datasets.labels.cvat import MAX_FRAMES
from mmirstd.datasets.labels.formats import read_labels
from mmirstd.deploy.graph_description import GraphDescription
from mmirstd.engine.checkpoint_files import checkpoint_defect
from mmirstd.evaluation.prediction_files import read_map
from mmirstd.utils.errors import CheckpointError, DataError, UserError
from mmirstd.utils.json_text import parse_json
from tests.reliability import fuzz, fuzz_measures, guided_fuzz, slow_measures
from tests.reliability.fuzz_targets import CVAT_VIDEO, HEIGHT, WIDTH, targets
from tests.reliability.fuzz_targets import Target as FuzzTarget


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


def test_a_gif_that_claims_gigabytes(tmp_path: Path) -> None:
    path = tmp_path / 'a.gif'
    data = next(data for name, data in targets()['image'].files if name == 'a.gif')
    path.write_bytes(data[:6] + struct.pack('<HH', 12_000, 12_000) + data[10:])
    with pytest.raises(DataError, match='claims 12000x12000 pixels'):
        read_image(path)


def test_a_mask_of_a_bmp_that_pillow_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / 'a.bmp'
    data = bytearray(next(data for name, data in targets()['mask'].files if name == 'a.bmp'))
    data[14] = 41  # the length of its second header
    path.write_bytes(data)
    with pytest.raises(DataError):
        read_mask(path)


def test_a_tiff_whose_directory_is_beyond_all_files(tmp_path: Path) -> None:
    path = tmp_path / 'a.tif'
    path.write_bytes(b'II+\0' + struct.pack('<HHQ', 8, 0, 2**63) + bytes(64))
    assert page_count(path) == 1
    for read in (read_image, lambda path: list(read_pages(path))):
        with pytest.raises(DataError):
            read(path)


@pytest.mark.parametrize(
    'change',
    [
        lambda tags: tags.update({48: struct.pack('<II', 0x8002, 99)}),  # this one ended the process
        lambda tags: tags.update({48: struct.pack('<II', 14, 99)}),
        lambda tags: tags.update({48: struct.pack('<II', 2, 9999)}),
        lambda tags: tags.update({0: struct.pack('<II', 6, 8)}),
    ],
)
@pytest.mark.parametrize('packed', [False, True])
def test_matlab_files_with_other_tags(change: Callable[[dict], None], packed: bool, tmp_path: Path) -> None:
    """The element of the pixels, in a matrix: SciPy looks its type up in a table without asking whether it is there."""
    path = tmp_path / 'a.mat'
    savemat(path, {'T': np.zeros((HEIGHT, WIDTH), np.uint8)})
    whole = path.read_bytes()
    head, matrix = whole[:128], bytearray(whole[128 + 8 :])
    assert struct.unpack_from('<II', matrix, 40) == (2, 99)
    tags: dict[int, bytes] = {}
    change(tags)
    for place, tag in tags.items():
        at = place - 8 if place else 0
        matrix[at : at + 8] = tag if place else struct.pack('<II', 99, 8)
    element = struct.pack('<II', 14, len(matrix)) + matrix
    if packed:
        data = zlib.compress(element)
        element = struct.pack('<II', 15, len(data)) + data
    path.write_bytes(head + element)
    with pytest.raises(DataError, match='not an array that can be read'):
        read_map(path)


def test_matlab_matrices_in_matrices(tmp_path: Path) -> None:
    path = tmp_path / 'a.mat'
    value = np.zeros((1, 1), object)
    value[0, 0] = 'text'
    savemat(path, {'cells': value, 'struct': {'a': 1.5, 'b': 'x'}, 'T': np.eye(4), 'c': np.eye(3) * 1j})
    assert read_map(path, 'T').shape == (4, 4)
    part = struct.pack('<II', 14, 0)
    for _ in range(100):
        flags = struct.pack('<IIII', 6, 8, 1, 0)
        part = struct.pack('<II', 14, len(flags) + len(part)) + flags + part
    path.write_bytes(path.read_bytes()[:128] + part)
    with pytest.raises(DataError, match='without end'):
        read_map(path)


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    for name in ('x' * 3000 + '.png', 'a\0b.png'):
        with pytest.raises(DataError, match='cannot be read'):
            read_image(tmp_path / name)


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


TARGETS = targets()


def changed_json(kind: str, number: int, *where: str | int, value: Any) -> bytes:
    """A good file of a kind with one entry changed; ``...``: without it."""
    root = node = json.loads(TARGETS[kind].files[number][1])
    for key in where[:-1]:
        node = node[key]
    if value is ...:
        del node[where[-1]]
    else:
        node[where[-1]] = value
    return json.dumps(root).encode()


@pytest.mark.parametrize(
    ('kind', 'number', 'where', 'value'),
    [
        *(('coco', 0, (key,), value) for key in ('categories', 'videos') for value in (7, 0.5)),
        ('coco', 0, ('annotations', 0, 'segmentation', 0, 0), 10**400),
        *(('coco', 0, ('annotations', 0, 'track_id'), value) for value in ([], {}, 0.5)),
        *(('labels coco', 0, ('annotations', 1, 'segmentation', 'size', 0), value) for value in (10**400, 1e999)),
        *(('labels coco', 0, ('annotations', 1, 'segmentation', 'counts'), value) for value in ([[3]], ['a'], 'P' * 9)),
        ('per image', 0, ('images', 0, 'tp'), float('inf')),
        ('per image', 0, ('images',), []),
        ('dump', 0, ('images', 0, 'height'), float('inf')),
        ('dump', 0, ('images', 0, 'file'), 'x' * 3000),
        *(('tracks', 0, (key,), ...) for key in ('source', 'frames', 'fps', 'points')),
        *(('tracks', 0, ('frames',), value) for value in ('x', None, [], -1, True)),
        *(('tracks', 0, ('fps',), value) for value in ('a', None, 0, 1e999, 10**400)),
        *(('tracks', 0, ('points',), value) for value in (7, None, [7], [None])),
        *(('tracks', 0, ('points', 0, key), value) for key in ('frame', 'id', 'x') for value in (..., 'a', [], 2**99)),
        ('tracks', 0, ('points', 0, 'detected'), {}),
        *(('labels labelme', 0, ('shapes', 0, key), []) for key in ('group_id', 'shape_type')),
        ('labels labelme', 0, ('shapes', 0, 'points', 0, 0), 10**400),
        ('labels points', 1, (0, 'x'), 10**400),
    ],
)  # fmt: skip
def test_an_entry_of_another_kind(kind: str, number: int, where: tuple, value: Any, tmp_path: Path) -> None:
    path = tmp_path / TARGETS[kind].files[number][0]
    path.write_bytes(changed_json(kind, number, *where, value=value))
    with pytest.raises(UserError):
        TARGETS[kind].read(path)


@pytest.mark.parametrize('source', ['', '.', '..', '/', 'a\0b'])
def test_tracks_of_a_source_without_a_name(source: str, tmp_path: Path) -> None:
    path = tmp_path / 'a.json'
    path.write_bytes(changed_json('tracks', 0, 'source', value=source))
    with pytest.raises(UserError, match='none of the 1 sequences'):
        TARGETS['tracks'].read(path)


@pytest.mark.parametrize(
    ('kind', 'old', 'new'),
    [
        ('labels voc', '<width>11<', '<width>nan<'),
        ('labels voc', '<width>11<', '<width>1e999<'),
        ('labels cvat', 'width="11"', 'width="nan"'),
        ('labels cvat', 'height="9"', 'height="0.5"'),
        ('labels cvat', 'width="3"', 'width="999999999"'),
        ('labels cvat', 'rotation="90.00"', 'rotation="1e999"'),
    ],
)
def test_xml_with_other_numbers(kind: str, old: str, new: str, tmp_path: Path) -> None:
    text = TARGETS[kind].files[0][1].decode()
    assert old in text
    path = tmp_path / 'a.xml'
    path.write_text(text.replace(old, new))
    with pytest.raises(DataError):
        TARGETS[kind].read(path)


@pytest.mark.parametrize(
    ('old', 'new'),
    [
        ('<track id="0"', '<track id="0.5"'),
        ('frame="0"', 'frame="a"'),
        ('frame="1" keyframe="1" outside="1"', f'frame="{MAX_FRAMES}" keyframe="1" outside="1"'),
        ('<size>2</size>', '<size>999999999</size>'),
        ('<size>2</size>', '<size>-1</size>'),
        ('<size>2</size>', '<size>nan</size>'),
        ('<width>11</width>', '<width>1e999</width>'),
    ],
)
def test_a_video_of_other_numbers(old: str, new: str, tmp_path: Path) -> None:
    assert old in CVAT_VIDEO
    path = tmp_path / 'a.xml'
    path.write_text(CVAT_VIDEO.replace(old, new))
    with pytest.raises(DataError):
        read_labels(path, 'cvat')


def test_an_image_name_that_is_too_long_is_another_image(tmp_path: Path) -> None:
    """The labels are taken for the image that has the name of the label file."""
    path = tmp_path / 'a.xml'
    path.write_bytes(TARGETS['labels voc'].files[0][1].replace(b'a.png', b'x' * 3000))
    TARGETS['labels voc'].read(path)


@pytest.mark.parametrize('number', ['1e999', 'nan', '-1', '0.5'])
def test_yolo_classes_that_are_none(number: str, tmp_path: Path) -> None:
    path = tmp_path / 'a.txt'
    path.write_text(f'{number} 0.5 0.5 0.2 0.3\n')
    with pytest.raises(DataError):
        TARGETS['labels yolo'].read(path)


def test_packed_run_lengths_are_those_of_pycocotools() -> None:
    from pycocotools import mask as coco_mask

    rng = np.random.default_rng(0)
    for _ in range(50):
        pixels = rng.random(rng.integers(1, 60, 2)) < rng.choice([0, 0.02, 0.5, 1])
        packed = coco_mask.encode(np.asfortranarray(pixels.astype(np.uint8)))
        np.testing.assert_array_equal(
            rle_pixels(dict(size=list(pixels.shape), counts=packed['counts'].decode())), pixels
        )


@pytest.mark.parametrize(
    ('size', 'counts'),
    [([9, 11], 'P'), ([9, 11], 'PPPPPPPPPPPPPPPPPPP0'), ([9, 11], '\u20ac'), ([9, 11], '0'), ([2**31, 2**31], 'a')]
    + [([0, 11], ''), ([9, 11], [99, -1, 1]), ([2**20, 2**20], [2**40])],
)
def test_run_lengths_that_do_not_fit(size: list[int], counts: Any) -> None:
    """In pycocotools they end the process."""
    with pytest.raises(ValueError, match='counts|size'):
        rle_pixels(dict(size=size, counts=counts))


def test_a_text_for_a_track(tmp_path: Path) -> None:
    path = tmp_path / 'a.json'
    path.write_bytes(changed_json('coco', 0, 'annotations', 0, 'track_id', value='drone 1'))
    assert read_coco(str(path)).annotations[0].extras['track_id'] == 'drone 1'


@pytest.mark.parametrize('damage', ['version', 'flags', 'data'])
def test_boxes_in_a_damaged_zip(damage: str, tmp_path: Path) -> None:
    data = bytearray(TARGETS['boxes'].files[0][1])
    at = data.index(b'PK\x01\x02')
    if damage == 'version':
        data[at + 6] = 117
    elif damage == 'flags':
        data[at + 8] |= 32
        data[6] |= 32
    else:
        data[60:70] = bytes(range(10))
    path = tmp_path / 'boxes.npz'
    path.write_bytes(data)
    with pytest.raises(DataError, match='not the boxes of a dump'):
        TARGETS['boxes'].read(path)


def test_a_zip_with_a_name_that_is_no_text(tmp_path: Path) -> None:
    data = bytearray(TARGETS['zip'].files[0][1])
    at = data.index(b'PK\x01\x02')
    data[at + 9] |= 8  # the name is UTF-8
    data[at + 46] = 0xED
    path = tmp_path / 'a.zip'
    path.write_bytes(data)
    with pytest.raises(DataError, match='cannot be unpacked'):
        TARGETS['zip'].read(path)


@pytest.mark.parametrize('row', ['1' * 5000 + '.png,1,2,t,3,', 'a.png,1,2,t,' + '1' * 5000 + ','])
def test_numbers_longer_than_python_reads(row: str, tmp_path: Path) -> None:
    path = tmp_path / 'a.csv'
    path.write_text(f'image,x,y,class,track_id,split\n{row}\n')
    try:
        TARGETS['labels points'].read(path)
    except DataError as error:
        assert 'missing' in str(error)  # noqa: PT017


def test_a_table_with_a_field_without_end(tmp_path: Path) -> None:
    path = tmp_path / 'a.csv'
    path.write_text('image,x,y\na.png,1,' + '2' * 200_000 + '\n')
    with pytest.raises(DataError):
        TARGETS['labels points'].read(path)


def test_a_zip_with_a_file_before_its_start(tmp_path: Path) -> None:
    data = bytearray(TARGETS['zip'].files[0][1])
    end = data.index(b'PK\x05\x06')
    data[end + 16 : end + 20] = struct.pack('<I', struct.unpack_from('<I', data, end + 16)[0] + 60)
    path = tmp_path / 'a.zip'
    path.write_bytes(data)
    with pytest.raises(DataError):
        TARGETS['zip'].read(path)


@pytest.mark.parametrize(
    'change', [dict(x='a'), dict(x=None), dict(area=float('nan')), dict(id=True), dict(id=0.5), dict(frame=2**70)]
)
def test_entries_of_results_that_are_none(change: dict[str, Any]) -> None:
    good = json.loads(TARGETS['result'].files[0][1])
    assert Target.from_dict(good).as_dict() == good
    assert Target.from_dict(dict(good, later_field=1)).as_dict() == good
    older = {key: value for key, value in good.items() if key != 'class_name'}
    assert Target.from_dict(older).as_dict() == dict(good, class_name=None)
    for wrong in (good | change, {key: value for key, value in good.items() if key != 'x'}, [good], None):
        with pytest.raises(DataError, match='an entry of a result'):
            Target.from_dict(wrong)


@pytest.mark.parametrize('kind', sorted(TARGETS))
def test_fuzzing_begins_with_good_files(kind: str, tmp_path: Path) -> None:
    """A file that is refused at once shows nothing of what comes behind."""
    for name, data in TARGETS[kind].files:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
        TARGETS[kind].read(folder / name)


@pytest.mark.parametrize('kind', sorted(TARGETS))
def test_inputs_that_took_new_paths(kind: str, tmp_path: Path) -> None:
    """What guided fuzzing found worth keeping (tests/data/fuzz)."""
    names = list(dict.fromkeys(name for name, _ in TARGETS[kind].files))
    kept = guided_fuzz.seeds(kind)
    assert kept
    for data in kept:
        assert fuzz.try_case(TARGETS[kind].read, tmp_path / names[data[0] % len(names)], data[1:]) is None


@pytest.mark.parametrize('kind', sorted(TARGETS))
@settings(max_examples=25)
@given(random=st.randoms(use_true_random=False))
def test_changed_files_end_in_our_own_errors(kind: str, random: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    name, data = random.choice(TARGETS[kind].files)
    folder = tmp_path_factory.getbasetemp() / f'fuzz_{kind}'
    folder.mkdir(exist_ok=True)
    assert fuzz.try_case(TARGETS[kind].read, folder / name, fuzz.mutate(data, random)) is None


def test_the_search_finds_what_is_wrong(tmp_path: Path) -> None:
    def wrong(path: Path) -> None:
        if path.read_bytes().startswith(b'!'):
            raise KeyError('x')

    assert fuzz.try_case(wrong, tmp_path / 'a', b'ok') is None
    assert 'KeyError' in str(fuzz.try_case(wrong, tmp_path / 'a', b'!'))


def test_the_slow_measures_by_hand() -> None:
    score, mask = np.float32([[0.9, 0.1, 0.9]]), np.array([[1, 1, 0]])
    measures = slow_measures.slow_measures([(score, mask)])
    expected = {'IoU': 1 / 3, 'nIoU': 1 / 3, 'precision': 0.5, 'recall': 0.5, 'F1': 0.5, 'Pd': 1, 'Fa': 1 / 3}
    assert {name: measures[name] for name in expected} == expected
    assert slow_measures.slow_average_precision([([(0, 0, 2, 2)], [(0.9, (0, 0, 2, 2))])]) == 1
    assert slow_measures.slow_average_precision([([(0, 0, 2, 2)], [(0.9, (5, 5, 6, 6)), (0.8, (0, 0, 2, 2))])]) == 0.5


def test_measures_equal_the_slow_reference() -> None:
    compared = fuzz_measures.fuzz_measures(cases=25, seed=5)
    assert compared['protocols'] > 25 * 50
    assert set(compared) == set(fuzz_measures.COMPARISONS)


def test_a_difference_to_the_slow_reference_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_measures, '_square', lambda one, other: 0)
    with pytest.raises(AssertionError, match='the slow reference says'):
        fuzz_measures.fuzz_measures(cases=300, seed=5)


def test_a_reader_that_ends_the_process_is_a_finding(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    target = FuzzTarget([('a', b'x')], lambda path: os.kill(os.getpid(), signal.SIGKILL))
    assert fuzz.fuzz_kind('kind', target, 3, 0, tmp_path) == (1, pytest.approx(float('nan'), nan_ok=True))
    assert (tmp_path / 'kind_ended_the_process').is_file()
    assert 'the process ended with -9' in capfd.readouterr().out


def test_a_checkpoint_whose_table_of_contents_is_on_another_disk(tmp_path: Path) -> None:
    path = tmp_path / 'a.pth'
    data = TARGETS['checkpoint'].files[0][1]
    end = data.rindex(b'PK\x05\x06')
    locator = b'PK\x06\x07' + struct.pack('<IQI', 7, 0, 9)  # of a ZIP64 of nine disks
    path.write_bytes(data[:end] + locator + data[end:])
    assert checkpoint_defect(path, thorough=True) is not None
    with pytest.raises(CheckpointError):
        load_checkpoint_file(path)


def test_a_zip_without_a_checkpoint() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w') as archive:
        archive.writestr('a', 'b')
    with pytest.raises(CheckpointError, match='without a checkpoint'):
        load_checkpoint_file(stream)


def test_the_sizes_that_the_files_claim() -> None:
    assert (HEIGHT, WIDTH) == (9, 11)  # the texts above have them
