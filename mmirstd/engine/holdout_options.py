"""Command line options of hold-outs: one is replaced by the other, and both parts of a training list stay in step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mmengine.config import Config

from mmirstd.utils.errors import ConfigError

#: The two ways to say how much is held out; exactly one may be given.
_SIZES = ('num', 'fraction')
_KEYS = (*_SIZES, 'seed')


def expand_holdout_options(cfg: Config, options: dict[str, Any]) -> dict[str, Any]:
    """``holdout.fraction=0.2`` for every data set of a config that holds something out.

    Args:
        cfg: Before the options are merged.
        options: ``--cfg-options``, keys dotted.

    Returns:
        The options, ``holdout.KEY`` replaced by ``train_dataloader.dataset.holdout.KEY`` and so on.

    Raises:
        ConfigError: No data set of the config holds anything out, or the key is none of a hold-out's.
    """
    expanded: dict[str, Any] = {}
    for option, value in options.items():
        head, _, key = option.partition('.')
        if head != 'holdout' or 'holdout' in cfg:
            expanded[option] = value
            continue
        places = [place for place, _ in _all_holdouts(cfg)]
        if key not in _KEYS:
            raise ConfigError(f'--cfg-options {option}: expected one of {", ".join(f"holdout.{k}" for k in _KEYS)}')
        if not places:
            raise ConfigError(
                f'--cfg-options {option}: no data set of the config holds anything out.\n  cure: '
                'train_dataloader.dataset.holdout="dict(num=20,part=\'train\')", and the same with '
                "part='val' for val_dataloader"
            )
        expanded.update({f'{place}.{key}': value for place in places})
    return expanded


def replace_holdout_sizes(cfg: Config, options: dict[str, Any]) -> None:
    """``...holdout.fraction`` on the command line takes the place of the config's ``num``, and the other way round.

    Args:
        cfg: Changed in place, after the options were merged.
        options: Those that were merged, keys dotted.

    Raises:
        ConfigError: The options give both for one data set.
    """
    for option in options:
        place, _, key = option.rpartition('.')
        if key not in _SIZES or place.rpartition('.')[2] != 'holdout' or options[option] is None:
            continue
        other = f'{place}.{_SIZES[1 - _SIZES.index(key)]}'
        if options.get(other) is not None:
            raise ConfigError(
                f'--cfg-options {option} {other}: only one of num and fraction can say how much is held '
                'out.\n  cure: leave one out'
            )
        node: Any = cfg
        for part in place.split('.'):
            node = node[int(part)] if isinstance(node, (list, tuple)) else node[part]
        unwanted = other.rpartition('.')[2]
        node.pop(unwanted, None)
        if place != 'holdout':
            continue
        # a variable of the config: the data sets that take it have both sizes now
        for where, data_set in _all_holdouts(cfg):
            if key in data_set['holdout'] and options.get(f'{where}.{unwanted}') is None:
                data_set['holdout'].pop(unwanted, None)


def match_holdouts(cfg: Config, options: dict[str, Any]) -> list[str]:
    """Training and validation part of one list must be cut alike, or images are in both.

    Where the options change one of the two, the other follows.

    Args:
        cfg: Changed in place, after :func:`replace_holdout_sizes`.
        options: Those that were merged, keys dotted.

    Returns:
        A line for the log for each that followed.

    Raises:
        ConfigError: They are cut differently by the config, or by options for both.
    """
    notes = []
    for place, data_set in _holdouts(cfg, 'train_dataloader'):
        for other_place, other in _holdouts(cfg, 'val_dataloader'):
            cut, other_cut = _cut(data_set), _cut(other)
            if (
                any(data_set.get(key) != other.get(key) for key in ('type', 'data_root', 'ann_file'))
                or cut == other_cut
                or data_set['holdout'].get('part') == other['holdout'].get('part')
            ):
                continue
            changed = [
                any(option.startswith(f'{one}.') or option == one for option in options) for one in (place, other_place)
            ]
            if changed[0] == changed[1]:
                raise ConfigError(
                    f'{place} holds out {_said(cut)} and {other_place} takes {_said(other_cut)} of the same list, so '
                    'images could be in both or in none.\n  cure: set both alike, for example with --cfg-options '
                    'holdout.fraction=0.2, which is for all data sets'
                )
            leader, follower = (data_set, other) if changed[0] else (other, data_set)
            for key in _KEYS:
                follower['holdout'].pop(key, None)
            follower['holdout'].update(_cut(leader))
            notes.append(
                f'{other_place if changed[0] else place}: {_said(_cut(leader))}, too: it is the other part of '
                'the same list'
            )
    return notes


def _cut(data_set: dict) -> dict[str, Any]:
    """How a list is cut, without which part is taken."""
    holdout = data_set['holdout']
    return dict(
        {key: value for key, value in holdout.items() if value is not None and key != 'part'},
        seed=holdout.get('seed', 0),
    )


def _said(cut: dict[str, Any]) -> str:
    return ', '.join(f'{key}={value}' for key, value in sorted(cut.items()))


def _all_holdouts(cfg: Config) -> Iterator[tuple[str, dict]]:
    for part in ('train', 'val', 'test'):
        yield from _holdouts(cfg, f'{part}_dataloader')


def _holdouts(cfg: Config, loader: str) -> Iterator[tuple[str, dict]]:
    """The place of each hold-out below a data loader, and the data set that has it; wrapped data sets included."""

    def walk(node: Any, place: str) -> Iterator[tuple[str, dict]]:
        if isinstance(node, dict):
            if isinstance(node.get('holdout'), dict):
                yield f'{place}.holdout', node
            for key, value in node.items():
                yield from walk(value, f'{place}.{key}')
        elif isinstance(node, (list, tuple)):
            for index, value in enumerate(node):
                yield from walk(value, f'{place}.{index}')

    yield from walk((cfg.get(loader) or {}).get('dataset'), f'{loader}.dataset')
