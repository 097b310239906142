"""``--tta`` and ``model.test_cfg.views``."""

from __future__ import annotations

import pytest

from mmirstd.engine.config_files import load_config
from mmirstd.engine.views_option import views_option
from mmirstd.utils.errors import ConfigError


def test_a_segmentation_network_takes_it() -> None:
    cfg = load_config('ggl-net-tiny_nuaa', views_option('flips'))
    assert cfg.model.test_cfg == dict(mode='whole', views='flips')
    assert 'views' not in load_config('ggl-net-tiny_nuaa', views_option(None)).model.test_cfg


@pytest.mark.parametrize(
    ('name', 'kind'),
    [
        ('white-tophat_nuaa-sirst-341-86', 'WhiteTopHat'),
        ('yolox-bp-nano_drone-ir', 'BPYOLOX'),
        ('sstnet_b4-20e_daub', 'SSTNet'),
    ],
)
def test_what_has_none_says_so(name: str, kind: str) -> None:
    with pytest.raises(ConfigError, match='expected a segmentation network of single images') as error:
        load_config(name, views_option('flips'))
    assert 'test-time augmentation of' in str(error.value)


def test_a_wrong_name_is_told_before_anything_is_built() -> None:
    with pytest.raises(ConfigError, match="test_cfg.views is 'flop'"):
        load_config('ggl-net-tiny_nuaa', {'model.test_cfg.views': 'flop'})
