"""Records whose fields are columns of a file: with a unit, a meaning and a number of digits each."""

from __future__ import annotations

from dataclasses import field, fields
from typing import Any, TypeVar

R = TypeVar('R', bound='ColumnRecord')


def column(unit: str, meaning: str, digits: int | None = None) -> Any:
    """A field of a :class:`ColumnRecord`.

    Args:
        unit: Its unit; ``'1'`` for a pure number.
        meaning: What it is.
        digits: Behind the decimal point, in files; None: as it is.
    """
    return field(metadata=dict(unit=unit, meaning=meaning, digits=digits))


class ColumnRecord:
    """A dataclass, all of whose fields with a unit (:func:`column`) are written to files."""

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(entry.name for entry in fields(cls) if 'unit' in entry.metadata)  # type: ignore[arg-type]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, numbers rounded as in the files; None where a value is not known."""
        values = {}
        for entry in fields(self):  # type: ignore[arg-type]
            if 'unit' not in entry.metadata:
                continue
            value, digits = getattr(self, entry.name), entry.metadata['digits']
            values[entry.name] = value if value is None or digits is None else _number(round(float(value), digits))
        return values

    @classmethod
    def from_dict(cls: type[R], values: dict[str, Any]) -> R:
        """From a JSON result's entry; fields of later versions are ignored."""
        return cls(**{name: values[name] for name in cls.columns()})

    def cells(self) -> list[str]:
        """The values for a line of CSV, in the order of :meth:`columns`; what is not known is empty."""
        return ['' if value is None else repr(value) for value in self.as_dict().values()]


def _number(value: float) -> int | float:
    """Whole numbers without a decimal point."""
    return int(value) if value.is_integer() else value
