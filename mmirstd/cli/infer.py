"""Detect targets in one's own images and videos: ``mmirstd infer CONFIG CKPT INPUT... --out DIR [options]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmirstd.apis.result_kinds import KINDS, MAP_KINDS
from mmirstd.deploy.graph_description import READERS
from mmirstd.engine.checkpoint_files import find_checkpoint, looks_like_checkpoint
from mmirstd.engine.default_model import DEFAULT_DETECTOR, DEFAULT_MODEL
from mmirstd.utils.commands import command_line
from mmirstd.utils.errors import CheckpointError, UserError

from .arguments import add_cfg_options_argument, add_traceback_argument, add_tta_argument, make_parser, positive_int
from .first_input import is_input
from .gray_arguments import add_gray_arguments, gray_options, name_gray_options
from .threshold_arguments import add_threshold_arguments, read_threshold
from .track_arguments import add_track_arguments, track_options

if TYPE_CHECKING:
    from mmirstd.apis.frame_inference import FrameInference

DEFAULT_KINDS = ('mask', 'json', 'csv', 'overlay')
EXAMPLES = """
{infer} photos/ night.tif --out results        # with the weights in the box
{infer} video.mp4 frames/ --track --confirm 3/5 --out results     # tracks
{infer} yolox-bp-nano_drone-ir video.mp4 --track --out results     # of targets of 8 pixels or more, few false ones
{infer} work_dirs/NAME/NAME.py best.pth 'flight/**/*.png' --out results --save mask,csv   # your own
{infer} white-tophat - image.png --out results     # nothing learned: no CKPT
{infer} sstnet_b4-20e_daub best.pth video.mp4 frames/ --out results     # moving targets
{infer} --model ggl-net-tiny.onnx photos/ --out results     # exported by mmirstd export; without PyTorch
camera | {infer} sstnet_b4-20e_daub best.pth - --raw-frames 640x512:uint16 --out results
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    kinds = '\n'.join(f'  {kind:8} {text}' for kind, text in KINDS.items())
    parser = make_parser(
        'infer',
        'Detect infrared small targets in images, folders, videos and streams.',
        EXAMPLES,
        f'results, in one folder for each kind (the schema is in the documentation: "Inference"):\n{kinds}\n\n'
        'exit status: 0 all inputs done, 1 some failed (listed at the end and in DIR/failed.csv), 2 wrong usage',
        usage='{[CONFIG [CKPT]] | --model FILE} INPUT [INPUT ...] --out DIR [options]',
    )
    parser.add_argument(
        'items',
        nargs='+',
        metavar='[CONFIG [CKPT]] INPUT',
        help='CONFIG: config file, or the name of one in configs/ or of a model in its metafiles; without it '
        f'{DEFAULT_MODEL}. CKPT: checkpoint (a file, whatever its name, or an address); "-" or none for a method '
        'without learned parameters. Then inputs: images (PNG, TIFF, BMP, JPEG, PGM, PPM, GIF, WEBP, 8 or 16 bit; '
        '.npy), folders, patterns, videos, a camera\'s number, an address (rtsp://...), or "-" for raw frames on '
        "standard input. A TIFF's pages are the frames of a sequence. For a detector of moving targets a folder of "
        'images is one sequence',
    )
    parser.add_argument(
        '--model',
        metavar='FILE',
        help='in place of CONFIG and CKPT: a file that mmirstd export wrote (.onnx, .xml). It runs without PyTorch',
    )
    parser.add_argument(
        '--out', required=True, metavar='DIR', help='where results go; inputs finished there are skipped'
    )
    parser.add_argument(
        '--save',
        default=','.join(DEFAULT_KINDS),
        metavar='KIND[,KIND]',
        help=f'what to write, of {", ".join(KINDS)} (default: %(default)s)',
    )
    parser.add_argument('--recursive', action='store_true', help='descend into folders')
    parser.add_argument('--overwrite', action='store_true', help='do everything again, over the results in DIR')
    add_threshold_arguments(parser, 'probability above which a pixel is target, or score from which on a box is')
    parser.add_argument('--min-area', type=int, default=1, metavar='N', help='least area of a target in pixels')
    parser.add_argument(
        '--batch-size',
        type=batch_size,
        default=1,
        metavar='N',
        help='images of one size, or tiles, that go through the network together; auto: as many as raise the rate on '
        'the first image (default: %(default)s)',
    )
    parser.add_argument('--device', help='cpu, cuda, cuda:1, ... (default: the GPU if there is one)')
    parser.add_argument(
        '--backend',
        choices=('auto', 'torch', 'onnxruntime', 'openvino'),
        help='what computes a segmentation network on the CPU. auto: the fastest that is installed and gives the '
        "network's results on the first image (default: auto)",
    )
    parser.add_argument(
        '--precision',
        choices=('fp32', 'bf16', 'fp16', 'int8'),
        default='fp32',
        help='of the arithmetic. int8 needs --calibration-images, or a --model that was exported so (default: '
        '%(default)s)',
    )
    parser.add_argument(
        '--calibration-images',
        metavar='DIR',
        help='with --precision int8: images of your scenes, by whose values int8 is scaled; at most 48 are taken',
    )
    add_tta_argument(parser)
    tiles = parser.add_argument_group('large images')
    tiles.add_argument(
        '--tile',
        choices=('auto', 'on', 'off'),
        default='auto',
        help='auto: images of more than 2 million pixels, but not for classical methods',
    )
    tiles.add_argument('--window', type=int, default=1024, metavar='N', help='side of a tile in pixels')
    tiles.add_argument('--overlap', type=int, default=128, metavar='N', help='pixels that neighboring tiles share')
    tiles.add_argument('--seam', choices=('blend', 'crop'), default='blend', help='how tiles are joined')
    add_gray_arguments(parser)
    video = parser.add_argument_group('videos and streams')
    video.add_argument('--fps', type=float, help="frame rate of annotated videos (default: the input's, or 25)")
    video.add_argument('--max-frames', type=int, metavar='N', help='stop each sequence after N frames')
    video.add_argument(
        '--reconnect',
        type=int,
        metavar='N',
        help='open a camera, address or pipe that ended again, with at most N attempts in a row and longer and longer '
        'waits between them; pictures that cannot be used are passed over',
    )
    video.add_argument(
        '--raw-frames',
        metavar='WxH[:DTYPE]',
        help='raw frames on standard input: uint8 (default), uint16 or float32, little-endian',
    )
    add_track_arguments(parser)
    shared = parser.add_argument_group('several processes or machines with one DIR')
    shared.add_argument(
        '--shard',
        metavar='K/N',
        help='do part K of N, e.g. 3/8. The parts make up the whole; the last joins targets.csv',
    )
    shared.add_argument(
        '--launcher',
        choices=('none', 'pytorch', 'slurm', 'mpi'),
        default='none',
        help='take K/N, and the GPU, from what started the process (torchrun is seen without it)',
    )
    add_cfg_options_argument(parser, 'override config entries')
    parser.add_argument('--quiet', action='store_true', help='no progress bar')
    add_traceback_argument(parser)
    return parser


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse and check the command line; ``checkpoint`` and ``inputs`` are taken from what follows the config."""
    parser = build_parser()
    args = parser.parse_intermixed_args(argv)
    args.config = args.checkpoint = None
    args.inputs = args.items
    if args.model is None:
        if is_input(args.items[0]):
            args.items = [DEFAULT_MODEL, *args.items]
            larger = (
                f' (for targets of 8 pixels or more {DEFAULT_DETECTOR} has fewer false tracks)' if args.track else ''
            )
            print(
                f'notice: no model was named, so it is {DEFAULT_MODEL}{larger}; another one: '
                f'{command_line("infer", "CONFIG", "CKPT", "INPUT")} ...',
                file=sys.stderr,
            )
        args.config, *rest = args.items
        if Path(args.config).suffix.lower() in READERS:
            parser.error(f'{args.config}: an exported file goes with --model {args.config}')
        if not rest:
            parser.error('no INPUT was given')
        # raw frames come from somewhere: where nothing follows it, "-" is no missing checkpoint
        args.checkpoint, args.inputs = checkpoint_and_inputs(['-', '-'] if args.raw_frames and rest == ['-'] else rest)
    elif args.backend == 'torch':
        parser.error('--backend torch goes with a config, not with --model')
    elif args.cfg_options or args.device:
        parser.error('--cfg-options and --device go with a config, not with --model')
    if args.model is None and (args.precision == 'int8') != (args.calibration_images is not None):
        parser.error('--precision int8 and --calibration-images DIR go together')
    if args.model is not None and args.calibration_images is not None:
        parser.error('--calibration-images goes with a config: mmirstd export wrote the precision into the --model')
    if args.model is not None and args.tta is not None:
        parser.error('--tta goes with a config: mmirstd export --tta writes it into the --model')
    if not args.inputs:
        parser.error('no INPUT was given')
    args.save = list(dict.fromkeys(kind.strip() for kind in args.save.split(',') if kind.strip()))
    unknown = [kind for kind in args.save if kind not in KINDS]
    if unknown or not args.save:
        parser.error(f'--save {",".join(unknown)}: expected a list of {", ".join(KINDS)}')
    for option, least in (('min_area', 1), ('max_frames', 1), ('reconnect', 1), ('fps', 1e-3)):
        value = getattr(args, option)
        if value is not None and value < least:
            parser.error(f'--{option.replace("_", "-")} {value}: expected at least {least}')
    args.operating_point = read_threshold(parser, args)
    args.tracking = track_options(parser, args)
    if args.shard is not None:
        from mmirstd.apis.shard import Shard

        try:
            args.shard = Shard.parse(args.shard)
        except ValueError as error:
            parser.error(f'--shard: {error}')
    args.raw_format = None
    if args.raw_frames is not None:
        from mmirstd.apis.frame_stream import RawFormat

        try:
            args.raw_format = RawFormat.parse(args.raw_frames)
        except ValueError as error:
            parser.error(f'--raw-frames: {error}')
    return args


def batch_size(text: str) -> int | str:
    """The type of ``--batch-size``: a whole number from 1 on, or ``'auto'``."""
    return text if text == 'auto' else positive_int(text)


def _join_launched(args: argparse.Namespace) -> None:
    """Take the part, and the device, of one of several processes that a launcher started."""
    from mmirstd.engine.launchers import launched_as

    launched = launched_as(args.launcher)
    if launched is None or args.shard is not None:
        return
    from mmirstd.apis.shard import Shard

    args.shard = Shard(launched.rank + 1, launched.processes)
    args.quiet = args.quiet or launched.rank > 0
    print(f'notice: this process does part {launched.rank + 1} of {launched.processes}', file=sys.stderr)
    if args.model is None and args.device is None:
        import torch

        if torch.cuda.is_available():
            args.device = f'cuda:{launched.local_rank % torch.cuda.device_count()}'


def checkpoint_and_inputs(items: list[str]) -> tuple[str | None, list[str]]:
    """What follows the config, apart.

    Raises:
        CheckpointError: A checkpoint, or a folder of checkpoints, is where it would be taken for an image.
    """
    first, *rest = items
    given = looks_like_checkpoint(first)
    checkpoint = first if given else None
    inputs = rest if given or first == '-' or first.lower() == 'none' else items
    for item in inputs:
        if looks_like_checkpoint(item):
            beside = f', and {checkpoint} was given already' if given else ''
            raise CheckpointError(
                f'{item}: a checkpoint where an image is expected{beside}.\n  cure: one checkpoint, '
                f'right after the config: {command_line("infer", "CONFIG", item, "INPUT")} ...'
            )
        if _holds_only_checkpoints(item):
            raise CheckpointError(
                f'{item}: a folder of checkpoints, without an image or a video.\n  cure: name one of '
                f'them right after the config: {command_line("infer", "CONFIG", Path(item) / "FILE", "INPUT")} ...'
            )
    return checkpoint, inputs


def _holds_only_checkpoints(item: str) -> bool:
    from mmirstd.apis.inputs import STILL_SUFFIXES
    from mmirstd.datasets.image_io import VIDEO_SUFFIXES

    folder = Path(item).expanduser()
    if not folder.is_dir():
        return False
    names = [entry.name.lower() for entry in folder.iterdir()]
    return not any(name.endswith((*STILL_SUFFIXES, *VIDEO_SUFFIXES)) for name in names) and any(
        looks_like_checkpoint(folder / name) for name in names
    )


def build(args: argparse.Namespace, threads: int | None = None) -> FrameInference:
    """The inferencer.

    Args:
        args: The command line.
        threads: Of an exported network; None: its runtime's choice.

    Raises:
        UserError: The options do not fit the model, or the model cannot be used.
    """
    from mmirstd.apis.tiling import Tiling

    try:
        options: dict[str, Any] = dict(
            tile=args.tile,
            tiling=Tiling(args.window, args.overlap, args.seam),
            threshold=args.threshold,
            operating_point=args.operating_point,
            min_area=args.min_area,
            precision=args.precision,
            **gray_options(args),
        )
        inferencer = _build(args, options, threads)
    except ValueError as error:
        if isinstance(error, UserError):
            raise
        raise UserError(str(error)) from error
    name_gray_options(inferencer)
    # tracks need to know which frames belong together
    inferencer.sequences = inferencer.sequences or args.tracking is not None
    return inferencer


def _build(args: argparse.Namespace, options: dict[str, Any], threads: int | None) -> FrameInference:
    if args.model is not None:
        from mmirstd.apis.exported import open_exported

        return open_exported(args.model, args.backend or 'auto', threads=threads, **options)
    from mmirstd.apis import build_inferencer
    from mmirstd.apis.model_loading import find_model_config

    config = find_model_config(args.config, args.cfg_options)
    return build_inferencer(
        config,
        args.checkpoint,
        device=args.device,
        backend=args.backend,
        calibration_images=args.calibration_images,
        tta=args.tta,
        **options,
    )


def main(argv: list[str] | None = None) -> int:
    """Command line entry; the exit status."""
    args = parse_args(argv)
    # wrong names are told before PyTorch is loaded, which takes seconds
    if args.config is not None:
        from mmirstd.engine.config_names import find_named_config

        find_named_config(args.config)
    if args.checkpoint is not None:
        find_checkpoint(args.checkpoint)
    from mmirstd.apis import OutputFolder
    from mmirstd.engine.freed_memory import keep_freed_memory
    from mmirstd.engine.threads import apply_threads, apply_threads_without_torch, plan_threads

    from .infer_batch import Batch, describe

    plan = plan_threads()
    if plan.busy:
        print(f'notice: {plan}', file=sys.stderr)
    (apply_threads if args.model is None else apply_threads_without_torch)(plan)
    keep_freed_memory()
    _join_launched(args)
    inferencer = build(args, plan.threads)
    weights = getattr(inferencer, 'weights', None)
    if args.checkpoint is None and weights is not None:
        print(f'notice: no CKPT was given; the weights are those released for this config: {weights}', file=sys.stderr)
    if inferencer.boxes and any(kind in MAP_KINDS for kind in args.save) and args.save != list(DEFAULT_KINDS):
        print('notice: a detector has boxes, no maps: no mask, prob, npy or logit is written', file=sys.stderr)
    if args.reconnect is not None:
        from mmirstd.apis.live_stream import Reconnect

        inferencer.reconnect = Reconnect(args.reconnect)
    settings, head = describe(inferencer, args)
    batch = Batch(inferencer, OutputFolder(args.out, settings, args.overwrite, args.shard), args, head)
    try:
        batch.run()
    except KeyboardInterrupt:
        print('interrupted; the same command goes on from here', file=sys.stderr)
        batch.report()
        return 130
    return batch.report()
