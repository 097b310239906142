"""One option sets how images and masks are read in every pipeline and data set of a config."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log

from mmirstd.datasets.gray_normalization import RENAMED_OPTIONS
from mmirstd.utils.config_parts import IMAGE_LOADERS, bare_type, config_dicts
from mmirstd.utils.errors import ConfigError, MissingDataError
from mmirstd.utils.renamed import rename_keys

#: Arguments of ``mmirstd.LoadInfraredImage`` and ``mmirstd.LoadClip`` that may stand at the top of a config.
IMAGE_OPTIONS: tuple[str, ...] = ('bit_depth', 'max_value', 'normalize', 'percentiles', 'nonfinite', 'invert')
#: Arguments of the data sets with masks.
MASK_OPTIONS: tuple[str, ...] = ('mask_rule',)
LOADING_OPTIONS: tuple[str, ...] = IMAGE_OPTIONS + MASK_OPTIONS

_WITH_MASKS = ('SIRSTDataset', 'MaskClipDataset')


def apply_loading_options(cfg: Config) -> None:
    """Carry ``--cfg-options bit_depth=14``, ``mask_rule=2`` and the like to all that read images or masks, in place.

    ``bit_depth='auto'`` looks at a few images of the training data (without any, of the test data) and takes the
    smallest usual depth that holds them; what was found replaces it, so that it is kept with the run.

    Old names of options are replaced by the new ones, and that is said.

    Raises:
        ConfigError: The config has no part that takes the option.
        DataError: ``'auto'``, and the data cannot be found.
    """
    for part in (cfg._cfg_dict, *loading_steps(cfg._cfg_dict)):
        rename_keys(part, RENAMED_OPTIONS, str(cfg.filename or 'the config'))
    for option in LOADING_OPTIONS:
        value = cfg.get(option)
        if value is None:
            continue
        wanted = IMAGE_LOADERS if option in IMAGE_OPTIONS else _WITH_MASKS
        parts = [part for part in config_dicts(cfg._cfg_dict) if bare_type(part) in wanted]
        if not parts:
            raise ConfigError(f'{option}={value!r}: the config has no {" or ".join(wanted)}, which takes it')
        if value == 'auto' and option == 'bit_depth':
            value = cfg[option] = _found_bit_depth(cfg)
        for part in parts:
            part[option] = value


def loading_steps(node: Any) -> Iterator[dict]:
    """Each step of a pipeline that reads images, wherever it is in a (part of a) config."""
    return (part for part in config_dicts(node) if bare_type(part) in IMAGE_LOADERS)


def _found_bit_depth(cfg: Config) -> int | None:
    """The bit depth of the images of a config's training data, or of its test data; None where all bits are used."""
    from mmirstd.datasets.bit_depth import BitDepthWatch
    from mmirstd.datasets.first_look import watch_bit_depth
    from mmirstd.registry import DATASETS

    for split in ('train', 'test'):
        loader = cfg.get(f'{split}_dataloader') or {}
        leaves = [
            part
            for part in config_dicts(loader.get('dataset') or {})
            if 'type' in part and ('data_root' in part or 'ann_file' in part)
        ]
        seen = BitDepthWatch()
        try:
            for leaf in leaves:
                data = DATASETS.build({**leaf, 'pipeline': [], 'holdout': None, 'lazy_init': True})
                found = watch_bit_depth([sample['img_path'] for sample in data.load_data_list()])
                seen.images, seen.largest = seen.images + found.images, max(seen.largest, found.largest)
        except MissingDataError:
            if split == 'train':
                continue  # someone who only tests needs no training data
            raise
        if leaves:
            break
    else:
        raise ConfigError("bit_depth='auto': the config has no data set to look at; give a number, such as 14")
    print_log(
        f"bit_depth='auto': {seen.depth} is taken; the largest value of {seen.images} 16-bit images looked at is "
        f'{seen.largest}'
        if seen.images
        else "bit_depth='auto': there are no 16-bit images, so nothing changes",
        logger='current',
    )
    return seen.depth
