"""What this machine has: cores, memory, the CPU's features, GPUs.

Nothing here needs torch to be installed: where it is asked, its absence is an answer.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: The features that matter here: name shown -> flags of which one suffices, as ``/proc/cpuinfo`` spells them.
X86_FEATURES: Mapping[str, tuple[str, ...]] = {
    'SSE4.1': ('sse4_1',),
    'AVX2': ('avx2',),
    'AVX-VNNI': ('avx_vnni',),
    'AVX-512': ('avx512f',),
    'AVX512-VNNI': ('avx512_vnni',),
    'AVX512-BF16': ('avx512_bf16',),
    'AMX-BF16': ('amx_bf16',),
}
ARM_FEATURES: Mapping[str, tuple[str, ...]] = {'NEON': ('asimd', 'neon'), 'SVE': ('sve',), 'BF16': ('bf16',)}
#: Those of them that multiply bfloat16.
BFLOAT16_FEATURES = ('AVX512-BF16', 'AMX-BF16', 'BF16')
#: Values of ONEDNN_MAX_CPU_ISA that keep oneDNN from such instructions; with all others it may use them.
_ISA_WITHOUT_BFLOAT16 = ('SSE41', 'AVX', 'AVX2', 'AVX2_VNNI', 'AVX2_VNNI_2', 'AVX512_CORE', 'AVX512_CORE_VNNI')
#: Variables that limit what torch uses of the CPU; oneDNN takes the first of its two that is set.
LIMITING_VARIABLES = ('ONEDNN_MAX_CPU_ISA', 'DNNL_MAX_CPU_ISA', 'ATEN_CPU_CAPABILITY')


@dataclass(frozen=True)
class CPU:
    """The CPU as torch may use it.

    Attributes:
        name: Model, as the system calls it.
        architecture: ``'x86_64'``, ``'aarch64'``, ...
        cores: Cores granted to this process, at least 1.
        features: Of :data:`X86_FEATURES` or :data:`ARM_FEATURES`, what the hardware has; None where the system does not
            tell.
        limits: ``NAME=value`` of the :data:`LIMITING_VARIABLES` that are set.
        bfloat16: Whether convolutions and matrix products in bfloat16 run in hardware.
        why: The reason for ``bfloat16``, a main clause.
    """

    name: str
    architecture: str
    cores: int
    features: tuple[str, ...] | None
    limits: tuple[str, ...]
    bfloat16: bool
    why: str


@dataclass(frozen=True)
class GPU:
    """One GPU that torch sees.

    Attributes:
        name: Model.
        capability: Compute capability, major and minor.
        memory: Bytes.
    """

    name: str
    capability: tuple[int, int]
    memory: int

    def __str__(self) -> str:
        return f'{self.name}, compute capability {self.capability[0]}.{self.capability[1]}'


def cgroup_limits(
    root: Path = Path('/sys/fs/cgroup'), membership: Path = Path('/proc/self/cgroup')
) -> list[tuple[Path, float]]:
    """Folder and granted cores of each CPU quota that holds for this process (cgroup v2 or v1); none without one."""
    found = []
    for folder in _cgroup_folders(root, membership):
        with suppress(OSError, ValueError):
            quota, period = (folder / 'cpu.max').read_text().split()
            if quota != 'max':
                found.append((folder, int(quota) / int(period)))
    for folder in (root / 'cpu', root / 'cpu,cpuacct'):
        with suppress(OSError, ValueError):
            quota_us = int((folder / 'cpu.cfs_quota_us').read_text())
            if quota_us > 0:
                found.append((folder, quota_us / int((folder / 'cpu.cfs_period_us').read_text())))
    return found


def _cgroup_folders(root: Path, membership: Path) -> list[Path]:
    """The folders of this process's cgroup (v2) and of its parents, whose limits hold for it, too."""
    folders = [root]
    try:
        for line in membership.read_text().splitlines():
            hierarchy, _, path = line.split(':', 2)
            if hierarchy == '0':
                parts = [p for p in path.split('/') if p and p != '..']
                folders += [root.joinpath(*parts[:n]) for n in range(1, len(parts) + 1)]
    except (OSError, ValueError):
        pass
    return folders


def available_cores() -> int:
    """Cores this process may really use: the CPU affinity, limited by a container's quota; at least 1."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS or Windows
        cores = os.cpu_count() or 1
    return max(1, min([cores, *(int(quota) for _, quota in cgroup_limits())]))


def available_memory(root: Path = Path('/sys/fs/cgroup'), membership: Path = Path('/proc/self/cgroup')) -> int | None:
    """Bytes of memory this process may use: the machine's, limited by a container; None where nobody tells."""
    found = []
    with suppress(AttributeError, ValueError, OSError):  # not on Windows
        found.append(os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES'))
    limits = [folder / 'memory.max' for folder in _cgroup_folders(root, membership)]
    for file in [*limits, root / 'memory' / 'memory.limit_in_bytes']:
        try:
            found.append(int(file.read_text()))  # "max" is no number
        except (OSError, ValueError):
            continue
    return min(found) if found else None


def read_cpu(
    environ: Mapping[str, str] | None = None, cpuinfo: Path = Path('/proc/cpuinfo'), machine: str | None = None
) -> CPU:
    """Look at the CPU.

    torch has functions for its features, but they do not see the limits: with ONEDNN_MAX_CPU_ISA=AVX2 torch 2.13's
    ``_is_avx512_bf16_supported`` is true on a CPU that has it, and with AVX512_CORE
    ``_is_mkldnn_bf16_supported`` is true although oneDNN then emulates bfloat16.  So the system's list of features is
    asked first, torch where there is none, and the limits are read here.

    Args:
        environ: Defaults to ``os.environ``.
        cpuinfo: Where Linux lists the features.
        machine: Architecture; defaults to this machine's.
    """
    environ = os.environ if environ is None else environ
    machine = (machine or platform.machine() or 'unknown').lower()
    machine = {'amd64': 'x86_64', 'arm64': 'aarch64'}.get(machine, machine)
    known = {'x86_64': X86_FEATURES, 'aarch64': ARM_FEATURES}.get(machine, {})
    name, flags = _read_cpuinfo(cpuinfo)
    if flags is None:
        flags = _flags_by_torch()
    features = None
    if flags is not None:
        features = tuple(shown for shown, spelled in known.items() if flags.intersection(spelled))
    limits = tuple(f'{variable}={environ[variable]}' for variable in LIMITING_VARIABLES if environ.get(variable))
    bfloat16, why = _judge_bfloat16(machine, features, environ)
    return CPU(name or platform.processor() or machine, machine, available_cores(), features, limits, bfloat16, why)


def _read_cpuinfo(path: Path) -> tuple[str, set[str] | None]:
    """Model and flags (None if there are none) of the first processor that has them."""
    try:
        text = path.read_text(encoding='utf-8', errors='replace')
    except OSError:
        return '', None
    name = re.search(r'^model name\s*:\s*(.+)$', text, re.MULTILINE | re.IGNORECASE)
    flags = re.search(r'^(?:flags|features)\s*:\s*(.+)$', text, re.MULTILINE | re.IGNORECASE)
    return name.group(1).strip() if name else '', set(flags.group(1).split()) if flags else None


def _flags_by_torch() -> set[str] | None:
    """What torch finds by itself (macOS, Windows), in the spelling of ``/proc/cpuinfo``; None if it has nothing."""
    try:
        import torch
    except Exception:  # missing or broken: no answer
        return None
    if hasattr(torch.cpu, 'get_capabilities'):  # not in older ones
        found = {key for key, value in torch.cpu.get_capabilities().items() if value is True}
        return found | ({'avx512f'} if 'avx512_f' in found else set())
    functions = dict(
        avx2='_is_avx2_supported',
        avx512f='_is_avx512_supported',
        avx512_bf16='_is_avx512_bf16_supported',
        amx_bf16='_is_amx_tile_supported',
    )
    asked = {flag: getattr(torch.cpu, function, None) for flag, function in functions.items()}
    if not any(asked.values()):
        return None
    return {flag for flag, function in asked.items() if function is not None and function()}


def _judge_bfloat16(machine: str, features: tuple[str, ...] | None, environ: Mapping[str, str]) -> tuple[bool, str]:
    if features is None:
        return False, f'it is not known whether this CPU ({machine}) has bfloat16 in hardware'
    native = [feature for feature in features if feature in BFLOAT16_FEATURES]
    if not native:
        has = ', '.join(features) or f'nothing of what mmirstd looks for on {machine}'
        return False, f'this CPU has no bfloat16 in hardware (it has {has})'
    shown = ' and '.join(native)
    for variable in ('ONEDNN_MAX_CPU_ISA', 'DNNL_MAX_CPU_ISA'):
        if environ.get(variable):
            if machine == 'x86_64' and environ[variable].upper() in _ISA_WITHOUT_BFLOAT16:
                return False, f"{variable}={environ[variable]} forbids this CPU's bfloat16 instructions ({shown})"
            break
    # oneDNN's word, where torch is there: a build without it, or one that does not use the instructions.
    try:
        import torch

        usable = torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    except ImportError:
        usable = True
    except (AttributeError, RuntimeError):  # not in this torch
        usable = torch.backends.mkldnn.is_available()
    if not usable:
        return False, f"this build of torch does not use the CPU's bfloat16 instructions ({shown})"
    return True, f'this CPU has bfloat16 in hardware ({shown})'


def read_gpus() -> list[GPU]:
    """The GPUs that torch sees (``CUDA_VISIBLE_DEVICES`` counts); none without torch."""
    try:
        import torch

        if not torch.cuda.is_available():
            return []
        found = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    except Exception:  # torch is missing, or the driver does not fit it; the report of torch itself says so
        return []
    return [GPU(gpu.name, (gpu.major, gpu.minor), gpu.total_memory) for gpu in found]
