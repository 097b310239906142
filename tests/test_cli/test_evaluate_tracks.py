"""``mmirstd evaluate-tracks`` on what ``mmirstd infer --track`` writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmirstd.cli import evaluate_tracks, infer
from mmirstd.evaluation.track_results import read_track_results
from mmirstd.utils.errors import ConfigError, DataError
from tests.test_apis.helpers import moving_frames, write_image


def annotation(path: Path, sequences: dict[str, int], frame_step: int = 1, **extras: object) -> Path:
    """COCO JSON of targets as in ``moving_frames``."""
    images, annotations = [], []
    for number, (folder, count) in enumerate(sequences.items(), 1):
        for k in range(count):
            images.append(
                dict(id=len(images) + 1, file_name=f'{folder}/{k}.png', video_id=number, frame_id=k * frame_step)
            )
            annotations.append(
                dict(id=len(images), image_id=len(images), bbox=[19 + 4 * k, 29, 3, 3], category_id=1, **extras)
            )
    path.write_text(json.dumps(dict(images=images, annotations=annotations, categories=[dict(id=1, name='target')])))
    return path


@pytest.fixture
def results(tmp_path: Path) -> Path:
    for name in 'ab':
        for k, frame in enumerate(moving_frames(10)):
            write_image(tmp_path / 'images/test' / name / f'{k}.png', frame)
    given = ['white-tophat_nuaa-sirst-341-86', '-', str(tmp_path / 'images'), '--recursive', '--track']
    assert infer.main([*given, '--save', 'csv', '--quiet', '--device', 'cpu', '--out', str(tmp_path / 'out')]) == 0
    return tmp_path / 'out'


def test_measures_of_what_infer_wrote(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    truth = annotation(tmp_path / 'truth.json', {'test/a': 10, 'test/b': 10}, track_id=3)
    capsys.readouterr()
    table = tmp_path / 'table.csv'
    assert evaluate_tracks.main([str(truth), str(results), '--fps', '10', '--out', str(table)]) == 0
    shown = capsys.readouterr()
    # the first two of ten frames have no confirmed track yet
    assert '| all | 20 | 2 | 2 | 0.800 | 2 | 0 | 0 | 2 |' in shown.out
    assert 'left out' not in shown.err
    assert table.read_text().count('\n') == 4
    elsewhere = annotation(tmp_path / 'other.json', {'test/a': 10}, track_id=3)
    assert evaluate_tracks.main([str(elsewhere), str(results / 'tracks')]) == 0
    shown = capsys.readouterr()
    assert '| all | 10 | 1 | 1 | 0.800 | 1 | 0 | 0 | 2 |' in shown.out
    assert 'images/test/b: no sequence of this name' in shown.err


def test_false_tracks_an_hour(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = annotation(tmp_path / 'truth.json', {'test/a': 10})
    data = json.loads(path.read_text())
    for entry in data['annotations']:
        entry['bbox'][1] = 3  # the target is elsewhere
    path.write_text(json.dumps(data))
    capsys.readouterr()
    assert evaluate_tracks.main([str(path), str(results), '--fps', '10']) == 0
    assert '| all | 10 | 1 | 0 | 0.000 | 1 | 1 | 3600 | - |' in capsys.readouterr().out


def test_what_cannot_be_measured(results: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match='no file of tracks'):
        read_track_results(annotation(tmp_path / 'a.json', {'test/a': 10}), tmp_path / 'images')
    with pytest.raises(DataError, match=r'only 10 of the frames 0 to 90 are annotated'):
        read_track_results(annotation(tmp_path / 'b.json', {'test/a': 10}, frame_step=10), results)
    path = annotation(tmp_path / 'c.json', {'test/a': 10})
    data = json.loads(path.read_text())
    data['annotations'].append(dict(data['annotations'][0], id=99, bbox=[50, 50, 3, 3]))
    path.write_text(json.dumps(data))
    with pytest.raises(DataError, match='no track_id'):
        read_track_results(path, results)
    with pytest.raises(DataError, match='no sequence of this name'):
        read_track_results(annotation(tmp_path / 'd.json', {'test/c': 10}), results)


def test_options(capsys: pytest.CaptureFixture, tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        evaluate_tracks.parse_args(['a.json', 'out', '--fps', '0'])
    assert '--fps 0: expected more than 0' in capsys.readouterr().err
    with pytest.raises(ConfigError, match=r'\.txt'):
        evaluate_tracks.main(['a.json', 'out', '--out', str(tmp_path / 'table.txt')])


def test_classes_of_tracks(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    truth = annotation(tmp_path / 'truth.json', {'test/a': 10, 'test/b': 10}, track_id=3)
    data = json.loads(truth.read_text())
    data['categories'] = [dict(id=7, name='bird'), dict(id=1, name='drone')]
    for entry in data['annotations'][10:]:
        entry['category_id'] = 7
    truth.write_text(json.dumps(data))
    given = [str(truth), str(results), '--fps', '10']
    capsys.readouterr()
    assert evaluate_tracks.main(given) == 0
    assert 'right class' not in capsys.readouterr().out  # of tracks that have none
    for path in (results / 'tracks').rglob('*.json'):
        record = json.loads(path.read_text())
        for point in record['points']:
            point['class_name'] = 'drone' if point['frame'] < 5 else 'kite'
        path.write_text(json.dumps(record))
    assert evaluate_tracks.main([*given, '--out', str(tmp_path / 'table.csv')]) == 0
    shown = capsys.readouterr().out
    assert '| all | 20 | 2 | 2 | 0.800 | 2 | 0 | 0 | 2 |' in shown  # whatever the class
    assert '| class | frames of targets | Pd | right class | as bird | as drone | as kite |' in shown
    assert '| bird | 10 | 0.800 | 0.000 | 0 | 3 | 5 |' in shown
    assert '| drone | 10 | 0.800 | 0.375 | 0 | 3 | 5 |' in shown
    assert 'No target of the annotation has the class kite.' in shown
    assert (tmp_path / 'table-2.csv').read_text().count('\n') == 3
    assert f'{tmp_path / "table-2.csv"}' in shown
