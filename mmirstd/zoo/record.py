"""The measured figures of the zoo, ``configs/zoo.json``, which ``mmirstd zoo --measure`` writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmirstd.utils.errors import ConfigError
from mmirstd.utils.files import write_json
from mmirstd.utils.json_text import parse_json
from mmirstd.utils.resources import resource_root

#: Of the image for FLOPs and times.
SIZE = 256


def record_path() -> Path:
    """Where the record is."""
    return resource_root() / 'configs' / 'zoo.json'


def read_record(path: Path | None = None) -> dict[str, dict[str, Any]]:
    """Network -> what was measured.

    ``params``, ``flops``, ``frames`` (of a clip), ``golden``; by backend ``time`` (over that of GGL-Net in PyTorch) and
    ``costs`` (``ms``, ``ms_p95``, ``mib``, ``joules``); ``machine``: the CPU and the versions they were measured with.

    Args:
        path: Default: :func:`record_path`.

    Raises:
        ConfigError: There is no such file, or it is no record.
    """
    path = record_path() if path is None else path
    try:
        content = parse_json(path.read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise ConfigError(f'{path}: cannot be read: {error}', cure='mmirstd zoo --measure writes it') from error
    networks = content.get('networks') if isinstance(content, dict) else None
    if not isinstance(networks, dict):
        raise ConfigError(f'{path}', found='no record of networks', expected='what `mmirstd zoo --measure` writes')
    return networks


def update_record(measured: Mapping[str, Mapping[str, Any]], known: set[str], path: Path | None = None) -> Path:
    """Put measured networks into the record; what was not measured now stays, what no longer exists goes.

    Args:
        measured: Network -> figures; figures that are None were not measured now and keep their last value.
        known: All networks there are.
        path: Default: :func:`record_path`.

    Returns:
        The file.
    """
    path = record_path() if path is None else path
    networks = read_record(path) if path.is_file() else {}
    for name, figures in measured.items():
        kept = networks.get(name, {})
        fresh = {key: value for key, value in figures.items() if value is not None}
        if 'time' in fresh:
            fresh['time'] = {**kept.get('time', {}), **fresh['time']}
        if 'costs' in fresh:
            before = kept.get('costs', {})
            merged = {backend: {**before.get(backend, {}), **costs} for backend, costs in fresh['costs'].items()}
            fresh['costs'] = {**before, **merged}
        networks[name] = {**kept, **fresh}
    kept_networks = {name: networks[name] for name in sorted(networks) if name in known}
    write_json(path, dict(size=SIZE, networks=kept_networks))
    return path
