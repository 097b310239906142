"""Load the label that has grown from the points of an image."""

from __future__ import annotations

from mmcv.transforms import BaseTransform

from mmirstd.registry import TRANSFORMS
from mmirstd.utils.errors import ConfigError


@TRANSFORMS.register_module()
class LoadPointLabels(BaseTransform):
    """Take an image's label from its data set's :class:`~mmirstd.datasets.points.label_store.LabelStore`.

    It takes the place of ``LoadTargetMask`` where ``SIRSTDataset`` has the option ``points``, which puts it there.

    Required keys: ``label_store``, ``label_index`` (set by ``SIRSTDataset``).
    Added keys: ``gt_seg_map`` (H, W), uint8 {0, 1}, or float32 in [0, 1] of a label that has grown;
    ``seg_fields`` gets its name.

    Raises:
        ConfigError: The data set has no points.
    """

    def transform(self, results: dict) -> dict:
        """Load the label of one image."""
        store = results.get('label_store')
        if store is None:
            raise ConfigError(
                'mmirstd.LoadPointLabels: the data set has no points',
                cure="give it some: dataset=dict(points=dict(kind='coarse')) or dict(points=dict(file='points.csv'))",
            )
        results['gt_seg_map'] = store.training_label(results['label_index'])
        results.setdefault('seg_fields', []).append('gt_seg_map')
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'
