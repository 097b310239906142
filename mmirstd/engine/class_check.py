"""A detector of boxes: do its classes and those of the data sets agree?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mmirstd.utils.config_parts import bare_type
from mmirstd.utils.errors import ConfigError

#: Data sets of ours whose boxes are of one class unless ``metainfo`` says otherwise.
_ONE_CLASS = ('ClipDataset', 'TxtClipDataset', 'MaskClipDataset')


def check_classes(cfg: Any) -> None:
    """Compare ``bbox_head.num_classes`` of the model with the classes of a config's data sets, before anything runs.

    A label is a number, the place of its class in ``metainfo.classes``.  Data sets with other names or another order
    would mix classes up; a head of another number of classes fails in the middle of the first step, or learns an output
    that no target has.  Data sets of other libraries that name no classes are not looked at.

    Raises:
        ConfigError: They do not agree.
    """
    name = getattr(cfg, 'filename', None) or 'config'
    known = data_set_classes(cfg)
    heads = list(_heads(cfg.get('model') or {}))
    if not known or not heads:
        return
    first, classes = next(iter(known.items()))
    for place, others in known.items():
        if others != classes:
            raise ConfigError(
                f'{name}: {place}.metainfo.classes',
                found=f'{others}',
                expected=f'{classes}, as {first} has it: a label is the place of its class in this list',
                cure=f'metainfo=dict(classes={classes!r}) in all data sets of the config',
            )
    for place, number in heads:
        if number != len(classes):
            raise ConfigError(
                f'{name}: {place}.num_classes',
                found=f'{number}',
                expected=f'{len(classes)}, since the data sets have the classes {classes}',
                cure=f'{place}=dict(num_classes={len(classes)}) in the model, or metainfo=dict(classes=(...)) with '
                f'{number} name(s) in the data set of train_dataloader, val_dataloader and test_dataloader',
            )


def data_set_classes(cfg: Any) -> dict[str, tuple[str, ...]]:
    """Names of the classes of a config's data sets, by their places; those that name none are left out."""
    known: dict[str, tuple[str, ...]] = {}
    for split in ('train', 'val', 'test'):
        place = f'{split}_dataloader.dataset'
        for where, data_set in _data_sets((cfg.get(f'{split}_dataloader') or {}).get('dataset'), place):
            if (classes := _classes(data_set)) is not None:
                known[where] = classes
    return known


def _data_sets(data_set: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Those that a wrapper holds, or itself, with the key that leads there."""
    if not isinstance(data_set, dict):
        return
    if members := data_set.get('datasets'):
        for number, member in enumerate(members):
            yield from _data_sets(member, f'{place}.datasets.{number}')
    elif 'dataset' in data_set:
        yield from _data_sets(data_set['dataset'], f'{place}.dataset')
    else:
        yield place, data_set


def _classes(data_set: dict[str, Any]) -> tuple[str, ...] | None:
    """Names of the classes; None where they are not known before it is built."""
    classes = (data_set.get('metainfo') or {}).get('classes')
    if classes is None and bare_type(data_set) in _ONE_CLASS:
        return ('target',)
    return tuple(classes) if isinstance(classes, (list, tuple)) else None


def _heads(model: Any) -> Iterator[tuple[str, int]]:
    """Heads of boxes with their numbers of classes."""
    for place, parent in (('bbox_head', model), ('roi_head.bbox_head', model.get('roi_head') or {})):
        heads = parent.get('bbox_head')
        for head in heads if isinstance(heads, (list, tuple)) else [heads]:
            if isinstance(head, dict) and isinstance(head.get('num_classes'), int):
                yield place, head['num_classes']
