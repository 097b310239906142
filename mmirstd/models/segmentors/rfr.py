"""RFR: any network of single frames on a feature that is refined from frame to frame."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..clip_model import Levels
from ..layers import SpatialAttention, check_size
from ..layers.frequency_attention import FrequencyAttention
from ..layers.pyramid_alignment import PyramidAlignment
from ..recurrent_stream import RecurrentStream
from .multi_frame_segmentor import MultiFrameSegmentor, frame_samples

from mmseg.structures import SegDataSample  # isort: skip


class TemporalSpatialFusion(nn.Module):
    """Joins the aligned past with the present frame, then weighs places and frequencies.

    Args:
        channels: C, a multiple of 16.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.embed_current = nn.Conv2d(channels, channels, 3, padding=1)
        self.embed_past = nn.Conv2d(channels, channels, 3, padding=1)
        self.join = nn.Conv2d(2 * channels, channels, 1)
        self.spatial = SpatialAttention(3, bias=False)
        self.frequency = FrequencyAttention(channels)

    def forward(self, past: Tensor, current: Tensor) -> Tensor:
        """Two (B, C, H, W) -> (B, C, H, W)."""
        alike = (self.embed_past(past) * self.embed_current(current)).sum(dim=1, keepdim=True).sigmoid()
        joined = self.join(torch.cat([past * alike, current], dim=1))
        return self.frequency(self.spatial(joined) * joined).relu()


@MODELS.register_module()
class RFR(MultiFrameSegmentor):
    """Recurrent feature refinement: the past, aligned to each frame by deformable convolutions, joins its feature.

    "Infrared Small Target Detection in Satellite Videos: A New Dataset and A Novel Recurrent Feature Refinement
    Framework" (XinyiYing/RFR); with ResUNet it equals the official code.  A config becomes its RFR variant by
    inheritance::

        model = dict(type='mmirstd.RFR', data_preprocessor=dict(type='mmirstd.ClipSegDataPreProcessor'))

    The network sees the refined feature (``channels``) in place of the image.  It is trained on all frames of clips,
    one after the other; in tests the state goes through the whole sequence, from its first frame on.

    Args:
        backbone, decode_head, neck, auxiliary_head, train_cfg, test_cfg, data_preprocessor, init_cfg: As of
            :class:`MultiFrameSegmentor`; the backbone's ``in_channels`` is set here.
        num_frames: Frames of a training clip.
        channels: Of the refined feature, a multiple of 16.
        groups: Of the deformable convolutions.

    Raises:
        ValueError: For another ``supervised`` than 'all', or a temporal neck.
    """

    def __init__(
        self, backbone: dict, decode_head: dict, num_frames: int = 20, channels: int = 16, groups: int = 4, **kwargs
    ) -> None:
        if kwargs.setdefault('supervised', 'all') != 'all' or kwargs.get('temporal_neck') is not None:
            raise ValueError(
                f'RFR: supervised={kwargs["supervised"]!r}, temporal_neck={kwargs.get("temporal_neck")}; it is trained '
                "on all frames and couples them itself: supervised='all', temporal_neck=None"
            )
        super().__init__(dict(backbone, in_channels=channels), decode_head, num_frames=num_frames, **kwargs)
        self.stem = nn.Conv2d(1, channels, 3, padding=1)
        self.align = PyramidAlignment(channels, 3, groups)
        self.fuse_past = TemporalSpatialFusion(channels)
        self.fuse_frame = nn.Conv2d(2 * channels, channels, 3, padding=1)

    def _check_coupling(self) -> None:
        """The modules of this class couple the frames."""

    @property
    def has_all_frames(self) -> bool:
        """Yes."""
        return True

    def make_stream(self, stride: int = 1, gaps: str = 'hold') -> RecurrentStream:  # type: ignore[override]
        """A stream that keeps the state since the sequence's first frame."""
        return RecurrentStream(self, stride, gaps)

    # The recurrence

    def embed(self, frame: Tensor) -> Tensor:
        """A frame (B, 1, H, W) alone -> (B, C, H, W).

        Raises:
            ValueError: Height or width is no multiple of 4.
        """
        check_size(self, frame, 4, pad=32)
        return self.stem(frame)

    def propagate(self, state: Tensor | None, current: Tensor) -> Tensor:
        """The state after a frame, from that before it (None at the first frame) and the frame's feature."""
        past = current if state is None else self.align(state, current)
        return self.fuse_past(past, current)

    def frame_levels(self, current: Tensor, state: Tensor) -> Levels:
        """Levels of a frame from its own feature and the state."""
        return self.extract_frame_feat(self.fuse_frame(torch.cat([current, state], dim=1)))

    def all_states(self, clips: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Feature and state of each frame of clips (B, T, C, H, W)."""
        self.check_clips(clips)
        features = self.embed(clips.flatten(0, 1))
        features = features.reshape(*clips.shape[:2], *features.shape[1:])
        states: list[tuple[Tensor, Tensor]] = []
        state = None
        for current in features.unbind(1):
            state = self.propagate(state, current)
            states.append((current, state))
        return states

    def extract_feat(self, batch_inputs: Tensor) -> Levels:
        """Levels of the last frame of clips (B, T, C, H, W)."""
        return self.frame_levels(*self.all_states(batch_inputs)[-1])

    def extract_all_frames(self, clips: Tensor) -> Levels:
        """See :class:`MultiFrameSegmentor`."""
        found = [self.frame_levels(*state) for state in self.all_states(clips)]
        return tuple(torch.stack(level, dim=1).flatten(0, 1) for level in zip(*found))

    def loss(self, inputs: Tensor, data_samples: list[SegDataSample]) -> dict[str, Tensor]:
        """Losses of clips (B, T, C, H, W), the mean over the frames of each frame's."""
        states = self.all_states(inputs)
        losses: dict[str, Tensor] = {}
        samples = self._all_frame_samples(data_samples)
        for frame, (current, state) in enumerate(states):
            found = self._head_losses(self.frame_levels(current, state), frame_samples(samples, frame))
            for name, value in found.items():
                losses[name] = losses.get(name, 0) + value / len(states)
        return losses
