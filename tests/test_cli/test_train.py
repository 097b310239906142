from __future__ import annotations

import json
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from mmirstd.cli import test
from mmirstd.cli.train import figures_of, is_interruption, parse_args, report


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


def test_the_suggested_test_is_of_the_trained_config(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """What the test reads is repeated, quoted for a shell; what only the training reads is not."""
    for_test = [f'data_root={tmp_path / "my data"}', 'test_dataloader.dataset.mask_rule=[1,255]', 'model.neck.ratio=2']
    options = ['train_cfg.max_epochs=1', *for_test, 'optim_wrapper.optimizer.lr=1e-3', 'val_dataloader.num_workers=0']
    args = parse_args(['a.py', '--data', 'sirst3', '--cfg-options', *options[:2], '--cfg-options', *options[2:]])
    (tmp_path / 'best_IoU_epoch_1.pth').touch()
    runner = SimpleNamespace(work_dir=str(tmp_path), epoch=1, iter=4, log_dir='log')
    report(cast('Runner', runner), args)
    *_, command = capsys.readouterr().out.splitlines()
    words = shlex.split(command.partition('next: mmirstd test ')[2])
    suggested = test.parse_args(words)
    assert (suggested.config, suggested.checkpoint) == ('a.py', str(tmp_path / 'best_IoU_epoch_1.pth'))
    assert suggested.data == 'sirst3'
    assert suggested.cfg_options_given == for_test


def test_the_suggested_test_needs_no_options(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / 'best_IoU_epoch_1.pth').touch()
    runner = SimpleNamespace(work_dir=str(tmp_path), epoch=1, iter=4, log_dir='log')
    report(cast('Runner', runner), parse_args(['a.py', '--cfg-options', 'train_cfg.max_epochs=1']))
    assert '--cfg-options' not in capsys.readouterr().out


def test_an_interruption_while_mmengine_writes_a_config(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr('yapf.yapflib.yapf_api.FormatCode', interrupted)
    with pytest.raises((KeyboardInterrupt, SyntaxError)) as error:
        _ = Config(dict(a=1)).pretty_text
    assert is_interruption(error.value)
    assert not is_interruption(SyntaxError('a config'))
