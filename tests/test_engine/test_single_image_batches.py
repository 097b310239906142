from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn

from mmirstd.engine import single_image_batches
from mmirstd.engine.single_image_batches import layer_with_one_value, mind_single_image_batches
from mmirstd.utils.errors import ConfigError
from tests.test_engine.small_runner import small_runner


class Pooled(BaseModel):
    """Batch norm on the mean of an image, or on its pixels."""

    def __init__(self, pool: bool = True) -> None:
        super().__init__()
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1) if pool else nn.Identity(), nn.BatchNorm2d(1))

    def forward(self, inputs: torch.Tensor, mode: str = 'tensor') -> dict | list:
        return dict(loss=self.gate(inputs).sum()) if mode == 'loss' else [inputs]


class RandomImages(torch.utils.data.Dataset):
    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return dict(inputs=torch.rand(1, 4, 4) + random.random() + np.random.rand())


def run(work_dir: Path, images: int, batch_size: int, model: nn.Module | None = None, **loader: Any) -> Runner:
    return small_runner(
        work_dir,
        epochs=2,
        model=model or Pooled(),
        default_hooks=dict(logger=None, checkpoint=None),
        train_dataloader={
            'dataset': RandomImages(images),
            'batch_size': batch_size,
            'collate_fn': dict(type='default_collate'),
            'sampler': dict(type='DefaultSampler', shuffle=True),
            **loader,
        },
    )


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> list[nn.Module]:
    """The networks that were tried."""
    tried = []
    real = layer_with_one_value
    monkeypatch.setattr(
        single_image_batches,
        'layer_with_one_value',
        lambda network, loader: tried.append(network) or real(network, loader),
    )
    return tried


def test_a_last_batch_of_one_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runner, said = run(tmp_path, images=9, batch_size=4), []
    monkeypatch.setattr(runner.logger, 'warning', said.append)
    mind_single_image_batches(runner)
    (text,) = said
    assert 'leave a last batch of one, and batch norm gate.1 sees one value per channel' in text
    assert 'drop_last=True): 2 batches an epoch' in text
    runner.train()
    assert (runner.epoch, runner.iter, runner.max_iters) == (2, 4, 4)


@pytest.mark.parametrize(
    ('images', 'batch_size', 'words'), [(9, 1, 'cure: train_dataloader.batch_size=2'), (1, 4, 'cure: more images')]
)
def test_batches_of_one_alone_are_refused(tmp_path: Path, images: int, batch_size: int, words: str) -> None:
    runner = run(tmp_path, images, batch_size)
    with pytest.raises(ConfigError, match=rf'gate\.1 sees one value per channel[\s\S]*{words}'):
        mind_single_image_batches(runner)
    with pytest.raises(ValueError, match='more than 1 value per channel'):
        runner.train()


def test_no_batch_at_all(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='3 images, batch_size=4, drop_last=True: no batch'):
        mind_single_image_batches(run(tmp_path, 3, 4, drop_last=True))


@pytest.mark.parametrize(
    ('images', 'batch_size', 'options'),
    [(8, 4, {}), (10, 4, {}), (9, 4, dict(drop_last=True)), (9, 4, dict(sampler=dict(type='InfiniteSampler')))],
)
def test_nothing_is_tried_where_no_batch_has_one_image(
    tmp_path: Path, trials: list, images: int, batch_size: int, options: dict
) -> None:
    mind_single_image_batches(run(tmp_path, images, batch_size, **options))
    assert trials == []


def test_a_network_that_can_train_on_one_keeps_it_and_the_run_its_randomness(tmp_path: Path, trials: list) -> None:
    runner = run(tmp_path, 9, 4, Pooled(pool=False))
    assert len(runner.train_dataloader) == 3
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    state = {key: value.clone() for key, value in runner.model.state_dict().items()}
    mind_single_image_batches(runner)
    assert len(trials) == 1
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before[1:]
    assert all(torch.equal(value, state[key]) for key, value in runner.model.state_dict().items())
    assert len(runner.train_dataloader) == 3


def test_other_errors_of_the_network_pass(tmp_path: Path) -> None:
    class Broken(Pooled):
        def forward(self, inputs: torch.Tensor, mode: str = 'tensor') -> dict:
            raise ValueError('something else')

    with pytest.raises(ValueError, match='something else'):
        mind_single_image_batches(run(tmp_path, 9, 1, Broken()))
