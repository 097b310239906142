"""Learning rate and epochs for the size of the data."""

from __future__ import annotations

import math
from dataclasses import dataclass

#: Images of a training step.
BATCH_SIZE = 8
#: Learning rates at the top of the one-cycle schedule: from trained weights, and from random ones.
_LR_TRAINED, _LR_RANDOM = 1e-3, 2e-3
#: Training steps from trained weights, at least and at most.
_STEPS = (320, 4000)
#: IoU from which on the weights know such images, and what is trained then; docs/own_data.md has the measurements.
KNOWN_IOU, _LR_KNOWN, _EPOCHS_KNOWN = 0.7, 2e-4, 6
#: How many times as many from random weights: networks of masks, and detectors of moving targets.
_MORE, _MORE_CLIPS = 10, 3


@dataclass(frozen=True)
class Recipe:
    """What a training is to be.

    Attributes:
        lr: Largest learning rate of the one-cycle schedule.
        epochs: Rounds through the training images.
        batch_size: Images of a step.
        val_interval: Epochs between two validations.
    """

    lr: float
    epochs: int
    batch_size: int
    val_interval: int

    @classmethod
    def of(cls, lr: float, epochs: int, batch_size: int) -> Recipe:
        """A recipe that validates every epoch, or 15 to 30 times in a long training."""
        return cls(lr, epochs, batch_size, max(1, epochs // 15))

    def changed(self, lr: float | None, epochs: int | None) -> Recipe:
        """The same with another learning rate or other epochs; None: as they are."""
        return Recipe.of(lr or self.lr, epochs or self.epochs, self.batch_size)

    def __str__(self) -> str:
        return f'{self.epochs} epochs, batch size {self.batch_size}, learning rate {self.lr:g}'


def choose_recipe(images: int, trained: bool, clips: bool = False, start_iou: float | None = None) -> Recipe:
    """Choose a recipe.

    Args:
        images: Training images.
        trained: Whether the network starts from trained weights.
        clips: Whether it is a detector of moving targets.
        start_iou: IoU of the trained weights on training and validation images; None: not known.

    Returns:
        The steps grow with the square root of the images: few images are soon learnt, and then learnt by heart. From
        random weights ten times as many are taken. Weights that know such images already are trained little: a high
        rate makes them forget more than few images teach.
    """
    batch_size = min(BATCH_SIZE, max(2, images // 3))
    per_epoch = math.ceil(images / batch_size)
    steps = min(max(_STEPS[0], 30 * math.sqrt(images)), _STEPS[1]) * (1 if trained else _MORE_CLIPS if clips else _MORE)
    epochs = max(3, round(steps / per_epoch))
    if trained and start_iou is not None and start_iou >= KNOWN_IOU:
        return Recipe.of(_LR_KNOWN, min(_EPOCHS_KNOWN, epochs), batch_size)
    return Recipe.of(_LR_TRAINED if trained else _LR_RANDOM, epochs, batch_size)
