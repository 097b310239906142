"""OpenVINO, imported so that it reports to nobody, and started once."""

from __future__ import annotations

import functools
import sys
from typing import Any


def import_openvino() -> Any:
    """The package ``openvino``, without its telemetry.

    ``import openvino`` tells its maker's analytics server that it was imported, and ``convert_model`` what it
    converted, unless a file in the home directory forbids it. On a machine whose network answers nothing the process
    then waits for the server at its end. OpenVINO has a stub for where the package ``openvino_telemetry`` is missing;
    to this process it is missing from here on.

    Raises:
        ImportError: OpenVINO is not installed.
    """
    if 'openvino' not in sys.modules:
        sys.modules.setdefault('openvino_telemetry', None)  # type: ignore[arg-type]
    import openvino

    return openvino


@functools.cache
def openvino_core() -> Any:
    """This process's ``openvino.Core``; it lives as long as the process.

    A core gives the thread that makes it a stack for signals, and frees this stack when it goes. Where another thread
    lets it go (as a garbage collection may), the first thread keeps the address: its next signal, Ctrl-C or the end
    of a child, ends the process without a word (OpenVINO 2026.4).

    Raises:
        ImportError: OpenVINO is not installed.
    """
    return import_openvino().Core()
