"""Counted, timed, compared with the official codes."""

from __future__ import annotations

from mmengine.config import Config

from mmirstd.engine.config_names import networks
from mmirstd.key_maps import ARCHS
from mmirstd.zoo import measurement as zoo
from mmirstd.zoo.networks import zoo_models


def test_golden_is_a_comparison() -> None:
    records = zoo.golden_records()
    cfg = zoo_models()['mshnet']
    equal = zoo.golden_difference(cfg, 'mshnet', records['mshnet'])
    assert equal.largest < 1e-12
    assert str(equal).startswith('equal (')
    for output in records['mshnet']['outputs_float64']:
        output['samples'][10] += 1e-7
    other = zoo.golden_difference(cfg, 'mshnet', records['mshnet'])
    assert str(other).startswith('DIFFERS (')
    # Of a few official codes there are float32 outputs alone.
    del records['mshnet']['outputs_float64']
    rounded = zoo.golden_difference(cfg, 'mshnet', records['mshnet'])
    assert 1e-9 < rounded.largest < 1e-5
    assert str(rounded).endswith(', float32)')


def test_every_record_has_a_key_map_and_a_model() -> None:
    for arch in zoo.golden_records():
        assert ARCHS[arch].network in networks()


def test_flops_equal_the_official_ones_where_the_input_is_the_same() -> None:
    """All of RPCANet is at full resolution, so a sixteenth of the pixels costs a sixteenth."""
    record = zoo.golden_records()['rpcanet']
    figures = zoo.count_and_compare('rpcanet', zoo_models()['rpcanet'], 64, {})
    assert 16 * (figures.flops or 0) == record['flops_256']


def test_a_classical_method_has_no_parameters() -> None:
    cfg = zoo_models()['lcm']
    assert isinstance(cfg, Config)
    assert zoo.count_and_compare('lcm', cfg, 64, {}).to_record(compared=False) == dict(
        params=0, flops=None, frames=1, time=None, costs=None, machine=None, golden=None
    )


def test_a_detector_of_clips_is_compared_with_its_official_map() -> None:
    record = zoo.golden_records()['stmenet']
    cfg = zoo_models()['stmenet']
    assert zoo.golden_difference(cfg, 'stmenet', record).largest < 1e-12
    record['outputs_float64'][0]['samples'][0] += 1e-6
    assert not zoo.golden_difference(cfg, 'stmenet', record).is_none
    figures = zoo.count_and_compare('stmenet', cfg, 64, {})
    assert figures.frames == 5
    assert 15 * (figures.flops or 0) < record['flops_256'] < 17 * (figures.flops or 0)
