"""From background images to a checkpoint whose threshold keeps the rate, which infer then follows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from mmirstd.apis import DetectorInferencer, IRSTDInferencer
from mmirstd.cli import calibrate, infer
from mmirstd.engine.checkpoint_meta import stored_operating_point
from mmirstd.false_alarms.cfar import Cfar
from mmirstd.false_alarms.operating_point import OperatingPoint
from mmirstd.utils.errors import ConfigError, DataError, UserError
from tests.test_apis.helpers import scene, write_image
from tests.test_apis.stock_detector import write_stock_detector
from tests.test_models.clip_segmentors import clip_model

NAME = 'ggl-net-tiny_general'


@pytest.fixture(scope='module')
def backgrounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Single bright pixels and small spots, which the network takes for targets now and then."""
    folder = tmp_path_factory.mktemp('data') / 'backgrounds'
    rng = np.random.default_rng(0)
    for k in range(60):
        image = scene(48, 48, targets=(), seed=k)
        for _ in range(3):
            row, column = rng.integers(4, 44, 2)
            image[row : row + 2, column] = np.minimum(image[row : row + 2, column] + rng.integers(10, 120), 255)
        write_image(folder / f'{k:02d}.png', image)
    return folder


@pytest.fixture(scope='module')
def stock(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """An untrained detector whose scores are far from alike."""
    config, weights = write_stock_detector(tmp_path_factory.mktemp('stock'))
    checkpoint = torch.load(weights, weights_only=False)
    for name, value in checkpoint['state_dict'].items():
        if 'multi_level_conv_obj' in name or 'multi_level_conv_cls' in name:
            value *= 3e5
    torch.save(checkpoint, weights)
    return config, weights


@pytest.fixture(scope='module')
def labeled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp('labeled')
    for k in range(8):
        mask = np.zeros((48, 64), np.uint8)
        mask[29:32, 39:42] = 255
        write_image(folder / 'images' / f'{k}.png', scene(48, 64, targets=((30, 40),), seed=k, bright=60 + 10 * k))
        write_image(folder / 'masks' / f'{k}.png', mask)
    return folder / 'images', folder / 'masks'


def test_from_backgrounds_to_infer(
    backgrounds: Path, labeled: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    target = tmp_path / 'mine.pth'
    argv = [NAME, '--images', str(backgrounds), '--false-targets-per-image', '0.3', '--labeled', *map(str, labeled)]
    assert calibrate.main([*argv, '-o', str(target), '--device', 'cpu']) == 0
    said = capsys.readouterr().out
    assert 'at most 0.3 false targets an image' in said
    assert 'costs: Pd ' in said
    point = stored_operating_point(target)
    assert point.asked == 'at most 0.3 false targets an image, with 95% confidence'
    [rate] = point.record['rates']
    assert rate['seen'] <= rate['bound'] <= 0.3
    assert point.record['pd']['targets'] == 8
    assert point.temperature == point.record['calibration']['temperature'] > 0
    assert point.record['calibration']['after']['nll'] <= point.record['calibration']['before']['nll']
    with pytest.raises(UserError, match='exists already'):
        calibrate.main([*argv, '-o', str(target)])
    assert infer.main([NAME, str(target), str(backgrounds), '--out', str(tmp_path / 'out'), '--save', 'json']) == 0
    records = [json.loads(file.read_text()) for file in (tmp_path / 'out' / 'json').iterdir()]
    assert {record['logit_threshold'] for record in records} == {point.logit}
    targets = [target for record in records for target in record['targets']]
    assert len(targets) / 60 == pytest.approx(rate['seen'])
    for target in targets:  # written with 4 and 6 digits
        assert target['confidence'] == pytest.approx(1 / (1 + np.exp(-target['logit'] / point.temperature)), abs=1e-5)


def test_an_adaptive_threshold_and_false_targets_an_hour(
    backgrounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    target = tmp_path / 'mine.pth'
    argv = [NAME, '--images', str(backgrounds), '--false-targets-per-hour', '36000', '--fps', '25', '--cfar']
    assert (
        calibrate.main(
            [*argv, '--cfar-ring', '7:21:1', '--cfar-statistic', 'median', '-o', str(target), '--device', 'cpu']
        )
        == 0
    )
    said = capsys.readouterr().out
    assert 'an hour at 25 frames a second' in said
    assert re.search(r'seen [\d.e+]+ false targets an hour', said)
    point = stored_operating_point(target)
    assert point.cfar == Cfar(7, 21, 1.0, 'median')
    assert point.record['rates'][0]['asked'] == pytest.approx(0.4)


def test_images_are_read_as_infer_reads_them_and_another_way_is_said(
    backgrounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, said = tmp_path / 'mine.pth', []
    argv = [NAME, '--images', str(backgrounds / '0*.png'), '--false-targets-per-image', '9', '--invert']
    assert calibrate.main([*argv, '--normalize', 'fixed', '-o', str(target), '--device', 'cpu']) == 0
    assert stored_operating_point(target).record['reading'] == dict(normalize='fixed', invert=True)
    monkeypatch.setattr(IRSTDInferencer, '_warn', lambda _, text: said.append(text))
    for options in (dict(invert=True), {}):
        assert not said
        IRSTDInferencer(NAME, target, 'cpu', normalize='fixed', load_options=options, show_progress=False)
    assert 'were read with normalize=fixed, invert=True; these are read with normalize=fixed, so' in said[0]


def test_a_threshold_beyond_what_digits_of_a_probability_can_say() -> None:
    assert calibrate._probability(OperatingPoint(2.0)) == '0.880797078'
    assert calibrate._probability(OperatingPoint(32.2924)) == '1 - 9.5e-15'


def test_what_cannot_be_supported(backgrounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    argv = [NAME, '--images', str(backgrounds), '--device', 'cpu', '--dry-run']
    with pytest.raises(DataError, match=r'asked were 1e-06(?s:.)*images, if they are as these \(there are 60\)'):
        calibrate.main([*argv, '--fa', '1e-6', '--method', 'counts'])
    assert not list(tmp_path.iterdir())


def test_a_method_without_a_checkpoint_has_no_place_for_it(backgrounds: Path) -> None:
    with pytest.raises(UserError, match='no checkpoint file(?s:.)*--logit-threshold'):
        calibrate.main(['white-tophat', '--images', str(backgrounds), '--fa', '1e-4'])


@pytest.mark.parametrize(
    'argv',
    [
        [NAME, '--images', 'x'],
        [NAME, '--fa', '1e-6'],
        [NAME, '--fa', '2', '--images', 'x'],
        [NAME, '--false-targets-per-hour', '1', '--images', 'x'],
        [NAME, '--fa', '1e-6', '--images', 'x', '--confidence', '1'],
        [NAME, '--fa', '1e-6', '--images', 'x', '-o', 'y', '--in-place'],
        [NAME, '--fa', '1e-6', '--images', 'x', '--cfar-ring', '3:9'],
        [NAME, '--fa', '1e-6', '--images', 'x', '--cfar-statistic', 'median'],
        [NAME, '--fa', '1e-6', '--images', 'x', '--cfar', '--cfar-ring', '4:9'],
        [NAME, '--fa', '1e-6', '--images', 'x', '--names', 'y'],
        [NAME, 'exported.onnx', '--fa', '1e-6', '--images', 'x'],
    ],
)
def test_wrong_usage(argv: list[str]) -> None:
    with pytest.raises(SystemExit):
        calibrate.parse_args(argv)


def test_a_detector_of_boxes_by_its_score(
    stock: tuple[str, str], backgrounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    target = tmp_path / 'mine.pth'
    argv = [*stock, '--images', str(backgrounds), '--device', 'cpu']
    assert calibrate.main([*argv, '--false-targets-per-image', '5', '-o', str(target)]) == 0
    said = capsys.readouterr().out
    point = stored_operating_point(target)
    assert f'threshold: logit >= {point.logit:.6g} (probability {point.threshold:.9g})' in said
    [rate] = point.record['rates']
    assert 0 < rate['seen'] <= rate['bound'] <= 5
    detector = DetectorInferencer(stock[0], target, device='cpu', show_progress=False)
    found = [len(result.targets) for result in detector.infer(str(backgrounds))]
    assert np.mean(found) == pytest.approx(rate['seen'])
    labeled = ['--labeled', 'a', 'b']
    for options in (
        ['--fa', '1e-6'],
        ['--false-targets-per-image', '1', '--cfar'],
        ['--false-targets-per-image', '1', *labeled],
    ):
        with pytest.raises(ConfigError, match='a detector of boxes, with --'):
            calibrate.main([*argv, *options, '--dry-run'])


def test_labeled_images_are_no_clips(tmp_path: Path) -> None:
    """A network of clips would see copies of one image, without motion."""
    torch.save(dict(state_dict=clip_model('resunet-dtum').float().state_dict()), tmp_path / 'w.pth')
    config = 'resunet-dtum_b1-20e_nudt-mirsdt-masks'
    argv = [config, str(tmp_path / 'w.pth'), '--fa', '1e-5', '--labeled', 'a', 'b', '--dry-run', '--device', 'cpu']
    with pytest.raises(ConfigError, match='a network of clips, with --labeled'):
        calibrate.main(argv)


def test_the_views_that_it_was_chosen_with_are_kept(
    backgrounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / 'mine.pth'
    argv = [NAME, '--images', str(backgrounds), '--false-targets-per-image', '0.3', '--device', 'cpu']
    assert calibrate.main([*argv, '--tta', 'flips', '-o', str(target)]) == 0
    assert stored_operating_point(target).record['tta'] == 'flips'
    said: list[str] = []
    monkeypatch.setattr(IRSTDInferencer, '_warn', lambda self, text: said.append(text))
    for tta, warned in (((), True), (('--tta', 'flips'), False)):
        said.clear()
        out = tmp_path / f'out{len(tta)}'
        given = [NAME, str(target), str(backgrounds), '--out', str(out), '--save', 'json', '--backend', 'torch']
        assert infer.main([*given, *tta]) == 0
        assert any('its false-alarm rate does not hold' in line for line in said) == warned
        [record, *_] = [json.loads(file.read_text()) for file in (out / 'json').iterdir()]
        assert record.get('tta') == (tta[1] if tta else None)
