"""Validation and test batches of more than one image."""

from __future__ import annotations

from typing import Any

from mmirstd.utils.config_parts import bare_type


def batch_by_size(cfg: Any) -> list[str]:
    """Let validation and test batches hold images of one size, where mmseg can stack no others; in place.

    mmseg's preprocessor ends an evaluation at the first batch of images of different sizes. Data loaders that have
    a batch sampler are left alone.

    Returns:
        A line for the log for each data loader that was changed.
    """
    preprocessor = (cfg.get('model') or {}).get('data_preprocessor') or {}
    if bare_type(preprocessor) != 'SegDataPreProcessor':
        return []
    notes = []
    for key in ('val_dataloader', 'test_dataloader'):
        loader = cfg.get(key)
        if loader and (loader.get('batch_size') or 1) > 1 and loader.get('batch_sampler') is None:
            loader['batch_sampler'] = dict(type='mmirstd.SameSizeBatchSampler')
            notes.append(f'{key}: batches of up to {loader["batch_size"]} images of one size that follow each other')
    return notes
