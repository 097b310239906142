"""From two folders to a fine-tuned network: ``mmirstd finetune IMAGES LABELS``."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmirstd.datasets.labels.choices import MISSING_IMAGES, SIZE_MISMATCHES
from mmirstd.engine.default_model import DEFAULT_DETECTOR, DEFAULT_MODEL
from mmirstd.utils.commands import command_line, this_command
from mmirstd.utils.config_parts import bare_type
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.progress import now_doing

from .arguments import add_traceback_argument, make_parser, positive_float, positive_int
from .point_arguments import add_grow_arguments, read_grow

if TYPE_CHECKING:
    from mmengine.config import Config

    from mmirstd.datasets.labels import CheckOptions
    from mmirstd.finetune import FinetuneOutcome, OwnData, OwnSequences, Workflow

LOADS = 'PyTorch and OpenMMLab'
_POINT_SIZE = 5.0
_HEADS = {'Fa_e6': 'Fa (1e-6)'}
DESCRIPTION = """\
Fine-tune a network on images of your own.

Pairs images with masks by their names, finds the bit depth, parts the images, writes a short config, checks the data,
measures the start, trains much or little by that, and tests the result beside the start. The better one on the
validation images is handed out. The config can be changed and trained again. After an interruption the same command
goes on.
Boxes, outlines and points of other programs (COCO, YOLO, Pascal VOC, labelme, CVAT, tables) become masks first.

Videos, or folders of frames with --moving, train a detector of moving targets on boxes, by sequences.
"""
EXAMPLES = """
{finetune} my/images my/masks
{finetune} my/images my/annotations.json
{finetune} my/images my/clicks.csv --grow-points     # masks grow from one point a target
{finetune} my/images my/masks --from ggl-net-tiny_nuaa --out my_run --bit-depth 14
{finetune} my/videos my/labels --out my_detector
{finetune} my/frames my/annotations.json --moving
{finetune} my/images my/masks --from configs/dnanet/dnanet_b16-1500e_nuaa-sirst-341-86.py --weights dnanet.pth
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser('finetune', DESCRIPTION, EXAMPLES)
    parser.add_argument(
        'images', help='folder of images; sequences may be folders in it. Or a video, or a folder of videos'
    )
    parser.add_argument(
        'labels',
        help='folder of masks with similar names; or labels of another program: file or folder, for sequences also one '
        'for each, called as it is',
    )
    parser.add_argument(
        '--moving',
        action='store_true',
        help='train a detector of moving targets on frames in folders; videos and --from DETECTOR say it by themselves',
    )
    parser.add_argument(
        '--from',
        dest='base',
        metavar='MODEL',
        help='where to start: the name of a model with weights, or a config; default: '
        f'{DEFAULT_MODEL}, for moving targets {DEFAULT_DETECTOR}',
    )
    parser.add_argument('--weights', metavar='CKPT', help='the checkpoint of a config; "none": random weights')
    parser.add_argument('--out', default='finetuned', help='folder for everything; default: %(default)s')
    parser.add_argument(
        '--epochs',
        type=positive_int,
        metavar='N',
        help='default: by the number of images and by the figures of the start',
    )
    parser.add_argument('--lr', type=positive_float, help='largest learning rate; default: as --epochs')
    parser.add_argument('--bit-depth', type=int, choices=range(1, 17), metavar='BITS', help='default: found')
    parser.add_argument(
        '--split-by',
        choices=['auto', 'sequence', 'time', 'image'],
        default='auto',
        help='part whole sequences, which folders or names tell, or single images, or cut each sequence in time; '
        'default: sequences if there are three or more, else time for moving targets and images for others',
    )
    parser.add_argument('--val', type=float, default=0.15, metavar='SHARE', help='validation; default: %(default)s')
    parser.add_argument('--test', type=float, default=0.2, metavar='SHARE', help='test; default: %(default)s')
    parser.add_argument('--seed', type=int, default=0, help='of the parts; default: 0')
    parser.add_argument(
        '--point-size',
        type=positive_float,
        metavar='PX',
        help=f'width and height of targets that labels mark by a point; default: {_POINT_SIZE:g}',
    )
    add_grow_arguments(parser)
    parser.add_argument(
        '--first-frame',
        type=int,
        default=0,
        metavar='N',
        help="number that labels give to a video's first frame; default: %(default)s",
    )
    parser.add_argument(
        '--missing-images',
        choices=MISSING_IMAGES,
        default='error',
        help="images that another program's labels name and that are not there; default: an error",
    )
    parser.add_argument(
        '--size-mismatch',
        choices=SIZE_MISMATCHES,
        default='error',
        help='masks or labels for another size than the image has; "scale" brings them to it; default: an error',
    )
    parser.add_argument(
        '--bad-box',
        choices=('clip', 'drop'),
        help='targets outside of the image or without area in labels of another program. clip: cut to the image; drop: '
        'left out; default: an error',
    )
    parser.add_argument('--no-check', action='store_true', help='train although the data have errors')
    parser.add_argument(
        '--no-train', action='store_true', help='write the config, check the data and measure the start, no more'
    )
    add_traceback_argument(parser)
    args = parser.parse_args(argv)
    if not (args.val > 0 and args.test > 0 and args.val + args.test < 1):
        parser.error(f'--val {args.val} --test {args.test}: expected shares above 0 that leave some to train on')
    args.grow = read_grow(parser, args)
    if args.grow is None and args.point_size is None:
        args.point_size = _POINT_SIZE
    return args


def main(argv: list[str] | None = None) -> int:
    """Fine-tune; the exit status is 130 where the user interrupted."""
    args = parse_args(argv)
    for name in ('SIGTERM', 'SIGHUP'):  # the second one is not everywhere
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    again = shlex.join(this_command())
    try:
        return _finetune(args, again)
    except KeyboardInterrupt:
        print(f'\ninterrupted; the same command goes on from here:\n  {again}', file=sys.stderr)
        return 130


def _finetune(args: argparse.Namespace, again: str) -> int:
    from mmirstd.finetune import Call, alone

    now_doing('looking at the data')
    out = Path(args.out).expanduser().resolve()
    call = Call(again, asked_for(args))
    call.goes_on(out)  # an error before the work
    with alone(out) as lock:  # frames and masks are made in the folder, too
        begun = call.goes_on(out)
        workflow, moving = _look(args, out, again, begun, lock)
        if begun:
            print('\n'.join([*workflow.keep(), f'goes on in {out}']), flush=True)
        else:
            call.write(out)
            _prepare(workflow, args, moving)
        if args.no_train:
            print(f'next: {command_line("train", workflow.config)}')
            return 0
        tuned = workflow.train(again)
        report(workflow, workflow.outcome(tuned))
    return 0


def _look(args: argparse.Namespace, out: Path, again: str, begun: bool, lock: int) -> tuple[Workflow, bool]:
    """Network and data that were given, and whether targets move."""
    from mmirstd.apis.model_loading import default_weights, find_model_config
    from mmirstd.engine.checkpoint_files import find_checkpoint
    from mmirstd.engine.config_scope import config_scope
    from mmirstd.finetune import Start, Workflow, choose_recipe, find_videos

    given = Path(args.images).expanduser()
    videos = given.exists() and bool(find_videos(given))
    cfg = find_model_config(args.base or (DEFAULT_DETECTOR if args.moving or videos else DEFAULT_MODEL))
    moving = config_scope(cfg) == 'mmdet'
    if moving is False and (args.moving or videos):
        raise ConfigError(
            f'{args.base}: is a network of single images, and {"videos were given" if videos else "--moving was said"}',
            expected=f'a detector of moving targets, such as {DEFAULT_DETECTOR}',
            cure='leave --from out, or write the frames to files',
        )
    weights = default_weights(cfg) if args.weights is None else args.weights
    weights = None if weights in (None, 'none') else find_checkpoint(weights)
    data = _sequences(args, out, cfg, videos, begun) if moving else _stills(args, out, begun)
    recipe = choose_recipe(len(data.split.train), weights is not None, moving).changed(args.lr, args.epochs)
    options = dict(mask_size_mismatch='resize') if args.size_mismatch == 'scale' and not moving else {}
    start = Start(Path(cfg.filename), weights, recipe, again, options)
    print('\n'.join([*data.notes, f'start: {start.base.stem}, {weights or "random weights"}']), flush=True)
    return Workflow(data, out, start, lock), moving


def _prepare(workflow: Workflow, args: argparse.Namespace, moving: bool) -> None:
    """All that comes before the training."""
    from mmirstd.finetune import KNOWN_IOU, choose_recipe

    workflow.write()
    print(f'config: {workflow.config}', flush=True)
    if not args.no_check:
        workflow.check()
    why = ''
    if workflow.start.weights:
        found, forms = workflow.measure_start(), workflow.data.measures
        figures = ', '.join(f'{_HEADS.get(key, key)} {format(found[key], form)}' for key, form in forms.items())
        print(f'before the training, on {len(workflow.data.parts["start"])} training and validation images: {figures}')
        if 'IoU' in found and not (args.lr and args.epochs):
            count = len(workflow.data.split.train)
            recipe = choose_recipe(count, True, moving, found['IoU'])
            workflow.follow(recipe.changed(args.lr, args.epochs))
            known = found['IoU'] >= KNOWN_IOU
            why = (
                f'; little, because the weights know such images (IoU {KNOWN_IOU} or more)'
                if known
                else f'; much, because the weights do not know such images (IoU below {KNOWN_IOU})'
            )
    print(f'recipe: {workflow.start.recipe}{why}', flush=True)


def asked_for(args: argparse.Namespace) -> dict[str, Any]:
    """The arguments that decide about the outcome, by the names of their options."""
    rest = ('images', 'labels', 'base', 'out', 'grow', 'no_check', 'no_train', 'traceback')
    asked = {f'--{name.replace("_", "-")}': value for name, value in vars(args).items() if name not in rest}
    folders = {name: str(Path(getattr(args, name)).expanduser().resolve()) for name in ('images', 'labels')}
    return {**folders, '--from': args.base, **asked}


def check_options(args: argparse.Namespace) -> CheckOptions:
    """What is done with labels that are wrong."""
    from mmirstd.datasets.labels import CheckOptions

    return CheckOptions(args.bad_box or 'error', args.size_mismatch, args.missing_images)


def _stills(args: argparse.Namespace, out: Path, begun: bool) -> OwnData:
    from dataclasses import replace

    from mmirstd.finetune import look_at_folders, masks_of_labels

    check = check_options(args)
    images, masks, notes = masks_of_labels(args.images, args.labels, out, check, args.point_size, args.grow, begun)
    data = look_at_folders(
        images,
        masks,
        by=args.split_by,
        val=args.val,
        test=args.test,
        seed=args.seed,
        bit_depth=args.bit_depth,
    )
    said = dict.fromkeys((*notes, *data.notes, f'windows to train on: {data.window}x{data.window}'))
    return replace(data, notes=tuple(said))


def _sequences(args: argparse.Namespace, out: Path, cfg: Config, videos: bool, begun: bool) -> OwnSequences:
    from mmirstd.finetune import look_at_sequences

    dataset = (cfg.get('train_dataloader') or {}).get('dataset') or {}
    if not bare_type(dataset).endswith('ClipDataset'):
        raise ConfigError(
            f'{cfg.filename}: trains on {bare_type(dataset) or "nothing"}',
            expected='a detector whose data set is mmirstd.ClipDataset',
            cure=f'{DEFAULT_DETECTOR}, or another of the configs in sstnet, yolo_bp and yolox',
        )
    frames = dataset.get('num_frames', 5)
    return look_at_sequences(
        args.images,
        args.labels,
        out,
        frames,
        by=args.split_by,
        val=args.val,
        test=args.test,
        seed=args.seed,
        bit_depth=args.bit_depth,
        check_options=check_options(args),
        point_size=args.point_size,
        grow=args.grow,
        first_frame=args.first_frame,
        in_time=args.moving or videos or frames > 1,
        begun=begun,
    )


def report(workflow: Workflow, outcome: FinetuneOutcome) -> None:
    """Print what came out and what comes next."""
    names = {'start': 'before', 'tuned': 'after fine-tuning' if workflow.start.weights else 'from random weights'}
    forms = workflow.data.measures
    for part, title in (('val', 'validation'), ('test', 'test')):
        print(f'\n{title}, threshold 0.5:')
        print(f'  {"":20}' + ''.join(f'{_HEADS.get(key, key):>11}' for key in forms))
        for which, row in outcome.measures[part].items():
            print(f'  {names[which]:20}' + ''.join(f'{format(row[key], form):>11}' for key, form in forms.items()))
    print(f'\nthresholds on the validation part (* advised):\n{outcome.threshold}')
    if outcome.threshold.found_nothing:
        print(
            '\nNothing was found on the validation part, at no threshold. Train longer (--epochs), label more images, '
            f'or look whether the labels lie on the targets: {command_line("browse", workflow.config)}'
        )
    elif outcome.kept:
        print(
            f'\nNo epoch is better on the validation images ({outcome.decisive}) than the network as it was before. So '
            'that one is kept: the checkpoint below is the one that was started from. For a gain, train again with '
            f'more data, or with another learning rate or other epochs: edit {workflow.config}'
        )
    print(f'\nconfig:     {workflow.config}\ncheckpoint: {outcome.checkpoint}')
    if outcome.kept:
        print(f'trained:    {outcome.tuned}')
    if (pictures := workflow.worst_images).is_dir():
        print(f'worst validation images after the training: {pictures}')
    words = [str(workflow.config), str(outcome.checkpoint), str(workflow.data.source), '--out', 'results']
    deep = any('/' in name for name in workflow.data.split.test) and workflow.data.source.is_dir()
    threshold = ['--threshold', str(outcome.threshold.best)] if outcome.threshold.best != 0.5 else []
    print(f'next: {command_line("infer", *words, *(["--recursive"] if deep else []), *threshold)}')
    page = ['--out', str(workflow.out / 'report.html')]
    dumps = [str(workflow.dump('test', which)) for which in outcome.measures['test']]
    if workflow.data.dumps:
        named = ['--names', 'before', 'after'] if len(dumps) > 1 else []
        print(f'      {command_line("report", *dumps, *named, *page)}')
    else:
        dump = str(workflow.out / 'dump')
        print(f'      {command_line("test", workflow.config, outcome.checkpoint, "--dump", dump)}')
        print(f'      {command_line("report", dump, *page)}')
