"""Data sets, their transforms, and the synthetic scene generator.

Nothing of OpenMMLab is imported until a name below is used, so that
:mod:`mmirstd.datasets.synthetic`, :mod:`~mmirstd.datasets.image_io` and
:mod:`~mmirstd.datasets.split_file` work without mmengine.  The registries find
``mmirstd.SIRSTDataset``, the clip data sets and the transforms by themselves
(``mmirstd/registry.py``).
"""

from mmirstd.utils.lazy import lazy_names

_MODULES = {
    'BaseClipDataset': '.clip_base',
    'ClipDataset': '.clip_coco',
    'DataError': 'mmirstd.utils.errors',
    'MaskClipDataset': '.clip_masks',
    'MissingDataError': 'mmirstd.utils.errors',
    'SIRSTDataset': '.sirst',
    'SameSizeBatchSampler': '.same_size_batch_sampler',
    'SequenceSampler': '.sequence_sampler',
    'TxtClipDataset': '.clip_txt',
    'apply_data_root': '.data_root',
}

__all__ = sorted(_MODULES)
__getattr__, __dir__ = lazy_names(__name__, _MODULES)
