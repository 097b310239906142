"""What every backbone checks of the image it is given."""

from __future__ import annotations

from torch import Tensor, nn


def check_image(network: nn.Module, image: Tensor, in_channels: int, divisor: int) -> Tensor:
    """The image as the network needs it: a gray image is repeated for a network with more input channels.

    Args:
        network: Named in the errors.
        image: Shape (B, 1 or in_channels, H, W).
        in_channels: Channels of the network's first convolution.
        divisor: Height and width must be its multiples.

    Returns:
        Shape (B, in_channels, H, W).

    Raises:
        ValueError: For another number of channels or another size, with the cure.
    """
    name = type(network).__name__
    channels = image.shape[1]
    if channels == 1 and in_channels > 1:
        image = image.expand(-1, in_channels, -1, -1)
    elif channels != in_channels:
        raise ValueError(
            f'{name}(in_channels={in_channels}) got an image with {channels} channels; load images with '
            'mmirstd.LoadInfraredImage (one channel) or set model.backbone.in_channels'
        )
    check_size(network, image, divisor)
    return image


def check_size(network: nn.Module, image: Tensor, divisor: int, pad: int | None = None) -> None:
    """Height and width, the last two dimensions, must be multiples.

    Args:
        network: Named in the error.
        image: Shape (..., H, W).
        divisor: Of which.
        pad: The multiple that the cure names, where another part of the network needs a larger one; None: the divisor.

    Raises:
        ValueError: They are not.
    """
    height, width = image.shape[-2:]
    if height % divisor or width % divisor:
        raise ValueError(
            f'{type(network).__name__} needs height and width divisible by {divisor}, got {height}x{width}; add '
            f'dict(type="mmirstd.PadToMultiple", divisor={pad or divisor}) to the pipeline'
        )
