"""Errors of ``mmirstd generate`` name what the user typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmirstd.cli.generate import main


@pytest.mark.parametrize(
    ('words', 'begins'),
    [
        (['--num-train', '-3'], 'error: --num-train must be a whole number >= 0, got -3'),
        (['--seed', '-1'], 'error: --seed must be'),
        (['--scr', '5', '2'], 'error: --scr must be a pair (low, high)'),
        (['--size', '8x8'], 'error: --size must be (height, width)'),
        (['--mode', 'sequences', '--num-frames', '0'], 'error: --num-frames must be'),
        (
            ['--num-train', '0', '--num-val', '0', '--num-test', '0'],
            'error: --num-train, --num-val and --num-test are all 0',
        ),
    ],
)
def test_errors_name_the_option(
    words: list[str], begins: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / 'out'), *words]) == 2
    assert capsys.readouterr().err.startswith(begins)
    assert not (tmp_path / 'out').exists()


def test_errors_name_the_file_of_parameters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parameters = tmp_path / 'mine.json'
    parameters.write_text('{"size": [8, 8]}')
    assert main([str(tmp_path / 'out'), '--parameters', str(parameters)]) == 2
    assert capsys.readouterr().err.startswith(f'error: {parameters}: SceneConfig.size must be')
