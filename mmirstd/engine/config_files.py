"""Find and read configs: by path or from anywhere, with another data set, with options merged."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log

from mmirstd.compat import ensure_config_scopes
from mmirstd.utils.config_parts import bare_type, config_dicts
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.near_matches import near_matches
from mmirstd.utils.resources import resource_root

from .alignment_option import apply_alignment
from .config_names import find_named_config, renamed
from .config_scope import use_config_scope
from .config_variables import apply_options, keys_read
from .data_option import DataExchange
from .holdout_options import expand_holdout_options, match_holdouts, replace_holdout_sizes
from .loading_options import apply_loading_options
from .rate_option import check_rate_option
from .schedule_option import ScheduleExchange
from .views_option import check_views

#: Where configs/ and the small weights are.
REPO_ROOT = resource_root()


def load_config(
    path: str, options: dict[str, Any] | None = None, data: str | None = None, schedule: str | None = None
) -> Config:
    """Read a config, take another data set or schedule, merge options, move the data sets where ``data_root`` says.

    Args:
        path: See :func:`find_named_config`.
        options: ``--cfg-options``; keys may be dotted.
        data: ``--data``: see :class:`~.data_option.DataExchange`.
        schedule: ``--schedule``: see :class:`~.schedule_option.ScheduleExchange`.

    Returns:
        Ready for :func:`.launch.prepare`.

    Raises:
        ConfigError: The file or its bases cannot be read, the data set or the schedule does not fit, or an option is
            for something that nothing reads (:mod:`.config_variables`, :mod:`.rate_option`).
    """
    ensure_config_scopes()  # a config may inherit from mmirstd::, mmseg:: and mmdet::
    found, options = find_named_config(path), options or {}
    exchanges: list[DataExchange | ScheduleExchange] = [] if data is None else [DataExchange(found, data)]
    if schedule is not None:
        exchanges.append(ScheduleExchange(found, schedule))
    with ExitStack() as active:
        for exchange in exchanges:
            active.enter_context(exchange.active())
        try:
            cfg = Config.fromfile(str(found))
        except (
            SyntaxError,
            NameError,
            KeyError,
            TypeError,
            ValueError,
            ImportError,
            OSError,
            RuntimeError,  # mmengine's own ConfigParsingError is one
        ) as error:
            if (mixed := _mixed_styles(found, error)) is not None:
                raise mixed from error
            raise ConfigError(
                f'config {path}: cannot be read: {type(error).__name__}: {error}'
                + (renamed(str(error)) if isinstance(error, OSError) else '')
                + _cure_of_duplicates(str(error))
            ) from error
        if (mixed := _mixed_styles(found)) is not None:  # mmengine would pass over _base_
            raise mixed
        for exchange in exchanges:
            exchange.check(cfg)
        options = expand_holdout_options(cfg, options)
        _check_option_names(cfg, options)
        root = cfg.get('data_root')
        cfg = apply_options(cfg, str(found), options)
    check_rate_option(cfg, options)
    replace_holdout_sizes(cfg, options)
    for note in match_holdouts(cfg, options):
        print_log(note, logger='current')
    _apply_data_root(cfg, root if isinstance(root, str) else None)
    for exchange in exchanges:
        exchange.name_run(cfg, keep=tuple(options))
        if isinstance(exchange, DataExchange):
            exchange.add_imports(cfg)
    apply_loading_options(cfg)
    apply_alignment(cfg)
    check_views(cfg)
    _shorten_suppression(cfg)
    return cfg


def _shorten_suppression(cfg: Config) -> None:
    """Name the suppression of boxes as mmcv knows it, in place.

    mmengine writes a function of a config in the new style as ``mmcv.ops.nms``; mmcv evaluates that in its own module.
    """
    for part in config_dicts(cfg._cfg_dict):
        if isinstance(nms := part.get('nms'), dict) and isinstance(nms.get('type'), str):
            nms['type'] = bare_type(nms)


def _cure_of_duplicates(said: str) -> str:
    """What to do where mmengine finds a key in two bases; empty for other errors."""
    found = re.search(r'Duplicate keys: \{(.*)\}', said)
    if found is None:
        return ''
    return f'\n  cure: keep {found[1]} in one of the bases, or take it out of them and set it in the config itself'


def _mixed_styles(path: Path, error: Exception | None = None) -> ConfigError | None:
    """What to do where a config in mmengine's new style inherits from one in the old style, or the other way round.

    Args:
        path: The config's file.
        error: What mmengine said of it; None: nothing.

    Returns:
        None where the styles agree.
    """
    text = path.read_text(encoding='utf-8', errors='replace') if path.is_file() else ''
    new_style = re.search(r'^with\s+read_base\(\)', text, re.MULTILINE) is not None
    from_ours = re.search(r'^\s+from\s+mmirstd\.configs\b', text, re.MULTILINE) is not None
    both = new_style and re.search(r'^_base_\s*=', text, re.MULTILINE) is not None
    if not (from_ours or both or 'inheritance chain' in str(error)):
        return None
    return ConfigError(
        f'config {path}: its own style and that of a base',
        found=(
            '_base_ and read_base in one file'
            if both
            else 'read_base, which would import a config of ours'
            if from_ours
            else "names (_base_) in one, mmengine's new style (read_base, or types that are imported) in the other"
        ),
        expected="one style. Those of mmirstd are of names: _base_ = ['mmirstd::...'], type='mmirstd.SIRSTDataset'",
        cure='write what differs in this style; or write the config of ours into one file that read_base takes: '
        'Config.dump, see "mmengine\'s new style" in configs/README.md',
    )


def load_data_set(
    path: str, split: str, options: dict[str, Any] | None = None, data: str | None = None
) -> dict[str, Any]:
    """The entry of one data set in a config, ready to be built: the default scope is set, our parts are registered.

    Args:
        path: A config, also a bare one of configs/_base_/datasets, which brings no custom_imports.
        split: 'train', 'val' or 'test'.
        options: As of :func:`load_config`.
        data: As of :func:`load_config`.

    Raises:
        ConfigError: The config cannot be used, or has no such data loader.
    """
    import mmirstd.registry  # noqa: F401

    cfg = load_config(path, options, data)
    loader = cfg.get(f'{split}_dataloader')
    if not loader:
        raise ConfigError(f'{path}: has no {split}_dataloader, so there is no data set to look at.')
    use_config_scope(cfg)
    return loader['dataset']


def _apply_data_root(cfg: Config, before: str | None) -> None:
    from mmirstd.datasets.data_root import apply_data_root

    try:
        apply_data_root(cfg, before)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _check_option_names(cfg: Config, options: dict[str, Any]) -> None:
    """A misspelled option would silently make a new entry; refuse it."""
    known = set(cfg.keys()) | keys_read()
    for option in options:
        head = option.split('.')[0]
        if head not in known:
            close = near_matches(head, known)
            raise ConfigError(
                f'--cfg-options {option}: the config has no entry {head!r}.'
                + (f'\n  did you mean: {", ".join(close)}?' if close else '')
            )
