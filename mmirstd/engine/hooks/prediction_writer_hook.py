"""Write what a network predicts, where there is no ground truth to hold it against."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from mmirstd.evaluation.maps import map_of
from mmirstd.registry import HOOKS
from mmirstd.utils.files import save_png
from mmirstd.visualization.hook import image_id_of


@HOOKS.register_module()
class PredictionWriterHook(Hook):
    """Write ``masks/ID.png`` (0, 255) and ``prob/ID.png`` (probability * 65535, 16 bit) of each test image.

    ``tools/test.py`` adds it for test data without masks. The files are those of ``tools/infer.py``; the mask is where
    the probability exceeds the decode head's threshold (0.5 if it has none). In distributed runs each rank writes its
    own images.

    Args:
        out_dir: Where they go.
    """

    priority = 'NORMAL'

    def __init__(self, out_dir: str) -> None:
        self.out_dir = Path(out_dir)

    def before_test_epoch(self, runner: Any) -> None:
        """Fail before the first image, not after the last, if the folder cannot be written."""
        for kind in ('masks', 'prob'):
            (self.out_dir / kind).mkdir(parents=True, exist_ok=True)

    def after_test_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Sequence | None = None
    ) -> None:
        """Write the images of one batch."""
        network = runner.model.module if is_model_wrapper(runner.model) else runner.model
        threshold = getattr(getattr(network, 'decode_head', None), 'threshold', None)
        threshold = 0.5 if threshold is None else threshold
        dataset = runner.test_loop.dataloader.dataset
        for sample in outputs or ():
            probability, name = map_of(sample.seg_logits), f'{image_id_of(dataset, sample)}.png'
            save_png(self.out_dir / 'masks' / name, (probability > threshold).astype(np.uint8) * 255)
            save_png(self.out_dir / 'prob' / name, np.rint(probability * 65535).astype(np.uint16))
