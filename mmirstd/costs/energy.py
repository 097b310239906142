"""Energy that the machine counts: Linux's powercap (RAPL) of Intel's and AMD's CPUs."""

from __future__ import annotations

from pathlib import Path

#: Where Linux shows the counters.
POWERCAP = Path('/sys/class/powercap')


class EnergyCounter:
    """The CPU packages' counters that this user may read.

    They count the whole package: other programs' energy is in it.

    Args:
        folder: Of ``powercap``.
    """

    def __init__(self, folder: Path = POWERCAP) -> None:
        self._counters: list[tuple[Path, int]] = []
        self.reason = f'there is no counter in {folder}'
        # "intel-rapl:0" is a package, "intel-rapl:0:1" a part of it; AMD's have the same names
        for package in sorted(folder.glob('intel-rapl:*')):
            if package.name.count(':') != 1:
                continue
            try:
                int((package / 'energy_uj').read_text())
                self._counters.append((package / 'energy_uj', int((package / 'max_energy_range_uj').read_text())))
            except (OSError, ValueError) as error:
                self.reason = f'{package / "energy_uj"} cannot be read ({type(error).__name__})'

    @property
    def available(self) -> bool:
        """Whether the machine tells; else ``reason`` says why not."""
        return bool(self._counters)

    def read(self) -> list[int]:
        """Microjoules that each counter shows."""
        return [int(file.read_text()) for file, _ in self._counters]

    def between(self, before: list[int] | None, after: list[int] | None) -> float | None:
        """Joules between two readings; counters begin anew at their largest value.

        Args:
            before: What :meth:`read` gave.
            after: Likewise, later.
        """
        if not before or not after:
            return None
        return sum((b - a) % (largest + 1) for a, b, (_, largest) in zip(before, after, self._counters)) / 1e6
