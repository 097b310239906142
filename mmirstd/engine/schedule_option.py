"""``--schedule NAME``: a config with another schedule.

A published recipe may take a GPU for days. With the option the config's optimizer, learning rates, length and custom
hooks are exchanged for those of a file of ``configs/_base_/schedules``; network, data and batch size stay.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmirstd.utils.errors import ConfigError
from mmirstd.utils.near_matches import near_matches
from mmirstd.utils.resources import resource_root

#: What a schedule says; of the config's own nothing of it is left.
SCHEDULE_KEYS = ('optim_wrapper', 'param_scheduler', 'train_cfg', 'val_cfg', 'test_cfg', 'custom_hooks')
#: The field of a config's name that says its recipe (configs/README.md).
_RECIPE = re.compile(r'_(?:[a-z-]+-)?b\d+-\d+e(?=_|$)')


def schedules() -> dict[str, Path]:
    """Name -> file of the schedules in ``configs/_base_/schedules``, sorted."""
    return {path.stem: path for path in sorted((resource_root() / 'configs' / '_base_' / 'schedules').glob('*.py'))}


def find_schedule(name: str) -> Path:
    """The file of a schedule, by its name or its path.

    Raises:
        ConfigError: There is none.
    """
    known = schedules()
    if name in known:
        return known[name]
    if name.endswith('.py') or os.sep in name:
        given = Path(name).expanduser()
        for path in (given, resource_root() / given):
            if path.is_file():
                return path.resolve()
    close = near_matches(name, known)
    raise ConfigError(
        f'--schedule {name}: there is no such schedule.\n  '
        + (f'did you mean: {", ".join(close)}?' if close else f'there are: {", ".join(known)}')
        + '\n  cure: one of these, or the path of a file like those in configs/_base_/schedules'
    )


class ScheduleExchange:
    """A config with another schedule.

    Args:
        config: File of the config.
        name: See :func:`find_schedule`.

    Raises:
        ConfigError: There is no such schedule, or its file has none.
    """

    def __init__(self, config: Path, name: str) -> None:
        self._config, self._file = config, find_schedule(name)
        try:
            content = Config.fromfile(str(self._file)).to_dict()
        except (SyntaxError, NameError, KeyError, TypeError, ValueError, ImportError, OSError) as error:
            raise ConfigError(f'{self._file}: cannot be read: {type(error).__name__}: {error}') from error
        if missing := [key for key in ('optim_wrapper', 'train_cfg') if not content.get(key)]:
            raise ConfigError(
                f'{self._file}: has no {", ".join(missing)}, so it is no schedule.\n  cure: a file like those in '
                'configs/_base_/schedules'
            )
        if foreign := sorted(set(content) - set(SCHEDULE_KEYS)):
            raise ConfigError(
                f'--schedule {name}: {self._file} also sets {", ".join(foreign)}.',
                expected=f'only what a schedule says: {", ".join(SCHEDULE_KEYS)}',
                cure='take it out, or write a config that inherits from yours',
            )
        self._schedule: dict[str, Any] = content

    @contextmanager
    def active(self) -> Iterator[None]:
        """Within, mmengine reads the config with the other schedule."""
        readers = {name: getattr(Config, name) for name in ('_file2dict', '_parse_lazy_import')}  # one for each style

        def exchanging(evaluate: Callable[..., Any]) -> Callable[..., Any]:
            def exchanged(filename: str, *args: Any, **kwargs: Any) -> Any:
                content, *rest = evaluate(filename, *args, **kwargs)
                if Path(filename).resolve() == self._config:
                    for key in SCHEDULE_KEYS:
                        content.pop(key, None)
                    content.update(deepcopy(self._schedule))
                return (content, *rest)

            return exchanged

        for name, evaluate in readers.items():
            setattr(Config, name, staticmethod(exchanging(evaluate)))
        try:
            yield
        finally:
            for name, evaluate in readers.items():
                setattr(Config, name, staticmethod(evaluate))

    def check(self, cfg: Config) -> None:
        """See that there is something to train; a method that learns nothing has no backbone.

        Raises:
            ConfigError: There is not.
        """
        if not cfg.get('train_dataloader') or 'backbone' not in (cfg.get('model') or {}):
            raise ConfigError(
                f'{self._config}: --schedule {self._file.stem}: the config has nothing to train.\n  cure: leave '
                '--schedule out'
            )

    def name_run(self, cfg: Config, keep: tuple[str, ...] = ()) -> None:
        """Let ``work_dir`` and ``experiment_name`` say the schedule in place of the recipe, except ``keep``."""
        stem = self._config.stem
        for key, default in (('work_dir', os.path.join('work_dirs', stem)), ('experiment_name', stem)):
            if key not in keep:
                folder, name = os.path.split(cfg.get(key) or default)
                new, count = _RECIPE.subn(f'_{self._file.stem}', name)
                cfg[key] = os.path.join(folder, new if count else f'{name}_{self._file.stem}')
