"""Keep with a checkpoint how its network's training images were normalized."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmirstd.datasets.first_look import watch_bit_depth
from mmirstd.registry import HOOKS
from mmirstd.utils.spread import spread

from ..normalization import remember_normalization


@HOOKS.register_module()
class NormalizationHook(Hook):
    """Write how gray values became the network's input into ``meta['normalization']`` of each checkpoint.

    ``mmirstd test`` and ``mmirstd infer`` follow it, or say that they were asked for something else.  Of a network
    that was trained on images of 16 bits the entry has ``bit_depth=16`` where the config says nothing.
    """

    priority = 'LOW'
    _wide = False

    def before_train(self, runner: Runner) -> None:
        """Look at a few of the training images."""
        data: Any = runner.train_dataloader.dataset
        if hasattr(data, 'get_data_info'):
            infos = (data.get_data_info(index) for index in spread(range(len(data))))
            paths = [info.get('img_path') or (info.get('img_paths') or [None])[-1] for info in infos]
            self._wide = watch_bit_depth([path for path in paths if path]).images > 0

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add the entry."""
        remember_normalization(checkpoint, runner.cfg, self._wide)
