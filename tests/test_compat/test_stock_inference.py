"""mmseg's and mmdet's own inference functions with our configs."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmirstd.apis import IRSTDInferencer, MovingTargetInferencer
from mmirstd.compat.stock_inference import adapt_stock_inference
from mmirstd.engine.single_image_pipeline import single_image_pipeline
from mmirstd.utils.errors import ConfigError, DataError
from tests.shared import REPO
from tests.test_apis.helpers import scene, write_image
from tests.test_models.clip_models import tiny_config, tiny_detector

from mmdet.apis import DetInferencer, inference_detector, init_detector  # isort: skip
from mmdet.apis import inference as detection_module  # isort: skip
from mmseg.apis import MMSegInferencer, inference_model, init_model  # isort: skip

GGL_NET = REPO / 'configs/ggl_net/ggl-net-tiny_pretrained-b8-70e_nuaa-sirst-341-86.py'
WEIGHTS = str(REPO / 'configs/ggl_net/weights/ggl-net-tiny_nuaa-sirst-341-86.pth')

# Ours folds batch norms into convolutions, mmseg's own does not: rounding in float32.
FOLDED = 1e-4


@pytest.fixture(scope='module')
def images(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two images of one odd size."""
    folder = tmp_path_factory.mktemp('images')
    return [
        str(write_image(folder / f'{k}.png', scene(height=50, width=70, targets=((20 + k, 30),), seed=k)))
        for k in range(2)
    ]


@pytest.fixture(scope='module')
def expected(images: list[str]) -> list[np.ndarray]:
    return [result.probability for result in IRSTDInferencer(str(GGL_NET), WEIGHTS, device='cpu').infer(images)]


@pytest.fixture(scope='module')
def segmentor() -> Any:
    return init_model(str(GGL_NET), WEIGHTS, device='cpu')


def gray(path: str, channels: int = 1) -> np.ndarray:
    image = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    return image if channels == 1 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)


def probability(sample: Any) -> np.ndarray:
    return sample.seg_logits.data[0].numpy()


def test_inference_model(segmentor: Any, images: list[str], expected: list[np.ndarray]) -> None:
    before = copy.deepcopy(segmentor.cfg.to_dict())
    # A path after an array: mmseg's own preparation leaves the loader of arrays behind.
    for given in (gray(images[0]), images[0], gray(images[0], 3)):
        np.testing.assert_allclose(probability(inference_model(segmentor, given)), expected[0], atol=FOLDED)
    for several in (images, [gray(path) for path in images]):
        for sample, wanted in zip(inference_model(segmentor, several), expected, strict=True):
            # two images together, sums in another order
            np.testing.assert_allclose(probability(sample), wanted, atol=1e-5)
    assert segmentor.cfg.to_dict() == before


def test_other_values_are_normalized_as_ours(segmentor: Any, images: list[str]) -> None:
    codes = gray(images[0]).astype(np.uint16) * 257
    np.testing.assert_allclose(
        probability(inference_model(segmentor, codes)), probability(inference_model(segmentor, images[0])), atol=1e-5
    )
    model = copy.copy(segmentor)
    model.cfg = copy.deepcopy(segmentor.cfg)
    model.cfg.bit_depth = 14
    np.testing.assert_allclose(
        probability(inference_model(model, np.round(gray(images[0]) * (16383 / 255)).astype(np.uint16))),
        probability(inference_model(segmentor, images[0])),
        atol=1e-3,
    )  # the codes are rounded
    with pytest.raises(DataError, match='no such file'):
        inference_model(segmentor, 'absent.png')
    with pytest.raises(DataError, match='an image of type int'):
        inference_model(segmentor, 3)


def test_mmseg_inferencer(images: list[str], expected: list[np.ndarray], tmp_path: Path) -> None:
    inferencer = MMSegInferencer(str(GGL_NET), WEIGHTS, device='cpu')
    inferencer.show_progress = False  # no argument of the original package
    for given in (images, [gray(path) for path in images], [gray(path, 3) for path in images]):
        for sample, wanted in zip(inferencer(given, return_datasamples=True), expected, strict=True):
            np.testing.assert_allclose(probability(sample), wanted, atol=FOLDED)
    found = inferencer(images[0], out_dir=str(tmp_path))
    np.testing.assert_array_equal(found['predictions'], expected[0] > 0.5)
    assert len(list(tmp_path.rglob('*.png'))) == 2  # the picture and the mask


@pytest.fixture(scope='module')
def detector_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A single-frame detector of a few channels: its config, made of ours, and a checkpoint."""
    folder = tmp_path_factory.mktemp('detector')
    torch.save(
        dict(
            state_dict=tiny_detector(1).state_dict(),
            meta=dict(dataset_meta=dict(classes=('target',), palette=[(220, 20, 60)])),
        ),
        folder / 'single.pth',
    )
    config = folder / 'single.py'
    config.write_text(
        f"_base_ = '{REPO}/configs/yolox/yolox-nano_cpu-b8-9e_drone-ir.py'\n"
        f'model = dict(_delete_=True, **{tiny_config(1).to_dict()!r})\n'
    )
    return str(config), str(folder / 'single.pth')


def same_boxes(sample: Any, wanted: Any) -> None:
    # ours folds batch norm into convolutions, which rounds otherwise
    for key in ('bboxes', 'scores'):
        torch.testing.assert_close(sample.pred_instances[key], wanted.pred_instances[key], rtol=1e-4, atol=1e-3)
    assert len(sample.pred_instances.scores)


def test_detectors(detector_files: tuple[str, str], images: list[str], tmp_path: Path) -> None:
    config, weights = detector_files
    wanted = [
        result.data_sample
        for result in MovingTargetInferencer(config, weights, device='cpu').infer([gray(path) for path in images])
    ]
    model = init_detector(config, weights, device='cpu')
    for given in (gray(images[0]), images[0], gray(images[0], 3)):
        same_boxes(inference_detector(model, given), wanted[0])
    for sample, expected in zip(inference_detector(model, images), wanted, strict=True):
        same_boxes(sample, expected)
    inferencer = DetInferencer(config, weights, device='cpu', show_progress=False)
    for given in (images, [gray(path) for path in images]):
        found = inferencer(given, return_datasamples=True, no_save_vis=True)['predictions']
        for sample, expected in zip(found, wanted, strict=True):
            same_boxes(sample, expected)
    assert set(inferencer(images[0], no_save_vis=True)['predictions'][0]) >= {'bboxes', 'scores', 'labels'}


def test_a_clip_model_says_what_it_needs(images: list[str]) -> None:
    cfg = Config.fromfile(str(REPO / 'configs/sstnet/sstnet-nano_cpu-b8-9e_drone-ir.py'))
    cfg.model = tiny_config(5)
    model = tiny_detector(5)
    model.cfg = cfg
    with pytest.raises(ConfigError, match=r'5 frames of a sequence[\s\S]*MovingTargetInferencer'):
        inference_detector(model, images[0])


def test_other_configs_are_left_to_the_package() -> None:
    cfg = Config(dict(test_dataloader=dict(dataset=dict(pipeline=[dict(type='LoadImageFromFile')]))))
    assert single_image_pipeline(cfg) is None
    adapt_stock_inference()  # once more
    assert detection_module.get_test_pipeline_cfg(cfg) is cfg.test_dataloader.dataset.pipeline
    assert single_image_pipeline(Config(dict())) is None
