from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from mmirstd.models.folded import folded_copy
from tests.test_deploy.zoo import inferencer


def norms(model: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in model.modules())


@pytest.mark.parametrize('network', ['ggl-net-tiny', 'acm', 'rdian', 'mshnet'])
def test_the_logits_stay(network: str) -> None:
    """In float64, where folding changes nothing that rounding explains."""
    model = inferencer(network).model.double()
    folded = folded_copy(model)
    assert norms(folded) < norms(model)
    image = torch.rand(1, 1, 64, 96, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(folded(image, mode='tensor'), model(image, mode='tensor'), rtol=1e-9, atol=1e-9)


def test_a_network_written_in_another_order_keeps_its_norms() -> None:
    class Crossed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 2, 3, padding=1)
            self.norm = nn.BatchNorm2d(2)  # of the first convolution, though it stands behind the second

        def forward(self, x: torch.Tensor, mode: str) -> torch.Tensor:
            return self.second(self.norm(self.first(x)))

    torch.manual_seed(0)
    model = Crossed()
    nn.init.uniform_(model.norm.running_mean)
    nn.init.uniform_(model.norm.running_var, 1, 3)
    before = copy.deepcopy(model.eval()).state_dict()
    folded = folded_copy(model)
    assert norms(folded) == 1
    assert all(torch.equal(value, model.state_dict()[key]) for key, value in before.items())
