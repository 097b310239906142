from __future__ import annotations

import pytest
from mmengine.config import Config

from mmirstd.engine.preprocessor_check import check_preprocessor
from mmirstd.utils.errors import ConfigError

OURS = dict(dataset=dict(pipeline=[dict(type='mmirstd.LoadInfraredImage')]))
STOCK = dict(type='SegDataPreProcessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])


def config(preprocessor: dict, loader: dict = OURS) -> Config:
    return Config(dict(model=dict(data_preprocessor=preprocessor), train_dataloader=loader))


@pytest.mark.parametrize(
    'loader',
    [OURS, dict(dataset=dict(type='RepeatDataset', dataset=dict(type='ConcatDataset', datasets=[OURS['dataset']])))],
)
def test_means_for_255(loader: dict) -> None:
    (line,) = check_preprocessor(config(dict(STOCK, size_divisor=32), loader))
    assert 'nearly the same gray' in line
    assert line.endswith('model.data_preprocessor.mean=[0.0,0.0,0.0] model.data_preprocessor.std=[1.0,1.0,1.0]')


@pytest.mark.parametrize(
    ('preprocessor', 'loader'),
    [
        (dict(STOCK, mean=[0.0], std=[1.0], size_divisor=32), OURS),
        (dict(type='mine.Preprocessor'), OURS),
        (dict(STOCK, size=(256, 256)), dict(dataset=dict(pipeline=[dict(type='LoadImageFromFile')]))),
    ],
)
def test_what_fits(preprocessor: dict, loader: dict) -> None:
    assert check_preprocessor(config(preprocessor, loader)) == []
    assert check_preprocessor(Config(dict(model=dict(type='x')))) == []


def test_stacking_needs_a_size() -> None:
    with pytest.raises(ConfigError, match='cure: model.data_preprocessor.size_divisor=32'):
        check_preprocessor(config(STOCK))
