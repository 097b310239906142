"""The initialization that most official IRSTD codes share, and PyTorch's own where they leave it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mmcv.cnn import ConvModule
from mmengine.model import BaseInit, update_init_info
from torch import nn

from mmirstd.registry import WEIGHT_INITIALIZERS

# Kaiming normal (fan out) for convolutions, ones and zeros for norms; to be given as init_cfg.
KAIMING_FAN_OUT = (
    dict(type='Kaiming', layer='Conv2d', mode='fan_out', nonlinearity='relu'),
    dict(type='Constant', layer='_BatchNorm', val=1, bias=0),
)

# Narrow convolutions, norms near 1; to be given as init_cfg.
NARROW_NORMAL = (
    dict(type='Normal', layer='Conv2d', std=0.02),
    dict(type='Normal', layer='_BatchNorm', mean=1.0, std=0.02),
)

# PyTorch's own start of convolutions' weights, to be given where a parent (mmcv's ConvModule, mmdet's FPN) would bring
# another.  Biases, which PyTorch draws as well, start at 0; PyTorchInit draws them, too.
PYTORCH_CONV = dict(
    type='Kaiming', layer='Conv2d', a=5**0.5, mode='fan_in', nonlinearity='leaky_relu', distribution='uniform'
)


@WEIGHT_INITIALIZERS.register_module()
class PyTorchInit(BaseInit):
    """Give the convolutions within some modules the start that PyTorch gives them.

    For an official code that initializes a part of its network and leaves the rest as it was made; put it behind what
    initializes all: ``init_cfg=[*KAIMING_FAN_OUT, dict(type='mmirstd.PyTorchInit', within='Block')]``.  (mmcv's
    ``ConvModule`` has an initialization of its own, so no ``init_cfg`` is not PyTorch's.)

    Args:
        within: Class name, or names, of the modules whose convolutions are meant.
        without: Class name, or names, of modules inside of those that are left as they are.
    """

    def __init__(self, within: str | Sequence[str], without: str | Sequence[str] = ()) -> None:
        super().__init__()
        self.within = [within] if isinstance(within, str) else list(within)
        self.without = [without] if isinstance(without, str) else list(without)

    def __call__(self, module: nn.Module) -> None:
        """Initialize, in place."""
        for convolution in self._convolutions(module, inside=False):
            if isinstance(convolution, ConvModule):
                # mmengine would call its own initialization next, unless told that it has been done.
                convolution.is_init = True
            else:
                convolution.reset_parameters()
        if hasattr(module, '_params_init_info'):
            update_init_info(module, init_info=self._get_init_info())

    def _convolutions(self, module: nn.Module, inside: bool) -> Iterator[nn.Conv2d | ConvModule]:
        name = type(module).__name__
        inside = (inside or name in self.within) and name not in self.without
        if inside and isinstance(module, (nn.Conv2d, ConvModule)):
            yield module
        for child in module.children():
            yield from self._convolutions(child, inside)

    def _get_init_info(self) -> str:
        return f'{type(self).__name__}: within {self.within}, without {self.without}'
