"""``python -m mmirstd.compat.run SCRIPT [ARGS ...]``: run somebody else's tool on an mmcv without compiled ops.

Naming ``mmirstd.registry`` in a config's ``custom_imports`` is enough for
mmseg's tools and mmdet's ``tools/train.py``.  mmdet's ``tools/test.py`` imports
``mmdet.models`` before it has read the config; this puts the stand-in, and the
safe checkpoint loading, in place first.
"""

from __future__ import annotations

import os
import runpy
import sys

from .checkpoint import install_safe_checkpoint_loading
from .config_scopes import ensure_config_scopes
from .ops import ensure_mmcv_ops


def main(argv: list[str] | None = None) -> None:
    """Run the script named first in ``argv`` as ``__main__`` with the rest as its arguments.

    Raises:
        SystemExit: When no script is named, or it does not exist.
    """
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0].startswith('-'):
        sys.exit('usage: python -m mmirstd.compat.run SCRIPT [ARGS ...]')
    script = argv[0]
    if not os.path.isfile(script):
        sys.exit(f'mmirstd.compat.run: no such script: {script}')
    ensure_mmcv_ops()
    ensure_config_scopes()
    install_safe_checkpoint_loading()
    sys.argv = argv
    sys.path.insert(0, os.path.dirname(os.path.abspath(script)))
    runpy.run_path(script, run_name='__main__')


if __name__ == '__main__':
    main()
