"""The pinwheel-shaped convolution against its official code."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from mmirstd.key_maps.golden import fill, golden_input, official_state_dict
from mmirstd.models.layers import PinwheelConv
from tests.golden_network import DOUBLE, Figures
from tests.rounding import UNIT
from tests.shared import load_golden

GOLDEN = load_golden('pconv_module')
NAMES = {'cw': 'horizontal', 'ch': 'vertical', 'cat': 'join'}
# Three layers of at most 128 products each; the outputs are below 2.
ATOL = 3 * 128 * UNIT


def recorded(kernel_size: int = 4, stride: int = 1) -> PinwheelConv:
    """The layer with the recorded weights, in float64."""
    layer = PinwheelConv(16, 32, kernel_size, stride).double().eval()
    ours = layer.state_dict()
    state = {}
    for key, value in official_state_dict(GOLDEN).items():
        part, rest = key.split('.', 1)
        name = f'{NAMES[part]}.{rest}'
        if value.shape != ours[name].shape:  # of another kernel size
            value = torch.from_numpy(np.asarray(fill(key, list(ours[name].shape), GOLDEN['scale'])))
        state[name] = value.to(ours[name].dtype)
    layer.load_state_dict(state)
    return layer


def image() -> Tensor:
    return golden_input(GOLDEN['input']).double()


@pytest.mark.parametrize('variant', ['k=4, s=1', *GOLDEN['variants']])
def test_outputs_equal_the_official_code(variant: str) -> None:
    kernel_size, stride = (int(part[2:]) for part in variant.split(', '))
    layer = recorded(kernel_size, stride)
    with torch.no_grad():
        out = Figures(layer(image()))
    if variant in GOLDEN['variants']:
        out.check(GOLDEN['variants'][variant]['outputs'][0], ATOL)
    else:
        out.check(GOLDEN['outputs_float64'][0], 4 * ATOL * DOUBLE)


def test_training_equals_the_official_code() -> None:
    layer, record = recorded().train(), GOLDEN['train_forward']
    out = layer(image())
    out.mean().backward()
    Figures(out).check(record['outputs'][0], ATOL)
    norm = sum(float(p.grad.square().sum()) for p in layer.parameters()) ** 0.5
    assert norm == pytest.approx(record['grad_norm'], rel=1e-4)  # the record is of float32
    assert sum(p.numel() for p in layer.parameters()) == GOLDEN['params_total']


def test_strips_leave_the_pixel_to_all_sides() -> None:
    """One pixel is seen by a cross: nothing diagonal beyond what the 2x2 convolution joins."""
    layer = PinwheelConv(1, 4, 3).double().eval()
    for parameter in layer.parameters():
        torch.nn.init.constant_(parameter, 0.1)
    x = torch.zeros(1, 1, 11, 11, dtype=torch.float64)
    base = layer(x)
    x[..., 5, 5] = 1
    rows, columns = ((layer(x) - base).abs().sum(dim=1)[0] > 1e-12).nonzero().T
    assert (int(rows.min()), int(rows.max())) == (2, 8)
    assert (int(columns.min()), int(columns.max())) == (2, 8)
    assert all(min(abs(r - 5), abs(c - 5)) <= 1 for r, c in zip(rows.tolist(), columns.tolist()))


def test_sizes() -> None:
    assert PinwheelConv(3, 8, 3, stride=2)(torch.rand(1, 3, 17, 16)).shape == (1, 8, 8, 8)
    with pytest.raises(ValueError, match='out_channels=10 is no multiple of 4'):
        PinwheelConv(3, 10)
