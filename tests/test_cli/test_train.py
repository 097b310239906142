from __future__ import annotations

import json
from pathlib import Path

import pytest
from mmengine.config import Config

from mmirstd.cli.train import figures_of, is_interruption


def log(work_dir: Path, part: str, *entries: dict) -> None:
    file = work_dir / part / 'vis_data' / 'scalars.json'
    file.parent.mkdir(parents=True)
    file.write_text(''.join(json.dumps(entry) + '\n' for entry in entries))


def validation(step: int, iou: float) -> dict:
    return dict(IoU=iou, F1=0.5, Pd=0.9, Fa=1.2e-5, Fa_e6=12.0, time=0.1, step=step)


def test_the_figures_are_of_the_epoch_that_the_name_says_also_of_a_resumed_run(tmp_path):
    train = [dict(loss=1.0, epoch=epoch, iter=epoch, step=epoch) for epoch in (1, 2, 3)]
    log(tmp_path, '1', train[0], validation(1, 0.1), train[1], validation(2, 0.9), train[2])
    log(tmp_path, '2', train[1], validation(2, 0.2), train[2], validation(3, 0.15))
    best = tmp_path / 'best_IoU_epoch_2.pth'
    assert figures_of(best) == 'epoch 2: IoU 0.2000, Pd 0.9000, Fa (1e-6) 12.00'
    assert figures_of(tmp_path / 'best_IoU_epoch_7.pth') == ''
    assert figures_of(tmp_path / 'best.pth') == ''
    # another measure chose it: that one is first
    assert figures_of(tmp_path / 'best_F1_epoch_1.pth') == 'epoch 1: F1 0.5000, IoU 0.1000, Pd 0.9000, Fa (1e-6) 12.00'


def test_an_interruption_while_mmengine_writes_a_config(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr('yapf.yapflib.yapf_api.FormatCode', interrupted)
    with pytest.raises((KeyboardInterrupt, SyntaxError)) as error:
        _ = Config(dict(a=1)).pretty_text
    assert is_interruption(error.value)
    assert not is_interruption(SyntaxError('a config'))
