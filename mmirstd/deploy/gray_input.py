"""From gray values as a camera gives them to what a network was trained on, inside the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from mmirstd.utils.errors import ConfigError

#: Type of the input ``image``; PyTorch computes with int32 where the file has uint16.
ARRAY_TYPES = {'any': 'float32', 'uint8': 'uint8', 'uint16': 'uint16'}
_TORCH_TYPES = {'any': torch.float32, 'uint8': torch.uint8, 'uint16': torch.int32}
_LARGEST = {'uint8': 255, 'uint16': 65535}


class GrayInput(nn.Module):
    """(B, H, W) gray values -> (B, H, W) float32, as ``mmirstd.LoadInfraredImage`` makes them.

    Args:
        input_type: ``'any'``: ``image`` is float32, and ``range`` (B, 2) float32 has the values that become 0 and 1 (0
            and 255 for 8 bits, 0 and 16383 for 14; exchanged, the image is inverted). ``'uint8'``, ``'uint16'``:
            ``image`` has this type and is the only input; the normalization is a part of the graph.
        normalization: Options of ``mmirstd.LoadInfraredImage``; what they say holds for the typed inputs.

    Raises:
        ConfigError: A normalization that cannot be a part of a graph.
    """

    zero: Tensor

    def __init__(self, input_type: str, normalization: Mapping[str, Any]) -> None:
        super().__init__()
        self.input_type = input_type
        self.mode = normalization.get('normalize', 'fixed')
        self.invert = bool(normalization.get('invert', False))
        self.largest = 1.0
        # Its type is that of the network, which may be computed in float64 to know the rounding of float32.
        self.register_buffer('zero', torch.zeros(()), persistent=False)
        if input_type == 'any':
            return
        if self.mode in ('percentile', 'robust') or self.mode == 'auto' and input_type != 'uint8':
            raise ConfigError(
                f"normalize='{self.mode}' with --input-type {input_type}: it sorts the whole image, which the graph "
                'leaves to its caller',
                cure='--input-type any, whose second input is the range'
                + ('; or --bit-depth N, by which codes are divided' if self.mode == 'auto' else ''),
            )
        bits = normalization.get('bit_depth')
        largest = normalization.get('max_value') or (
            2**bits - 1 if bits and input_type == 'uint16' else _LARGEST[input_type]
        )
        self.largest = float(largest)

    def example(self, shape: tuple[int, ...], generator: torch.Generator) -> tuple[Tensor, ...]:
        """Inputs for a shape (B, H, W)."""
        top = 2 if self.input_type == 'any' else int(min(self.largest, 65535)) + 1
        codes = torch.randint(0, top, shape, generator=generator)
        image = torch.rand(shape, generator=generator) if self.input_type == 'any' else codes
        image = image.to(_TORCH_TYPES[self.input_type])
        if self.input_type != 'any':
            return (image,)
        return image, torch.tensor([0.0, 1.0]).repeat(shape[0], 1)

    @property
    def dtype(self) -> torch.dtype:
        """Of the arithmetic."""
        return self.zero.dtype

    def forward(self, image: Tensor, span: Tensor | None = None) -> Tensor:
        """Normalize.

        Args:
            image: (B, H, W).
            span: (B, 2), the input ``range``, for ``'any'``.
        """
        x = image.to(self.dtype)
        if span is not None:
            low, high = span[:, 0, None, None], span[:, 1, None, None]
            return (x - low) / (high - low)
        if self.mode in ('minmax', 'maximum'):
            high = x.amax(dim=(1, 2), keepdim=True)
            low = x.amin(dim=(1, 2), keepdim=True) if self.mode == 'minmax' else torch.zeros_like(high)
            x = (x - low) / torch.where(high > low, high - low, torch.ones_like(high))
        else:
            x = x / self.largest
        return 1 - x if self.invert else x
