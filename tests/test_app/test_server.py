from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mmirstd.app import server
from mmirstd.app.upload_limits import UploadLimits
from mmirstd.utils.errors import UserError
from tests.shared import REPO


@pytest.mark.parametrize(
    ('root', 'cure'),
    [(REPO, 'make app, or pip install -r requirements-app.txt'), (None, 'pip install "mmirstd[app]"')],
    ids=['checkout', 'wheel'],
)
def test_without_gradio_it_says_what_works_there(
    root: Path | None, cure: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, 'resource_root', lambda: root or tmp_path)
    monkeypatch.setattr(server, 'prepare_environment', lambda folder: None)
    monkeypatch.setitem(sys.modules, 'gradio', None)  # as if it were not installed
    monkeypatch.delitem(sys.modules, 'mmirstd.app.page', raising=False)
    with pytest.raises(UserError, match='needs Gradio') as caught:
        server.start([], UploadLimits(), tmp_path, '127.0.0.1', 1)
    assert caught.value.cure == cure
