"""Detect moving targets in a stream, frame by frame."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from typing import Any

import torch
from mmcv.cnn.bricks.swish import Swish
from mmengine.config import Config
from torch import nn

from mmirstd.models.detectors import MultiFrameDetector
from mmirstd.models.folded import fold_norms
from mmirstd.models.layers import pack_convs, to_channels_last

from .streaming_model import StreamingModel


class StreamingDetector(StreamingModel):
    """A clip detector that is fed one frame at a time.

    Each call gives the detections of the windowed model for the clip that ends with this frame, as a sample whose
    ``pred_instances`` hold ``bboxes`` (N, 4) x1, y1, x2, y2 in pixels of the frame as given, ``scores`` (N,) and
    ``labels`` (N,); before the start of the sequence its first frame stands.  Backbone and pyramid run once a frame,
    and so does what the temporal neck can compute of one frame alone.

    Example::

        detector = StreamingDetector('configs/sstnet/sstnet_b4-20e_daub.py', 'work_dirs/sstnet/best.pth')
        for frame in video:                      # (H, W) or (C, H, W), uint8, uint16 or float
            detections = detector(frame).pred_instances
        detector.reset()                         # before the next video

    Args:
        model: A detector that was built, or a config (file) with the detector under ``model``.
        checkpoint: Checkpoint file for a model from a config.
        pipeline: Transforms from a frame to the model's input, as for a test data set.  None: the test pipeline of the
            config, and for a model without config ``LoadClip`` without a resize.  There raw frames are stretched as
            everywhere in inference (``normalize='auto'``).  A normalization by the clip's own range (``'minmax'``,
            ``'percentile'``, ``'robust'``) is by the frame's here, unless the pipeline aligns the frames of a clip.
        stride: Distance of a clip's frames; None: the test data set's in the config, or 1.
        device: Where to compute.
        gaps: As of :class:`~.streaming_model.StreamingModel`.
        fuse: Work on :func:`fused_copy` of the model: faster, and equal up to rounding.  False: the model itself,
            unchanged but in eval mode.

    Raises:
        TypeError: If the model is no ``mmirstd.MultiFrameDetector``.
        ValueError: If a checkpoint comes with a model that was built.
        CheckpointError: If the checkpoint cannot be read.
        RuntimeError: If the checkpoint is one of another architecture.
    """

    kind = MultiFrameDetector
    scope = 'mmdet'
    default_pipeline = (dict(type='mmirstd.LoadClip'), dict(type='mmirstd.PackClipInputs'))

    def __init__(
        self,
        model: MultiFrameDetector | Config | str | os.PathLike[str],
        checkpoint: str | os.PathLike[str] | None = None,
        pipeline: Sequence[dict] | None = None,
        stride: int | None = None,
        device: str | torch.device = 'cpu',
        fuse: bool = True,
        gaps: str | None = None,
    ) -> None:
        self.fuse = fuse
        super().__init__(model, checkpoint, pipeline, stride, device, gaps)

    def prepare_model(self, model: Any, device: str | torch.device) -> Any:
        """See :class:`~.streaming_model.StreamingModel`."""
        return fused_copy(model, device) if self.fuse else super().prepare_model(model, device)


def fused_copy(model: MultiFrameDetector, device: str | torch.device = 'cpu') -> MultiFrameDetector:
    """A copy for inference, equal up to rounding.

    Batch norm is folded into the convolutions (:func:`~mmirstd.models.folded.fold_norms`), mmcv's Swish (a product of
    two tensors) becomes PyTorch's SiLU in place, weights are in the channels-last layout, on CPU packed for oneDNN, and
    the motion branch, which works in training only, is left out.
    """
    model = copy.deepcopy(model).eval()
    model.motion_branch = None
    model = fold_norms(model, [(1, model.input_frames, channels, 64, 64) for channels in (1, 3)])
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, Swish):
                setattr(module, name, nn.SiLU(inplace=True))
    model = to_channels_last(model.to(device))
    return pack_convs(model) if torch.device(device).type == 'cpu' else model
