"""From images of gray values to probability, mask and logit, as one graph."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .graph_padding import crop, pad_to_multiple
from .gray_input import GrayInput
from .largest_difference import largest
from .target_decision import TargetDecision


class ImageGraph(nn.Module):
    """What :class:`~mmirstd.apis.IRSTDInferencer` does with one batch of images of one size.

    A subclass writes :meth:`logit`.

    Args:
        decision: What makes the mask.
        input_type: See :class:`~.gray_input.GrayInput`.
        normalization: Likewise.
        padding: Arguments of :func:`~.graph_padding.pad_to_multiple`, as the test pipeline pads; None: no padding.
    """

    #: Whether a pixel's result depends on the whole image, by a threshold taken from it.
    whole_image = False

    def __init__(
        self,
        decision: TargetDecision | None = None,
        input_type: str = 'any',
        normalization: Mapping[str, Any] | None = None,
        padding: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.input = GrayInput(input_type, normalization or {})
        self.decision = decision or TargetDecision(0.5)
        self.padding = dict(padding or dict(divisor=1))

    @property
    def divisor(self) -> int:
        """Padded sizes are multiples of it."""
        return self.padding['divisor']

    @property
    def inputs(self) -> dict[str, str]:
        """Names of the inputs -> what they are."""
        kind = {'any': 'float32'}.get(self.input.input_type, self.input.input_type)
        named = {'image': f'(B, H, W) {kind}: gray values as they are stored'}
        if self.input.input_type == 'any':
            named['range'] = (
                '(B, 2) float32: the gray values that become 0 and 1, such as 0 and 255 (8 bits), 65535 (16 bits) or '
                '16383 (14 bits)'
            )
        return named

    @property
    def outputs(self) -> dict[str, str]:
        """Names of the outputs -> what they are."""
        return {
            'probability': '(B, H, W) float32 in [0, 1]',
            **self.decision.outputs,
            'logit': '(B, H, W) float32: the probability before the sigmoid; it is 1 in float32 from logit 17.3 on',
        }

    def example(
        self, height: int | None = None, width: int | None = None, batch: int = 2, seed: int = 0
    ) -> tuple[Tensor, ...]:
        """Random inputs; by default of a size that no multiple of the divisor equals, and no axis another."""
        size = (height or 2 * self.divisor + 7, width or 3 * self.divisor + 9)
        return self.input.example((batch, *size), torch.Generator().manual_seed(seed))

    def dynamic_axes(self) -> dict[str, dict[int, str]]:
        """Axes of inputs and outputs whose size is free, and their names."""
        image = {0: 'batch', 1: 'height', 2: 'width'}
        axes: dict[str, dict[int, str]] = {'image': image, **dict.fromkeys(self.outputs, image)}
        return axes if self.input.input_type != 'any' else {**axes, 'range': {0: 'batch'}}

    def forward(self, image: Tensor, range: Tensor | None = None) -> tuple[Tensor, ...]:
        """See ``inputs`` and ``outputs``."""
        height, width = image.shape[1:]
        x = pad_to_multiple(self.input(image, range), **self.padding)
        logit = crop(self.logit(x[:, None]), height, width)
        probability = logit.sigmoid()
        return probability, *self.decision(probability, logit), logit

    def reference(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """What the outputs of a file are compared with, see :meth:`difference`."""
        return self(*inputs)

    def difference(self, expected: Sequence[Tensor], found: Sequence[Tensor]) -> float:
        """How far the probabilities of a file are from a reference."""
        return largest((expected[0] - found[0]).abs())

    @abstractmethod
    def logit(self, x: Tensor) -> Tensor:
        """(B, 1, H, W) normalized and padded -> (B, H, W)."""
