"""A segmentation network from gray values to probability, mask and logit, as one graph."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from mmirstd.utils.errors import ConfigError

from .image_graph import ImageGraph
from .traceable import traceable_copy


class SegmentationGraph(ImageGraph):
    """A segmentor of mmseg.

    Args:
        model: Its head has one output channel, or two (background and target).
        **options: See :class:`~.image_graph.ImageGraph`.

    Raises:
        ConfigError: The segmentor does more than one pass over whole images, or has more classes.
    """

    def __init__(self, model: nn.Module, **options: Any) -> None:
        super().__init__(**options)
        test_cfg: Any = getattr(model, 'test_cfg', None) or {}
        if test_cfg.get('mode', 'whole') != 'whole':
            raise ConfigError(
                f'test_cfg.mode is {test_cfg["mode"]!r}; expected whole',
                cure='export with --cfg-options model.test_cfg.mode=whole; mmirstd infer tiles large images itself',
            )
        preprocessor: Any = model.data_preprocessor
        if getattr(preprocessor, 'test_cfg', None):
            raise ConfigError(
                'data_preprocessor.test_cfg pads test images to a size; expected none: pad by mmirstd.PadToMultiple in '
                'the test pipeline'
            )
        self.model: Any = traceable_copy(model)

    def logit(self, x: Tensor) -> Tensor:
        """(B, 1, H, W) normalized and padded -> (B, H, W)."""
        preprocessor = self.model.data_preprocessor
        if getattr(preprocessor, '_enable_normalize', False):
            x = (x - preprocessor.mean) / preprocessor.std
        shape = tuple(x.shape[2:])
        logits = self.model.encode_decode(x, [dict(img_shape=shape, pad_shape=shape, ori_shape=shape)])
        if logits.shape[1] not in (1, 2):
            raise ConfigError(
                f'the network has {logits.shape[1]} output channels; expected 1, or 2 (background and target)'
            )
        return logits[:, 0] if logits.shape[1] == 1 else logits[:, 1] - logits[:, 0]
