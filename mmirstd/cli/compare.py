"""Is one run better than another?  ``mmirstd compare RUN RUN ...``: paired differences with bootstrap intervals."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmirstd.evaluation.image_counts import (
    BOX_MEASURES,
    MEASURES,
    bootstrap_differences,
    measure,
    measures_of,
    read_image_counts,
)
from mmirstd.evaluation.key_figures import LOWER_IS_BETTER
from mmirstd.utils.commands import command_line
from mmirstd.utils.errors import DataError
from mmirstd.utils.json_text import parse_json

from .arguments import add_traceback_argument, make_parser

DESCRIPTION = """\
Is one run better than another? Paired differences over the test images, with bootstrap intervals.

Each run is a JSON file that a test wrote with --per-image; of several seeds, their files with commas between.

Prints a Markdown table: the figures of each run, and of each run but the first its difference to the first. An
interval that holds 0 means that no difference was seen. Images are drawn with replacement, the same for both runs, so
it tells how far the choice of test images decides, not how another training would have ended: for that give several
seeds, and trust no single one.

--by-size 20,40,80 adds a table of what each run finds of the targets of up to 20 pixels, of more up to 40, and so on.
IoU counts pixels: a few large targets that are missed cost it more than many small ones.
"""
EXAMPLES = """
{test} CONFIG a.pth --per-image a.json
{test} CONFIG b.pth --per-image b.json
{compare} a.json b.json
{compare} base=a0.json,a1.json ours=b0.json,b1.json
"""
_DEFAULT = ('IoU', 'nIoU', 'Pd', 'Fa_e6')
_DEFAULT_OF_BOXES = ('Pd', 'Fa_e6', 'target_precision', 'target_F1')


@dataclass(frozen=True)
class ComparedRun:
    """Test results that belong together.

    Attributes:
        label: Its name in the table.
        files: Where it was read.
        tables: Counts of each image (``read_image_counts``), one table a seed.
        images: The entries of each file, one list a seed.
    """

    label: str
    files: tuple[str, ...]
    tables: tuple[dict[str, list], ...]
    images: tuple[list[dict[str, Any]], ...]


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser('compare', DESCRIPTION, EXAMPLES)
    parser.add_argument(
        'runs',
        nargs='+',
        metavar='[LABEL=]FILE[,FILE]',
        help='a run: per-image JSON files, one a seed; the others are compared with the first run',
    )
    parser.add_argument(
        '--measures',
        metavar='NAME[,NAME]',
        help=f'what to compare, of {", ".join(MEASURES)} (default: {",".join(_DEFAULT)}); of boxes '
        f'{", ".join(BOX_MEASURES)} (default: {",".join(_DEFAULT_OF_BOXES)})',
    )
    parser.add_argument('--level', type=float, default=0.95, help='coverage of the intervals (default: %(default)s)')
    parser.add_argument(
        '--by-size',
        metavar='PIXELS[,PIXELS]',
        help='also what is found of targets by their area; the numbers part the sizes',
    )
    add_traceback_argument(parser)
    args = parser.parse_args(argv)
    args.measures = args.measures.split(',') if args.measures else []
    known = tuple(dict.fromkeys((*MEASURES, *BOX_MEASURES)))
    if wrong := [name for name in args.measures if name not in known]:
        parser.error(f'--measures: no measure is called {wrong[0]!r}; expected some of {", ".join(known)}')
    if args.by_size is not None:
        try:
            args.by_size = [int(edge) for edge in args.by_size.split(',')]
        except ValueError:
            parser.error(f'--by-size is {args.by_size!r}; expected whole numbers, e.g. 20,40,80')
        if args.by_size != sorted(set(args.by_size)) or args.by_size[0] < 1:
            parser.error(f'--by-size is {args.by_size}; expected numbers from 1 that rise')
    if not 0 < args.level < 1:
        parser.error(f'--level is {args.level}; expected a number between 0 and 1, e.g. 0.95')
    return args


def read_run(given: str) -> ComparedRun:
    """Read the files of one run.

    Args:
        given: ``[LABEL=]FILE[,FILE...]``; without a label the first file's name is it.

    Raises:
        DataError: A file is missing, or is not what it should be; names it.
    """
    label, equals, names = given.rpartition('=')
    files = tuple(name for name in names.split(',') if name)
    if not files:
        raise DataError(f'{given!r}: names no file; {_cure()}')
    read = [_read(name) for name in files]
    return ComparedRun(
        label if equals else Path(files[0]).stem,
        files,
        tuple(table for table, _ in read),
        tuple(images for _, images in read),
    )


def _cure() -> str:
    return f'expected a .json file that `{command_line("test", "CONFIG", "CKPT", "--per-image", "FILE.json")}` wrote'


def _read(file: str) -> tuple[dict[str, list], list[dict[str, Any]]]:
    try:
        images = parse_json(Path(file).read_text(encoding='utf-8'))['images']
        return read_image_counts(images), images
    except OSError as error:
        raise DataError(f'{file}: {error.strerror}; {_cure()}') from error
    except (ValueError, KeyError, TypeError, OverflowError, IndexError) as error:
        raise DataError(f'{file}: holds no per-image counts ({type(error).__name__}: {error}); {_cure()}') from error


def check_same_images(runs: Sequence[ComparedRun]) -> None:
    """Runs can be paired only where they were tested on the same images, with as many seeds.

    Raises:
        DataError: They were not; names the files and the first difference.
    """
    first = runs[0]
    for run in runs:
        if len(run.files) != len(first.files):
            raise DataError(
                f'{run.label} has {len(run.files)} file(s) and {first.label} {len(first.files)}; expected '
                'the same seeds in the same order'
            )
        for file, table in zip(run.files, run.tables):
            # The size and the number of targets belong to the image, not to the run.
            ours, theirs = (list(zip(t['name'], t['pixels'], t['targets'])) for t in (table, first.tables[0]))
            if ours == theirs:
                continue
            odd = next(
                (
                    f'{a[0]} ({a[1]} pixels, {a[2]} targets) against {b[0]} ({b[1]} pixels, {b[2]} targets)'
                    for a, b in zip(ours, theirs)
                    if a != b
                ),
                'one list is longer',
            )
            raise DataError(
                f'{file} ({len(ours)} images) and {first.files[0]} ({len(theirs)} images) are not of the '
                f'same test: {odd}; test both on the same images, at the same --eval-size'
            )


def chosen_measures(runs: Sequence[ComparedRun], asked: Sequence[str]) -> list[str]:
    """What to compare: what was asked for, or the usual measures of masks or of boxes.

    Raises:
        DataError: The runs are of both kinds, or of the other kind than what was asked for.
    """
    kinds = {
        measures_of(table): (file, 'masks' if 'tp' in table else 'boxes')
        for run in runs
        for file, table in zip(run.files, run.tables)
    }
    if len(kinds) > 1:
        (one, first), (other, second) = kinds.values()
        raise DataError(f'{one} is of {first} and {other} of {second}', expected='runs of one kind')
    known, (file, kind) = next(iter(kinds.items()))
    if wrong := [name for name in asked if name not in known]:
        raise DataError(f'--measures {wrong[0]}: {file} is of {kind}', expected=f'some of {", ".join(known)}')
    return list(asked) or list(_DEFAULT if known == MEASURES else _DEFAULT_OF_BOXES)


def compare(runs: Sequence[ComparedRun], measures: Sequence[str], level: float = 0.95) -> str:
    """The Markdown table.

    Args:
        runs: The first is the reference.
        measures: Of ``MEASURES``.
        level: Coverage of the intervals.
    """
    lines = [
        f'| run | figure | mean | minus {runs[0].label} | {level:.0%} interval | seen |',
        '|---|---|---:|---:|---:|---|',
    ]
    differences = [bootstrap_differences(run.tables, runs[0].tables, measures, level) for run in runs[1:]]
    for name in measures:
        form = '.1f' if name == 'Fa_e6' else '.2e' if name == 'Fa' else '.4f'
        for run, found in zip(runs, [None, *differences]):
            value = float(np.mean([measure(table, name)[0] for table in run.tables]))
            cells = ['', '', 'reference']
            if found is not None:
                result = found[name]
                undefined = result.low is None or not np.isfinite(result.mean)
                sign = -result.sign if name in LOWER_IS_BETTER else result.sign
                cells = (
                    ['-', '-', 'undefined']
                    if undefined
                    else [
                        format(result.mean, f'+{form}'),
                        f'[{result.low:+{form}}, {result.high:+{form}}]',
                        {0: 'no difference seen', 1: 'better', -1: 'worse'}[sign],
                    ]
                )
            lines.append('| ' + ' | '.join([run.label, name, format(value, form), *cells]) + ' |')
    return '\n'.join(lines)


def compare_by_size(runs: Sequence[ComparedRun], edges: Sequence[int]) -> str:
    """The Markdown table of what is found of the targets of each size; means over a run's seeds.

    Args:
        runs: Of the same images.
        edges: Rising areas in pixels; targets of ``edges[i]`` pixels are the largest of size ``i``.

    Raises:
        DataError: A file has no records of its targets; names it.
    """
    names = [
        f'up to {edges[0]}',
        *(f'{low + 1} to {high}' for low, high in zip(edges, edges[1:])),
        f'above {edges[-1]}',
    ]
    lines = [
        '| target area (pixels) | targets | pixels | '
        + ' | '.join(f'{run.label}: Pd | pixels found' for run in runs)
        + ' |',
        '|---|---:|---:' + '|---:|---:' * len(runs) + '|',
    ]
    records = [[_targets(file, images) for file, images in zip(run.files, run.images)] for run in runs]
    areas = records[0][0][0]
    sizes = np.searchsorted(edges, areas)
    for size, name in enumerate(names):
        inside = sizes == size
        cells = [f'{name} | {inside.sum()} | {areas[inside].sum():.0f}']
        for run in records:
            shares = (
                [(matched[inside].mean(), covered[inside].sum() / areas[inside].sum()) for _, matched, covered in run]
                if inside.any()
                else []
            )
            means = np.mean(shares, axis=0) if shares else [math.nan] * 2
            cells += ['-' if math.isnan(value) else f'{value:.3f}' for value in means]
        lines.append('| ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def _targets(file: str, images: Sequence[dict[str, Any]]) -> np.ndarray:
    """(3, N): area, matched or not, and covered pixels of all targets, NaN for boxes."""
    try:
        rows = [
            (target['area'], target['matched'], math.nan if 'box' in target else target['covered'])
            for image in images
            for target in image['records']['targets']
        ]
    except KeyError as error:
        raise DataError(
            f'{file}: its targets have no {error}; write the file anew with this version of '
            f'`{command_line("test", "CONFIG", "CKPT", "--per-image", "FILE.json")}`'
        ) from error
    return np.array(rows, np.float64).reshape(-1, 3).T


def main(argv: list[str] | None = None) -> None:
    """Compare."""
    args = parse_args(argv)
    runs = [read_run(given) for given in args.runs]
    measures = chosen_measures(runs, args.measures)
    check_same_images(runs)
    images, seeds = len(runs[0].tables[0]['name']), len(runs[0].files)
    print(compare(runs, measures, args.level))
    print(
        f'\n{images} images, {seeds} training(s) a run, default protocol'
        + ('; one training a run says nothing about how another seed would end' if seeds == 1 else '')
    )
    if args.by_size:
        print(f'\n{compare_by_size(runs, args.by_size)}')
