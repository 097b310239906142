"""A dense detector on clips: per-frame features, a coupling over time, and a head on the key frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmdet.models.detectors import SingleStageDetector
from mmdet.structures import DetDataSample
from torch import Tensor

from mmirstd.registry import MODELS
from mmirstd.utils.letterbox import undo_letterbox

from .feature_stream import FeatureStream

Levels = tuple[Tensor, ...]


@MODELS.register_module()
class MultiFrameDetector(SingleStageDetector):
    """Detector of moving targets over clips (B, T, C, H, W), the key frame last.

    backbone and ``neck`` (a pyramid) see one frame at a time; ``temporal_neck`` couples the T frames' levels;
    ``bbox_head`` detects on the key frame.  With ``num_frames=1`` and no temporal neck this is the single-frame
    detector of the same parts, on the same data.

    Args:
        backbone: Backbone config.
        neck: Config of the pyramid of one frame, or None.
        temporal_neck: Config of a module called with the frames' levels (T tuples of (B, C, h, w)), which returns the
            key frame's levels (``mmirstd.MotionCouplingNeck``).  May be None for ``num_frames=1``.
        bbox_head: Config of a dense head of mmdet.
        motion_branch: Config of a module with ``loss(clips, frames) -> dict`` that is used in training only
            (``mmirstd.CrossSliceMotionBranch``), or None.
        num_frames: Frames T of a clip.
        fold_frames: In training, put the frames into the batch, so that batch norm has statistics over all of them;
            False: one frame after the other, as the official SSTNet does.  No difference in eval mode.
        train_cfg: Training config of the head.
        test_cfg: Test config of the head, and

            * ``streaming`` (default False): in ``predict``, keep the features of past frames, so that a sequence costs
              one pass of backbone and pyramid a frame.  Results are those of whole clips up to rounding.  The samples
              come in the order of the sequence, as the clip data sets give them.  ``inputs`` may hold the key frame
              alone (``streaming=True, num_frames=1`` on the data set) or the whole clip; with the latter, samples out
              of order are no error, they only save nothing.  Meta information needed: ``video_id``, ``frame_id``, and
              ``is_first`` or, with whole clips, ``frame_ids``.
            * ``stride`` (1) and ``gaps`` ('hold') of the clips, where ``inputs`` holds the key frame alone, as on the
              data set.
        data_preprocessor: Config of ``mmirstd.ClipDataPreprocessor``.
        init_cfg: mmengine initialization.

    Raises:
        ValueError: If ``num_frames`` is less than 1, or more than 1 without a temporal neck.
    """

    def __init__(
        self,
        backbone: dict,
        neck: dict | None = None,
        temporal_neck: dict | None = None,
        bbox_head: dict | None = None,
        motion_branch: dict | None = None,
        num_frames: int = 5,
        fold_frames: bool = True,
        train_cfg: dict | None = None,
        test_cfg: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | Sequence[dict] | None = None,
    ) -> None:
        if num_frames < 1:
            raise ValueError(f'num_frames is {num_frames}; expected at least 1')
        if num_frames > 1 and temporal_neck is None:
            raise ValueError(
                f'num_frames is {num_frames} and temporal_neck is None: nothing would couple the frames; '
                'give a temporal neck (mmirstd.MotionCouplingNeck) or num_frames=1'
            )
        if bbox_head is None:
            raise ValueError('bbox_head is None; expected the config of a dense head')
        super().__init__(
            backbone=backbone,
            neck=neck,
            bbox_head=bbox_head,
            train_cfg=train_cfg,
            test_cfg=test_cfg,
            data_preprocessor=data_preprocessor,
            init_cfg=init_cfg,
        )
        self.num_frames = num_frames
        self.fold_frames = fold_frames
        self.temporal_neck = MODELS.build(temporal_neck) if temporal_neck is not None else None
        self.motion_branch = MODELS.build(motion_branch) if motion_branch is not None else None
        test_cfg = test_cfg or {}
        self.streaming = bool(test_cfg.get('streaming', False))
        self._stream = FeatureStream(self, **{key: test_cfg[key] for key in ('stride', 'gaps') if key in test_cfg})
        self._stream_video: Any = None

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

    def extract_clip_feats(self, clips: Tensor) -> list[Levels]:
        """Backbone and pyramid of each frame of clips (B, T, C, H, W).

        Returns:
            For each of the T frames its levels, each (B, C_l, h, w).

        Raises:
            ValueError: If the input is no batch of clips of ``num_frames`` frames.
        """
        if clips.dim() != 5 or clips.shape[1] != self.num_frames:
            raise ValueError(
                f'an input of shape {tuple(clips.shape)}; expected clips (B, {self.num_frames}, C, H, W), '
                'the key frame last'
            )
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
        neck: Any = self.temporal_neck
        return neck.frame_state(levels) if hasattr(neck, 'frame_state') else levels

    def couple_states(self, states: Sequence[Any]) -> Levels:
        """:meth:`couple` on the results of :meth:`frame_state`, in eval mode; equal up to rounding."""
        neck: Any = self.temporal_neck
        if hasattr(neck, 'frame_state'):
            return tuple(neck.couple(states))
        return self.couple(states)

    # mmdet's three modes

    def loss(self, batch_inputs: Tensor, batch_data_samples: list[DetDataSample]) -> dict[str, Tensor]:
        """Losses of clips (B, T, C, H, W) whose samples hold the key frame's ``gt_instances``.

        Returns:
            The head's losses, and those of the motion branch.
        """
        frames = self.extract_clip_feats(batch_inputs)
        losses = dict(self.bbox_head.loss(self.couple(frames), batch_data_samples))
        if self.motion_branch is not None:
            losses.update(self.motion_branch.loss(batch_inputs, frames))
        return losses

    def predict(
        self, batch_inputs: Tensor, batch_data_samples: list[DetDataSample], rescale: bool = True
    ) -> list[DetDataSample]:
        """Detections on the key frames of clips (B, T, C, H, W).

        Args:
            batch_inputs: Clips; in streaming mode also (B, 1, C, H, W), the key frames.
            batch_data_samples: Their samples.
            rescale: Bring boxes from the input's pixels to those of the original image (``scale_factor``, and
                ``pad_param`` (top, bottom, left, right) where a letterbox put pixels before the image).

        Returns:
            The samples, with ``pred_instances`` (``bboxes`` x1, y1, x2, y2 in pixels; ``scores``; ``labels``).
        """
        if self.streaming:
            steps = [self._stream_step(clip, sample) for clip, sample in zip(batch_inputs, batch_data_samples)]
            levels = tuple(torch.cat(level) for level in zip(*steps))
        else:
            levels = self.extract_feat(batch_inputs)
        return self.predict_by_levels(levels, batch_data_samples, rescale)

    def predict_by_levels(
        self, levels: Levels, batch_data_samples: list[DetDataSample], rescale: bool = True
    ) -> list[DetDataSample]:
        """The head's detections, see :meth:`predict`, from the levels that :meth:`extract_feat` gives."""
        results = self.bbox_head.predict(levels, batch_data_samples, rescale=False)
        if rescale:
            for result, sample in zip(results, batch_data_samples):
                meta = sample.metainfo
                result.bboxes = undo_letterbox(
                    result.bboxes, meta.get('scale_factor', (1.0, 1.0)), meta.get('pad_param', (0, 0, 0, 0))
                )
        return self.add_pred_to_datasample(batch_data_samples, results)

    def _forward(self, batch_inputs: Tensor, batch_data_samples: list[DetDataSample] | None = None) -> tuple:
        """The head's raw maps."""
        return self.bbox_head.forward(self.extract_feat(batch_inputs))

    # Streaming

    def train(self, mode: bool = True) -> MultiFrameDetector:
        """Set the mode; forgets remembered frames, whose features belong to the weights of then."""
        self.reset_stream()
        return super().train(mode)

    def reset_stream(self) -> None:
        """Forget remembered frames (streaming mode)."""
        if '_stream' in self.__dict__:
            self._stream.reset()
            self._stream_video = None

    def _stream_step(self, clip: Tensor, sample: DetDataSample) -> Levels:
        """Levels of one sample, (T or 1, C, H, W)."""
        meta = sample.metainfo
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
