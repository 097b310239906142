"""Let mmseg's and mmdet's own inference functions take our configs.

``inference_model``, ``MMSegInferencer``, ``inference_detector`` and ``DetInferencer`` take a test pipeline apart by the
names of mmcv's transforms: ``LoadImageFromFile`` is exchanged for a loader of arrays, ``LoadAnnotations`` is left out.
Our pipelines begin with a transform that reads files and arrays alike and normalizes as in training, and may load a
mask, which an image of one's own does not have.  Where one of these functions meets such a pipeline, it is given one
for single images; with any other pipeline nothing changes.
"""

from __future__ import annotations

import copy
import functools
import sys
from collections import defaultdict
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_LOADERS = ('LoadInfraredImage', 'LoadClip')
#: Steps that need what an image of one's own does not have.
ANNOTATION_STEPS = ('LoadTargetMask', 'LoadAnnotations')


def _name(step: Any) -> str:
    kind = step.get('type', '')
    return kind.rsplit('.', 1)[-1] if isinstance(kind, str) else getattr(kind, '__name__', '')


def single_image_pipeline(cfg: Any) -> list[dict] | None:
    """A config's test pipeline without the steps that need annotations, None if it does not begin with our loader.

    The loading options at the top of the config (``bit_depth = 14``) are applied, as the tools do.

    Args:
        cfg: ``mmengine.Config``; it is not changed.

    Raises:
        ConfigError: The test data are clips of several frames, which a single image is not.
    """
    from mmirstd.engine.loading_options import apply_loading_options
    from mmirstd.utils.errors import ConfigError
    cfg = copy.deepcopy(cfg)
    dataset = (cfg.get('test_dataloader') or {}).get('dataset') or {}
    while dataset.get('pipeline') is None and (dataset.get('dataset') or dataset.get('datasets')):
        dataset = dataset.get('dataset') or dataset['datasets'][0]
    steps = dataset.get('pipeline') or cfg.get('test_pipeline') or []
    if not steps or _name(steps[0]) not in _LOADERS:
        return None
    if _name(steps[0]) == 'LoadClip' and dataset.get('num_frames', 5) > 1:
        raise ConfigError(
            f'{cfg.filename or "this config"}: its model looks at {dataset.get("num_frames", 5)} frames of a sequence, '
            'and this function gives it a single image.\n  cure: mmirstd.apis.MovingTargetInferencer, which takes '
            'videos and folders of frames (docs/inference.md)')
    apply_loading_options(cfg)
    return [step for step in steps if _name(step) not in ANNOTATION_STEPS]


def adapt_stock_inference() -> None:
    """Adapt the inference functions of mmseg and mmdet, now or when they are imported; any number of times."""
    for name in _ADAPTED:
        if name in sys.modules:
            _adapt(sys.modules[name])
    if not any(isinstance(finder, _AfterImport) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterImport())


class _AfterImport(MetaPathFinder):
    """Adapts a module as soon as it has been imported."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if fullname not in _ADAPTED:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                _adapt(module)

            spec.loader.exec_module = exec_module
        return spec


def _adapt(module: ModuleType) -> None:
    path, adapted = _ADAPTED[module.__name__]
    owner, _, name = path.rpartition('.')
    holder = getattr(module, owner, None) if owner else module
    original = getattr(holder, name, None)
    if original is None or hasattr(original, '__wrapped__'):
        return

    @functools.wraps(original)
    def replacement(*args: Any) -> Any:
        return adapted(original, *args)

    setattr(holder, name, replacement)


def _segmentation_data(original: Callable, imgs: Any, model: Any) -> tuple[dict, bool]:
    """mmseg's ``_preprare_data``: inputs and data samples of paths or arrays, and whether several were given."""
    steps = single_image_pipeline(model.cfg)
    if steps is None:
        return original(imgs, model)
    from mmengine.dataset import Compose
    several = isinstance(imgs, (list, tuple))
    pipeline = Compose([dict(type='mmirstd.TakeImage'), *steps])
    data = defaultdict(list)
    for image in imgs if several else [imgs]:
        for key, value in pipeline(image).items():
            data[key].append(value)
    return data, several


def _detection_pipeline(original: Callable, cfg: Any) -> list[dict]:
    """mmdet's ``get_test_pipeline_cfg``, whose first step ``inference_detector`` exchanges for arrays."""
    steps = None if isinstance(cfg, str) else single_image_pipeline(cfg)
    if steps is None:
        return original(cfg)
    from mmengine.config import ConfigDict
    # For arrays the first becomes mmdet.LoadImageFromNDArray.
    return [ConfigDict(type='mmirstd.TakeImage'), ConfigDict(type='mmirstd.TakeImage'), *steps]


def _inferencer_pipeline(original: Callable, inferencer: Any, cfg: Any) -> Any:
    """``_init_pipeline`` of mmseg's and mmdet's inferencers."""
    steps = single_image_pipeline(cfg)
    if steps is None:
        return original(inferencer, cfg)
    from mmengine.dataset import Compose
    return Compose([dict(type='mmirstd.TakeImage'), *steps])


_ADAPTED: dict[str, tuple[str, Callable]] = {
    'mmseg.apis.inference': ('_preprare_data', _segmentation_data),
    'mmseg.apis.mmseg_inferencer': ('MMSegInferencer._init_pipeline', _inferencer_pipeline),
    'mmdet.apis.inference': ('get_test_pipeline_cfg', _detection_pipeline),
    'mmdet.apis.det_inferencer': ('DetInferencer._init_pipeline', _inferencer_pipeline),
}
