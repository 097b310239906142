"""Models of clips that are fed one frame at a time."""

from __future__ import annotations

import copy
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.logging import print_log
from mmengine.registry import DefaultScope, init_default_scope
from torch import Tensor

from mmirstd.compat.checkpoint import load_checkpoint_file
from mmirstd.compat.target_logits import FIELD
from mmirstd.datasets.gray_normalization import GrayNormalization
from mmirstd.engine.checkpoint_meta import stored_operating_point
from mmirstd.engine.loading_options import loading_steps
from mmirstd.engine.normalization import choose_for_inference
from mmirstd.engine.single_image_pipeline import needs_annotation
from mmirstd.evaluation.maps import logit_map_of
from mmirstd.false_alarms.operating_point import OperatingPoint
from mmirstd.registry import MODELS
from mmirstd.utils.config_parts import bare_type

from .frame_window import FrameWindow
from .sequence_inference import gaps_in_inference

Frame = np.ndarray | Tensor


class StreamingModel:
    """What :class:`StreamingDetector` and :class:`StreamingSegmentor` share.

    Args:
        model: A model that was built, or a config (file) with it under ``model``.
        checkpoint: Checkpoint file for a model from a config.
        pipeline: Transforms from a frame to the model's input, as for a test data set; steps that load annotations are
            left out.  None: the test pipeline of the config, and for a model without config ``default_pipeline``;
            there raw frames are stretched as everywhere in inference, unless config or training say how they are read.
        stride: Distance of a clip's frames; None: the test data set's in the config, or 1.
        device: Where to compute.
        gaps: What stands for a past frame whose number is missing, ``'hold'`` or ``'position'``
            (``mmirstd.utils.clip_window.GAPS``); None: as the test data set in the config, or ``'hold'``.

    Attributes:
        operating_point: The threshold that ``mmirstd calibrate`` wrote into the checkpoint; ``pred_sem_seg`` follows
            it, and ``pred_instances`` have no box below it. None: there is none.

    Raises:
        TypeError: If the model is of another kind.
        ValueError: If a checkpoint comes with a model that was built.
        CheckpointError: If the checkpoint cannot be read.
        RuntimeError: If the checkpoint is one of another architecture.
    """

    #: The class of models, and the default scope of their transforms.
    kind: ClassVar[type]
    scope: ClassVar[str]
    default_pipeline: ClassVar[tuple[dict, ...]]

    def __init__(
        self,
        model: Any,
        checkpoint: str | os.PathLike[str] | None = None,
        pipeline: Sequence[dict] | None = None,
        stride: int | None = None,
        device: str | torch.device = 'cpu',
        gaps: str | None = None,
    ) -> None:
        cfg: Config | None = None
        test_data: dict = {}
        self.operating_point: OperatingPoint | None = None
        if isinstance(model, (str, os.PathLike)):
            model = Config.fromfile(model)
        if isinstance(model, Config):
            cfg = model
            init_default_scope(model.get('default_scope', self.scope))
            test_data = (model.get('test_dataloader') or {}).get('dataset', {})
            model = MODELS.build(copy.deepcopy(model.model))
            if checkpoint is not None:
                state = load_checkpoint_file(checkpoint, map_location='cpu')
                model.load_state_dict(state.get('state_dict', state))
                self.operating_point = stored_operating_point(checkpoint)
                if self.operating_point is not None:
                    print_log(f'threshold: {self.operating_point}, as the checkpoint has it', logger='current')
        elif checkpoint is not None:
            raise ValueError('a checkpoint goes with a config; load it into the model that was built')
        if not isinstance(model, self.kind):
            raise TypeError(
                f'{type(self).__name__} works on an mmirstd.{self.kind.__name__}, got {type(model).__name__}'
            )
        self.model: Any = self.prepare_model(model, device)
        # The arrays to come take the place of files.
        if pipeline is None:
            pipeline = [copy.deepcopy(step) for step in test_data.get('pipeline', self.default_pipeline)]
            weights = None if checkpoint is None else os.fspath(checkpoint)
            for step in loading_steps(pipeline):
                if text := choose_for_inference(step, weights, {}, cfg):
                    print_log(text, logger='current', level=logging.WARNING)
        if DefaultScope.get_current_instance() is None:
            init_default_scope(self.scope)  # what a transform without prefix means
        self.pipeline = Compose([copy.deepcopy(step) for step in pipeline if not needs_annotation(step)])
        self._warn_of_other_images()
        stride = test_data.get('stride', 1) if stride is None else stride
        gaps = gaps_in_inference(test_data) if gaps is None else gaps
        self.stream = self.model.make_stream(stride, gaps)
        # Frames that are aligned with the key frame look different in each clip: of these the frames are kept.
        self._window = FrameWindow(self.model.num_frames, stride, gaps) if any(map(_aligns, pipeline)) else None
        self._next = 0
        self._shape: tuple[int, ...] = ()

    def _warn_of_other_images(self) -> None:
        loader = next((step for step in self.pipeline.transforms if isinstance(step, GrayNormalization)), None)
        point = self.operating_point
        text = None if point is None or loader is None else point.other_conditions(loader.in_effect)
        if text is not None:
            print_log(text, logger='current', level=logging.WARNING)

    def prepare_model(self, model: Any, device: str | torch.device) -> Any:
        """The model that runs."""
        return model.to(device).eval()

    def reset(self) -> None:
        """Begin another sequence."""
        self.stream.reset()
        if self._window is not None:
            self._window.reset()
        self._next = 0

    @torch.inference_mode()
    def __call__(self, frame: Frame, number: int | None = None) -> Any:
        """The result of the next frame.

        Args:
            frame: (H, W), or (C, H, W) with 1, 3 (RGB) or 4 (RGBA) channels, of which one gray channel is made; uint8,
                uint16 or float.
            number: Its number in the sequence, larger than those before; None: the last one plus 1. For numbers that
                are missing stands what ``gaps`` says.

        Returns:
            A data sample with the prediction, at the size of the frame as given.

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
        inputs, samples = self.preprocess(frame, number)
        self._shape = shape
        levels = self.stream.step(inputs[:, -1], number) if self._window is None else self.model.extract_feat(inputs)
        self._next += 1
        sample = self.model.predict_by_levels(levels, samples)[0]
        if self.operating_point is not None and FIELD in sample:
            mask = torch.from_numpy(self.operating_point.mask(logit_map_of(sample)))[None]
            sample.pred_sem_seg.data = mask.to(sample.pred_sem_seg.data)
        elif self.operating_point is not None:
            found = sample.pred_instances
            sample.pred_instances = found[found.scores.double() >= self.operating_point.threshold]
        return sample

    def detect(self, frames: Iterable[Frame]) -> Iterator[Any]:
        """The result of each frame of a new sequence, as they come."""
        self.reset()
        for frame in frames:
            yield self(frame)

    def preprocess(self, frame: Frame, number: int | None = None) -> tuple[Tensor, list[Any]]:
        """The model's input for one frame, (1, 1, C, H', W'), and its data sample.

        Where frames are aligned, the input is the whole clip that ends with it, (1, T, C, H', W').
        """
        image = _height_width(frame)
        images, tokens = [image], None
        if self._window is not None:
            images, tokens = self._window.step(image, number)
        results: dict[str, Any] = dict(
            img=images,
            frame_tokens=tokens,
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


def _aligns(step: dict) -> bool:
    return bare_type(step) == 'AlignClip'


def _height_width(frame: Frame) -> np.ndarray:
    """(H, W), or (H, W, 3) as BGR."""
    array = frame.detach().cpu().numpy() if isinstance(frame, Tensor) else np.asarray(frame)
    if array.ndim == 3 and array.shape[0] in (1, 3, 4):
        # As OpenCV gives the channels of a file; one gray channel is made of them on loading.
        return array[0] if array.shape[0] == 1 else array[2::-1].transpose(1, 2, 0)
    if array.ndim != 2:
        raise ValueError(f'a frame of shape {array.shape}; expected (H, W) or (C, H, W) with 1, 3 or 4 channels')
    return array
