from __future__ import annotations

import pytest
from mmengine.config import Config

from mmirstd.engine.evaluation_batches import batch_by_size


def config(kind: str, **loader: object) -> Config:
    return Config(dict(model=dict(data_preprocessor=dict(type=kind)), test_dataloader=loader, val_dataloader=None))


def test_more_than_one_image() -> None:
    cfg = config('SegDataPreProcessor', batch_size=4)
    assert batch_by_size(cfg) == ['test_dataloader: batches of up to 4 images of one size that follow each other']
    assert cfg.test_dataloader.batch_sampler == dict(type='mmirstd.SameSizeBatchSampler')


@pytest.mark.parametrize(
    'cfg',
    [
        config('SegDataPreProcessor', batch_size=1),
        config('SegDataPreProcessor'),
        config('mmirstd.ClipDataPreprocessor', batch_size=4),
        config('SegDataPreProcessor', batch_size=4, batch_sampler=dict(type='mine')),
        Config(dict()),
    ],
)
def test_what_is_left_alone(cfg: Config) -> None:
    before = cfg.to_dict()
    assert batch_by_size(cfg) == []
    assert cfg.to_dict() == before
