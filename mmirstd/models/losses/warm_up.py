"""Warm-up epochs, known to losses and heads without a hook in the config."""

from __future__ import annotations

from mmengine.logging import MessageHub


def in_warm_up(warm_epoch: int) -> bool:
    """Whether the training that runs in this process is in epoch ``warm_epoch`` (counted from 0) or an earlier one.

    mmengine's runner publishes its epoch; nothing is warming up where no runner trains.  A loop by iterations stays in
    epoch 0.
    """
    hub = MessageHub.get_current_instance()
    epoch = hub.get_info('epoch') if 'epoch' in hub.runtime_info else None
    return epoch is not None and int(epoch) <= warm_epoch
