from __future__ import annotations

import time
from pathlib import Path

from mmirstd.app.old_uploads import keep_removing_old_files, remove_old_files

HOUR = 3600


def test_old_files_go_and_results_stay(tmp_path: Path) -> None:
    upload, result = tmp_path / 'a1b2/image.png', tmp_path / 'sessions/x/mask.png'
    for path in (upload, result):
        path.parent.mkdir(parents=True)
        path.write_bytes(b'0')
    keep = [tmp_path / 'sessions']
    assert remove_old_files(tmp_path, HOUR, keep) == 0
    assert upload.is_file()
    assert remove_old_files(tmp_path, HOUR, keep, now=time.time() + HOUR + 60) == 1
    assert not upload.parent.exists()
    assert result.is_file()


def test_a_link_is_removed_and_not_followed(tmp_path: Path) -> None:
    other = tmp_path / 'other'
    other.mkdir()
    (other / 'kept.txt').write_bytes(b'0')
    folder = tmp_path / 'app'
    folder.mkdir()
    (folder / 'link').symlink_to(other)
    assert remove_old_files(folder, HOUR, now=time.time() + HOUR + 60) == 1
    assert (other / 'kept.txt').is_file()
    assert not (folder / 'link').is_symlink()


def test_a_folder_that_is_not_there() -> None:
    assert remove_old_files(Path('no such folder'), HOUR) == 0


def test_it_goes_on_while_files_arrive(tmp_path: Path) -> None:
    """What ended Gradio's own task."""
    keep_removing_old_files(tmp_path, keep=[], every=0.001, age=-1)
    for k in range(200):
        (tmp_path / f'{k}.png').write_bytes(b'0')
    end = time.monotonic() + 60
    while any(tmp_path.iterdir()) and time.monotonic() < end:
        time.sleep(0.01)
    assert not any(tmp_path.iterdir())
    tmp_path.rmdir()  # which ends the thread
