"""Configs are read hundreds of times here: the parts in ``_base_`` once each, and mmengine's copies in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config


@pytest.fixture(scope='package', autouse=True)
def fast_configs() -> Iterator[None]:
    """A part in ``_base_`` has no bases outside of it, so that nothing decides what it gives but the file."""
    evaluate, known = Config._file2dict, {}

    def read(filename: str, *args: Any, **kwargs: Any) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            if Path('/dev/shm').is_dir():
                patch.setattr(tempfile, 'tempdir', '/dev/shm')
            return evaluate(filename, *args, **kwargs)

    def file2dict(filename: str, *args: Any, **kwargs: Any) -> Any:
        path = Path(filename).resolve()
        if '_base_' not in path.parts:
            return read(filename, *args, **kwargs)
        if path not in known:
            known[path] = read(filename, *args, **kwargs)
        return deepcopy(known[path])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Config, '_file2dict', staticmethod(file2dict))
        yield
