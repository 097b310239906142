"""Choose the threshold for a false-alarm rate: ``mmirstd calibrate CONFIG [CKPT] --fa 1e-6 --images BACKGROUND``."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmirstd.deploy.graph_description import READERS
from mmirstd.utils.errors import ConfigError, DataError, UserError

from .arguments import add_cfg_options_argument, add_traceback_argument, add_tta_argument, make_parser, positive_float
from .gray_arguments import add_gray_arguments, gray_options, name_gray_options
from .threshold_arguments import add_statistic_argument, read_ring

if TYPE_CHECKING:
    import numpy as np

    from mmirstd.apis.frame_inference import FrameInference
    from mmirstd.evaluation.functional.calibration import LogitCounts
    from mmirstd.false_alarms.counts import FalseAlarmCounts
    from mmirstd.false_alarms.operating_point import OperatingPoint
    from mmirstd.false_alarms.threshold_choice import Choice, Request

DESCRIPTION = """\
Choose the threshold for a false-alarm rate from images of the own camera, and write it into the checkpoint.

Background images (--images) have no target: whatever is found there is false. Labeled images (--labeled) also say what
the rate costs in detections. The threshold is the lowest that keeps the rate with the stated confidence. Pixels of one
image, and frames of one video, are not independent: each image or video counts as one. What the images cannot support
is refused, with how many would be needed.

mmirstd infer, app and export follow the threshold of the checkpoint, and say so.
"""
EXAMPLES = """
{calibrate} ggl-net-tiny_three-sources --fa 1e-6 --images backgrounds/ -o mine.pth
{calibrate} CONFIG best.pth --false-targets-per-image 0.1 --images backgrounds/ --labeled val/images val/masks
{calibrate} CONFIG best.pth --false-targets-per-hour 1 --fps 25 --images videos/*.mp4 --in-place
{calibrate} CONFIG best.pth --fa 1e-6 --images backgrounds/ --cfar     # adapts to clutter
{calibrate} sstnet_b4-20e_daub best.pth --false-targets-per-hour 10 --fps 25 --images videos/*.mp4     # boxes, by score
"""

LOADS = 'PyTorch and the network'


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser('calibrate', DESCRIPTION, EXAMPLES)
    parser.add_argument(
        'config',
        metavar='CONFIG',
        help='config file, or the name of one in configs/ or of a model in its metafiles, e.g. '
        'ggl-net-tiny_three-sources',
    )
    parser.add_argument(
        'checkpoint', nargs='?', metavar='CKPT', help='checkpoint; without: the weights released for the config'
    )
    asked = parser.add_argument_group('what is asked for (one of them, or several, all of which are then kept)')
    asked.add_argument('--fa', type=positive_float, metavar='R', help='false pixels a pixel, e.g. 1e-6')
    asked.add_argument('--false-targets-per-image', type=positive_float, metavar='N', help='false targets an image')
    asked.add_argument(
        '--false-targets-per-hour', type=positive_float, metavar='N', help='false targets an hour; needs --fps'
    )
    asked.add_argument('--fps', type=positive_float, metavar='F', help='frames a second of the camera')
    asked.add_argument(
        '--confidence', type=float, default=0.95, metavar='C', help='that the rate is kept (default: %(default)s)'
    )
    data = parser.add_argument_group('images')
    data.add_argument('--images', nargs='+', metavar='INPUT', help='images, folders and videos without any target')
    data.add_argument(
        '--labeled', nargs=2, metavar=('IMAGES', 'MASKS'), help='folders of images with targets and of their masks'
    )
    data.add_argument('--names', metavar='FILE', help='list of the labeled images that count')
    data.add_argument(
        '--cluster',
        choices=('source', 'folder'),
        default='source',
        help='what is independent of the others. source: each image, each video or frame folder as a whole. folder: '
        'all images of one folder together, such as frames of one scene (default: %(default)s)',
    )
    data.add_argument('--recursive', action='store_true', help='descend into folders')
    add_gray_arguments(parser)
    how = parser.add_argument_group('how')
    how.add_argument(
        '--method',
        choices=('auto', 'counts', 'tail'),
        default='auto',
        help='counts: a bound on what was counted. tail: a generalized Pareto tail beyond what was seen. auto: counts '
        'where they support the rate, else the tail (default: %(default)s)',
    )
    how.add_argument(
        '--cfar', action='store_true', help='compare each logit with its surroundings, so that the threshold adapts'
    )
    how.add_argument('--cfar-ring', metavar='GUARD:RING[:FLOOR]', help='of --cfar (default: 15:41:1)')
    add_statistic_argument(how)
    out = parser.add_argument_group('the checkpoint')
    out.add_argument(
        '-o',
        '--output',
        metavar='FILE',
        type=Path,
        help='default: NAME_calibrated.pth beside the checkpoint',
    )
    out.add_argument('--in-place', action='store_true', help='into the checkpoint itself')
    out.add_argument('--overwrite', action='store_true', help='replace an existing file')
    out.add_argument('--dry-run', action='store_true', help='write nothing')
    parser.add_argument('--device', help='cpu, cuda, cuda:1, ... (default: the GPU if there is one)')
    add_tta_argument(parser)
    add_cfg_options_argument(parser, 'override config entries')
    add_traceback_argument(parser)
    return parser


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse and check the command line; ``ring`` is made of the options of CFAR."""
    parser = build_parser()
    args = parser.parse_args(argv)
    if args.fa is None and args.false_targets_per_image is None and args.false_targets_per_hour is None:
        parser.error('nothing is asked for: --fa, --false-targets-per-image or --false-targets-per-hour')
    if args.fa is not None and args.fa >= 1:
        parser.error(f'--fa {args.fa:g}: expected a share of the pixels, below 1')
    if (args.false_targets_per_hour is None) != (args.fps is None):
        parser.error('--false-targets-per-hour and --fps go together')
    if not 0.5 <= args.confidence < 1:
        parser.error(f'--confidence {args.confidence}: expected 0.5 <= C < 1')
    if args.images is None and args.labeled is None:
        parser.error('no images were given: --images BACKGROUND, --labeled IMAGES MASKS, or both')
    if args.names is not None and args.labeled is None:
        parser.error('--names goes with --labeled')
    if args.output is not None and args.in_place:
        parser.error('--output and --in-place are two places; expected one')
    if not args.cfar and (args.cfar_ring is not None or args.cfar_statistic is not None):
        parser.error(f'--cfar-{"ring" if args.cfar_ring is not None else "statistic"} goes with --cfar')
    args.ring = read_ring(parser, args.cfar_ring, args.cfar_statistic) if args.cfar else None
    if args.checkpoint == '-':
        args.checkpoint = None
    if args.checkpoint is not None and Path(args.checkpoint).suffix.lower() in READERS:
        parser.error(
            f'{args.checkpoint}: an exported file keeps the threshold of its export; calibrate the checkpoint, and '
            'export it again'
        )
    return args


def requests(args: argparse.Namespace) -> list[Request]:
    """What the command line asks for."""
    from mmirstd.false_alarms.threshold_choice import Request

    found = []
    if args.fa is not None:
        found.append(Request('pixels', args.fa, f'at most {args.fa:g} false pixels a pixel', args.confidence))
    if args.false_targets_per_image is not None:
        number = args.false_targets_per_image
        found.append(Request('targets', number, f'at most {number:g} false targets an image', args.confidence))
    if args.false_targets_per_hour is not None:
        number = args.false_targets_per_hour
        text = f'at most {number:g} false targets an hour at {args.fps:g} frames a second'
        frames = 3600 * args.fps
        found.append(Request('targets', number / frames, text, args.confidence, frames, 'an hour'))
    return found


def check_boxes(name: str, args: argparse.Namespace) -> None:
    """Raise a ConfigError where a detector of boxes cannot do what is asked for."""
    for option, given, cure in (
        ('--fa', args.fa, '--false-targets-per-image or --false-targets-per-hour: boxes are counted, not pixels'),
        ('--cfar', args.ring, 'leave it out: CFAR compares pixels of a map with their surroundings'),
        ('--labeled', args.labeled, '--images with backgrounds alone; mmirstd test tells Pd at the threshold'),
    ):
        if given is not None:
            raise ConfigError(
                f'{name}: a detector of boxes, with {option}', expected='a network or method of maps', cure=cure
            )


def check_clips(name: str, args: argparse.Namespace) -> None:
    """Raise a ConfigError where labeled images would be clips that stand still."""
    if args.labeled is not None:
        raise ConfigError(
            f'{name}: a network of clips, with --labeled, whose images are single',
            expected='a network or method of single images',
            cure='--images with videos or folders of backgrounds alone; mmirstd test tells Pd at the threshold',
        )


def count_background(
    inferencer: FrameInference, args: argparse.Namespace, counts: FalseAlarmCounts, point: OperatingPoint
) -> None:
    """Count images without targets.

    Args:
        inferencer: The network.
        args: The command line.
        counts: Where they are added.
        point: Whose score is counted.
    """
    from mmirstd.apis.target_measurement import boxes_inside

    for result in inferencer.infer(args.images, recursive=args.recursive):
        cluster = None if result.source.still else result.source.label
        if args.cluster == 'folder':
            cluster = str(Path(result.source.label).parent)
        if result.detections is not None:
            _, targets = boxes_inside(result.detections.boxes, result.image.shape, inferencer.min_area)
            counts.add_boxes(result.detections.scores[targets], result.image.size, cluster)
            continue
        assert result.logit is not None
        counts.add(point.score(result.logit), cluster=cluster)


def labeled_images(args: argparse.Namespace) -> Iterator[tuple[Path, np.ndarray]]:
    """The labeled images and their masks, (H, W) bool.

    Raises:
        DataError: They do not belong together.
    """
    from mmirstd.evaluation.folder_pairs import pair_folders
    from mmirstd.evaluation.prediction_files import read_truth

    images, masks = args.labeled
    pairs, notes = pair_folders(images, masks, split=args.names, noun='image')
    print(f'labeled: {notes[0] if args.names is None else notes[1]}')
    for pair in pairs:
        yield pair.prediction, read_truth(pair.mask) > 0


def count_labeled(
    inferencer: FrameInference, args: argparse.Namespace, counts: FalseAlarmCounts, point: OperatingPoint
) -> LogitCounts:
    """Count labeled images, as :func:`count_background` those without targets; the logits of their pixels.

    Raises:
        DataError: A mask has another size than its image.
    """
    from mmirstd.evaluation.functional.calibration import LogitCounts

    logits = LogitCounts()
    for path, mask in labeled_images(args):
        [result] = inferencer.infer(str(path))
        assert result.logit is not None
        if mask.shape != result.logit.shape:
            raise DataError(
                str(path), found=f'{result.logit.shape} pixels, and a mask of {mask.shape}', expected='one size (H, W)'
            )
        counts.add(point.score(result.logit), mask, str(path.parent) if args.cluster == 'folder' else None)
        logits.add(result.logit, mask)
    return logits


def calibrated(logits: LogitCounts, record: dict[str, Any]) -> float | None:
    """The temperature of labeled images, which is printed and added to the record; None without targets."""
    try:
        temperature = logits.fit_temperature()
    except ValueError:
        return None
    before, after = logits.measure(), logits.measure(temperature)
    print(f'confidence: temperature {temperature:.4g}, by which {before} become {after}, on the labeled pixels')
    record['calibration'] = dict(temperature=temperature, before=vars(before), after=vars(after))
    return temperature


def choose(counts: FalseAlarmCounts, args: argparse.Namespace) -> list[tuple[Request, Choice]]:
    """A threshold for each request.

    Raises:
        DataError: The images do not support one.
    """
    from mmirstd.false_alarms.threshold_choice import UnsupportedRateError, choose_threshold

    found = []
    for request in requests(args):
        try:
            found.append((request, choose_threshold(counts, request, args.method)))
        except UnsupportedRateError as error:
            raise DataError(
                f'{request.text}: {error}',
                expected=f'about {error.images} images, if they are as these (there are {counts.images})',
                cure='more background images; or ask for a higher rate or a lower --confidence',
            ) from None
    return found


def describe(
    counts: FalseAlarmCounts, labeled: FalseAlarmCounts | None, found: list[tuple[Request, Choice]], zero: float
) -> tuple[list[str], dict[str, Any]]:
    """What to print of the choice, and what the meta data keep of it.

    Args:
        counts: Of the images that decided.
        labeled: Of the labeled images; None: there were none.
        found: Requests and their thresholds.
        zero: The threshold to compare with, at which the network would have decided.
    """
    from mmirstd.false_alarms.rate_bounds import clopper_pearson

    lines, rates = [], []
    for request, choice in found:
        how = 'bound' if choice.method == 'counts' else 'bound by the tail'
        lines.append(
            f'{request.text}: score > {choice.threshold:.4g}; seen {request.told(choice.seen)} (in '
            f'{choice.with_false} of {counts.clusters}), {how} {choice.bound * request.images:.3g} '
            f'({request.confidence:.0%})'
        )
        rates.append(
            dict(
                what=request.what,
                asked=request.rate,
                confidence=request.confidence,
                threshold=choice.threshold,
                method=choice.method,
                seen=choice.seen,
                bound=choice.bound,
            )
        )
    record: dict[str, Any] = dict(
        images=counts.images, clusters=counts.clusters, pixels=counts.pixels, targets=counts.targets, rates=rates
    )
    index = max(choice.index for _, choice in found)
    if labeled is not None and labeled.targets:
        hits, targets = int(labeled.detected[index]), labeled.targets
        low, high = clopper_pearson(hits, targets)
        before = int(abs(labeled.thresholds - zero).argmin())
        lines.append(
            f'costs: Pd {hits / targets:.4f} ({hits} of {targets} targets; 95% interval {low:.4f} to {high:.4f}); at '
            f'score > {labeled.thresholds[before]:.1f} it was {labeled.detected[before] / targets:.4f}'
        )
        record['pd'] = dict(detected=hits, targets=targets, low=low, high=high, confidence=0.95)
    return lines, record


def main(argv: list[str] | None = None) -> int:
    """Command line entry; the exit status."""
    args = parse_args(argv)
    from mmirstd.apis import build_inferencer
    from mmirstd.apis.model_loading import find_model_config
    from mmirstd.engine.checkpoint_meta import store_operating_point
    from mmirstd.false_alarms.counts import FalseAlarmCounts, threshold_grid
    from mmirstd.false_alarms.operating_point import OperatingPoint
    from mmirstd.utils.progress import now_doing

    inferencer = build_inferencer(
        find_model_config(args.config, args.cfg_options),
        args.checkpoint,
        device=args.device,
        threshold=0.5,  # not that of an earlier calibration
        tta=args.tta,
        **gray_options(args),
    )
    name_gray_options(inferencer)
    if inferencer.boxes:
        check_boxes(inferencer.name, args)
    elif inferencer.sequences:
        check_clips(inferencer.name, args)
    target = None if args.dry_run else _target(args, inferencer.weights)
    point = OperatingPoint(0.0, args.ring)
    # A score of CFAR is no logit: below 2 standard deviations lies what every background has.
    grid = threshold_grid() if args.ring is None else threshold_grid(2.0)
    background, labeled = FalseAlarmCounts(grid), FalseAlarmCounts(grid)
    now_doing('counting false alarms')
    if args.images is not None:
        count_background(inferencer, args, background, point)
        print(f'background: {background.images} images, {background.pixels / 1e6:.4g} million pixels, without targets')
    if args.labeled is not None:
        logits = count_labeled(inferencer, args, labeled, point)
    deciding = background if background.images else labeled
    if not deciding.images:
        raise DataError('--images: there is no image', expected='images without targets')
    print(f'the false alarms are those of {deciding.images} images, {deciding.clusters} of them independent')
    found = choose(deciding, args)
    zero = 0.0 if args.ring is None else float(grid[0])
    lines, record = describe(deciding, labeled if labeled.images else None, found, zero)
    record['reading'] = inferencer.loader.in_effect
    print('\n'.join(lines))
    asked = '; '.join(request.text for request, _ in found) + f', with {args.confidence:.0%} confidence'
    temperature = None if args.labeled is None else calibrated(logits, record)
    record.update({} if inferencer.tta is None else dict(tta=inferencer.tta))
    chosen = OperatingPoint(max(choice.threshold for _, choice in found), args.ring, asked, record, temperature)
    probability = '' if args.ring is not None else f' (probability {_probability(chosen)})'
    score = 'logit' if args.ring is None else 'local score (CFAR)'
    print(f'threshold: {score} {">=" if inferencer.boxes else ">"} {chosen.logit:.6g}{probability}')
    if math.isclose(chosen.logit, grid[0]):
        print('notice: this is the lowest threshold that was tried; a lower one may keep the rate, too')
    if target is not None:
        assert inferencer.weights is not None
        store_operating_point(inferencer.weights, target, chosen)
        print(f'written: {target}')
    return 0


def _probability(point: OperatingPoint) -> str:
    """That of a threshold, also where its digits would be those of 1."""
    from mmirstd.utils.logits import SATURATED

    return f'{point.threshold:.9g}' if point.logit < SATURATED else f'1 - {math.exp(-point.logit):.2g}'


def _target(args: argparse.Namespace, weights: str | None) -> Path:
    """The file to write, before the first image.

    Raises:
        UserError: There is no checkpoint, or a file is in the way.
    """
    if weights is None or not Path(weights).is_file():
        raise UserError(
            f'{args.config}: has no checkpoint file that could keep the threshold ({weights})',
            cure='--dry-run prints it; give it to infer as --logit-threshold',
        )
    source = Path(weights)
    if args.in_place:
        return source
    target: Path = args.output or source.with_name(f'{source.stem}_calibrated{source.suffix}')
    if target.exists() and not args.overwrite:
        raise UserError(f'{target}: exists already', cure='another -o FILE, or --overwrite')
    return target
