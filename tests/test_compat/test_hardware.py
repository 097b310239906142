"""CPUs and containers as their files describe them; no test depends on the machine that runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from mmirstd.compat import hardware
from mmirstd.compat.hardware import GPU, available_cores, available_memory, cgroup_limits, read_cpu, read_gpus
from tests.shared import REPO

AVX2 = 'fpu sse4_1 avx avx2 fma'
AVX512 = f'{AVX2} avx512f avx512_vnni'
BF16 = f'{AVX512} avx512_bf16'


@pytest.fixture(autouse=True)
def _onednn_uses_all(monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, 'is_available', lambda: True)
    monkeypatch.setattr(torch.ops.mkldnn, '_is_mkldnn_bf16_supported', lambda: True)


def cpu_of(tmp_path, flags: str, machine: str = 'x86_64', **environ: str):
    file = tmp_path / 'cpuinfo'
    head = 'flags\t\t' if machine == 'x86_64' else 'Features\t'
    file.write_text(f'processor\t: 0\nmodel name\t: Some CPU\n{head}: {flags}\n\nprocessor\t: 1\n')
    return read_cpu(environ, file, machine)


@pytest.mark.parametrize(
    ('flags', 'machine', 'features', 'bfloat16'),
    [
        (AVX2, 'x86_64', ('SSE4.1', 'AVX2'), False),
        (AVX512, 'x86_64', ('SSE4.1', 'AVX2', 'AVX-512', 'AVX512-VNNI'), False),
        (BF16, 'AMD64', ('SSE4.1', 'AVX2', 'AVX-512', 'AVX512-VNNI', 'AVX512-BF16'), True),
        (f'{AVX512} amx_tile amx_bf16', 'x86_64', ('SSE4.1', 'AVX2', 'AVX-512', 'AVX512-VNNI', 'AMX-BF16'), True),
        ('fpu', 'x86_64', (), False),
        ('fp asimd', 'aarch64', ('NEON',), False),
        ('fp asimd sve bf16', 'arm64', ('NEON', 'SVE', 'BF16'), True),
        ('rv64imafdc', 'riscv64', (), False),
    ],
)
def test_features_of_linux(tmp_path, flags, machine, features, bfloat16):
    cpu = cpu_of(tmp_path, flags, machine)
    assert (cpu.name, cpu.features, cpu.bfloat16) == ('Some CPU', features, bfloat16)
    assert cpu.cores >= 1
    assert not cpu.limits


@pytest.mark.parametrize(
    ('environ', 'bfloat16'),
    [
        ({'ONEDNN_MAX_CPU_ISA': 'AVX2'}, False),
        ({'ONEDNN_MAX_CPU_ISA': 'sse41'}, False),
        ({'ONEDNN_MAX_CPU_ISA': 'AVX512_CORE'}, False),  # oneDNN calls bfloat16 supported there, but emulates it
        ({'ONEDNN_MAX_CPU_ISA': 'AVX512_CORE_BF16'}, True),
        ({'ONEDNN_MAX_CPU_ISA': 'ALL'}, True),
        ({'DNNL_MAX_CPU_ISA': 'AVX2'}, False),
        ({'ONEDNN_MAX_CPU_ISA': 'ALL', 'DNNL_MAX_CPU_ISA': 'AVX2'}, True),  # the first one counts
        ({'ATEN_CPU_CAPABILITY': 'avx2'}, True),  # convolutions are oneDNN's
    ],
)
def test_limits_by_the_environment(tmp_path, environ, bfloat16):
    cpu = cpu_of(tmp_path, BF16, **environ)
    assert cpu.bfloat16 == bfloat16
    assert 'AVX512-BF16' in cpu.features
    assert cpu.limits == tuple(f'{name}={value}' for name, value in environ.items())
    if not bfloat16:
        assert cpu.limits[0] in cpu.why


def test_a_torch_that_does_not_use_the_instructions(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.ops.mkldnn, '_is_mkldnn_bf16_supported', lambda: False)
    assert not cpu_of(tmp_path, BF16).bfloat16
    monkeypatch.undo()
    monkeypatch.setattr(torch.backends.mkldnn, 'is_available', lambda: False)  # torch for macOS on ARM
    assert not cpu_of(tmp_path, 'asimd bf16', 'arm64').bfloat16


@pytest.mark.parametrize(
    ('functions', 'features'),
    [
        (
            dict(
                get_capabilities=lambda: {'avx2': True, 'avx512_f': True, 'avx512_bf16': True, 'architecture': 'x86_64'}
            ),
            ('AVX2', 'AVX-512', 'AVX512-BF16'),
        ),
        (dict(_is_avx2_supported=lambda: True, _is_avx512_supported=lambda: False), ('AVX2',)),
        (dict(_is_cpu_support_vnni=lambda: True), None),  # torch 2.2
    ],
)
def test_torch_is_asked_where_the_system_has_no_list(tmp_path, monkeypatch, functions, features):
    monkeypatch.setattr(torch, 'cpu', SimpleNamespace(**functions))
    cpu = read_cpu({}, tmp_path / 'missing', 'AMD64')
    assert cpu.features == features
    assert cpu.bfloat16 == ('AVX512-BF16' in (features or ()))
    assert cpu.name


def test_nobody_knows_the_cpu(tmp_path, monkeypatch):
    monkeypatch.setattr(hardware, '_flags_by_torch', lambda: None)
    cpu = read_cpu({}, tmp_path / 'missing', 'x86_64')
    assert (cpu.features, cpu.bfloat16) == (None, False)
    assert 'not known' in cpu.why


@pytest.mark.skipif(read_cpu().architecture != 'x86_64', reason='oneDNN has such a limit on x86 only')
def test_a_real_torch_under_a_limit():
    code = 'from mmirstd.compat.hardware import read_cpu; print(read_cpu().bfloat16)'
    out = subprocess.run(
        [sys.executable, '-c', code],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, 'ONEDNN_MAX_CPU_ISA': 'AVX2', 'OMP_NUM_THREADS': '1'},
    )
    assert out.stdout == 'False\n'


def test_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 2)
    monkeypatch.setattr(
        torch.cuda,
        'get_device_properties',
        lambda index: SimpleNamespace(name=f'GPU of {index}', major=7 + index, minor=5, total_memory=2**33),
    )
    assert read_gpus() == [GPU('GPU of 0', (7, 5), 2**33), GPU('GPU of 1', (8, 5), 2**33)]
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    assert read_gpus() == []


def test_quota_of_a_container(tmp_path):
    (tmp_path / 'a' / 'b').mkdir(parents=True)
    member = tmp_path / 'cgroup'
    member.write_text('0::/a/b\n')
    assert cgroup_limits(tmp_path, member) == []
    (tmp_path / 'a' / 'b' / 'cpu.max').write_text('max 100000\n')
    assert cgroup_limits(tmp_path, member) == []
    (tmp_path / 'a' / 'cpu.max').write_text('150000 100000\n')  # a parent's limit holds for the child
    assert cgroup_limits(tmp_path, member) == [(tmp_path / 'a', 1.5)]
    (tmp_path / 'cpu').mkdir()
    (tmp_path / 'cpu' / 'cpu.cfs_quota_us').write_text('100000\n')
    (tmp_path / 'cpu' / 'cpu.cfs_period_us').write_text('100000\n')
    assert cgroup_limits(tmp_path, member) == [(tmp_path / 'a', 1.5), (tmp_path / 'cpu', 1.0)]


def test_a_quota_limits_the_cores(monkeypatch):
    monkeypatch.setattr(hardware, 'cgroup_limits', lambda: [('a', 8.0), ('b', 0.5)])
    assert available_cores() == 1
    monkeypatch.setattr(hardware, 'cgroup_limits', list)
    assert available_cores() >= 1


def test_a_container_limits_the_memory(tmp_path):
    whole = available_memory(tmp_path, tmp_path / 'none')
    (tmp_path / 'memory.max').write_text('max\n')
    assert available_memory(tmp_path, tmp_path / 'none') == whole
    (tmp_path / 'memory.max').write_text('1048576\n')
    assert available_memory(tmp_path, tmp_path / 'none') == 2**20
    (tmp_path / 'memory.max').unlink()
    (tmp_path / 'memory').mkdir()
    (tmp_path / 'memory' / 'memory.limit_in_bytes').write_text('4096\n')
    assert available_memory(tmp_path, tmp_path / 'none') == 4096
