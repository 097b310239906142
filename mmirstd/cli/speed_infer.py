"""How much of its time ``mmirstd infer`` gives to the network: ``mmirstd speed infer``."""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch

from mmirstd.apis import OutputFolder, ResultWriter, Source
from mmirstd.apis.image_inference import ImageInference
from mmirstd.costs.alternating import Seconds, describe_cpu, take_turns
from mmirstd.datasets.synthetic import SceneConfig, render_scene
from mmirstd.engine.freed_memory import keep_freed_memory
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.files import save_png

from . import infer
from .infer_batch import Batch, describe

NETWORK = 'the network alone'
DEFAULT = 'infer, default outputs'
Side = Callable[[], object]


def write_inputs(folder: Path, images: int, size: tuple[int, int]) -> tuple[list[Path], Path]:
    """Scenes with targets as PNG files, and as a video."""
    files = []
    video = folder / 'video.mp4'
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*'mp4v'), 25, size[::-1])
    for number in range(images):
        scene = render_scene(SceneConfig(size=size), np.random.default_rng(number))
        files.append(folder / 'images' / f'{number:04d}.png')
        save_png(files[-1], scene.image)
        writer.write(cv2.cvtColor(scene.image, cv2.COLOR_GRAY2BGR))
    writer.release()
    return files, video


def sides_of(args: argparse.Namespace, folder: Path) -> dict[str, Side]:
    """Name -> a function that goes through all images.

    Raises:
        ConfigError: The network gives no maps of single images.
    """
    files, video = write_inputs(folder, args.images, tuple(args.size))
    command = infer.parse_args(
        [args.config, args.checkpoint or '-', str(files[0].parent), '--out', str(folder / 'out'), '--quiet']
        + (['--backend', args.backend] if args.backend else [])
    )
    if args.checkpoint is None:
        command.checkpoint = None
    inferencer = infer.build(command, args.threads)
    if not isinstance(inferencer, ImageInference):
        raise ConfigError(f'{args.config}: gives no maps of single images')
    prepared = [inferencer.prepare(source.read(), source) for source in (_source(file) for file in files)]
    settings, head = describe(inferencer, command)
    numbers = itertools.count()

    def fresh() -> OutputFolder:
        return OutputFolder(folder / f'out{next(numbers)}', settings)

    def network() -> None:
        for item in prepared:
            inferencer.predict_maps([item.image])

    def one_after_the_other() -> None:
        out = fresh()
        for batch in inferencer.preprocess([list(map(str, files))]):
            for result in inferencer.forward(batch):
                writer = ResultWriter(out, result.source, infer.DEFAULT_KINDS, head)
                writer.add(result)
                writer.close()

    def tool(kinds: tuple[str, ...], inputs: list[str]) -> Side:
        def run() -> None:
            given = argparse.Namespace(**{**vars(command), 'inputs': inputs, 'save': list(kinds)})
            batch = Batch(inferencer, fresh(), given, head)
            batch.run()
            if batch.failures:
                raise ConfigError('\n'.join(batch.failures.values()))

        return run

    images = [str(files[0].parent)]
    return {
        NETWORK: network,
        'read, network, write by turns': one_after_the_other,
        DEFAULT: tool(infer.DEFAULT_KINDS, images),
        'infer --save csv': tool(('csv',), images),
        'infer of an mp4, default outputs': tool(infer.DEFAULT_KINDS, [str(video)]),
    }


def _source(file: Path) -> Source:
    return Source('image', str(file), file.stem)


def report(args: argparse.Namespace) -> dict[str, Seconds]:
    """Measure, and print the table.

    Args:
        args: See :func:`.speed.parse_args`.

    Returns:
        Side -> seconds an image.
    """
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(0)
    keep_freed_memory()  # as mmirstd infer does
    with tempfile.TemporaryDirectory() as folder:
        times = take_turns(sides_of(args, Path(folder)), args.rounds)
    table = {name: Seconds(*(value / args.images for value in seconds)) for name, seconds in times.items()}
    height, width = args.size
    print(
        f'{args.config}: {args.images} images of {height}x{width}, batch 1, {args.threads} thread(s) of the network, '
        f'PyTorch {torch.__version__}'
    )
    print(describe_cpu())
    print(f'medians of {args.rounds} alternating rounds; the rate is that of the network alone = 1')
    print(f'{"":<34}{"CPU ms":>9}{"rate":>7}{"wall ms":>10}{"rate":>7}')
    alone = table[NETWORK]
    for name, seconds in table.items():
        print(
            f'{name:<34}{seconds.cpu * 1000:>9.1f}{alone.cpu / seconds.cpu:>7.2f}{seconds.wall * 1000:>10.1f}'
            f'{alone.wall / seconds.wall:>7.2f}'
        )
    print('The rate of CPU time is that on one core; that of wall time is here, with what else ran meanwhile.')
    return table
