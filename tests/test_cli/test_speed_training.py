"""mmirstd speed training on small crops."""

from __future__ import annotations

import pytest
import torch

from mmirstd.cli.speed import parse_args
from mmirstd.cli.speed_training import CACHED, DECODING, FLOAT32, HERE, PLAIN, PlainLoop, report
from mmirstd.utils.errors import ConfigError

TINY = 'ggl-net-tiny_cpu-b8-45e_nuaa-sirst-341-86'


def test_both_tables(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[float] = []
    step = PlainLoop.__call__

    def watched(self: PlainLoop) -> None:
        before = torch.cat([p.detach().flatten().clone() for p in self.network.parameters()])
        step(self)
        moved.append(float((torch.cat([p.detach().flatten() for p in self.network.parameters()]) - before).abs().max()))

    monkeypatch.setattr(PlainLoop, '__call__', watched)
    args = ['training', TINY, '--size', '64', '--images', '3', '--batch-size', '2', '--rounds', '1']
    table = report(parse_args([*args, '--cfg-options', 'train_dataloader.dataset.pipeline.2.size=64']))
    assert {PLAIN, FLOAT32, HERE, DECODING, CACHED} < set(table)
    assert all(seconds.cpu > 0 for seconds in table.values())
    assert moved[0] > 0  # the reference trains, too
    assert f'{table[PLAIN].cpu / table[FLOAT32].cpu:.2f}x' in capsys.readouterr().out


def test_a_config_without_single_images() -> None:
    with pytest.raises(ConfigError, match='SIRSTDataset'):
        report(parse_args(['training', 'sstnet_b4-20e_daub', '--images', '1', '--batch-size', '1', '--size', '64']))
