"""Warm-up epochs, known to losses and heads without a hook in the config."""

from __future__ import annotations

import logging
from functools import lru_cache

from mmengine.logging import MessageHub, print_log


def in_warm_up(warm_epoch: int) -> bool:
    """Whether the training that runs in this process is in epoch ``warm_epoch`` (counted from 0) or an earlier one.

    mmengine's runner publishes its epoch; nothing is warming up where no runner trains.  A loop by iterations stays in
    epoch 0.  A warm-up that no epoch of the training follows is said once.
    """
    info = MessageHub.get_current_instance().runtime_info
    epoch = info.get('epoch')
    if epoch is None or int(epoch) > warm_epoch:
        return False
    epochs = info.get('max_epochs')
    if epochs is not None and int(epochs) <= warm_epoch + 1:
        _say_never_ending(warm_epoch, int(epochs))
    return True


@lru_cache
def _say_never_ending(warm_epoch: int, epochs: int) -> None:
    print_log(
        f'The whole training is a warm-up: it has {epochs} epoch(s), and warm_epoch={warm_epoch} is the last one of '
        'the warm-up, counted from 0. By iterations (IterBasedTrainLoop) a training counts as one epoch.\n'
        '  cure: warm_epoch=-1 in the loss (SLSIoULoss and others) and in the head (WarmUpHead), or train_cfg='
        f'dict(by_epoch=True, max_epochs=...) of more than {warm_epoch + 1}',
        logger='current',
        level=logging.WARNING,
    )
