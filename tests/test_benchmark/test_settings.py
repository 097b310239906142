from __future__ import annotations

from pathlib import Path

from mmirstd.benchmark import Settings


def test_gpus_go_round() -> None:
    settings = Settings(Path('l'), Path('w'), {}, jobs=3, threads=2, gpus=('0', '3'))
    assert [settings.gpu_of(slot) for slot in range(3)] == ['0', '3', '0']
    assert settings.environment('3') == dict(OMP_NUM_THREADS='2', MKL_NUM_THREADS='2', CUDA_VISIBLE_DEVICES='3')


def test_without_gpus_the_environment_stays() -> None:
    settings = Settings(Path('l'), Path('w'), {})
    assert settings.gpu_of(0) is None
    assert settings.environment(None) == dict(OMP_NUM_THREADS='1', MKL_NUM_THREADS='1')
