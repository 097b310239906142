"""What detectors and segmentors of moving targets share: features of the frames of a clip, coupled over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from .feature_stream import FeatureStream

Levels = tuple[Tensor, ...]


class ClipModel:
    """Mixin of models of clips (B, T, C, H, W), the key frame last; stands before mmdet's or mmseg's class.

    ``backbone`` and ``neck`` see one frame at a time and ``temporal_neck`` couples the T frames' levels.  A stream
    (:class:`~.feature_stream.FeatureStream`) keeps what :meth:`frame_state` computes of each frame.

    Attributes:
        num_frames: Frames T of a clip.
        fold_frames: In training, put the frames into the batch, so that batch norm has statistics over all of them.
        temporal_neck: Called with the frames' levels (T tuples of (B, C, h, w)); gives the key frame's levels.
        streaming: ``predict`` keeps the features of past frames.
    """

    num_frames: int
    fold_frames: bool
    streaming: bool
    # modules; not set here, where they would hide those of the instance
    backbone: Any
    neck: Any
    temporal_neck: Any
    with_neck: bool
    training: bool

    def init_clips(self, num_frames: int, test_cfg: Mapping[str, Any] | None) -> None:
        """Set the clip length, and the stream that ``test_cfg`` asks for.

        Args:
            num_frames: Frames T of a clip.
            test_cfg: ``streaming`` (False), ``stride`` (1) and ``gaps`` ('hold') of the clips.

        Raises:
            ValueError: If ``num_frames`` is less than 1, or not that of the temporal neck.
        """
        if num_frames < 1:
            raise ValueError(f'num_frames is {num_frames}; expected at least 1')
        coupled = getattr(getattr(self, 'temporal_neck', None), 'num_frames', num_frames)
        if coupled != num_frames:
            raise ValueError(
                f'num_frames is {num_frames} and the temporal neck was built for {coupled} frames; set both '
                'model.num_frames and model.temporal_neck.num_frames, and num_frames of the data sets'
            )
        self.num_frames = num_frames
        test_cfg = test_cfg or {}
        self.streaming = bool(test_cfg.get('streaming', False))
        self._stream = self.make_stream(**{key: test_cfg[key] for key in ('stride', 'gaps') if key in test_cfg})
        self._stream_video: Any = None

    def make_stream(self, stride: int = 1, gaps: str = 'hold') -> FeatureStream:
        """A stream of this model: what it gives frame by frame equals what whole clips give."""
        return FeatureStream(self, stride, gaps)

    # Features

    def extract_frame_feat(self, frames: Tensor) -> Levels:
        """Backbone and pyramid of single frames.

        Args:
            frames: (N, C, H, W).

        Returns:
            The pyramid's levels, each (N, C_l, H / s_l, W / s_l).
        """
        levels = self.backbone(frames)
        return tuple(self.neck(levels) if self.with_neck else levels)

    @property
    def input_frames(self) -> int:
        """Frames of a clip that goes in."""
        return self.num_frames

    def check_clips(self, clips: Tensor) -> None:
        """See that the input is a batch of clips.

        Raises:
            ValueError: It has another number of dimensions or of frames.
        """
        if clips.dim() != 5 or clips.shape[1] != self.input_frames:
            raise ValueError(
                f'an input of shape {tuple(clips.shape)}; expected clips (B, {self.input_frames}, C, H, W), '
                'the key frame last'
            )

    def extract_clip_feats(self, clips: Tensor) -> list[Levels]:
        """Backbone and pyramid of each frame of clips (B, T, C, H, W).

        Returns:
            For each of the T frames its levels, each (B, C_l, h, w).

        Raises:
            ValueError: If the input is no batch of clips of ``num_frames`` frames.
        """
        self.check_clips(clips)
        if not self.fold_frames and self.training:
            return [self.extract_frame_feat(frame) for frame in clips.unbind(1)]
        # Frame by frame, so that each frame's features are one piece of memory.
        levels = self.extract_frame_feat(clips.transpose(0, 1).flatten(0, 1))
        return list(zip(*(level.chunk(self.num_frames) for level in levels)))

    def couple(self, frames: Sequence[Levels]) -> Levels:
        """Couple the levels of T frames, the key frame last, into the key frame's levels."""
        if self.temporal_neck is None:
            return frames[-1]
        return tuple(self.temporal_neck(frames))

    def extract_feat(self, batch_inputs: Tensor) -> Levels:
        """Levels for the head, from clips (B, T, C, H, W)."""
        return self.couple(self.extract_clip_feats(batch_inputs))

    def frame_state(self, frames: Tensor) -> Any:
        """All that :meth:`couple_states` needs of single frames (N, C, H, W), to be kept while clips contain them.

        Returns:
            A tuple (or named tuple) of tensors (N, ...).
        """
        levels = self.extract_frame_feat(frames)
        neck = self.temporal_neck
        return neck.frame_state(levels) if hasattr(neck, 'frame_state') else levels

    def couple_states(self, states: Sequence[Any]) -> Levels:
        """:meth:`couple` on the results of :meth:`frame_state`, in eval mode; equal up to rounding."""
        neck = self.temporal_neck
        if hasattr(neck, 'frame_state'):
            return tuple(neck.couple(states))
        return self.couple(states)

    # Streaming

    def train(self, mode: bool = True) -> Any:
        """Set the mode; forgets remembered frames, whose features belong to the weights of then."""
        self.reset_stream()
        return super().train(mode)  # type: ignore[misc]  # of the class behind the mixin

    def reset_stream(self) -> None:
        """Forget remembered frames (streaming mode)."""
        if '_stream' in self.__dict__:
            self._stream.reset()
            self._stream_video = None

    def stream_clips(self, clips: Tensor, metas: Sequence[Mapping[str, Any]]) -> Levels:
        """Levels of a batch of samples (B, T or 1, C, H, W), one after the other through the stream.

        Args:
            clips: Whole clips, or key frames alone, (B, 1, C, H, W).
            metas: The samples' meta information: ``video_id``, ``frame_id``, and ``is_first`` or ``frame_ids``.  Of
                clips whose past frames were aligned with the key frame (``aligned``) nothing is kept: they look
                different in each clip.
        """
        if metas and all(meta.get('aligned', False) for meta in metas):
            return self.extract_feat(clips)
        steps = [self._stream_step(clip, meta) for clip, meta in zip(clips, metas)]
        return tuple(torch.cat(level) for level in zip(*steps))

    def _stream_step(self, clip: Tensor, meta: Mapping[str, Any]) -> Levels:
        """Levels of one sample, (T or 1, C, H, W)."""
        absent = [key for key in ('video_id', 'frame_id') if key not in meta]
        if absent:
            raise ValueError(
                f'test_cfg.streaming needs {absent} in the meta information of the samples; add them to '
                'the meta_keys of the packing transform, or set test_cfg.streaming to False'
            )
        if meta.get('is_first', False) or meta['video_id'] != self._stream_video:
            self._stream.reset()
            self._stream_video = meta['video_id']
        ids = meta.get('frame_ids', ())
        if len(clip) == len(ids) == self.num_frames:
            return self._stream.step_clip(ids, clip.unsqueeze(0))
        if not len(self._stream) and not meta.get('is_first', False):
            raise ValueError(
                f'the first sample of sequence {meta["video_id"]} is frame {meta["frame_id"]}, which is not its first '
                '(is_first), and it holds no past frames: give samples in order (mmirstd.SequenceSampler keeps '
                'sequences whole), or whole clips (num_frames on the data set)'
            )
        return self._stream.step(clip[None, -1], int(meta['frame_id']))
