"""mmirstd speed infer on small images, and turns that alternate."""

from __future__ import annotations

import pytest

from mmirstd.cli.speed import parse_args
from mmirstd.cli.speed_infer import DEFAULT, NETWORK, report
from mmirstd.costs.alternating import take_turns


def test_the_tool_beside_the_network_alone(capsys: pytest.CaptureFixture) -> None:
    args = ['infer', 'white-tophat', '--images', '3', '--size', '64', '96', '--rounds', '1']
    table = report(parse_args(args))
    assert {NETWORK, DEFAULT, 'infer --save csv', 'infer of an mp4, default outputs'} < set(table)
    printed = capsys.readouterr().out
    assert f'{table[NETWORK].cpu / table[DEFAULT].cpu:.2f}' in printed
    assert all(seconds.wall > 0 for seconds in table.values())


def test_sides_take_turns_and_the_first_round_does_not_count() -> None:
    order: list[str] = []
    sides = {name: lambda name=name: order.append(name) for name in 'abc'}
    assert list(take_turns(sides, 2)) == ['a', 'b', 'c']
    assert ''.join(order) == 'cbaabccba'
