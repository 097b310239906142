"""The fastest backend that gives the network's results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmirstd.apis import IRSTDInferencer, MovingTargetInferencer, backend_choice, build_inferencer, map_backends
from mmirstd.apis.backend_choice import cache_folder
from mmirstd.cli.infer import parse_args
from mmirstd.false_alarms.cfar import Cfar
from mmirstd.false_alarms.operating_point import OperatingPoint
from mmirstd.utils.errors import UserError
from mmirstd.utils.files import save_png
from tests.test_apis.helpers import scene
from tests.test_apis.stock_detector import write_stock_detector
from tests.test_apis.test_exported_sequence_inferencer import write_sequence
from tests.test_deploy.zoo import clip_inferencer

NAME = 'ggl-net-tiny_general'


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the user is told; the cache is a folder of the test."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    lines: list[str] = []
    monkeypatch.setattr(IRSTDInferencer, '_say', lambda self, text: lines.append(text))
    return lines


def test_auto_takes_what_is_fastest_and_equal(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    [expected] = IRSTDInferencer(NAME, device='cpu', backend='torch').infer(scene())
    assert said == []
    monkeypatch.setattr(backend_choice, '_times', lambda sides, image: [4.0, 3.0, *[1.0] * (len(sides) - 2)])
    inferencer = IRSTDInferencer(NAME, device='cpu', backend='auto')
    [found] = inferencer.infer(scene())
    assert inferencer._backend.name in ('onnxruntime', 'openvino')
    np.testing.assert_allclose(found.probability, expected.probability, rtol=0, atol=1e-4)
    exported, taken = said
    assert 'exported once to' in exported
    assert '4.0 times as fast as torch in fp32 on 64x96 pixels; probabilities differ by at most' in taken
    # The next process finds the file.
    again = IRSTDInferencer(NAME, device='cpu', backend='auto')
    list(again.infer(scene()))
    assert not any('exported' in line for line in said[2:])
    assert len(list(cache_folder().iterdir())) == 1


def test_int8_is_calibrated_once_and_said(said: list[str], tmp_path: Path) -> None:
    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    save_png(tmp_path / 'photos' / 'a.png', np.rint(scene() * 255).astype(np.uint8))
    options = dict(device='cpu', backend='onnxruntime', precision='int8', calibration_images=tmp_path / 'photos')
    [expected] = IRSTDInferencer(NAME, device='cpu', backend='torch').infer(scene())
    [found] = IRSTDInferencer(NAME, **options).infer(scene())
    assert 0 < np.abs(found.probability - expected.probability).max() < 0.5
    assert found.mask.any()
    quantized = [line for line in said if 'quantized once to' in line]
    assert len(quantized) == 1
    assert 'on 1 of the calibration images: the masks agree with IoU' in quantized[0]
    assert 'backend: onnxruntime, int8: ' in said[-1]
    list(IRSTDInferencer(NAME, **options).infer(scene()))  # the next process finds the file
    assert len([line for line in said if 'quantized once' in line]) == 1
    with pytest.raises(UserError, match='backend torch, int8: ONNX Runtime and OpenVINO compute so'):
        list(IRSTDInferencer(NAME, **{**options, 'backend': 'torch'}).infer(scene()))
    with pytest.raises(ValueError, match="precision 'int8' and calibration_images go together"):
        IRSTDInferencer(NAME, device='cpu', precision='int8')
    with pytest.raises(UserError, match='found no image, expected a folder with images of your scenes'):
        IRSTDInferencer(NAME, **{**options, 'calibration_images': tmp_path / 'nowhere'})


def test_int8_follows_how_gray_values_are_read(said: list[str], tmp_path: Path) -> None:
    """The scales are those of the values that the network sees: two ways to read 14-bit codes are two files."""
    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    codes = np.rint(scene() * 10.0).astype(np.uint16)
    save_png(tmp_path / 'photos' / 'a.png', codes)
    given = dict(device='cpu', backend='onnxruntime', precision='int8', calibration_images=tmp_path / 'photos')
    for options in ({}, dict(load_options=dict(bit_depth=14)), {}):
        list(IRSTDInferencer(NAME, **given, **options).infer(codes))
    files = [line.split(';')[0] for line in said if 'quantized once to' in line]
    assert len(files) == len(set(files)) == 2


def test_int8_that_a_runtime_computes_wrongly_is_refused(
    said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is right in the runtime that checked it when it was made, and wrong in the one that is to run it."""
    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    save_png(tmp_path / 'photos' / 'a.png', scene())
    options = dict(device='cpu', backend='onnxruntime', precision='int8', calibration_images=tmp_path / 'photos')
    right = map_backends.session_maps
    monkeypatch.setattr(
        map_backends,
        'session_maps',
        lambda session, images: [x._replace(probability=1 - x.probability) for x in right(session, images)],
    )
    with pytest.raises(UserError, match='(?s)onnxruntime: probabilities differ from float32 by .*--precision fp32'):
        list(IRSTDInferencer(NAME, **options).infer(scene()))


def test_what_no_image_can_mend_ends_the_run(said: list[str], tmp_path: Path) -> None:
    """A broken calibration image is told once, by its name, and not as a failure of each input."""
    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    (tmp_path / 'photos').mkdir()
    (tmp_path / 'photos' / 'cut.png').write_bytes(b'\x89PNG\r\n\x1a\n')
    options = dict(device='cpu', backend='auto', precision='int8', calibration_images=tmp_path / 'photos')
    failed: list[object] = []
    with pytest.raises(UserError, match=r'--calibration-images: .*cut\.png'):
        list(IRSTDInferencer(NAME, **options).infer([scene()], on_error=lambda *one: failed.append(one)))
    assert not failed


def test_a_damaged_file_of_the_cache_is_made_anew(said: list[str]) -> None:
    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    [expected] = IRSTDInferencer(NAME, device='cpu', backend='onnxruntime').infer(scene())
    [file] = cache_folder().iterdir()
    file.write_bytes(file.read_bytes()[:20000])
    [found] = IRSTDInferencer(NAME, device='cpu', backend='onnxruntime').infer(scene())
    assert np.array_equal(found.logit, expected.logit)
    assert any('is damaged, and is made anew' in line for line in said)


def test_results_say_in_which_arithmetic_they_were_made(said: list[str], tmp_path: Path) -> None:
    save_png(tmp_path / 'photos' / 'a.png', scene())
    assert 'precision' not in IRSTDInferencer(NAME, device='cpu').provenance()
    assert IRSTDInferencer(NAME, device='cpu', precision='bf16').provenance()['precision'] == 'bf16'
    made = IRSTDInferencer(NAME, device='cpu', precision='int8', calibration_images=tmp_path / 'photos').provenance()
    assert (made['precision'], made['calibration']['images']) == ('int8', 1)


def test_adaptive_thresholds_need_no_mask_of_a_backend(said: list[str]) -> None:
    """Nobody exports a file here, so nothing is said of what it lacks."""
    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    point = OperatingPoint(3.0, Cfar(9, 25, statistic='median'))
    [found] = IRSTDInferencer(NAME, device='cpu', backend='onnxruntime', operating_point=point).infer(scene())
    assert found.mask is not None
    assert found.mask.any()
    assert not any('no mask' in line for line in said)


def test_what_gives_other_results_is_not_taken(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    right = map_backends.session_maps
    monkeypatch.setattr(
        map_backends,
        'session_maps',
        lambda session, images: [x._replace(probability=x.probability * 0.99) for x in right(session, images)],
    )
    inferencer = IRSTDInferencer(NAME, device='cpu', backend='auto')
    list(inferencer.infer(scene()))
    assert inferencer._backend.name == 'torch'
    assert 'onnxruntime: differs by 0.01' in said[-1]
    with pytest.raises(
        UserError, match=r'backend onnxruntime, fp32: onnxruntime: differs by(?s:.)*cure: --backend torch'
    ):
        list(IRSTDInferencer(NAME, device='cpu', backend='onnxruntime').infer(scene()))


def test_networks_that_cannot_be_exported_run_in_torch(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise UserError('no graph of it')

    monkeypatch.setattr(backend_choice, 'exported_file', fail)
    monkeypatch.setattr(backend_choice, 'is_installed', lambda name: True)
    inferencer = IRSTDInferencer(NAME, device='cpu', backend='auto')
    list(inferencer.infer(scene()))
    assert inferencer._backend.name == 'torch'
    assert 'not taken: no graph of it' in said[-1]


def test_nothing_installed(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend_choice, 'is_installed', lambda name: False)
    list(IRSTDInferencer(NAME, device='cpu', backend='auto').infer(scene()))
    assert 'mmirstd[deploy]' in said[0]
    with pytest.raises(UserError, match=r'backend openvino: it is not installed(?s:.)*cure: pip install'):
        list(IRSTDInferencer(NAME, device='cpu', backend='openvino').infer(scene()))


def test_bfloat16_in_torch(said: list[str]) -> None:
    [found] = IRSTDInferencer(NAME, device='cpu', backend='torch', precision='bf16').infer(scene())
    [expected] = IRSTDInferencer(NAME, device='cpu', backend='torch').infer(scene())
    difference = np.abs(found.probability - expected.probability).max()
    assert 0 < difference < 0.5
    assert len(found.targets) == len(expected.targets)
    assert 'backend: torch, bf16' in said[0]


def test_options_are_checked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(ValueError, match="backend 'tensorrt'"):
        IRSTDInferencer(NAME, backend='tensorrt')
    monkeypatch.setenv('MMIRSTD_BACKEND', 'fast')
    with pytest.raises(UserError, match="MMIRSTD_BACKEND: found 'fast', expected auto, torch"):
        IRSTDInferencer(NAME)
    with pytest.raises(SystemExit):
        parse_args(['--model', 'a.onnx', 'b.png', '--backend', 'torch', '--out', 'o'])
    assert '--backend torch goes with a config' in capsys.readouterr().err


def test_detectors_of_mmdet_run_in_torch(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='leave --backend and --precision out'):
        build_inferencer(*write_stock_detector(tmp_path), backend='openvino')


@pytest.mark.parametrize(('network', 'runtime'), [('sstnet-nano', 'onnxruntime'), ('resunet-rfr', 'openvino')])
def test_models_of_clips_in_another_runtime(
    network: str, runtime: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    """The results and their heads are PyTorch's, also for another threshold; the file is made once."""
    pytest.importorskip('onnx')
    pytest.importorskip(runtime)
    monkeypatch.setattr(MovingTargetInferencer, '_say', lambda self, text: said.append(text))
    folder = write_sequence(tmp_path / 'frames', 7)
    for threshold in (0.2, 0.3):
        own = clip_inferencer(network, tmp_path, threshold=threshold)
        exported = clip_inferencer(network, tmp_path, threshold=threshold, backend=runtime)
        assert exported.provenance() == own.provenance()
        found, expected = list(exported.infer(folder)), list(own.infer(folder))
        assert [result.frame for result in found] == [result.frame for result in expected] == list(range(7))
        for one, other in zip(found, expected):
            if own.boxes:
                assert len(one.targets) == len(other.targets)
                assert other.targets or threshold > 0.2
                places = [np.array([(t.x, t.y, t.peak) for t in result.targets]) for result in (one, other)]
                np.testing.assert_allclose(*places, rtol=0, atol=1e-2)  # pixels
            else:
                np.testing.assert_allclose(one.probability, other.probability, rtol=0, atol=1e-3)
    [made] = said
    assert 'the model was exported once to' in made
    assert f'{runtime} gives the results of PyTorch' in made or runtime == 'openvino'
    assert len(list(cache_folder().iterdir())) == 1
    exported.threshold = own.threshold = 0.1  # as the app's slider
    counts = [[len(result.targets) for result in side.infer(folder)] for side in (exported, own)]
    assert counts[0] == counts[1] or not own.boxes
    with pytest.raises(ValueError, match="return_datasamples(?s:.)*expected backend='torch'"):
        exported(str(folder), return_datasamples=True)


def test_what_models_of_clips_do_not_compute_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for options in (
        dict(precision='bf16'),
        dict(backend='onnxruntime', precision='bf16'),
        dict(backend='openvino', precision='int8'),
        dict(backend='tensorrt'),
    ):
        with pytest.raises(ValueError, match='a model of clips runs in fp32 with torch and onnxruntime'):
            clip_inferencer('sstnet-nano', tmp_path, **options)
    monkeypatch.setattr('mmirstd.apis.clip_backend.is_installed', lambda name: False)
    with pytest.raises(UserError, match=r'backend onnxruntime: it is not installed(?s:.)*cure: pip install'):
        clip_inferencer('sstnet-nano', tmp_path, backend='onnxruntime')
