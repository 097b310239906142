"""Measure what another program predicted: ``mmirstd evaluate --pred DIR --truth DIR``."""

from __future__ import annotations

import argparse
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmirstd.utils.commands import command_line, this_command
from mmirstd.utils.errors import ConfigError

from .arguments import add_traceback_argument, make_parser, mask_rule, positive_float, split_names

if TYPE_CHECKING:
    import numpy as np

    from mmirstd.evaluation.data_set_results import DataSetResults
    from mmirstd.evaluation.folder_pairs import PredictedImage
    from mmirstd.evaluation.functional import ProtocolSpec
    from mmirstd.evaluation.prediction_files import PredictionScale

DESCRIPTION = """\
Measure masks or probability maps that any program wrote, against masks.

Predictions are images of 8 or 16 bits, .npy, .npz or MATLAB's .mat, at the size of the masks. Names decide which mask
belongs to which prediction. The results of BasicIRSTD are such a folder: results/NUAA-SIRST/DNANet.
Needs no PyTorch.
"""
EXAMPLES = """
{evaluate} --pred results/NUAA-SIRST/DNANet --truth datasets/NUAA-SIRST/masks
{evaluate} --pred maps --truth masks --protocol basicirstd,msda --out metrics.json --per-image images.json
{evaluate} --pred maps --truth masks --images images --dump runs/theirs
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser('evaluate', DESCRIPTION, EXAMPLES)
    parser.add_argument('--pred', required=True, metavar='DIR', help='folder of the predictions')
    parser.add_argument('--truth', required=True, metavar='DIR', help='folder of the masks')
    parser.add_argument(
        '--images', metavar='DIR', help='folder of the gray images; default: the folder "images" beside the masks'
    )
    parser.add_argument(
        '--split', metavar='FILE', help='list of the images that count, a name a line; each must have a prediction'
    )
    parser.add_argument(
        '--protocol',
        action='append',
        metavar='NAME[,NAME]',
        help='evaluate by these published definitions, too; "default" is always reported',
    )
    parser.add_argument(
        '--threshold',
        type=float,
        metavar='P',
        help='a pixel is positive above this probability, in the default protocol (0.5)',
    )
    parser.add_argument(
        '--scale',
        type=_scale,
        default='auto',
        metavar='VALUE',
        help='what the values of the predictions mean: the value of probability 1, such as 255; "logit": outputs '
        'without the sigmoid; "max": each map is divided by its largest value. Default: found',
    )
    parser.add_argument('--variable', metavar='NAME', help='the variable of .mat or .npz files that hold several')
    parser.add_argument(
        '--mask-rule',
        default='auto',
        metavar='RULE',
        help='which values of the masks are target: nonzero, above_half, zero, alpha, or values such as 1,2. '
        'Default: found for each mask',
    )
    parser.add_argument(
        '--size-mismatch',
        choices=['error', 'resize'],
        default='error',
        help='a mask of another size than its prediction: an error, or it is resized (nearest neighbor)',
    )
    parser.add_argument('--out', metavar='FILE', help='write metrics and where they come from to this JSON file')
    parser.add_argument(
        '--per-image',
        metavar='FILE',
        help='write the counts of each image, its targets and false alarms to this JSON or CSV file, for '
        f'`{command_line("compare")}`',
    )
    parser.add_argument(
        '--dump', metavar='DIR', help=f'write what `{command_line("report")}` makes a report of into this folder'
    )
    add_traceback_argument(parser)
    args = parser.parse_args(argv)
    if args.threshold is not None and not 0 <= args.threshold < 1:
        parser.error(f'--threshold is {args.threshold:g}; expected a probability from 0 to below 1')
    if args.per_image and not args.per_image.endswith(('.json', '.csv')):
        parser.error(f'--per-image {args.per_image}: expected a name that ends with .json or .csv')
    return args


def _scale(text: str) -> str | float:
    if text in ('auto', 'logit', 'max'):
        return text
    try:
        return positive_float(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f'"logit", "max" or "auto", or a number: {error}') from None


def main(argv: list[str] | None = None) -> None:
    """Evaluate."""
    args = parse_args(argv)
    from mmirstd.evaluation.data_set_results import data_set_results, specs_of
    from mmirstd.evaluation.folder_pairs import pair_folders

    try:
        specs = specs_of(['default', *split_names(args.protocol)], args.threshold)
    except KeyError as error:
        raise ConfigError(f'--protocol: {error.args[0]}') from error
    images, notes = pair_folders(args.pred, args.truth, args.images, args.split)
    for note in notes:
        print(note)
    scale, notices = _look(images, args)
    print(f'predictions: {scale}')
    results, more = _count(images, specs, scale, args)
    notices += more
    found = data_set_results(results, specs, curves=not scale.masks)
    if scale.masks and args.threshold is not None:
        notices.append('--threshold changes nothing, because the predictions are masks')
    notices += _size_notices(specs, {result['shape'] for result in results}, args.truth)
    _report(args, found, results, [*notes, f'predictions: {scale}'], notices)


def _look(images: list[PredictedImage], args: argparse.Namespace) -> tuple[PredictionScale, list[str]]:
    """What the values mean, and what a reader should know.

    What cannot be evaluated is an error before the first image is counted.
    """
    from mmirstd.evaluation.prediction_files import ScaleFinder
    from mmirstd.utils.errors import DataError, first_few
    from mmirstd.utils.progress import Progress

    finder, wrong = ScaleFinder(), []
    with Progress(len(images), 'image', 'looking at the files') as progress:
        for done, image in enumerate(images, 1):
            stored, mask = _read(image, args)
            finder.add(stored, image.prediction)
            if stored.shape != mask.shape:
                wrong.append(
                    f'{image.prediction} is {stored.shape[0]} x {stored.shape[1]}, {image.mask} is '
                    f'{mask.shape[0]} x {mask.shape[1]}'
                )
            progress.update(done)
    if wrong and args.size_mismatch == 'error':
        raise DataError(
            f'{len(wrong)} of {len(images)} predictions have another size (height x width) than their masks:\n'
            f'{first_few(wrong)}',
            cure='write predictions at the size of the masks: cut padding off, undo resizing. Where the masks have the '
            'wrong size (Misc_111 of NUAA-SIRST), --size-mismatch resize brings them to that of the predictions',
            option='size_mismatch',
        )
    notices = []
    if wrong:
        notices = [
            f'{len(wrong)} of {len(images)} masks had another size than their predictions and were resized: {wrong[0]}'
        ]
    return finder.scale(args.scale), notices


def _read(image: PredictedImage, args: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """What is stored as prediction, and the mask."""
    from mmirstd.evaluation.prediction_files import read_map, read_truth

    return read_map(image.prediction, args.variable), read_truth(image.mask, mask_rule(args.mask_rule), args.variable)


def _count(
    images: list[PredictedImage], specs: dict[str, ProtocolSpec], scale: PredictionScale, args: argparse.Namespace
) -> tuple[list[dict[str, Any]], list[str]]:
    """The results of all images, and what a reader should know; writes the dump."""
    import cv2

    from mmirstd.evaluation.data_set_results import add_records, image_result
    from mmirstd.evaluation.functional import ImageEvidence
    from mmirstd.evaluation.prediction_dump import DumpWriter, write_index
    from mmirstd.utils.progress import Progress

    writer = DumpWriter(args.dump) if args.dump else None
    entries, results, resized, black = [], [], 0, 0
    with Progress(len(images), 'image', 'evaluating') as progress:
        for done, image in enumerate(images, 1):
            stored, mask = _read(image, args)
            probability = scale.probability(stored, image.prediction)
            if mask.shape != probability.shape:
                mask = cv2.resize(mask, probability.shape[::-1], interpolation=cv2.INTER_NEAREST)
            logit = scale.logit(stored)
            evidence = ImageEvidence(probability, mask, str(image.image or image.mask), logit)
            result = image_result(evidence, specs, curves=not scale.masks)
            if writer or args.per_image:
                gray, same_size = _gray(image, mask.shape)
                resized += not same_size
                black += gray is None
                if args.per_image:
                    add_records(result, evidence, specs['default'], gray)
                if writer:
                    picture = mask * 0 if gray is None else gray
                    entries.append(writer.write(image.name, probability, mask, picture, str(image.mask), logit))
            results.append(result)
            progress.update(done)
    if writer:
        write_index(args.dump, entries)
    notices = []
    if black:
        what = ' and '.join(['the report shows them black'] * bool(writer) + ['scr is left out'] * bool(args.per_image))
        notices.append(f'{black} images have no gray image, so {what}; --images DIR gives them')
    if resized:
        notices.append(f'{resized} gray images have another size than their masks and were resized')
    return results, notices


def _gray(image: PredictedImage, shape: tuple[int, ...]) -> tuple[np.ndarray | None, bool]:
    """The gray image at a size, if there is one, and whether it had that size."""
    import cv2

    from mmirstd.datasets.image_io import read_image

    if image.image is None:
        return None, True
    gray = read_image(image.image)
    if gray.shape == shape:
        return gray, True
    return cv2.resize(gray, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), False


def _size_notices(specs: dict[str, ProtocolSpec], shapes: set[tuple[int, int]], truth: str) -> list[str]:
    notices = []
    for name, spec in specs.items():
        size = spec.official_size(str(Path(truth).resolve()))
        if name != 'default' and size is not None and shapes != {(size, size)}:
            notices.append(
                f'protocol {name!r} officially resizes image and mask to {size} x {size}; these files are evaluated as '
                'they are, so its figures do not compare with published ones'
            )
    return notices


def _report(
    args: argparse.Namespace,
    found: DataSetResults,
    results: list[dict[str, Any]],
    notes: list[str],
    notices: list[str],
) -> None:
    """Print the measures, and write the files."""
    from mmirstd.engine.provenance import versions
    from mmirstd.evaluation.data_set_results import per_image_row
    from mmirstd.evaluation.report_files import plain, write_per_image
    from mmirstd.utils.files import write_json

    print(f'\n{args.pred} against {args.truth}, {len(results)} images\n{found}')
    for notice in notices:
        print(f'notice: {notice}')
    measures = found.measures
    if args.per_image:
        write_per_image(args.per_image, [per_image_row(result) for result in results], measures)
        print(f'per image:    {args.per_image}')
    record = dict(
        metrics=measures,
        command=shlex.join(this_command()),
        predictions=str(args.pred),
        truth=str(args.truth),
        split=args.split,
        scale=args.scale,
        threshold=0.5 if args.threshold is None else args.threshold,
        images=len(results),
        eval_size='as given',
        notes=notes,
        notices=notices,
        versions=versions(('mmirstd', 'numpy', 'cv2')),
        time=time.strftime('%Y-%m-%dT%H:%M:%S%z'),
    )
    for out in [*([args.out] if args.out else []), *([Path(args.dump) / 'metrics.json'] if args.dump else [])]:
        write_json(out, plain(record))
        print(f'metrics file: {out}')
    if args.dump:
        print(f'dump:         {args.dump}  ({command_line("report", args.dump, "--out", "report.html")})')
