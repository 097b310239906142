"""benchmarks/abroad/widen.py: the wide network computes what the narrow one computes, and learns something else."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
import torch
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from tests.networks import network_model

REPO = Path(__file__).parents[1]

pytestmark = pytest.mark.usefixtures('float64')


def test_the_output_is_the_same_and_copies_get_gradients_of_their_own() -> None:
    init_default_scope('mmseg')
    widened = runpy.run_path(str(REPO / 'benchmarks/abroad/widen.py'))['widened']
    narrow, wide = (MODELS.build(network_model(name)) for name in ('ggl-net-tiny', 'ggl-net-slim'))
    narrow.init_weights()
    image = torch.rand(2, 1, 32, 48)
    narrow(image)  # statistics of the norms
    narrow, wide = narrow.eval(), wide.eval()
    wide.load_state_dict(widened(narrow, wide, 1.0))
    torch.testing.assert_close(wide(image), narrow(image))

    wide(image).sum().backward()
    gradients = wide.backbone.stem[0].conv.weight.grad
    assert not torch.allclose(gradients[:8], gradients[8:], rtol=0.01)
