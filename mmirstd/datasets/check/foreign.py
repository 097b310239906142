"""Data sets of somebody's own: each sample is loaded as training or test would load it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mmirstd.utils.config_parts import bare_type
from mmirstd.utils.progress import Progress
from mmirstd.utils.spread import spread

from .facts import Label
from .finding import Finding
from .samples import Sample, Split
from .scan import QUICK


def foreign_findings(splits: Sequence[Split], quick: bool = False) -> Iterator[Finding]:
    """Build the data sets that are not ours and run the pipeline of each sample; the splits get their samples.

    Args:
        splits: Those of ours are passed over.
        quick: Load :data:`~.scan.QUICK` samples of each, evenly spread.
    """
    for split in splits:
        if split.foreign is not None:
            yield from _findings(split, split.foreign, quick)


def _findings(split: Split, config: Mapping[str, Any], quick: bool) -> Iterator[Finding]:
    from mmirstd.registry import DATASETS

    where, name = (split.name,), bare_type(config)
    try:
        data_set: Any = DATASETS.build(dict(config))
        number = len(data_set)
    except Exception as error:  # of a class that is not ours: anything
        if 'need at least one array' not in str(error):  # mmengine of an empty list
            yield Finding('error', 'data set', where, f'{name} cannot be built: {_said(error)}')
            return
        number = 0
    if not number:
        yield Finding('error', 'data set', where, f'{name} has no sample')
        return
    failed: list[str] = []
    odd: list[str] = []
    empty: list[str] = []
    chosen = spread(range(number), QUICK) if quick else list(range(number))
    with Progress(len(chosen), 'sample', f'loading the samples of {split.name}') as progress:
        for done, index in enumerate(chosen, 1):
            label = _name(data_set, index)
            split.samples.append(Sample(label, None, Label()))
            try:
                sample = data_set[index]
                if problem := _problem(sample):
                    odd.append(f'{label}: {problem}')
                if _is_empty(sample):
                    empty.append(label)
            except Exception as error:
                failed.append(f'{label}: {_said(error)}')
            progress.update(done)
    if failed:
        found = f'{len(failed)} of {len(chosen)} samples cannot be loaded'
        yield Finding('error', 'pipeline', where, found, '', tuple(failed))
    if odd:
        yield Finding('error', 'values', where, f'{len(odd)} samples hold what training cannot use', '', tuple(odd))
    if empty and len(empty) + len(failed) == len(chosen):
        found = 'no sample has a target; the value of a target is 1, and 255 stands for pixels that do not count'
        yield Finding('warning', 'no targets', where, found, '', tuple(empty))
    yield Finding(
        'note',
        'loaded alone',
        where,
        f'{name} is not a data set of mmirstd: its samples were loaded as its pipeline does, and files, copies in two '
        'splits and the place of labels were not looked at',
    )


def _said(error: Exception) -> str:
    return f'{type(error).__name__}: {error}'


def _name(data_set: Any, index: int) -> str:
    info = data_set.get_data_info(index) if hasattr(data_set, 'get_data_info') else {}
    return str(info.get('img_path') or f'sample {index}')


def _problem(sample: Any) -> str:
    """What is wrong with a packed sample; empty: nothing."""
    if not (isinstance(sample, Mapping) and {'inputs', 'data_samples'} <= set(sample)):
        return f'found {type(sample).__name__}, expected a dict with inputs and data_samples (PackSegInputs)'
    image = np.asarray(sample['inputs'])
    if image.dtype.kind == 'f' and (bad := int((~np.isfinite(image)).sum())):
        return f'{bad} of {image.size} pixels are NaN or infinite'
    mask = _mask(sample)
    if mask is None:
        return ''
    if mask.shape[-2:] != image.shape[-2:] and not sample['data_samples'].get('padding_size'):
        return f'the mask has {mask.shape[-2:]} pixels, the image {image.shape[-2:]}'
    if mask.dtype.kind != 'f' and (strange := sorted(set(np.unique(mask).tolist()) - {0, 1, 255})):
        return f'the mask holds {strange[:5]}; expected 0, 1, and 255 for pixels that do not count'
    return ''


def _mask(sample: Any) -> np.ndarray | None:
    found = sample['data_samples'].get('gt_sem_seg')
    return None if found is None else np.asarray(found.data)


def _is_empty(sample: Any) -> bool:
    mask = _mask(sample) if isinstance(sample, Mapping) and 'data_samples' in sample else None
    return mask is not None and not (mask == 1).any()
