"""Where a benchmark runs: folders, data, threads of this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """What belongs to this machine and call, not to the suite.

    Attributes:
        logs: Folder of the result records.
        work_dir: Folder for checkpoints and logs, one subfolder a suite and run.
        data: Data root name -> absolute path.
        jobs: Runs side by side.
        threads: OpenMP threads of each.
    """

    logs: Path
    work_dir: Path
    data: dict[str, str]
    jobs: int = 1
    threads: int = 1
