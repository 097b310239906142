"""A stock OpenMMLab model on our images: does its data preprocessor fit what our loading transforms deliver?"""

from __future__ import annotations

from typing import Any

from mmirstd.utils.config_parts import IMAGE_LOADERS, bare_type
from mmirstd.utils.errors import ConfigError


def check_preprocessor(cfg: Any) -> list[str]:
    """Check ``model.data_preprocessor``.

    Returns:
        A line for the log where it standardizes for gray values up to 255 what is in [0, 1].

    Raises:
        ConfigError: mmseg's preprocessor has to stack training images and is not told their size.
    """
    preprocessor = (cfg.get('model') or {}).get('data_preprocessor') or {}
    if not isinstance(preprocessor, dict):
        return []
    if (
        cfg.get('train_dataloader')
        and bare_type(preprocessor) == 'SegDataPreProcessor'
        and (preprocessor.get('size') is None) == (preprocessor.get('size_divisor') is None)
    ):
        raise ConfigError(
            "model.data_preprocessor: mmseg's SegDataPreProcessor needs either size or size_divisor to stack training "
            f'images; found size={preprocessor.get("size")}, size_divisor={preprocessor.get("size_divisor")}.\n  cure: '
            'model.data_preprocessor.size_divisor=32, or the crops\' size: model.data_preprocessor.size="(256,256)"'
        )
    mean, std = (list(preprocessor.get(key) or ()) for key in ('mean', 'std'))
    loaders = [cfg.get(f'{split}_dataloader') for split in ('train', 'val', 'test')]
    if not mean or max(map(abs, mean)) <= 1 or not any(_gives_unit_images(loader) for loader in loaders if loader):
        return []
    zeros, ones = (str([value] * len(mean)).replace(' ', '') for value in (0.0, 1.0))
    return [
        f'model.data_preprocessor: mean={mean}, std={std} are for gray values up to 255, but the images are in '
        '[0, 1], so all of them become nearly the same gray.\n  cure: '
        f'model.data_preprocessor.mean={zeros} model.data_preprocessor.std={ones}'
    ]


def _gives_unit_images(loader: Any) -> bool:
    dataset = loader.get('dataset') or {}
    members = dataset.get('datasets') or ([dataset['dataset']] if 'dataset' in dataset else [])
    if members:
        return any(_gives_unit_images(dict(dataset=member)) for member in members)
    return any(bare_type(step) in IMAGE_LOADERS for step in dataset.get('pipeline') or () if isinstance(step, dict))
