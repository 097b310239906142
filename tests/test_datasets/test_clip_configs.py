"""configs/_base_/datasets of moving targets, on tiny data sets."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmengine.structures import InstanceData

from mmirstd.datasets import apply_data_root
from mmirstd.datasets.synthetic import DatasetConfig, SceneConfig, SequenceConfig, write_dataset
from mmirstd.registry import DATASETS, METRICS, MODELS

from ..shared import REPO
from .clip_helpers import coco_root, frame
from .helpers import write

CONFIGS = ('daub', 'irdst', 'itsdt-15k', 'nudt-mirsdt', 'drone-ir', 'synthetic-sequences')


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmdet')


def make(name: str, root) -> None:
    if name == 'synthetic-sequences':
        config = SequenceConfig(scene=SceneConfig(size=(64, 64)), num_frames=6)
        write_dataset(root, DatasetConfig('sequences', 1, 1, 1, config=config))
        return
    if name == 'nudt-mirsdt':
        for part, count in (('train', 7), ('test', 2)):
            sequences = [f'{part}{k}' for k in range(count)]
            for sequence in sequences:
                for number in range(1, 5):
                    mask = np.zeros((32, 64), np.uint8)
                    mask[2:5, number : number + 4] = 255
                    write(root / f'{sequence}/images/{number:05d}.png', frame(number, 32, 64))
                    write(root / f'{sequence}/masks/{number:05d}.png', mask)
            (root / f'{part}.txt').write_text(
                '\n'.join(f'{sequence}/Mix/{number:05d}.mat' for sequence in sequences for number in range(1, 5))
            )
        return
    for part in ('train', 'val', 'test'):
        sequences = {f'{part}{k}': range(4) for k in range(7 if part == 'train' else 2)}
        coco_root(root, sequences, size=(32, 64), name=f'instances_{part}2017.json')


def load(name: str, root) -> Config:
    config = Config.fromfile(str(REPO / f'configs/_base_/datasets/{name}.py'))
    config.merge_from_dict(dict(data_root=str(root)))
    apply_data_root(config)
    return config


@pytest.mark.parametrize('name', CONFIGS)
def test_one_option_moves_all_splits_and_a_batch_comes_out(name, tmp_path):
    make(name, tmp_path)
    config = load(name, tmp_path)
    videos = {}
    for part in ('train', 'val', 'test'):
        loader = config[f'{part}_dataloader']
        assert loader.dataset.data_root == str(tmp_path)
        dataset = DATASETS.build(dict(loader.dataset))
        videos[part] = {
            path.rsplit('/', 1)[0] for k in range(len(dataset)) for path in dataset.get_data_info(k)['img_paths']
        }
        loader.update(num_workers=0, persistent_workers=False, batch_size=2, dataset=dataset)
        batch = next(iter(Runner.build_dataloader(loader)))
        inputs = MODELS.build(dict(type='mmirstd.ClipDataPreprocessor'))(batch)['inputs']
        side = {'drone-ir': (32, 64), 'synthetic-sequences': (64, 64)}.get(name, (512, 512))
        assert inputs.shape == (2, 5, 1, *side)
        assert 0 <= float(inputs.min()) < float(inputs.max()) <= 1
    # the test split is never trained on, and validation is held out of training by sequence
    assert not videos['train'] & videos['test']
    assert not videos['train'] & videos['val']
    assert not videos['val'] & videos['test']


@pytest.mark.parametrize('name', ['drone-ir', 'daub', 'nudt-mirsdt'])
def test_the_single_frame_form_is_three_lines(name, tmp_path):
    make(name, tmp_path)
    config = load(name, tmp_path)
    dataset = dict(config.train_dataloader.dataset, num_frames=1, pipeline=config.single_frame_train_pipeline)
    sample = DATASETS.build(dataset)[0]
    assert sample['inputs'].shape == ((1, 32, 64) if name == 'drone-ir' else (1, 512, 512))
    first = float(name == 'nudt-mirsdt')  # its frames count from 1
    assert sample['data_samples'].instances[0]['bbox'] == [first, 2.0, first + 4, 5.0]


@pytest.mark.parametrize('name', ['daub', 'nudt-mirsdt'])
def test_the_metric_takes_what_the_pipeline_packs(name, tmp_path):
    """From the files to the numbers, through the letterbox and back, for a detector that knows the truth."""
    make(name, tmp_path)
    config = load(name, tmp_path)
    dataset = DATASETS.build(dict(config.test_dataloader.dataset))
    metric = METRICS.build(dict(config.test_evaluator))
    for index in range(len(dataset)):
        sample = dataset[index]['data_samples']
        assert sample.scale_factor == (8.0, 8.0)
        found = sample.gt_instances.bboxes.tensor / 8
        sample.pred_instances = InstanceData(
            bboxes=found, scores=torch.full((len(found),), 0.9), labels=torch.zeros(len(found), dtype=torch.long)
        )
        metric.process(None, [sample.to_dict()])
    measures = metric.evaluate(len(dataset))
    for measure in ('mAP50', 'precision', 'recall', 'F1', 'Pd', 'sstnet/mAP50'):
        assert measures[measure] == pytest.approx(1), measure
    folder = '' if name == 'nudt-mirsdt' else 'images/test/'
    assert set(metric.last_tables['sequences']) == {f'{folder}test0', f'{folder}test1'}


def test_scr_table_of_synthetic_sequences(tmp_path):
    make('synthetic-sequences', tmp_path)
    config = load('synthetic-sequences', tmp_path)
    dataset = DATASETS.build(dict(config.test_dataloader.dataset))
    metric = METRICS.build(dict(config.test_evaluator))
    for index in range(len(dataset)):
        sample = dataset[index]['data_samples']
        boxes = sample.gt_instances.bboxes.tensor
        strong = torch.tensor([i['scr'] >= 6 for i in sample.instances], dtype=torch.bool)
        sample.pred_instances = InstanceData(
            bboxes=boxes[strong],
            scores=torch.ones(int(strong.sum())),
            labels=torch.zeros(int(strong.sum()), dtype=torch.long),
        )
        metric.process(None, [sample.to_dict()])
    measures = metric.evaluate(len(dataset))
    rows = metric.last_tables['scr']
    assert sum(row['targets'] for row in rows) == sum(
        len(json_image) for json_image in annotations(tmp_path / 'instances_test2017.json').values()
    )
    for row in rows:
        if row['targets']:
            assert row['Pd'] == (1 if row['low'] >= 6 else 0)
    assert any(np.isfinite(value) for key, value in measures.items() if key.startswith('Pd_scr/'))


def annotations(path) -> dict[int, list]:
    groups: dict[int, list] = {}
    for annotation in json.loads(path.read_text())['annotations']:
        groups.setdefault(annotation['image_id'], []).append(annotation)
    return groups
