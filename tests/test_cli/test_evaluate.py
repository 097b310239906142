from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from mmirstd.cli import compare, evaluate, report
from mmirstd.evaluation.functional import evaluate as evaluate_arrays
from mmirstd.evaluation.prediction_dump import PredictionDump
from mmirstd.utils.errors import ConfigError, DataError
from tests.shared import DATA, REPO

INPUTS = np.load(DATA / 'metrics' / 'metrics_inputs.npz')
SCORES, MASKS = INPUTS['score'], INPUTS['gt'].astype(np.uint8)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Masks and images of the recorded cases."""
    rng = np.random.default_rng(0)
    for number, mask in enumerate(MASKS):
        for folder, pixels in (('masks', mask * 255), ('images', rng.integers(0, 255, mask.shape, np.uint8))):
            (tmp_path / folder).mkdir(exist_ok=True)
            cv2.imwrite(str(tmp_path / folder / f'{number}.png'), pixels)
    return tmp_path


def write(folder: Path, suffix: str, maps) -> str:
    folder.mkdir()
    for number, values in enumerate(maps):
        path = folder / f'{number}{suffix}'
        if suffix == '.npy':
            np.save(path, values)
        elif suffix == '.mat':
            savemat(path, dict(map=values.astype(np.float64)))
        else:
            cv2.imwrite(str(path), values)
    return str(folder)


def run(data: Path, pred: str, *more: str) -> dict:
    out = data / 'out.json'
    evaluate.main(['--pred', pred, '--truth', str(data / 'masks'), '--out', str(out), *more])
    return json.loads(out.read_text())


def equal(found: dict, expected: dict) -> bool:
    """NaN is null in a file."""
    return all(found[key] == (None if value != value else value) for key, value in expected.items())


@pytest.mark.parametrize('suffix', ['.npy', '.mat'])
def test_figures_are_those_of_the_arrays(data: Path, suffix: str, capsys) -> None:
    record = run(data, write(data / 'p', suffix, SCORES), '--protocol', 'msda,basicirstd', '--threshold', '0.3')
    pairs = list(zip(SCORES.astype(np.float32), MASKS, strict=True))
    assert equal(record['metrics'], {f'msda/{k}': v for k, v in evaluate_arrays('msda', pairs).items()})
    assert record['metrics']['basicirstd/Pd'] == evaluate_arrays('basicirstd', pairs)['Pd']
    assert record['metrics']['recall'] > evaluate_arrays('default', pairs)['recall']
    assert 0.5 < record['metrics']['AUC'] < 1
    assert record['images'] == len(MASKS)
    assert record['threshold'] == 0.3
    printed = capsys.readouterr().out
    assert f'{len(MASKS)} predictions with masks, paired by equal names' in printed
    assert "notice: protocol 'msda' officially resizes image and mask to 512 x 512" in printed
    assert "protocol 'basicirstd'" not in printed


def test_eight_and_sixteen_bits(data: Path) -> None:
    for bits, dtype in ((8, np.uint8), (16, np.uint16)):
        codes = [np.rint(score * (2**bits - 1)).astype(dtype) for score in SCORES]
        record = run(data, write(data / f'p{bits}', '.png', codes))
        exact = [((code / (2**bits - 1)).astype(np.float32), mask) for code, mask in zip(codes, MASKS, strict=True)]
        assert equal(record['metrics'], evaluate_arrays('default', exact))


def test_masks_have_no_curve(data: Path, capsys) -> None:
    masks = [(score > 0.5).astype(np.uint8) * 255 for score in SCORES]
    record = run(data, write(data / 'p', '.png', masks), '--threshold', '0.9')
    assert equal(record['metrics'], evaluate_arrays('default', list(zip(SCORES, MASKS, strict=True))))
    assert 'AUC' not in record['metrics']
    assert record['notices'] == ['--threshold changes nothing, because the predictions are masks']
    assert 'predictions: masks (values 0 and 255)' in capsys.readouterr().out


def test_files_for_compare_and_report(data: Path, capsys) -> None:
    pred = write(data / 'p', '.npy', SCORES)
    record = run(data, pred, '--per-image', str(data / 'a.json'), '--dump', str(data / 'dump'))
    images = json.loads((data / 'a.json').read_text())['images']
    assert images[0]['image'] == str(data / 'images/0.png')
    assert any(target['scr'] is not None for image in images for target in image['records']['targets'])
    run(data, pred, '--per-image', str(data / 'a.csv'))
    rows = list(csv.DictReader((data / 'a.csv').open()))
    assert sum(row['kind'] == 'image' for row in rows) == len(MASKS)
    compare.main([str(data / 'a.json'), f'again={data / "a.json"}'])
    assert f'| a | IoU | {record["metrics"]["IoU"]:.4f} |' in capsys.readouterr().out
    report.main([str(data / 'dump'), '--out', str(data / 'report.html')])
    printed = capsys.readouterr().out
    assert f'dump: IoU {record["metrics"]["IoU"]:.4f}' in printed
    assert 'Not what the test run recorded' not in printed


def test_without_gray_images(data: Path, capsys) -> None:
    (data / 'images').rename(data / 'elsewhere')
    run(data, write(data / 'p', '.npy', SCORES), '--dump', str(data / 'dump'), '--per-image', str(data / 'a.json'))
    assert f'{len(MASKS)} images have no gray image, so the report shows them black and scr is left out' in (
        capsys.readouterr().out
    )


def test_another_size_is_an_error_before_anything_is_written(data: Path, capsys) -> None:
    scores = [score[:, :-2] if number == 2 else score for number, score in enumerate(SCORES)]
    pred, dump = write(data / 'p', '.npy', scores), data / 'dump'
    height, width = MASKS[2].shape
    with pytest.raises(
        DataError, match=f'1 of {len(MASKS)} predictions.*\n.*2.npy is {height} x {width - 2}'
    ) as caught:
        run(data, pred, '--dump', str(dump))
    assert '--size-mismatch resize' in str(caught.value)
    assert not dump.exists()
    record = run(data, pred, '--size-mismatch', 'resize', '--dump', str(dump))
    assert f'1 of {len(MASKS)} masks had another size' in record['notices'][0]
    assert '1 gray images have another size than their masks and were resized' in record['notices']


def test_options(data: Path, capsys) -> None:
    pred = write(data / 'p', '.npy', [score * 40 - 20 for score in SCORES])
    with pytest.raises(DataError, match='--scale: logit'):
        run(data, pred)
    found = run(data, pred, '--scale', 'logit')['metrics']
    assert found['Pd'] > 0.5
    # Curves are of the logits, also where all probabilities are 0 or 1.
    sure = write(data / 'sure', '.npy', [(score - 0.5) * 2000 for score in SCORES])
    assert run(data, sure, '--scale', 'logit', '--dump', str(data / 'dump'))['metrics']['AUC'] == pytest.approx(
        found['AUC'], abs=1e-3
    )
    assert all(image.logit is not None for image in PredictionDump(data / 'dump'))
    with pytest.raises(ConfigError, match=r'--protocol: .*did you mean'):
        run(data, pred, '--protocol', 'mdsa')
    with pytest.raises(ConfigError, match="--mask-rule is 'bright'"):
        run(data, pred, '--scale', 'logit', '--mask-rule', 'bright')
    for option, value, message in (
        ('--threshold', '1', 'from 0 to below 1'),
        ('--scale', 'half', 'expected a number above 0'),
        ('--per-image', 'a.txt', '.json or .csv'),
    ):
        with pytest.raises(SystemExit):
            run(data, pred, option, value)
        assert message in capsys.readouterr().err


def test_the_door_needs_no_torch(data: Path) -> None:
    pred = write(data / 'p', '.npy', SCORES)
    words = ['--pred', pred, '--truth', str(data / 'masks'), '--out', str(data / 'm.json')]
    words += ['--dump', str(data / 'dump'), '--per-image', str(data / 'a.json')]
    code = (
        'import sys\n'
        "for name in ('torch', 'mmengine', 'mmcv', 'mmseg', 'mmdet'): sys.modules[name] = None\n"
        f"from mmirstd.cli import run_command\nsys.exit(run_command('evaluate', {words!r}))"
    )
    done = subprocess.run([sys.executable, '-c', code], cwd=REPO, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    door = REPO / 'tools/analysis_tools/evaluate.py'
    done = subprocess.run([sys.executable, str(door), *words[:3], str(data / 'gone')], capture_output=True, text=True)
    assert done.returncode == 2
    assert 'gone: no such folder' in done.stderr
