from __future__ import annotations

import pytest

from mmirstd.app.upload_limits import UploadLimits
from mmirstd.cli import app


def test_command_line(capsys: pytest.CaptureFixture) -> None:
    args = app.parse_args([])
    assert (args.host, args.port, args.model, args.limits) == ('127.0.0.1', 7860, [], UploadLimits())
    args = app.parse_args(
        ['--model', 'a', '--model', 'b', 'b.pth', '--max-upload-mb', '1.5', '--max-pixels', '100']
        + ['--max-frames', '7', '--max-files', '9']
    )
    assert (args.model, args.limits) == ([['a'], ['b', 'b.pth']], UploadLimits(1.5, 100, 7, 9))
    for wrong in (['--model', 'a', 'b', 'c'], ['--max-frames', '0'], ['--port', '99999']):
        with pytest.raises(SystemExit):
            app.parse_args(wrong)
        assert wrong[0] in capsys.readouterr().err
