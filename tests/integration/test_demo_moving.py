"""The demo of moving targets, as small as it gets: all its steps once, and then nothing to do."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
from PIL import Image

SMALL = ('--num-train', 2, '--num-test', 1, '--num-frames', 6, '--size', '64x64', '--key-every', 3, '--epochs', 1)


def test_twice_from_another_directory(run, tmp_path: Path) -> None:
    first = run('../examples/demo_moving.py', '--out', 'out', *SMALL, cwd=tmp_path)
    out = tmp_path / 'out'
    metrics = json.loads((out / 'yolo-bp-nano.json').read_text())['metrics']
    for name in ('mAP50', 'precision', 'recall', 'F1', 'Pd', 'Fa'):
        assert name in metrics
    assert '| method | mAP50 | precision | recall | F1 | Pd | Fa (1e-6) |' in first.stdout
    assert '| YOLO-BP nano |' in first.stdout
    assert '| signal-to-clutter ratio | targets | detected | Pd |' in first.stdout
    targets = len(json.loads((out / 'data' / 'instances_test2017.json').read_text())['annotations'])
    rows = [
        line.split('|')[2]
        for line in first.stdout.splitlines()
        if line.startswith('| ') and (' to ' in line or 'and more' in line)
    ]
    assert sum(map(int, rows)) == targets > 0
    assert '  1/1  ' in first.stdout  # progress is seen: the table's line of the only epoch
    with Image.open(out / 'detections.gif') as gif:
        assert gif.n_frames == 6
    assert (out / 'detections.gif').stat().st_size <= 3_000_000
    assert cv2.VideoCapture(str(out / 'detections.mp4')).get(cv2.CAP_PROP_FRAME_COUNT) == 6

    times = {path: path.stat().st_mtime_ns for path in out.rglob('*') if path.is_file()}
    second = run('../examples/demo_moving.py', '--out', 'out', *SMALL, cwd=tmp_path)
    assert {path: path.stat().st_mtime_ns for path in out.rglob('*') if path.is_file()} == times
    assert second.stdout.count('done before') == 4
    assert (
        second.stdout[second.stdout.index('| method') :].splitlines()[:-1]
        == first.stdout[first.stdout.index('| method') :].splitlines()[:-1]
    )
