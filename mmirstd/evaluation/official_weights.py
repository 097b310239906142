"""What authors published with their own weights, and how their code evaluates: ``configs/official_weights.yml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmirstd.utils.errors import ConfigError
from mmirstd.utils.near_matches import near_matches
from mmirstd.utils.resources import resource_root

_ANY = '*'


@dataclass(frozen=True)
class OfficialWeights:
    """An entry: the weights of one network and the figures published with them.

    Attributes:
        name: Of the entry.
        source: Address of the official code.
        arch: The official form, of ``mmirstd convert``.
        config: Below ``configs/``.
        outputs: How the official code turns the network's outputs into figures, in words.
        protocol: That restates its evaluation, of :mod:`mmirstd.evaluation.functional.protocols`.
        published: Data set -> measure -> value; Fa as a fraction.
        commit: Of the official code that was read.
        in_channels: 1, or 3 where the weights need the three-channel form.
        keep_unused: Keep parameters that the official network has and never uses.
        eval_size: Data set -> side to which image and mask are resized, None: native; ``'*'``: any other.
        cfg_options: Data set -> options of the config; those of ``'*'`` are for all.
        notes: What else one has to know, a sentence each.
    """

    name: str
    source: str
    arch: str
    config: str
    outputs: str
    protocol: str
    published: Mapping[str, Mapping[str, float]]
    commit: str = ''
    in_channels: int = 1
    keep_unused: bool = False
    eval_size: Mapping[str, int | None] = field(default_factory=dict)
    cfg_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def size_for(self, data_set: str) -> int | None:
        """The side to evaluate at, None: native size."""
        return self.eval_size.get(data_set, self.eval_size.get(_ANY))

    def options_for(self, data_set: str) -> dict[str, Any]:
        """The options of the config."""
        return {**self.cfg_options.get(_ANY, {}), **self.cfg_options.get(data_set, {})}

    def data_set_in(self, root: str) -> str:
        """The data set with published figures that a folder's path names.

        Args:
            root: Such as ``datasets/NUDT-SIRST``.

        Raises:
            ConfigError: None or several fit.
        """
        path = root.lower().replace('_', '-')
        fits = [name for name in self.published if _without_counts(name) in path]
        if len(fits) == 1:
            return fits[0]
        raise ConfigError(
            f'{root}: which data set of {self.name} this is '
            + ('is not clear' if fits else 'cannot be told from its name'),
            expected=', '.join(fits or self.published),
            cure=f'--data-set {(fits or list(self.published))[0]}',
        )


def read_official_weights(path: Path | None = None) -> dict[str, OfficialWeights]:
    """Read the entries of a file.

    Args:
        path: Default: ``configs/official_weights.yml``.

    Raises:
        ConfigError: The file cannot be read, or an entry lacks a key or has an unknown one.
    """
    import yaml

    path = resource_root() / 'configs' / 'official_weights.yml' if path is None else path
    try:
        content = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f'{path}: cannot be read: {error}') from error
    if not isinstance(content, dict):
        raise ConfigError(f'{path}', found=type(content).__name__, expected='a mapping of networks')
    return {name: _entry(path, name, given) for name, given in content.items() if not name.startswith('_')}


def get_official_weights(name: str, path: Path | None = None) -> OfficialWeights:
    """One entry.

    Args:
        name: Of the network.
        path: See :func:`read_official_weights`.

    Raises:
        ConfigError: There is no such entry; the message names the nearest.
    """
    entries = read_official_weights(path)
    if name in entries:
        return entries[name]
    close = near_matches(name, entries)
    raise ConfigError(
        f'no official weights are described under {name!r}' + (f'; did you mean: {", ".join(close)}?' if close else ''),
        expected=f'one of {", ".join(entries)}',
        cure='describe them in a file of your own: --entries my.yml, of the form of configs/official_weights.yml',
    )


def _entry(path: Path, name: str, given: Any) -> OfficialWeights:
    fields = OfficialWeights.__dataclass_fields__
    required = ('source', 'arch', 'config', 'outputs', 'protocol', 'published')
    if not isinstance(given, dict):
        raise ConfigError(f'{path}: {name}', found=type(given).__name__, expected=f'the keys {", ".join(required)}')
    missing = [key for key in required if key not in given]
    unknown = [key for key in given if key not in fields or key == 'name']
    if missing or unknown:
        wrong = [f'lacks {", ".join(missing)}'] * bool(missing) + [f'has unknown {", ".join(unknown)}'] * bool(unknown)
        raise ConfigError(
            f'{path}: {name} {" and ".join(wrong)}', expected=', '.join(key for key in fields if key != 'name')
        )
    return OfficialWeights(name=name, **{**given, 'notes': tuple(given.get('notes') or ())})


def _without_counts(data_set: str) -> str:
    """``nudt-sirst-663-664`` -> ``nudt-sirst``; ``nudt-mirsdt-masks`` -> ``nudt-mirsdt``, of which it is a form."""
    words = data_set.removesuffix('-masks').split('-')
    while len(words) > 1 and words[-1].isdigit() and len(words[-1]) > 1:
        words.pop()
    return '-'.join(words)
