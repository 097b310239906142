"""Let mmseg's and mmdet's own inference functions take our configs.

``inference_model``, ``MMSegInferencer``, ``inference_detector`` and ``DetInferencer`` take a test pipeline apart by the
names of mmcv's transforms: ``LoadImageFromFile`` is exchanged for a loader of arrays, ``LoadAnnotations`` is left out.
Our pipelines begin with a transform that reads files and arrays alike and normalizes as in training, and may load a
mask, which an image of one's own does not have.  Where one of these functions meets such a pipeline, it is given one
for single images; with any other pipeline nothing changes. The results of mmseg's segmentors keep their logits
(:mod:`.target_logits`), and those of its test-time augmentation what was merged (:mod:`.merged_views`); they take the
mean over several views where their config asks for it (:mod:`.mean_of_views`).
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections import defaultdict
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from .mean_of_views import mean_of_views
from .merged_views import keep_merged_views
from .target_logits import keep_target_logits

#: Found by name on first use, as the registries find their modules: it lives above this floor.
_PIPELINE_MODULE = 'mmirstd.engine.single_image_pipeline'


def _single_image_pipeline(cfg: Any) -> list[dict] | None:
    return importlib.import_module(_PIPELINE_MODULE).single_image_pipeline(cfg)


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

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]  # of this loader, made for this spec
        return spec


def _adapt(module: ModuleType) -> None:
    path, adapted = _ADAPTED[module.__name__]
    owner, _, name = path.rpartition('.')
    holder = getattr(module, owner, None) if owner else module
    original = getattr(holder, name, None)
    if original is None or hasattr(original, '__wrapped__'):
        return

    @functools.wraps(original)
    def replacement(*args: Any, **kwargs: Any) -> Any:
        return adapted(original, *args, **kwargs)

    setattr(holder, name, replacement)


def _segmentation_data(original: Callable, imgs: Any, model: Any) -> tuple[dict, bool]:
    """mmseg's ``_preprare_data``: inputs and data samples of paths or arrays, and whether several were given."""
    steps = _single_image_pipeline(model.cfg)
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
    steps = None if isinstance(cfg, str) else _single_image_pipeline(cfg)
    if steps is None:
        return original(cfg)
    from mmengine.config import ConfigDict

    # For arrays the first becomes mmdet.LoadImageFromNDArray.
    return [ConfigDict(type='mmirstd.TakeImage'), ConfigDict(type='mmirstd.TakeImage'), *steps]


def _inferencer_pipeline(original: Callable, inferencer: Any, cfg: Any) -> Any:
    """``_init_pipeline`` of mmseg's and mmdet's inferencers."""
    steps = _single_image_pipeline(cfg)
    if steps is None:
        return original(inferencer, cfg)
    from mmengine.dataset import Compose

    return Compose([dict(type='mmirstd.TakeImage'), *steps])


_ADAPTED: dict[str, tuple[str, Callable]] = {
    'mmseg.apis.inference': ('_preprare_data', _segmentation_data),
    'mmseg.apis.mmseg_inferencer': ('MMSegInferencer._init_pipeline', _inferencer_pipeline),
    'mmdet.apis.inference': ('get_test_pipeline_cfg', _detection_pipeline),
    'mmdet.apis.det_inferencer': ('DetInferencer._init_pipeline', _inferencer_pipeline),
    'mmseg.models.segmentors.seg_tta': ('SegTTAModel.merge_preds', keep_merged_views),
    'mmseg.models.segmentors.encoder_decoder': ('EncoderDecoder.encode_decode', mean_of_views),
    'mmseg.models.segmentors.base': ('BaseSegmentor.postprocess_result', keep_target_logits),
}
