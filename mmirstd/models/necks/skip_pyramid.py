"""A feature pyramid in the skip connections of a U-shaped network."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmirstd.registry import MODELS


@MODELS.register_module()
class SkipPyramid(BaseModule):
    """A pyramid for the deeper levels; the finer ones pass by.

    It stands before a decoder, in a list of necks, so that the decoder gets the pyramid's outputs in place of the
    encoder's features (NS-FPN on MSHNet, arXiv 2508.06878)::

        neck=[dict(type='mmirstd.SkipPyramid', start_level=1, pyramid=dict(type='mmirstd.NSFPN', ...)),
              dict(type='mmirstd.ResUNetNeck', ...)]

    Args:
        pyramid: Config of the pyramid: any neck from a sequence of features, finest first, to as many.
        start_level: The first level that the pyramid gets; those before it are returned as they are.
        init_cfg: mmengine initialization.

    Raises:
        ValueError: In ``forward``, if the pyramid does not return as many levels as it got.
    """

    def __init__(self, pyramid: dict, start_level: int = 1, init_cfg: dict | list[dict] | None = None) -> None:
        super().__init__(init_cfg)
        self.pyramid: nn.Module = MODELS.build(pyramid)
        self.start_level = start_level

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Levels, finest first -> as many levels, those from ``start_level`` on by the pyramid."""
        outs = tuple(self.pyramid(tuple(inputs[self.start_level :])))
        if len(outs) != len(inputs) - self.start_level:
            raise ValueError(
                f'SkipPyramid: {type(self.pyramid).__name__} made {len(outs)} levels of '
                f'{len(inputs) - self.start_level}; a decoder needs one for each (num_outs)'
            )
        return (*inputs[: self.start_level], *outs)
