from __future__ import annotations

import pytest
from mmengine.config import Config

from mmirstd.engine.config_files import load_config
from mmirstd.engine.holdout_options import expand_holdout_options, match_holdouts, replace_holdout_sizes
from mmirstd.utils.errors import ConfigError
from tests.shared import REPO

TRAIN, VAL = 'train_dataloader.dataset.holdout', 'val_dataloader.dataset.holdout'


def config(**val) -> Config:
    def loader(**holdout):
        return dict(dataset=dict(type='D', ann_file='a.txt', holdout=dict(holdout)))

    return Config(
        dict(
            train_dataloader=loader(num=34, seed=0, part='train'),
            val_dataloader=loader(**dict(dict(num=34, seed=0, part='val'), **val)),
            test_dataloader=dict(dataset=dict(type='D', ann_file='t.txt')),
        )
    )


def merged(options: dict) -> tuple[Config, list[str]]:
    cfg = config()
    options = expand_holdout_options(cfg, options)
    cfg.merge_from_dict(options)
    replace_holdout_sizes(cfg, options)
    notes = match_holdouts(cfg, options)
    return cfg, notes


def cuts(cfg: Config) -> list[dict]:
    return [dict(cfg[f'{part}_dataloader'].dataset.holdout) for part in ('train', 'val')]


def test_one_option_for_all_data_sets():
    cfg, notes = merged({'holdout.fraction': 0.2})
    assert cuts(cfg) == [dict(fraction=0.2, seed=0, part='train'), dict(fraction=0.2, seed=0, part='val')]
    assert 'holdout' not in cfg
    assert not notes


@pytest.mark.parametrize('place', [TRAIN, VAL])
def test_the_other_part_follows(place):
    cfg, notes = merged({f'{place}.fraction': 0.2})
    assert cuts(cfg) == [dict(fraction=0.2, seed=0, part='train'), dict(fraction=0.2, seed=0, part='val')]
    assert len(notes) == 1
    assert notes[0].startswith(VAL if place == TRAIN else TRAIN)


def test_num_replaces_fraction():
    cfg = Config(dict(train_dataloader=dict(dataset=dict(datasets=[dict(holdout=dict(fraction=0.1, part='train'))]))))
    options = expand_holdout_options(cfg, {'holdout.num': 5})
    cfg.merge_from_dict(options)
    replace_holdout_sizes(cfg, options)
    assert cfg.train_dataloader.dataset.datasets[0].holdout == dict(num=5, part='train')


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({f'{TRAIN}.num': 5, f'{TRAIN}.fraction': 0.1}, 'only one of num and fraction'),
        ({f'{TRAIN}.num': 5, f'{VAL}.num': 6}, 'num=5, seed=0 .* num=6, seed=0'),
        ({'holdout.share': 5}, 'expected one of holdout.num, holdout.fraction, holdout.seed'),
    ],
)
def test_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        merged(options)


def test_parts_of_a_config_must_agree():
    with pytest.raises(ConfigError, match='num=34, seed=0 and .*num=34, seed=1 of the same list'):
        match_holdouts(config(seed=1), {})
    cfg = config()
    del cfg.val_dataloader.dataset.holdout['seed']  # 0 is the default
    assert match_holdouts(cfg, {}) == []
    assert match_holdouts(config(part='train', num=3), {}) == []
    with pytest.raises(ConfigError, match='holds anything out'):
        expand_holdout_options(Config(dict()), {'holdout.num': 5})


def test_a_config_of_ours():
    path = str(REPO / 'configs/_base_/datasets/nuaa-sirst-341-86.py')
    assert cuts(load_config(path, {'holdout.fraction': 0.2})) == [
        dict(fraction=0.2, seed=0, part='train'),
        dict(fraction=0.2, seed=0, part='val'),
    ]
    cfg = load_config(path, {TRAIN: None})
    assert cfg.train_dataloader.dataset.holdout is None
    assert cfg.val_dataloader.dataset.holdout.num == 34


@pytest.mark.parametrize(
    ('options', 'train', 'val'),
    [
        ({'holdout.num': 10}, dict(num=10), dict(num=10)),
        ({'holdout.fraction': 0.3}, dict(fraction=0.3), dict(fraction=0.3)),
        # what is said of one data set leads
        ({'holdout.num': 10, f'{TRAIN}.fraction': 0.2}, dict(fraction=0.2), dict(fraction=0.2)),
    ],
)
def test_a_config_with_a_variable_for_all_data_sets(options: dict, train: dict, val: dict):
    cfg = load_config(str(REPO / 'configs/feedbacksts/feedbacksts_b6-20e_nudt-mirsdt-masks.py'), options)
    assert cuts(cfg) == [dict(train, seed=0, part='train'), dict(val, seed=0, part='val')]
