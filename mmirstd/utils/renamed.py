"""Names of earlier versions: still accepted, and the new name is said.

Code gets a ``DeprecationWarning``, which Python shows to developers. Options of a config, a checkpoint or a command
line belong to users: for them a line goes into the log, once a process.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import logging
import warnings
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, TypeVar

Target = TypeVar('Target', bound=Callable[..., Any])

_said: set[tuple[str, str]] = set()


def renamed_names(package: str, moved: Mapping[str, str], depth: int = 1) -> Callable[[str], Any]:
    """The ``__getattr__`` (PEP 562) of a module or package whose names have changed or moved.

    Example, in a package's ``__init__.py``::

        if not TYPE_CHECKING:
            __getattr__ = renamed_names(__name__, {'analyse': 'analysis.analyze'})

    Args:
        package: The module's ``__name__``.
        moved: Old name -> where it is now, below ``package``: ``'module.new_name'`` or, in the module itself,
            ``'new_name'``. The full name (``'mmirstd.utils.module.name'``) of what has left ``package``.
        depth: How many calls this one is away from the code that uses the old name.
    """
    top = package.partition('.')[0] + '.'

    def get(name: str) -> Any:
        if name not in moved:
            raise AttributeError(f'module {package!r} has no attribute {name!r}')
        place = moved[name] if moved[name].startswith(top) else f'{package}.{moved[name]}'
        module, _, new = place.rpartition('.')
        _warn(f'{package}.{name}: import {module}.{new} instead', depth)
        return getattr(importlib.import_module(module), new)

    return get


def renamed_arguments(say: bool = False, **renamed: str) -> Callable[[Target], Target]:
    """Let a function, or a class's constructor, take arguments under their old names, too.

    Args:
        say: The arguments are options of configs: users are told as well.
        renamed: Old name -> new name.

    Returns:
        A decorator. The decorated function raises ``TypeError`` where an argument is given under both names.
    """

    def decorate(target: Target) -> Target:
        if isinstance(target, type):
            target.__init__ = accept(target.__init__, target.__name__)  # type: ignore[misc]
            return target
        return accept(target, target.__qualname__.removesuffix('.__init__'))

    def accept(function: Target, name: str) -> Target:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            for old in renamed.keys() & kwargs.keys():
                new = renamed[old]
                if new in kwargs:
                    raise TypeError(f'{name}: {old} is the old name of {new}; both are given, give {new} alone')
                kwargs[new] = kwargs.pop(old)
                _warn(f'{name}: {old} is {new} now')
                if say:
                    say_renamed(old, new, name)
            return function(*args, **kwargs)

        return call  # type: ignore[return-value]

    return decorate


def renamed_attribute(old: str, new: str) -> property:
    """An attribute or a method under its old name, to be put into the class's body."""

    def get(self: Any) -> Any:
        _warn(f'{type(self).__name__}.{old} is {new} now')
        return getattr(self, new)

    return property(get, doc=f'The old name of ``{new}``.')


def rename_keys(values: MutableMapping[str, Any], renamed: Mapping[str, str], where: str | None = None) -> None:
    """Replace old keys of options by the new ones, in place.

    Where both are there, the old one wins: configs of this package have new keys only, so the old one is the user's.

    Args:
        values: Options of a config or a file.
        renamed: Old key -> new key.
        where: What the options belong to, for the line in the log; None says nothing: files that this package wrote.
    """
    for old in renamed.keys() & values.keys():
        values[renamed[old]] = values.pop(old)
        if where is not None:
            say_renamed(old, renamed[old], where)


def say_renamed(old: str, new: str, where: str) -> None:
    """Tell users of a new name, once for each place."""
    if (old, where) in _said:
        return
    _said.add((old, where))
    from mmengine.logging import print_log

    print_log(f'{where}: {old} is accepted; its name is {new} now', logger='current', level=logging.WARNING)


class RenamedOption(argparse.Action):
    """An option of a command line under its old name.

    Example::

        parser.add_argument('--colour', dest='color', action=RenamedOption, help=argparse.SUPPRESS)
    """

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Take the value, and say the new name."""
        say_renamed(str(option_string), f'--{self.dest.replace("_", "-")}', parser.prog)
        setattr(namespace, self.dest, values)


def _warn(text: str, depth: int = 1) -> None:
    # Frames up: this function, the accessor (at depth 1), the code that uses the old name.
    warnings.warn(text, DeprecationWarning, stacklevel=2 + depth)
