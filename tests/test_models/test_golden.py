"""Every network with recorded figures against its official implementation (tests/data/golden)."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.golden_network import DOUBLE, MARGIN, Figures, rounding_records
from tests.golden_zoo import NAMES, ClipMasks, Clips, golden_network, official_map

DETECTORS = [name for name in NAMES if isinstance(golden_network(name), Clips)]
FOLDING = [name for name in NAMES if golden_network(name).folds]


@pytest.mark.parametrize('name', NAMES)
def test_weights_are_the_recorded_ones_and_ours_as_many(name: str) -> None:
    golden_network(name).check_weights()


@pytest.mark.parametrize('name', NAMES)
def test_outputs_equal_the_official_network(name: str) -> None:
    golden_network(name).check_outputs()


@pytest.mark.parametrize('name', FOLDING)
def test_outputs_from_one_gray_channel_equal_the_official_network(name: str) -> None:
    golden_network(name).check_outputs(in_channels=1)


@pytest.mark.parametrize('name', NAMES)
def test_training_step_equals_the_official_network(name: str) -> None:
    golden_network(name).check_training()


@pytest.mark.parametrize('name', NAMES)
def test_float32_outputs_differ_by_rounding_alone(name: str) -> None:
    golden_network(name).check_float32()


@pytest.mark.parametrize('name', NAMES)
def test_float32_training_step_differs_by_rounding_alone(name: str) -> None:
    golden_network(name).check_float32_training()


@pytest.mark.parametrize('name', [name for name in NAMES if name not in DETECTORS])
def test_the_segmentor_predicts_what_was_compared(name: str) -> None:
    """Segmentors of clips leave out what only other frames than the key frame need."""
    network = golden_network(name)
    clips = isinstance(network, ClipMasks)
    model = network.build(dtype=torch.float64 if clips else torch.float32).eval()
    image = network.input()[:1].to(torch.float64 if clips else torch.float32)
    with torch.no_grad():
        compared = network.prediction(model, image)
        torch.testing.assert_close(model(image, mode='tensor'), compared, rtol=1e-9 if clips else 0, atol=0)


@pytest.mark.parametrize('name', [name for name in DETECTORS if golden_network(name).whole])
def test_a_detector_fed_frame_by_frame_gives_the_official_outputs(name: str) -> None:
    network = golden_network(name)
    model = network.build(dtype=torch.float64)
    with torch.no_grad():
        levels = model.couple_states([model.frame_state(frame) for frame in network.input().double().unbind(1)])
        raw = official_map(model.bbox_head(levels))
    Figures(raw).check(network.golden['outputs_float64'][0], MARGIN * DOUBLE * network.rounding['outputs'][0])


# The bounds


def test_float64_bounds_are_tight() -> None:
    """At most 1e-9 of the outputs' size."""
    for name in NAMES:
        network = golden_network(name)
        for bound, record in zip(network.rounding['outputs'], network.golden.get('outputs_float64', [])):
            raw = record.get('pre_sigmoid', record)
            assert MARGIN * DOUBLE * bound < 1e-9 * max(abs(raw['min']), abs(raw['max'])), name


@pytest.mark.parametrize('name', ['acm-fpn', 'acm'])
def test_recorded_bounds_can_be_measured_again(name: str) -> None:
    """On any machine; three digits were recorded."""
    measured, recorded = golden_network(name).measure_rounding(), rounding_records()[name]
    for key in ('outputs', 'training', 'gradient_norm', 'running_mean', 'running_var'):
        assert measured[key] == pytest.approx(recorded[key], rel=1e-2), key


def test_every_network_has_its_bounds() -> None:
    assert tuple(rounding_records()) == NAMES


def norms(model: nn.Module) -> list[nn.BatchNorm2d]:
    return [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]


def convolutions(model: nn.Module) -> list[nn.Conv2d]:
    return [module for module in model.modules() if isinstance(module, nn.Conv2d)]


def other_epsilon(model: nn.Module) -> None:
    """Of one batch norm."""
    norms(model)[-1].eps = 1e-3


def other_epsilons(model: nn.Module) -> None:
    """Of all batch norms: batch statistics hide that of one where the features are large."""
    for norm in norms(model):
        norm.eps = 1e-3


def other_momentum(model: nn.Module) -> None:
    """Of one batch norm, which only the statistics after a step show."""
    norms(model)[0].momentum = 0.03


def other_padding(model: nn.Module) -> None:
    """Of one convolution: the border repeated in place of zeros."""
    wide = [convolution for convolution in convolutions(model) if convolution.padding[0] > 0]
    wide[len(wide) // 2].padding_mode = 'replicate'
    wide[len(wide) // 2]._reversed_padding_repeated_twice = [wide[len(wide) // 2].padding[0]] * 4


def other_weight(model: nn.Module) -> None:
    """Part of one filter of one convolution, by a hundredth."""
    with torch.no_grad():
        convolutions(model)[len(convolutions(model)) // 2].weight[0, 0] *= 1.01


def other_activation(model: nn.Module) -> None:
    """One ReLU leaks by a hundredth."""
    for module in model.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.ReLU):
                setattr(module, name, nn.LeakyReLU(0.01))
                return


def bfloat16_weights(model: nn.Module) -> None:
    """As if the convolutions ran in lower precision."""
    with torch.no_grad():
        for convolution in convolutions(model):
            convolution.weight.copy_(convolution.weight.bfloat16())


def tf32_weights(model: nn.Module) -> None:
    """As if convolutions dropped 13 of float32's 23 bits."""
    with torch.no_grad():
        for convolution in convolutions(model):
            mantissa, exponent = torch.frexp(convolution.weight)
            convolution.weight.copy_(torch.ldexp((mantissa * 2**11).round() / 2**11, exponent))


SMALL = ['acm-fpn', 'dnanet-basic', 'ggl-net', 'mlcl-net-small', 'rdian']


@pytest.mark.parametrize('change', [other_epsilon, other_padding, other_weight, other_activation])
@pytest.mark.parametrize('name', SMALL)
def test_outputs_of_a_network_wrong_in_one_place_are_told_from_rounding(name: str, change) -> None:
    with pytest.raises(AssertionError):
        golden_network(name).check_outputs(change=change)


@pytest.mark.parametrize('change', [other_epsilons, other_padding, other_weight, other_momentum])
@pytest.mark.parametrize('name', SMALL)
def test_training_of_a_network_wrong_in_one_place_is_told_from_rounding(name: str, change) -> None:
    with pytest.raises(AssertionError):
        golden_network(name).check_training(change=change)


@pytest.mark.parametrize('change', [bfloat16_weights, tf32_weights])
@pytest.mark.parametrize('name', SMALL)
def test_lower_precision_is_told_from_float32(name: str, change) -> None:
    with pytest.raises(AssertionError):
        golden_network(name).check_float32(change=change)
