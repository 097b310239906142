"""The precision a training takes on this machine, and why."""

from __future__ import annotations

from dataclasses import dataclass

from .hardware import CPU, GPU, read_cpu, read_gpus

#: First compute capability with bfloat16 in hardware (NVIDIA's Ampere).
BFLOAT16_CAPABILITY = (8, 0)


@dataclass(frozen=True)
class Precision:
    """A floating-point type and why it was chosen.

    Attributes:
        dtype: ``'float32'``, ``'bfloat16'`` or ``'float16'``; the latter two for autocast, beside float32 parameters.
        why: The reason, a main clause.
    """

    dtype: str
    why: str

    def __str__(self) -> str:
        scaled = ' with loss scaling' if self.dtype == 'float16' else ''
        return f'precision: {self.dtype}{scaled}, because {self.why}'


def choose_precision(device: str, cpu: CPU | None = None, gpus: list[GPU] | None = None) -> Precision:
    """The type that is fast on this machine and as good: mixed precision only where the hardware has it.

    Args:
        device: Where the network runs, as ``mmengine.device.get_device`` names it: 'cpu', 'cuda', 'mps', 'npu', ...
        cpu: Defaults to :func:`mmirstd.compat.hardware.read_cpu`.
        gpus: Defaults to :func:`mmirstd.compat.hardware.read_gpus`; the weakest decides, so that all processes of a
            run agree.
    """
    if device == 'cpu':
        cpu = read_cpu() if cpu is None else cpu
        return Precision('bfloat16' if cpu.bfloat16 else 'float32', cpu.why)
    if device == 'cuda':
        gpus = read_gpus() if gpus is None else gpus
        if not gpus:
            return Precision('float32', 'torch names no GPU')
        weakest = min(gpus, key=lambda gpu: gpu.capability)
        if weakest.capability >= BFLOAT16_CAPABILITY:
            return Precision('bfloat16', f'the GPU has it in hardware ({weakest})')
        return Precision('float16', f'the GPU has no bfloat16 in hardware ({weakest}; 8.0 is needed)')
    if device in ('npu', 'mlu', 'musa'):
        return Precision('float16', f'it is what mmengine takes on {device}')
    return Precision('float32', f'mmengine has no mixed precision on {device}')


def choose_mixed_precision(device: str) -> str:
    """The 16-bit type for mixed precision that a user asks for, whatever the machine.

    bfloat16, or float16 on a GPU that has no bfloat16.
    """
    best = choose_precision(device).dtype
    return 'bfloat16' if best == 'float32' else best
