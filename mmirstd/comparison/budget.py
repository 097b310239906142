"""What each network of a comparison gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mmengine.config import Config

from mmirstd.engine.schedule_option import find_schedule


@dataclass(frozen=True)
class Budget:
    """What each network gets.

    Attributes:
        epochs: Rounds through the training images.
        batch_size: Images of a step.
        val_interval: Epochs between two validations.
        schedule: A name of ``configs/_base_/schedules``.
        lr: Largest learning rate; None: the schedule's.
        seeds: Trainings of each network.
    """

    epochs: int
    batch_size: int
    val_interval: int
    schedule: str
    lr: float | None
    seeds: tuple[int, ...]

    def __str__(self) -> str:
        rate = '' if self.lr is None else f', learning rate {self.lr:g}'
        return f'{self.epochs} epochs, batch size {self.batch_size}, schedule {self.schedule}{rate}'

    def options(self) -> dict[str, Any]:
        """``--cfg-options`` of each run that trains.

        Raises:
            ConfigError: There is no such schedule.
        """
        options: dict[str, Any] = {
            'train_cfg.max_epochs': self.epochs,
            'train_cfg.val_interval': self.val_interval,
            'train_dataloader.batch_size': self.batch_size,
        }
        schedule = Config.fromfile(str(find_schedule(self.schedule)))
        if self.lr is not None:
            options['optim_wrapper.optimizer.lr'] = self.lr
            for index, scheduler in enumerate(schedule.get('param_scheduler') or []):
                if 'eta_max' in scheduler:
                    options[f'param_scheduler.{index}.eta_max'] = self.lr
        return options


def schedule_epochs(name: str) -> int:
    """How long a schedule is by itself.

    Raises:
        ConfigError: There is no such schedule.
    """
    return int(Config.fromfile(str(find_schedule(name))).train_cfg.max_epochs)
