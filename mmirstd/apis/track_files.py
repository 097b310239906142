"""The files of a sequence's tracks: CSV with a line for each track and frame, JSON with a summary besides."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmirstd.tracking import TrackPoint
from mmirstd.tracking.track_point import TRACK_SCHEMA, TRACK_SCHEMA_VERSION

from .streamed_json import StreamedJson, close_quietly

#: Columns of the CSV file: the input, then the fields of a track's point.
TRACK_COLUMNS: tuple[str, ...] = ('source', *TrackPoint.columns())


class TrackFiles:
    """Writes tracks frame by frame.

    Args:
        table: The CSV file.
        record: The JSON file.
        source: What the sequence is called.
        head: Entries before the points, in the JSON file.
    """

    def __init__(self, table: Path, record: Path, source: str, head: Mapping[str, Any]) -> None:
        self.source = source
        self._file = table.open('w', newline='', encoding='utf-8', errors='surrogateescape')
        self._csv = csv.writer(self._file)
        self._csv.writerow(TRACK_COLUMNS)
        head = dict(head, schema=TRACK_SCHEMA, schema_version=TRACK_SCHEMA_VERSION)
        self._json = StreamedJson(record, head, 'points')
        self._tracks: dict[int, dict[str, Any]] = {}

    def add(self, points: Sequence[TrackPoint]) -> None:
        """Write the tracks of one frame."""
        self._csv.writerows([self.source, *point.cells()] for point in points)
        self._json.add(points)
        for point in points:
            track = self._tracks.setdefault(point.id, dict(id=point.id, first=point.first, confirmed=point.frame))
            track.update(
                last=point.frame,
                hits=point.hits,
                moving=point.moving,
                class_name=point.class_name,
                class_share=point.as_dict()['class_share'],
            )

    def close(self, **tail: Any) -> None:
        """Write the summary, and what else is known only now."""
        self._file.close()
        self._json.close(tracks=list(self._tracks.values()), **tail)

    def abandon(self) -> None:
        """Close the files, which are to be removed."""
        close_quietly(self._file)
        self._json.abandon()
