"""Validation pictures as TensorBoard, Weights & Biases and any other backend get them."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.structures import PixelData
from mmengine.visualization import Visualizer
from mmengine.visualization.vis_backend import BaseVisBackend
from mmseg.structures import SegDataSample

from mmirstd.registry import VISBACKENDS
from mmirstd.visualization import COLORS
from mmirstd.visualization.hook import IRSTDVisualizationHook

SIZES = {'wide': (48, 96), 'high': (80, 40)}


class RecordingBackend(BaseVisBackend):
    """Keeps what it is given."""

    def __init__(self, save_dir: str) -> None:
        super().__init__(save_dir)
        self._env_initialized = True
        self.images: list[tuple[str, np.ndarray, int]] = []

    @property
    def experiment(self) -> RecordingBackend:
        return self

    def _init_env(self) -> None:
        pass

    def add_image(self, name: str, image: np.ndarray, step: int = 0, **kwargs: Any) -> None:
        self.images.append((name, image, step))


def scene(folder, name: str, found: bool) -> SegDataSample:
    """A bright target of three pixels on noise, found or missed."""
    shape = SIZES[name]
    image = np.random.default_rng(0).normal(80, 5, shape)
    mask = np.zeros(shape, np.uint8)
    mask[20, 30] = mask[20, 31] = mask[21, 30] = 1
    image[mask > 0] = 200
    path = folder / f'{name}.png'
    cv2.imwrite(str(path), image.astype(np.uint8))
    sample = SegDataSample(metainfo=dict(img_path=str(path), sample_id=name))
    sample.gt_sem_seg = PixelData(data=torch.from_numpy(mask)[None])
    sample.seg_logits = PixelData(data=torch.from_numpy(mask * (0.9 if found else 0.2)).float()[None])
    return sample


def validate(folder, backend: dict, step: int, found: bool, name: str = '') -> Visualizer:
    """One validation of two images of different sizes."""
    instance = f'backends_{folder.name}_{name}'
    if Visualizer.check_instance_created(instance):
        visualizer = Visualizer.get_instance(instance)
    else:
        visualizer = Visualizer.get_instance(instance, vis_backends=[backend], save_dir=str(folder))
    loop = SimpleNamespace(dataloader=SimpleNamespace(dataset=None))
    runner = SimpleNamespace(val_loop=loop, visualizer=visualizer, iter=step)
    hook = IRSTDVisualizationHook(draw_val=True)
    hook.before_val_epoch(runner)
    hook.after_val_iter(runner, 0, None, [scene(folder, name, found) for name in SIZES])
    return visualizer


def check_picture(rgb: np.ndarray, found: bool) -> None:
    """The target is seen: three white blocks of at least 36 pixels, framed in the color of what became of it."""
    assert rgb.dtype == np.uint8
    assert rgb.ndim == 3
    assert rgb.shape[2] == 3
    counts = {status: int((rgb == COLORS[status][::-1]).all(axis=-1).sum()) for status in ('detected', 'missed')}
    assert counts['detected' if found else 'missed'] > 1000 + counts['missed' if found else 'detected']
    white = (rgb == 255).all(axis=-1).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(white)
    assert (stats[1:, cv2.CC_STAT_AREA] >= 3 * 36).sum() >= 1


def test_any_backend_gets_rgb_and_the_iteration(tmp_path) -> None:
    VISBACKENDS.register_module(module=RecordingBackend, force=True)
    try:
        backend = dict(type='mmirstd.RecordingBackend')
        validate(tmp_path, backend, 10, found=False)
        visualizer = validate(tmp_path, backend, 20, found=True)
    finally:
        VISBACKENDS.module_dict.pop('RecordingBackend')
    images = visualizer.get_backend('RecordingBackend').images
    assert [(name, step) for name, _, step in images] == [
        ('val_wide', 10),
        ('val_high', 10),
        ('val_wide', 20),
        ('val_high', 20),
    ]
    assert images[0][1].shape != images[1][1].shape
    for _, picture, step in images:
        check_picture(picture, found=step == 20)


def test_the_local_backend_writes_files(tmp_path) -> None:
    validate(tmp_path, dict(type='LocalVisBackend'), 10, found=True)
    files = {path.name: cv2.imread(str(path)) for path in tmp_path.rglob('val_*.png')}
    assert sorted(files) == ['val_high_10.png', 'val_wide_10.png']
    for picture in files.values():
        check_picture(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), found=True)


def test_tensorboard_shows_the_picture_unchanged(tmp_path) -> None:
    pytest.importorskip('tensorboard', reason='tensorboard is not installed')
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for step, found in ((10, False), (20, True)):
        visualizer = validate(tmp_path, dict(type='TensorboardVisBackend'), step, found, 'tensorboard')
        validate(tmp_path, dict(type='LocalVisBackend'), step, found, 'local')
    visualizer.close()
    events = EventAccumulator(str(tmp_path / 'vis_data'), size_guidance=dict(images=0))
    events.Reload()
    assert sorted(events.Tags()['images']) == ['val_high', 'val_wide']
    for tag in ('val_high', 'val_wide'):
        for event in events.Images(tag):
            shown = cv2.imdecode(np.frombuffer(event.encoded_image_string, np.uint8), cv2.IMREAD_COLOR)
            written = cv2.imread(str(next(tmp_path.rglob(f'{tag}_{event.step}.png'))))
            np.testing.assert_array_equal(shown, written)
            check_picture(cv2.cvtColor(shown, cv2.COLOR_BGR2RGB), found=event.step == 20)
        assert [event.step for event in events.Images(tag)] == [10, 20]


class PretendedWandb:
    """The calls that the backend makes."""

    def __init__(self) -> None:
        self.logged: list[tuple[dict, bool]] = []
        self.uploads: list[Any] = []
        self.config = SimpleNamespace(
            update=lambda new, allow_val_change: setattr(self, 'recorded', (new, allow_val_change))
        )
        self.run = SimpleNamespace(log_code=lambda name: self.uploads.append(name))

    def init(self, **kwargs: Any) -> None:
        self.arguments = kwargs

    def Image(self, image: np.ndarray, caption: str) -> tuple[np.ndarray, str]:
        return image, caption

    def log(self, entry: dict, commit: bool) -> None:
        self.logged.append((entry, commit))


@pytest.mark.parametrize('log_code', [False, True])
def test_wandb_gets_the_iteration_and_no_code(tmp_path, monkeypatch, log_code: bool) -> None:
    wandb = PretendedWandb()
    monkeypatch.setitem(sys.modules, 'wandb', wandb)
    backend = dict(type='mmirstd.WandbVisBackend', init_kwargs=dict(project='p'), log_code=log_code)
    visualizer = validate(tmp_path, backend, 10, found=True, name=str(log_code))
    visualizer.add_config(Config(dict(model=dict(width=2))))
    assert wandb.arguments['project'] == 'p'
    assert wandb.arguments['dir'].startswith(str(tmp_path))
    ((picture, caption),) = wandb.logged[0][0].values()
    assert caption == 'val_wide, iteration 10'
    check_picture(picture, found=True)
    assert wandb.recorded == (dict(model=dict(width=2)), False)
    assert len(wandb.uploads) == log_code
