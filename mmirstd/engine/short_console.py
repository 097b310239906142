"""Short consoles: one line an epoch in a training, the figures in a test; the whole log is in the file."""

from __future__ import annotations

import logging
import sys
from typing import Any

from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.runner import Runner

from mmirstd.utils.progress import StatusLine

from .hooks.epoch_table_hook import EpochTableHook
from .test_runner import TestRunner

#: Who speaks for somebody else: the functions by which a line gets into the log.
_CARRIERS = ('logging', 'mmengine.logging', 'mmirstd.compat.onedl_notice', __name__)
#: Whose lines are for the file: OpenMMLab's, and those of each iteration.
_FOR_THE_FILE = ('mmengine', 'mmcv', 'mmdet', 'mmseg', 'mmirstd.engine.hooks.timed_logger_hook')
#: Likewise in a training, whose table of epochs has the figures.
_IN_THE_TABLE = ('mmirstd.evaluation.metrics',)
#: Warnings about mmengine's own code, and of a prefix that our metrics do without on purpose: nobody can act on them.
_WITHOUT_CURE = ('The prefix is not set in metric class', '"FileClient" will be', '"HardDiskBackend" is the alias')


class ShortConsoleFilter(logging.Filter):
    """Passes warnings, and the information of mmirstd and of the user's own code.

    It must be asked while the line is being logged, because it looks for who called the logger.

    Args:
        status_line: Taken off the terminal before a line is passed.
        for_the_file: Modules and packages whose information is not passed.
    """

    def __init__(self, status_line: StatusLine, for_the_file: tuple[str, ...] = _FOR_THE_FILE) -> None:
        super().__init__()
        self._status_line = status_line
        self._for_the_file = for_the_file

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the console gets the line."""
        if record.levelno > logging.INFO:
            passed = not record.getMessage().startswith(_WITHOUT_CURE)
        else:
            passed = not _within(_speaker(), self._for_the_file)
        if passed:
            self._status_line.clear()
        return passed


def _speaker() -> str:
    """The module that had the line logged; empty if it cannot be told."""
    frame = sys._getframe(1)
    while frame is not None and _within(frame.f_globals.get('__name__', ''), _CARRIERS):
        frame = frame.f_back  # type: ignore[assignment]  # None at the end
    return '' if frame is None else frame.f_globals.get('__name__', '')


def _within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f'{package}.') for package in packages)


class ShortConsoleRunner(Runner):
    """mmengine's Runner with a table of epochs on the console (:class:`EpochTableHook`), warnings and our own notes.

    Its log file and ``scalars.json`` are the same as those of the ``Runner``.
    """

    #: Modules and packages whose information only the file gets.
    for_the_file: tuple[str, ...] = _FOR_THE_FILE + _IN_THE_TABLE

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """Build the logger; its console passes only what matters."""
        logger = super().build_logger(*args, **kwargs)
        self._status_line = StatusLine()
        for handler in logger.handlers:
            if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
                handler.addFilter(ShortConsoleFilter(self._status_line, self.for_the_file))
                if handler.formatter is not None:
                    handler.formatter.info_format = '%(message)s'  # type: ignore[attr-defined]  # MMFormatter's
        return logger

    def register_hooks(
        self,
        default_hooks: dict[str, Hook | dict] | None = None,
        custom_hooks: list[Hook | dict] | None = None,
    ) -> None:
        """Register the config's hooks, and the table in the main process."""
        super().register_hooks(default_hooks, custom_hooks)
        if self.rank == 0:
            self.register_hook(EpochTableHook(self._status_line))


class ShortTestRunner(TestRunner, ShortConsoleRunner):
    """The same for a test: the evaluators' tables are on the console, too."""

    for_the_file = _FOR_THE_FILE
