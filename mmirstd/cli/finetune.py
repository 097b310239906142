"""From two folders to a fine-tuned network: ``mmirstd finetune IMAGES LABELS``."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from mmirstd.datasets.labels.choices import MISSING_IMAGES, SIZE_MISMATCHES
from mmirstd.utils.commands import command_line, this_command

from .arguments import add_traceback_argument, make_parser, positive_float, positive_int

if TYPE_CHECKING:
    from mmirstd.finetune import FinetuneOutcome, Workflow

LOADS = 'PyTorch and OpenMMLab'
DESCRIPTION = """\
Fine-tune a network on images of your own.

Pairs images with masks by their names, finds the bit depth, parts the images, writes a short config, checks the data,
trains, and tests the result beside what it started from. The config can be changed and trained again.
Boxes and outlines of other programs (COCO, YOLO, Pascal VOC, labelme, CVAT) become masks first.
"""
EXAMPLES = """
{finetune} my/images my/masks
{finetune} my/images my/annotations.json
{finetune} my/images my/masks --from ggl-net-tiny_general --out my_run --bit-depth 14
{finetune} my/images my/masks --from configs/dnanet/dnanet_b16-1500e_nuaa-sirst-341-86.py --weights dnanet.pth
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser('finetune', DESCRIPTION, EXAMPLES)
    parser.add_argument('images', help='folder of images; sequences may be folders in it')
    parser.add_argument(
        'labels', help='folder of masks with similar names; or labels of another program: file or folder'
    )
    parser.add_argument(
        '--from',
        dest='base',
        default='ggl-net-tiny_general',
        metavar='MODEL',
        help='where to start: the name of a model with weights, or a config; default: %(default)s',
    )
    parser.add_argument('--weights', metavar='CKPT', help='the checkpoint of a config; "none": random weights')
    parser.add_argument('--out', default='finetuned', help='folder for everything; default: %(default)s')
    parser.add_argument('--epochs', type=positive_int, metavar='N', help='default: by the number of images')
    parser.add_argument('--lr', type=positive_float, help='largest learning rate; default: by the number of images')
    parser.add_argument('--bit-depth', type=int, choices=range(1, 17), metavar='BITS', help='default: found')
    parser.add_argument(
        '--split-by',
        choices=['auto', 'sequence', 'image'],
        default='auto',
        help='part whole sequences, which folders or names tell, or single images; default: sequences if there are '
        'three or more',
    )
    parser.add_argument('--val', type=float, default=0.15, metavar='SHARE', help='validation; default: %(default)s')
    parser.add_argument('--test', type=float, default=0.2, metavar='SHARE', help='test; default: %(default)s')
    parser.add_argument('--seed', type=int, default=0, help='of the parts; default: 0')
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
    from mmirstd.datasets.labels import CheckOptions
    from mmirstd.engine.checkpoint_files import find_checkpoint
    from mmirstd.finetune import Workflow, choose_recipe, look_at_folders, masks_of_labels
    from mmirstd.utils.progress import now_doing

    now_doing('looking at the data')
    cfg = find_model_config(args.base)
    weights = default_weights(cfg) if args.weights is None else args.weights
    weights = None if weights in (None, 'none') else find_checkpoint(weights)
    out = Path(args.out).expanduser().resolve()
    check = CheckOptions(size_mismatch=args.size_mismatch, missing_images=args.missing_images)
    images, masks, notes = masks_of_labels(args.images, args.labels, out, check)
    data = look_at_folders(
        images,
        masks,
        by=args.split_by,
        val=args.val,
        test=args.test,
        seed=args.seed,
        bit_depth=args.bit_depth,
    )
    recipe = choose_recipe(len(data.split.train), trained=weights is not None)
    recipe = replace(recipe, epochs=args.epochs or recipe.epochs, lr=args.lr or recipe.lr)
    options = dict(mask_size_mismatch='resize') if args.size_mismatch == 'scale' else {}
    workflow = Workflow(data, out, Path(cfg.filename), weights, recipe, shlex.join(this_command()), options)
    print(
        '\n'.join(
            [
                *notes,
                *data.notes,
                f'start: {weights or "random weights"}',
                f'recipe: {recipe}, windows of {data.window}x{data.window}',
            ]
        ),
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


def report(workflow: Workflow, outcome: FinetuneOutcome) -> None:
    """Print what came out and what comes next."""
    from mmirstd.finetune import MEASURES

    names = {'start': 'before', 'tuned': 'after fine-tuning'}
    heads = dict(IoU='IoU', nIoU='nIoU', Pd='Pd', Fa_e6='Fa (1e-6)')
    for part, title in (('val', 'validation images'), ('test', 'test images')):
        print(f'\n{title}, threshold 0.5, default protocol:')
        print(f'  {"":18}' + ''.join(f'{heads[key]:>11}' for key in MEASURES))
        for which, row in outcome.measures[part].items():
            print(f'  {names[which]:18}' + ''.join(f'{format(row[key], form):>11}' for key, form in MEASURES.items()))
    print(f'\nthresholds on the validation images (* advised):\n{outcome.threshold}')
    checkpoint = str(outcome.checkpoint)
    if outcome.gain == 0:
        print('\nOn the validation images no difference is seen.')
    elif outcome.gain < 0 and workflow.weights:
        checkpoint = workflow.weights
        print(
            '\nThe validation images prefer the network as it was before. Keep it, or train again with more data, '
            f'more epochs or another learning rate: edit {workflow.config}'
        )
    print(f'\nconfig:     {workflow.config}\ncheckpoint: {outcome.checkpoint}')
    words = [str(workflow.config), checkpoint, str(workflow.data.images), '--out', 'results']
    threshold = ['--threshold', str(outcome.threshold.best)] if outcome.threshold.best != 0.5 else []
    print(f'next: {command_line("infer", *words, *threshold)}')
