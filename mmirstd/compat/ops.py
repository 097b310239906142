"""A stand-in for mmcv's compiled operators when mmcv was installed without them.

mmcv builds its C++ operators for minutes and needs a compiler.  Without them
``import mmcv.ops``, and with it ``import mmdet.models``, fails although IRSTD
models need a single operator: NMS.  :func:`ensure_mmcv_ops` appends a finder to
``sys.meta_path`` that answers for the one name ``mmcv._ext``.  Python asks the
finders in order, so a compiled ``mmcv._ext`` that exists always wins, nothing
happens before mmcv's operators are really wanted, and mmcv itself need not be
imported (or even installed) when the finder is put in place.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, NoReturn

EXT_NAME = 'mmcv._ext'


def compile_cure() -> str:
    """What a user has to do to get mmcv's compiled operators, as text with the command.

    pip's cache is left out because it hands back the wheel built before without operators.
    """
    from importlib import metadata

    pip = 'MMCV_WITH_OPS=1 pip install --force-reinstall --no-deps --no-cache-dir --no-build-isolation'
    command = f'{pip} onedl-mmcv'
    for name in ('onedl-mmcv', 'mmcv', 'mmcv-lite'):
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        if name == 'mmcv-lite':
            command = f'pip uninstall -y mmcv-lite && {pip} mmcv=={version}'
        else:
            command = f'{pip} {name}=={version}'
        break
    return (
        f'Install mmcv with compiled operators (needs a C++ compiler, and builds for several minutes):\n    {command}'
    )


def _missing_op(name: str) -> Callable[..., NoReturn]:
    """A function in the place of the compiled operator ``name`` that says what is missing when called."""

    def missing(*args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(
            f'mmcv.ops: the operator {name!r} exists only in the compiled module {EXT_NAME}, and the mmcv '
            f'installed here was built without it (mmirstd stands in for `nms` only). {compile_cure()}'
        )

    missing.__name__ = missing.__qualname__ = name
    missing.__module__ = EXT_NAME
    return missing


def _no_compiler() -> str:
    """Stands for ``get_compiler_version``: mmcv's ``collect_env`` calls it at the start of every run."""
    return 'n/a'


class MmcvOpsLoader(Loader):
    """Fills the stand-in module ``mmcv._ext``.

    ``nms`` is :func:`mmirstd.compat.nms.nms`, the two version queries answer
    ``'n/a'``, and any other operator raises ``NotImplementedError`` when called.
    """

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Let Python make the module object."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Put the operators into ``module``."""
        from .nms import nms

        def __getattr__(name: str) -> Callable[..., NoReturn]:
            # Operators never start with an underscore; introspection (``__file__``, ``__wrapped__``) does.
            if name.startswith('_'):
                raise AttributeError(f'module {EXT_NAME!r} has no attribute {name!r}')
            op = _missing_op(name)
            setattr(module, name, op)
            return op

        module.__doc__ = 'Stand-in by mmirstd.compat for the compiled operators that this mmcv lacks.'
        vars(module).update(
            nms=nms,
            get_compiler_version=_no_compiler,
            get_compiling_cuda_version=_no_compiler,
            __getattr__=__getattr__,
        )


class MmcvOpsFinder(MetaPathFinder):
    """Finds ``mmcv._ext``, and nothing else, after every other finder has failed."""

    mmirstd_fallback = True

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Answer with the stand-in's spec for ``mmcv._ext``, ``None`` otherwise."""
        if fullname != EXT_NAME:
            return None
        return ModuleSpec(EXT_NAME, MmcvOpsLoader(), origin='mmirstd.compat')


def compiled_ops_available() -> bool | None:
    """Whether the installed mmcv brings its own compiled ``mmcv._ext``.

    Does not import mmcv.

    Returns:
        ``True`` or ``False``, and ``None`` when mmcv is not installed.
    """
    spec = importlib.util.find_spec('mmcv')
    if spec is None:
        return None
    return PathFinder.find_spec(EXT_NAME, spec.submodule_search_locations) is not None


def ensure_mmcv_ops() -> None:
    """Make ``mmcv.ops`` importable where mmcv was installed without compiled operators.

    Has no effect on an mmcv that has them.  Safe to call any number of times,
    at any moment, with or without mmcv installed.
    """
    # A marker, not isinstance: after a reload of this file the class is a new one.
    if not any(getattr(finder, 'mmirstd_fallback', False) for finder in sys.meta_path):
        sys.meta_path.append(MmcvOpsFinder())
