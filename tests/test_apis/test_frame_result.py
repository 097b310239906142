"""Another threshold from the maps in memory is what the inferencer finds with that threshold."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from mmirstd.apis import IRSTDInferencer, MovingTargetInferencer
from mmirstd.apis.frame_result import FrameResult
from mmirstd.visualization import detection_overlay, drawing, insets, overlay, video_overlay
from mmirstd.visualization.drawing import put_text
from tests.test_apis.helpers import LocalContrast, scene
from tests.test_models.clip_models import tiny_detector, two_classes

IMAGE = scene(targets=((20, 20), (40, 70)))


@pytest.mark.parametrize(('threshold', 'min_area'), [(0.05, 1), (0.5, 1), (0.5, 9), (0.5, 10), (0.999, 1)])
def test_segmentation(threshold: float, min_area: int) -> None:
    network = LocalContrast()
    (first,) = IRSTDInferencer(network, device='cpu', threshold=0.3).infer(IMAGE)
    (expected,) = IRSTDInferencer(network, device='cpu', threshold=threshold, min_area=min_area).infer(IMAGE)
    again = first.at_threshold(threshold, min_area)
    assert again.targets == expected.targets
    assert np.array_equal(again.mask, expected.mask)
    assert again.record() == expected.record()
    assert first.threshold == 0.3  # as it was


def test_detection() -> None:
    network = tiny_detector(5)
    (first,) = MovingTargetInferencer(network, device='cpu', threshold=0.9).infer(IMAGE)
    scores = sorted(t.peak for t in first.at_threshold(0.0).targets)
    limit = scores[len(scores) // 2]
    (expected,) = MovingTargetInferencer(network, device='cpu', threshold=limit, min_area=4).infer(IMAGE)
    assert first.at_threshold(limit, 4).record() == expected.record()
    assert 0 < len(expected.targets) < len(scores)


def test_the_classes_of_a_detector_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cfg, trained = two_classes(tmp_path)
    _, bare = two_classes(tmp_path, None)

    def found(weights: str) -> FrameResult:
        (result,) = MovingTargetInferencer(cfg, weights, device='cpu', threshold=0.3).infer(IMAGE)
        return result

    def names(weights: str) -> list[str | None]:
        return [target.class_name for target in found(weights).targets]

    cfg.test_dataloader = dict(dataset=dict(metainfo=dict(classes=('plane', 'kite'))))
    assert set(names(bare)) == {'plane', 'kite'}
    assert names(trained) == [dict(plane='drone', kite='bird')[name] for name in names(bare)]  # what it was trained on
    cfg.test_dataloader.dataset.metainfo.classes = ('target',)
    assert names(bare) == [dict(drone='0', bird='1')[name] for name in names(trained)]
    result = found(trained)
    predicted = result.data_sample.pred_instances
    known = dict(zip(predicted.scores.tolist(), predicted.labels.tolist()))
    assert all(target.class_name == ('drone', 'bird')[known[target.peak]] for target in result.targets)
    alone = MovingTargetInferencer(tiny_detector(1), device='cpu', threshold=0.0).infer(IMAGE)
    assert {target.class_name for target in next(iter(alone)).targets} == {None}

    written: list[str] = []

    def noted(picture: np.ndarray, text: str, *args: object, **kwargs: object) -> int:
        written.append(text)
        return put_text(picture, text, *args, **kwargs)

    for module in (drawing, detection_overlay):
        monkeypatch.setattr(module, 'put_text', noted)
    first = result.targets[0]
    result.picture()
    assert f'0: {first.class_name} {first.peak:.2f}' in written
    written.clear()
    detection_overlay.detection_insets(result.image, result.box_findings()[:1])
    assert any(f', {first.class_name} score' in text for text in written)
    written.clear()
    boxes = [(t.x0, t.y0, t.x1, t.y1, t.peak) for t in result.targets]
    video_overlay.draw_targets(result.image, boxes, class_names=[t.class_name for t in result.targets])
    assert f'0: {first.class_name} {first.peak:.2f}' in written


def test_range() -> None:
    (result,) = IRSTDInferencer(LocalContrast(), device='cpu').infer(IMAGE)
    with pytest.raises(ValueError, match='0 <= threshold < 1'):
        result.at_threshold(1.0)
    with pytest.raises(ValueError, match='min_area'):
        result.at_threshold(0.5, 0)


def test_pictures_number_the_targets_as_the_files_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """The largest target gets the first inset, under its own number; a component that is too small gets none."""
    image = scene(targets=((20, 20), (40, 70)))
    image[37:44, 66:74] = 200  # the second in raster order is the largest
    image[5, 90] = 250  # and this one is left out
    (result,) = IRSTDInferencer(LocalContrast(), device='cpu', min_area=2).infer(image)
    assert [target.id for target in result.targets] == [0, 1]
    written: list[str] = []

    def noted(picture: np.ndarray, text: str, *args: object, **kwargs: object) -> int:
        written.append(text)
        return put_text(picture, text, *args, **kwargs)

    for module in (overlay, insets, drawing, detection_overlay):
        monkeypatch.setattr(module, 'put_text', noted)

    def labels() -> dict[str, tuple[int, int]]:
        """Number -> whole pixels at which its inset says the target is, in the order of the insets."""
        found = {}
        for first, note in zip(written, written[2:]):
            if first.endswith(' PREDICTED'):
                place = re.search(r'at \((\d+), (\d+)\)', note)
                found[first.split()[0]] = (int(place[1]), int(place[2]))
        return found

    result.picture()
    assert labels() == {str(t.id): (round(t.x), round(t.y)) for t in result.targets}
    assert list(labels()) == ['1', '0']
    assert {text for text in written if text.isdigit()} == {'0', '1'}  # beside the brackets

    written.clear()
    boxes = MovingTargetInferencer(tiny_detector(5), device='cpu', threshold=0.0).infer(IMAGE)
    detections = next(iter(boxes))
    detections.picture()
    said = list(dict.fromkeys(text for text in written if ': ' in text))
    assert said[:3] == [f'{t.id}: {t.peak:.2f}' for t in detections.targets[:3]]
    written.clear()
    video_overlay.draw_targets(image, [(t.x0, t.y0, t.x1, t.y1, t.peak) for t in result.targets])
    assert set(written) == {f'{t.id}: {t.peak:.2f}' for t in result.targets}
