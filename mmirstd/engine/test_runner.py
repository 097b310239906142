"""A test leaves the work dir of the training as it is."""

from __future__ import annotations

from pathlib import Path

from mmengine.dist import master_only
from mmengine.runner import Runner


class TestRunner(Runner):
    """mmengine's Runner, which writes the config of a test beside the log of the test.

    A test has the work dir of its training by default. Its config lacks what only a training needs, and has the options
    of the test (``--eval-size``, ``--protocol``). In the place of the training's it would spoil every later command
    that is given the config in the work dir.
    """

    __test__ = False  # no test of pytest's

    @master_only
    def dump_config(self) -> None:
        """Write the config into the folder of the log."""
        name = Path(self.cfg.filename).name if self.cfg.filename else f'{self.timestamp}.py'
        self.cfg.dump(str(Path(self.log_dir) / name))
