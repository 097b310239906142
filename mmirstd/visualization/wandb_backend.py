"""Weights & Biases with mmengine's visualizer, without what is wrong with the stock backend."""

from __future__ import annotations

from typing import Any

import numpy as np
from mmengine.visualization import WandbVisBackend as StockWandbVisBackend
from mmengine.visualization.vis_backend import force_init_env

from mmirstd.registry import VISBACKENDS


@VISBACKENDS.register_module()
class WandbVisBackend(StockWandbVisBackend):
    """mmengine's backend, but it uploads no code, and a picture says its iteration.

    The stock backend hands every ``*.py`` below the current folder to Weights & Biases; in a checkout with a ``.venv``
    these are all installed packages. And it drops the step of a picture, whose place among the others is then all
    one knows of it: here the caption names it.

    Without an account or a network: ``WANDB_MODE=offline``; the run is then below the work dir's
    ``vis_data/wandb/offline-run-*``, and ``wandb sync`` uploads it.

    Args:
        log_code: Upload the code as the stock backend does.
        **kwargs: Of ``mmengine.visualization.WandbVisBackend``: ``save_dir``, ``init_kwargs`` (of ``wandb.init``), ...
    """

    def __init__(self, log_code: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._log_code = log_code

    @force_init_env
    def add_config(self, config: Any, **kwargs: Any) -> None:
        """Record the config.

        Args:
            config: All of it.
            **kwargs: Passed on.
        """
        if self._log_code:
            super().add_config(config, **kwargs)
        else:
            self._wandb.config.update(
                config.to_dict(), allow_val_change=self._init_kwargs.get('allow_val_change', False)
            )

    @force_init_env
    def add_image(self, name: str, image: np.ndarray, step: int = 0, **kwargs: Any) -> None:
        """Record a picture.

        Args:
            name: Key of the picture; those of one key make a slider.
            image: (H, W, 3) uint8 RGB.
            step: Iteration, for the caption.
            **kwargs: Ignored, as in the stock backend.
        """
        picture = self._wandb.Image(image, caption=f'{name}, iteration {step}')
        self._wandb.log({name: picture}, commit=self._commit)
