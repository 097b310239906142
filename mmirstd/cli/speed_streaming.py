"""How much faster a clip detector is that is fed frame by frame: ``mmirstd speed streaming``."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmengine.logging import MMLogger
from mmengine.registry import MODELS, init_default_scope
from torch import nn

import mmirstd.registry  # noqa: F401
from mmirstd.apis import StreamingDetector
from mmirstd.apis.model_loading import load_weights
from mmirstd.apis.streaming_detector import fused_copy
from mmirstd.costs.clip_sides import has_stream, start_of_training
from mmirstd.costs.memory import MIB, peak_memory
from mmirstd.costs.noise_statistics import set_norm_statistics
from mmirstd.costs.windowed import Windowed
from mmirstd.engine.config_errors import explain_config_errors
from mmirstd.engine.config_files import load_config
from mmirstd.models.detectors import KeyFrameDetector, MultiFrameDetector
from mmirstd.utils.errors import ConfigError


def build(args: argparse.Namespace) -> MultiFrameDetector:
    """The detector.

    Raises:
        ConfigError: The config is of something else.
        CheckpointError: The checkpoint is another network's.
    """
    MMLogger.get_instance('speed', log_level='ERROR')
    cfg = load_config(args.config, args.cfg_options)
    init_default_scope(cfg.get('default_scope') or 'mmdet')
    torch.manual_seed(0)
    with explain_config_errors(args.config):
        model = MODELS.build(cfg.model) if cfg.get('model') else None
    if not isinstance(model, MultiFrameDetector):
        raise ConfigError(
            args.config,
            found='no model' if model is None else f'a {type(model).__name__}',
            expected='a detector of clips, e.g. sstnet_b4-20e_daub',
        )
    if not has_stream(model):
        raise ConfigError(
            args.config,
            found=f'clips of {model.num_frames} frames in {model.input_frames // model.num_frames} versions, which are '
            'aligned anew with each frame',
            expected='a detector that frames can go into one by one',
            cure='mmirstd speed backends times it on whole clips',
        )
    if args.checkpoint:
        load_weights(model.eval(), args.checkpoint)
    else:
        start_of_training(model)
        # with mean 0 and variance 1 deep features would vanish
        set_norm_statistics(
            model, torch.rand(2, model.input_frames, cfg.model.backbone.get('in_channels', 3), 128, 128)
        )
    return model


def check_equal(sides: dict[str, Callable[[int], DetDataSample]], heads: dict[str, nn.Module], frames: int) -> float:
    """Compare the raw maps of the heads (regressions in strides, logits), of which boxes and scores are made.

    Returns:
        The largest difference from the first side, over all frames and places, relative to the largest value (at
        least 1).

    Raises:
        SystemExit: If it is more than 1e-5.
    """
    maps: dict[str, list[torch.Tensor]] = {name: [] for name in sides}
    for name, side in sides.items():
        handle = heads[name].register_forward_hook(
            lambda module, args, output, name=name: maps[name].append(torch.cat([part[0] for part in output], dim=1))
        )
        for i in range(frames):
            side(i)
        handle.remove()
    reference, *others = maps.values()
    scale = max(1.0, *(float(one.abs().max()) for one in reference))
    worst = max(float((one - other).abs().max()) for side in others for one, other in zip(reference, side)) / scale
    if not worst <= 1e-5:
        raise SystemExit(f'the sides disagree: maps of the head differ by up to {worst:.2g}')
    return worst


def measure(model: MultiFrameDetector, video: np.ndarray, rounds: int) -> tuple[dict[str, list[float]], float]:
    """Seconds of each frame of each side, in alternating rounds, and the largest difference between the sides."""
    stock, fused, stream = Windowed(model), Windowed(fused_copy(model)), StreamingDetector(model)

    def streamed(i: int) -> DetDataSample:
        if i == 0:
            stream.reset()
        return stream(video[i])

    sides: dict[str, Callable[[int], DetDataSample]] = {
        'windowed': lambda i: stock(video, i),
        'windowed, fused': lambda i: fused(video, i),
        'streaming': streamed,
    }
    models = (stock.model, fused.model, stream.model)
    heads = {name: model.bbox_head for name, model in zip(sides, models)}
    worst = check_equal(sides, heads, len(video))
    times: dict[str, list[float]] = {name: [] for name in sides}
    for step in range(rounds + 1):
        for name, side in list(sides.items()) if step % 2 else list(sides.items())[::-1]:
            for i in range(len(video)):
                start = time.perf_counter()
                side(i)
                if step:
                    times[name].append(time.perf_counter() - start)
    return times, worst


def profile(model: MultiFrameDetector, video: np.ndarray, rounds: int) -> dict[str, float]:
    """Median seconds a frame of the parts of the stream."""
    detector = StreamingDetector(model)
    net: Any = detector.model
    parts: dict[str, list[float]] = {}

    def timed(name: str, function: Callable) -> Any:
        start = time.perf_counter()
        result = function()
        parts.setdefault(name, []).append(time.perf_counter() - start)
        return result

    states: list = []
    with torch.inference_mode():
        for i in range(len(video) * max(1, rounds // 2)):
            inputs, samples = timed('normalize, pack, pad', lambda i=i: detector.preprocess(video[i % len(video)]))
            if isinstance(net, KeyFrameDetector):  # it keeps the frames
                state = levels = net.frame_state(inputs[:, -1])
            else:
                state = levels = timed('backbone and pyramid', lambda x=inputs[:, -1]: net.extract_frame_feat(x))
            if hasattr(net.temporal_neck, 'frame_state'):
                state = timed('temporal neck, of one frame', lambda x=levels: net.temporal_neck.frame_state(x))
            states = [*(states or [state] * net.num_frames)[1:], state]
            coupled = timed('temporal neck, coupling', lambda s=tuple(states): net.couple_states(s))
            raw = timed('head', lambda x=coupled: net.bbox_head(x))
            timed(
                'decode, suppress',
                lambda r=raw, s=samples: net.bbox_head.predict_by_feat(
                    *r, batch_img_metas=[x.metainfo for x in s], rescale=False
                ),
            )
    return {name: median(values) for name, values in parts.items()}


def report(args: argparse.Namespace) -> dict[str, float]:
    """Measure, and print the table.

    Args:
        args: See :func:`.speed.parse_args`.

    Returns:
        Side -> median seconds of a frame.
    """
    torch.set_num_threads(args.threads)
    model = build(args)
    video = np.random.default_rng(0).integers(0, 256, (args.frames, *args.size), dtype=np.uint8)
    times, worst = measure(model, video, args.rounds)
    table = {name: median(values) for name, values in times.items()}
    height, width = args.size
    print(
        f'{args.config}: {model.num_frames} frames of {height}x{width}, {args.threads} thread(s), PyTorch '
        f'{torch.__version__}; medians of {args.rounds} alternating rounds of {args.frames} frames'
    )
    print(f'{"":<30}{"ms a frame":>12}{"p95":>9}{"frames/s":>10}{"ratio":>8}')
    for name, seconds in table.items():
        p95 = 1000 * float(np.percentile(times[name], 95))
        ratio = table['windowed'] / seconds
        print(f'{name:<30}{seconds * 1000:>12.1f}{p95:>9.1f}{1 / seconds:>10.1f}{ratio:>7.2f}x')
    if (peak := peak_memory()) is not None:
        print(f'Peak memory of this process, which holds all sides: {peak / MIB:.0f} MiB')
    print(
        f'The maps of the head agree to {worst:.1g}. Against the fused windowed model the stream is '
        f'{table["windowed, fused"] / table["streaming"]:.2f}x as fast.'
    )
    parts = profile(model, video, args.rounds)
    total = sum(parts.values())
    print('The stream:')
    for name, seconds in sorted(parts.items(), key=lambda item: -item[1]):
        print(f'  {name:<28}{seconds * 1000:>12.1f}{seconds / total:>9.0%}')
    return table
