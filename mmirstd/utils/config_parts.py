"""Parts of a config: found, and told by their type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

#: Our steps of a pipeline that read images.
IMAGE_LOADERS = ('LoadInfraredImage', 'LoadClip')


def config_dicts(node: Any) -> Iterator[dict[str, Any]]:
    """Each dict in a (part of a) config, itself first."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from config_dicts(value)
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from config_dicts(value)


def bare_type(part: Mapping[str, Any]) -> str:
    """The ``type`` of a part without its scope, '' if it has none; a class, as in mmengine's new style, by its name."""
    kind = part.get('type', '')
    return kind.rsplit('.', 1)[-1] if isinstance(kind, str) else getattr(kind, '__name__', '')


def is_mmengines(part: Mapping[str, Any], name: str) -> bool:
    """Whether a part's ``type`` is a class of mmengine, by name, by path (in a config that was written) or itself."""
    kind = part.get('type', '')
    path = kind if isinstance(kind, str) else f'{getattr(kind, "__module__", "")}.{getattr(kind, "__name__", "")}'
    return path == name or path.startswith('mmengine.') and path.endswith(f'.{name}')
