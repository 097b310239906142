"""Records whose fields are columns of a file: with a unit, a meaning and a number of digits each."""

from __future__ import annotations

import math
from dataclasses import MISSING, field, fields
from typing import Any, TypeVar

from .errors import DataError

R = TypeVar('R', bound='ColumnRecord')


def column(unit: str, meaning: str, digits: int | None = None, default: Any = MISSING) -> Any:
    """A field of a :class:`ColumnRecord`.

    Args:
        unit: Its unit; ``'1'`` for a pure number.
        meaning: What it is.
        digits: Behind the decimal point, in files; None: as it is.
        default: Its value where a file of an earlier version has none.
    """
    return field(default=default, metadata=dict(unit=unit, meaning=meaning, digits=digits))


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
        """From a JSON result's entry; fields of later versions are ignored, those that earlier ones lack have defaults.

        Raises:
            DataError: A field is missing, or of another type.
        """
        if not isinstance(values, dict):
            raise DataError(f'an entry of a result is {str(values)[:80]!r}', expected=f'an object with {cls.columns()}')
        columns = [
            entry
            for entry in fields(cls)  # type: ignore[arg-type]
            if 'unit' in entry.metadata and (entry.name in values or entry.default is MISSING)
        ]
        if missing := [entry.name for entry in columns if entry.name not in values]:
            raise DataError(f'an entry of a result has no {", ".join(missing)}')
        for entry in columns:
            if not _fits(values[entry.name], str(entry.type)):
                raise DataError(
                    f'an entry of a result has {entry.name} {str(values[entry.name])[:80]!r}', expected=str(entry.type)
                )
        return cls(**{entry.name: values[entry.name] for entry in columns})

    def cells(self) -> list[str]:
        """The values for a line of CSV, in the order of :meth:`columns`; what is not known is empty."""
        return [
            '' if value is None else value if isinstance(value, str) else repr(value)
            for value in self.as_dict().values()
        ]


def _fits(value: Any, kind: str) -> bool:
    """Whether a value is of a type that is written ``int``, ``float``, ``bool``, ``str``, or one of them ``| None``."""
    if value is None:
        return kind.endswith('None')
    if isinstance(value, str) or kind.startswith('str'):
        return isinstance(value, str) and kind.startswith('str')
    if isinstance(value, bool) or kind.startswith('bool'):
        return isinstance(value, bool) and kind.startswith('bool')
    if isinstance(value, int):
        return abs(value) < 2**63
    return kind.startswith('float') and isinstance(value, float) and math.isfinite(value)


def _number(value: float) -> int | float:
    """Whole numbers without a decimal point."""
    return int(value) if value.is_integer() else value
