"""mmirstd speed backends on a small image."""

from __future__ import annotations

import pytest

from mmirstd.cli.speed import parse_args
from mmirstd.cli.speed_backends import REFERENCE, report
from mmirstd.utils.errors import UserError

pytest.importorskip('onnx')


def test_the_sides_and_how_far_they_differ(capsys: pytest.CaptureFixture) -> None:
    pytest.importorskip('onnxruntime')
    name = 'ggl-net-tiny_cpu-b8-45e_nuaa-sirst-341-86'
    table = report(parse_args(['backends', name, '--size', '64', '96', '--rounds', '1']))
    assert {REFERENCE, 'torch fp32', 'torch bf16', 'onnxruntime fp32'} <= set(table)
    assert all(seconds > 0 for seconds in table.values())
    rows = [
        line.rsplit(maxsplit=3) for line in capsys.readouterr().out.splitlines() if line.endswith(tuple('0123456789'))
    ]
    differences = {row[0].strip(): float(row[-1]) for row in rows if row[0].strip() in table}
    assert differences.keys() == table.keys()
    assert all(value < 1e-3 for side, value in differences.items() if not side.endswith('bf16'))


def test_a_size_that_would_be_padded_is_refused() -> None:
    name = 'ggl-net-tiny_cpu-b8-45e_nuaa-sirst-341-86'
    with pytest.raises(UserError, match='--size 48 64: found 48x64, expected multiples of 32'):
        report(parse_args(['backends', name, '--size', '48', '64']))
