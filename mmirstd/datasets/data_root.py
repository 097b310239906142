"""One option moves every split of a config to another root."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log

#: The parts of a config that name data.
_PARTS = ('train_dataloader', 'val_dataloader', 'test_dataloader', 'val_evaluator', 'test_evaluator')


def apply_data_root(cfg: Config, before: str | None = None) -> list[str]:
    """Carry ``--cfg-options data_root=PATH`` to the data sets of ``cfg``.

    A config writes ``data_root = 'data/X'`` and uses the variable in its data
    sets.  By the time the command line changes the variable, the data sets
    already hold the old text.  Call this after ``cfg.merge_from_dict``: every
    path below the data loaders and evaluators (wrapped data sets included) that
    is the config file's own ``data_root``, or lies below it, moves to the new
    one.  Nothing happens when the command line left ``data_root`` alone.

    Several data sets with distinct roots: those below the file's ``data_root``
    move (so write ``data_root = 'data'`` and ``data_root + '/NUAA-SIRST'``),
    others stay where they are and are logged.

    Args:
        cfg: The config, changed in place.
        before: Its ``data_root`` before the command line changed it; None: as the file has it.

    Returns:
        The keys that were changed, such as ``train_dataloader.dataset.data_root``.

    Raises:
        ValueError: ``data_root`` was changed but no path follows it.
    """
    new = cfg.get('data_root')
    if not isinstance(new, str):
        return []
    roots = sorted({value for _, _, key, value in _strings(cfg) if key == 'data_root'})
    old = before if before is not None else _root_in_file(cfg)
    if old is None:
        # No file, or a file without the variable: clear only when the data sets agree on one root.
        if len(roots) > 1:
            raise ValueError(
                f'data_root={new!r} cannot be applied: the config has no data_root of its own and its data sets have '
                f'the roots {roots}; set train_dataloader.dataset.data_root and so on'
            )
        old = roots[0] if roots else new
    old, new = _clean(old), _clean(new)
    if old == new:
        return []

    changed, untouched = [], []
    for container, place, key, value in list(_strings(cfg)):
        path = _clean(value)
        if new.startswith(old + '/') and (path + '/').startswith(new + '/'):
            continue  # already moved: the new root lies below the old one
        if path == old or path.startswith(old + '/'):
            container[key] = new + path[len(old) :]
            changed.append(place)
        elif key == 'data_root' and path != new:
            untouched.append(f'{place}={value}')
    if not changed and any(_clean(root) != new for root in roots):
        raise ValueError(
            f'data_root={new!r} moves nothing: no data set lies below {old!r}, the data_root of '
            f'{cfg.filename or "the config"}; found the roots {roots}'
        )
    if changed:
        print_log(f'data_root: {old} -> {new} ({len(changed)} paths)', logger='current')
    if untouched:
        print_log(f'data_root={new} leaves these as they are: {", ".join(untouched)}', logger='current')
    return changed


def _root_in_file(cfg: Config) -> str | None:
    """``data_root`` as the config file has it, whatever was merged since."""
    if not cfg.filename or not os.path.isfile(cfg.filename):
        return None
    root = Config.fromfile(cfg.filename, import_custom_modules=False).get('data_root')
    return root if isinstance(root, str) else None


def _strings(cfg: Config) -> Iterator[tuple[Any, str, str | int, str]]:
    """(container, dotted place, key, text) of each string in the data parts, each container once."""
    seen: set[int] = set()

    def walk(node: Any, place: str) -> Iterator[tuple[Any, str, str | int, str]]:
        if not isinstance(node, (dict, list)) or id(node) in seen:
            return
        seen.add(id(node))
        for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
            if isinstance(value, str):
                yield node, f'{place}.{key}', key, value
            else:
                yield from walk(value, f'{place}.{key}')

    for part in _PARTS:
        yield from walk(cfg.get(part), part)


def _clean(path: str) -> str:
    """Without a final slash or ``./``, so that equal folders have equal texts."""
    return os.path.normpath(path).replace(os.sep, '/') if path else path
