from __future__ import annotations

import os
from pathlib import Path

import pytest

from mmirstd.benchmark.work_folder import WorkFolder
from mmirstd.utils.errors import CheckpointError, ConfigError


def test_parts(tmp_path: Path) -> None:
    folder = WorkFolder(tmp_path / 'run', 'a.py', ('x=1',))
    assert (folder.parts(), folder.trained()) == ([], False)
    folder.check()
    with folder.locked():
        folder.write_parts([dict(status=130)])
        assert not folder.trained()
        folder.write_parts([dict(status=130), dict(status=0)])
    assert folder.trained()
    assert [part['status'] for part in folder.parts()] == [130, 0]
    folder.check()
    for other in (WorkFolder(folder.path, 'a.py', ['x=2']), WorkFolder(folder.path, 'b.py', ['x=1'])):
        with pytest.raises(ConfigError, match=r'holds a training of a.py x=1, .*\n  cure: delete that folder'):
            other.check()


def test_one_process_at_a_time(tmp_path: Path) -> None:
    folder = WorkFolder(tmp_path / 'run', 'a.py', [])
    with folder.locked() as lock:
        with pytest.raises(CheckpointError, match='run: another process works in'), folder.locked():
            pass
        os.fstat(lock)  # the failed attempt has not closed ours
    with folder.locked():
        pass
