"""Batches of clips with masks."""

from __future__ import annotations

from mmirstd.registry import MODELS

from mmseg.models.data_preprocessor import SegDataPreProcessor  # isort: skip


@MODELS.register_module()
class ClipSegDataPreProcessor(SegDataPreProcessor):
    """mmseg's ``SegDataPreProcessor`` for inputs with a time axis, (T, 1, H, W) each, as PackClipSegInputs gives them.

    Normalizes, pads and stacks to (B, T, 1, H, W); masks (one, or one of each frame) are padded alike.  All arguments
    are mmseg's; ``mean`` and ``std`` have one value, in the units of the inputs.

    Raises:
        ValueError: In ``forward``, for inputs that are no clips, or clips of different length.
    """

    def forward(self, data: dict, training: bool = False) -> dict:
        """Stack a batch.

        Args:
            data: ``inputs``: B tensors (T, 1, H, W) or one (B, T, 1, H, W); ``data_samples``: B samples or None.
            training: Pad to ``size_divisor``.

        Returns:
            ``inputs`` (B, T, 1, H, W) float32 and ``data_samples``.
        """
        clips = list(data['inputs'])
        shapes = [tuple(clip.shape) for clip in clips]
        if any(len(shape) != 4 or shape[1] != 1 for shape in shapes):
            raise ValueError(
                f'ClipSegDataPreProcessor: inputs of shapes {shapes[:4]}; expected clips (T, 1, H, W): pack samples '
                'with mmirstd.PackClipSegInputs. A network of clips takes no single images'
            )
        if len({shape[0] for shape in shapes}) != 1:
            raise ValueError(
                f'ClipSegDataPreProcessor: a batch of clips with {sorted({shape[0] for shape in shapes})} frames; '
                'expected one num_frames'
            )
        # mmseg's code treats the frames as channels.
        batch = super().forward(dict(data, inputs=[clip.squeeze(1) for clip in clips]), training)
        batch['inputs'] = batch['inputs'].unsqueeze(2)
        return batch
