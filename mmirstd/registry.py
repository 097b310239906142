"""Registries of mmirstd: children of mmengine's roots under the scope ``mmirstd``.

``custom_imports = dict(imports=['mmirstd.registry'])`` in a config is all that
is needed to use every module here with its prefix (``mmirstd.GGLEncoder``) in
mmseg or mmdet configs.  The modules themselves are imported on first use
through ``locations``.
"""

from mmengine.registry import DATA_SAMPLERS as MMENGINE_DATA_SAMPLERS
from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import METRICS as MMENGINE_METRICS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import OPTIM_WRAPPERS as MMENGINE_OPTIM_WRAPPERS
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import VISBACKENDS as MMENGINE_VISBACKENDS
from mmengine.registry import WEIGHT_INITIALIZERS as MMENGINE_WEIGHT_INITIALIZERS
from mmengine.registry import Registry

from .compat import (
    adapt_stock_inference,
    ensure_config_scopes,
    ensure_mmcv_ops,
    ignore_library_warnings,
    install_safe_checkpoint_loading,
    silence_onedl_notice,
)

# Every way into mmirstd's modules leads through this file, so the stand-in for
# mmcv's missing compiled ops is in place before mmdet or mmseg is imported,
# no checkpoint is unpickled with code execution, whoever's tool runs, our
# tools' configs may inherit from those of mmdet and mmseg, and their inference
# functions take our configs.
silence_onedl_notice()
ignore_library_warnings()
ensure_mmcv_ops()
ensure_config_scopes()
install_safe_checkpoint_loading()
adapt_stock_inference()

MODELS = Registry('model', parent=MMENGINE_MODELS, scope='mmirstd', locations=['mmirstd.models'])
DATASETS = Registry(
    'dataset',
    parent=MMENGINE_DATASETS,
    scope='mmirstd',
    locations=[
        'mmirstd.datasets.sirst',
        'mmirstd.datasets.clip_coco',
        'mmirstd.datasets.clip_txt',
        'mmirstd.datasets.clip_masks',
        'mmirstd.datasets.concat_clips',
        'mmirstd.datasets.hard_negatives',
    ],
)
DATA_SAMPLERS = Registry(
    'data sampler',
    parent=MMENGINE_DATA_SAMPLERS,
    scope='mmirstd',
    locations=['mmirstd.datasets.same_size_batch_sampler', 'mmirstd.datasets.sequence_sampler'],
)
TRANSFORMS = Registry(
    'transform', parent=MMENGINE_TRANSFORMS, scope='mmirstd', locations=['mmirstd.datasets.transforms']
)
METRICS = Registry('metric', parent=MMENGINE_METRICS, scope='mmirstd', locations=['mmirstd.evaluation.metrics'])
HOOKS = Registry(
    'hook',
    parent=MMENGINE_HOOKS,
    scope='mmirstd',
    locations=['mmirstd.engine.hooks', 'mmirstd.visualization.hook', 'mmirstd.visualization.worst_images'],
)
OPTIM_WRAPPERS = Registry(
    'optimizer wrapper', parent=MMENGINE_OPTIM_WRAPPERS, scope='mmirstd', locations=['mmirstd.engine.optim_wrapper']
)
VISBACKENDS = Registry(
    'visualizer backend',
    parent=MMENGINE_VISBACKENDS,
    scope='mmirstd',
    locations=['mmirstd.visualization.wandb_backend'],
)
WEIGHT_INITIALIZERS = Registry(
    'weight initializer', parent=MMENGINE_WEIGHT_INITIALIZERS, scope='mmirstd', locations=['mmirstd.models.layers']
)

__all__ = [
    'DATASETS',
    'DATA_SAMPLERS',
    'HOOKS',
    'METRICS',
    'MODELS',
    'OPTIM_WRAPPERS',
    'TRANSFORMS',
    'VISBACKENDS',
    'WEIGHT_INITIALIZERS',
]
