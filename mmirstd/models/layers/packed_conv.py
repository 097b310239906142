"""Convolutions for inference on CPU: weights laid out for oneDNN once, the activation in the same pass."""

from __future__ import annotations

import functools
from typing import TypeVar

import torch
from mmcv.cnn import ConvModule
from mmcv.cnn.bricks.swish import Swish
from torch import Tensor, nn

T = TypeVar('T', bound=nn.Module)

# oneDNN's names of the activations that it can compute as it writes a convolution's result.
_ACTIVATIONS = {nn.SiLU: 'swish', Swish: 'swish', nn.Sigmoid: 'sigmoid', nn.ReLU: 'relu'}


class PackedConvModule(nn.Module):
    """A ConvModule without norm (it was fused), faster on CPU in float32 and equal up to rounding.

    PyTorch's convolution lays the weights out for oneDNN in every call, and the activation reads and writes the result
    once more.  Here the first is done once for a size of input, the second by oneDNN itself, through the operators to
    which ``torch.compile`` lowers a frozen model; torch.compile needs a compiler, they do not.  Small convolutions gain
    most; ``mmirstd speed streaming`` measures a whole detector.  Anything but float32 on CPU is
    computed by the plain parts, and so is everything where gradients are wanted.

    Args:
        module: The module; its parts are kept under their names, for those who use them one by one.
    """

    def __init__(self, module: ConvModule) -> None:
        super().__init__()
        self.conv = module.conv
        self.norm = module.norm if module.with_norm else nn.Identity()
        self.activate = module.activate if module.with_activation else nn.Identity()
        self._packed: tuple[torch.Size, Tensor] | None = None

    @staticmethod
    def suits(module: nn.Module) -> bool:
        """Whether the module is one that can be packed: convolution (zero padding), then at most an activation."""
        if not isinstance(module, ConvModule) or type(module.conv) is not nn.Conv2d:
            return False
        return (
            module.order[0] == 'conv'
            and module.conv.padding_mode == 'zeros'
            and not module.with_explicit_padding
            and not isinstance(module.conv.padding, str)
            and (not module.with_norm or isinstance(module.norm, nn.Identity))
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', H', W')."""
        if x.device.type != 'cpu' or x.dtype != torch.float32 or torch.is_grad_enabled():
            return self.activate(self.norm(self.conv(x)))
        conv = self.conv
        if self._packed is None or self._packed[0] != x.shape:
            self._packed = (
                x.shape,
                torch.ops.mkldnn._reorder_convolution_weight(
                    conv.weight, conv.padding, conv.stride, conv.dilation, conv.groups, list(x.shape)
                ),
            )
        name = _ACTIVATIONS.get(type(self.activate), 'none')
        out = torch.ops.mkldnn._convolution_pointwise(
            x, self._packed[1], conv.bias, conv.padding, conv.stride, conv.dilation, conv.groups, name, [], ''
        )
        return self.activate(out) if name == 'none' else out

    def __getstate__(self) -> dict:
        # oneDNN's layout can be neither copied nor stored.
        return {**self.__dict__, '_packed': None}


def pack_convs(model: T) -> T:
    """Replace, in place, every ConvModule for which :class:`PackedConvModule` can stand.

    Nothing is replaced where this build of PyTorch lacks the operators.

    Args:
        model: A model in eval mode after ``mmcv.cnn.fuse_conv_bn``.  Its weights must not change from here on: what
            was packed would stay as it was.

    Returns:
        The model.
    """
    if not can_pack():
        return model
    for module in list(model.modules()):
        for name, child in module.named_children():
            if PackedConvModule.suits(child):
                setattr(module, name, PackedConvModule(child).train(child.training))
    return model


@functools.cache
def can_pack() -> bool:
    """Whether PyTorch has oneDNN and the operators, which are not part of its public interface, do what they did."""
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        module = PackedConvModule(ConvModule(4, 8, 3, padding=1, act_cfg=dict(type='Sigmoid')))
        x = torch.rand(1, 4, 6, 6)
        try:
            packed = module(x)
        except (AttributeError, RuntimeError):
            return False
        return torch.allclose(packed, module.activate(module.conv(x)), rtol=0, atol=1e-5)
