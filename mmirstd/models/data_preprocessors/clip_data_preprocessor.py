"""Batches of clips."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmirstd.registry import MODELS  # before mmdet: puts the stand-in for missing mmcv ops in place

from mmdet.models.data_preprocessors import DetDataPreprocessor  # isort: skip
from mmdet.models.utils.misc import samplelist_boxtype2tensor  # isort: skip


@MODELS.register_module()
class ClipDataPreprocessor(DetDataPreprocessor):
    """mmdet's ``DetDataPreprocessor`` for inputs with a time axis.

    Takes samples whose ``inputs`` are (T, C, H, W), all of one T and C, of any sizes, and gives ``inputs`` (B, T, C',
    H', W'): normalized, padded at the right and bottom to the largest size of the batch and then to a multiple of
    ``pad_size_divisor``. Each data sample gets ``batch_input_shape`` and ``pad_shape`` as in mmdet, and its boxes
    become tensors.

    Args:
        mean, std: One value, or one per channel, in the units of the inputs; None: not normalized. With one channel in
            and three values, the channel is repeated: SSTNet's official weights want gray frames normalized by
            ImageNet's mean and standard deviation.
        channels: Repeat one-channel frames this often; None: as often as ``mean`` has values.
        pad_size_divisor: The network's total stride.
        pad_value: Value of the border, in the units of the inputs (before ``mean`` and ``std``).
        boxtype2tensor, non_blocking: As in mmdet.
    """

    def __init__(
        self,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        channels: int | None = None,
        pad_size_divisor: int = 32,
        pad_value: float = 0.0,
        boxtype2tensor: bool = True,
        non_blocking: bool = False,
    ) -> None:
        super().__init__(
            pad_size_divisor=pad_size_divisor,
            pad_value=pad_value,
            boxtype2tensor=boxtype2tensor,
            non_blocking=non_blocking,
        )
        if (mean is None) != (std is None):
            raise ValueError('ClipDataPreprocessor: give mean and std together, or neither')
        if mean is not None and std is not None and len(mean) != len(std):
            raise ValueError(f'ClipDataPreprocessor: {len(mean)} values of mean but {len(std)} of std')
        if channels is not None and mean is not None and len(mean) not in (1, channels):
            raise ValueError(f'ClipDataPreprocessor: channels={channels} but {len(mean)} values of mean')
        self.channels = channels or (len(mean) if mean is not None else 1)
        self._enable_normalize = mean is not None
        if mean is not None:
            self.register_buffer('mean', torch.tensor(mean, dtype=torch.float32).view(-1, 1, 1), False)
            self.register_buffer('std', torch.tensor(std, dtype=torch.float32).view(-1, 1, 1), False)

    def forward(self, data: dict, training: bool = False) -> dict:
        """Stack a batch.

        Args:
            data: ``inputs``: B tensors (T, C, H, W) or one (B, T, C, H, W); ``data_samples``: B samples or None.
            training: Not used.

        Returns:
            ``inputs`` (B, T, C', H', W') float32 and ``data_samples``.

        Raises:
            ValueError: Inputs of other dimensions, or of different T or C.
        """
        data = self.cast_data(data)
        inputs, samples = data['inputs'], data.get('data_samples')
        clips = list(inputs)
        if not clips or any(clip.dim() != 4 for clip in clips):
            found = [tuple(clip.shape) for clip in clips[:4]]
            raise ValueError(
                f'ClipDataPreprocessor: inputs of shapes {found}; expected (T, C, H, W) each: pack '
                'samples with mmirstd.PackClipInputs'
            )
        if len({clip.shape[:2] for clip in clips}) != 1:
            raise ValueError(
                'ClipDataPreprocessor: a batch of clips with different (T, C): '
                f'{sorted({tuple(clip.shape[:2]) for clip in clips})}; expected one num_frames'
            )
        divisor = self.pad_size_divisor
        shapes = [tuple(-(-side // divisor) * divisor for side in clip.shape[-2:]) for clip in clips]
        height, width = (max(shape[k] for shape in shapes) for k in (0, 1))
        batch = torch.stack([self._pad(clip.float(), height, width) for clip in clips])
        if batch.shape[2] == 1 and self.channels > 1:
            batch = batch.expand(-1, -1, self.channels, -1, -1)
        if self._enable_normalize:
            batch = (batch - self.mean) / self.std
        batch = batch.contiguous()
        if samples is not None:
            for sample, shape in zip(samples, shapes):
                sample.set_metainfo(dict(batch_input_shape=(height, width), pad_shape=shape))
            if self.boxtype2tensor:
                samplelist_boxtype2tensor(samples)
        return dict(inputs=batch, data_samples=samples)

    def _pad(self, clip: Tensor, height: int, width: int) -> Tensor:
        bottom, right = height - clip.shape[-2], width - clip.shape[-1]
        return F.pad(clip, (0, right, 0, bottom), value=self.pad_value) if bottom or right else clip
