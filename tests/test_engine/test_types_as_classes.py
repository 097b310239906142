"""Configs in mmengine's new style, whose types are classes and not names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config

from mmirstd.cli.target_statistics import loading_only
from mmirstd.cli.test import drop_early_stopping
from mmirstd.datasets.points.option import point_pipeline
from mmirstd.engine.config_files import load_config
from mmirstd.engine.data_option import ground_truth
from mmirstd.engine.distributed import prepare_distributed_config
from mmirstd.engine.evaluation_batches import batch_by_size
from mmirstd.engine.evaluation_options import set_eval_size, set_per_image, set_protocols
from mmirstd.engine.hooks import PatienceHook
from mmirstd.engine.preprocessor_check import check_preprocessor
from mmirstd.engine.time_budget import limit_minutes
from mmirstd.engine.vis_options import add_vis_backends
from mmirstd.finetune.config_text import network_of
from mmirstd.registry import MODELS
from mmirstd.utils.config_parts import bare_type
from mmirstd.utils.errors import ConfigError

BASE = """
from mmengine.hooks import ParamSchedulerHook, SyncBuffersHook
from mmengine.visualization import TensorboardVisBackend
from mmseg.datasets.transforms import PackSegInputs
from mmseg.models import EncoderDecoder
from mmseg.models.data_preprocessor import SegDataPreProcessor

from mmirstd.datasets import SIRSTDataset
from mmirstd.datasets.transforms import LoadInfraredImage, LoadTargetMask, PadToMultiple
from mmirstd.evaluation.metrics import IRSTDMetric

default_hooks = dict(param_scheduler=dict(type=ParamSchedulerHook))
custom_hooks = [dict(type=SyncBuffersHook)]
visualizer = dict(type='Visualizer', vis_backends=[dict(type=TensorboardVisBackend)])
divisor = 32
pipeline = [dict(type=LoadInfraredImage), dict(type=LoadTargetMask), dict(type=PadToMultiple, divisor=divisor),
            dict(type=PackSegInputs)]
model = dict(type=EncoderDecoder, data_preprocessor=dict(type=SegDataPreProcessor, mean=[120.0], std=[50.0], size=32))
test_dataloader = dict(batch_size=4, dataset=dict(type=SIRSTDataset, pipeline=pipeline))
test_evaluator = dict(type=IRSTDMetric)
"""
CHILD = """
from mmengine.config import read_base

with read_base():
    from .base import *
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / 'base.py').write_text(BASE)
    (tmp_path / 'child.py').write_text(CHILD)
    return str(tmp_path / 'child.py')


@pytest.fixture
def cfg(path: str) -> Any:
    return load_config(path)


def test_the_evaluation_is_found(cfg: Config) -> None:
    assert ground_truth(cfg) == 'images with masks'
    set_protocols(cfg, ['msda'])
    set_per_image(cfg, 'images.json')
    assert cfg.test_evaluator.protocol == ['default', 'msda']
    assert cfg.test_evaluator.per_image_out == 'images.json'
    set_eval_size(cfg, 256)
    assert cfg.test_dataloader.dataset.pipeline[2] == dict(type='mmirstd.ResizeForEvaluation', size=256)


def test_mmsegs_preprocessor_is_known(cfg: Config) -> None:
    assert 'become nearly the same gray' in check_preprocessor(cfg)[0]
    assert len(batch_by_size(cfg)) == 1
    assert cfg.test_dataloader.batch_sampler == dict(type='mmirstd.SameSizeBatchSampler')


def test_hooks_and_backends_are_neither_refused_nor_doubled(cfg: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('mmirstd.engine.vis_options.check_importable', lambda name: None)
    limit_minutes(cfg, 5)
    assert cfg.default_hooks.param_scheduler.type == 'mmirstd.TimeBudgetHook'
    prepare_distributed_config(cfg)
    assert len(cfg.custom_hooks) == 1
    add_vis_backends(cfg, ['tensorboard'])
    assert len(cfg.visualizer.vis_backends) == 1


def test_the_training_is_understood(cfg: Config) -> None:
    (loading,) = loading_only(dict(cfg.test_dataloader.dataset))
    assert [bare_type(step) for step in loading['pipeline']] == ['LoadInfraredImage', 'LoadTargetMask', 'PackSegInputs']
    cfg.custom_hooks = [dict(type=PatienceHook, monitor='IoU'), *cfg.custom_hooks]
    drop_early_stopping(cfg)
    assert [bare_type(hook) for hook in cfg.custom_hooks] == ['SyncBuffersHook']


def test_points_take_the_place_of_masks(cfg: Config) -> None:
    steps = point_pipeline(cfg.test_dataloader.dataset.pipeline)
    assert steps[1]['type'] == 'mmirstd.LoadPointLabels'


def test_another_schedule_is_taken(tmp_path: Path) -> None:
    head = 'from mmengine.optim import OptimWrapper\nfrom torch.optim import SGD, Adam\n'
    (tmp_path / 'c.py').write_text(
        f'{head}model = dict(backbone=dict())\ntrain_dataloader = dict(batch_size=2)\ncustom_hooks = [dict(type="A")]\n'
        'optim_wrapper = dict(type=OptimWrapper, optimizer=dict(type=Adam))\ntrain_cfg = dict(max_epochs=9)\n'
    )
    schedule = tmp_path / 's.py'
    schedule.write_text(
        f'{head}optim_wrapper = dict(type=OptimWrapper, optimizer=dict(type=SGD))\ntrain_cfg = dict(max_epochs=1)\n'
    )
    cfg = load_config(str(tmp_path / 'c.py'), schedule=str(schedule))
    assert bare_type(cfg.optim_wrapper.optimizer) == 'SGD'
    assert cfg.train_cfg.max_epochs == 1
    assert 'custom_hooks' not in cfg
    assert cfg.train_dataloader.batch_size == 2
    ours = load_config('configs/yolox/yolox-nano_cpu-b8-9e_drone-ir.py', schedule=str(schedule))
    assert "'torch.optim.SGD'" in ours.pretty_text
    with pytest.raises(ConfigError, match="cure: change the data sets in the config: mmengine's new style"):
        load_config(str(tmp_path / 'c.py'), data='nudt-sirst-663-664')


def test_the_network_is_taken_over_into_another_config(tmp_path: Path) -> None:
    (tmp_path / 'c.py').write_text(
        'from mmseg.models import EncoderDecoder\nfrom mmirstd.models.necks import L2SKNeck\n'
        'model = dict(type=EncoderDecoder, neck=dict(type=L2SKNeck, decoder="fpn"))\n'
    )
    base, text = network_of(tmp_path / 'c.py')
    assert base is None
    (tmp_path / 'own.py').write_text(text)
    neck = load_config(str(tmp_path / 'own.py')).model.neck
    assert neck == dict(type='mmirstd.models.necks.L2SKNeck', decoder='fpn')
    assert MODELS.get(neck.type).__name__ == 'L2SKNeck'


def test_suppression_of_boxes_survives_the_config_in_the_work_dir(tmp_path: Path) -> None:
    (tmp_path / 'c.py').write_text(
        'from mmcv.ops import nms\nmodel = dict(test_cfg=dict(rcnn=dict(nms=dict(type=nms, iou_threshold=0.5))))\n'
    )
    cfg = load_config(str(tmp_path / 'c.py'))
    assert callable(cfg.model.test_cfg.rcnn.nms.type)
    cfg.dump(str(tmp_path / 'dumped.py'))
    assert "'mmcv.ops.nms'" in (tmp_path / 'dumped.py').read_text()
    assert load_config(str(tmp_path / 'dumped.py')).model.test_cfg.rcnn.nms.type == 'nms'


@pytest.mark.parametrize(
    ('text', 'found'),
    [
        (f'{CHILD}_base_ = ["./base.py"]\n', '_base_ and read_base in one file'),
        (CHILD.replace('.base', '.named'), 'names'),
        (CHILD.replace('.base', 'mmirstd.configs._base_.models.acm'), 'read_base, which would import'),
        ('from mmirstd.evaluation.metrics import IRSTDMetric\n_base_ = ["./named.py"]\n', 'names'),
        ('_base_ = ["./base.py"]\n', 'names'),
    ],
)
def test_two_styles_in_one_config(text: str, found: str, path: str, tmp_path: Path) -> None:
    (tmp_path / 'named.py').write_text("_base_ = 'mmirstd::_base_/models/acm.py'\n")
    Path(path).write_text(text)
    with pytest.raises(
        ConfigError, match=rf'child.py: .*found {found}[\s\S]*expected one style[\s\S]*cure: .*Config.dump'
    ):
        load_config(path)


def test_a_config_of_ours_is_a_base_once_it_is_one_file(tmp_path: Path) -> None:
    ours = load_config('configs/yolox/yolox-nano_cpu-b8-9e_drone-ir.py')
    ours.dump(str(tmp_path / 'base.py'))
    (tmp_path / 'child.py').write_text(f'{CHILD}\nmodel.update(bbox_head=dict(num_classes=2))\n')
    cfg = load_config(str(tmp_path / 'child.py'))
    assert (cfg.model.bbox_head.pop('num_classes'), ours.model.bbox_head.pop('num_classes')) == (2, 1)
    assert cfg.to_dict() == ours.to_dict()


def test_a_variable_is_refused_and_the_entry_that_is_read_named(path: str) -> None:
    with pytest.raises(ConfigError, match=r'new style[\s\S]*test_dataloader.dataset.pipeline.2.divisor=VALUE'):
        load_config(path, {'divisor': 16})
    changed = load_config(path, {'test_dataloader.dataset.pipeline.2.divisor': 16})
    assert changed.test_dataloader.dataset.pipeline[2].divisor == 16
