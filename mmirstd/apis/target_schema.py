"""What the inferencers say of a target: the fields, their units, their version.

The one place where the schema of JSON and CSV results is defined; ``docs/inference.md`` explains it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

#: Name of the schema, in every JSON result.
SCHEMA = 'mmirstd.targets'
#: ``MAJOR.MINOR``: a new field raises the second number, a field that changes its meaning or goes the first.
SCHEMA_VERSION = '1.1'


def _column(unit: str, meaning: str, digits: int | None = None) -> Any:
    return field(metadata=dict(unit=unit, meaning=meaning, digits=digits))


@dataclass(frozen=True)
class Target:
    """One detected target.

    Positions are in pixels of the image as read, x to the right and y down.  ``x, y`` count from the center of the
    upper left pixel (its center is 0, 0); a box is given by its edges (that pixel is the box 0, 0, 1, 1), as in COCO.
    """

    frame: int = _column('frames', 'number of the frame in its video, from 0; 0 for a single image')
    id: int = _column('1', 'number of the target within its frame, from 0, in raster order (detectors: by score)')
    x: float = _column('pixels', 'centroid, weighted by probability (detectors: center of the box)', 4)
    y: float = _column('pixels', 'centroid, weighted by probability (detectors: center of the box)', 4)
    x0: float = _column('pixels', 'left edge of the box', 4)
    y0: float = _column('pixels', 'upper edge of the box', 4)
    x1: float = _column('pixels', 'right edge of the box', 4)
    y1: float = _column('pixels', 'lower edge of the box', 4)
    area: float = _column('pixels', 'number of pixels above the threshold (detectors: area of the box)', 4)
    peak: float = _column('1', 'greatest probability, 0 to 1 (detectors: score)', 6)
    mean: float | None = _column('1', "mean probability over the target's pixels (detectors: none)", 6)
    scr: float | None = _column(
        '1',
        'local signal-to-clutter ratio |mean(target) - mean(ring)| / std(ring) of the gray values as read; '
        'none where the ring is empty or constant',
        4,
    )

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers, rounded as in the files; None where a value is not known."""
        values = {}
        for column in fields(self):
            value, digits = getattr(self, column.name), column.metadata['digits']
            values[column.name] = value if value is None or digits is None else _number(round(float(value), digits))
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Target:
        """From a JSON result's entry; fields of later versions are ignored."""
        return cls(**{column.name: values[column.name] for column in fields(cls)})


#: Columns of the CSV files: the input, then the fields of :class:`Target`.
CSV_COLUMNS: tuple[str, ...] = ('source', *(column.name for column in fields(Target)))


def csv_row(source: str, target: Target) -> list[str]:
    """Cells in the order of :data:`CSV_COLUMNS`; what is not known is empty."""
    return [source, *('' if value is None else repr(value) for value in target.as_dict().values())]


def _number(value: float) -> int | float:
    """Whole numbers without a decimal point."""
    return int(value) if value.is_integer() else value
