"""OpenVINO, imported so that it reports to nobody."""

from __future__ import annotations

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
