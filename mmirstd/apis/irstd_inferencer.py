"""Segmentation networks and classical methods on one's own images and videos."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch
from mmengine.dataset import Compose
from mmengine.structures import PixelData

from mmirstd.compat.mean_of_views import views_of
from mmirstd.engine.single_image_pipeline import needs_annotation
from mmirstd.utils.errors import ConfigError

from mmseg.structures import SegDataSample  # isort: skip

from mmirstd.models.folded import folded_copy
from mmirstd.models.segmentors import ClassicalSegmentor

from .backend_choice import BACKENDS, PRECISIONS, choose_backend, default_backend
from .base_inferencer import TargetInferencer
from .calibration import CalibrationImages
from .frame_result import FrameResult
from .image_inference import ImageInference
from .map_backends import MapBackend, TorchBackend
from .model_loading import with_views
from .score_map import ScoreMap
from .tiling import Tiling

_META = ('img_path', 'ori_shape', 'img_shape', 'pad_shape', 'scale_factor', 'padding_size')
_DEFAULT_PIPELINE = (
    dict(type='mmirstd.LoadInfraredImage'),
    dict(type='mmirstd.PadToMultiple', divisor=32),
    dict(type='mmseg.PackSegInputs', meta_keys=_META),
)


class IRSTDInferencer(ImageInference, TargetInferencer):
    """Find infrared small targets in images with a segmentation network or a classical method.

    Images go through the config's own test pipeline (its ``LoadInfraredImage`` normalizes them), so the network sees
    what it saw in training; 8 and 16 bits and float, gray and color.  Large images are tiled
    (:class:`~.tiling.Tiling`).

    Example::

        inferencer = IRSTDInferencer('ggl-net-tiny_nuaa', 'best.pth')
        inferencer('image.png')['predictions'][0]['targets']      # list of dicts, docs/inference.md
        for result in inferencer.infer('folder', recursive=True):  # one by one, any number of images
            print(result.source.label, result.targets, result.mask.shape)

    Args:
        model, weights, device, scope, show_progress, threshold, min_area, normalize, load_options: See
            :class:`~.base_inferencer.TargetInferencer`.
        tile: ``'auto'``: tile images of more than ``AUTO_TILE_PIXELS`` (2 million) pixels, except with a classical
            method, whose threshold is taken from the whole image; ``'on'``: tile whatever is larger than the window;
            ``'off'``.
        tiling: Window, overlap and seams.
        backend: What computes: ``'torch'`` (batch norm folded, channels last), ``'onnxruntime'``, ``'openvino'``, or
            ``'auto'``: the fastest of these that is installed and gives the probabilities of PyTorch within 1e-4 on
            the first image. The network is exported once for it. On a GPU, and for a classical method, ``'auto'`` is
            ``'torch'``. None: as the environment variable ``MMIRSTD_BACKEND`` says, or ``'auto'``.
        precision: ``'fp32'``, ``'bf16'``, ``'fp16'`` or ``'int8'``: of the arithmetic.
        calibration_images: Folder with images of the scenes to come, by whose values ``'int8'`` is scaled.
        tta: Test-time augmentation: the mean over ``'flips'``, ``'scales'`` or ``'flips-scales'`` of each image
            (:class:`mmirstd.compat.mean_of_views.Views`). It takes several times as long. ``'size=0.75'``, alone or as
            ``'flips,size=0.75'``: the network sees the image in another size. None: as the config says.

    Raises:
        MissingDataError: There is no image in that folder.
        ValueError: ``'int8'`` without such images, or ``tta`` for a network that was built.
        ConfigError: The config's network is no mmseg segmentor, or its test pipeline does not begin with
            ``mmirstd.LoadInfraredImage``.
    """

    def __init__(
        self,
        model: Any,
        weights: str | os.PathLike[str] | None = None,
        device: str | None = None,
        *args: Any,
        tile: str = 'auto',
        tiling: Tiling | None = None,
        backend: str | None = None,
        precision: str = 'fp32',
        calibration_images: str | os.PathLike[str] | None = None,
        tta: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.set_tiling(tile, tiling)
        self.backend = default_backend() if backend is None else backend
        self.precision = precision
        if self.backend not in BACKENDS or precision not in PRECISIONS:
            raise ValueError(
                f'backend {self.backend!r}, precision {precision!r}; expected one of {", ".join(BACKENDS)}, and one of '
                f'{", ".join(PRECISIONS)}'
            )
        if (precision == 'int8') != (calibration_images is not None):
            raise ValueError("precision 'int8' and calibration_images go together")
        self.calibration = None if calibration_images is None else CalibrationImages(calibration_images)
        super().__init__(model if tta is None else with_views(model, tta), weights, device, *args, **kwargs)
        self.whole_image = isinstance(self.model, ClassicalSegmentor)
        if not hasattr(self.model, 'encode_decode'):
            raise ConfigError(
                f'{self.name}: a {type(self.model).__name__} is no segmentation network of mmseg; '
                'detectors of moving targets go with MovingTargetInferencer'
            )

    @property
    def tta(self) -> str | None:
        """See the base class."""
        views = views_of(self.model)
        return None if views is None else str(views)

    def _default_threshold(self) -> float:
        value = getattr(getattr(self.model, 'decode_head', None), 'threshold', None)
        return 0.5 if value is None else float(value)

    def _init_pipeline(self, cfg: Any) -> Compose:
        steps = self._test_pipeline(cfg, _DEFAULT_PIPELINE)
        self.loader = self._build_loader(cfg, steps, 'LoadInfraredImage')
        return Compose([step for step in steps[1:] if not needs_annotation(step)])

    def provenance(self) -> dict[str, Any]:
        """See the base class."""
        calibration = None if self.calibration is None else self.calibration.record()
        augmented = {} if self.tta is None else dict(tta=self.tta)
        return {**super().provenance(), **self.precision_record(calibration), **augmented}

    def predict_maps(self, images: list[np.ndarray]) -> list[ScoreMap]:
        """See the base class.

        Raises:
            ConfigError: The network has more than two classes.
            UserError: The backend that was asked for cannot be used.
        """
        if self._backend is None:
            self._backend = self._choose_backend(images[0])
        return self._backend(images)

    _backend: MapBackend | None = None

    def _choose_backend(self, image: np.ndarray) -> MapBackend:
        classical = isinstance(self.model, ClassicalSegmentor)
        network = self.model if classical else folded_copy(self.model)
        own = TorchBackend(
            network, self.pipeline, self.name, 'fp32' if self.calibration is not None else self.precision
        )
        if self.precision == 'fp32' and (
            self.backend == 'torch' or self.backend == 'auto' and (classical or self.device.type != 'cpu')
        ):
            return own  # OpenCV does the classical methods; on a GPU nothing here is faster than PyTorch
        return choose_backend(self, own, self.backend, self.precision, image, self._say)

    def _data_sample(self, result: FrameResult) -> SegDataSample:
        sample = SegDataSample(metainfo=dict(img_path=result.source.label, ori_shape=result.image.shape))
        sample.seg_logits = PixelData(data=torch.from_numpy(result.probability)[None])
        sample.pred_sem_seg = PixelData(data=torch.from_numpy(result.mask)[None].long())
        return sample
