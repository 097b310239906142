from __future__ import annotations

import pytest
import torch

from mmirstd.models.necks.stme import ChannelGram


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_channels_attend_in_16_bits_to_the_same_channels(dtype: torch.dtype) -> None:
    """Energies here are beyond float16's largest number, and closer to one another than bfloat16 tells."""
    attention = ChannelGram()
    attention.gamma.data.fill_(1)
    generator = torch.Generator().manual_seed(0)
    x = torch.nn.functional.leaky_relu(3 * torch.randn(1, 16, 128, 128, generator=generator), 0.1).to(dtype)
    with torch.no_grad():
        expected = attention(x.float()) - x.float()
        with torch.autocast('cpu', dtype):
            found = attention(x).float() - x.float()
    # of the attention's result, which is rounded once
    torch.testing.assert_close(found, expected, rtol=2**-8, atol=1e-4)
