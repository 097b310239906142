"""Data sets of somebody's own class in ``mmirstd check-data``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from mmcv.transforms import BaseTransform
from mmengine.dataset import BaseDataset
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS, TRANSFORMS

from mmirstd.datasets.check import Report, check_splits, read_splits


@DATASETS.register_module()
class SetOfSomebody(BaseDataset):
    """Four samples."""

    def load_data_list(self) -> list[dict[str, Any]]:
        if self.ann_file.endswith('missing.csv'):
            raise FileNotFoundError(self.ann_file)
        return [] if self.ann_file else [dict(img_path=f'{k}.npy', number=k, seg_fields=[]) for k in range(4)]


@TRANSFORMS.register_module()
class LoadOfSomebody(BaseTransform):
    """Image and mask; the mask holds ``value``."""

    def __init__(self, value: int = 1, fails: int | None = None, nan: bool = False) -> None:
        self.value, self.fails, self.nan = value, fails, nan

    def transform(self, results: dict) -> dict:
        if results['number'] == self.fails:
            raise OSError('cut off')
        results['img'] = np.full((8, 8), np.nan if self.nan else 0.5, np.float32)
        results['gt_seg_map'] = np.zeros((8, 8), np.uint8)
        results['gt_seg_map'][3, 3] = self.value
        results['seg_fields'].append('gt_seg_map')
        return results


def check(ann_file: str = '', **load: Any) -> Report:
    init_default_scope('mmseg')
    pipeline = [dict(type='LoadOfSomebody', **load), dict(type='PackSegInputs', meta_keys=('img_path',))]
    return check_splits(
        read_splits(dict(train=dict(type='SetOfSomebody', ann_file=ann_file, test_mode=True, pipeline=pipeline)))
    )


def test_samples_are_loaded_as_training_loads_them() -> None:
    report = check()
    assert report.status == 0
    assert [(found.severity, found.kind) for found in report.findings] == [('note', 'loaded alone')]
    assert report.splits[0]['images'] == '0 of 4'  # no file was looked at


@pytest.mark.parametrize(
    ('options', 'severity', 'said'),
    [
        (dict(ann_file='missing.csv'), 'error', 'SetOfSomebody cannot be built: FileNotFoundError: missing.csv'),
        (dict(ann_file='empty.csv'), 'error', 'SetOfSomebody has no sample'),
        (dict(fails=2), 'error', '2.npy: OSError: cut off'),
        (dict(nan=True), 'error', '0.npy: 64 of 64 pixels are NaN or infinite'),
        (dict(value=38), 'error', 'the mask holds [38]; expected 0, 1, and 255'),
        (dict(value=255), 'warning', 'no sample has a target; the value of a target is 1'),
    ],
)
def test_what_training_would_stop_at(options: dict[str, Any], severity: str, said: str) -> None:
    report = check(**options)
    assert report.findings[0].severity == severity
    assert said in report.findings[0].text()
    assert report.status == (severity == 'error')
