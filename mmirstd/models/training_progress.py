"""How far a training is, for parts of a network that change on the way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingProgress:
    """Where a training is; mmengine's runner knows it after ``--resume``, too.

    Attributes:
        iteration: From 0.
        max_iterations: Of the whole training.
        epoch: From 0; None where the training is counted in iterations alone.
        max_epochs: Of the whole training; None with ``epoch``.
    """

    iteration: int
    max_iterations: int
    epoch: int | None = None
    max_epochs: int | None = None
