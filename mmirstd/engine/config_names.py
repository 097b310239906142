"""Names of our configs: of the files, of the models in the metafiles, and of earlier versions."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mmirstd.utils.errors import ConfigError
from mmirstd.utils.near_matches import near_matches
from mmirstd.utils.resources import resource_root


@dataclass(frozen=True)
class NewName:
    """What became of a config of an earlier version.

    Attributes:
        config: The file, relative to the repository.
        data: The data set that was in the old name (``--data``); None: the file's own.
        cfg_options: What was else in the old file (``--cfg-options``).
    """

    config: str
    data: str | None = None
    cfg_options: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """As on a command line."""
        options = [
            f'{key}={",".join(map(str, value)) if isinstance(value, list) else value}'
            for key, value in self.cfg_options.items()
        ]
        return ' '.join(
            [
                self.config,
                *(['--data', self.data] if self.data else []),
                *(['--cfg-options', *options] if options else []),
            ]
        )


def runnable_configs() -> dict[str, Path]:
    """Name -> file of the configs in ``configs/``, without the parts in ``_base_``."""
    return {
        path.stem: path for path in sorted((resource_root() / 'configs').glob('*/*.py')) if path.parent.name != '_base_'
    }


def metafile_models(metafile: Path) -> list[dict[str, Any]]:
    """The entries below ``Models`` of a metafile; none where it does not exist."""
    if not metafile.is_file():
        return []
    return (yaml.safe_load(metafile.read_text(encoding='utf-8')) or {}).get('Models') or []


def short_names() -> Iterator[tuple[str, Path]]:
    """The models that have a name of their own in a metafile (``ggl-net-tiny_general``), and their config."""
    root = resource_root()
    for metafile in sorted((root / 'configs').glob('*/metafile.yml')):
        for model in metafile_models(metafile):
            yield model['Name'], root / model['Config']


def names_with_weights() -> list[str]:
    """The models of the metafiles whose weights are a file of the repository."""
    metafiles = sorted((resource_root() / 'configs').glob('*/metafile.yml'))
    models = (model for metafile in metafiles for model in metafile_models(metafile))
    return [model['Name'] for model in models if '://' not in str(model.get('Weights') or '://')]


def config_of_name(name: str) -> Path:
    """The file of a config's or a model's name.

    Raises:
        ConfigError: There is none; the new name of an old one, or near matches are named.
    """
    known = runnable_configs()
    if name in known:
        return known[name]
    known.update(short_names())
    if name in known:
        return known[name]
    close = near_matches(name, known)
    raise ConfigError(
        f'{name!r} is neither a config file nor the name of one in {resource_root() / "configs"}.'
        + (
            renamed(name)
            or (
                f'\n  did you mean: {", ".join(close)}?'
                if close
                else f'\n  models with weights: {", ".join(names_with_weights())}'
            )
        )
    )


def new_name(old: str | os.PathLike[str]) -> NewName | None:
    """What became of a config, by its name or path in an earlier version; None if it had no such one."""
    found = _old_names().get(Path(old).name.removesuffix('.py'))
    return (
        None
        if found is None
        else NewName(f'configs/{found["config"]}', found.get('data'), found.get('cfg_options') or {})
    )


def renamed(text: str) -> str:
    """A line for an error about a config that is not there: the new name of an old one in the text, or nothing."""
    for word in re.findall(r'[\w./-]+', text):
        if (new := new_name(word)) is not None:
            return f'\n  {Path(word).name.removesuffix(".py")} has another name since 0.2.0.\n  cure: {new}'
    return ''


@cache
def _old_names() -> dict[str, dict[str, Any]]:
    path = resource_root() / 'configs' / 'old_names.yml'
    return yaml.safe_load(path.read_text(encoding='utf-8')) if path.is_file() else {}
