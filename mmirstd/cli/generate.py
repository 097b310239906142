"""Generate infrared scenes or sequences with small targets of known SCR: ``mmirstd generate OUT``."""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmirstd.datasets.synthetic.config import BACKGROUND_KINDS, POLARITIES
from mmirstd.utils.json_text import parse_json
from mmirstd.utils.progress import Progress, now_doing

from .arguments import image_size, make_parser

if TYPE_CHECKING:
    from mmirstd.datasets.synthetic import DatasetConfig

LOADS = 'NumPy, SciPy and OpenCV'
DESCRIPTION = """\
Make a synthetic infrared data set with small targets of known signal-to-clutter ratio.

The same seed and parameters give the same pixels, however many workers there are. If the folder already holds exactly
this data set, it is kept and nothing is done. See mmirstd/datasets/synthetic for what the parameters mean.
"""
EXAMPLES = """
{generate} data/synthetic --num-train 200 --num-val 50 --preview
{generate} data/clips --mode sequences --num-train 8 --num-test 4
"""
#: What the writer's errors call a parameter -> the option that sets it.
_OPTIONS = {
    'DatasetConfig.num_train': '--num-train',
    'DatasetConfig.num_val': '--num-val',
    'DatasetConfig.num_test': '--num-test',
    'DatasetConfig.seed': '--seed',
    'DatasetConfig: num_train, num_val and num_test': '--num-train, --num-val and --num-test',
    'SequenceConfig.num_frames': '--num-frames',
    'SceneConfig.size': '--size',
    'TargetConfig.scr': '--scr',
}


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser('generate', DESCRIPTION, EXAMPLES)
    parser.add_argument('out', type=Path, help='folder of the data set; missing, empty, or the same data set')
    parser.add_argument(
        '--mode',
        choices=('frames', 'sequences'),
        default='frames',
        help='stills (SIRST layout) or sequences (COCO-clip layout); default: frames',
    )
    parser.add_argument('--num-train', type=int, help='stills (default 200) or sequences (default 8) to train on')
    parser.add_argument('--num-val', type=int, help='the same for validation; default 50 or 2')
    parser.add_argument('--num-test', type=int, help='the same for the test; default 50 or 4')
    parser.add_argument('--num-frames', type=int, help='frames per sequence; default 40')
    parser.add_argument('--size', type=image_size, metavar='HxW', help='image size, px; default 256x256')
    parser.add_argument('--bit-depth', type=int, choices=(8, 14), help='14-bit images are stored in 16-bit PNG')
    parser.add_argument(
        '--backgrounds',
        nargs='+',
        choices=BACKGROUND_KINDS,
        metavar='KIND',
        help=f'only these backgrounds, equally often; of {", ".join(BACKGROUND_KINDS)}',
    )
    parser.add_argument(
        '--scr',
        type=float,
        nargs=2,
        metavar=('LOW', 'HIGH'),
        help='range of the requested signal-to-clutter ratio; default 2 30',
    )
    parser.add_argument('--polarity', choices=POLARITIES, help='default: white-hot')
    parser.add_argument(
        '--parameters',
        type=Path,
        metavar='JSON',
        help='file with parameters of SceneConfig or SequenceConfig (or a dataset.json, whose '
        'parameters are taken); the options above go before it',
    )
    parser.add_argument('--seed', type=int, default=0, help='default: 0')
    parser.add_argument('--workers', type=int, help='processes; default: one per core, fewer for small data sets')
    parser.add_argument('--preview', action='store_true', help='write OUT/preview.png, a page to look at')
    parser.add_argument('--overwrite', action='store_true', help='replace another synthetic data set in OUT')
    return parser.parse_args(argv)


def build_config(args: argparse.Namespace) -> DatasetConfig:
    """The data set that the command line asks for.

    Raises:
        ValueError: A parameter is out of its range or not known.
        OSError: The parameter file cannot be read.
    """
    from mmirstd.datasets.synthetic import DatasetConfig, SceneConfig, SequenceConfig, config_from_dict

    data: dict[str, Any] = {}
    kind = SceneConfig if args.mode == 'frames' else SequenceConfig
    if args.parameters is not None:
        try:
            data = parse_json(args.parameters.read_text(encoding='utf-8'))
        except ValueError as error:
            raise ValueError(f'{args.parameters}: not valid JSON ({error})') from None
        if not isinstance(data, dict):
            raise ValueError(f'{args.parameters}: expected a JSON object with the parameters of {kind.__name__}')
        data = data.get('parameters', data)
    config: Any = config_from_dict(kind, data)
    scene: Any = config if args.mode == 'frames' else config.scene
    if args.bit_depth is not None or args.polarity is not None:
        changes = {'bit_depth': args.bit_depth, 'polarity': args.polarity}
        scene = dataclasses.replace(
            scene, sensor=dataclasses.replace(scene.sensor, **{k: v for k, v in changes.items() if v is not None})
        )
    if args.scr is not None:
        scene = dataclasses.replace(scene, targets=dataclasses.replace(scene.targets, scr=tuple(args.scr)))
    if args.backgrounds is not None:
        scene = dataclasses.replace(scene, backgrounds=dict.fromkeys(args.backgrounds, 1.0))
    if args.size is not None:
        scene = dataclasses.replace(scene, size=args.size)
    if args.mode == 'frames':
        if args.num_frames is not None:
            raise ValueError(
                '--num-frames is for --mode sequences; stills are counted by --num-train, --num-val and --num-test'
            )
        config, defaults = scene, (200, 50, 50)
    else:
        frames = config.num_frames if args.num_frames is None else args.num_frames
        config, defaults = dataclasses.replace(config, scene=scene, num_frames=frames), (8, 2, 4)
    train, val, test = (d if n is None else n for n, d in zip((args.num_train, args.num_val, args.num_test), defaults))
    return DatasetConfig(args.mode, train, val, test, seed=args.seed, config=config)


def main(argv: list[str] | None = None) -> int:
    """Run the command; the exit code is 2 for input that cannot be used."""
    args = parse_args(argv)
    from mmirstd.compat.hardware import available_cores
    from mmirstd.datasets.synthetic import contact_sheet, write_dataset
    from mmirstd.utils.files import save_png

    try:
        config = build_config(args)
        total = sum(config.counts.values())
        # Starting a process costs about as much as rendering a few dozen images.
        images = total * (1 if args.mode == 'frames' else config.config.num_frames)
        workers = args.workers if args.workers is not None else max(1, min(available_cores(), total, images // 64))
        if workers < 1:
            raise ValueError(f'--workers must be at least 1, got {workers}')
        start = time.perf_counter()

        unit = 'image' if args.mode == 'frames' else 'sequence'
        now_doing(f'making {unit}s')
        with Progress(total, unit, f'{args.out} ({workers} worker{"s" * (workers > 1)})') as progress:
            made = write_dataset(args.out, config, workers, args.overwrite, lambda done, _: progress.update(done))
            if not made:
                progress.update(total)
        if made:
            seconds = time.perf_counter() - start
            print(
                f'{args.out}: made {total} {unit}s ({images} pictures) in {seconds:.1f} s, '
                f'{images / seconds:.0f} pictures/s'
            )
        else:
            print(f'{args.out}: this data set is already here (same dataset.json); kept')
        preview = args.out / 'preview.png'
        if args.preview and (made or not preview.is_file()):
            now_doing('drawing the preview')
            save_png(preview, contact_sheet(args.out))
            print(f'{preview}: a page to look at')
    except (ValueError, OSError) as error:
        print(f'error: {_by_option(str(error), args)}', file=sys.stderr)
        return 2
    return 0


def _by_option(message: str, args: argparse.Namespace) -> str:
    """An error that begins with a parameter, told by what the user gave: the option, or the file of parameters."""
    for name, option in _OPTIONS.items():
        if not message.startswith(name):
            continue
        if getattr(args, option.split(',')[0][2:].replace('-', '_')) is not None:
            return option + message.removeprefix(name)
        if args.parameters is not None:
            return f'{args.parameters}: {message}'
    return message
