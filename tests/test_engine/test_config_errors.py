from __future__ import annotations

import pytest
from mmengine.optim import build_optim_wrapper
from mmengine.registry import HOOKS as ROOT_HOOKS
from mmengine.registry import MODELS as ROOT_MODELS
from torch import nn

import mmirstd.registry as ours
from mmirstd.engine.config_errors import explain_config_errors, registered_names
from mmirstd.utils.errors import ConfigError, UserError
from mmirstd.utils.near_matches import near_matches


def test_near_matches_ignore_case_and_scope():
    names = ['mmseg.UNet', 'mmirstd.GGLEncoder', 'mmdet.FPN', 'mmseg.FPN']
    assert near_matches('GGLencodr', names) == ['mmirstd.GGLEncoder']
    assert near_matches('mmirstd.FPN', names)[:2] == ['mmdet.FPN', 'mmseg.FPN']
    assert near_matches('Zebra', names) == []


def test_every_scope_is_searched():
    names = registered_names(ours.MODELS)
    assert 'GGLEncoder' in names['mmirstd']
    assert {'mmengine', 'mmirstd'} <= set(names)


def test_misspelled_type():
    with pytest.raises(ConfigError) as error, explain_config_errors('my.py'):
        ours.MODELS.build(dict(type='mmirstd.GGLEncodr', base_channels=8))
    message = str(error.value)
    assert message.startswith("my.py: type='mmirstd.GGLEncodr' is not a known model.")
    assert 'did you mean: mmirstd.GGLEncoder' in message
    assert 'base_channels' in message
    assert 'mmirstd (' in message


def test_type_that_resembles_nothing():
    with pytest.raises(ConfigError, match='nothing with a similar name'), explain_config_errors('my.py'):
        ROOT_MODELS.build(dict(type='Qqqqqqqqqqqqqqq'))


def test_misspelled_optimizer():
    wrapper = dict(optimizer=dict(type='AdmaW', lr=1e-3))
    with (
        pytest.raises(ConfigError, match=r"type='AdmaW' is not a known optimizer[\s\S]*AdamW"),
        explain_config_errors('my.py'),
    ):
        build_optim_wrapper(nn.Linear(1, 1), wrapper)


def test_misspelled_argument_of_a_base_class():
    with pytest.raises(ConfigError) as error, explain_config_errors('my.py'):
        ROOT_HOOKS.build(dict(type='LoggerHook', intervall=1))
    assert "takes no argument 'intervall'" in str(error.value)
    assert 'did you mean: interval' in str(error.value)


def test_missing_argument():
    with pytest.raises(ConfigError, match="TGFM needs 'in_channels'"), explain_config_errors('my.py'):
        ours.MODELS.build(dict(type='mmirstd.TGFM'))


@pytest.mark.parametrize('error', [TypeError('other'), KeyError('img'), RuntimeError('out of memory'), OSError('x')])
def test_other_errors_pass_unchanged(error):
    with pytest.raises(type(error)) as caught, explain_config_errors('my.py'):
        raise error
    assert caught.value is error
    assert not isinstance(caught.value, UserError)
