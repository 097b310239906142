"""Keep a notice of the maintained line that says nothing out of every tool's output.

onedl-mmdetection and onedl-mmsegmentation offer data sets of the OneDL service.  Where its SDK (the package ``onedl``)
is not installed, each import prints ``Could not import OneDL`` up to four times: at debug level, but by mmengine's
``print_log`` without a logger, which prints whatever the level.
"""

from __future__ import annotations

import functools
import importlib.util
import logging
from typing import Any

_NOTICE = 'Could not import OneDL'


def silence_onedl_notice() -> None:
    """Leave this notice out, and nothing else, while the SDK is not installed.

    With the SDK there, a failed import is worth knowing about, and the notice is printed.  Call it before mmdet or
    mmseg is imported; calling it again does nothing.
    """
    import mmengine.logging

    original = mmengine.logging.print_log
    if getattr(original, 'mmirstd_quiet', False) or importlib.util.find_spec('onedl') is not None:
        return

    @functools.wraps(original)
    def print_log(msg: Any, logger: Any = None, level: int = logging.INFO) -> None:
        if level == logging.DEBUG and logger is None and isinstance(msg, str) and msg.startswith(_NOTICE):
            return
        original(msg, logger=logger, level=level)

    print_log.mmirstd_quiet = True  # type: ignore[attr-defined]  # the mark that is looked for above
    mmengine.logging.print_log = print_log
