"""A detector of moving targets that is given whole clips, as a test runs it without streaming."""

from __future__ import annotations

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmengine.dataset import Compose

from mmirstd.models.detectors import MultiFrameDetector

PIPELINE = [dict(type='mmirstd.LoadClip'), dict(type='mmirstd.PackClipInputs')]


class Windowed:
    """A detector on whole clips of an array of frames."""

    def __init__(self, model: MultiFrameDetector) -> None:
        self.model = model.eval()
        self.model.streaming = False
        self.pipeline = Compose(PIPELINE)

    @torch.inference_mode()
    def __call__(self, video: np.ndarray, i: int) -> DetDataSample:
        """Detections on frame ``i``, its past frames taken anew."""
        ids = [max(i - k, 0) for k in range(self.model.num_frames - 1, -1, -1)]
        packed = self.pipeline(dict(img=[video[k] for k in ids], img_id=i, instances=[]))
        data = dict(inputs=[packed['inputs']], data_samples=[packed['data_samples']])
        return self.model.test_step(data)[0]
