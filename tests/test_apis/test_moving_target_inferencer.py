from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mmirstd.apis import MovingTargetInferencer, StreamingDetector, build_inferencer
from mmirstd.utils.errors import ConfigError, DataError, UserError
from tests.test_apis.helpers import LocalContrast, moving_frames, scene, write_image, write_video
from tests.test_models.clip_models import tiny_detector
from tests.test_models.clip_segmentors import clip_model

DETECTOR = tiny_detector(5)


def inferencer(**options: object) -> MovingTargetInferencer:
    return MovingTargetInferencer(DETECTOR, device='cpu', show_progress=False, **options)


def test_frame_folder_gives_what_the_stream_gives(tmp_path: Path) -> None:
    frames = moving_frames(6)
    for k, frame in enumerate(frames):
        write_image(tmp_path / 'seq' / f'{k + 8}.png', frame)
    results = list(inferencer(threshold=0.0).infer(tmp_path / 'seq'))
    expected = StreamingDetector(DETECTOR).detect(frames)
    for frame, (result, sample) in enumerate(zip(results, expected, strict=True)):
        found = sample.pred_instances
        assert (result.frame, result.mask, result.method) == (frame, None, 'detection')
        assert len(result.targets) == len(found) > 5
        boxes = np.clip(found.bboxes.numpy(), 0, (96, 64, 96, 64))
        order = np.argsort(-found.scores.numpy(), kind='stable')
        target, box = result.targets[0], boxes[order[0]]
        assert (target.x0, target.y1) == (pytest.approx(box[0]), pytest.approx(box[3]))
        assert target.peak == pytest.approx(float(found.scores.max()))
        assert target.area == pytest.approx((box[2] - box[0]) * (box[3] - box[1]), rel=1e-5)


def test_sequences_do_not_mix(tmp_path: Path) -> None:
    first = write_video(tmp_path / 'a.avi', moving_frames(5))
    second = write_video(tmp_path / 'b.avi', [scene(seed=50 + k) for k in range(3)])
    model = inferencer(threshold=0.0)
    both = [r for r in model.infer([first, second]) if r.source.name == 'b']
    alone = list(model.infer(second))
    assert [r.record()['targets'] for r in both] == [r.record()['targets'] for r in alone]
    assert [r.frame for r in both] == [0, 1, 2]


def test_for_missing_frames_of_a_folder_stands_the_one_before_as_in_the_data_sets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = moving_frames(7)
    for number in (0, 1, 2, 5, 6):
        write_image(tmp_path / 'gaps' / f'{number + 8}.png', frames[number])
    for number in range(7):
        write_image(tmp_path / 'whole' / f'{number}.png', frames[2 if number in (3, 4) else number])
    model, said = inferencer(threshold=0.0), []
    monkeypatch.setattr(model, '_warn', said.append)
    whole = list(model.infer(tmp_path / 'whole'))
    assert said == []
    gaps = list(model.infer(tmp_path / 'gaps'))
    assert [result.frame for result in gaps] == [0, 1, 2, 3, 4]
    for found, number in zip(gaps, (0, 1, 2, 5, 6)):
        np.testing.assert_allclose(found.detections.scores, whole[number].detections.scores, rtol=0, atol=1e-6)
    assert said == [
        f'{tmp_path / "gaps"}: frames are missing at 1 place(s), by the numbers in their names; in clips the frame '
        'before stands for them, as in the data sets'
    ]
    # without the rule the clips are others
    model.gaps = 'position'
    (*_, last) = model.infer(tmp_path / 'gaps')
    assert np.abs(last.detections.scores - whole[6].detections.scores).max() > 1e-4
    assert len(said) == 1


def test_two_streams_by_turns_need_two_inferencers(tmp_path: Path) -> None:
    videos = [write_video(tmp_path / f'{k}.avi', [scene(seed=9 * k + n) for n in range(3)]) for k in (1, 2)]
    alone = [list(inferencer(threshold=0.0).infer(video)) for video in videos]
    models = [inferencer(threshold=0.0) for _ in videos]
    by_turns = zip(*(model.infer(video) for model, video in zip(models, videos)))
    for found, expected in zip(zip(*by_turns), alone):
        assert [r.record()['targets'] for r in found] == [r.record()['targets'] for r in expected]
    first, second = (models[0].infer(video) for video in videos)
    next(first), next(second)
    with pytest.raises(UserError, match=r'1\.avi, frame 1: found frames of .*2\.avi since the frame before it'):
        next(first)
    assert len(list(models[0].infer(videos[0]))) == 3  # it can be used again


def test_threshold_and_least_area() -> None:
    frame = scene()
    (every,) = inferencer(threshold=0.0).infer(frame)
    scores = sorted(t.peak for t in every.targets)
    limit = scores[len(scores) // 2]
    (best,) = inferencer(threshold=limit).infer(frame)
    assert 0 < len(best.targets) < len(every.targets)
    assert min(t.peak for t in best.targets) >= limit
    area = sorted(int(t.area) for t in every.targets)[len(scores) // 2] + 1
    (large,) = inferencer(threshold=0.0, min_area=area).infer(frame)
    assert 0 < len(large.targets) < len(every.targets)
    assert min(t.area for t in large.targets) >= area


def test_defects_in_a_sequence_come_after_its_good_frames(tmp_path: Path) -> None:
    for k, frame in enumerate(moving_frames(4)):
        write_image(tmp_path / f'{k}.png', frame)
    write_image(tmp_path / '4.png', scene(32, 32, ()))
    failed = []
    results = list(inferencer().infer(tmp_path, on_error=lambda source, error: failed.append(str(error))))
    assert len(results) == 4
    assert 'frame 4 has 32x32' in failed[0]


def test_call_follows_mmengine() -> None:
    found = inferencer()(scene(), return_vis=True)
    assert found['predictions'][0]['method'] == 'detection'
    (result,) = inferencer().infer(scene())
    np.testing.assert_array_equal(found['visualization'][0], result.picture())  # the picture with insets
    assert result.picture().shape[2] == 3
    sample = inferencer()(scene(), return_datasamples=True)['predictions'][0]
    assert hasattr(sample.pred_instances, 'bboxes')


def test_which_models_go() -> None:
    assert isinstance(build_inferencer(DETECTOR, device='cpu'), MovingTargetInferencer)
    with pytest.raises(ConfigError, match='IRSTDInferencer'):
        MovingTargetInferencer(LocalContrast(), device='cpu')
    with pytest.raises(ValueError, match='not tiled'):
        build_inferencer(DETECTOR, device='cpu', tile='on')


@pytest.mark.parametrize('boxes', [True, False])
def test_nan_is_no_empty_frame(boxes: bool) -> None:
    model = tiny_detector(2) if boxes else clip_model('resunet-dtum').float()
    broken = model.bbox_head if boxes else model.decode_head
    with torch.no_grad():
        for parameter in broken.parameters():
            parameter.fill_(float('nan'))
    with pytest.raises(DataError, match='the network gave NaN'):
        list(MovingTargetInferencer(model, device='cpu', show_progress=False).infer(scene()))
