"""Work of one point of a curve of :mod:`.growth`, for a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from mmirstd.utils.commands import python_path, python_program
from mmirstd.utils.errors import ConfigError, UserError

from .memory import peak_memory

#: Seconds of CPU time after which nothing is repeated.
ENOUGH = 2.0
#: Side of the many small images in pixels.
SMALL = 64
#: Frames of the sequences, and their height and width.
VIDEO = (8, 128, 160)


def image_of(side: int, config: str, whole: bool, threads: int) -> dict[str, Any]:
    """A square image through ``IRSTDInferencer`` in PyTorch, with the default tiles or in one piece."""
    import numpy as np
    import torch

    from mmirstd.apis.irstd_inferencer import IRSTDInferencer
    from mmirstd.engine.freed_memory import keep_freed_memory

    torch.set_num_threads(threads)
    keep_freed_memory()  # as mmirstd infer does
    detect = IRSTDInferencer(config, device='cpu', backend='torch', tile='off' if whole else 'auto')
    generator = np.random.default_rng(0)
    # a target every 64 pixels of a side, on noise: nothing is empty, and results grow with the image
    image = generator.integers(60, 80, (side, side), np.uint8)
    image[32::64, 32::64] = 255
    list(detect.infer(image[:256, :256]))
    return _repeated(lambda: list(detect.infer(image)))


def frame_of_clips(frames: int, streaming: bool, config: str, threads: int) -> dict[str, Any]:
    """A frame of a sequence through a detector of ``frames`` frames, windowed or streaming."""
    import numpy as np
    import torch
    from mmengine.logging import MMLogger
    from mmengine.registry import init_default_scope

    from mmirstd.apis.streaming_detector import StreamingDetector, fused_copy
    from mmirstd.engine.config_files import load_config
    from mmirstd.registry import MODELS

    from .windowed import Windowed

    torch.set_num_threads(threads)
    init_default_scope('mmdet')
    torch.manual_seed(0)
    cfg: Any = load_config(config).get('model') or {}
    if not cfg.get('temporal_neck'):
        raise ConfigError(
            config, found='no temporal_neck', expected='a detector of clips with one, e.g. sstnet_b4-20e_daub'
        )
    cfg.pop('motion_branch', None)
    cfg.num_frames = frames
    if frames == 1:
        cfg.temporal_neck = None
    else:
        cfg.temporal_neck.num_frames = frames
    model = MODELS.build(cfg)
    MMLogger.get_instance('growth', log_level='ERROR')
    model.init_weights()  # biases of the head as at the start of training: few boxes
    video = np.random.default_rng(0).integers(0, 256, VIDEO, np.uint8)
    detect: Callable[[int], Any]
    if streaming:
        stream = StreamingDetector(model.eval())
        detect = lambda i: stream(video[i])  # noqa: E731
    else:
        windowed = Windowed(fused_copy(model))
        detect = lambda i: windowed(video, i)  # noqa: E731
    for i in range(2):
        detect(i)
    found = _repeated(lambda: [detect(i) for i in range(len(video))])
    return dict(found, cpu=found['cpu'] / len(video), wall=found['wall'] / len(video))


def folder_of_images(count: int, method: str, shards: int) -> dict[str, Any]:
    """``mmirstd infer --save csv`` on a folder of small images, in one process or in several that share it.

    Times are of the whole command with its start; CPU time is of all processes, the peak of the largest.
    """
    import resource

    with tempfile.TemporaryDirectory() as folder:
        inputs = Path(folder) / 'images'
        _link_images(inputs, count)
        command = [*python_program(), 'infer', method, '-', str(inputs), '--out', str(Path(folder) / 'out')]
        command += ['--save', 'csv', '--quiet', '--device', 'cpu']
        parts = [['--shard', f'{k}/{shards}'] for k in range(1, shards + 1)] if shards > 1 else [[]]
        environment = dict(os.environ, PYTHONPATH=python_path())
        start = time.perf_counter()
        running = [
            subprocess.Popen([*command, *part], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for part in parts
        ]
        said = [process.communicate() for process in running]
        wall = time.perf_counter() - start
        for process, (_, errors) in zip(running, said):
            if process.returncode:
                raise UserError(f'mmirstd infer ended with status {process.returncode}: {errors.decode()[-500:]}')
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        scale = 1 if sys.platform == 'darwin' else 1024
        return dict(cpu=used.ru_utime + used.ru_stime, wall=wall, peak=used.ru_maxrss * scale)


def _link_images(folder: Path, count: int) -> None:
    """Many names of a few images."""
    import numpy as np

    from mmirstd.datasets.synthetic import SceneConfig, render_scene
    from mmirstd.utils.files import save_png

    few = min(count, 20)
    for number in range(few):
        save_png(
            folder / f'{number:06d}.png',
            render_scene(SceneConfig(size=(SMALL, SMALL)), np.random.default_rng(number)).image,
        )
    for number in range(few, count):
        os.link(folder / f'{number % few:06d}.png', folder / f'{number:06d}.png')


def _repeated(run: Callable[[], Any]) -> dict[str, Any]:
    """Median of up to three runs."""
    taken: list[tuple[float, float]] = []
    while len(taken) < 3 and sum(cpu for cpu, _ in taken) < ENOUGH:
        cpu, wall = time.process_time(), time.perf_counter()
        run()
        taken.append((time.process_time() - cpu, time.perf_counter() - wall))
    cpus, walls = zip(*taken)
    return dict(cpu=median(cpus), wall=median(walls), peak=peak_memory())
