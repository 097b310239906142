from __future__ import annotations

import pytest
import torch

from mmirstd.deploy.any_size_context import AnySizeContext
from mmirstd.models.necks.agpc_neck import AttentionGuidedContext


@pytest.mark.parametrize('scale', [3, 10])
@pytest.mark.parametrize('size', [(12, 12), (23, 31), (4, 9), (2, 3)])
def test_the_block_s_own_results(scale: int, size: tuple[int, int]) -> None:
    """In float64: whole patches, patches with a remainder, and fewer pixels than patches."""
    torch.manual_seed(0)
    context = AttentionGuidedContext(16, scale, 4, dict(type='BN')).double().eval()
    for gate in (context.gamma, context.within.gamma, context.among.gamma):
        torch.nn.init.constant_(gate, 0.7)  # closed at first
    x = torch.rand(2, 16, *size, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(AnySizeContext(context)(x), context(x), rtol=0, atol=1e-13)
