"""The named protocols: sizes, disjoint splits, and every pair of the sample loads through its pipeline."""

from __future__ import annotations

import pytest
from mmengine.config import Config

import mmirstd.registry  # noqa: F401
from mmirstd.datasets import apply_data_root
from mmirstd.registry import DATASETS
from tests.shared import REPO, SHARED, needs_shared

from .helpers import make_root

FOLDER = REPO / 'configs' / '_base_' / 'datasets'
REAL = {
    'nuaa-sirst-341-86': ('NUAA-SIRST', (307, 34, 86)),
    'nuaa-sirst-224-96': ('NUAA-SIRST', (202, 22, 96)),
    'nuaa-sirst-213-214': ('NUAA-SIRST', (192, 21, 214)),
    'nudt-sirst-663-664': ('NUDT-SIRST', (597, 66, 664)),
}
SPLIT_FILES = {
    'irstd-1k-800-201': ('img_idx/train_IRSTD-1K.txt', 'img_idx/test_IRSTD-1K.txt'),
    'sirst-aug': ('img_idx/train_SIRST-Aug.txt', 'img_idx/test_SIRST-Aug.txt'),
    'sirst3': ('img_idx/train_SIRST3.txt', 'img_idx/test_SIRST3.txt'),
}


def build(name: str, root, **options) -> dict:
    """The three data sets of a protocol."""
    cfg = Config.fromfile(str(FOLDER / f'{name}.py'))
    cfg.merge_from_dict(dict(data_root=str(root), default_scope='mmseg', **options))
    apply_data_root(cfg)
    from mmengine.registry import init_default_scope

    init_default_scope('mmseg')
    return {split: DATASETS.build(cfg[f'{split}_dataloader'].dataset) for split in ('train', 'val', 'test')}


def sample_ids(dataset) -> set[str]:
    return {dataset.get_data_info(i)['sample_id'] for i in range(len(dataset))}


@needs_shared
@pytest.mark.parametrize('name', REAL)
def test_real_protocols(name):
    folder, sizes = REAL[name]
    splits = build(name, SHARED / 'data' / folder)
    assert tuple(len(splits[s]) for s in ('train', 'val', 'test')) == sizes
    train, val, test = (sample_ids(splits[s]) for s in ('train', 'val', 'test'))
    assert not train & val
    assert not (train | val) & test
    assert ('Misc_111' in test) == (folder == 'NUAA-SIRST')
    for index in range(0, sizes[0], 60):
        sample = splits['train'][index]
        assert sample['inputs'].shape == (1, 256, 256)
        assert sample['data_samples'].gt_sem_seg.shape == (256, 256)
    for index in range(0, sizes[2], 30):
        sample = splits['test'][index]
        meta = sample['data_samples'].metainfo
        left, right, top, bottom = meta['padding_size']
        height, width = sample['inputs'].shape[1:]
        assert (height % 32, width % 32) == (0, 0)
        assert (height - top - bottom, width - left - right) == meta['ori_shape']
        assert sample['data_samples'].gt_sem_seg.shape == meta['ori_shape']


@needs_shared
def test_training_on_all_341():
    splits = build('nuaa-sirst-341-86', SHARED / 'data' / 'NUAA-SIRST', **{'train_dataloader.dataset.holdout': None})
    assert len(splits['train']) == 341
    assert not sample_ids(splits['train']) & sample_ids(splits['test'])


@pytest.mark.parametrize('name', SPLIT_FILES)
def test_other_protocols_on_stand_ins(tmp_path, name):
    train, test = SPLIT_FILES[name]
    ids = [f'XDU{i}' for i in range(120)]
    make_root(tmp_path, ids[:100], split=train)
    make_root(tmp_path, ids[:3], split=test)  # which IDs does not matter here
    splits = build(name, tmp_path)
    held = 80 if name == 'irstd-1k-800-201' else 10
    assert [len(splits[s]) for s in ('train', 'val', 'test')] == [100 - held, held, 3]
    assert splits['train'][0]['inputs'].shape == (1, 256, 256)


def test_as_the_authors_ship_nuaa_sirst(tmp_path):
    make_root(tmp_path, [f'Misc_{i}' for i in range(40)], mask_stem='_pixels0', split='idx_427/trainval.txt')
    make_root(tmp_path, ['Misc_50', 'Misc_51'], mask_stem='_pixels0', split='idx_427/test.txt')
    splits = build('nuaa-sirst-341-86', tmp_path)
    assert [len(splits[s]) for s in ('train', 'val', 'test')] == [6, 34, 2]


def test_synthetic_reads_14_bit_codes(tmp_path):
    cfg = Config.fromfile(str(FOLDER / 'synthetic.py'))
    for split in ('train', 'val', 'test'):
        pipeline = cfg[f'{split}_dataloader'].dataset.pipeline
        assert pipeline[0] == dict(type='mmirstd.LoadInfraredImage', bit_depth=14)
        assert pipeline[1].type == 'mmirstd.LoadTargetMask'
        assert cfg[f'{split}_dataloader'].dataset.ann_file == f'img_idx/{split}_SYNTHETIC.txt'
