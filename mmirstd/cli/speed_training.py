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

import mmirstd.registry  # noqa: F401
from mmirstd.apis.model_loading import find_model_config
from mmirstd.costs.alternating import Seconds, describe_cpu
from mmirstd.costs.backend_sides import official_form
from mmirstd.costs.turns_apart import take_turns_apart
from mmirstd.datasets import SIRSTDataset
from mmirstd.datasets.synthetic import SceneConfig, render_scene
from mmirstd.engine.config_scope import use_config_scope
from mmirstd.engine.freed_memory import keep_freed_memory
from mmirstd.registry import DATASETS, MODELS
from mmirstd.utils.config_parts import bare_type
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.files import save_png

PLAIN, FLOAT32, HERE = 'a plain loop', 'mmirstd train, float32', 'mmirstd train, precision of this machine'
FUSED, COMPILED = '... with a fused optimizer', '... compiled'
#: Our steps: name -> options of :class:`OurStep`.
STEPS: dict[str, dict[str, Any]] = {
    FLOAT32: dict(dtype='float32'),
    HERE: dict(dtype=None),
    FUSED: dict(dtype=None, fused=True),
    COMPILED: dict(dtype=None, compiled=True),
}
DECODING, CACHED = 'decoding in every epoch', 'cached, from the second epoch on'
Side = Callable[[], object]


def write_images(root: Path, count: int, size: int) -> None:
    """Scenes with targets, laid out as the single-frame data sets are."""
    for number in range(count):
        scene = render_scene(SceneConfig(size=(size, size)), np.random.default_rng(number))
        save_png(root / 'images' / f'{number}.png', scene.image)
        save_png(root / 'masks' / f'{number}.png', scene.mask * np.uint8(255))


def dataset(cfg: Any, root: Path | None, cache: bool) -> SIRSTDataset:
    """The config's training images, or those below ``root``, with its training pipeline.

    Raises:
        ConfigError: The config trains on something else than single images.
    """
    description = ((cfg.get('train_dataloader') or {}).get('dataset')) or {}
    if bare_type(description) != 'SIRSTDataset':
        raise ConfigError(f'{cfg.filename}: its train_dataloader has no SIRSTDataset; the loader is timed on that')
    description = copy.deepcopy(dict(description, cache=cache))
    if root is not None:
        description = dict(
            type=SIRSTDataset, data_root=str(root), pipeline=description['pipeline'], cache=description['cache']
        )
    return DATASETS.build(description)


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
        if any(bare_type(hook) == 'ChannelsLastHook' for hook in cfg.get('custom_hooks') or ()):
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


def check_optimizer(cfg: Any) -> None:
    """See that a config has one optimizer.

    Raises:
        ConfigError: It has none, or several, whose step is whatever the network makes of them.
    """
    if 'optimizer' not in (cfg.get('optim_wrapper') or {}):
        raise ConfigError(
            f'{cfg.filename}: optim_wrapper has no optimizer, or several',
            expected='one: of several only the network itself knows what a step is',
            cure='measure the training itself: mmirstd train says how long an iteration takes',
        )


def _wrapper(cfg: Any, kind: str) -> dict:
    wrapper = {
        key: value for key, value in copy.deepcopy(cfg.optim_wrapper).items() if key in ('optimizer', 'clip_grad')
    }
    return dict(wrapper, type=kind)


def loader_side(config: str, options: dict, root: Path | None, count: int, cache: bool) -> Side:
    """An epoch of the first images, in the same order of the same random changes each time."""
    cfg = _prepare(config, options, ours=cache)
    images = dataset(cfg, root, cache)

    def epoch() -> None:
        np.random.seed(0)
        for index in range(count):
            images[index]

    return epoch


def step_side(config: str, options: dict, root: Path | None, batch_size: int, threads: int, name: str) -> Side:
    """A step on one batch that stays; ``name`` is one of :data:`STEPS`."""
    cfg = _prepare(config, options, ours=name != PLAIN)
    torch.set_num_threads(threads)
    np.random.seed(0)
    images = dataset(cfg, root, True)
    data = pseudo_collate([images[index] for index in range(batch_size)])
    torch.manual_seed(0)
    network = MODELS.build(cfg.model)
    if name == PLAIN:
        return PlainLoop(cfg, network, data)
    return OurStep(cfg, network, data, **STEPS[name])


def _prepare(config: str, options: dict, ours: bool) -> Any:
    """The config, in a process set up as a user's own loop is or as ``mmirstd train`` sets it up."""
    if ours:
        keep_freed_memory()
    MMLogger.get_instance('speed', log_level='ERROR')
    cfg = find_model_config(config, options)
    use_config_scope(cfg)
    return cfg


def report(args: argparse.Namespace) -> dict[str, Seconds]:
    """Measure, and print the tables.

    Args:
        args: See :func:`.speed.parse_args`.

    Returns:
        Side -> seconds of a step, or of an image of the loader.
    """
    options = dict(args.cfg_options or {})
    cfg = _prepare(args.config, options, ours=False)
    check_optimizer(cfg)
    names = [PLAIN, *(name for name in STEPS if name != COMPILED or args.compile)]
    with tempfile.TemporaryDirectory() as folder:
        count = max(args.images, args.batch_size)
        root = None if args.own_data else Path(folder)
        if root is not None:
            write_images(root, count, args.size)
        images = dataset(cfg, root, False)  # refuses a config that does not fit, before processes start
        count = min(count, len(images))
        loader = take_turns_apart(
            {
                name: partial(loader_side, args.config, options, root, count, name == CACHED)
                for name in (DECODING, CACHED)
            },
            args.rounds,
        )
        loader = {name: Seconds(*(value / count for value in seconds)) for name, seconds in loader.items()}
        batch_size = min(args.batch_size, count)
        steps = take_turns_apart(
            {name: partial(step_side, args.config, options, root, batch_size, args.threads, name) for name in names},
            args.rounds,
        )
    print(f'{args.config}: {args.threads} thread(s), PyTorch {torch.__version__}')
    print(describe_cpu())
    print(f'medians of {args.rounds} alternating rounds, {"CPU" if args.threads == 1 else "wall"} time')
    print(f'images: {images.data_root if args.own_data else f"scenes of {args.size}x{args.size}"}')
    tables = (
        (f'a step on a batch of {batch_size}', steps, PLAIN),
        (f'the loader, one of {count} images', loader, DECODING),
    )
    for title, table, reference in tables:
        print(f'{title:<50}{"ms":>9}{"a second":>10}{"ratio":>8}')
        for name, both in table.items():
            seconds, first = ((t.cpu if args.threads == 1 else t.wall) for t in (both, table[reference]))
            print(f'  {name:<48}{seconds * 1000:>9.2f}{1 / seconds:>10.2f}{first / seconds:>7.2f}x')
    return {**steps, **loader}
