from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmirstd.cli.plot_gradients import draw, parse_args, read_run, running_mean
from mmirstd.utils.errors import UserError
from tests.shared import REPO

TOOL = REPO / 'tools' / 'analysis_tools' / 'plot_gradients.py'


def make_run(
    folder: Path,
    factor: float = 1.0,
    started: str = '20250101_000000',
    first: int = 1,
    levels: tuple[int, ...] = (8, 16),
) -> Path:
    path = folder / started / 'vis_data' / 'scalars.json'
    path.parent.mkdir(parents=True)
    rows = [dict(loss=1.0, step=first)]
    for step in range(first, first + 20):
        row = {f'grad_norm/P_s{s}': factor / step for s in levels} | {f'grad_norm/C_s{s}': 0.1 for s in levels}
        rows.append(row | {'grad_cos/P_s8_s16': factor * 0.1, 'step': step})
    path.write_text(''.join(json.dumps(row) + '\n' for row in rows))
    return folder


def test_a_run_is_read_with_its_continuation(tmp_path: Path) -> None:
    make_run(tmp_path, 1.0)
    make_run(tmp_path, 2.0, '20250102_000000', first=11)
    series = read_run(tmp_path)
    assert set(series) == {
        'grad_norm/P_s8',
        'grad_norm/P_s16',
        'grad_norm/C_s8',
        'grad_norm/C_s16',
        'grad_cos/P_s8_s16',
    }
    steps, values = series['grad_cos/P_s8_s16']
    assert steps.tolist() == list(range(1, 31))
    assert values.tolist() == [0.1] * 10 + [0.2] * 20
    file = tmp_path / '20250101_000000' / 'vis_data' / 'scalars.json'
    assert read_run(file)['grad_norm/P_s8'][0].tolist() == list(range(1, 21))


def test_a_last_line_that_is_cut_off_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    make_run(tmp_path)
    file = tmp_path / '20250101_000000' / 'vis_data' / 'scalars.json'
    file.write_text(file.read_text() + '{"grad_norm/P_s8": 0.')
    assert len(read_run(tmp_path)['grad_norm/P_s8'][0]) == 20
    assert 'line 22' in capsys.readouterr().err


def test_runs_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(UserError, match='no run there'):
        read_run(tmp_path / 'absent')
    path = tmp_path / 'x' / 'vis_data' / 'scalars.json'
    path.parent.mkdir(parents=True)
    path.write_text('{"loss": 1.0, "step": 1}\n')
    with pytest.raises(UserError, match='GradientDiagnosticsHook'):
        read_run(tmp_path)


def test_running_mean() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert running_mean(values, 3).tolist() == [1.5, 2, 3, 4, 4.5]
    assert running_mean(values, 1).tolist() == values.tolist()
    assert np.allclose(running_mean(np.ones(4), 99), 1)


def test_the_picture_shows_every_run(tmp_path: Path) -> None:
    one = {'one': read_run(make_run(tmp_path / 'one'))}
    two = one | {'two': read_run(make_run(tmp_path / 'two', 3.0, levels=(4, 8, 16)))}
    inks = []
    for name, runs in (('1', one), ('2', two)):
        draw(runs, tmp_path / 'new' / f'{name}.png')
        picture = cv2.imread(str(tmp_path / 'new' / f'{name}.png'))
        assert picture.shape[1] > 3 * 400
        inks.append(int((np.ptp(picture.astype(int), axis=2) > 40).sum()))  # colored: neither text nor axes
    assert inks[1] > 1.2 * inks[0]


def test_the_tool(tmp_path: Path) -> None:
    make_run(tmp_path / 'base')
    make_run(tmp_path / 'bp', 2.0)
    out = tmp_path / 'gradients.png'
    done = subprocess.run(
        [sys.executable, str(TOOL), str(tmp_path / 'base'), str(tmp_path / 'bp'), '--out', str(out)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert 'base, bp' in done.stdout
    assert out.stat().st_size > 10_000
    failed = subprocess.run([sys.executable, str(TOOL), str(tmp_path / 'none')], capture_output=True, text=True)
    assert failed.returncode == 2
    assert 'no run there' in failed.stderr


@pytest.mark.parametrize('argv', [['a', '--labels', 'x', 'y'], ['a', '--smooth', '0'], []])
def test_bad_options(argv: list[str]) -> None:
    with pytest.raises(SystemExit):
        parse_args(argv)
