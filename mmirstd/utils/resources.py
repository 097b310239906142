"""Where configs, metafiles and the small weights are: in a checkout, or inside the installed package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def resource_root() -> Path:
    """The folder that holds ``configs/`` and ``model-index.yml``.

    A checkout's own, so that an edited config counts at once; else ``mmirstd/.mim`` of the installed package, where
    mim and mmengine's ``mmirstd::`` look as well.
    """
    checkout = _PACKAGE.parent
    return checkout if (checkout / 'configs' / '_base_').is_dir() else _PACKAGE / '.mim'


def base_name(path: Path) -> str:
    """How a config anywhere names a file in its ``_base_``: ``mmirstd::_base_/models/acm.py``, or the path."""
    configs = resource_root() / 'configs'
    return f'mmirstd::{path.relative_to(configs).as_posix()}' if path.is_relative_to(configs) else str(path)
