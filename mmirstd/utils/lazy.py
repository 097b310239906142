"""Packages whose public names are imported on first use, so that ``--help`` and light uses need not wait for torch."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from .renamed import renamed_names


def lazy_names(
    package: str, modules: Mapping[str, str], moved: Mapping[str, str] | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The ``__getattr__`` and ``__dir__`` (PEP 562) of a package.

    Example, in a package's ``__init__.py``::

        if not TYPE_CHECKING:
            __getattr__, __dir__ = lazy_names(__name__, {'build': '.build', 'Tiling': '.tiling'})

    A type checker that saw ``__getattr__`` would take any name for one of the package; it sees imports instead.

    Args:
        package: The package's ``__name__``.
        modules: Public name -> the module below the package that defines it, or an absolute module.
        moved: Names of earlier versions, see :func:`~.renamed.renamed_names`.

    Raises:
        ValueError: A name is that of its module: once the module is imported, the package would give out that.
    """
    for name, module in modules.items():
        if module == f'.{name}':
            raise ValueError(f'{package}: the name {name} is that of its module')
    old = renamed_names(package, moved or {}, depth=2)

    def get(name: str) -> Any:
        if name in modules:
            return getattr(importlib.import_module(modules[name], package), name)
        return old(name)

    return get, lambda: sorted(modules)
