from __future__ import annotations

from pathlib import Path

import pytest
from mmengine.config import Config

from mmirstd.engine.prediction_only import predict_only

PIPELINE = [dict(type='mmirstd.LoadInfraredImage'), dict(type='mmirstd.LoadTargetMask'), dict(type='PackSegInputs')]


def config(*data_sets: dict) -> Config:
    members = [dict(dict(type='mmirstd.SIRSTDataset', pipeline=PIPELINE), **data) for data in data_sets]
    dataset = members[0] if len(members) == 1 else dict(type='ConcatDataset', datasets=members)
    return Config(dict(test_dataloader=dict(dataset=dataset), test_evaluator=dict(type='mmirstd.IRSTDMetric')))


def folder(root: Path, *names: str) -> str:
    for name in names:
        (root / name).mkdir(parents=True)
        (root / name / 'a.png').touch()
    return str(root)


def test_images_alone(tmp_path: Path) -> None:
    root = folder(tmp_path / 'a', 'images')
    (tmp_path / 'a' / 'img_idx').mkdir()
    cfg = config(
        dict(data_root=root),
        dict(
            data_root=folder(tmp_path / 'b', 'images', 'masks'), data_prefix=dict(img_path='images', seg_map_path=None)
        ),
    )
    assert predict_only(cfg) == f'{root}/masks does not exist; {tmp_path}/b: data_prefix.seg_map_path is None'
    assert cfg.test_evaluator == []
    for data in cfg.test_dataloader.dataset.datasets:
        assert data.data_prefix == dict(img_path='images', seg_map_path=None)
        assert [step.type for step in data.pipeline] == ['mmirstd.LoadInfraredImage', 'PackSegInputs']


@pytest.mark.parametrize(
    'names', [('images', 'masks'), ('images', 'mask'), ('images', 'labels', 'more'), ('masks',), ()]
)
def test_masks_or_a_mistake(tmp_path: Path, names: tuple[str, ...]) -> None:
    cfg = config(dict(data_root=folder(tmp_path / 'a', *names)))
    before = cfg.to_dict()
    assert predict_only(cfg) is None
    assert cfg.to_dict() == before


def test_some_data_sets_with_masks_or_of_another_kind(tmp_path: Path) -> None:
    alone, whole = folder(tmp_path / 'a', 'images'), folder(tmp_path / 'b', 'images', 'masks')
    assert predict_only(config(dict(data_root=alone), dict(data_root=whole))) is None
    assert predict_only(config(dict(data_root=alone, type='mmirstd.ClipDataset'))) is None


def test_folders_of_several_names(tmp_path: Path) -> None:
    """As in the config of IRSTD-1K, whose authors call them otherwise than BasicIRSTD."""
    names = dict(img_path=['images', 'IRSTD1k_Img'], seg_map_path=['masks', 'IRSTD1k_Label'])
    for number, made in enumerate((('images', 'masks'), ('IRSTD1k_Img', 'IRSTD1k_Label'))):
        root = folder(tmp_path / str(number), *made)
        assert predict_only(config(dict(data_root=root, data_prefix=names))) is None
    root = folder(tmp_path / 'alone', 'IRSTD1k_Img')
    cfg = config(dict(data_root=root, data_prefix=names))
    assert predict_only(cfg) == f'{root}/masks does not exist'
    assert cfg.test_dataloader.dataset.data_prefix == dict(names, seg_map_path=None)
