"""The score threshold that validation frames advise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmirstd.finetune import advise_score


def _files(folder: Path, scores: list[tuple[float, bool]]) -> tuple[Path, Path]:
    """A frame a target: a box of some score on it, and one of some score elsewhere."""
    images, targets, found = [], [], []
    for number, (score, right) in enumerate(scores, 1):
        images.append(dict(id=number, file_name=f'{number}.png', width=64, height=64))
        targets.append(dict(id=number, image_id=number, category_id=1, bbox=[10, 10, 4, 4], iscrowd=0))
        place = 10 if right else 40
        found.append(dict(image_id=number, category_id=1, bbox=[place, place, 4, 4], score=score))
    annotation, detections = folder / 'val.json', folder / 'detections.json'
    annotation.write_text(json.dumps(dict(images=images, annotations=targets)))
    detections.write_text(json.dumps(found))
    return annotation, detections


def test_a_lower_score_where_true_boxes_score_low(tmp_path: Path) -> None:
    advice = advise_score(*_files(tmp_path, [(0.35, True), (0.36, True), (0.05, False)]))
    assert advice.best == 0.3
    assert advice.measures[0.3]['Pd'] == pytest.approx(2 / 3)
    assert advice.measures[0.5]['Pd'] == 0
    assert advice.measures[0.3]['Fa_e6'] == 0
    assert '0.3 *' in str(advice)


def test_the_usual_score_where_nothing_is_better(tmp_path: Path) -> None:
    assert advise_score(*_files(tmp_path, [(0.95, True), (0.95, False)])).best == 0.5


@pytest.mark.parametrize(
    ('scores', 'nothing'), [([(0.05, True)], True), ([(0.9, False)], True), ([(0.12, True)], False)]
)
def test_nothing_found_at_any_score(tmp_path: Path, scores: list[tuple[float, bool]], nothing: bool) -> None:
    assert advise_score(*_files(tmp_path, scores)).found_nothing == nothing


def test_no_target_at_all(tmp_path: Path) -> None:
    annotation, detections = _files(tmp_path, [(0.9, False)])
    content = json.loads(annotation.read_text())
    annotation.write_text(json.dumps(dict(content, annotations=[])))
    assert advise_score(annotation, detections).best == 0.5
