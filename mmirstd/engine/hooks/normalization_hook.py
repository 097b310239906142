"""Keep with a checkpoint how its network's training images were normalized."""

from __future__ import annotations

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmirstd.registry import HOOKS

from ..normalization import remember_normalization


@HOOKS.register_module()
class NormalizationHook(Hook):
    """Write how gray values became the network's input into ``meta['normalization']`` of each checkpoint.

    ``tools/test.py`` and ``tools/infer.py`` follow it, or say that they were asked for something else.
    """

    priority = 'LOW'

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add the entry."""
        remember_normalization(checkpoint, runner.cfg)
