"""The fill rule of the golden figures: deterministic weights and inputs from NumPy's PCG64.

The figures in ``tests/data/golden`` of a checkout were computed from the official codes, filled by the same rule. The
tests and ``mmirstd zoo`` compare our networks with them.
"""

from __future__ import annotations

import math
import zlib
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def fill(key: str, shape: list[int], scale: dict[str, str]) -> NDArray[np.floating[Any]] | None:
    """Weight for an official key: normal numbers seeded by the key's CRC, scaled by what the entry is.

    Returns None for entries that stay as constructed.
    """
    exception = scale.get(key)
    if exception == 'keep' or key.endswith('num_batches_tracked'):
        return None
    generator = np.random.Generator(np.random.PCG64(zlib.crc32(key.encode())))
    normal: NDArray[np.floating[Any]] = generator.standard_normal(tuple(shape)).astype(np.float32)
    if exception is not None:
        return normal * float(exception)
    if key.endswith('running_mean'):
        return normal * 0.1
    if key.endswith('running_var'):
        variances: NDArray[np.floating[Any]] = 1.0 + 0.1 * np.abs(normal)
        return variances
    if len(shape) >= 2:
        return normal * float(np.sqrt(2.0 / max(1, math.prod(shape[1:]))))
    return 1.0 + 0.1 * normal if key.endswith('weight') else 0.1 * normal


def official_state_dict(golden: dict[str, Any]) -> dict[str, Tensor]:
    """The official network's state dict as it was when the figures were recorded.

    Constants of the official network, which stay as constructed, have their recorded values.
    """
    state = {}
    kept = golden.get('kept_values', {})
    for key, shape in golden['state_dict']:
        value = fill(key, shape, golden['scale'])
        if key in kept:
            state[key] = torch.tensor(kept[key], dtype=torch.float32).reshape(shape)
        else:
            state[key] = torch.zeros(shape, dtype=torch.long) if value is None else torch.from_numpy(np.asarray(value))
    if golden.get('arch') == 'serankdet':
        for key, shape in golden['state_dict']:
            if key.endswith('pos_enc'):
                state[key] = _sinusoids(shape[0])
    if golden.get('arch') == 'istdu-net':
        # The official code makes one memory a transposed view of the other; on the CPU, where the figures were
        # recorded, they stay one storage, which holds what was written last.
        for i in range(1, 5):
            memory = state[f'DN.X{i}.linear_1.weight']
            state[f'DN.X{i}.linear_0.weight'] = memory.permute(1, 0, 2).contiguous()
    return state


def _sinusoids(size: int) -> Tensor:
    """The table of positions that SeRankDet keeps among its parameters, (size, size)."""
    angle = torch.arange(size)[:, None] * torch.exp(torch.arange(0, size, 2) * (-math.log(10000.0) / size))
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)


def golden_input(spec: dict[str, Any], channels: int | None = None) -> Tensor:
    """The recorded input: uniform gray [0, 1), repeated over ``channels`` (the record's own by default)."""
    batch, recorded_channels = spec['shape'][:2]
    generator = np.random.Generator(np.random.PCG64(spec['seed']))
    gray = torch.from_numpy(generator.random((batch, 1, *spec['shape'][2:])).astype(np.float32))
    return gray.repeat(1, channels or recorded_channels, *[1] * (gray.ndim - 2))


def samples(tensor: Tensor, count: int = 64) -> NDArray[np.float64]:
    """The recorded 64 evenly spaced entries of the flattened tensor."""
    flat = tensor.detach().contiguous().flatten().double().numpy()
    chosen: NDArray[np.float64] = flat[np.linspace(0, flat.size - 1, count).astype(int)]
    return chosen
