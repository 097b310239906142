from __future__ import annotations

import pytest

from mmirstd.engine.config_names import config_of_name, find_config, names_with_weights
from mmirstd.utils.errors import ConfigError


def test_a_strange_name_gets_the_models_that_can_be_used_as_they_are() -> None:
    assert 'ggl-net-tiny_general' in names_with_weights()
    with pytest.raises(ConfigError, match='models with weights: .*ggl-net-tiny_general'):
        config_of_name('qqq')


def test_parts_are_no_suggestions_for_a_config() -> None:
    with pytest.raises(ConfigError) as error:
        find_config('configs/dnanet/dnanet.py')
    assert '_base_' not in str(error.value).split('did you mean')[-1]
    with pytest.raises(ConfigError, match=r'_base_/models/dnanet\.py'):
        find_config('configs/_base_/models/dnane.py')
