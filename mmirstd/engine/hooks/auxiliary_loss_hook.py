"""Let parts of a network add losses to the detector's."""

from __future__ import annotations

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from mmirstd.registry import HOOKS


@HOOKS.register_module()
class AuxiliaryLossHook(Hook):
    """Add the losses of necks (DGR's ``loss_dgr``) to the loss dict of a stock detector or segmentor.

    Written into ``default_hooks``, it joins whatever hooks the base config has:
    ``default_hooks=dict(auxiliary_loss=dict(type='mmirstd.AuxiliaryLossHook'))``.
    See :mod:`mmirstd.models.auxiliary_loss` for how.
    """

    def before_train(self, runner: Runner) -> None:
        """Attach; a network without such parts is left as it is."""
        from mmirstd.models.auxiliary_loss import attach_auxiliary_losses

        attach_auxiliary_losses(runner.model.module if is_model_wrapper(runner.model) else runner.model)
