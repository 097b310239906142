from __future__ import annotations

import numpy as np
import pytest
from mmengine.config import Config

from mmirstd.engine.config_files import load_config
from mmirstd.engine.loading_options import apply_loading_options, loading_steps
from mmirstd.utils import renamed
from mmirstd.utils.errors import ConfigError
from tests.shared import REPO
from tests.test_datasets.helpers import make_root, scene, write

NUAA = str(REPO / 'configs/ggl_net/ggl-net-tiny_pretrained-b8-70e_nuaa-sirst-341-86.py')
MIXED = str(REPO / 'configs/_base_/datasets/nuaa-nudt-synthetic.py')
CLIPS = str(REPO / 'configs/_base_/datasets/nudt-mirsdt.py')


@pytest.mark.parametrize('path', [NUAA, MIXED, CLIPS])
def test_one_option_reaches_every_pipeline(path):
    cfg = load_config(path, dict(bit_depth=12, nonfinite='median'))
    for part in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        steps = list(loading_steps(part))
        assert steps
        assert {(step['bit_depth'], step['nonfinite']) for step in steps} == {(12, 'median')}
        assert not any('max_value' in step for step in steps)


def test_the_mask_rule_reaches_every_data_set():
    cfg = load_config(MIXED, dict(mask_rule=[1, 2]))
    inner = [part.get('dataset', part) for part in cfg.train_dataloader.dataset.datasets]
    assert [part['mask_rule'] for part in inner] == [[1, 2]] * 3
    assert load_config(CLIPS, dict(mask_rule='zero')).train_dataloader.dataset.mask_rule == 'zero'


def test_without_the_option_nothing_changes():
    before = Config.fromfile(MIXED)
    apply_loading_options(before)
    assert before.train_dataloader == Config.fromfile(MIXED).train_dataloader


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What users are told of old names."""
    lines: list[str] = []
    monkeypatch.setattr(renamed, '_said', set())
    monkeypatch.setattr('mmengine.logging.print_log', lambda text, **_: lines.append(text))
    return lines


@pytest.mark.parametrize(
    'option',
    ['normalise', 'train_dataloader.dataset.pipeline.0.normalise', 'test_dataloader.dataset.pipeline.0.normalise'],
)
def test_options_of_the_command_line_under_their_old_names(said, option):
    cfg = load_config(NUAA, {option: 'minmax'})
    part = cfg._cfg_dict if option == 'normalise' else cfg[option.split('.')[0]]
    assert {step['normalize'] for step in loading_steps(part)} == {'minmax'}
    assert not any('normalise' in step for step in loading_steps(cfg._cfg_dict))
    assert said == [f'{NUAA}: normalise is accepted; its name is normalize now']


def test_a_config_with_old_names_on_top_of_new_ones(tmp_path, said):
    (tmp_path / 'base.py').write_text("load = dict(type='mmirstd.LoadInfraredImage', normalize='fixed')\n")
    (tmp_path / 'own.py').write_text(
        "_base_ = ['base.py']\nload = dict(normalise='percentile')\n"
        "clip = dict(type='mmirstd.LoadClip', normalise='minmax')\n"
        'test_dataloader = dict(dataset=dict(pipeline=[{{_base_.load}}, clip]))\n'
    )
    cfg = load_config(str(tmp_path / 'own.py'))
    assert cfg.load == dict(type='mmirstd.LoadInfraredImage', normalize='percentile')
    assert cfg.test_dataloader.dataset.pipeline[1] == dict(type='mmirstd.LoadClip', normalize='minmax')
    assert said == [f'{tmp_path / "own.py"}: normalise is accepted; its name is normalize now']


def test_an_option_that_nothing_takes_is_refused():
    with pytest.raises(ConfigError, match='mask_rule=2: the config has no SIRSTDataset or MaskClipDataset'):
        apply_loading_options(Config(dict(mask_rule=2, train_dataloader=dict(dataset=dict(type='Other')))))


def write_codes(folder, largest: int) -> None:
    for seed, path in enumerate(sorted((folder / 'images').iterdir())):
        write(path, (scene(seed)[0].astype(np.float64) / 255 * largest).astype(np.uint16))


@pytest.mark.parametrize(('largest', 'depth'), [(4095, 12), (65535, None)])
def test_auto_looks_at_the_training_images(tmp_path, largest, depth):
    root = make_root(tmp_path, ['a', 'b'])
    write_codes(root, largest)
    cfg = load_config(
        NUAA, {'data_root': str(root), 'bit_depth': 'auto', 'train_dataloader.dataset.ann_file': 'img_idx/train.txt'}
    )
    assert cfg.bit_depth == depth
    assert {step['bit_depth'] for step in loading_steps(cfg._cfg_dict)} == {depth}


def test_auto_takes_the_test_images_where_there_are_no_others(tmp_path):
    root = make_root(tmp_path, ['a'], split='img_idx/idx427_test.txt')
    write_codes(root, 16383)
    assert load_config(NUAA, dict(data_root=str(root), bit_depth='auto')).bit_depth == 14
