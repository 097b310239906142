"""What only a GPU can show: ``make gpu-check``. Without one these tests are skipped.

``MMIRSTD_GPU_DEVICE=cpu`` runs them on the CPU. This shows that they run, and nothing of a GPU.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import torch


@pytest.fixture
def device() -> Iterator[torch.device]:
    """The GPU, with full float32 products: TensorFloat-32 has 10 bits of them."""
    name = os.environ.get('MMIRSTD_GPU_DEVICE', 'cuda')
    if name == 'cuda' and not torch.cuda.is_available():
        pytest.skip('needs a GPU that PyTorch can use')
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    yield torch.device(name)
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before
