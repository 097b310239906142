"""Mixed-precision training on GPU and on CPU with one config."""

from __future__ import annotations

from contextlib import contextmanager

import torch
from mmengine.device import get_device
from mmengine.logging import print_log
from mmengine.optim import AmpOptimWrapper, OptimWrapper
from torch import nn

from mmirstd.registry import OPTIM_WRAPPERS


def _disabled_scaler():
    """A GradScaler that passes everything through (bfloat16 has float32's range and needs no scaling)."""
    if hasattr(torch.amp, 'GradScaler'):
        return torch.amp.GradScaler('cpu', enabled=False)
    return torch.cuda.amp.GradScaler(enabled=False)  # torch < 2.3


@OPTIM_WRAPPERS.register_module()
class AutocastOptimWrapper(AmpOptimWrapper):
    """mmengine's ``AmpOptimWrapper`` that also works on CPU, there in bfloat16.

    On an accelerator it is ``AmpOptimWrapper``.  On CPU the forward pass and
    the losses run under ``torch.autocast('cpu', torch.bfloat16)`` and gradients are not
    scaled; parameters and optimiser state stay float32.  Checkpoints of the
    two can be resumed by each other.

    Args:
        loss_scale (float or str or dict): As in ``AmpOptimWrapper``; unused on CPU.
        dtype (str or torch.dtype, optional): The type to autocast to.  None: float16 on an accelerator, bfloat16
            on CPU.  On CPU ``'float16'`` is replaced by bfloat16, which is logged.
        **kwargs: Of ``OptimWrapper``: ``optimizer``, ``accumulative_counts``, ``clip_grad``.

    Raises:
        ValueError: A ``dtype`` that CPU autocast does not have.
    """

    def __init__(self, loss_scale: float | str | dict = 'dynamic', dtype: str | torch.dtype | None = None,
                 **kwargs) -> None:
        self.on_cpu = get_device() == 'cpu'
        if not self.on_cpu:
            super().__init__(loss_scale=loss_scale, dtype=dtype, **kwargs)
            return
        kwargs.pop('use_fsdp', None)
        OptimWrapper.__init__(self, **kwargs)
        name = 'bfloat16' if dtype is None else str(dtype).replace('torch.', '')
        if name == 'float16':
            print_log('mixed precision on CPU: bfloat16 instead of float16, which CPU autocast does not have',
                      logger='current')
            name = 'bfloat16'
        if name != 'bfloat16':
            raise ValueError(f'AutocastOptimWrapper: dtype={dtype!r} on CPU; expected None, "bfloat16" or "float16"')
        self.cast_dtype = torch.bfloat16
        self._scale_update_param = None
        self.loss_scaler = _disabled_scaler()

    def load_state_dict(self, state_dict: dict) -> None:
        """Load the optimiser's state; an empty scaler state (saved on CPU or without AMP) leaves ours as it is."""
        state_dict = dict(state_dict)
        if not state_dict.get('loss_scaler'):
            state_dict.pop('loss_scaler', None)
        super().load_state_dict(state_dict)

    @contextmanager
    def optim_context(self, model: nn.Module):
        """Autocast, and no gradient synchronisation while gradients accumulate."""
        if not self.on_cpu:
            with super().optim_context(model):
                yield
            return
        with OptimWrapper.optim_context(self, model), torch.autocast('cpu', dtype=torch.bfloat16):
            yield


def enable_amp(optim_wrapper: dict) -> None:
    """Switch a config's ``optim_wrapper`` to mixed precision, in place (the tools' ``--amp``).

    Args:
        optim_wrapper (dict): ``type`` absent, ``OptimWrapper``, or already one with autocast.

    Raises:
        mmirstd.engine.errors.ConfigError: A wrapper of another type, which cannot be replaced safely.
    """
    from .errors import ConfigError
    kind = optim_wrapper.get('type', 'OptimWrapper')
    name = kind if isinstance(kind, str) else kind.__name__
    if name.rsplit('.', 1)[-1] not in ('OptimWrapper', 'AmpOptimWrapper', 'AutocastOptimWrapper'):
        raise ConfigError(f'--amp: optim_wrapper is a {name}; expected OptimWrapper, which --amp replaces by '
                          'mmirstd.AutocastOptimWrapper.\n  cure: leave --amp out, or change optim_wrapper.type')
    optim_wrapper['type'] = 'mmirstd.AutocastOptimWrapper'
