"""Write a network to a file that runs without PyTorch: ``mmirstd export CONFIG [CKPT] -o FILE``."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmirstd.deploy.export_path import check_export_path
from mmirstd.deploy.graph_description import INPUT_TYPES, SUFFIXES
from mmirstd.utils.errors import UserError

from .arguments import add_cfg_options_argument, add_traceback_argument, add_tta_argument, make_parser
from .threshold_arguments import add_threshold_arguments, read_threshold

DESCRIPTION = """\
Write a network to a file that runs without PyTorch and OpenMMLab.

The file takes gray values as a camera gives them, of any height, width and batch, and gives probabilities, masks and
logits. Normalization, padding and threshold are parts of it. What it was made of stands in its meta data.
"""
EXAMPLES = """
{export} ggl-net-tiny_three-sources -o ggl-net-tiny.onnx     # with the weights in the box
{export} work_dirs/NAME/NAME.py best.pth -o mine.onnx --input-type uint16 --bit-depth 14
{export} ggl-net-tiny_three-sources --format openvino -o ggl-net-tiny.xml
{export} ggl-net-tiny_three-sources --precision int8 --calibration-images photos/ -o ggl-net-tiny-int8.onnx
{export} work_dirs/NAME/NAME.py best.pth --stream -o moving.onnx     # a model of clips, frame by frame
{infer} photos/ --model ggl-net-tiny.onnx --out results
"""


LOADS = 'PyTorch and the network'


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser('export', DESCRIPTION, EXAMPLES)
    parser.add_argument(
        'config',
        metavar='CONFIG',
        help='config file, or the name of one in configs/ or of a model in its metafiles, e.g. '
        'ggl-net-tiny_three-sources',
    )
    parser.add_argument(
        'checkpoint',
        nargs='?',
        metavar='CKPT',
        help='checkpoint; without: the weights released for the config. A method that learns nothing has none',
    )
    parser.add_argument(
        '-o',
        '--output',
        metavar='FILE',
        type=Path,
        help='where to; its name ends in .onnx, .xml (openvino) or .pt2 (exported-program). Default: the name of the '
        'config, here',
    )
    parser.add_argument(
        '--format',
        choices=tuple(SUFFIXES),
        help='onnx, openvino, or exported-program (torch.export). Default: by the name of FILE, or onnx',
    )
    parser.add_argument(
        '--input-type',
        choices=INPUT_TYPES,
        default='any',
        help='of the gray values: any (float32, and their range as a second input), or uint8 or uint16 alone, '
        'with the range in the file (default: %(default)s)',
    )
    add_threshold_arguments(parser, "of the file's masks")
    parser.add_argument('--bit-depth', type=int, metavar='N', help='significant bits of 16-bit images, e.g. 14')
    parser.add_argument(
        '--precision',
        choices=('fp32', 'int8'),
        default='fp32',
        help='of the convolutions. int8 needs --calibration-images (default: %(default)s)',
    )
    parser.add_argument(
        '--calibration-images',
        type=Path,
        metavar='DIR',
        help='images of your scenes, by whose values int8 is scaled; at most 48 are taken',
    )
    parser.add_argument(
        '--stream',
        action='store_true',
        help='of a model of clips: one frame and what was kept of the past go in, the result and what to keep come out '
        '(default: whole clips)',
    )
    parser.add_argument('--overwrite', action='store_true', help='replace an existing file')
    add_tta_argument(parser)
    add_cfg_options_argument(parser, 'override config entries')
    add_traceback_argument(parser)
    return parser


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse and check the command line; ``format`` and ``output`` are filled in."""
    parser = build_parser()
    args = parser.parse_args(argv)
    if args.format is None:
        ends = {suffix: form for form, suffix in SUFFIXES.items()}
        suffix = '.onnx' if args.output is None else args.output.suffix.lower()
        if suffix not in ends:
            parser.error(f'-o {args.output}: expected a name that ends in {", ".join(ends)}, or --format')
        args.format = ends[suffix]
    if (args.precision == 'int8') != (args.calibration_images is not None):
        parser.error('--precision int8 and --calibration-images DIR go together')
    args.operating_point = read_threshold(parser, args)
    if args.checkpoint == '-':
        args.checkpoint = None
    return args


def main(argv: list[str] | None = None) -> int:
    """Command line entry; the exit status."""
    args = parse_args(argv)
    if args.output is not None:
        check_export_path(args.output, args.format, args.overwrite)
    from mmirstd.apis import build_inferencer
    from mmirstd.apis.calibration import CalibrationImages
    from mmirstd.apis.exporting import export_model
    from mmirstd.apis.model_loading import find_model_config
    from mmirstd.deploy.quantization import lacks_fast_integers
    from mmirstd.deploy.target_decision import TargetDecision
    from mmirstd.utils.progress import now_doing

    config = find_model_config(args.config, args.cfg_options)
    calibration = None if args.calibration_images is None else CalibrationImages(args.calibration_images)
    try:
        inferencer = build_inferencer(
            config,
            args.checkpoint,
            device='cpu',
            threshold=args.threshold,
            operating_point=args.operating_point,
            load_options=dict(bit_depth=args.bit_depth),
            tta=args.tta,
        )
    except ValueError as error:
        if isinstance(error, UserError):
            raise
        raise UserError(str(error)) from error
    point = inferencer.operating_point
    if not TargetDecision(inferencer.threshold, point).in_graph:
        print(
            f'notice: {inferencer.name}: the file has no mask, because its threshold takes medians around each pixel '
            '(CFAR). mmirstd infer and ExportedInferencer make the same mask as PyTorch from its logits. A threshold '
            'by the mean has a mask in the file'
        )
    file = args.output or Path(f'{inferencer.name}{SUFFIXES[args.format]}')
    check_export_path(file, args.format, args.overwrite)
    if args.checkpoint is None and inferencer.weights is not None:
        print(f'weights: {inferencer.weights} (released for this config)')
    if calibration is not None:
        print(f'calibration: {len(calibration.sources)} images of {args.calibration_images}')
        notice = lacks_fast_integers()
        if notice:
            print(f'notice: {notice}')
    now_doing('writing the file and comparing it')
    check = export_model(inferencer, file, args.format, args.input_type, args.stream, calibration)
    print(f'written: {file} ({file.stat().st_size / 1e6:.2f} MB, {args.format})')
    print(f'check: {check}')
    return 0
