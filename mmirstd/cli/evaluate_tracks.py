"""Measure tracks: ``mmirstd evaluate-tracks ANNOTATION RESULTS``."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from mmirstd.utils.errors import UserError, first_few

from .arguments import add_traceback_argument, make_parser

if TYPE_CHECKING:
    from mmirstd.evaluation.functional.track_measures import TrackMeasures
    from mmirstd.utils.result_table import ResultTable

LOADS = 'NumPy and SciPy'
DESCRIPTION = """\
Measure the tracks that `mmirstd infer --track` wrote: targets found, false tracks an hour, time to confirm, IDF1.

Sequences are paired by their names. A track is on a target when it is in its box, or less than --margin pixels outside.
A track is false when less than half of its detections are on a target. All of that is whatever the class; where
annotation and tracks have classes, a second table says which class the tracks on the targets have.
"""
EXAMPLES = """
{infer} ggl-net-tiny_three-sources data/clips/images/test --recursive --track --out results
{evaluate-tracks} data/clips/instances_test2017.json results --fps 25
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser('evaluate-tracks', DESCRIPTION, EXAMPLES)
    parser.add_argument('annotation', metavar='ANNOTATION', help='COCO JSON of the sequences, with track_id')
    parser.add_argument('results', metavar='RESULTS', help='the folder that --out named')
    parser.add_argument(
        '--fps',
        type=float,
        help="frames a second, for the false tracks an hour. Default: the video's own, and 25 for folders of frames",
    )
    parser.add_argument('--margin', type=float, default=3.0, metavar='P', help='pixels (default: %(default)g)')
    parser.add_argument('--out', metavar='FILE', help='write the table of all sequences as .md, .csv, .tex or .html')
    add_traceback_argument(parser)
    args = parser.parse_args(argv)
    for name in ('fps', 'margin'):
        value = getattr(args, name)
        if value is not None and not value > 0:
            parser.error(f'--{name} {value:g}: expected more than 0')
    return args


def main(argv: list[str] | None = None) -> int:
    """Measure and print; the exit status."""
    args = parse_args(argv)
    from mmirstd.evaluation.functional.track_measures import TrackMeasures, identity_measures, measure_tracks
    from mmirstd.evaluation.track_results import read_track_results
    from mmirstd.utils.result_table import (
        ResultColumn,
        ResultRow,
        ResultTable,
        check_result_path,
        markdown_table,
        write_result_tables,
    )

    if args.out:
        check_result_path(args.out)
    found = read_track_results(args.annotation, args.results, args.fps)
    total = TrackMeasures()
    rows = []
    for sequence in found.sequences:
        measures = measure_tracks(sequence, args.margin)
        total.add(measures)
        rows.append(_row(sequence.name, measures))
    columns = (
        ResultColumn('sequence'),
        ResultColumn('frames', 'd'),
        ResultColumn('targets', 'd'),
        ResultColumn('found', 'd'),
        ResultColumn('Pd', '.3f'),
        ResultColumn('tracks', 'd'),
        ResultColumn('false', 'd'),
        ResultColumn('false/h', '.0f'),
        ResultColumn('frames to confirm', '.0f'),
    )
    table = ResultTable(
        columns,
        tuple(ResultRow(row) for row in [*rows, _row('all', total)]),
        (f'Margin: {args.margin:g} pixels. Pd: frames of targets with a confirmed track on them.',),
        'Tracks',
    )
    tables = [table] if not total.named else [table, _class_table(total)]
    print('\n'.join(markdown_table(shown, mark_best=False) for shown in tables))
    try:
        identity = identity_measures(found.sequences, args.margin)
    except UserError as error:
        print(f'notice: {error}', file=sys.stderr)
    else:
        print(', '.join(f'{name} {value:.3f}' for name, value in identity.items() if name != 'ID switches'), end=', ')
        print(f'ID switches {identity["ID switches"]:.0f}')
    if found.left_out:
        print(f'notice: {len(found.left_out)} sequences are left out:\n{first_few(found.left_out)}', file=sys.stderr)
    if args.out:
        print(f'table: {", ".join(map(str, write_result_tables(args.out, *tables)))}')
    return 0


def _row(name: str, measures: TrackMeasures) -> tuple[str | float | None, ...]:
    figures = measures.figures()
    return (
        name,
        measures.frames,
        measures.targets,
        measures.found,
        figures['Pd'],
        measures.tracks,
        measures.false_tracks,
        figures['false tracks/h'],
        figures['frames to confirm'],
    )


def _class_table(total: TrackMeasures) -> ResultTable:
    """Of the frames of the targets of each class the shares with a track on them, and which class this has."""
    from mmirstd.utils.result_table import ResultColumn, ResultRow, ResultTable

    classes = sorted({name for name, _ in total.named})
    given = sorted({name for _, name in total.named if name is not None}.union(classes))
    rows = []
    for name in classes:
        counts = {other: total.named[name, other] for other in (None, *given)}
        frames = sum(counts.values())
        covered = frames - counts[None]
        right = counts[name] / covered if covered else None
        rows.append(ResultRow((name, frames, covered / frames, right, *(counts[other] for other in given))))
    columns = (
        ResultColumn('class'),
        ResultColumn('frames of targets', 'd'),
        ResultColumn('Pd', '.3f'),
        ResultColumn('right class', '.3f'),
        *(ResultColumn(f'as {other}', 'd') for other in given),
    )
    notes = ['Right class: of the frames of targets with a track on them, those in which the track has their class.']
    if unknown := sorted({name for _, name in total.named if name is not None} - set(classes)):
        notes.append(f'No target of the annotation has the class {", ".join(unknown)}.')
    return ResultTable(columns, tuple(rows), tuple(notes), 'Classes of tracks')
