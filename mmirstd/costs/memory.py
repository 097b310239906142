"""Peak memory of a process."""

from __future__ import annotations

import re
import sys
from pathlib import Path

MIB = 1 << 20


def peak_memory() -> int | None:
    """Bytes that this process held at most; None where the system does not tell."""
    # Linux's ru_maxrss would begin with the peak of the process that started this one
    try:
        found = re.search(r'^VmHWM:\s*(\d+) kB', Path('/proc/self/status').read_text(), re.MULTILINE)
        if found:
            return int(found.group(1)) * 1024
    except OSError:
        pass
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == 'darwin' else 1024)
