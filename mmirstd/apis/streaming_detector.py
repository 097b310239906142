"""Detect moving targets in a stream, frame by frame."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from mmcv.cnn import fuse_conv_bn
from mmcv.cnn.bricks.swish import Swish
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import DefaultScope, init_default_scope
from torch import Tensor, nn

from mmirstd.registry import MODELS

from mmdet.structures import DetDataSample  # isort: skip

from mmirstd.compat.checkpoint import load_checkpoint_file
from mmirstd.models.detectors import MultiFrameDetector
from mmirstd.models.feature_stream import FeatureStream
from mmirstd.models.layers import pack_convs

Frame = np.ndarray | Tensor

_DEFAULT_PIPELINE = (dict(type='mmirstd.LoadClip'), dict(type='mmirstd.PackClipInputs'))


class StreamingDetector:
    """A clip detector that is fed one frame at a time.

    Each call gives the detections of the windowed model for the clip that ends with this frame; before the start of the
    sequence its first frame stands.  Backbone and pyramid run once a frame, and so does what the temporal neck can
    compute of one frame alone.

    Example::

        detector = StreamingDetector('configs/sstnet/sstnet_b4-20e_daub.py', 'work_dirs/sstnet/best.pth')
        for frame in video:                      # (H, W) or (C, H, W), uint8, uint16 or float
            detections = detector(frame).pred_instances
        detector.reset()                         # before the next video

    Args:
        model: A detector that was built, or a config (file) with the detector under ``model``.
        checkpoint: Checkpoint file for a model from a config.
        pipeline: Transforms from a frame to the model's input, as for a test data set.  None: the test pipeline of the
            config, and for a model without config ``LoadClip`` with its fixed normalization (8-bit frames / 255, 16-bit
            frames / 65535, float frames as they are) and no resize.  A normalization by the clip's own range
            (``'minmax'``, ``'percentile'``) would here be by the frame's.
        stride: Distance of a clip's frames; None: the test data set's in the config, or 1.
        device: Where to compute.
        fuse: Work on :func:`fused_copy` of the model: faster, and equal up to rounding.  False: the model itself,
            unchanged but in eval mode.

    Raises:
        TypeError: If the model is no ``mmirstd.MultiFrameDetector``.
        ValueError: If a checkpoint comes with a model that was built.
        CheckpointError: If the checkpoint cannot be read.
        RuntimeError: If the checkpoint is one of another architecture.
    """

    def __init__(
        self,
        model: MultiFrameDetector | Config | str | os.PathLike[str],
        checkpoint: str | os.PathLike[str] | None = None,
        pipeline: Sequence[dict] | None = None,
        stride: int | None = None,
        device: str | torch.device = 'cpu',
        fuse: bool = True,
    ) -> None:
        test_data: dict = {}
        if isinstance(model, (str, os.PathLike)):
            model = Config.fromfile(model)
        if isinstance(model, Config):
            init_default_scope(model.get('default_scope', 'mmdet'))
            test_data = (model.get('test_dataloader') or {}).get('dataset', {})
            model = MODELS.build(copy.deepcopy(model.model))
            if checkpoint is not None:
                state = load_checkpoint_file(checkpoint, map_location='cpu')
                model.load_state_dict(state.get('state_dict', state))
        elif checkpoint is not None:
            raise ValueError('a checkpoint goes with a config; load it into the model that was built')
        if not isinstance(model, MultiFrameDetector):
            raise TypeError(f'StreamingDetector works on an mmirstd.MultiFrameDetector, got {type(model).__name__}')
        self.model = fused_copy(model, device) if fuse else model.to(device).eval()
        # The arrays to come take the place of files.
        if pipeline is None:
            pipeline = test_data.get('pipeline', _DEFAULT_PIPELINE)
        if DefaultScope.get_current_instance() is None:
            init_default_scope('mmdet')  # what a transform without prefix means
        self.pipeline = Compose([copy.deepcopy(step) for step in pipeline])
        self.stream = FeatureStream(self.model, test_data.get('stride', 1) if stride is None else stride)
        self._next = 0
        self._shape: tuple[int, ...] = ()

    def reset(self) -> None:
        """Begin another sequence."""
        self.stream.reset()
        self._next = 0

    @torch.inference_mode()
    def __call__(self, frame: Frame) -> DetDataSample:
        """Detections on the next frame.

        Args:
            frame: (H, W), or (C, H, W) with 1, 3 (RGB) or 4 (RGBA) channels, of which one gray channel is made; uint8,
                uint16 or float.

        Returns:
            A sample whose ``pred_instances`` hold ``bboxes`` (N, 4) x1, y1, x2, y2 in pixels of the frame as given,
            ``scores`` (N,) and ``labels`` (N,).

        Raises:
            ValueError: If the frame has other dimensions, or another size than the one before it.
            DataError: If its values do not fit the normalization.
        """
        shape = _height_width(frame).shape[:2]
        if self._next and shape != self._shape:
            raise ValueError(
                f'frame {self._next} has {shape[0]}x{shape[1]} pixels (height x width), those before it '
                f'{self._shape[0]}x{self._shape[1]}; expected one size in a sequence\n  cure: reset() at '
                'the start of another sequence'
            )
        inputs, samples = self.preprocess(frame)
        self._shape = shape
        levels = self.stream.step(inputs[:, -1])
        self._next += 1
        return self.model.predict_by_levels(levels, samples)[0]

    def detect(self, frames: Iterable[Frame]) -> Iterator[DetDataSample]:
        """Detections on each frame of a new sequence, as they come."""
        self.reset()
        for frame in frames:
            yield self(frame)

    def preprocess(self, frame: Frame) -> tuple[Tensor, list[DetDataSample]]:
        """The model's input for one frame, (1, 1, C, H', W'), and its data sample."""
        results: dict[str, Any] = dict(
            img=[_height_width(frame)],
            img_path=f'frame {self._next}',
            img_id=self._next,
            video_id=0,
            frame_id=self._next,
            is_first=self._next == 0,
            instances=[],
        )
        packed = self.pipeline(results)
        data = self.model.data_preprocessor(
            dict(inputs=[packed['inputs']], data_samples=[packed['data_samples']]), False
        )
        inputs = data['inputs']
        # mmengine's default preprocessor leaves a list.
        return (torch.stack(inputs) if isinstance(inputs, list) else inputs), data['data_samples']


def fused_copy(model: MultiFrameDetector, device: str | torch.device = 'cpu') -> MultiFrameDetector:
    """A copy for inference, equal up to rounding.

    Batch norm is folded into the convolutions, mmcv's Swish (a product of two tensors) becomes PyTorch's SiLU in place,
    weights are in the channels-last layout, on CPU packed for oneDNN, and the motion branch, which works in training
    only, is left out.
    """
    model = copy.deepcopy(model).eval()
    model.motion_branch = None
    model = fuse_conv_bn(model)
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, Swish):
                setattr(module, name, nn.SiLU(inplace=True))
    model = model.to(device, memory_format=torch.channels_last)
    return pack_convs(model) if torch.device(device).type == 'cpu' else model


def _height_width(frame: Frame) -> np.ndarray:
    """(H, W), or (H, W, 3) as BGR."""
    array = frame.detach().cpu().numpy() if isinstance(frame, Tensor) else np.asarray(frame)
    if array.ndim == 3 and array.shape[0] in (1, 3, 4):
        # As OpenCV gives the channels of a file; one gray channel is made of them on loading.
        return array[0] if array.shape[0] == 1 else array[2::-1].transpose(1, 2, 0)
    if array.ndim != 2:
        raise ValueError(f'a frame of shape {array.shape}; expected (H, W) or (C, H, W) with 1, 3 or 4 channels')
    return array
