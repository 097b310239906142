"""A Runner that trains in milliseconds, for tests of hooks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner


class Model(BaseModel):
    """One weight."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

    def forward(self, inputs: torch.Tensor, mode: str = 'tensor') -> dict | list:
        return dict(loss=self.layer(inputs).sum()) if mode == 'loss' else [inputs]


class TwoParts(BaseModel):
    """Two layers, each with an optimizer."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)

    def train_step(self, data: Any, optim_wrapper: Any) -> dict[str, torch.Tensor]:
        losses = {f'loss_{name}': getattr(self, name)(torch.ones(1)).square().sum() for name in ('one', 'other')}
        for name in ('one', 'other'):
            optim_wrapper[name].update_params(losses[f'loss_{name}'])
        return losses

    def forward(self, inputs: torch.Tensor, mode: str = 'tensor') -> list:
        return [inputs]


def two_optimizers(**of_the_first: Any) -> dict[str, Any]:
    """Model and optimizers for :func:`small_runner`; arguments of the first optimizer's wrapper."""
    model = TwoParts()
    wrappers = OptimWrapperDict(
        one=OptimWrapper(torch.optim.SGD(model.one.parameters(), 0.1), **of_the_first),
        other=OptimWrapper(torch.optim.SGD(model.other.parameters(), 0.2)),
    )
    return dict(model=model, optim_wrapper=wrappers)


class RisingScore(BaseMetric):
    """Better at each validation."""

    score = 0.0

    def process(self, data_batch: Any, data_samples: Any) -> None:
        self.results.append(0)

    def compute_metrics(self, results: list) -> dict[str, float]:
        self.score += 0.1
        return dict(IoU=self.score)


def small_runner(
    work_dir: Path, epochs: int = 3, images: int = 1, runner_class: type[Runner] = Runner, **options: Any
) -> Runner:
    """Epochs of ``images`` iterations, each validated with a better IoU than the one before; options of the Runner."""
    data = dict(dataset=[torch.ones(1)] * images, sampler=dict(type='DefaultSampler', shuffle=False), batch_size=1)
    default = dict(
        model=Model(),
        train_dataloader=data,
        val_dataloader=data,
        val_evaluator=Evaluator(RisingScore()),
        val_cfg=dict(),
        train_cfg=dict(by_epoch=True, max_epochs=epochs, val_interval=1),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        experiment_name=f'{work_dir}-{epochs}',
        log_level='ERROR',
    )
    return runner_class(work_dir=str(work_dir), **{**default, **options})
