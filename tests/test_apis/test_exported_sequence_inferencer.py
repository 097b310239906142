"""Exported models of clips on sequences: as the models themselves, and without PyTorch."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from mmirstd.apis import (
    ExportedInferencer,
    ExportedSequenceInferencer,
    IRSTDInferencer,
    MovingTargetInferencer,
    StreamingDetector,
)
from mmirstd.apis.exported import open_exported
from mmirstd.apis.exporting import export_model
from mmirstd.deploy.graph_description import GraphDescription
from mmirstd.deploy.session import GraphSession
from mmirstd.false_alarms.cfar import Cfar
from mmirstd.false_alarms.operating_point import OperatingPoint
from mmirstd.utils.errors import ConfigError, UserError
from tests.shared import REPO
from tests.test_apis.helpers import write_image
from tests.test_apis.test_exported_inferencer import WITHOUT_TORCH
from tests.test_deploy.zoo import clip_inferencer
from tests.test_models.clip_models import tiny_detector, two_classes

pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')


def write_sequence(folder: Path, count: int, height: int = 40, width: int = 52) -> Path:
    """A target that moves to the right over noise."""
    noise = np.random.default_rng(0).integers(60, 90, (count, height, width), dtype=np.uint8)
    for number, frame in enumerate(noise):
        frame[20:23, 10 + 3 * number : 13 + 3 * number] = 250
        write_image(folder / f'{number:03}.png', frame)
    return folder


def test_an_exported_file_holds_the_names_of_classes(tmp_path: Path) -> None:
    built = MovingTargetInferencer(*two_classes(tmp_path), device='cpu', threshold=0.3)
    export_model(built, tmp_path / 'x.onnx')
    exported = ExportedSequenceInferencer(tmp_path / 'x.onnx', 'onnxruntime', threads=1, threshold=0.3)
    assert exported.session.description.classes == ('drone', 'bird')
    folder = write_sequence(tmp_path / 'a', 1)
    (found,), (expected,) = exported.infer(folder), built.infer(folder)
    names = [sorted(t.class_name for t in result.targets) for result in (found, expected)]
    assert names[0] == names[1]
    assert set(names[0]) == {'drone', 'bird'}


def test_a_box_has_one_class_where_two_have_the_same_score(tmp_path: Path) -> None:
    cfg, file = two_classes(tmp_path)
    checkpoint = torch.load(file)
    checkpoint['state_dict']['bbox_head.multi_level_conv_cls.0.weight'][:] = 0
    torch.save(checkpoint, file)
    built = MovingTargetInferencer(cfg, file, device='cpu', threshold=0.3)
    export_model(built, tmp_path / 'x.onnx')
    exported = ExportedSequenceInferencer(tmp_path / 'x.onnx', 'onnxruntime', threads=1, threshold=0.3)
    folder = write_sequence(tmp_path / 'a', 1)
    (found,), (expected,) = exported.infer(folder), built.infer(folder)
    assert len(found.targets) == len(expected.targets) > 0
    assert {target.class_name for target in (*found.targets, *expected.targets)} == {'drone'}


@pytest.mark.parametrize('stream', [False, True], ids=['clip', 'stream'])
def test_boxes_of_sequences(stream: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """More frames than a clip has, then other sequences, of another size, with gaps, through a letterbox."""
    built = clip_inferencer('sstnet-nano', tmp_path, threshold=0.2)
    export_model(built, tmp_path / 'x.onnx', stream=stream)
    exported = ExportedSequenceInferencer(tmp_path / 'x.onnx', 'onnxruntime', threads=1, threshold=0.2)
    assert exported.boxes
    assert exported.provenance() == built.provenance()
    assert exported.model_digest() == built.model_digest()
    folders = write_sequence(tmp_path / 'a', 7), write_sequence(tmp_path / 'b', 2, 30, 77), tmp_path / 'gaps'
    write_sequence(folders[2], 9)
    for number in (3, 4, 6):
        (folders[2] / f'{number:03}.png').unlink()
    for folder in folders:
        found, expected = list(exported.infer(folder)), list(built.infer(folder))
        assert [result.frame for result in found] == [result.frame for result in expected]
        for one, other in zip(found, expected):
            assert len(one.targets) == len(other.targets) > 0
            places = [np.array([(t.x, t.y, t.peak) for t in result.targets]) for result in (one, other)]
            np.testing.assert_allclose(*places, rtol=0, atol=1e-2)  # pixels
    assert 'gaps: frames are missing at 2 place(s)' in capsys.readouterr().err
    built.gaps = 'position'  # the past that the frames before the gaps would be
    (*_, last) = built.infer(folders[2])
    assert abs(last.targets[0].peak - found[-1].targets[0].peak) > 1e-3


class Recorder(GraphSession):
    """Takes aligned clips of three frames, and finds nothing."""

    def __init__(self) -> None:
        normalization = dict(normalize='robust')
        super().__init__(
            Path('x.onnx'), GraphDescription('clip-detection', 'x', 0.5, 'any', normalization, frames=3, alignment={})
        )
        self.clips: list[np.ndarray] = []

    def run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        self.clips.append(inputs['image'])
        return dict(boxes=np.zeros((0, 4)), scores=np.zeros(0))


def test_aligned_clips_are_normalized_as_in_pytorch(tmp_path: Path) -> None:
    """By the range of the clip, whose frames are aligned after that."""
    ground = gaussian_filter(np.random.default_rng(0).normal(0, 1, (80, 80)), 3)
    frames = [
        (3000 + 20000 * (k + 1) * (ground[k : k + 64, 2 * k : 2 * k + 64] - ground.min())).astype(np.uint16)
        for k in range(4)
    ]
    for k, frame in enumerate(frames):
        write_image(tmp_path / f'{k}.png', frame)
    session = Recorder()
    found = list(ExportedSequenceInferencer(session).infer(tmp_path))
    assert [result.targets for result in found] == [[]] * 4
    steps = dict(type='mmirstd.LoadClip', normalize='robust'), dict(type='mmirstd.AlignClip')
    detector = StreamingDetector(tiny_detector(3), pipeline=(*steps, dict(type='mmirstd.PackClipInputs')))
    for frame, clip in zip(frames, session.clips, strict=True):
        expected, _ = detector.preprocess(frame)
        np.testing.assert_allclose(clip, expected[:, :, 0].numpy(), rtol=0, atol=1e-6)
    brightness = [float(np.median(frame)) for frame in session.clips[3][0]]
    assert brightness[0] < 0.8 * brightness[2]  # as the codes are: not each by its own


def test_a_state_since_the_start_of_the_sequence(tmp_path: Path) -> None:
    """RFR keeps one state; its maps, padded and cut."""
    built = clip_inferencer('resunet-rfr', tmp_path)
    export_model(built, tmp_path / 'x.onnx', stream=True)
    exported = open_exported(tmp_path / 'x.onnx', 'onnxruntime', threads=1)
    folder = write_sequence(tmp_path / 'a', 3)
    for _ in range(2):  # the second time from the beginning again
        for one, other in zip(exported.infer(folder), built.infer(folder)):
            np.testing.assert_allclose(one.probability, other.probability, rtol=0, atol=1e-3)


@pytest.mark.parametrize(('stream', 'statistic'), [(False, 'mean'), (True, 'median')])
def test_adaptive_thresholds_of_clips(stream: bool, statistic: str, tmp_path: Path) -> None:
    """CFAR decides in a segmentor of clips, and in its file."""
    point = OperatingPoint(2.0, Cfar(5, 15, 0.05, statistic))
    built = clip_inferencer('resunet-dtum', tmp_path, operating_point=point)
    assert not built.boxes
    export_model(built, tmp_path / 'x.onnx', stream=stream)
    exported = ExportedSequenceInferencer(tmp_path / 'x.onnx', 'onnxruntime', threads=1)
    assert exported.operating_point == point
    assert ('mask' in exported.session.description.outputs) == (statistic == 'mean')
    folder = write_sequence(tmp_path / 'a', 3)
    pixels = 0
    for found, expected in zip(exported.infer(folder), built.infer(folder)):
        assert np.array_equal(expected.mask, point.mask(expected.logit))
        far = abs(point.score(expected.logit) - point.logit) > 1e-2
        # DTUM takes the place of the largest of four values: rounding may decide.
        assert (found.mask[far] == expected.mask[far]).mean() > 0.99
        assert np.array_equal(found.mask, point.mask(found.logit))
        pixels += int((found.mask & expected.mask).sum())
    assert pixels > 0


def test_the_command_needs_no_torch(tmp_path: Path) -> None:
    built = clip_inferencer('yolox-nano', tmp_path, threshold=0.2)
    export_model(built, tmp_path / 'x.onnx')
    folder = write_sequence(tmp_path / 'in', 3)
    argv = ['infer', '--model', str(tmp_path / 'x.onnx'), str(folder), '--out', str(tmp_path / 'out'), '--quiet']
    argv += ['--save', 'json,csv']
    done = subprocess.run(
        [sys.executable, '-c', WITHOUT_TORCH, *argv], cwd=REPO, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (file,) = (tmp_path / 'out' / 'json').iterdir()
    record = json.loads(file.read_text())
    expected = [target for result in built.infer(folder) for target in result.targets]
    assert (record['method'], record['frames'], len(record['targets'])) == ('detection', 3, len(expected))


def test_what_does_not_go_together(tmp_path: Path) -> None:
    single = IRSTDInferencer('white-tophat_nuaa-sirst-341-86', device='cpu')
    export_model(single, tmp_path / 'single.onnx')
    with pytest.raises(UserError, match='a network of single images'):
        ExportedSequenceInferencer(tmp_path / 'single.onnx')
    with pytest.raises(ConfigError, match='has no stream'):
        export_model(single, tmp_path / 'y.onnx', stream=True)
    built = clip_inferencer('yolox-nano', tmp_path)
    with pytest.raises(ValueError, match='a detector of boxes has no map'):
        clip_inferencer('yolox-nano', tmp_path, operating_point=OperatingPoint(2.0, Cfar()))
    export_model(built, tmp_path / 'clip.onnx')
    with pytest.raises(UserError, match='a model of clips'):
        ExportedInferencer(tmp_path / 'clip.onnx')
    with pytest.raises(ValueError, match='not tiled'):
        open_exported(tmp_path / 'clip.onnx', tile='on')
