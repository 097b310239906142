"""mmdet's data set of boxes that holds nothing: NumPy's "need at least one array to concatenate" in words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from mmdet.datasets import CocoDataset

from mmirstd.engine.config_errors import explain_config_errors
from mmirstd.utils.errors import DataError
from mmirstd.utils.files import save_png

KEPT = dict(filter_empty_gt=True)


def annotation(folder: Path, category: str = 'drone', images: int = 1, boxes: int = 1) -> Path:
    save_png(folder / '1.png', np.zeros((32, 40), np.uint8))
    box = dict(image_id=1, category_id=1, bbox=[3, 4, 5, 6], area=30, iscrowd=0)
    content = dict(
        images=[dict(id=1, file_name='1.png', height=32, width=40)] * images,
        annotations=[dict(box, id=1)] * boxes,
        categories=[dict(id=1, name=category)],
    )
    (folder / 'boxes.json').write_text(json.dumps(content))
    return folder


def build(folder: Path, **options) -> CocoDataset:
    with explain_config_errors('my.py'):
        return CocoDataset(
            ann_file='boxes.json',
            data_root=str(folder),
            data_prefix=dict(img=''),
            metainfo=dict(classes=('target',)),
            pipeline=[],
            **options,
        )


def test_a_category_of_another_name(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        build(annotation(tmp_path), filter_cfg=KEPT)
    text = str(caught.value)
    assert text.startswith(f'my.py: {tmp_path / "boxes.json"}: CocoDataset holds no image')
    assert "found categories 'drone', expected at least one of 'target'" in text
    assert "metainfo=dict(classes=('drone',))" in text
    assert 'concatenate' not in text


def test_no_image_with_a_box(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='all 1 images were left out by filter_cfg=.*filter_empty_gt'):
        build(annotation(tmp_path, 'target', boxes=0), filter_cfg=KEPT)
    assert len(build(tmp_path, test_mode=True)) == 1


def test_no_image_at_all(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='CocoDataset holds no image: expected at least one'):
        build(annotation(tmp_path, 'target', images=0, boxes=0))


def test_another_error_of_numpy_passes() -> None:
    with pytest.raises(ValueError, match='need at least one array') as caught, explain_config_errors('my.py'):
        np.concatenate([])
    assert not isinstance(caught.value, DataError)


def test_no_predictions_are_measures_of_zero(tmp_path: Path) -> None:
    """A detector that finds nothing, by our metric and by mmdet's."""
    import torch
    from mmdet.evaluation import CocoMetric

    from mmirstd.cli.test import no_figures
    from mmirstd.evaluation import MovingTargetMetric

    file = annotation(tmp_path, 'target') / 'boxes.json'
    sample = dict(
        img_id=1,
        ori_shape=(32, 40),
        instances=[dict(bbox=[3, 4, 8, 10], bbox_label=0, ignore_flag=0)],
        pred_instances=dict(bboxes=torch.zeros(0, 4), scores=torch.zeros(0), labels=torch.zeros(0, dtype=torch.long)),
    )
    ours = MovingTargetMetric()
    ours.process({}, [sample])
    measures = ours.evaluate(1)
    assert measures['Pd'] == measures['Fa'] == measures['mAP50'] == 0
    theirs = CocoMetric(ann_file=str(file))
    theirs.dataset_meta = dict(classes=('target',))
    theirs.process({}, [sample])
    assert theirs.evaluate(1) == {}
    assert 'nothing was predicted in any image' in no_figures({})[0]
    assert no_figures(measures) == []
