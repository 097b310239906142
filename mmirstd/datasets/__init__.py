"""Data sets, their transforms, and the synthetic scene generator.

Nothing of OpenMMLab is imported until a name below is used, so that
:mod:`mmirstd.datasets.synthetic`, :mod:`~mmirstd.datasets.image_io` and
:mod:`~mmirstd.datasets.split_file` work without mmengine.  The registries find
``mmirstd.SIRSTDataset``, the clip data sets and the transforms by themselves
(``mmirstd/registry.py``).
"""

from typing import TYPE_CHECKING

from mmirstd.utils.lazy import lazy_names

if TYPE_CHECKING:
    from .clip_base import BaseClipDataset
    from .clip_coco import ClipDataset
    from .clip_masks import MaskClipDataset
    from .clip_txt import TxtClipDataset
    from .concat_clips import ConcatClipDataset
    from .data_root import apply_data_root
    from .hard_negatives import HardNegativeDataset
    from .same_size_batch_sampler import SameSizeBatchSampler
    from .sequence_sampler import SequenceSampler
    from .sirst import SIRSTDataset

_MODULES = {
    'BaseClipDataset': '.clip_base',
    'ClipDataset': '.clip_coco',
    'ConcatClipDataset': '.concat_clips',
    'HardNegativeDataset': '.hard_negatives',
    'MaskClipDataset': '.clip_masks',
    'SIRSTDataset': '.sirst',
    'SameSizeBatchSampler': '.same_size_batch_sampler',
    'SequenceSampler': '.sequence_sampler',
    'TxtClipDataset': '.clip_txt',
    'apply_data_root': '.data_root',
}
__all__ = [
    'BaseClipDataset',
    'ClipDataset',
    'ConcatClipDataset',
    'HardNegativeDataset',
    'MaskClipDataset',
    'SIRSTDataset',
    'SameSizeBatchSampler',
    'SequenceSampler',
    'TxtClipDataset',
    'apply_data_root',
]
_MOVED = {name: f'mmirstd.utils.errors.{name}' for name in ('DataError', 'MissingDataError')}
if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(__name__, _MODULES, _MOVED)
