"""A segmentor of moving targets on clips: features of frames, coupled over time, and a map of the key frame."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.structures import PixelData
from torch import Tensor

from mmirstd.registry import MODELS

from mmseg.models.segmentors import EncoderDecoder  # isort: skip
from mmseg.structures import SegDataSample  # isort: skip
from mmseg.utils import add_prefix  # isort: skip

from ..clip_model import ClipModel, Levels

SUPERVISED = ('key', 'all')


@MODELS.register_module()
class MultiFrameSegmentor(ClipModel, EncoderDecoder):
    """Segmentor of moving targets over clips (B, T, C, H, W), the key frame last.

    The parts are those of :class:`~mmirstd.models.detectors.MultiFrameDetector`: ``backbone`` and ``neck`` see one
    frame at a time, ``temporal_neck`` couples the T frames' levels.  ``decode_head`` is a head of single frames
    (``mmirstd.IRSTDHead``); it gives the map of the key frame.

    Args:
        backbone: Config of the backbone of single frames; ``mmirstd.FrameInput`` for a network that looks at several
            frames from its first layer on.
        decode_head: Config of the head.
        neck: Config of a neck of single frames, or None.
        temporal_neck: Config of a module called with the frames' levels (T tuples of (B, C, h, w)), which returns the
            key frame's levels.  May be None for ``num_frames=1``.
        auxiliary_head: Config of a further head, which is used in training only; or None.
        num_frames: Frames T of a clip.
        supervised: Which frames the losses see: ``'key'``, the key frame, or ``'all'``, all frames of the clip.  The
            latter needs a temporal neck with a method ``all_frames(frames)``, which returns levels (B * T, C, h, w),
            a clip's frames one after the other, and samples with a mask of each frame (``gt_sem_seg`` of shape
            (T, H, W), see ``mmirstd.LoadClipMasks``).
        fold_frames: In training, put the frames into the batch, so that batch norm has statistics over all of them;
            False: one frame after the other.  No difference in eval mode.
        train_cfg: Training config of the heads.
        test_cfg: ``streaming``, ``stride`` and ``gaps`` as of :class:`~mmirstd.models.detectors.MultiFrameDetector`;
            ``streaming`` is True by default.  And ``frames`` ('key'): ``'all'`` predicts every frame of whole clips, so
            that ``seg_logits`` of a sample are (T, H, W); for data with ``window_step``.
        data_preprocessor: Config of ``mmirstd.ClipSegDataPreProcessor``.
        init_cfg: mmengine initialization.

    Raises:
        ValueError: Arguments that contradict one another.
    """

    def __init__(
        self,
        backbone: dict,
        decode_head: dict,
        neck: dict | None = None,
        temporal_neck: dict | None = None,
        auxiliary_head: dict | None = None,
        num_frames: int = 5,
        supervised: str = 'key',
        fold_frames: bool = True,
        train_cfg: dict | None = None,
        test_cfg: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | Sequence[dict] | None = None,
    ) -> None:
        if supervised not in SUPERVISED:
            raise ValueError(f'supervised is {supervised!r}; expected one of {SUPERVISED}')
        if (test_cfg or {}).get('mode', 'whole') != 'whole':
            raise ValueError("test_cfg.mode must be 'whole': clips are not cut into windows")
        if (test_cfg or {}).get('views') is not None:
            raise ValueError('test_cfg.views must be None: clips have no test-time augmentation')
        super().__init__(
            backbone=backbone,
            decode_head=decode_head,
            neck=neck,
            auxiliary_head=auxiliary_head,
            train_cfg=train_cfg,
            test_cfg=test_cfg,
            data_preprocessor=data_preprocessor,
            init_cfg=init_cfg,
        )
        self.supervised = supervised
        self.predicted = (test_cfg or {}).get('frames', 'key')
        if self.predicted not in SUPERVISED:
            raise ValueError(f'test_cfg.frames is {self.predicted!r}; expected one of {SUPERVISED}')
        self.fold_frames = fold_frames
        self.temporal_neck = MODELS.build(temporal_neck) if temporal_neck is not None else None
        self.init_clips(num_frames, {'streaming': True, **(test_cfg or {})})
        self._check_coupling()

    def _check_coupling(self) -> None:
        if self.num_frames > 1 and self.temporal_neck is None:
            raise ValueError(
                f'num_frames is {self.num_frames} and temporal_neck is None: nothing would couple the frames; give a '
                'temporal neck (mmirstd.DeepProNeck, mmirstd.MotionCouplingNeck) or num_frames=1'
            )
        wanted = 'all' in (self.supervised, self.predicted) and self.num_frames > 1
        if wanted and not self.has_all_frames:
            raise ValueError(
                "supervised='all' and test_cfg.frames='all' need the levels of all frames, but "
                f"{type(self.temporal_neck).__name__} gives those of the key frame alone: 'key'"
            )

    @property
    def has_all_frames(self) -> bool:
        """Whether the model can give a map of every frame of a clip."""
        return hasattr(self.temporal_neck, 'all_frames')

    # mmseg's three modes

    def loss(self, inputs: Tensor, data_samples: list[SegDataSample]) -> dict[str, Tensor]:
        """Losses of clips (B, T, C, H, W) whose samples hold the masks of the supervised frames."""
        if self.supervised == 'all' and self.num_frames > 1:
            return self._head_losses(self.extract_all_frames(inputs), self._all_frame_samples(data_samples))
        return self._head_losses(self.extract_feat(inputs), frame_samples(data_samples))

    def extract_all_frames(self, clips: Tensor) -> Levels:
        """Levels (B * T, C, h, w) of all frames of clips (B, T, C, H, W), a clip's frames one after the other."""
        return tuple(self.temporal_neck.all_frames(self.extract_clip_feats(clips)))

    def _head_losses(self, levels: Levels, samples: list[SegDataSample]) -> dict[str, Tensor]:
        losses = dict(add_prefix(self.decode_head.loss(levels, samples, self.train_cfg), 'decode'))
        if self.with_auxiliary_head:
            losses.update(self._auxiliary_head_forward_train(levels, samples))
        return losses

    def _all_frame_samples(self, samples: list[SegDataSample]) -> list[SegDataSample]:
        found = sorted({sample.gt_sem_seg.data.shape[0] for sample in samples} - {self.num_frames})
        if found:
            raise ValueError(
                f"supervised='all' needs a mask of each of the {self.num_frames} frames, found {found} in a sample: "
                "load them with dict(type='mmirstd.LoadClipMasks', frames='all')"
            )
        return samples

    def encode_decode(self, inputs: Tensor, batch_img_metas: list[dict]) -> Tensor:
        """Logits (B, 1, H, W) of the key frames of clips (B, T, C, H, W); in streaming mode also (B, 1, C, H, W)."""
        levels = self.stream_clips(inputs, batch_img_metas) if self.streaming else self.extract_feat(inputs)
        return self.decode_levels(levels, batch_img_metas)

    def decode_levels(self, levels: Levels, batch_img_metas: list[dict]) -> Tensor:
        """Logits of the key frames, at the input's size, from the levels that :meth:`extract_feat` gives."""
        return self.decode_head.predict(levels, batch_img_metas, self.test_cfg)

    def predict_by_levels(self, levels: Levels, data_samples: list[SegDataSample]) -> list[SegDataSample]:
        """The samples with their predictions, from the levels that :meth:`extract_feat` gives."""
        logits = self.decode_levels(levels, [sample.metainfo for sample in data_samples])
        return self.postprocess_result(logits, data_samples)

    def predict(self, inputs: Tensor, data_samples: list[SegDataSample] | None = None) -> list[SegDataSample]:
        """Maps of the key frames of clips (B, T, C, H, W); in streaming mode also (B, 1, C, H, W).

        Returns:
            The samples, with ``seg_logits`` (probabilities) and ``pred_sem_seg``, (1, H, W) at the original size; with
            ``test_cfg.frames='all'`` (T, H, W), of all frames.
        """
        if data_samples is None:
            shape = tuple(inputs.shape[-2:])
            meta = dict(ori_shape=shape, img_shape=shape, pad_shape=shape, padding_size=[0, 0, 0, 0])
            return self.postprocess_result(self.decode_levels(self.extract_feat(inputs), [meta] * len(inputs)), None)
        if self.predicted == 'all':
            return self._predict_all_frames(inputs, data_samples)
        logits = self.encode_decode(inputs, [sample.metainfo for sample in data_samples])
        return self.postprocess_result(logits, data_samples)

    def _predict_all_frames(self, inputs: Tensor, data_samples: list[SegDataSample]) -> list[SegDataSample]:
        frames = [SegDataSample(metainfo=sample.metainfo) for sample in data_samples for _ in range(self.num_frames)]
        found = iter(self.predict_by_levels(self.extract_all_frames(inputs), frames))
        for sample in data_samples:
            maps = [next(found) for _ in range(self.num_frames)]
            for name in ('seg_logits', 'pred_sem_seg'):
                sample.set_data({name: PixelData(data=torch.cat([one.get(name).data for one in maps]))})
        return data_samples

    def _forward(self, inputs: Tensor, data_samples: list[SegDataSample] | None = None) -> Tensor:
        """Logits of the key frames, at the head's size."""
        return self.decode_head.forward(self.extract_feat(inputs))


def frame_samples(samples: Sequence[SegDataSample], frame: int = -1) -> list[SegDataSample]:
    """Samples with the mask of one frame, of samples with a mask of each; by default of the key frame, the last."""
    alone = []
    for sample in samples:
        one = SegDataSample(metainfo=sample.metainfo)
        one.set_data(dict(gt_sem_seg=PixelData(data=sample.gt_sem_seg.data[frame][None])))
        alone.append(one)
    return alone
