"""benchmarks/abroad/widen.py: the wide network computes what the narrow one computes, and learns something else."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
import torch

REPO = Path(__file__).parents[1]

pytestmark = pytest.mark.usefixtures('float64')


def test_the_output_is_the_same_and_copies_get_gradients_of_their_own() -> None:
    script = runpy.run_path(str(REPO / 'benchmarks/abroad/widen.py'))
    narrow, wide = script['networks']()
    narrow.init_weights()
    image = torch.rand(2, 1, 32, 48)
    narrow.train()(image)  # statistics of the norms
    narrow.eval()
    wide.load_state_dict(script['widened'](narrow, wide, 1.0))
    torch.testing.assert_close(wide(image), narrow(image))

    wide(image).sum().backward()
    gradients = wide.backbone.stem[0].conv.weight.grad
    assert not torch.allclose(gradients[:8], gradients[8:], rtol=0.01)
