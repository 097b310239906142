"""Segmentation networks and classical methods on one's own images and videos."""

from __future__ import annotations

import os
from typing import Any

import cv2
import numpy as np
import torch
from mmengine.dataset import Compose
from mmengine.structures import PixelData

from mmirstd.engine.single_image_pipeline import ANNOTATION_STEPS
from mmirstd.utils.errors import ConfigError

from mmseg.structures import SegDataSample  # isort: skip

from mmirstd.evaluation.maps import map_of
from mmirstd.models.segmentors import ClassicalSegmentor

from .base_inferencer import TargetInferencer
from .frame_result import FrameResult
from .image_inference import ImageInference
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

    Raises:
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
        **kwargs: Any,
    ) -> None:
        self.set_tiling(tile, tiling)
        super().__init__(model, weights, device, *args, **kwargs)
        self.whole_image = isinstance(self.model, ClassicalSegmentor)
        if not hasattr(self.model, 'encode_decode'):
            raise ConfigError(
                f'{self.name}: a {type(self.model).__name__} is no segmentation network of mmseg; '
                'detectors of moving targets go with MovingTargetInferencer'
            )

    def _default_threshold(self) -> float:
        value = getattr(getattr(self.model, 'decode_head', None), 'threshold', None)
        return 0.5 if value is None else float(value)

    def _init_pipeline(self, cfg: Any) -> Compose:
        steps = self._test_pipeline(cfg, _DEFAULT_PIPELINE)
        self.loader = self._build_loader(cfg, steps, 'LoadInfraredImage')
        names = [str(step.get('type', '')).rsplit('.', 1)[-1] for step in steps]
        return Compose([step for step, name in zip(steps[1:], names[1:]) if name not in ANNOTATION_STEPS])

    @torch.no_grad()
    def predict_maps(self, images: list[np.ndarray]) -> list[np.ndarray]:
        """Probability maps of normalized images of one shape.

        Args:
            images: (H, W) float32 each, as :meth:`prepare` gives them.

        Returns:
            (H, W) float32 in [0, 1] each.

        Raises:
            ConfigError: The network has more than two classes.
        """
        packed = []
        for image in images:
            shape = image.shape
            packed.append(
                self.pipeline(
                    dict(
                        img=np.ascontiguousarray(image),
                        img_path='',
                        img_shape=shape,
                        ori_shape=shape,
                        pad_shape=shape,
                        scale_factor=(1.0, 1.0),
                    )
                )
            )
        data = {key: [item[key] for item in packed] for key in ('inputs', 'data_samples')}
        maps = []
        for sample, image in zip(self.model.test_step(data), images):
            try:
                array = map_of(sample.seg_logits)
            except ValueError as error:
                raise ConfigError(f'{self.name}: its prediction: {error}') from None
            if array.shape != image.shape:
                array = cv2.resize(array, image.shape[::-1], interpolation=cv2.INTER_LINEAR)
            maps.append(np.array(array, np.float32))
        return maps

    def _data_sample(self, result: FrameResult) -> SegDataSample:
        sample = SegDataSample(metainfo=dict(img_path=result.source.label, ori_shape=result.image.shape))
        sample.seg_logits = PixelData(data=torch.from_numpy(result.probability)[None])
        sample.pred_sem_seg = PixelData(data=torch.from_numpy(result.mask)[None].long())
        return sample
