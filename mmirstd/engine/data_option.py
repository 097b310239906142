"""``--data NAME``: a config on another data set.

A config names its data set in ``_base_``. With the option it is evaluated as if another one stood there: what it says
itself (network, schedule, batch size, transforms put into the pipeline) stays, all else is the new data set's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmirstd.utils.config_parts import bare_type
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.resources import resource_root

#: What a data set's evaluator says of its ground truth.
_KINDS = {
    'IRSTDMetric': 'images with masks',
    'MovingTargetMetric': 'clips with boxes',
    'ClipMaskMetric': 'clips with masks',
}
_LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
#: Of a data set's entry: where its files are.
_LOCATION = ('data_root', 'ann_file', 'data_prefix')


def data_sets() -> dict[str, Path]:
    """Name -> file of the data sets in ``configs/_base_/datasets``, sorted."""
    folder = resource_root() / 'configs' / '_base_' / 'datasets'
    return {path.stem: path for path in sorted(folder.glob('*.py')) if not path.stem.endswith('_pipelines')}


def find_data_set(name: str) -> Path:
    """The file of a data set, by its name or its path.

    Raises:
        ConfigError: There is none; all names are listed, the most similar first.
    """
    known = data_sets()
    if name in known:
        return known[name]
    if name.endswith('.py') or os.sep in name:
        given = Path(name).expanduser()
        for path in (given, resource_root() / given):
            if path.is_file():
                return path.resolve()
    similar = sorted(
        known,
        reverse=True,
        key=lambda other: (name.lower() in other, SequenceMatcher(None, name.lower(), other).ratio()),
    )
    raise ConfigError(
        f'--data {name}: there is no such data set.\n  there are: {", ".join(similar)}\n'
        '  cure: one of these, or the path of a file like those in configs/_base_/datasets'
    )


def data_set_of(config: str | os.PathLike[str]) -> Path | None:
    """The file of a data set among the bases of a config; None: there is none."""
    return base_part(config, 'datasets')


def base_part(config: str | os.PathLike[str], kind: str) -> Path | None:
    """The first file of a folder ``_base_/<kind>`` among the bases of a config; None: there is none."""
    for path in bases_of(config):
        if path.parent.name == kind and path.parent.parent.name == '_base_':
            return path
        if (found := base_part(path, kind)) is not None:
            return found
    return None


def bases_of(config: str | os.PathLike[str]) -> list[Path]:
    """The files in a config's own ``_base_``."""
    return [Path(Config._get_cfg_path(base, str(config))[0]).resolve() for base in Config._get_base_files(str(config))]


def _with_bases(config: Path) -> set[Path]:
    return {config}.union(*(_with_bases(base) for base in bases_of(config)))


class DataExchange:
    """A config on another data set.

    Args:
        config: File of the config.
        name: See :func:`find_data_set`.

    Raises:
        ConfigError: There is no such data set, the config has none that could be exchanged, or the ground truth is of
            another kind.
    """

    def __init__(self, config: Path, name: str) -> None:
        self._where = f'{config}: --data {name}'
        self._config = config
        self._wanted = find_data_set(name)
        current = data_set_of(config)
        if current is None or config.parent == current.parent:  # the second: it is a data set itself
            raise ConfigError(
                f'{self._where}: none of its bases is a data set that could be exchanged (a file in a '
                'folder _base_/datasets).\n  cure: '
                + (
                    "change the data sets in the config: mmengine's new style has no _base_; or --cfg-options "
                    'data_root=PATH'
                    if Config._is_lazy_import(str(config))
                    else 'name the data set in _base_, as our configs do'
                )
            )
        self._current = current
        old, self._new = _read(current), _read(self._wanted)
        self._imports: list[str] = self._new.get('custom_imports', {}).get('imports') or []
        if ground_truth(old) != ground_truth(self._new):
            fitting = [other for other, path in data_sets().items() if ground_truth(_read(path)) == ground_truth(old)]
            raise ConfigError(
                f'{self._where}: has {ground_truth(self._new)}, this config is for {ground_truth(old)}.\n'
                f'  these fit: {", ".join(fitting)}'
            )

    @contextmanager
    def active(self) -> Iterator[None]:
        """Within, mmengine reads the new data set's file in place of the old one's."""
        resolve, inside = Config._get_cfg_path, _with_bases(self._wanted)  # it may inherit from the old one
        read = Config._file2dict

        def exchanged(cfg_path: str, filename: str) -> tuple[str, str | None]:
            path, scope = resolve(cfg_path, filename)
            if Path(path).resolve() == self._current and Path(filename).resolve() not in inside:
                return str(self._wanted), None
            return path, scope

        def without_imports(filename: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
            content, *rest = read(filename, *args, **kwargs)
            if Path(filename).resolve() == self._wanted:
                content.pop('custom_imports', None)  # no two bases may have it; see add_imports
            return content, *rest

        Config._get_cfg_path = staticmethod(exchanged)
        Config._file2dict = staticmethod(without_imports)
        try:
            yield
        finally:
            Config._get_cfg_path = staticmethod(resolve)
            Config._file2dict = staticmethod(read)

    def check(self, cfg: Config) -> None:
        """See that what the config says itself belongs to no certain data set; before options are merged.

        Raises:
            ConfigError: The config says where files are, or changes a part that the new data set does not have.
        """
        for loader in _LOADERS:
            own, new = (cfg.get(loader) or {}).get('dataset') or {}, self._new[loader]['dataset']
            parts = [key for key in ('datasets', 'dataset') if key in new]  # of several, or repeated
            shared = set(new) - set(parts)  # what a data set of several has for all of them
            foreign = [
                key for key in own if own[key] != new.get(key) and (key in _LOCATION or parts and key not in shared)
            ]
            if foreign:
                keys = ', '.join(f'{loader}.dataset.{key}' for key in foreign)
                why = 'is made of several ones, each with these for itself' if parts else 'has its own'
                raise ConfigError(
                    f'{self._where}: the config sets {keys}, and the new data set {why}.\n  cure: take '
                    'that out of the config, or write a config that inherits from it'
                )

    def add_imports(self, cfg: Config) -> None:
        """Add the modules that the new data set's file names in ``custom_imports``, those of its own parts."""
        own = cfg.get('custom_imports') or {}
        if new := [name for name in self._imports if name not in own.get('imports', ())]:
            cfg.custom_imports = dict(own, imports=[*own.get('imports', ()), *new])

    def name_run(self, cfg: Config, keep: tuple[str, ...] = ()) -> None:
        """Let ``work_dir`` and ``experiment_name`` (in logs and checkpoints) say the new data set, except ``keep``."""
        data, stem = self._wanted.stem, self._config.stem.removesuffix(f'_{self._current.stem}')
        for key, default in (('work_dir', os.path.join('work_dirs', stem)), ('experiment_name', stem)):
            if key not in keep:
                cfg[key] = f'{cfg.get(key) or default}_{data}'


def ground_truth(data: dict[str, Any]) -> str:
    """What the data set has, by its evaluators: ``'images with masks'``, ``'clips with boxes'`` or their names.

    A metric of somebody's own beside one of ours says nothing of the kind.
    """
    evaluators = data['test_evaluator']
    metrics = [bare_type(item) for item in (evaluators if isinstance(evaluators, (list, tuple)) else [evaluators])]
    known = [_KINDS[metric] for metric in metrics if metric in _KINDS]
    return ', '.join(dict.fromkeys(known or metrics))


def _read(path: Path) -> dict[str, Any]:
    try:
        data = Config.fromfile(str(path)).to_dict()
    except (SyntaxError, NameError, KeyError, TypeError, ValueError, ImportError, OSError) as error:
        raise ConfigError(f'{path}: cannot be read: {type(error).__name__}: {error}') from error
    if missing := [key for key in (*_LOADERS, 'test_evaluator') if not data.get(key)]:
        raise ConfigError(
            f'{path}: has no {", ".join(missing)}, so it is no data set.\n  cure: a file like those in '
            'configs/_base_/datasets'
        )
    return data
