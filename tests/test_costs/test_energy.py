"""The counters of a machine that has them, as Linux shows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmirstd.costs.energy import EnergyCounter


def counters(folder: Path, **microjoules: int) -> None:
    for name, value in microjoules.items():
        package = folder / name.replace('_', ':').replace('intel:rapl', 'intel-rapl')
        package.mkdir(parents=True, exist_ok=True)
        (package / 'energy_uj').write_text(f'{value}\n')
        (package / 'max_energy_range_uj').write_text('9999999\n')


def test_packages_are_added_and_their_parts_are_not(tmp_path: Path) -> None:
    counters(tmp_path, intel_rapl_0=1_000_000, intel_rapl_1=9_000_000, intel_rapl_0_0=5)
    counter = EnergyCounter(tmp_path)
    assert counter.available
    before = counter.read()
    counters(tmp_path, intel_rapl_0=3_500_000, intel_rapl_1=1_000_000, intel_rapl_0_0=7_000_000)
    # 2.5 J, and 2 J past the largest value, where the second begins anew
    assert counter.between(before, counter.read()) == pytest.approx(4.5)


def test_why_there_is_none(tmp_path: Path) -> None:
    none = EnergyCounter(tmp_path)
    assert not none.available
    assert none.between(none.read(), none.read()) is None
    assert str(tmp_path) in none.reason
    (tmp_path / 'intel-rapl:0').mkdir()
    assert 'energy_uj cannot be read (FileNotFoundError)' in EnergyCounter(tmp_path).reason
