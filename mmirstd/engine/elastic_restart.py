"""A training that torchrun starts again after a process died goes on from the checkpoint that it has saved."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from mmirstd.utils.errors import CheckpointError
from mmirstd.utils.files import write_text

from .checkpoint_files import newest_checkpoint
from .launchers import restart_count

#: What the first start leaves in the work dir: checkpoints that are older belong to another run.
MARK = '.elastic_start'


def saved_before_restart(work_dir: str, environ: Mapping[str, str] = os.environ) -> tuple[str | None, list[str]]:
    """The newest complete checkpoint that this run saved before torchrun (``--max-restarts``) started it again.

    Call it once at the start: at the first start, the first process leaves a mark, by which checkpoints of an earlier
    run in the same work dir are told from those of this one.

    Args:
        work_dir: Of the run.
        environ: The environment.

    Returns:
        The checkpoint, None if it had saved none or was not started again; and lines for the log.
    """
    restarts = restart_count(environ)
    mark = Path(work_dir) / MARK
    if not restarts:
        if int(environ.get('TORCHELASTIC_MAX_RESTARTS') or 0) and environ.get('RANK') == '0':
            write_text(mark, '')
        return None, []
    said = f'torchrun started this training again, restart {restarts}'
    try:
        newest = newest_checkpoint(work_dir)
        ours = Path(newest.path).stat().st_mtime_ns >= mark.stat().st_mtime_ns
    except (CheckpointError, FileNotFoundError):
        ours = False
    if not ours:
        return None, [f'{said}; it had saved nothing yet']
    return newest.path, [said, str(newest)]
