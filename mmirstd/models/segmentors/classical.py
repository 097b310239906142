"""Base of the classical methods: a filter and an adaptive threshold, nothing learned."""

from __future__ import annotations

from abc import abstractmethod
from types import SimpleNamespace

import numpy as np
import torch
from mmseg.models.segmentors import BaseSegmentor
from mmseg.structures import SegDataSample
from torch import Tensor, nn

from mmirstd.utils.commands import command_line

#: The largest size of a logit: infinity would turn into NaN where mmseg interpolates.
LOGIT_LIMIT = 13.8


class ClassicalSegmentor(BaseSegmentor):
    """A segmentor made of a saliency filter, for ``tools/test.py CONFIG`` without a checkpoint.

    A subclass writes :meth:`saliency`. The saliency map s of each image
    (negative values count as 0) is thresholded at

        T = mean(s) + threshold * std(s)

    taken over the whole image without padding, the rule customary for classical
    IRSTD methods (e.g. Gao et al., "Infrared Patch-Image Model for Small Target
    Detection in a Single Image", IEEE TIP 22(12), 2013; there with a floor
    besides). For the metrics that need a score for each pixel (ROC, Pd-Fa
    curve) it is mapped to a pseudo-probability

        p = s / (s + T) = sigmoid(log(s / T))

    which rises with s, lies within [1e-6, 1 - 1e-6], and is above 0.5
    exactly where s > T. It is NOT a calibrated probability: T differs from
    image to image, and a threshold on p other than 0.5 is the multiple
    p / (1 - p) of each image's own T.

    The output is that of ``mmseg.EncoderDecoder`` with one output channel:
    ``seg_logits.data`` (1, H, W) float32 holds p, ``pred_sem_seg.data``
    (1, H, W) holds 1 where p > 0.5, at the native size with padding removed.

    Args:
        threshold: k of the adaptive threshold above, >= 0.
        data_preprocessor: As for every mmseg segmentor; None: mmseg's, without mean and std, which the
            filters do not need.

    Raises:
        ValueError: ``threshold`` is negative or not finite.
    """

    def __init__(self, threshold: float, data_preprocessor: dict | nn.Module | None = None) -> None:
        super().__init__(data_preprocessor=data_preprocessor or dict(type='mmseg.SegDataPreProcessor'))
        if not (np.isfinite(threshold) and threshold >= 0):
            raise ValueError(
                f'threshold of {type(self).__name__} is a number of standard deviations above '
                f'the mean and must be finite and >= 0, found {threshold}'
            )
        self.threshold = float(threshold)
        # What mmseg's postprocess_result and tools read of a segmentor with a decode head.
        self.align_corners = False
        self.out_channels = 1
        self.decode_head = SimpleNamespace(threshold=0.5, num_classes=2, out_channels=1)
        # DistributedDataParallel refuses a model without parameters; this one has no elements.
        self.no_weights = nn.Parameter(torch.empty(0))

    @abstractmethod
    def saliency(self, image: np.ndarray) -> np.ndarray:
        """Say how much each pixel looks like a target.

        Args:
            image: (H, W) float32, without padding.

        Returns:
            (H, W), larger is more target-like, <= 0 is background.
        """

    def logits(self, image: np.ndarray) -> np.ndarray:
        """log(s / T) of one image.

        Args:
            image: (H, W) float32.

        Returns:
            (H, W) float32 within +-13.8, the lowest where there is no saliency.
        """
        saliency = np.maximum(np.asarray(self.saliency(image), np.float64), 0)
        threshold = saliency.mean() + self.threshold * saliency.std()
        if threshold <= 0:  # nothing salient in the whole image
            return np.full(saliency.shape, -LOGIT_LIMIT, np.float32)
        with np.errstate(divide='ignore'):
            logits = np.log(saliency / threshold)
        return np.clip(logits, -LOGIT_LIMIT, LOGIT_LIMIT).astype(np.float32)

    def extract_feat(self, inputs: Tensor) -> Tensor:
        """The filters work on the image itself."""
        return inputs

    def encode_decode(self, inputs: Tensor, batch_data_samples: list[SegDataSample] | None = None) -> Tensor:
        """Filter a batch.

        Args:
            inputs: (B, 1, H, W) images.
            batch_data_samples: B samples whose ``padding_size`` (left, right,
                top, bottom) is kept out of filter and statistics; or None.

        Returns:
            (B, 1, H, W) logits on the device of ``inputs``, lowest in padding.

        Raises:
            ValueError: More than one channel.
        """
        if inputs.ndim != 4 or inputs.shape[1] != 1:
            raise ValueError(
                f'{type(self).__name__} takes one-channel images (B, 1, H, W), found '
                f'{tuple(inputs.shape)}; load them with mmirstd.LoadInfraredImage'
            )
        images = inputs.detach().float().cpu().numpy()[:, 0]
        height, width = images.shape[1:]
        out = np.full(images.shape, -LOGIT_LIMIT, np.float32)
        for k, image in enumerate(images):
            meta = batch_data_samples[k].metainfo if batch_data_samples is not None else {}
            left, right, top, bottom = meta.get('img_padding_size', meta.get('padding_size', (0, 0, 0, 0)))
            inner = np.s_[top : height - bottom, left : width - right]
            out[k][inner] = self.logits(np.ascontiguousarray(image[inner]))
        return torch.from_numpy(out)[:, None].to(inputs.device)

    def predict(self, inputs: Tensor, data_samples: list[SegDataSample] | None = None) -> list[SegDataSample]:
        """Detect; see the class for what the samples hold."""
        return self.postprocess_result(self.encode_decode(inputs, data_samples), data_samples)

    def _forward(self, inputs: Tensor, data_samples: list[SegDataSample] | None = None) -> Tensor:
        return self.encode_decode(inputs, data_samples)

    def loss(self, inputs: Tensor, data_samples: list[SegDataSample]) -> dict:
        """There is nothing to train.

        Raises:
            RuntimeError: Always.
        """
        raise RuntimeError(
            f'{type(self).__name__} has nothing to learn; evaluate it with '
            f'`{command_line("test", "CONFIG")}`, no checkpoint and no training needed'
        )
