from __future__ import annotations

import pytest
from mmengine.config import Config

from mmirstd.datasets.data_root import apply_data_root
from tests.shared import REPO

CONFIGS = sorted(
    path for path in (REPO / 'configs' / '_base_' / 'datasets').glob('*.py') if not path.stem.endswith('_pipelines')
)
IRSTD_1K = next(path for path in CONFIGS if path.stem.startswith('irstd-1k'))
SPLITS = ('train', 'val', 'test')


def load(path, **options):
    cfg = Config.fromfile(str(path), import_custom_modules=False)
    cfg.merge_from_dict(options)
    return cfg


def data_sets(dataset):
    """The members of a concatenation, without what repeats them."""
    return [part.get('dataset', part) for part in dataset.get('datasets', [dataset])]


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_one_option_moves_all_splits_of_every_protocol(path):
    cfg = load(path, data_root='../elsewhere/X/')
    parts = [part for split in SPLITS for part in data_sets(cfg[f'{split}_dataloader'].dataset)]
    assert len(apply_data_root(cfg)) == len(parts) >= 3
    if len(parts) == 3:
        assert {part.data_root for part in parts} == {'../elsewhere/X'}
    else:  # several data sets below one root
        assert all(part.data_root.startswith('../elsewhere/X/') for part in parts)


def test_nothing_changes_without_the_option():
    cfg = load(IRSTD_1K)
    before = cfg.to_dict()
    assert apply_data_root(cfg) == []
    assert cfg.to_dict() == before


def test_an_explicit_root_of_one_split_is_respected():
    cfg = load(IRSTD_1K, data_root='new', **{'test_dataloader.dataset.data_root': 'mine'})
    assert apply_data_root(cfg) == ['train_dataloader.dataset.data_root', 'val_dataloader.dataset.data_root']
    assert cfg.test_dataloader.dataset.data_root == 'mine'


def test_twice_is_once():
    cfg = load(IRSTD_1K, data_root='data/IRSTD-1K/copy')
    apply_data_root(cfg)
    assert apply_data_root(cfg) == []
    assert cfg.val_dataloader.dataset.data_root == 'data/IRSTD-1K/copy'


WRAPPED = """
data_root = 'data'
A = dict(type='mmirstd.SIRSTDataset', data_root=data_root + '/A')
B = dict(type='mmirstd.SIRSTDataset', data_root=data_root + '/B')
far = dict(type='mmirstd.SIRSTDataset', data_root='/mnt/far')
train_dataloader = dict(dataset=dict(type='RepeatDataset', times=2, dataset=dict(
    type='ConcatDataset', datasets=[A, B, far])))
val_dataloader = dict(dataset=B)
val_evaluator = dict(type='CocoMetric', ann_file=data_root + '/B/instances_test2017.json')
model = dict(name='data/A')
"""


def test_wrapped_data_sets_with_distinct_roots(tmp_path):
    (tmp_path / 'wrapped.py').write_text(WRAPPED)
    cfg = load(tmp_path / 'wrapped.py', data_root='/new')
    changed = apply_data_root(cfg)
    roots = [d.data_root for d in cfg.train_dataloader.dataset.dataset.datasets]
    assert roots == ['/new/A', '/new/B', '/mnt/far']
    assert cfg.val_dataloader.dataset.data_root == '/new/B'
    assert cfg.val_evaluator.ann_file == '/new/B/instances_test2017.json'
    assert cfg.model.name == 'data/A'
    assert changed[0] == 'train_dataloader.dataset.dataset.datasets.0.data_root'


def test_a_name_that_only_begins_alike_stays(tmp_path):
    (tmp_path / 'c.py').write_text(
        "data_root = 'data/N'\n"
        'train_dataloader = dict(dataset=dict(data_root=data_root))\n'
        "val_dataloader = dict(dataset=dict(data_root='data/N2'))\n"
    )
    cfg = load(tmp_path / 'c.py', data_root='x')
    assert apply_data_root(cfg) == ['train_dataloader.dataset.data_root']
    assert cfg.val_dataloader.dataset.data_root == 'data/N2'


def test_a_config_without_data_root(tmp_path):
    dataset = "_dataloader = dict(dataset=dict(type='mmirstd.SIRSTDataset', data_root='{}'))\n"
    path = tmp_path / 'c.py'
    path.write_text('train' + dataset.format('a') + 'val' + dataset.format('a'))
    cfg = load(path, data_root='x')
    assert len(apply_data_root(cfg)) == 2
    path.write_text('train' + dataset.format('a') + 'val' + dataset.format('b'))
    with pytest.raises(ValueError, match=r"roots \['a', 'b'\]; set train_dataloader"):
        apply_data_root(load(path, data_root='x'))


def test_an_option_that_moves_nothing_is_an_error(tmp_path):
    path = tmp_path / 'c.py'
    path.write_text("data_root = 'data/A'\ntrain_dataloader = dict(dataset=dict(data_root='data/B'))\n")
    with pytest.raises(ValueError, match="moves nothing: no data set lies below 'data/A'.*data/B"):
        apply_data_root(load(path, data_root='x'))
