"""Test data without masks: predictions, and no metrics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmirstd.datasets.image_io import IMAGE_SUFFIXES
from mmirstd.datasets.mask_layout import first_folder
from mmirstd.utils.config_parts import bare_type, config_dicts

_DEFAULT_PREFIX = dict(img_path='images', seg_map_path='masks')


def predict_only(cfg: Any) -> str | None:
    """Prepare a config for test data without masks, in place, if its data are so.

    They are if no data set has a folder of masks: its ``data_prefix.seg_map_path`` is None, or names a folder that does
    not exist while that of the images does. Another folder of images beside it may hold masks under another name; then,
    and where some masks of a folder are missing, the data set's error stays.

    Args:
        cfg: ``mmengine.Config`` with ``test_dataloader``.

    Returns:
        Why there are no masks, for the user; None where there are some, or the data are of another kind.
    """
    loader = cfg.get('test_dataloader') or {}
    leaves = [part for part in config_dicts(loader.get('dataset')) if bare_type(part) == 'SIRSTDataset']
    reasons = [reason for leaf in leaves if (reason := _no_masks(leaf)) is not None]
    if not leaves or len(reasons) < len(leaves):
        return None
    for leaf in leaves:
        leaf['data_prefix'] = {**_DEFAULT_PREFIX, **(leaf.get('data_prefix') or {}), 'seg_map_path': None}
        leaf['pipeline'] = [step for step in leaf['pipeline'] if bare_type(step) != 'LoadTargetMask']
    cfg.test_evaluator = []
    return '; '.join(dict.fromkeys(reasons))


def _no_masks(dataset: dict) -> str | None:
    prefix = {**_DEFAULT_PREFIX, **(dataset.get('data_prefix') or {})}
    root = Path(dataset.get('data_root') or '').expanduser()
    if prefix['seg_map_path'] is None:
        return f'{root}: data_prefix.seg_map_path is None'
    images, masks = (Path(first_folder(root, prefix[key])) for key in ('img_path', 'seg_map_path'))
    if masks.exists() or not images.is_dir():
        return None
    others = [
        folder
        for folder in images.parent.iterdir()
        if folder.is_dir()
        and folder != images
        and any(file.suffix.lower() in IMAGE_SUFFIXES for file in folder.iterdir())
    ]
    return None if others else f'{masks} does not exist'
