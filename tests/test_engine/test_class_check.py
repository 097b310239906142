from __future__ import annotations

import pytest
from mmengine.config import Config

from mmirstd.engine.class_check import check_classes
from mmirstd.utils.errors import ConfigError

TWO = dict(type='mmirstd.ClipDataset', metainfo=dict(classes=['drone', 'bird']))
TURNED = dict(type='mmirstd.ClipDataset', metainfo=dict(classes=('bird', 'drone')))
ONE = dict(type='mmirstd.ClipDataset')
OTHER = dict(type='CocoDataset')


def config(train: dict, test: dict, model: dict) -> Config:
    return Config(dict(model=model, train_dataloader=dict(dataset=train), test_dataloader=dict(dataset=test)))


def head(number: int) -> dict:
    return dict(bbox_head=dict(num_classes=number))


@pytest.mark.parametrize(
    ('train', 'test', 'model'),
    [
        (TWO, TWO, head(2)),
        (ONE, ONE, head(1)),
        (dict(dataset=dict(datasets=[ONE, OTHER])), OTHER, head(1)),
        (OTHER, OTHER, head(80)),  # its names are known when it is built
        (TWO, TWO, dict(roi_head=dict(bbox_head=[dict(num_classes=2)] * 3))),
        (TWO, TURNED, dict(decode_head=dict(num_classes=2))),
    ],
)
def test_what_agrees(train: dict, test: dict, model: dict) -> None:
    check_classes(config(train, test, model))


@pytest.mark.parametrize(
    ('train', 'test', 'model', 'text'),
    [
        (TWO, TWO, head(1), r"bbox_head.num_classes: found 1, expected 2.*\('drone', 'bird'\)"),
        (ONE, ONE, head(2), r"bbox_head.num_classes: found 2, expected 1.*\('target',\)"),
        (TWO, ONE, head(2), r'test_dataloader.dataset.metainfo.classes: found .*target'),
        (TWO, TURNED, head(2), r"test_dataloader.dataset.metainfo.classes: found \('bird', 'drone'\), expected \('dr"),
        (
            dict(dataset=dict(datasets=[TWO, TURNED])),
            TWO,
            head(2),
            r'train_dataloader.dataset.dataset.datasets.1.metainfo.classes: found',
        ),
        (TWO, TWO, dict(roi_head=dict(bbox_head=dict(num_classes=80))), r'roi_head.bbox_head.num_classes: found 80'),
    ],
)
def test_what_does_not(train: dict, test: dict, model: dict, text: str) -> None:
    with pytest.raises(ConfigError, match=text + r'[\s\S]*cure: '):
        check_classes(config(train, test, model))
