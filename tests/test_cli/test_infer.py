"""tools/infer.py as users run it, on good, bad and many inputs."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from mmirstd.apis import result_writer as writer_module
from mmirstd.apis.target_schema import CSV_COLUMNS, SCHEMA_VERSION
from mmirstd.cli import infer_batch
from mmirstd.cli.infer import main, parse_args
from mmirstd.utils import renamed
from mmirstd.utils.errors import CheckpointError, ConfigError, UserError
from tests.shared import REPO
from tests.test_apis.helpers import moving_frames, scene, write_image, write_mjpeg, write_video
from tests.test_models.clip_models import tiny_config, tiny_detector

TOP_HAT = 'white-tophat_nuaa-sirst-341-86'
GGL_NET = 'ggl-net-tiny_nuaa'
RELEASED = REPO / 'configs/ggl_net/weights/ggl-net-tiny_nuaa-sirst-341-86.pth'


def infer(*args: object) -> int:
    return main([TOP_HAT, '-', *map(str, args), '--quiet', '--device', 'cpu'])


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file))


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob('*') if path.is_file())


def decode(path: Path) -> np.ndarray:
    return cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)


def test_every_output_of_an_image(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    image = write_image(tmp_path / 'in' / 'a b.c.tif', scene().astype(np.uint16) * 200)
    out = tmp_path / 'out'
    assert infer(image, '--out', out, '--save', 'mask,json,csv,overlay,prob,npy,logit') == 0
    name = 'a b.c'
    assert files(out) == sorted(
        [
            'finished.jsonl',
            'targets.csv',
            f'csv/{name}.csv',
            f'json/{name}.json',
            f'logit/{name}.npy',
            f'masks/{name}.png',
            f'npy/{name}.npy',
            f'overlays/{name}.png',
            f'prob/{name}.png',
        ]
    )
    mask, probability = decode(out / f'masks/{name}.png'), np.load(out / f'npy/{name}.npy')
    assert (mask.dtype, set(np.unique(mask)), mask.shape) == (np.uint8, {0, 255}, (64, 96))
    assert np.array_equal(mask > 0, probability > 0.5)
    logit = np.load(out / f'logit/{name}.npy')
    np.testing.assert_allclose(1 / (1 + np.exp(-logit)), probability, rtol=1e-5, atol=0)
    coded = decode(out / f'prob/{name}.png')
    assert coded.dtype == np.uint16
    np.testing.assert_allclose(coded / 65535, probability, atol=1 / 65535)
    record = json.loads((out / f'json/{name}.json').read_text())
    assert (
        record['schema_version'],
        record['model'],
        record['weights'],
        record['dtype'],
        record['frames'],
        record['complete'],
    ) == (SCHEMA_VERSION, TOP_HAT, None, 'uint16', 1, True)
    (target,) = record['targets']
    assert (target['x'], target['y'], target['area']) == (pytest.approx(40, abs=0.1), pytest.approx(30, abs=0.1), 9)
    (row,) = rows(out / 'targets.csv')
    assert tuple(row) == CSV_COLUMNS
    assert row == rows(out / f'csv/{name}.csv')[0]
    assert {key: float(row[key]) if row[key] else None for key in target} == target
    assert target['logit'] == pytest.approx(float(logit.max()), abs=1e-4)
    assert decode(out / f'overlays/{name}.png').ndim == 3
    assert '1 done (1 targets)' in capsys.readouterr().out


@pytest.fixture
def bad_inputs(tmp_path: Path) -> Path:
    """The list of issue 4, and two good images."""
    folder = tmp_path / 'mit Leerzeichen und Ümläuten 红外'
    image = scene()
    write_image(folder / 'good.png', image)
    write_image(folder / 'sub' / 'good.png', image)
    (folder / 'zero.png').touch()
    (folder / 'text.png').write_text('this is no image')
    Image.fromarray(np.stack([255 - image] * 3 + [np.zeros_like(image)], -1), 'CMYK').save(
        folder / 'cmyk.jpg', quality=95
    )
    write_image(folder / 'one.png', np.full((1, 1), 7, np.uint8))
    write_image(folder / 'wide.png', scene(10, 20000, ((5, 15000),)))
    floats = image.astype(np.float32) / 255
    write_image(folder / 'float.tif', floats)
    floats[3, 4], floats[8, 9] = np.nan, -np.inf
    write_image(folder / 'nan.tif', floats)
    frames = moving_frames()
    write_mjpeg(folder / 'changing.mjpeg', frames[:3] + [frame[:40, :50] for frame in frames[3:]])
    data = write_video(folder / 'cut.avi', frames).read_bytes()
    (folder / 'cut.avi').write_bytes(data[: len(data) * 2 // 3])
    return folder


def test_bad_files_are_reported_and_stop_nothing(
    bad_inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / 'out'
    arguments = bad_inputs, tmp_path / 'missing.png', f'{tmp_path}/*.xyz', '--out', out, '--recursive'
    assert infer(*arguments) == 1
    shown = capsys.readouterr()
    assert '6 done' in shown.out
    failed = {Path(row['source']).name: row['error'] for row in rows(out / 'failed.csv')}
    expected = {
        'zero.png': 'empty .0 bytes',
        'text.png': 'not an image',
        'nan.tif': '--nonfinite median',
        'changing.mjpeg': 'frame 3 has 50x40 pixels',
        'cut.avi': 'truncated|cut off',
        'missing.png': 'no such file',
        '*.xyz': 'no file matches',
    }
    assert set(failed) == set(expected)
    for name, words in expected.items():
        assert re.search(words, failed[name])
        assert failed[name] in shown.err
    done = {Path(row['source']).name: row for row in rows(out / 'targets.csv')}
    assert {name: round(float(row['x'])) for name, row in done.items()} == {
        'good.png': 40,
        'cmyk.jpg': 40,
        'float.tif': 40,
        'wide.png': 15000,
    }
    assert decode(out / 'masks/wide.png').shape == (10, 20000)
    assert decode(out / 'masks/one.png').shape == (1, 1)
    # The good part of a sequence is there, and said to be a part.
    for name, least, most in (('changing', 3, 3), ('cut', 1, 7)):
        record = json.loads((out / f'json/{name}.json').read_text())
        assert not record['complete']
        assert least <= record['frames'] <= most
        assert record['problem']
    assert not [name for name in files(out) if '.part' in name]
    # Nothing that was finished is done again; what failed is.
    before = {name: (out / name).stat().st_mtime_ns for name in files(out) if 'good' in name}
    assert infer(*arguments) == 1
    assert '0 done (0 targets), 6 finished before' in capsys.readouterr().out
    assert {name: (out / name).stat().st_mtime_ns for name in before} == before
    # The advice helps.
    assert infer(bad_inputs / 'nan.tif', '--out', tmp_path / 'other', '--nonfinite', 'median') == 0
    assert len(rows(tmp_path / 'other' / 'targets.csv')) == 1


def test_video_becomes_one_table_and_an_annotated_video(tmp_path: Path) -> None:
    path = write_video(tmp_path / 'flight.avi', moving_frames())
    out = tmp_path / 'out'
    assert infer(path, '--out', out) == 0
    assert [(row['frame'], round(float(row['x']))) for row in rows(out / 'csv/flight.csv')] == [
        (str(k), 20 + 4 * k) for k in range(8)
    ]
    record = json.loads((out / 'json/flight.json').read_text())
    assert (record['fps'], record['frames'], len(record['targets'])) == (10, 8, 8)
    capture = cv2.VideoCapture(str(out / 'overlays/flight.mp4'))
    assert (capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)) == (8, 10)
    assert capture.read()[1].shape == (64 * 6, 96 * 6, 3)
    assert files(out / 'masks') == [f'flight.frames/{k:06d}.png' for k in range(8)]


def test_pages_and_other_formats_are_read_and_what_is_no_image_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    folder = tmp_path / 'in'
    folder.mkdir()
    frames = [scene(targets=((30, 20 + 5 * number),)) for number in range(3)]
    assert cv2.imwritemulti(str(folder / 'stack.tif'), frames)
    for suffix in ('gif', 'pgm', 'webp'):
        Image.fromarray(scene()).save(folder / f'{suffix}.{suffix}')
    for name in ('notes.txt', 'list.csv'):
        (folder / name).touch()
    out = tmp_path / 'out'
    assert infer(folder, '--out', out, '--save', 'mask,csv') == 0
    shown = capsys.readouterr().out
    assert '4 done (6 targets)' in shown
    assert 'skipped 2 file(s) whose names are none of an image or video: list.csv, notes.txt' in shown
    assert [float(row['x']) for row in rows(out / 'csv/stack.csv')] == pytest.approx([20, 25, 30], abs=0.1)
    assert {name for name in files(out) if name.startswith('masks')} == {
        'masks/gif.png',
        'masks/pgm.png',
        'masks/webp.png',
        *(f'masks/stack.frames/{number:06d}.png' for number in range(3)),
    }


def test_inputs_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    for k, folder in enumerate('abc'):
        write_image(tmp_path / folder / 'x.png', scene(targets=((30, 20 + 10 * k),)))
    write_image(tmp_path / 'a' / 'X.tif', scene(targets=((30, 80),)))
    write_video(tmp_path / 'a' / 'x.avi', moving_frames())
    out = tmp_path / 'out'
    assert infer(tmp_path / 'a', tmp_path / 'b', '--out', out, '--save', 'mask,csv') == 0
    assert infer(tmp_path / 'c', '--out', out, '--save', 'mask,csv') == 0
    masks = [name for name in files(out / 'masks') if '.frames' not in name]
    assert len(masks) == 4
    assert len({name.casefold() for name in masks}) == 4
    assert len(rows(out / 'targets.csv')) == 4 + 8
    for row in rows(out / 'targets.csv')[:1]:
        assert Path(row['source']).exists()


def test_a_folder_named_like_a_videos_frames_is_safe(tmp_path: Path) -> None:
    write_image(tmp_path / 'in' / 'v.frames' / '000000.png', scene())
    write_video(tmp_path / 'in' / 'v.avi', moving_frames())
    out = tmp_path / 'out'
    assert infer(tmp_path / 'in', '--out', out, '--save', 'mask', '--recursive') == 0
    assert 'v.frames_/000000.png' in files(out / 'masks')
    assert len(files(out / 'masks' / 'v.frames')) == 8


def test_full_disk_ends_the_batch_and_it_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    for k in range(6):
        write_image(tmp_path / 'in' / f'{k}.png', scene(seed=k))
    out = tmp_path / 'out'
    original, written = Path.write_bytes, []
    monkeypatch.setattr(infer_batch, 'WRITERS', 1)

    def full(self: Path, data: bytes) -> int:
        if '.part' in self.name:
            written.append(self)
            if len(written) > 5:
                original(self, data[:10])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return original(self, data)

    with monkeypatch.context() as patch:
        patch.setattr(Path, 'write_bytes', full)
        assert infer(tmp_path / 'in', '--out', out) == 1
    assert len(written) == 6  # the batch ended there
    shown = capsys.readouterr()
    assert 'No space left' in shown.err
    assert 'goes on from there' in shown.err
    assert len(files(out / 'masks')) == 2
    assert not [name for name in files(out) if '.part' in name]
    assert infer(tmp_path / 'in', '--out', out) == 0
    assert '4 done (4 targets), 2 finished before' in capsys.readouterr().out
    assert len(rows(out / 'targets.csv')) == 6
    assert not (out / 'failed.csv').exists()


def test_video_that_does_not_fit_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenCV's writer tells of no error."""
    path = write_video(tmp_path / 'v.avi', moving_frames())
    original = writer_module._Video.abandon

    def cut(self: object) -> None:
        original(self)
        os.truncate(self.path, 700)

    monkeypatch.setattr(writer_module._Video, 'abandon', cut)
    assert infer(path, '--out', tmp_path / 'out') == 1
    assert 'could not be written in full' in rows(tmp_path / 'out' / 'failed.csv')[0]['error']
    assert files(tmp_path / 'out') == ['failed.csv', 'finished.jsonl', 'targets.csv']


def test_a_killed_run_leaves_nothing_that_counts_as_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for k in range(3):
        write_image(tmp_path / 'in' / f'{k}.png', scene(seed=k))
    out = tmp_path / 'out'
    from mmirstd.apis import ResultWriter

    monkeypatch.setattr(infer_batch, 'WRITERS', 1)
    original, calls = ResultWriter.close, []

    def interrupted(self: ResultWriter, *args: object) -> list[Path]:
        calls.append(self)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(ResultWriter, 'close', interrupted)
        assert infer(tmp_path / 'in', '--out', out) == 130
    assert files(out / 'masks') == ['0.png']
    with (out / 'finished.jsonl').open('a') as log:
        log.write('{"name": "1", "owner": "/x')  # killed while writing the line
    assert infer(tmp_path / 'in', '--out', out) == 0
    assert files(out / 'masks') == ['0.png', '1.png', '2.png']
    assert infer(tmp_path / 'in', '--out', out) == 0
    assert len(rows(out / 'targets.csv')) == 3


@pytest.mark.parametrize('options', [(), ('--shard', '1/1')])
def test_a_file_that_is_named_twice_is_done_once(
    tmp_path: Path, capsys: pytest.CaptureFixture, options: tuple[str, ...]
) -> None:
    image = write_image(tmp_path / 'in/a.png', scene())
    write_image(tmp_path / 'in/b.png', scene())
    assert infer(tmp_path / 'in', image, '--out', tmp_path / 'out', '--save', 'mask,csv', *options) == 0
    shown = capsys.readouterr()
    assert '2 done (2 targets), 0 finished before, 0 failed' in shown.out
    assert shown.out.count(f'1 input(s) were given more than once and done once: {image}') == 1
    assert len(rows(tmp_path / 'out/targets.csv')) == 2


def test_changed_files_missing_outputs_and_more_kinds_are_done_again(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    image = write_image(tmp_path / 'a.png', scene())
    write_image(tmp_path / 'b.png', scene())
    out = tmp_path / 'out'

    def done(*options: str) -> str:
        assert infer(image, tmp_path / 'b.png', '--out', out, *options) == 0
        return capsys.readouterr().out

    assert '2 done' in done()
    assert '0 done' in done()
    assert '0 done' in done('--save', 'mask')
    assert '2 done' in done('--save', 'mask,json,csv,overlay,npy')
    write_image(image, scene(targets=((20, 20),)))
    os.utime(image, ns=(1, 1))
    assert '1 done' in done()
    assert sorted(round(float(row['x'])) for row in rows(out / 'targets.csv')) == [20, 40]
    (out / 'masks' / 'b.png').unlink()
    assert '1 done' in done()
    with pytest.raises(UserError, match='(?s)other settings.*threshold: 0.5 then, 0.4 now.*--overwrite'):
        infer(image, '--out', out, '--threshold', '0.4')
    assert '2 done' in done('--threshold', '0.4', '--overwrite')


def test_output_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    image = write_image(tmp_path / 'a.png', scene())
    (tmp_path / 'file').touch()
    with pytest.raises(UserError, match='cannot be written to'):
        infer(image, '--out', tmp_path / 'file' / 'out')
    (tmp_path / 'readonly').mkdir(mode=0o555)
    if not os.access(tmp_path / 'readonly', os.W_OK):  # root may write anywhere
        with pytest.raises(UserError, match='cannot be written to'):
            infer(image, '--out', tmp_path / 'readonly')


def test_parts_of_a_list_join_to_the_whole(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    for k in range(9):
        write_image(tmp_path / 'in' / f'{k}.png', scene(seed=k))
    whole, shared = tmp_path / 'whole', tmp_path / 'shared'
    assert infer(tmp_path / 'in', '--out', whole, '--batch-size', 'auto') == 0
    for part in ('2/3', '1/3', '3/3'):
        assert infer(tmp_path / 'in', '--out', shared, '--shard', part) == 0
    assert (shared / 'targets.csv').read_bytes() == (whole / 'targets.csv').read_bytes()
    assert files(shared / 'overlays') == files(whole / 'overlays')
    capsys.readouterr()
    assert infer(tmp_path / 'in', '--out', shared) == 0
    assert '0 done (0 targets), 9 finished before' in capsys.readouterr().out


def test_thousands_of_files(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / 'in').mkdir()
    for k in range(3000):
        (tmp_path / 'in' / f'{k}.png').touch()
    write_image(tmp_path / 'in' / '1500.png', scene())
    assert infer(tmp_path / 'in', '--out', tmp_path / 'out') == 1
    shown = capsys.readouterr()
    assert '1 done (1 targets), 0 finished before, 2999 failed' in shown.out
    assert len(shown.err.splitlines()) < 30
    assert len(rows(tmp_path / 'out' / 'failed.csv')) == 2999


def test_output_inside_the_input_is_not_read(tmp_path: Path) -> None:
    write_image(tmp_path / 'a.png', scene())
    for _ in range(2):
        assert infer(tmp_path, '--out', tmp_path / 'out', '--recursive') == 0
    assert files(tmp_path / 'out' / 'masks') == ['a.png']


def test_moving_targets(tmp_path: Path) -> None:
    config = tmp_path / 'tiny.py'
    model = tiny_config(5).to_dict()
    config.write_text(
        f"custom_imports = dict(imports=['mmirstd.registry'])\ndefault_scope = 'mmdet'\nmodel = {model!r}\n"
    )
    torch.save(dict(state_dict=tiny_detector(5).state_dict()), tmp_path / 'tiny.pth')
    for k, frame in enumerate(moving_frames(6)):
        write_image(tmp_path / 'in' / 'seq' / f'{k}.png', frame)
    write_video(tmp_path / 'in' / 'film.avi', moving_frames(3))
    out = tmp_path / 'out'
    arguments = [
        str(config),
        str(tmp_path / 'tiny.pth'),
        str(tmp_path / 'in'),
        '--recursive',
        '--out',
        str(out),
        '--threshold',
        '0',
        '--device',
        'cpu',
        '--quiet',
        '--min-area',
        '2',
    ]
    assert main(arguments) == 0
    assert files(out) == sorted(
        [
            'csv/film.csv',
            'csv/seq.csv',
            'finished.jsonl',
            'json/film.json',
            'json/seq.json',
            'overlays/film.mp4',
            'overlays/seq.mp4',
            'targets.csv',
        ]
    )
    record = json.loads((out / 'json/seq.json').read_text())
    assert (record['method'], record['kind'], record['frames'], record['fps']) == ('detection', 'frames', 6, 25)
    assert {target['frame'] for target in record['targets']} == set(range(6))
    assert all(target['mean'] is None and target['area'] >= 2 for target in record['targets'])
    with pytest.raises(UserError, match='not tiled'):
        main([*arguments, '--tile', 'on'])


def test_raw_frames_from_standard_input_through_the_real_tool(tmp_path: Path) -> None:
    frames = [frame.astype('<u2') * 200 for frame in moving_frames(3)]
    command = [sys.executable, str(REPO / 'tools/infer.py'), TOP_HAT, '-', '-']
    done = subprocess.run(
        [*command, '--raw-frames', '96x64:uint16', '--out', 'out'],
        input=b''.join(frame.tobytes() for frame in frames),
        cwd=tmp_path,
        capture_output=True,
        timeout=600,
        env={**os.environ, 'PYTHONPATH': str(REPO)},
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert [round(float(row['x'])) for row in rows(tmp_path / 'out' / 'csv/stdin.csv')] == [20, 24, 28]


def test_streams_keep_what_they_gave_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b''.join(frame.tobytes() for frame in moving_frames(3))
    for _ in range(2):
        monkeypatch.setattr(sys, 'stdin', io.TextIOWrapper(io.BytesIO(data)))
        assert infer('-', '--raw-frames', '96x64', '--out', tmp_path, '--save', 'csv,mask', '--max-frames', '2') == 0
    assert files(tmp_path / 'csv') == ['stdin.csv', 'stdin~2.csv']
    assert len(files(tmp_path / 'masks' / 'stdin~2.frames')) == 2
    joined = [line for name in ('stdin', 'stdin~2') for line in rows(tmp_path / 'csv' / f'{name}.csv')]
    assert rows(tmp_path / 'targets.csv') == joined != []


@pytest.mark.parametrize(
    ('args', 'checkpoint', 'inputs'),
    [
        (['c', 'a.png'], None, ['a.png']),
        (['c', 'w.pth', 'a.png'], 'w.pth', ['a.png']),
        (['c', '-', '-'], None, ['-']),
        (['c', '-', '--raw-frames', '9x9'], None, ['-']),
        (['-', '--raw-frames', '9x9'], None, ['-']),
        (['c', 'none', 'a', '--recursive', 'b'], None, ['a', 'b']),
        (['c', 'w.pth.tar', 'a.png'], 'w.pth.tar', ['a.png']),
        (['c', 'https://host/w.pth', '0'], 'https://host/w.pth', ['0']),
    ],
)
def test_the_checkpoint_may_be_left_out(args: list[str], checkpoint: str | None, inputs: list[str]) -> None:
    parsed = parse_args([*args, '--out', 'o'])
    assert (parsed.checkpoint, parsed.inputs) == (checkpoint, inputs)


@pytest.mark.parametrize('name', ['my.pth.tar', 'weights.bin', 'weights', 'looks-like-an-image.png'])
def test_a_checkpoint_of_any_name_is_used_and_never_taken_for_an_image(tmp_path: Path, name: str) -> None:
    checkpoint = tmp_path / name
    shutil.copyfile(RELEASED, checkpoint)
    image, out = write_image(tmp_path / 'a.png', scene()), tmp_path / 'out'
    assert main([GGL_NET, str(checkpoint), str(image), '--out', str(out), '--device', 'cpu', '--quiet']) == 0
    assert json.loads((out / 'json' / 'a.json').read_text())['weights'] == name
    for items in ([image, checkpoint], ['-', checkpoint], [checkpoint, image, checkpoint]):
        with pytest.raises(CheckpointError, match='right after the config'):
            parse_args(['c', *map(str, items), '--out', 'o'])


def test_other_weights_are_never_used_in_place_of_those_that_were_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    image, out = write_image(tmp_path / 'a.png', scene()), str(tmp_path / 'out')
    for name in ('absent.pth.tar', 'absent.bin', 'absent.pth'):
        with pytest.raises(CheckpointError, match='does not exist'):
            main([GGL_NET, str(tmp_path / name), str(image), '--out', out])
    work_dir = tmp_path / 'work_dir'
    work_dir.mkdir()
    shutil.copyfile(RELEASED, work_dir / 'epoch_1.pth')
    with pytest.raises(CheckpointError, match='a folder of checkpoints'):
        main([GGL_NET, str(work_dir), str(image), '--out', out])
    assert not Path(out).exists()
    assert main([GGL_NET, str(image), '--out', out, '--device', 'cpu', '--quiet']) == 0
    assert 'notice: no CKPT was given' in capsys.readouterr().err


@pytest.mark.parametrize(
    'args',
    [
        ['w.pth', '--out', 'o'],
        ['a.png'],
        ['a.png', '--out', 'o', '--save', 'mask,video'],
        ['a.png', '--out', 'o', '--threshold', '1.5'],
        ['a.png', '--out', 'o', '--min-area', '0'],
        ['a.png', '--out', 'o', '--raw-frames', 'big'],
        ['a.png', '--out', 'o', '--batch-size', '0'],
        ['a.png', '--out', 'o', '--tta', 'flop'],
        ['a.png', '--out', 'o', '--model', 'net.onnx', '--tta', 'flips'],
    ],
)
def test_wrong_usage(args: list[str], capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as stop:
        parse_args(['c', *args])
    assert stop.value.code == 2
    assert 'error' in capsys.readouterr().err


def test_wrong_models(tmp_path: Path) -> None:
    image = write_image(tmp_path / 'a.png', scene())
    with pytest.raises(ConfigError, match='did you mean'):
        main(['white-tophat_nuaa-sirst-341-68', str(image), '--out', str(tmp_path / 'out')])
    with pytest.raises(CheckpointError, match='no checkpoint was given'):
        main(['ggl-net_b4-500e_nuaa-sirst-341-86', str(image), '--out', str(tmp_path / 'out')])
    with pytest.raises(UserError, match='window'):
        infer(image, '--out', tmp_path / 'out', '--window', '64')
    assert not (tmp_path / 'out').exists()


def test_options_and_checkpoints_of_earlier_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old spelling on the command line, and in what a checkpoint says of its training."""
    said: list[str] = []
    monkeypatch.setattr(renamed, '_said', set())
    monkeypatch.setattr('mmengine.logging.print_log', lambda text, **_: said.append(text))
    image = write_image(tmp_path / 'a.png', scene())
    assert infer(image, '--out', tmp_path / 'given', '--save', 'json', '--normalise', 'minmax') == 0
    told = [text for text in said if 'is accepted' in text]
    assert [text.split(': ', 1)[1] for text in told] == ['--normalise is accepted; its name is --normalize now']
    record = json.loads((tmp_path / 'given/json/a.json').read_text())
    assert (record['normalize'], record['normalise']) == (dict(normalize='minmax'), dict(normalise='minmax'))
    checkpoint = torch.load(RELEASED, weights_only=False)
    old = dict(normalise='percentile', bit_depth=None, max_value=None, percentiles=[1.0, 99.0])
    checkpoint['meta']['normalization'] = [old]
    torch.save(checkpoint, tmp_path / 'old.pth')
    out = tmp_path / 'followed'
    assert main([GGL_NET, *map(str, (tmp_path / 'old.pth', image, '--out', out, '--save', 'json')), '--quiet']) == 0
    assert json.loads((out / 'json/a.json').read_text())['normalize'] == dict(
        normalize='percentile', percentiles=[1.0, 99.0]
    )
    assert [text for text in said if 'is accepted' in text] == told  # what a file of ours says is nobody's mistake


@pytest.mark.parametrize(
    ('words', 'said'),
    [(['no-such-network'], 'is neither a config file'), ([TOP_HAT, 'missing.pth'], 'does not exist')],
)
def test_a_wrong_name_is_told_before_the_slow_imports(words: list[str], said: str) -> None:
    code = (
        'import sys\nfrom mmirstd.cli.dispatch import main\n'
        f'try:\n    main(["infer", *{words!r}, "image.png", "--out", "results"])\n'
        'finally:\n    print("torch" in sys.modules)'
    )
    env = dict(os.environ, PYTHONPATH=str(REPO))
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, env=env, check=False)
    assert (done.returncode, done.stdout.strip()) == (2, 'False')
    assert said in done.stderr
