"""``align`` at the top of a config of clips."""

from __future__ import annotations

from pathlib import Path

import pytest
from mmengine.registry import init_default_scope

from mmirstd.datasets.synthetic import DatasetConfig, SceneConfig, SequenceConfig, write_dataset
from mmirstd.engine.alignment_option import apply_alignment
from mmirstd.engine.config_files import load_config
from mmirstd.registry import DATASETS
from mmirstd.utils.config_parts import bare_type
from mmirstd.utils.errors import ConfigError
from tests.test_configs.configs import CLIP_MASKS, MOVING, SINGLE_FRAME, relative

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def leaf(dataset: dict) -> dict:
    """The data set inside of wrappers."""
    return leaf(dataset['dataset']) if 'dataset' in dataset else dataset


@pytest.mark.parametrize('name', [name for name in (*MOVING, *CLIP_MASKS) if not name.startswith('yolox')])
def test_every_config_of_clips(name: str) -> None:
    path = {**MOVING, **CLIP_MASKS}[name]
    cfg = load_config(relative(path), {'align': dict(motion='homography')})
    for loader in LOADERS:
        dataset = leaf(cfg[loader].dataset)
        names = [bare_type(step) for step in dataset.pipeline]
        place = names.index('AlignClip')
        assert dataset.pipeline[place].motion == 'homography'
        assert set(names[:place]) <= {'LoadClip', 'LoadClipMasks', 'LoadAnnotations'}
        assert not {'LoadClipMasks', 'LoadAnnotations'} & set(names[place:])
        assert not dataset.get('streaming')
        assert dataset.get('window_step') is None
        assert loader == 'train_dataloader' or dataset.get('num_frames', 5) == cfg.model.get('num_frames', 5)
    assert cfg.model.test_cfg.get('frames', 'key') == 'key'


def test_forms_of_the_value() -> None:
    path = relative(MOVING['sstnet_b4-20e_daub'])
    for value, options in (
        (True, {}),
        ('features', dict(method='features')),
        (dict(border='edge'), dict(border='edge')),
    ):
        cfg = load_config(path, {'align': value})
        step = cfg.test_dataloader.dataset.pipeline[2]
        assert {key: entry for key, entry in step.items() if key != 'type'} == options
    again = load_config(path, {'align': True})
    apply_alignment(again)
    assert [bare_type(step) for step in again.test_dataloader.dataset.pipeline].count('AlignClip') == 1


def test_errors() -> None:
    for path, value, message in (
        (relative(MOVING['yolox_b4-20e_daub']), True, 'the network sees one frame'),
        (relative(MOVING['sstnet_b4-20e_daub']), 3, 'expected True, a method'),
        (relative(next(iter(SINGLE_FRAME.values()))), True, 'the network sees one frame'),
    ):
        with pytest.raises(ConfigError, match=message):
            load_config(path, {'align': value})


@pytest.fixture(scope='module')
def sequences(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generated sequences of a camera that drifts 4 pixels a frame."""
    root = tmp_path_factory.mktemp('sequences')
    scene = SceneConfig(size=(64, 64), backgrounds={'ground': 1})
    config = SequenceConfig(scene=scene, num_frames=4, drift=(4.0, 4.0))
    write_dataset(root, DatasetConfig('sequences', 1, 1, 1, config=config))
    return root


@pytest.mark.parametrize(
    ('name', 'scope'),
    [('yolo-bp-giou-nano_cpu-b4-12e_synthetic-sequences', 'mmdet'), ('resunet-dtum_b1-20e_nudt-mirsdt-masks', 'mmseg')],
)
def test_samples_of_detectors_and_segmentors(name: str, scope: str, sequences: Path) -> None:
    """Background that moved by pixels stands still in the clips that the networks see."""
    init_default_scope(scope)
    data = None if scope == 'mmdet' else 'synthetic-sequences-masks'
    differences = []
    for align in (False, True):
        options = {'align': align, 'data_root': str(sequences)}
        cfg = load_config(relative({**MOVING, **CLIP_MASKS}[name]), options, data)
        for loader in ('train_dataloader', 'test_dataloader'):
            dataset = DATASETS.build(leaf(cfg[loader].dataset))
            sample = dataset[len(dataset) - 1]
            assert sample['data_samples'].metainfo.get('aligned', False) is align
            inputs = sample['inputs']
            if align:
                assert len(inputs) == 5
            if loader == 'train_dataloader':
                differences.append(float((inputs[-2] - inputs[-1]).abs().mean()))
    plain, aligned = differences
    assert aligned < 0.7 * plain
