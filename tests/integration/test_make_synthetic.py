from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

REPO = Path(__file__).resolve().parents[2]
TOOL = REPO / 'tools' / 'dataset_converters' / 'make_synthetic.py'


def run(*args, cwd: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(TOOL), *map(str, args)], cwd=cwd, capture_output=True, text=True, timeout=120
    )


def test_frames_twice_from_another_directory(tmp_path):
    command = (
        'data',
        '--num-train',
        6,
        '--num-val',
        2,
        '--num-test',
        2,
        '--size',
        '48x64',
        '--seed',
        3,
        '--workers',
        2,
        '--preview',
    )
    first = run(*command, cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert 'made 10 images' in first.stdout
    assert '10 of 10 images' in first.stdout  # progress is seen
    root = tmp_path / 'data'
    assert len(list((root / 'images').iterdir())) == 10
    assert cv2.imread(str(root / 'preview.png')).std() > 5
    times = {p: p.stat().st_mtime_ns for p in root.rglob('*')}
    second = run(*command, cwd=tmp_path)
    assert second.returncode == 0
    assert 'already here' in second.stdout
    assert {p: p.stat().st_mtime_ns for p in root.rglob('*')} == times
    # Another seed is another data set: refused, then allowed.
    other = [4 if part == 3 else part for part in command]
    refused = run(*other, cwd=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.strip().splitlines()[-1].startswith('error: data: holds another synthetic data set')
    assert 'Traceback' not in refused.stderr
    assert run(*other, '--overwrite', cwd=tmp_path).returncode == 0
    assert json.loads((root / 'dataset.json').read_text())['seed'] == 4


def test_sequences_with_parameters_from_a_file(tmp_path):
    parameters = {'speed': [1.0, 1.0], 'scene': {'backgrounds': {'sea': 1.0}}}
    (tmp_path / 'p.json').write_text(json.dumps(parameters))
    done = run(
        'clips',
        '--mode',
        'sequences',
        '--num-train',
        1,
        '--num-val',
        0,
        '--num-test',
        1,
        '--num-frames',
        4,
        '--size',
        '48x64',
        '--bit-depth',
        14,
        '--parameters',
        'p.json',
        '--preview',
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    data = json.loads((tmp_path / 'clips' / 'dataset.json').read_text())
    assert data['parameters']['speed'] == [1.0, 1.0]
    assert data['parameters']['scene']['backgrounds'] == {'sea': 1.0}
    assert data['parameters']['scene']['sensor']['bit_depth'] == 14
    image = cv2.imread(str(tmp_path / 'clips/images/train/seq0000/00000.png'), cv2.IMREAD_UNCHANGED)
    assert image.dtype == np.uint16
    # A dataset.json is a parameter file too: it makes the same data set again.
    again = run(
        'again',
        '--mode',
        'sequences',
        '--num-train',
        1,
        '--num-val',
        0,
        '--num-test',
        1,
        '--parameters',
        'clips/dataset.json',
        cwd=tmp_path,
    )
    assert again.returncode == 0, again.stderr
    assert (tmp_path / 'again/instances_test2017.json').read_bytes() == (
        tmp_path / 'clips/instances_test2017.json'
    ).read_bytes()


def test_bad_input_is_one_clear_line(tmp_path):
    (tmp_path / 'p.json').write_text('{"targets": {"snr": [1, 2]}}')
    for args, message in (
        (('d', '--parameters', 'p.json'), "TargetConfig has no parameter ['snr']"),
        (('d', '--size', '8x8'), '--size must be'),
        (('d', '--scr', '5', '2'), '--scr must be a pair'),
        (('d', '--num-frames', '5'), '--num-frames is for --mode sequences'),
        (('d', '--workers', '0'), '--workers must be at least 1'),
    ):
        done = run(*args, cwd=tmp_path)
        assert done.returncode == 2
        assert message in done.stderr
        assert 'Traceback' not in done.stderr
    assert not (tmp_path / 'd').exists()


def test_needs_no_openmmlab(tmp_path):
    code = (
        'import sys; import mmirstd.datasets.synthetic; '
        'sys.exit(str({"mmengine", "mmcv", "mmdet", "mmseg", "torch"} & set(sys.modules) or "") or 0)'
    )
    done = subprocess.run([sys.executable, '-c', code], cwd=REPO, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
