"""A dense detector on clips: per-frame features, a coupling over time, and a head on the key frame."""

from __future__ import annotations

from collections.abc import Sequence

from mmdet.models.detectors import SingleStageDetector
from mmdet.structures import DetDataSample
from torch import Tensor

from mmirstd.registry import MODELS
from mmirstd.utils.letterbox import undo_letterbox

from ..clip_model import ClipModel, Levels


@MODELS.register_module()
class MultiFrameDetector(ClipModel, SingleStageDetector):
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
        self.fold_frames = fold_frames
        self.temporal_neck = MODELS.build(temporal_neck) if temporal_neck is not None else None
        self.motion_branch = MODELS.build(motion_branch) if motion_branch is not None else None
        self.init_clips(num_frames, test_cfg)

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
            levels = self.stream_clips(batch_inputs, [sample.metainfo for sample in batch_data_samples])
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
