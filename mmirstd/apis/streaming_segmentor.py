"""Segment moving targets in a stream, frame by frame."""

from __future__ import annotations

from mmirstd.models.segmentors import MultiFrameSegmentor

from .streaming_model import StreamingModel


class StreamingSegmentor(StreamingModel):
    """A segmentor of clips that is fed one frame at a time.

    Each call gives the map of the windowed model for the clip that ends with this frame; before the start of the
    sequence its first frame stands.  What the network computes of one frame alone is computed once and kept: all that
    stands before DTUM's temporal module, LVNet's convolutions.  DeepPro looks along time from its first layer on: of it
    the frames themselves are kept, and what only other frames than the key frame need is left out.  RFR keeps the state
    that it hands from frame to frame.

    Example::

        segmentor = StreamingSegmentor('configs/dtum/resunet-dtum_b1-20e_nudt-mirsdt-masks.py', 'resunet-dtum.pth')
        for frame in video:                                     # (H, W) or (C, H, W), uint8, uint16 or float
            probability = segmentor(frame).seg_logits.data[0]   # (H, W) in [0, 1]
        segmentor.reset()                                       # before the next video

    Args:
        model, checkpoint, pipeline, stride, device, gaps: As of :class:`~.streaming_model.StreamingModel`; the model
            is an ``mmirstd.MultiFrameSegmentor`` or one of its kind (``mmirstd.DTUM``, ``mmirstd.RFR``).
    """

    kind = MultiFrameSegmentor
    scope = 'mmseg'
    default_pipeline = (
        dict(type='mmirstd.LoadClip'),
        dict(type='mmirstd.PadToMultiple', divisor=32),
        dict(type='mmirstd.PackClipSegInputs'),
    )
