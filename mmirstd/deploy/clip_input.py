"""From the gray values of a clip to what a model of clips was trained on, inside the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from mmirstd.utils.errors import ConfigError

from .graph_padding import pad_to_multiple
from .gray_input import GrayInput
from .resampling import Letterbox, Placement


class ClipInput(nn.Module):
    """(B, T, H, W) gray values -> (B, T, C, H', W'), the model's input.

    Args:
        preprocessor: The model's data preprocessor; its means, its padding and its channels are taken.
        input_type, normalization: See :class:`~.gray_input.GrayInput`; a range that is the image's own is each frame's.
        padding: Arguments of :func:`~.graph_padding.pad_to_multiple`, as the test pipeline pads; None: no padding.
        letterbox: As the test pipeline has it; None: none.

    Raises:
        ConfigError: The paddings of pipeline and preprocessor cannot be one.
    """

    def __init__(
        self,
        preprocessor: Any,
        input_type: str,
        normalization: Mapping[str, Any],
        padding: Mapping[str, Any] | None = None,
        letterbox: Letterbox | None = None,
    ) -> None:
        super().__init__()
        if getattr(preprocessor, 'test_cfg', None):
            raise ConfigError('data_preprocessor.test_cfg pads test images to a size; expected none')
        self.gray = GrayInput(input_type, normalization)
        self.padding = dict(padding or dict(divisor=1))
        self.letterbox = letterbox
        #: ClipDataPreprocessor pads, too; mmseg's pads in training alone.
        self.last_divisor = int(getattr(preprocessor, 'pad_size_divisor', None) or 1)
        self.pad_value = float(getattr(preprocessor, 'pad_value', 0))
        self.channels = int(getattr(preprocessor, 'channels', 1))
        small, large = sorted((self.padding['divisor'], self.last_divisor))
        if large % small:
            raise ConfigError(
                f'the test pipeline pads to multiples of {self.padding["divisor"]} and the data preprocessor to '
                f'multiples of {self.last_divisor}; expected that one divides the other'
            )
        self.divisor = large
        normalizes = bool(getattr(preprocessor, '_enable_normalize', False))
        self.register_buffer('mean', preprocessor.mean.clone() if normalizes else torch.zeros(1, 1, 1), False)
        self.register_buffer('std', preprocessor.std.clone() if normalizes else torch.ones(1, 1, 1), False)
        self.normalizes = normalizes

    mean: Tensor
    std: Tensor

    @property
    def network_size(self) -> tuple[int, int] | None:
        """Height and width of what the network sees; None: those of the image, padded to ``divisor``."""
        if self.letterbox is None:
            return None
        height, width = (-(-side // self.divisor) * self.divisor for side in self.letterbox.size)
        return height, width

    def forward(self, image: Tensor, span: Tensor | None = None) -> tuple[Tensor, Placement | None]:
        """Normalize, place, pad.

        Args:
            image: (B, T, H, W).
            span: (B, 2), the input ``range``, for ``'any'``.

        Returns:
            (B, T, C, H', W'), and where the image is in it where there is a letterbox.
        """
        frames = image.shape[1]
        if span is not None:
            span = span[:, None].expand(-1, frames, -1).flatten(0, 1)
        x = pad_to_multiple(self.gray(image.flatten(0, 1), span), **self.padding)
        placement = None
        if self.letterbox is not None:
            x, placement = self.letterbox(x)
        x = pad_to_multiple(x, self.last_divisor, 'constant', self.pad_value)
        x = x.reshape(-1, frames, 1, *x.shape[1:])
        if self.channels > 1:
            x = x.repeat(1, 1, self.channels, 1, 1)  # no view, by which an exported program would tell sizes apart
        return ((x - self.mean) / self.std if self.normalizes else x), placement
