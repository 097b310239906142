"""Segmentors of clips frame by frame, alone and in the inferencer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mmirstd.apis import IRSTDInferencer, MovingTargetInferencer, StreamingSegmentor, build_inferencer
from mmirstd.utils.errors import ConfigError
from tests.shared import REPO
from tests.test_apis.helpers import moving_frames, scene, write_image
from tests.test_models.clip_segmentors import clip_model

MODEL = clip_model('resunet-dtum').float()
CONFIG = REPO / 'configs/dtum/resunet-dtum_b1-20e_nudt-mirsdt-masks.py'


def test_frames_of_any_size_come_back_at_their_size() -> None:
    frames = [frame[:61, :90] for frame in moving_frames(6)]
    segmentor = StreamingSegmentor(MODEL)
    maps = [sample.seg_logits.data for sample in segmentor.detect(frames)]
    assert {tuple(one.shape) for one in maps} == {(1, 61, 90)}
    padded = torch.from_numpy(np.stack([np.pad(frame, ((0, 3), (0, 6)), 'reflect') for frame in frames]))
    video = MODEL.data_preprocessor(dict(inputs=[padded[:, None] / np.float32(255)]))['inputs']
    with torch.no_grad():
        before, expected = (MODEL(video[:, k : k + 5], mode='tensor').sigmoid()[0, :, :61, :90] for k in (0, 1))
    # Rounding moves a few maxima of the temporal module, another window all of the map.
    difference = (maps[-1] - expected).abs().mean()
    assert difference < 1e-2 * (maps[-1] - before).abs().mean()
    assert difference < 1e-4


def test_a_config_and_a_checkpoint(tmp_path: Path) -> None:
    torch.save(dict(state_dict=MODEL.state_dict()), tmp_path / 'model.pth')
    segmentor = StreamingSegmentor(str(CONFIG), tmp_path / 'model.pth')
    expected = StreamingSegmentor(MODEL)
    for frame in moving_frames(2):
        torch.testing.assert_close(segmentor(frame).seg_logits.data, expected(frame).seg_logits.data)


def test_the_inferencer_gives_masks_of_a_frame_folder(tmp_path: Path) -> None:
    frames = moving_frames(4)
    for k, frame in enumerate(frames):
        write_image(tmp_path / 'seq' / f'{k}.png', frame)
    inferencer = build_inferencer(MODEL, device='cpu', show_progress=False, threshold=0.4)
    assert isinstance(inferencer, MovingTargetInferencer)
    assert not inferencer.boxes
    expected = StreamingSegmentor(MODEL).detect(frames)
    for result, sample in zip(inferencer.infer(tmp_path / 'seq'), expected, strict=True):
        assert result.method == 'segmentation'
        np.testing.assert_allclose(result.probability, sample.seg_logits.data[0].numpy(), rtol=1e-5, atol=1e-7)
        np.testing.assert_array_equal(result.mask, result.probability > 0.4)
        assert sum(target.area for target in result.targets) == result.mask.sum()


def test_frames_that_are_named_one_by_one_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [write_image(tmp_path / f'{k}.png', frame) for k, frame in enumerate(moving_frames(2))]
    inferencer, said = build_inferencer(MODEL, device='cpu', show_progress=False), []
    monkeypatch.setattr(inferencer, '_warn', said.append)
    assert len(list(inferencer.infer(tmp_path))) == 2
    assert said == []
    assert len(list(inferencer.infer(files))) == 2
    (text,) = said
    assert text.startswith(f'{files[0]}: a single image is a sequence of its own, in which nothing moves')


def test_a_still_is_a_sequence_of_one_frame() -> None:
    (result,) = build_inferencer(MODEL, device='cpu', show_progress=False).infer(scene())
    np.testing.assert_allclose(
        result.probability, StreamingSegmentor(MODEL)(scene()).seg_logits.data[0].numpy(), rtol=1e-5, atol=1e-7
    )


class TestErrors:
    def test_a_change_of_size(self) -> None:
        segmentor = StreamingSegmentor(MODEL)
        segmentor(np.zeros((32, 32), np.uint8))
        with pytest.raises(ValueError, match='expected one size in a sequence'):
            segmentor(np.zeros((32, 40), np.uint8))
        segmentor.reset()
        segmentor(np.zeros((32, 40), np.uint8))

    def test_another_model(self) -> None:
        with pytest.raises(TypeError, match=r'works on an mmirstd\.MultiFrameSegmentor'):
            StreamingSegmentor(torch.nn.Identity())

    def test_the_inferencer_of_stills_refuses_it(self, tmp_path: Path) -> None:
        torch.save(dict(state_dict=MODEL.state_dict()), tmp_path / 'model.pth')
        with pytest.raises(ConfigError, match='its test pipeline begins with'):
            IRSTDInferencer(str(CONFIG), str(tmp_path / 'model.pth'), device='cpu')

    def test_frames_are_not_tiled(self) -> None:
        with pytest.raises(ValueError, match='not tiled'):
            build_inferencer(MODEL, tile='on')
