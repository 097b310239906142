from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmirstd.engine.config_files import load_config
from mmirstd.engine.hooks import NormalizationHook
from mmirstd.engine.loading_options import loading_steps
from mmirstd.engine.normalization import (
    choose_for_inference,
    follow_training,
    is_asked_for,
    normalization,
    trained_normalizations,
    training_normalizations,
)
from tests.shared import REPO

NUAA = str(REPO / 'configs/ggl_net/ggl-net-tiny_pretrained-b8-70e_nuaa-sirst-341-86.py')


def checkpoint(folder, *steps: dict, wide: bool = False) -> str:
    """A file as the hook makes it of a run with these loading steps."""
    cfg = Config(
        dict(
            train_dataloader=dict(
                dataset=dict(
                    datasets=[dict(pipeline=[dict(type='mmirstd.LoadInfraredImage', **step)]) for step in steps]
                )
            )
        )
    )
    saved = dict(state_dict={})
    hook = NormalizationHook()
    hook._wide = wide
    hook.before_save_checkpoint(SimpleNamespace(cfg=cfg), saved)
    torch.save(saved, folder / 'a.pth')
    return str(folder / 'a.pth')


def test_what_has_no_effect_makes_no_difference():
    fixed = normalization({})
    assert fixed == dict(normalize='fixed', bit_depth=None, max_value=None, percentiles=[0.5, 99.5])
    assert normalization(dict(percentiles=(1, 99), nonfinite='median', invert=True)) == fixed
    assert normalization(dict(normalize='minmax', bit_depth=14, max_value=3)) == dict(fixed, normalize='minmax')
    assert normalization(dict(bit_depth=14, max_value=3)) == dict(fixed, max_value=3)
    assert normalization(dict(normalize='percentile', percentiles=(1, 99)))['percentiles'] == [1.0, 99.0]


def test_the_checkpoint_keeps_the_distinct_ones(tmp_path):
    path = checkpoint(tmp_path, {}, dict(bit_depth=14), {})
    assert trained_normalizations(path) == [normalization({}), normalization(dict(bit_depth=14))]
    torch.save(dict(state_dict={}), tmp_path / 'old.pth')
    assert trained_normalizations(str(tmp_path / 'old.pth')) == []


def test_a_checkpoint_of_an_earlier_version_is_read_and_followed(tmp_path):
    """Its meta data have the option's old name, as its configs had."""
    old = dict(normalise='minmax', bit_depth=None, max_value=None, percentiles=[0.5, 99.5])
    torch.save(dict(state_dict={}, meta=dict(normalization=[old])), tmp_path / 'old.pth')
    assert trained_normalizations(str(tmp_path / 'old.pth')) == [normalization(dict(normalize='minmax'))]
    for step in ({}, dict(normalize='fixed'), dict(normalise='fixed')):
        text = follow_training([step], str(tmp_path / 'old.pth'), asked=False)
        assert text == (
            'the images are read with normalize=minmax, as the checkpoint was trained; the config says bit_depth=None'
        )
        assert normalization(step)['normalize'] == 'minmax'
        assert 'normalise' not in step
    step = dict(normalise='minmax')
    assert follow_training([step], str(tmp_path / 'old.pth'), asked=False) is None
    assert trained_normalizations(checkpoint(tmp_path, dict(normalise='minmax'))) == [
        normalization(dict(normalize='minmax'))
    ]


def test_a_released_config_has_the_plain_one():
    assert training_normalizations(load_config(NUAA)) == [normalization({})]


@pytest.mark.parametrize('step', [{}, dict(bit_depth=14), dict(bit_depth=12)])
def test_a_checkpoint_without_a_depth_goes_with_any(tmp_path, step):
    used = dict(step)
    assert follow_training([used], checkpoint(tmp_path, {}), asked=False) is None
    assert used == step


def test_the_checkpoint_is_followed_and_that_is_said(tmp_path):
    step = {}
    text = follow_training([step], checkpoint(tmp_path, dict(bit_depth=14)), asked=False)
    assert step['bit_depth'] == 14
    assert text == (
        'the images are read with bit_depth=14, as the checkpoint was trained; the config says bit_depth=None'
    )
    step = dict(bit_depth=14)
    follow_training([step], checkpoint(tmp_path, dict(normalize='percentile', percentiles=(1, 99))), asked=False)
    assert normalization(step) == normalization(dict(normalize='percentile', percentiles=(1, 99)))


def test_what_was_asked_for_stays_and_the_difference_is_said(tmp_path):
    step = dict(bit_depth=12)
    text = follow_training([step], checkpoint(tmp_path, dict(bit_depth=14)), asked=True)
    assert step == dict(bit_depth=12)
    assert text == (
        'the checkpoint was trained with bit_depth=14; the images are now read with bit_depth=12, as asked for'
    )


def test_of_several_none_is_chosen(tmp_path):
    path = checkpoint(tmp_path, {}, dict(bit_depth=14))
    assert follow_training([dict(bit_depth=14)], path, asked=False) is None
    step = dict(normalize='minmax')
    assert 'trained with bit_depth=None; or bit_depth=14' in follow_training([step], path, asked=False)
    assert step == dict(normalize='minmax')


def test_no_file_no_word():
    assert follow_training([{}], 'https://host/a.pth', asked=False) is None


@pytest.mark.parametrize(
    ('options', 'asked'),
    [
        ({}, False),
        (dict(nonfinite='median'), False),
        (dict(bit_depth=14), True),
        ({'test_dataloader.dataset.pipeline.0.bit_depth': 14}, True),
        ({'train_dataloader.dataset.pipeline.0.bit_depth': 14}, False),
    ],
)
def test_what_the_command_line_asks_for(options, asked):
    cfg = load_config(NUAA, options)
    assert is_asked_for(cfg) is asked
    assert list(loading_steps(cfg.test_dataloader))


@pytest.mark.parametrize(
    ('trained', 'options', 'way'),
    [
        (None, {}, 'auto'),
        ([{}], {}, 'auto'),
        ([{}], dict(nonfinite='median', invert=True), 'auto'),
        ([{}], dict(bit_depth=14), 'fixed'),
        ([{}], dict(max_value=3.0), 'fixed'),
        ([{}], dict(normalize='fixed'), 'fixed'),
        ([dict(bit_depth=14)], {}, 'fixed'),
        ([dict(normalize='minmax')], {}, 'minmax'),
        ([{}, dict(bit_depth=14)], {}, 'auto'),
        ([dict(bit_depth=12), dict(bit_depth=14)], {}, 'fixed'),
    ],
)
def test_raw_files_are_stretched_where_neither_user_nor_training_says_otherwise(tmp_path, trained, options, way):
    path = None if trained is None else checkpoint(tmp_path, *trained)
    step = dict(type='mmirstd.LoadInfraredImage')
    choose_for_inference(step, path, options, None)
    assert step.get('normalize', 'fixed') == way
    assert options.items() <= step.items()


def test_a_config_that_was_asked_for_a_depth_keeps_it(tmp_path):
    step = dict(bit_depth=14)
    choose_for_inference(step, None, {}, load_config(NUAA, dict(bit_depth=14)))
    assert step == dict(bit_depth=14)


def test_a_network_of_16_bit_images_is_read_as_it_was_trained(tmp_path):
    path = checkpoint(tmp_path, {}, wide=True)
    assert trained_normalizations(path) == [normalization(dict(bit_depth=16))]
    step = {}
    assert choose_for_inference(step, path, {}, None) is None
    assert normalization(step) == normalization({})
    assert follow_training([{}], path, asked=False) is None  # nothing to tell in a test
    # what the training itself says stays
    assert trained_normalizations(checkpoint(tmp_path, dict(bit_depth=12), wide=True)) == [
        normalization(dict(bit_depth=12))
    ]


@pytest.mark.parametrize('kind', ['uint8', 'uint16'])
def test_the_hook_looks_at_the_training_images(tmp_path, kind):
    paths = [str(tmp_path / f'{number}.png') for number in range(2)]
    for path in paths:
        cv2.imwrite(path, np.full((4, 5), 200, kind))

    class Data:
        def __len__(self) -> int:
            return len(paths)

        def get_data_info(self, index: int) -> dict:
            return dict(img_path=paths[index])

    hook = NormalizationHook()
    hook.before_train(SimpleNamespace(train_dataloader=SimpleNamespace(dataset=Data())))
    assert hook._wide is (kind == 'uint16')
