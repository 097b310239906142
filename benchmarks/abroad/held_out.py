"""What shipped networks see on images of a source that they never saw: for choose_size.py and false_targets.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmirstd.apis import IRSTDInferencer
from mmirstd.engine.config_files import load_config
from mmirstd.engine.config_scope import use_config_scope
from mmirstd.registry import DATASETS

HERE = Path(__file__).parent
WEIGHTS = HERE.parents[1] / 'configs' / 'ggl_net' / 'weights'
#: Source that is held out, weights, and what they saw.
CASES = (
    ('nuaa', 'synthetic-pretraining', 'generated scenes'),
    ('nudt', 'nuaa-sirst-341-86', 'NUAA-SIRST'),
    ('drone_ir', 'nuaa-sirst-341-86', 'NUAA-SIRST'),
    ('drone_ir', 'nuaa-nudt-synthetic', 'NUAA-SIRST, NUDT-SIRST, generated scenes'),
)
SOURCES = dict(nuaa='NUAA-SIRST', nudt='NUDT-SIRST', drone_ir='Drone-IR')


class Seen(NamedTuple):
    """An image: its file, (H, W) gray values, logits and bool mask."""

    path: str
    image: NDArray[Any]
    logit: NDArray[Any]
    mask: NDArray[np.bool_]


def seen_abroad(data: str, held_out: str, weights: str, size: float = 1.0) -> Iterator[Seen]:
    """All images of the source that is held out, in order.

    Args:
        data: As for fold.py.
        held_out: One of :data:`SOURCES`.
        weights: Of the shipped GGL-Net tiny, as in :data:`CASES`.
        size: In which the network sees the images, relative to their own.
    """
    cfg = load_config(str(HERE / 'fold.py'), dict(held_out=held_out, data_root=data))
    use_config_scope(cfg)
    source = DATASETS.build(cfg.test_dataloader.dataset)
    network = IRSTDInferencer(
        'ggl-net-tiny_nuaa',
        str(WEIGHTS / f'ggl-net-tiny_{weights}.pth'),
        device='cpu',
        backend='torch',  # the fastest one is not the same on each machine
        tile='off',
        show_progress=False,
        tta=None if size == 1 else f'size={size:g}',
    )
    for k in range(len(source)):
        path = source.get_data_info(k)['img_path']
        [result] = network.infer(path)
        assert result.logit is not None  # a segmentation network's
        height, width = result.logit.shape
        mask = source[k]['data_samples'].gt_sem_seg.data[0].numpy() > 0
        yield Seen(path, result.image, result.logit, mask[:height, :width])  # without the padding
