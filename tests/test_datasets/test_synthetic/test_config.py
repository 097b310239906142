from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from mmirstd.datasets.synthetic import (
    DatasetConfig,
    SceneConfig,
    SensorConfig,
    SequenceConfig,
    TargetConfig,
    config_from_dict,
    config_to_dict,
)


@pytest.mark.parametrize(
    ('kind', 'values', 'message'),
    [
        (SensorConfig, {'bit_depth': 12}, 'bit_depth must be 8 or 14, got 12'),
        (SensorConfig, {'psf_sigma': (1.0, 0.5)}, 'psf_sigma must be a pair'),
        (SensorConfig, {'netd_mk': 30}, 'netd_mk must be a pair'),
        (SensorConfig, {'netd_mk': (math.nan, math.nan)}, 'netd_mk must be a pair'),
        (SensorConfig, {'polarity': 'white'}, "polarity must be one of .*'black-hot'"),
        (SensorConfig, {'vignetting_prob': 1.5}, 'vignetting_prob must be a number in'),
        (TargetConfig, {'count': ()}, 'count must list a weight'),
        (TargetConfig, {'count': (0, 0)}, 'count must list a weight'),
        (TargetConfig, {'shapes': {'plane': 1.0}}, r"does not know \['plane'\]"),
        (TargetConfig, {'size': (1.0, 25.0)}, 'size must be a pair'),
        (TargetConfig, {'size_law': 'normal'}, "size_law must be one of .*'log'"),
        (TargetConfig, {'scr': (0.0, 3.0)}, 'scr must be a pair'),
        (TargetConfig, {'tries': 0}, 'tries must be a whole number'),
        (SceneConfig, {'size': (256, 16)}, 'size must be .height, width.'),
        (SceneConfig, {'size': (256.0, 256)}, 'size must be .height, width.'),
        (SceneConfig, {'backgrounds': 'desert'}, r"does not know \['desert'\]"),
        (SceneConfig, {'backgrounds': {'sky': -1}}, 'needs finite weights'),
        (SceneConfig, {'sensor': {'bit_depth': 8}}, 'sensor must be a SensorConfig'),
        (SceneConfig, {'size': (32, 32), 'targets': TargetConfig(border=16)}, 'leaves no room'),
        (SequenceConfig, {'num_frames': 0}, 'num_frames must be a whole number'),
        (SequenceConfig, {'amplitude': 'random'}, 'amplitude must be one of'),
        (SequenceConfig, {'trajectories': {}}, 'needs finite weights'),
        (DatasetConfig, {'mode': 'video'}, 'mode must be one of'),
        (DatasetConfig, {'seed': -1}, 'seed must be a whole number'),
        (DatasetConfig, {'num_train': 0, 'num_val': 0, 'num_test': 0}, 'nothing would be made'),
        (DatasetConfig, {'mode': 'sequences', 'config': SceneConfig()}, 'config must be a SequenceConfig'),
    ],
)
def test_bad_values_are_named(kind, values, message):
    with pytest.raises(ValueError, match=message):
        kind(**values)


@pytest.mark.parametrize(
    'config',
    [
        SceneConfig(size=(64, 96), sensor=SensorConfig(bit_depth=14), targets=TargetConfig(count=(0, 1))),
        SequenceConfig(num_frames=7, speed=(1.0, 1.0)),
    ],
)
def test_survives_json(config):
    data = json.loads(json.dumps(config_to_dict(config)))
    assert config_from_dict(type(config), data) == config


def test_unknown_parameter_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match=r"SensorConfig has no parameter \['netd'\].*netd_mk"):
        config_from_dict(SceneConfig, {'sensor': {'netd': [1, 2]}})


def test_parameters_that_are_no_mapping():
    with pytest.raises(ValueError, match='parameters of SensorConfig must be given as a mapping'):
        config_from_dict(SceneConfig, {'sensor': 8})


def test_order_of_weights_does_not_matter():
    one = SceneConfig(backgrounds={'sea': 1, 'sky': 2})
    two = SceneConfig(backgrounds={'sky': 2.0, 'sea': 1.0})
    assert list(one.backgrounds.items()) == list(two.backgrounds.items()) == [('sky', 2.0), ('sea', 1.0)]


def test_parameters_of_the_pretraining_scenes_are_valid():
    path = Path(__file__).parents[3] / 'configs/_base_/synthetic/pretraining.json'
    config = config_from_dict(SceneConfig, json.loads(path.read_text()))
    assert config.targets.max_side == 20
    assert config.targets.size_law == 'log'


def test_parameters_of_the_hard_benchmark_are_valid():
    path = Path(__file__).parents[3] / 'benchmarks/bp-fpn-hard/sequences.json'
    config = config_from_dict(SequenceConfig, json.loads(path.read_text()))
    assert config.scene.targets.scr == (0.5, 4.0)
    assert config.scene.clutter.any
    assert config.scene.clutter.flicker > 0
    assert config.scene.targets.count[0] > 0
    assert len(config.scene.targets.count) > 2
    assert config.drift[1] > 1
