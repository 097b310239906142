"""The initialization that most official IRSTD codes share, and PyTorch's own where they leave it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mmcv.cnn import ConvModule
from mmengine.model import BaseInit, BaseModule, initialize, update_init_info
from torch import nn
from torch.nn.modules.conv import _ConvNd

from mmirstd.registry import WEIGHT_INITIALIZERS

# Kaiming normal (fan out) for convolutions, ones and zeros for norms; to be given as init_cfg.
KAIMING_FAN_OUT = (
    dict(type='Kaiming', layer='Conv2d', mode='fan_out', nonlinearity='relu'),
    dict(type='Constant', layer='_BatchNorm', val=1, bias=0),
)

# Narrow convolutions with PyTorch's biases, norms near 1: MRF3Net's; to be given as init_cfg.
NARROW_NORMAL = (
    dict(type='Normal', layer='Conv2d', std=0.02),
    dict(type='Normal', layer='_BatchNorm', mean=1.0, std=0.02),
    dict(type='mmirstd.PyTorchInit', within=['MRF3Encoder', 'MRF3Neck', 'MRF3Head'], weights=False),
)

# PyTorch's own start of convolutions' weights, to be given where a parent (mmcv's ConvModule, mmdet's FPN) would bring
# another.  Biases, which PyTorch draws as well, start at 0; PyTorchInit draws them, too.
PYTORCH_CONV = dict(
    type='Kaiming', layer='Conv2d', a=5**0.5, mode='fan_in', nonlinearity='leaky_relu', distribution='uniform'
)


def draw_bias(layer: _ConvNd | nn.Linear) -> None:
    """Draw the bias, if there is one, as PyTorch does: uniformly within 1 / sqrt(products of an output)."""
    if layer.bias is not None:
        bound = 1 / layer.weight[0].numel() ** 0.5
        nn.init.uniform_(layer.bias, -bound, bound)


@WEIGHT_INITIALIZERS.register_module()
class PyTorchInit(BaseInit):
    """Give the convolutions and linear layers within some modules the start that PyTorch gives them.

    For an official code that initializes a part of its network and leaves the rest as it was made; put it behind what
    initializes all: ``init_cfg=[*KAIMING_FAN_OUT, dict(type='mmirstd.PyTorchInit', within='Block')]``.  (mmcv's
    ``ConvModule`` has an initialization of its own, so no ``init_cfg`` is not PyTorch's.)

    Args:
        within: Class name, or names, of the modules whose layers are meant.
        without: Class name, or names, of modules inside of those that are left as they are.
        weights: Whether weights are drawn, too.  False draws biases alone: for an official code that initializes the
            weights and leaves the biases as PyTorch made them, where mmengine's initializations set them to 0.
    """

    def __init__(self, within: str | Sequence[str], without: str | Sequence[str] = (), weights: bool = True) -> None:
        super().__init__()
        self.weights = weights
        self.within = [within] if isinstance(within, str) else list(within)
        self.without = [without] if isinstance(without, str) else list(without)

    def __call__(self, module: nn.Module) -> None:
        """Initialize, in place."""
        for layer in self._layers(module, inside=False):
            if isinstance(layer, ConvModule):
                # mmengine would call its own initialization next, unless told that it has been done.
                layer.is_init = True
            elif self.weights:
                layer.reset_parameters()
            else:
                draw_bias(layer)
        if hasattr(module, '_params_init_info'):
            update_init_info(module, init_info=self._get_init_info())

    def _layers(self, module: nn.Module, inside: bool) -> Iterator[nn.Conv2d | nn.Linear | ConvModule]:
        name = type(module).__name__
        inside = (inside or name in self.within) and name not in self.without
        if inside and isinstance(module, (nn.Conv2d, nn.Linear, ConvModule)):
            yield module
        for child in module.children():
            yield from self._layers(child, inside)

    def _get_init_info(self) -> str:
        drawn = 'weights and biases' if self.weights else 'biases'
        return f'{type(self).__name__}: {drawn} within {self.within}, without {self.without}'


@WEIGHT_INITIALIZERS.register_module()
class NarrowNormalInit(BaseInit):
    """Initialize a whole network as ``weights_init`` in the training scripts of SSTNet and its successors does.

    Convolutions, also those in time, are drawn narrowly, and so are the scales of 2-D batch norms, around 1.  Biases of
    convolutions are PyTorch's own.  All else stays as it was made: linear layers, other norms, parameters.

    To be given as ``init_cfg`` of the model.  The parts' own initializations are left out, mmdet's prior of a head's
    scores among them.

    Source: UESTC-nnLab/SSTNet, /STME and /Tridos, and IVPLaboratory/TDCNet, ``weights_init`` in ``yolo_training.py``.

    Args:
        std: Standard deviation of weights and scales.
    """

    def __init__(self, std: float = 0.02) -> None:
        super().__init__()
        self.std = std

    def __call__(self, module: nn.Module) -> None:
        """Initialize, in place."""
        for layer in module.modules():
            if isinstance(layer, _ConvNd):
                nn.init.normal_(layer.weight, std=self.std)
                draw_bias(layer)
            elif isinstance(layer, nn.BatchNorm2d):
                nn.init.normal_(layer.weight, mean=1, std=self.std)
                nn.init.zeros_(layer.bias)
        for child in module.children():
            if isinstance(child, BaseModule):
                # mmengine would call it next, unless told that it has been done.
                child.is_init = True
        if hasattr(module, '_params_init_info'):
            update_init_info(module, init_info=self._get_init_info())

    def _get_init_info(self) -> str:
        return f'{type(self).__name__}: std={self.std}'


@WEIGHT_INITIALIZERS.register_module()
class SmallPredictionInit(BaseInit):
    """Start a head near its prior: PyTorch's start, and small weights in the convolutions that predict.

    To be given as ``init_cfg`` of mmdet's ``YOLOXHead``, whose own start is the same but for these.  With that one some
    detectors of dim targets never begin to learn (``configs/bp_fpn/experiments.md``).  Why is not known.  mmdet's other
    dense heads start small, too.

    A convolution predicts if it stands alone, outside of a ``ConvModule`` with its norm and activation.  Its bias
    starts at 0; mmdet's head sets that of the scores afterwards.

    Args:
        std: Standard deviation of the weights of convolutions that predict.  None leaves PyTorch's, as mmdet does.

    Raises:
        ValueError: If the module has no such convolution.
    """

    def __init__(self, std: float | None = 0.01) -> None:
        super().__init__()
        self.std = std

    def __call__(self, module: nn.Module) -> None:
        """Initialize, in place."""
        initialize(module, PYTORCH_CONV)
        predictors = list(self._predictors(module))
        if not predictors:
            raise ValueError(
                f'{type(self).__name__}: {type(module).__name__} has no convolution outside of a ConvModule; '
                "give it as init_cfg of a head that predicts by convolutions, like mmdet's YOLOXHead"
            )
        if self.std is not None:
            for layer in predictors:
                nn.init.normal_(layer.weight, std=self.std)
        if hasattr(module, '_params_init_info'):
            update_init_info(module, init_info=self._get_init_info())

    def _predictors(self, module: nn.Module) -> Iterator[nn.Conv2d]:
        for child in module.children():
            if isinstance(child, nn.Conv2d):
                yield child
            elif not isinstance(child, ConvModule):
                yield from self._predictors(child)

    def _get_init_info(self) -> str:
        return f'{type(self).__name__}: std={self.std} in convolutions that predict'
