"""Batches of one image, on which batch norm after a global pooling has one value to average: found before training."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from mmengine.dataset import InfiniteSampler
from mmengine.dist import all_gather_object
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch.nn.modules.batchnorm import _BatchNorm

from mmirstd.utils.errors import ConfigError

_SIGN = 'Expected more than 1 value per channel'


def mind_single_image_batches(runner: Runner) -> None:
    """Leave out a last batch of one image where the network cannot train on it, and say so.

    Only where there is such a batch one image goes through a copy of the network, in training mode and without
    gradients; the random numbers of the run are not touched. Call it once, before ``runner.train()``, on all ranks.

    Raises:
        ConfigError: All batches are of one image, or there is none, or none would be left.
    """
    loop_cfg = runner._train_loop  # which the next line builds
    loader = runner.train_dataloader
    sampler = loader.batch_sampler
    size = getattr(sampler, 'batch_size', None)
    if size is None:
        return
    images = len(loader.sampler)
    if not len(loader):
        raise ConfigError(
            f'train_dataloader: {images} images, batch_size={size}, drop_last=True: no batch.\n  cure: '
            'a smaller batch_size'
        )
    rest = 0 if getattr(sampler, 'drop_last', False) or isinstance(loader.sampler, InfiniteSampler) else images % size
    # With several processes the last batches may differ; all do the same.
    if 1 not in all_gather_object(rest or size):
        return
    network = runner.model.module if is_model_wrapper(runner.model) else runner.model
    layer = layer_with_one_value(network, loader)
    if layer is None:
        return
    why = (
        f'batch norm {layer} sees one value per channel in a batch of one image (its maps have 1x1 pixel there), '
        'which has no variance'
    )
    if size == 1 or images <= size:
        raise ConfigError(
            f'train_dataloader: batch_size={size}, {images} training image(s): {why}.\n  cure: '
            + ('train_dataloader.batch_size=2 or more' if size == 1 else 'more images')
            + ", larger crops if they are smaller than the network's stride, or another norm layer (type='GN')"
        )
    runner._train_dataloader['drop_last'] = True
    runner._train_loop = runner.build_train_loop(loop_cfg)
    runner.logger.warning(
        f'train_dataloader: {images} images in batches of {size} leave a last batch of one, and {why}. It is left out '
        f'(drop_last=True): {len(runner.train_dataloader)} batches an epoch, of other images each time.'
    )


def layer_with_one_value(network: Any, loader: Any) -> str | None:
    """The batch norm layer that has one value per channel where a batch has one image, None if there is none.

    Args:
        network: An OpenMMLab model; a copy of it is run.
        loader: Its training data loader; the first image is used.
    """
    trial = copy.deepcopy(network).train()
    entered: list[str] = []
    for name, module in trial.named_modules():
        if isinstance(module, _BatchNorm):
            module.register_forward_pre_hook(lambda module, inputs, name=name: entered.append(name))
    with _untouched_randomness(), torch.no_grad():
        batch = trial.data_preprocessor(loader.collate_fn([loader.dataset[0]]), True)
        try:
            trial._run_forward(batch, mode='loss')  # as train_step
        except ValueError as error:
            if _SIGN not in str(error):
                raise
            return entered[-1] if entered else 'of the network'
    return None


@contextmanager
def _untouched_randomness() -> Iterator[None]:
    states = random.getstate(), np.random.get_state()
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    try:
        with torch.random.fork_rng(devices):
            yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
