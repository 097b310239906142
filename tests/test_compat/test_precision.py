from __future__ import annotations

import pytest

from mmirstd.compat import precision
from mmirstd.compat.hardware import CPU, GPU
from mmirstd.compat.precision import choose_mixed_precision, choose_precision


def cpu(bfloat16: bool) -> CPU:
    return CPU('Some CPU', 'x86_64', 2, ('AVX2',), (), bfloat16, 'of its hardware')


def gpu(major: int, minor: int) -> GPU:
    return GPU(f'GPU {major}{minor}', (major, minor), 2**33)


@pytest.mark.parametrize(
    ('device', 'bfloat16', 'gpus', 'expected'),
    [
        ('cpu', True, [], 'bfloat16'),
        ('cpu', False, [], 'float32'),
        ('cpu', False, [(9, 0)], 'float32'),  # where the network runs counts
        ('cuda', True, [(7, 5)], 'float16'),
        ('cuda', False, [(8, 0)], 'bfloat16'),
        ('cuda', False, [(12, 0), (8, 6)], 'bfloat16'),
        ('cuda', False, [(9, 0), (7, 0)], 'float16'),  # all processes of a run agree
        ('cuda', False, [], 'float32'),
        ('npu', False, [], 'float16'),
        ('mps', True, [], 'float32'),
    ],
)
def test_precision_follows_the_hardware(device, bfloat16, gpus, expected):
    chosen = choose_precision(device, cpu(bfloat16), [gpu(*capability) for capability in gpus])
    assert chosen.dtype == expected
    line = str(chosen)
    assert line.startswith(f'precision: {expected}')
    assert ('loss scaling' in line) == (expected == 'float16')
    assert '\n' not in line
    if device == 'cpu':
        assert line.endswith(', because of its hardware')
    elif device == 'cuda' and gpus:
        assert 'compute capability {}.{}'.format(*min(gpus)) in line


def test_mixed_precision_whatever_the_machine(monkeypatch):
    monkeypatch.setattr(precision, 'read_cpu', lambda: cpu(False))
    assert choose_mixed_precision('cpu') == 'bfloat16'
    monkeypatch.setattr(precision, 'read_gpus', lambda: [gpu(7, 5)])
    assert choose_mixed_precision('cuda') == 'float16'
