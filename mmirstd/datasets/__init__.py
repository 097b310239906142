"""Data sets, their transforms, and the synthetic scene generator.

Nothing of OpenMMLab is imported until a name below is used, so that
:mod:`mmirstd.datasets.synthetic`, :mod:`~mmirstd.datasets.image_io` and
:mod:`~mmirstd.datasets.split_file` work without mmengine.  The registries find
``mmirstd.SIRSTDataset``, the clip data sets and the transforms by themselves
(``mmirstd/registry.py``).
"""

from __future__ import annotations

import importlib

_LAZY = {
    'BaseClipDataset': 'clip_base',
    'ClipDataset': 'clip',
    'DataError': 'errors',
    'MaskClipDataset': 'clip_masks',
    'MissingDataError': 'errors',
    'SIRSTDataset': 'sirst',
    'SameSizeBatchSampler': 'same_size_batch_sampler',
    'SequenceSampler': 'sequence_sampler',
    'TxtClipDataset': 'clip_txt',
    'apply_data_root': 'data_root',
}

__all__ = sorted(_LAZY)


def __getattr__(name: str):
    if name in _LAZY:
        return getattr(importlib.import_module(f'.{_LAZY[name]}', __name__), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY])
