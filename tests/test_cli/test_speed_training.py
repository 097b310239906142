"""mmirstd speed training on small crops."""

from __future__ import annotations

from pathlib import Path

import pytest
from mmengine.config import Config

from mmirstd.cli.speed import parse_args
from mmirstd.cli.speed_training import (
    CACHED,
    COMPILED,
    DECODING,
    FLOAT32,
    HERE,
    PLAIN,
    OurStep,
    PlainLoop,
    check_optimizer,
    loader_side,
    report,
    step_side,
    write_images,
)
from mmirstd.datasets import SIRSTDataset
from mmirstd.utils.errors import ConfigError

TINY = 'ggl-net-tiny_cpu-b8-45e_nuaa-sirst-341-86'
SMALL = {'train_dataloader.dataset.pipeline.2.size': 64}


@pytest.mark.parametrize('name', [PLAIN, FLOAT32])
def test_each_step_trains(name: str, tmp_path: Path) -> None:
    write_images(tmp_path, 2, 64)
    step = step_side(TINY, SMALL, tmp_path, batch_size=2, threads=1, name=name)
    assert isinstance(step, PlainLoop if name == PLAIN else OurStep)
    before = [parameter.detach().clone() for parameter in step.network.parameters()]
    step()
    moved = [
        float((new.detach() - old).abs().max()) for new, old in zip(step.network.parameters(), before, strict=True)
    ]
    assert max(moved) > 0


def test_an_epoch_of_the_loader_reads_as_many_images_as_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_images(tmp_path, 3, 64)
    epoch = loader_side(TINY, SMALL, tmp_path, count=2, cache=True)
    read: list[int] = []
    get = SIRSTDataset.__getitem__

    def watched(self: SIRSTDataset, index: int) -> object:
        read.append(index)
        return get(self, index)

    monkeypatch.setattr(SIRSTDataset, '__getitem__', watched)
    epoch()
    assert read == [0, 1]


def test_both_tables(capsys: pytest.CaptureFixture) -> None:
    args = ['training', TINY, '--size', '64', '--images', '3', '--batch-size', '2', '--rounds', '1']
    table = report(parse_args([*args, '--cfg-options', 'train_dataloader.dataset.pipeline.2.size=64']))
    assert {PLAIN, FLOAT32, HERE, DECODING, CACHED} < set(table)
    assert COMPILED not in table
    assert all(seconds.cpu > 0 for seconds in table.values())
    assert f'{table[PLAIN].cpu / table[FLOAT32].cpu:.2f}x' in capsys.readouterr().out


def test_several_optimizers_are_refused() -> None:
    parts = dict(one=dict(optimizer=dict(type='SGD')), other=dict(optimizer=dict(type='SGD')))
    with pytest.raises(ConfigError, match='or several: expected one'):
        check_optimizer(Config(dict(optim_wrapper=parts)))


def test_a_config_without_single_images() -> None:
    with pytest.raises(ConfigError, match='SIRSTDataset'):
        report(parse_args(['training', 'sstnet_b4-20e_daub', '--images', '1', '--batch-size', '1', '--size', '64']))
