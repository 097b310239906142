"""Names of our configs: of the files, of the models in the metafiles, and of earlier versions."""

from __future__ import annotations

import difflib
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

from .checkpoint_files import looks_like_checkpoint
from .data_option import data_sets


@dataclass(frozen=True)
class NewName:
    """What became of a config of an earlier version.

    Attributes:
        config: The file, relative to the repository.
        data: The data set that was in the old name (``--data``); None: the file's own.
        schedule: The schedule that was in the old file in place of the new one's (``--schedule``).
        cfg_options: What was else in the old file (``--cfg-options``).
    """

    config: str
    data: str | None = None
    schedule: str | None = None
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
                *(['--schedule', self.schedule] if self.schedule else []),
                *(['--cfg-options', *options] if options else []),
            ]
        )


def runnable_configs() -> dict[str, Path]:
    """Name -> file of the configs in ``configs/``, without the parts in ``_base_``."""
    return {
        path.stem: path for path in sorted((resource_root() / 'configs').glob('*/*.py')) if path.parent.name != '_base_'
    }


def networks() -> dict[str, Path]:
    """Name -> file that holds its ``model``, sorted; the name is the first field of its configs' names.

    The file is the one in ``configs/_base_/models`` where several configs share the network, else its config. The
    examples that change other packages' networks are left out.
    """
    shared, known = resource_root() / 'configs' / '_base_' / 'models', data_sets()
    found: dict[str, Path] = {}
    for stem, path in runnable_configs().items():
        network, *_, data = stem.split('_')
        if data in known:
            part = shared / f'{network}.py'
            found.setdefault(network, part if part.is_file() else path)
    return dict(sorted(found.items()))


def metafile_models(metafile: Path) -> list[dict[str, Any]]:
    """The entries below ``Models`` of a metafile; none where it does not exist."""
    if not metafile.is_file():
        return []
    return (yaml.safe_load(metafile.read_text(encoding='utf-8')) or {}).get('Models') or []


def short_names() -> Iterator[tuple[str, Path]]:
    """The models that have a name of their own in a metafile (``ggl-net-tiny_three-sources``), and their config."""
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


def find_config(path: str) -> Path:
    """Find a config as given, or, from another directory, relative to the repository.

    Raises:
        ConfigError: It is at neither place; the new name of an old one, or near matches in ``configs/`` are named.
    """
    if looks_like_checkpoint(path):
        raise ConfigError(f'{path}: a checkpoint was given where the config belongs; the order is CONFIG CKPT ...')
    given = Path(path).expanduser()
    for candidate in (given, resource_root() / given):
        if candidate.is_file():
            return candidate.resolve()
    # one in _base_ is a part, unless a part was asked for
    parts = '_base_' in given.parts
    files = (resource_root() / 'configs').rglob('*.py')
    close = _looks_like(given, (p.relative_to(resource_root()) for p in files if ('_base_' in p.parts) == parts))
    hint = ''.join(f'\n    {c}' for c in close)
    raise ConfigError(
        f'config {path!r} does not exist; looked in {given.absolute().parent} and in '
        f'{(resource_root() / given).parent}.'
        + (
            renamed(given.name)
            or (f'\n  did you mean:{hint}' if close else '\n  no config has a similar name; see the folder configs/')
        )
    )


def find_named_config(model: str | os.PathLike[str]) -> Path:
    """A config by path, or one of ours by its name or that of a model in a metafile (``'ggl-net-tiny_three-sources'``).

    Raises:
        ConfigError: There is none; the new name of an old one, or near matches are named.
    """
    text = os.fspath(model)
    is_path = text.endswith('.py') or os.sep in text or os.path.isfile(os.path.expanduser(text))
    if not is_path and not looks_like_checkpoint(text):
        return config_of_name(text)
    return find_config(text)


def new_name(old: str | os.PathLike[str]) -> NewName | None:
    """What became of a config, by its name or path in an earlier version; None if it had no such one."""
    known, path = _old_names(), Path(old)
    found = known.get('/'.join(path.parts[-3:])) or known.get(path.name.removesuffix('.py'))
    return (
        None
        if found is None
        else NewName(
            f'configs/{found["config"]}', found.get('data'), found.get('schedule'), found.get('cfg_options') or {}
        )
    )


def renamed(text: str) -> str:
    """A line for an error about a config that is not there: the new name of an old one in the text, or nothing."""
    for word in re.findall(r'[\w./-]+', text):
        if (new := new_name(word)) is not None:
            old = Path(word)
            if old.parent.name == 'models' and '_base_' not in Path(new.config).parts:
                return (
                    f'\n  the network {old.stem} stands in its config now.\n  cure: inherit from {new.config} '
                    'in place of network, data set, schedule and runtime; --data and --schedule exchange these'
                )
            return f'\n  {old.name.removesuffix(".py")} has another name now.\n  cure: {new}'
    return ''


@cache
def _old_names() -> dict[str, dict[str, Any]]:
    path = resource_root() / 'configs' / 'old_names.yml'
    return yaml.safe_load(path.read_text(encoding='utf-8')) if path.is_file() else {}


def _looks_like(path: Path, candidates: Iterator[Path], n: int = 5) -> list[str]:
    by_name: dict[str, list[str]] = {}
    for candidate in candidates:
        by_name.setdefault(candidate.name, []).append(str(candidate))
    close = difflib.get_close_matches(path.name, list(by_name), n=n, cutoff=0.5)
    return [full for name in close for full in sorted(by_name[name])][:n]
