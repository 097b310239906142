"""How much faster a training step and the data loader are than the plain way: ``mmirstd speed training``."""

from __future__ import annotations

import argparse
import copy
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmengine.logging import MMLogger
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope

import mmirstd.registry  # noqa: F401
from mmirstd.apis.model_loading import find_model_config
from mmirstd.costs.alternating import Seconds, describe_cpu, take_turns
from mmirstd.costs.backend_sides import official_form
from mmirstd.datasets import SIRSTDataset
from mmirstd.datasets.synthetic import SceneConfig, render_scene
from mmirstd.registry import MODELS
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.files import save_png

PLAIN, FLOAT32, HERE = 'a plain loop', 'mmirstd train, float32', 'mmirstd train, precision of this machine'
DECODING, CACHED = 'decoding in every epoch', 'cached, from the second epoch on'
Side = Callable[[], object]


def write_images(root: Path, count: int, size: int) -> None:
    """Scenes with targets, laid out as the single-frame data sets are."""
    for number in range(count):
        scene = render_scene(SceneConfig(size=(size, size)), np.random.default_rng(number))
        save_png(root / 'images' / f'{number}.png', scene.image)
        save_png(root / 'masks' / f'{number}.png', scene.mask * np.uint8(255))


def dataset(cfg: Any, root: Path, cache: bool) -> SIRSTDataset:
    """The config's training pipeline on these images.

    Raises:
        ConfigError: The config trains on something else than single images.
    """
    description = ((cfg.get('train_dataloader') or {}).get('dataset')) or {}
    if str(description.get('type')).rsplit('.', 1)[-1] != 'SIRSTDataset':
        raise ConfigError(f'{cfg.filename}: its train_dataloader has no SIRSTDataset; the loader is timed on that')
    return SIRSTDataset(data_root=str(root), pipeline=copy.deepcopy(description['pipeline']), cache=cache)


class PlainLoop:
    """Forward, backward, optimizer: the network as the official codes have it, float32, three equal channels."""

    def __init__(self, cfg: Any, network: Any, data: dict) -> None:
        self.network: Any = official_form(cfg.model, network).to(next(network.parameters()).device).train()
        data = network.data_preprocessor(copy.deepcopy(data), True)
        self.inputs, self.samples = data['inputs'].repeat(1, 3, 1, 1).contiguous(), data['data_samples']
        self.optimizer = build_optim_wrapper(self.network, _wrapper(cfg, 'OptimWrapper')).optimizer

    def __call__(self) -> None:
        """One step."""
        self.optimizer.zero_grad()
        loss, _ = self.network.parse_losses(self.network(self.inputs, self.samples, mode='loss'))
        loss.backward()
        self.optimizer.step()


class OurStep:
    """A step as ``mmirstd train`` makes it with this config.

    Args:
        cfg: The config.
        network: Its network; copied.
        data: A batch of the loader.
        dtype: Of the arithmetic; None: what this machine is best at.
        fused: The optimizer's update in one pass over each parameter.
        compiled: By ``torch.compile``.
    """

    def __init__(
        self,
        cfg: Any,
        network: Any,
        data: dict,
        dtype: str | None,
        fused: bool = False,
        compiled: bool = False,
    ) -> None:
        self.network: Any = copy.deepcopy(network).train()
        if any(str(hook.get('type')).endswith('ChannelsLastHook') for hook in cfg.get('custom_hooks') or ()):
            self.network.to(memory_format=torch.channels_last)
        wrapper = _wrapper(cfg, 'mmirstd.AutocastOptimWrapper')
        wrapper.update(dtype=dtype)
        if fused:
            wrapper['optimizer']['fused'] = True
        self.wrapper = build_optim_wrapper(self.network, wrapper)
        self.data = data
        self._step = torch.compile(self.network.train_step) if compiled else self.network.train_step

    def __call__(self) -> None:
        """One step."""
        self._step(copy.copy(self.data), self.wrapper)


def _wrapper(cfg: Any, kind: str) -> dict:
    wrapper = {
        key: value for key, value in copy.deepcopy(cfg.optim_wrapper).items() if key in ('optimizer', 'clip_grad')
    }
    return dict(wrapper, type=kind)


def loader_sides(cfg: Any, root: Path) -> dict[str, Side]:
    """An epoch with and without the cache, in the same order of the same random changes."""

    def epoch(images: SIRSTDataset) -> None:
        np.random.seed(0)
        for index in range(len(images)):
            images[index]

    return {name: partial(epoch, dataset(cfg, root, cache)) for name, cache in ((DECODING, False), (CACHED, True))}


def step_sides(cfg: Any, network: Any, data: dict, compiled: bool) -> dict[str, Side]:
    """Name -> a step on one batch that stays."""
    sides: dict[str, Side] = {
        PLAIN: PlainLoop(cfg, network, data),
        FLOAT32: OurStep(cfg, network, data, 'float32'),
        HERE: OurStep(cfg, network, data, None),
        '... with a fused optimizer': OurStep(cfg, network, data, None, fused=True),
    }
    if compiled:
        sides['... compiled'] = OurStep(cfg, network, data, None, compiled=True)
    return sides


def report(args: argparse.Namespace) -> dict[str, Seconds]:
    """Measure, and print the tables.

    Args:
        args: See :func:`.speed.parse_args`.

    Returns:
        Side -> seconds of a step, or of an image of the loader.
    """
    torch.set_num_threads(args.threads)
    MMLogger.get_instance('speed', log_level='ERROR')
    cfg = find_model_config(args.config, args.cfg_options)
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_images(root, max(args.images, args.batch_size), args.size)
        loader = take_turns(loader_sides(cfg, root), args.rounds)
        loading = dataset(cfg, root, True)
        data = pseudo_collate([loading[index] for index in range(args.batch_size)])
        loader = {name: Seconds(*(value / len(loading) for value in seconds)) for name, seconds in loader.items()}
    steps = take_turns(step_sides(cfg, MODELS.build(cfg.model), data, args.compile), args.rounds)
    print(f'{args.config}: {args.threads} thread(s), PyTorch {torch.__version__}')
    print(describe_cpu())
    print(f'medians of {args.rounds} alternating rounds, {"CPU" if args.threads == 1 else "wall"} time')
    tables = (
        (f'a step on {args.batch_size} crops of {args.size}x{args.size}', steps, PLAIN),
        (f'the loader, an image of {args.size}x{args.size}', loader, DECODING),
    )
    for title, table, reference in tables:
        print(f'{title:<50}{"ms":>9}{"a second":>10}{"ratio":>8}')
        for name, both in table.items():
            seconds, first = ((t.cpu if args.threads == 1 else t.wall) for t in (both, table[reference]))
            print(f'  {name:<48}{seconds * 1000:>9.2f}{1 / seconds:>10.2f}{first / seconds:>7.2f}x')
    return {**steps, **loader}
