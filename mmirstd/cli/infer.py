"""Detect targets in one's own images and videos: ``python tools/infer.py CONFIG CKPT INPUT... --out DIR [options]``."""

from __future__ import annotations

import argparse
import errno
import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmirstd.engine.launch import OptionsAction, run_tool
from mmirstd.utils.renamed import RenamedOption

if TYPE_CHECKING:
    from mmirstd.apis import OutputFolder, Source
    from mmirstd.apis.base_inferencer import TargetInferencer

DEFAULT_KINDS = ('mask', 'json', 'csv', 'overlay')
#: Errors in writing that the next file would meet as well.
_FATAL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
_SHOWN = 20
#: The option behind what a message of the loading transform advises.
_CURES = {
    "nonfinite='median'": '--nonfinite median',
    "normalize='minmax' or 'percentile'": '--normalize percentile',
    'bit_depth in LoadInfraredImage': '--bit-depth',
}

EXAMPLES = """\
examples:
  python tools/infer.py ggl-net-tiny_general photos/ night.tif --out results        # with the weights in the box
  python tools/infer.py work_dirs/NAME/NAME.py best.pth 'flight/**/*.png' --out results --save mask,csv   # your own
  python tools/infer.py white-tophat - image.png --out results     # nothing learnt: no CKPT
  python tools/infer.py sstnet_b4-20e_daub best.pth video.mp4 frames/ --out results     # moving targets
  camera | python tools/infer.py sstnet_b4-20e_daub best.pth - --raw-frames 640x512:uint16 --out results

results, in one folder for each kind (docs/inference.md has the schema):
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    from mmirstd.apis.result_writer import KINDS

    parser = argparse.ArgumentParser(
        usage='infer.py CONFIG [CKPT] INPUT [INPUT ...] --out DIR [options]',
        description='Detect infrared small targets in images, folders, videos and streams.',
        epilog=EXAMPLES
        + ''.join(f'  {kind:8} {text}\n' for kind, text in KINDS.items())
        + '\nexit status: 0 all inputs done, 1 some failed (listed at the end and in DIR/failed.csv), 2 wrong usage',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        'config',
        metavar='CONFIG',
        help='config file, or the name of one in configs/ or of a model in its metafiles, e.g. ggl-net-tiny_general',
    )
    parser.add_argument(
        'items',
        nargs='+',
        metavar='[CKPT] INPUT',
        help='checkpoint (a file, whatever its name, or an address); "-" or none for a method without learnt '
        'parameters. Then inputs: images (PNG, TIFF, BMP, JPEG, PGM, PPM, GIF, WEBP, 8 or 16 bit; .npy), folders, '
        'patterns, videos, a camera\'s number, an address (rtsp://...), or "-" for raw frames on standard input. A '
        "TIFF's pages are the frames of a sequence. For a detector of moving targets a folder of images is one "
        'sequence',
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
    parser.add_argument(
        '--threshold',
        type=float,
        metavar='P',
        help='probability above which a pixel is target, or score from which on a box is (default: the '
        "model's, as a rule 0.5)",
    )
    parser.add_argument('--min-area', type=int, default=1, metavar='N', help='least area of a target in pixels')
    parser.add_argument(
        '--batch-size',
        type=int,
        default=1,
        metavar='N',
        help='images of one size, or tiles, that go through the network together',
    )
    parser.add_argument('--device', help='cpu, cuda, cuda:1, ... (default: the GPU if there is one)')
    tiles = parser.add_argument_group('large images')
    tiles.add_argument(
        '--tile',
        choices=('auto', 'on', 'off'),
        default='auto',
        help='auto: images of more than 2 million pixels, but not for classical methods',
    )
    tiles.add_argument('--window', type=int, default=1024, metavar='N', help='side of a tile in pixels')
    tiles.add_argument('--overlap', type=int, default=128, metavar='N', help='pixels that neighbouring tiles share')
    tiles.add_argument('--seam', choices=('blend', 'crop'), default='blend', help='how tiles are joined')
    values = parser.add_argument_group('gray values (default: as the config normalizes in training)')
    ways = ('fixed', 'minmax', 'percentile')
    values.add_argument(
        '--normalize',
        choices=ways,
        help='divide by the largest code; or stretch each image from its least to its greatest value, '
        'or between two percentiles',
    )
    values.add_argument('--normalise', dest='normalize', action=RenamedOption, choices=ways, help=argparse.SUPPRESS)
    values.add_argument('--max-value', type=float, metavar='V', help='what "fixed" divides by')
    values.add_argument('--bit-depth', type=int, metavar='N', help='significant bits of 16-bit images, e.g. 14')
    values.add_argument(
        '--nonfinite',
        choices=('error', 'median'),
        help='NaN and infinity in float images: an error, or replaced by the median',
    )
    values.add_argument(
        '--invert',
        action='store_true',
        default=None,
        help='dark targets on a brighter background (black-hot images) for a model of bright ones',
    )
    video = parser.add_argument_group('videos and streams')
    video.add_argument('--fps', type=float, help="frame rate of annotated videos (default: the input's, or 25)")
    video.add_argument('--max-frames', type=int, metavar='N', help='stop each sequence after N frames')
    video.add_argument(
        '--raw-frames',
        metavar='WxH[:DTYPE]',
        help='raw frames on standard input: uint8 (default), uint16 or float32, little-endian',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=OptionsAction,
        metavar='KEY=VALUE',
        default={},
        help='override config entries',
    )
    parser.add_argument('--quiet', action='store_true', help='no progress bar')
    parser.add_argument('--traceback', action='store_true', help='show the traceback of a wrong usage, too')
    return parser


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse and check the command line; ``checkpoint`` and ``inputs`` are taken from what follows the config."""
    from mmirstd.apis.frame_stream import RawFormat
    from mmirstd.apis.result_writer import KINDS

    parser = build_parser()
    args = parser.parse_intermixed_args(argv)
    args.checkpoint, args.inputs = checkpoint_and_inputs(args.items)
    if not args.inputs:
        parser.error('no INPUT was given')
    args.save = list(dict.fromkeys(kind.strip() for kind in args.save.split(',') if kind.strip()))
    unknown = [kind for kind in args.save if kind not in KINDS]
    if unknown or not args.save:
        parser.error(f'--save {",".join(unknown)}: expected a list of {", ".join(KINDS)}')
    for option, least in (('min_area', 1), ('batch_size', 1), ('max_frames', 1), ('fps', 1e-3)):
        value = getattr(args, option)
        if value is not None and value < least:
            parser.error(f'--{option.replace("_", "-")} {value}: expected at least {least}')
    if args.threshold is not None and not 0 <= args.threshold < 1:
        parser.error(f'--threshold {args.threshold}: expected 0 <= P < 1')
    try:
        args.raw_format = None if args.raw_frames is None else RawFormat.parse(args.raw_frames)
    except ValueError as error:
        parser.error(f'--raw-frames: {error}')
    return args


def checkpoint_and_inputs(items: list[str]) -> tuple[str | None, list[str]]:
    """What follows the config, apart.

    Raises:
        CheckpointError: A checkpoint, or a folder of checkpoints, is where it would be taken for an image.
    """
    from mmirstd.engine.checkpoint_files import looks_like_checkpoint
    from mmirstd.utils.errors import CheckpointError

    first, *rest = items
    given = looks_like_checkpoint(first)
    checkpoint = first if given else None
    inputs = rest if given or first == '-' or first.lower() == 'none' else items
    for item in inputs:
        if looks_like_checkpoint(item):
            beside = f', and {checkpoint} was given already' if given else ''
            raise CheckpointError(
                f'{item}: a checkpoint where an image is expected{beside}.\n  cure: one checkpoint, '
                f'right after the config: infer.py CONFIG {item} INPUT ...'
            )
        if _holds_only_checkpoints(item):
            raise CheckpointError(
                f'{item}: a folder of checkpoints, without an image or a video.\n  cure: name one of '
                f'them right after the config: infer.py CONFIG {item.rstrip("/")}/FILE INPUT ...'
            )
    return checkpoint, inputs


def _holds_only_checkpoints(item: str) -> bool:
    from mmirstd.apis.inputs import STILL_SUFFIXES, VIDEO_SUFFIXES
    from mmirstd.engine.checkpoint_files import looks_like_checkpoint

    folder = Path(item).expanduser()
    if not folder.is_dir():
        return False
    names = [entry.name.lower() for entry in folder.iterdir()]
    return not any(name.endswith((*STILL_SUFFIXES, *VIDEO_SUFFIXES)) for name in names) and any(
        looks_like_checkpoint(folder / name) for name in names
    )


def build(args: argparse.Namespace) -> TargetInferencer:
    """The inferencer.

    Raises:
        UserError: The options do not fit the model, or the model cannot be used.
    """
    from mmirstd.apis import Tiling, build_inferencer
    from mmirstd.apis.model_loading import find_model_config
    from mmirstd.utils.errors import UserError

    config = find_model_config(args.config, args.cfg_options)
    load_options = dict(
        max_value=args.max_value, bit_depth=args.bit_depth, nonfinite=args.nonfinite, invert=args.invert
    )
    try:
        tiling = Tiling(args.window, args.overlap, args.seam)
        return build_inferencer(
            config,
            args.checkpoint,
            tile=args.tile,
            tiling=tiling,
            device=args.device,
            threshold=args.threshold,
            min_area=args.min_area,
            normalize=args.normalize,
            load_options=load_options,
        )
    except ValueError as error:
        raise UserError(str(error)) from error


def describe(inferencer: TargetInferencer, args: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    """What results depend on besides the inputs, and what the head of a JSON result says of it."""
    model = hashlib.sha256(json.dumps(inferencer.cfg['model'], sort_keys=True, default=str).encode()).hexdigest()
    head = inferencer.provenance()
    settings = {key: value for key, value in head.items() if key != 'mmirstd'}
    return dict(settings, model_sha256=model, threshold=inferencer.threshold, max_frames=args.max_frames), head


class Batch:
    """One run over all inputs; a file that fails does not stop the others.

    Args:
        inferencer: The inferencer.
        folder: Where results go.
        args: The command line.
        head: Entries for the heads of JSON results.
    """

    def __init__(
        self, inferencer: TargetInferencer, folder: OutputFolder, args: argparse.Namespace, head: dict[str, Any]
    ) -> None:
        from mmirstd.apis.result_writer import MAP_KINDS, output_folders

        self.inferencer = inferencer
        self.folder = folder
        self.args = args
        self.head = head
        self.kinds = [kind for kind in args.save if not (inferencer.sequences and kind in MAP_KINDS)]
        self.folders = output_folders(self.kinds)
        self.failures: dict[str, str] = {}
        self.done = self.skipped = self.targets = 0
        self.stopped: str | None = None
        self.left_out: dict[str, None] = {}

    def sources(self) -> Iterator[Source]:
        """All inputs, listed lazily."""
        from mmirstd.apis import expand_inputs

        return expand_inputs(
            self.args.inputs,
            self.args.recursive,
            self.inferencer.sequences,
            self.folder.root,
            on_skip=lambda path: self.left_out.setdefault(path),
        )

    def run(self) -> None:
        """Work through the inputs."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        with Progress(*columns, console=Console(stderr=True), disable=self.args.quiet) as self.progress:
            total = sum(1 for _ in self.sources())
            self.task = self.progress.add_task('inputs', total=total)
            try:
                for still, group in groupby(self._todo(), key=lambda source: source.still):
                    (self._stills if still else self._sequences)(group)
            except _Stop as stop:
                self.stopped = str(stop)

    def _todo(self) -> Iterator[Source]:
        for source in self.sources():
            if self.folder.is_finished(source, self.folders):
                self.skipped += 1
                self.progress.advance(self.task)
            else:
                yield source

    def _stills(self, sources: Iterator[Source]) -> None:
        for result in self.inferencer.infer(sources, self.args.batch_size, on_error=self._failed):
            writer = self._writer(result.source)
            try:
                writer.add(result)
                writer.close()
            except (OSError, ValueError, MemoryError) as error:
                writer.abort()
                self._failed(result.source, error)
            except BaseException:
                writer.abort()
                raise
            else:
                self._succeeded(result.source, len(result.targets))

    def _sequences(self, sources: Iterator[Source]) -> None:
        for source in sources:
            self._sequence(source)

    def _sequence(self, source: Source) -> None:
        problems: list[Exception] = []
        frames = self.inferencer.infer(
            source,
            self.args.batch_size,
            on_error=lambda _, error: problems or problems.append(error),
            raw_format=self.args.raw_format,
            max_frames=self.args.max_frames,
        )
        writer = self._writer(source)
        targets = 0
        task = self.progress.add_task('frames', total=self.args.max_frames)
        try:
            try:
                for result in frames:
                    if not writer.frames:
                        writer.fps = self.args.fps or self.inferencer.stream.fps or writer.fps
                        self.progress.update(task, total=self.args.max_frames or self.inferencer.stream.total)
                    writer.add(result)
                    targets += len(result.targets)
                    self.progress.advance(task)
            except KeyboardInterrupt:
                if source.kind not in ('live', 'stdin'):
                    raise
                # The way to end what has no end.
            writer.close(problem=str(problems[0]) if problems else None)
        except (OSError, ValueError, MemoryError) as error:
            writer.abort()
            problems.append(error)
        except BaseException:
            writer.abort()
            raise
        finally:
            self.progress.remove_task(task)
        if not writer.frames and not problems:
            problems.append(ValueError('there was no frame'))
        if problems:
            self._failed(source, problems[-1] if isinstance(problems[-1], OSError) else problems[0])
        else:
            self._succeeded(source, targets)

    def _writer(self, source: Source) -> Any:
        from mmirstd.apis import ResultWriter

        return ResultWriter(self.folder, source, self.kinds, self.head)

    def _succeeded(self, source: Source, targets: int) -> None:
        self.done += 1
        self.targets += targets
        self.progress.advance(self.task)

    def _failed(self, source: Source, error: Exception) -> None:
        text = str(error) if str(error) and not isinstance(error, KeyError) else repr(error)
        if source.label not in text:
            text = f'{source.label}: {text}'
        text += ''.join(f' ({option})' for sign, option in _CURES.items() if sign in text)
        self.failures.setdefault(source.label, text)
        self.progress.advance(self.task)
        if isinstance(error, OSError) and error.errno in _FATAL:
            raise _Stop(
                f'{self.folder.root}: {error.strerror}; what was finished is kept, and the same command goes '
                'on from there'
            )

    def report(self) -> int:
        """Print what was done; the exit status."""
        if 'csv' in self.kinds and not self.stopped:
            print(f'targets: {self.folder.write_table()}')
        print(f'{self.done} done ({self.targets} targets), {self.skipped} finished before, {len(self.failures)} failed')
        if self.left_out:
            from mmirstd.apis.inputs import describe_skipped

            print(describe_skipped(list(self.left_out)))
        print(f'results: {self.folder.root}')
        if not self.failures:
            self.folder.write_failures([])
            return 0
        listed = None
        with suppress(OSError):  # on a full disk the list below is what remains
            listed = self.folder.write_failures(list(self.failures.items()))
        print(f'failed{f" (all of them in {listed})" if listed else ""}:', file=sys.stderr)
        for text in list(self.failures.values())[:_SHOWN]:
            print(f'  {text}', file=sys.stderr)
        if len(self.failures) > _SHOWN:
            print(f'  ... and {len(self.failures) - _SHOWN} more', file=sys.stderr)
        if self.stopped:
            print(f'stopped: {self.stopped}', file=sys.stderr)
        return 1


class _Stop(Exception):
    """No further input can succeed."""


def main(argv: list[str] | None = None) -> int:
    """Command line entry; the exit status."""
    from mmirstd.engine.threads import apply_threads, plan_threads

    args = parse_args(argv)
    plan = plan_threads()
    if plan.busy:
        print(f'notice: {plan}', file=sys.stderr)
    apply_threads(plan)
    inferencer = build(args)
    if args.checkpoint is None and inferencer.weights is not None:
        print(
            f'notice: no CKPT was given; the weights are those released for this config: {inferencer.weights}',
            file=sys.stderr,
        )
    from mmirstd.apis import OutputFolder
    from mmirstd.apis.result_writer import MAP_KINDS

    if inferencer.sequences and any(kind in MAP_KINDS for kind in args.save) and args.save != list(DEFAULT_KINDS):
        print('notice: a detector has boxes, no maps: no mask, prob or npy is written', file=sys.stderr)
    settings, head = describe(inferencer, args)
    batch = Batch(inferencer, OutputFolder(args.out, settings, args.overwrite), args, head)
    try:
        batch.run()
    except KeyboardInterrupt:
        print('interrupted; the same command goes on from here', file=sys.stderr)
        batch.report()
        return 130
    return batch.report()


if __name__ == '__main__':
    status = 0

    def _main() -> None:
        global status
        status = main()

    run_tool(_main)
    sys.exit(status)
