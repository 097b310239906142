"""What the inferencers say of a target: the fields, their units, their version.

The one place where the schema of JSON and CSV results is defined; ``docs/inference.md`` explains it.
"""

from __future__ import annotations

from dataclasses import dataclass

from mmirstd.utils.record_columns import ColumnRecord, column

#: Name of the schema, in every JSON result.
SCHEMA = 'mmirstd.targets'
#: ``MAJOR.MINOR``: a new field raises the second number, a field that changes its meaning or goes the first.
SCHEMA_VERSION = '1.3'


@dataclass(frozen=True)
class Target(ColumnRecord):
    """One detected target.

    Positions are in pixels of the image as read, x to the right and y down.  ``x, y`` count from the center of the
    upper left pixel (its center is 0, 0); a box is given by its edges (that pixel is the box 0, 0, 1, 1), as in COCO.
    """

    frame: int = column('frames', 'number of the frame in its video, from 0; 0 for a single image')
    id: int = column('1', 'number of the target within its frame, from 0, in raster order (detectors: by score)')
    x: float = column('pixels', 'centroid, weighted by probability (detectors: center of the box)', 4)
    y: float = column('pixels', 'centroid, weighted by probability (detectors: center of the box)', 4)
    x0: float = column('pixels', 'left edge of the box', 4)
    y0: float = column('pixels', 'upper edge of the box', 4)
    x1: float = column('pixels', 'right edge of the box', 4)
    y1: float = column('pixels', 'lower edge of the box', 4)
    area: float = column('pixels', 'number of pixels above the threshold (detectors: area of the box)', 4)
    peak: float = column('1', 'greatest probability, 0 to 1 (detectors: score)', 6)
    mean: float | None = column('1', "mean probability over the target's pixels (detectors: none)", 6)
    scr: float | None = column(
        '1',
        'local signal-to-clutter ratio |mean(target) - mean(ring)| / std(ring) of the gray values as read; '
        'none where the ring is empty or constant',
        4,
    )
    logit: float | None = column(
        '1',
        'greatest score before the sigmoid, log(p / (1 - p)): it ranks targets whose probability is rounded to 1 '
        '(detectors: of the score)',
        4,
        default=None,
    )
    confidence: float | None = column(
        '1',
        'probability that its highest pixel is target, by the temperature of the checkpoint; none without one, and of '
        'detectors',
        6,
        default=None,
    )
    class_name: str | None = column(
        'text', 'name of the class, of detectors that tell several apart; else none', default=None
    )


#: Columns of the CSV files: the input, then the fields of :class:`Target`.
CSV_COLUMNS: tuple[str, ...] = ('source', *Target.columns())


def csv_row(source: str, target: Target) -> list[str]:
    """Cells in the order of :data:`CSV_COLUMNS`; what is not known is empty."""
    return [source, *target.cells()]
