"""Packages whose public names are imported on first use, so that ``--help`` and light uses need not wait for torch."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Mapping
from typing import Any


def lazy_names(
    package: str, modules: Mapping[str, str], moved: Mapping[str, str] | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The ``__getattr__`` and ``__dir__`` (PEP 562) of a package.

    Example, in a package's ``__init__.py``::

        __getattr__, __dir__ = lazy_names(__name__, {'build': '.build', 'Tiling': '.tiling'})

    Args:
        package: The package's ``__name__``.
        modules: Public name -> the module below the package that defines it.
        moved: Name that was here once -> its full name today. It still works, with a DeprecationWarning.
    """
    moved = moved or {}

    def get(name: str) -> Any:
        if name in modules:
            return getattr(importlib.import_module(modules[name], package), name)
        if name not in moved:
            raise AttributeError(f'module {package!r} has no attribute {name!r}')
        warnings.warn(f'{package}.{name}: import {moved[name]} instead', DeprecationWarning, stacklevel=2)
        module, _, new = moved[name].rpartition('.')
        return getattr(importlib.import_module(module), new)

    return get, lambda: sorted(modules)
