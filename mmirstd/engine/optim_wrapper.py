"""One optimizer wrapper for every machine: the precision follows the hardware."""

from __future__ import annotations

import logging
from contextlib import contextmanager

import torch
from mmengine.device import get_device
from mmengine.logging import print_log
from mmengine.optim import AmpOptimWrapper, OptimWrapper, OptimWrapperDict
from torch import nn

from mmirstd.compat.precision import choose_mixed_precision, choose_precision
from mmirstd.registry import OPTIM_WRAPPERS
from mmirstd.utils.config_parts import bare_type
from mmirstd.utils.errors import ConfigError

_DTYPES = ('float32', 'bfloat16', 'float16')


def _disabled_scaler():
    """A GradScaler that passes everything through (float32 and bfloat16, of the same range, need no scaling)."""
    if hasattr(torch.amp, 'GradScaler'):
        return torch.amp.GradScaler('cpu', enabled=False)
    return torch.cuda.amp.GradScaler(enabled=False)  # torch < 2.3


@OPTIM_WRAPPERS.register_module()
class AutocastOptimWrapper(AmpOptimWrapper):
    """mmengine's ``AmpOptimWrapper`` for every machine: mixed precision where the hardware has it, else float32.

    What was chosen is logged once, with the reason.  Parameters and optimizer
    state are float32 in any case, so a checkpoint of each precision, of ``OptimWrapper`` and of ``AmpOptimWrapper``
    can be resumed in each other; a change is logged.

    Args:
        loss_scale: As in ``AmpOptimWrapper``; used with float16 alone.
        dtype: The type to autocast to.  None or ``'auto'``: what
            :func:`mmirstd.compat.precision.choose_precision` finds best here.  ``'float32'``: no autocast.
            ``'bfloat16'``: in any case, with a warning where the hardware only emulates it.  ``'float16'``: the same on
            an accelerator; on CPU as ``'auto'``, because mmengine has none there.
        **kwargs: Of ``OptimWrapper``: ``optimizer``, ``accumulative_counts``, ``clip_grad``; ``use_fsdp`` of
            ``AmpOptimWrapper``.

    Attributes:
        precision: ``'float32'``, ``'bfloat16'`` or ``'float16'``.

    Raises:
        ValueError: Another ``dtype``.
    """

    def __init__(
        self, loss_scale: float | str | dict = 'dynamic', dtype: str | torch.dtype | None = None, **kwargs
    ) -> None:
        device = get_device()
        self.on_cpu = device == 'cpu'
        self.precision = _settle(dtype, device)
        if self.precision == 'float16':
            super().__init__(loss_scale=loss_scale, dtype='float16', **kwargs)
            return
        kwargs.pop('use_fsdp', None)  # chooses the scaler of float16
        OptimWrapper.__init__(self, **kwargs)
        self.cast_dtype = getattr(torch, self.precision)
        self._scale_update_param = None
        self.loss_scaler = _disabled_scaler()

    def state_dict(self) -> dict:
        """The optimizer's state, the precision, and the scaler's state where there is scaling.

        ``AmpOptimWrapper`` takes an absent scaler state, but no empty one.
        """
        state = super().state_dict()
        if not state['loss_scaler']:
            del state['loss_scaler']
        state['precision'] = self.precision
        return state

    def load_state_dict(self, state_dict: dict) -> None:
        """Load the state of any wrapper; without a scaler state ours stays as it is."""
        state_dict = dict(state_dict)
        before = state_dict.pop('precision', None) or _guess_precision(state_dict)
        if before != self.precision:
            print_log(
                f'precision: {self.precision} from here on; the checkpoint was trained in {before} (weights and '
                'optimizer state are float32 in both)',
                logger='current',
            )
        if not state_dict.get('loss_scaler'):
            state_dict.pop('loss_scaler', None)
        super().load_state_dict(state_dict)

    @contextmanager
    def optim_context(self, model: nn.Module):
        """Autocast, and no gradient synchronization while gradients accumulate."""
        if self.precision == 'float32':
            with OptimWrapper.optim_context(self, model):
                yield
        elif self.on_cpu:
            with OptimWrapper.optim_context(self, model), torch.autocast('cpu', dtype=torch.bfloat16):
                yield
        else:
            with super().optim_context(model):
                yield


def _settle(dtype: str | torch.dtype | None, device: str) -> str:
    """The precision for what the config asks on a device; logs it."""
    asked = 'auto' if dtype is None else str(dtype).replace('torch.', '')
    if asked not in ('auto', *_DTYPES):
        raise ValueError(
            f'AutocastOptimWrapper: dtype={dtype!r}; expected None, "auto", "float32", "bfloat16" or "float16"'
        )
    best = choose_precision(device)
    level = logging.INFO
    if asked == 'auto':
        chosen, line = best.dtype, str(best)
    elif asked == 'float16' and device == 'cpu':
        chosen, line = best.dtype, f'{best} (optim_wrapper.dtype float16 is for GPUs)'
    elif asked == 'bfloat16' and best.dtype != 'bfloat16':
        chosen, level = asked, logging.WARNING
        line = f'precision: bfloat16, as asked for, but {best.why}: {emulation_cost(device)}'
        line += '\n  cure: leave out optim_wrapper.dtype and --amp, then the precision follows the machine'
    else:
        chosen, line = asked, f'precision: {asked}, as asked for (optim_wrapper.dtype or --amp)'
    print_log(line, logger='current', level=level)
    return chosen


def _guess_precision(state: dict) -> str:
    """The precision of a state that does not name it."""
    if 'loss_scaler' not in state:
        return 'float32'  # OptimWrapper's
    # Our wrapper wrote an empty scaler state until it wrote the precision.
    return 'float16' if state['loss_scaler'] else 'bfloat16'


def emulation_cost(device: str) -> str:
    """What bfloat16 costs where the hardware has none, a main clause."""
    if device == 'cpu':
        # GGL-Net tiny, 2 images of 256x256, one thread, forward and backward, medians of CPU seconds, channels-last and
        # not. oneDNN held at AVX2: 4.7 s against 0.56 s, 8.7 against 0.63. A CPU that has no more: 9.5 against 0.9,
        # 18.3 against 1.0. oneDNN held at AVX512_CORE: 0.68 against 0.37, 0.86 against 0.52.
        return (
            'emulated, a training step of GGL-Net tiny was measured 8 to 18 times slower than in float32 (on AVX2; '
            '1.7 to 1.9 times on AVX-512)'
        )
    return 'it is emulated there, and slower than float16'


def accept_dtype(optim_wrapper: dict) -> None:
    """Let any config's ``optim_wrapper`` have a ``dtype``, in place.

    mmengine's ``OptimWrapper`` has none and its ``AmpOptimWrapper`` takes no float32; then ours replaces it.

    Args:
        optim_wrapper: ``type`` absent, or a wrapper of any kind; one of another kind stays as it is.

    Raises:
        ConfigError: It is of several optimizers, each of which has a ``dtype`` of its own.
    """
    asked = str(optim_wrapper.get('dtype')).replace('torch.', '')
    name = _type_name(optim_wrapper)
    if asked != 'None':
        _check_single('optim_wrapper.dtype', optim_wrapper)
    if asked != 'None' and (name == 'OptimWrapper' or (name == 'AmpOptimWrapper' and asked in ('float32', 'auto'))):
        optim_wrapper['type'] = 'mmirstd.AutocastOptimWrapper'


def single_wrappers(optim_wrapper: OptimWrapper) -> list[OptimWrapper]:
    """The wrapper itself, or those of several optimizers (``OptimWrapperDict``, which is a wrapper only by name)."""
    return list(optim_wrapper.values()) if isinstance(optim_wrapper, OptimWrapperDict) else [optim_wrapper]


def _check_single(option: str, optim_wrapper: dict) -> None:
    names = [name for name, part in optim_wrapper.items() if isinstance(part, dict) and 'optimizer' in part]
    if 'optimizer' in optim_wrapper or not names:
        return
    raise ConfigError(
        f'{option}: optim_wrapper is of several optimizers ({", ".join(names)})',
        expected='one, whose wrapper this option changes',
        cure="in the config, for each of them: type='mmirstd.AutocastOptimWrapper', dtype='bfloat16'",
    )


def _type_name(optim_wrapper: dict) -> str:
    return bare_type(optim_wrapper) or 'OptimWrapper'


def enable_amp(optim_wrapper: dict) -> None:
    """Switch a config's ``optim_wrapper`` to mixed precision, in place (the tools' ``--amp``).

    On CPU that is bfloat16 even where it is only emulated, which the wrapper warns of; on an accelerator a
    ``dtype`` of the config stays, if it is mixed precision.

    Args:
        optim_wrapper: ``type`` absent, ``OptimWrapper``, or already one with autocast.

    Raises:
        ConfigError: A wrapper of another type, which cannot be replaced safely, or one of several optimizers.
    """
    _check_single('--amp', optim_wrapper)
    name = _type_name(optim_wrapper)
    if name not in ('OptimWrapper', 'AmpOptimWrapper', 'AutocastOptimWrapper'):
        raise ConfigError(
            f'--amp: optim_wrapper is a {name}; expected OptimWrapper, which --amp replaces by '
            'mmirstd.AutocastOptimWrapper.\n  cure: leave --amp out, or change optim_wrapper.type'
        )
    optim_wrapper['type'] = 'mmirstd.AutocastOptimWrapper'
    device = get_device()
    if device == 'cpu' or optim_wrapper.get('dtype') not in ('bfloat16', 'float16', torch.bfloat16, torch.float16):
        optim_wrapper['dtype'] = choose_mixed_precision(device)
