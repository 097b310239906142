"""Where the paths of a suite file lead.

A suite has a home: the folder in which its commands run. For a suite in mmirstd's own checkout it is the checkout, for
any other the folder of the file. A relative path is looked for there, then at the other of these two places. Where
mmirstd was installed as a package, its configs are inside the package.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SuitePaths:
    """The places of a suite.

    Attributes:
        file: The suite file, absolute.
        root: The folder of mmirstd's ``configs/``, see :func:`mmirstd.utils.resources.resource_root`.
    """

    file: Path
    root: Path

    @property
    def in_checkout(self) -> bool:
        """Whether the suite is one of mmirstd's own."""
        return self.file.is_relative_to(self.root.resolve())

    @property
    def home(self) -> Path:
        """Where relative paths begin and commands run."""
        return self.root if self.in_checkout else self.file.parent

    @property
    def shown(self) -> str:
        """The file as tables name it: relative to the checkout, or its name alone."""
        return self.file.relative_to(self.root.resolve()).as_posix() if self.in_checkout else self.file.name

    def candidates(self, path: str) -> list[Path]:
        """Where a path may lead, in the order in which it is tried."""
        given = Path(path).expanduser()
        if given.is_absolute():
            return [given]
        other = self.file.parent if self.in_checkout else self.root
        return [self.home / given, other / given]

    def find(self, path: str) -> Path:
        """The first candidate that exists; the first of all if none does."""
        candidates = self.candidates(path)
        return next((candidate for candidate in candidates if candidate.exists()), candidates[0])

    def find_file(self, path: str) -> Path | None:
        """The first candidate that is a file, absolute; None: none is."""
        return next((candidate.resolve() for candidate in self.candidates(path) if candidate.is_file()), None)

    def target(self, path: str) -> Path:
        """Where something is written."""
        return self.candidates(path)[0]

    def looked_in(self, path: str) -> str:
        """The candidates in words, for a message."""
        return ', '.join(str(candidate.parent) for candidate in self.candidates(path))
