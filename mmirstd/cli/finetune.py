"""From two folders to a fine-tuned network: ``mmirstd finetune IMAGES LABELS``."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from mmirstd.datasets.labels.choices import MISSING_IMAGES, SIZE_MISMATCHES
from mmirstd.utils.commands import command_line, this_command
from mmirstd.utils.errors import ConfigError

from .arguments import add_traceback_argument, make_parser, positive_float, positive_int

if TYPE_CHECKING:
    from mmengine.config import Config

    from mmirstd.finetune import FinetuneOutcome, OwnData, OwnSequences, Workflow

LOADS = 'PyTorch and OpenMMLab'
#: Where a fine-tuning starts unless the user says.
MODEL, DETECTOR = 'ggl-net-tiny_general', 'yolox-nano_cpu-b8-9e_drone-ir'
DESCRIPTION = """\
Fine-tune a network on images of your own.

Pairs images with masks by their names, finds the bit depth, parts the images, writes a short config, checks the data,
trains, and tests the result beside what it started from. The config can be changed and trained again.
Boxes, outlines and points of other programs (COCO, YOLO, Pascal VOC, labelme, CVAT, tables) become masks first.

Videos, or folders of frames with --moving, train a detector of moving targets on boxes, by sequences.
"""
EXAMPLES = """
{finetune} my/images my/masks
{finetune} my/images my/annotations.json
{finetune} my/images my/masks --from ggl-net-tiny_general --out my_run --bit-depth 14
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
        help=f'where to start: the name of a model with weights, or a config; default: {MODEL}, for moving targets '
        f'{DETECTOR}',
    )
    parser.add_argument('--weights', metavar='CKPT', help='the checkpoint of a config; "none": random weights')
    parser.add_argument('--out', default='finetuned', help='folder for everything; default: %(default)s')
    parser.add_argument('--epochs', type=positive_int, metavar='N', help='default: by the number of images')
    parser.add_argument('--lr', type=positive_float, help='largest learning rate; default: by the number of images')
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
        default=5.0,
        metavar='PX',
        help='width and height of targets that labels mark by a point; default: %(default)g',
    )
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
    parser.add_argument('--no-check', action='store_true', help='train although the data have errors')
    parser.add_argument('--no-train', action='store_true', help='write the config and check the data, no more')
    add_traceback_argument(parser)
    args = parser.parse_args(argv)
    if not (args.val > 0 and args.test > 0 and args.val + args.test < 1):
        parser.error(f'--val {args.val} --test {args.test}: expected shares above 0 that leave some to train on')
    return args


def main(argv: list[str] | None = None) -> int:
    """Fine-tune; the exit status."""
    args = parse_args(argv)
    from dataclasses import replace

    from mmirstd.apis.model_loading import default_weights, find_model_config
    from mmirstd.engine.checkpoint_files import find_checkpoint
    from mmirstd.finetune import Start, Workflow, choose_recipe, config_path, find_videos
    from mmirstd.utils.progress import now_doing

    now_doing('looking at the data')
    given = Path(args.images).expanduser()
    videos = given.exists() and bool(find_videos(given))
    cfg = find_model_config(args.base or (DETECTOR if args.moving or videos else MODEL))
    moving = cfg.get('default_scope') == 'mmdet'
    if moving is False and (args.moving or videos):
        raise ConfigError(
            f'{args.base}: is a network of single images, and {"videos were given" if videos else "--moving was said"}',
            expected=f'a detector of moving targets, such as {DETECTOR}',
            cure='leave --from out, or write the frames to files',
        )
    weights = default_weights(cfg) if args.weights is None else args.weights
    weights = None if weights in (None, 'none') else find_checkpoint(weights)
    out = Path(args.out).expanduser().resolve()
    config_path(out)  # an error before the work
    data = _sequences(args, out, cfg, videos) if moving else _stills(args, out)
    recipe = choose_recipe(len(data.split.train), weights is not None, moving)
    recipe = replace(recipe, epochs=args.epochs or recipe.epochs, lr=args.lr or recipe.lr)
    options = dict(mask_size_mismatch='resize') if args.size_mismatch == 'scale' and not moving else {}
    start = Start(Path(cfg.filename), weights, recipe, shlex.join(this_command()), options)
    workflow = Workflow(data, out, start)
    print(
        '\n'.join([*data.notes, f'start: {start.base.stem}, {weights or "random weights"}', f'recipe: {recipe}']),
        flush=True,
    )
    workflow.write()
    print(f'config: {workflow.config}', flush=True)
    if not args.no_check:
        workflow.check()
    if args.no_train:
        print(f'next: {command_line("train", workflow.config)}')
        return 0
    checkpoint = workflow.train()
    now_doing('testing')
    report(workflow, workflow.outcome(checkpoint))
    return 0


def _stills(args: argparse.Namespace, out: Path) -> OwnData:
    from dataclasses import replace

    from mmirstd.datasets.labels import CheckOptions
    from mmirstd.finetune import look_at_folders, masks_of_labels

    check = CheckOptions(size_mismatch=args.size_mismatch, missing_images=args.missing_images)
    images, masks, notes = masks_of_labels(args.images, args.labels, out, check, args.point_size)
    data = look_at_folders(
        images,
        masks,
        by=args.split_by,
        val=args.val,
        test=args.test,
        seed=args.seed,
        bit_depth=args.bit_depth,
    )
    return replace(data, notes=(*notes, *data.notes, f'windows to train on: {data.window}x{data.window}'))


def _sequences(args: argparse.Namespace, out: Path, cfg: Config, videos: bool) -> OwnSequences:
    from mmirstd.datasets.labels import CheckOptions
    from mmirstd.finetune import look_at_sequences

    dataset = (cfg.get('train_dataloader') or {}).get('dataset') or {}
    if not str(dataset.get('type')).endswith('ClipDataset'):
        raise ConfigError(
            f'{cfg.filename}: trains on {dataset.get("type")}',
            expected='a detector whose data set is mmirstd.ClipDataset',
            cure=f'{DETECTOR}, or another of the configs in sstnet, yolo_bp and yolox',
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
        check_options=CheckOptions(size_mismatch=args.size_mismatch, missing_images=args.missing_images),
        point_size=args.point_size,
        first_frame=args.first_frame,
        in_time=args.moving or videos or frames > 1,
    )


def report(workflow: Workflow, outcome: FinetuneOutcome) -> None:
    """Print what came out and what comes next."""
    names = {'start': 'before', 'tuned': 'after fine-tuning' if workflow.start.weights else 'from random weights'}
    forms, heads = workflow.data.measures, {'Fa_e6': 'Fa (1e-6)'}
    for part, title in (('val', 'validation'), ('test', 'test')):
        print(f'\n{title}, threshold 0.5:')
        print(f'  {"":20}' + ''.join(f'{heads.get(key, key):>11}' for key in forms))
        for which, row in outcome.measures[part].items():
            print(f'  {names[which]:20}' + ''.join(f'{format(row[key], form):>11}' for key, form in forms.items()))
    print(f'\nthresholds on the validation part (* advised):\n{outcome.threshold}')
    checkpoint = outcome.advised or outcome.checkpoint
    if outcome.threshold.found_nothing:
        print(
            '\nNothing was found on the validation part, at no threshold. Train longer (--epochs), label more images, '
            f'or look whether the labels lie on the targets: {command_line("browse", workflow.config)}'
        )
    elif outcome.gain == 0:
        print('\nOn the validation part no difference is seen.')
    elif outcome.advised:
        print(
            '\nThe validation part prefers the network as it was before, so the next command takes that one. For a '
            f'gain, train again with more data, more epochs or another learning rate: edit {workflow.config}'
        )
    print(f'\nconfig:     {workflow.config}\ncheckpoint: {outcome.checkpoint}')
    if (pictures := workflow.worst_images).is_dir():
        print(f'worst validation images: {pictures}')
    words = [str(workflow.config), str(checkpoint), str(workflow.data.source), '--out', 'results']
    deep = any('/' in name for name in workflow.data.split.test) and workflow.data.source.is_dir()
    threshold = ['--threshold', str(outcome.threshold.best)] if outcome.threshold.best != 0.5 else []
    print(f'next: {command_line("infer", *words, *(["--recursive"] if deep else []), *threshold)}')
