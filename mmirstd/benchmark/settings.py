"""Where a benchmark runs: folders, data, threads and GPUs of this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mmirstd.utils.commands import python_program


@dataclass(frozen=True)
class Settings:
    """What belongs to this machine and call, not to the suite.

    Attributes:
        logs: Folder of the result records.
        work_dir: Folder for checkpoints and logs, one subfolder a suite and run.
        data: Data root name -> absolute path.
        jobs: Runs side by side.
        threads: OpenMP threads of each.
        gpus: As ``CUDA_VISIBLE_DEVICES`` names them: each job gets one; empty: jobs see what this process sees.
        program: What runs a command such as ``train``.
    """

    logs: Path
    work_dir: Path
    data: Mapping[str, str]
    jobs: int = 1
    threads: int = 1
    gpus: tuple[str, ...] = ()
    program: tuple[str, ...] = field(default_factory=lambda: python_program())

    def gpu_of(self, slot: int) -> str | None:
        """The GPU of the jobs in one of the slots that run side by side; None: none is assigned."""
        return self.gpus[slot % len(self.gpus)] if self.gpus else None

    def environment(self, gpu: str | None) -> dict[str, str]:
        """Environment variables of a job, beside those that are there."""
        threads = str(self.threads)
        variables = {'OMP_NUM_THREADS': threads, 'MKL_NUM_THREADS': threads}
        return variables if gpu is None else {**variables, 'CUDA_VISIBLE_DEVICES': gpu}
