"""What networks of the zoo cost."""

from __future__ import annotations

import pytest

from mmirstd.costs.backend_names import FOLDED, STREAMING, TORCH
from mmirstd.zoo.backend_costs import measure_backends, reference_run
from mmirstd.zoo.networks import zoo_models


def test_times_are_over_the_reference_s() -> None:
    models, said = zoo_models(), []
    reference = reference_run(models['acm'], 64)
    times, costs = measure_backends('sstnet-nano', models['sstnet-nano'], reference, 64, 1, False, said.append)
    assert {TORCH, FOLDED, TORCH + STREAMING} <= times.keys() == costs.keys()
    assert all(time > 0 for time in times.values())
    assert all(0 < cost['ms'] <= cost['ms_p95'] and 'mib' not in cost for cost in costs.values())


def test_memory_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr('mmirstd.costs.backend_sides.run_alone', lambda *work: 3 << 20)
    times, costs = measure_backends('ipi', zoo_models()['ipi'], None, 32, 0, True, said.append)
    assert (times, costs) == ({}, {TORCH: dict(mib=3)})
    assert said[0].startswith('ipi: not exported: ')
