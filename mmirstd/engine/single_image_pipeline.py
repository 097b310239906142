"""The test pipeline of a config for one image without annotations."""

from __future__ import annotations

import copy
from typing import Any

from mmirstd.utils.config_parts import IMAGE_LOADERS, bare_type
from mmirstd.utils.errors import ConfigError

from .loading_options import apply_loading_options


def needs_annotation(step: dict[str, Any]) -> bool:
    """Whether a step of a pipeline needs what an image of one's own does not have: it is called ``Load...``.

    So are steps of somebody's own, which load masks or boxes.  Ours that load the image do not.
    """
    name = bare_type(step)
    return name.startswith('Load') and name not in IMAGE_LOADERS


def single_image_pipeline(cfg: Any) -> list[dict] | None:
    """A config's test pipeline without the steps that need annotations, None if it does not begin with our loader.

    The loading options at the top of the config (``bit_depth = 14``) are applied, as the tools do.

    Args:
        cfg: ``mmengine.Config``; it is not changed.

    Raises:
        ConfigError: The test data are clips of several frames, which a single image is not.
    """
    cfg = copy.deepcopy(cfg)
    dataset = (cfg.get('test_dataloader') or {}).get('dataset') or {}
    while dataset.get('pipeline') is None and (dataset.get('dataset') or dataset.get('datasets')):
        dataset = dataset.get('dataset') or dataset['datasets'][0]
    steps = dataset.get('pipeline') or cfg.get('test_pipeline') or []
    if not steps or bare_type(steps[0]) not in IMAGE_LOADERS:
        return None
    if bare_type(steps[0]) == 'LoadClip' and dataset.get('num_frames', 5) > 1:
        raise ConfigError(
            f'{cfg.filename or "this config"}: its model looks at {dataset.get("num_frames", 5)} frames of a sequence, '
            'and this function gives it a single image.\n  cure: mmirstd.apis.MovingTargetInferencer, which takes '
            'videos and folders of frames'
        )
    apply_loading_options(cfg)
    return [step for step in steps if not needs_annotation(step)]
