"""Segmentation networks and classical methods on one's own images and videos."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from mmengine.dataset import Compose
from mmengine.structures import PixelData

from mmirstd.engine.single_image_pipeline import ANNOTATION_STEPS
from mmirstd.utils.errors import ConfigError, DataError

from mmseg.structures import SegDataSample  # isort: skip

from mmirstd.evaluation.maps import map_of
from mmirstd.models.segmentors import ClassicalSegmentor

from .base_inferencer import OnError, TargetInferencer
from .frame_result import FrameResult
from .frame_stream import RawFormat
from .inputs import Source
from .target_measurement import measure_targets
from .tiling import AUTO_TILE_PIXELS, Tiling

_META = ('img_path', 'ori_shape', 'img_shape', 'pad_shape', 'scale_factor', 'padding_size')
_DEFAULT_PIPELINE = (
    dict(type='mmirstd.LoadInfraredImage'),
    dict(type='mmirstd.PadToMultiple', divisor=32),
    dict(type='mmseg.PackSegInputs', meta_keys=_META),
)


@dataclass
class PreparedImage:
    """One image on its way to the network.

    Attributes:
        source: Where it is from.
        frame: Number of the frame.
        gray: (H, W) as read, NaN and infinity replaced if the config says so.
        image: (H, W) float32, normalized as in training.
    """

    source: Source
    frame: int
    gray: np.ndarray
    image: np.ndarray


class IRSTDInferencer(TargetInferencer):
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
        if tile not in ('auto', 'on', 'off'):
            raise ValueError(f"tile is {tile!r}; expected 'auto', 'on' or 'off'")
        self.tile = tile
        self.tiling = tiling or Tiling()
        super().__init__(model, weights, device, *args, **kwargs)
        if not hasattr(self.model, 'encode_decode'):
            raise ConfigError(
                f'{self.name}: a {type(self.model).__name__} is no segmentation network of mmseg; '
                'detectors of moving targets go with MovingTargetInferencer'
            )

    def _tiling_record(self) -> dict[str, Any] | None:
        if self.tile == 'off':
            return None
        return dict(tile=self.tile, window=self.tiling.window, overlap=self.tiling.overlap, seam=self.tiling.seam)

    def _default_threshold(self) -> float:
        value = getattr(getattr(self.model, 'decode_head', None), 'threshold', None)
        return 0.5 if value is None else float(value)

    def _init_pipeline(self, cfg: Any) -> Compose:
        steps = self._test_pipeline(cfg, _DEFAULT_PIPELINE)
        self.loader = self._build_loader(cfg, steps, 'LoadInfraredImage')
        names = [str(step.get('type', '')).rsplit('.', 1)[-1] for step in steps]
        return Compose([step for step, name in zip(steps[1:], names[1:]) if name not in ANNOTATION_STEPS])

    # mmengine's steps

    def preprocess(
        self,
        inputs: Any,
        batch_size: int = 1,
        recursive: bool = False,
        on_error: OnError | None = None,
        raw_format: RawFormat | None = None,
        max_frames: int | None = None,
    ) -> Iterator[list[PreparedImage]]:
        """Batches of images of one size; see the base class."""
        batch: list[PreparedImage] = []
        for prepared in self._prepared(self._sources(inputs, recursive), on_error, raw_format, max_frames):
            alone = self.tiled(prepared.image.shape)
            if batch and (alone or batch[0].image.shape != prepared.image.shape):
                yield batch
                batch = []
            batch.append(prepared)
            if alone or len(batch) == batch_size:
                self._tile_batch = batch_size
                yield batch
                batch = []
        if batch:
            yield batch

    _tile_batch = 1

    def _prepared(
        self, sources: Iterator[Source], on_error: OnError | None, raw_format: RawFormat | None, max_frames: int | None
    ) -> Iterator[PreparedImage]:
        for source in sources:
            frames = (
                self._still(source, on_error)
                if source.still
                else self._stream(source, on_error, raw_format, max_frames)
            )
            for number, raw in enumerate(frames):
                try:
                    prepared = self.prepare(raw, source, number)
                except (DataError, MemoryError) as error:
                    self._fail(source, error, on_error)
                    break
                yield prepared

    def prepare(self, raw: np.ndarray, source: Source, frame: int = 0) -> PreparedImage:
        """Normalize gray values (H, W) as in training.

        Raises:
            DataError: They do not fit the normalization, or are not finite.
        """
        label = source.label if source.still else f'{source.label}, frame {frame}'
        if raw.dtype.kind == 'f':
            raw = self.loader.repair_nonfinite(raw, label)
        image = self.loader.transform(dict(img=raw, img_path=label))['img']
        return PreparedImage(source, frame, raw, image)

    def tiled(self, shape: tuple[int, int]) -> bool:
        """Whether an image of this shape is tiled."""
        if self.tile == 'off' or max(shape) <= self.tiling.window:
            return False
        if self.tile == 'on':
            return True
        return shape[0] * shape[1] > AUTO_TILE_PIXELS and not isinstance(self.model, ClassicalSegmentor)

    def forward(self, inputs: list[PreparedImage], on_error: OnError | None = None) -> list[FrameResult]:
        """Results of a batch; if it fails as a whole, its images are tried one by one."""
        try:
            return self._forward(inputs)
        except Exception as error:
            if on_error is None:
                raise
            if len(inputs) > 1:
                return [result for item in inputs for result in self.forward([item], on_error)]
            on_error(inputs[0].source, explain_failure(error, inputs[0]))
            return []

    def _forward(self, batch: list[PreparedImage]) -> list[FrameResult]:
        if self.tiled(batch[0].image.shape):
            maps = [self.tiling.run(item.image, self.predict_maps, self._tile_batch) for item in batch]
        else:
            maps = self.predict_maps([item.image for item in batch])
        return [self._measure(item, probability) for item, probability in zip(batch, maps)]

    def _measure(self, item: PreparedImage, probability: np.ndarray) -> FrameResult:
        if not np.isfinite(probability).all():
            raise DataError(
                f"{item.source.label}: the network gave NaN; its weights or the image's values are not "
                'what they should be'
            )
        targets, mask = measure_targets(probability, self.threshold, self.min_area, item.gray, item.frame)
        return FrameResult(item.source, item.frame, item.gray, targets, self.threshold, probability, mask)

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


def explain_failure(error: Exception, item: PreparedImage) -> Exception:
    """An error about memory with what to do about it; any other as it is."""
    text = str(error)
    if isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)) or 'not enough memory' in text:
        height, width = item.image.shape
        return DataError(
            f'{item.source.label}: not enough memory for {width}x{height} pixels in one piece; tile it '
            "with a smaller window (--tile on --window 512, or tile='on', tiling=Tiling(window=512))"
        )
    return error
