"""What a training that torchrun starts again goes on from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from mmirstd.engine.elastic_restart import MARK, saved_before_restart

FIRST = dict(TORCHELASTIC_RESTART_COUNT='0', TORCHELASTIC_MAX_RESTARTS='3', RANK='0')
AGAIN = dict(FIRST, TORCHELASTIC_RESTART_COUNT='1')


def save(folder: Path, epoch: int, age: float = 0) -> Path:
    """A checkpoint, and the file that says it is the last one."""
    path = folder / f'epoch_{epoch}.pth'
    torch.save({'state_dict': {}, 'meta': {}}, path)
    (folder / 'last_checkpoint').write_text(str(path))
    changed = path.stat().st_mtime - age
    os.utime(path, (changed, changed))
    return path


def test_it_goes_on_from_the_newest_that_it_saved(tmp_path: Path) -> None:
    assert saved_before_restart(str(tmp_path), FIRST) == (None, [])
    save(tmp_path, 1)
    newest = save(tmp_path, 2)
    found, notes = saved_before_restart(str(tmp_path), AGAIN)
    assert found == str(newest)
    assert notes == ['torchrun started this training again, restart 1', f'continues from {newest}']


def test_one_that_is_cut_off_is_passed_over(tmp_path: Path) -> None:
    saved_before_restart(str(tmp_path), FIRST)
    good = save(tmp_path, 1)
    cut = save(tmp_path, 2)
    cut.write_bytes(cut.read_bytes()[:-100])
    found, notes = saved_before_restart(str(tmp_path), AGAIN)
    assert found == str(good)
    assert 'passed over' in notes[1]


def test_what_an_earlier_run_left_is_not_taken(tmp_path: Path) -> None:
    save(tmp_path, 9, age=60)
    assert saved_before_restart(str(tmp_path), FIRST)[0] is None
    found, notes = saved_before_restart(str(tmp_path), AGAIN)
    assert found is None
    assert notes == ['torchrun started this training again, restart 1; it had saved nothing yet']
    assert saved_before_restart(str(tmp_path), AGAIN)[0] is None


@pytest.mark.parametrize('environ', [{}, dict(FIRST, TORCHELASTIC_MAX_RESTARTS='0'), dict(FIRST, RANK='1')])
def test_without_restarts_nothing_is_left(tmp_path: Path, environ: dict[str, str]) -> None:
    assert saved_before_restart(str(tmp_path), environ) == (None, [])
    assert not (tmp_path / MARK).exists()
    save(tmp_path, 1)
    assert saved_before_restart(str(tmp_path), AGAIN)[0] is None
