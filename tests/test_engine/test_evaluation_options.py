from __future__ import annotations

import pytest
from mmengine.config import Config

from mmirstd.engine.evaluation_options import set_eval_size, set_per_image, set_protocols
from mmirstd.utils.errors import ConfigError


def config(root: str = 'data/NUAA-SIRST') -> Config:
    return Config(
        dict(
            test_evaluator=dict(type='mmirstd.IRSTDMetric'),
            test_dataloader=dict(
                dataset=dict(
                    data_root=root,
                    pipeline=[
                        dict(type='mmirstd.LoadInfraredImage'),
                        dict(type='mmirstd.PadToMultiple', divisor=32),
                        dict(type='PackSegInputs'),
                    ],
                )
            ),
        )
    )


def test_default_is_always_reported():
    cfg = config()
    set_protocols(cfg, ['basicirstd', 'basicirstd'])
    assert cfg.test_evaluator.protocol == ['default', 'basicirstd']


@pytest.mark.parametrize(
    ('protocol', 'root', 'size', 'official'),
    [
        ('dnanet', 'data/NUAA-SIRST', None, '256 x 256'),
        ('dnanet', 'data/NUAA-SIRST', 512, '256 x 256'),
        ('dnanet', 'data/NUAA-SIRST', 256, None),
        ('msda', 'data/NUAA-SIRST', None, '512 x 512'),
        ('msda', 'data/nudt-sirst', None, '256 x 256'),
        ('ggl-net', 'data/NUDT-SIRST', 256, None),
        ('basicirstd', 'data/NUAA-SIRST', None, None),
        ('basicirstd', 'data/NUAA-SIRST', 256, 'at native size'),
        ('acm', 'data/NUAA-SIRST', None, None),  # several codes share it, each at a size of its own
        ('rpcanet', 'data/NUDT-SIRST', 256, None),
        ('agpcnet', 'data/SIRST-Aug', None, None),
    ],
)
def test_notice_where_the_official_size_is_another(protocol, root, size, official):
    notices = set_protocols(config(root), [protocol], size)
    assert len(notices) == (official is not None)
    if official:
        assert f'officially evaluates {official if "native" in official else "at " + official}' in notices[0]
        assert '--eval-size' in notices[0]


def test_unknown_protocol_and_foreign_metric():
    with pytest.raises(ConfigError, match="did you mean 'dnanet'"):
        set_protocols(config(), ['dnanett'])
    cfg = config()
    cfg.test_evaluator = [dict(type='IoUMetric')]
    with pytest.raises(ConfigError, match='no mmirstd.IRSTDMetric'):
        set_protocols(cfg, ['dnanet'])


def test_resize_stands_before_padding():
    cfg = config()
    set_eval_size(cfg, 256)
    set_eval_size(cfg, 128)  # the last word counts
    steps = cfg.test_dataloader.dataset.pipeline
    assert [s['type'].split('.')[-1] for s in steps] == [
        'LoadInfraredImage',
        'ResizeForEvaluation',
        'PadToMultiple',
        'PackSegInputs',
    ]
    assert steps[1]['size'] == 128


def test_resize_reaches_wrapped_data_sets():
    inner = config().test_dataloader.dataset
    cfg = Config(dict(test_dataloader=dict(dataset=dict(type='ConcatDataset', datasets=[inner, inner]))))
    set_eval_size(cfg, 64)
    for dataset in cfg.test_dataloader.dataset.datasets:
        assert sum(s['type'] == 'mmirstd.ResizeForEvaluation' for s in dataset.pipeline) == 1


def test_bad_sizes():
    with pytest.raises(ConfigError, match='positive'):
        set_eval_size(config(), 0)
    cfg = config()
    cfg.test_dataloader.dataset.pipeline = [dict(type='Other')]
    with pytest.raises(ConfigError, match='neither'):
        set_eval_size(cfg, 64)


def test_per_image_goes_to_our_metric() -> None:
    cfg = Config(dict(test_evaluator=[dict(type='X'), dict(type='mmirstd.IRSTDMetric')]))
    set_per_image(cfg, 'out/images.csv')
    assert cfg.test_evaluator == [dict(type='X'), dict(type='mmirstd.IRSTDMetric', per_image_out='out/images.csv')]
    boxes = Config(dict(test_evaluator=dict(type='mmirstd.MovingTargetMetric')))
    set_per_image(boxes, 'images.json')
    assert boxes.test_evaluator.per_image_out == 'images.json'
    with pytest.raises(ConfigError, match='--per-image images.txt: expected a name'):
        set_per_image(cfg, 'images.txt')
    with pytest.raises(ConfigError, match='neither mmirstd.IRSTDMetric'):
        set_per_image(Config(dict(test_evaluator=dict(type='CocoMetric'))), 'images.csv')
