"""Detectors of mmdet with mmdet's own pipelines: what mmdet's own function gives, on our inputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmirstd.apis import DetectorInferencer, IRSTDInferencer, MovingTargetInferencer, build_inferencer
from mmirstd.utils.errors import ConfigError
from tests.test_apis.helpers import moving_frames, scene, write_image, write_video
from tests.test_apis.stock_detector import write_stock_detector
from tests.test_models.clip_models import tiny_detector

from mmdet.apis import inference_detector  # isort: skip


@pytest.fixture(scope='module')
def stock(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return write_stock_detector(tmp_path_factory.mktemp('stock'))


@pytest.fixture(scope='module')
def inferencer(stock: tuple[str, str]) -> DetectorInferencer:
    built = build_inferencer(*stock, device='cpu', threshold=0.0, show_progress=False)
    assert isinstance(built, DetectorInferencer)
    return built


def same(result: Any, wanted: Any) -> None:
    found = result.data_sample.pred_instances
    assert len(found) == len(wanted.pred_instances) > 5
    for key in ('bboxes', 'scores'):
        torch.testing.assert_close(found[key], wanted.pred_instances[key], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(found.labels, wanted.pred_instances.labels)


def test_stock_pipeline_gives_what_mmdet_gives(
    inferencer: DetectorInferencer, stock: tuple[str, str], tmp_path: Path
) -> None:
    image = scene(height=50, width=70, targets=((20, 30),))
    path = str(write_image(tmp_path / 'a.png', image))
    model = inferencer.model
    model.cfg = inferencer.cfg
    wanted = inference_detector(model, path)
    (result,) = inferencer.infer(path)
    same(result, wanted)
    assert result.method == 'detection'
    assert result.targets[0].peak == pytest.approx(float(wanted.pred_instances.scores.max()))
    assert {'x0', 'y0', 'x1', 'y1', 'scr'} <= set(result.record()['targets'][0])
    # codes of 16 bits that say the same
    sixteen = write_image(tmp_path / 'b.png', image.astype(np.uint16) * 257)
    fixed = DetectorInferencer(*stock, device='cpu', normalize='fixed', show_progress=False)
    same(next(iter(fixed.infer(sixteen))), wanted)
    # which nobody knows of a raw file, so that it is stretched
    assert inferencer.loader.stretched_by_itself(image.astype(np.uint16) * 257)


def test_bit_depth_is_ours(stock: tuple[str, str], tmp_path: Path) -> None:
    image = scene(height=50, width=70, targets=((20, 30),)).astype(np.uint16) * 64
    deep = DetectorInferencer(*stock, device='cpu', load_options=dict(bit_depth=14), show_progress=False)
    codes = deep.prepare(image, next(deep._sources([image], False))).image
    assert codes.dtype == np.uint8
    assert codes.shape == (50, 70, 3)
    np.testing.assert_array_equal(codes[..., 0], np.rint(image / np.float32(16383) * 255))


def test_batches_videos_and_folders(inferencer: DetectorInferencer, tmp_path: Path) -> None:
    frames = moving_frames(4)
    for number, frame in enumerate(frames):
        write_image(tmp_path / 'frames' / f'{number}.png', frame)
    write_image(tmp_path / 'frames' / '9.png', scene(height=40, width=56))
    single = list(inferencer.infer(tmp_path / 'frames'))
    batched = list(inferencer.infer(tmp_path / 'frames', batch_size=3))
    assert [result.source.name for result in batched] == [result.source.name for result in single]
    assert len(single) == 5  # a folder is images here, no sequence
    for one, other in zip(single, batched, strict=True):
        assert len(one.targets) == len(other.targets)
        assert one.targets[0].peak == pytest.approx(other.targets[0].peak, rel=1e-4)
    video = write_video(tmp_path / 'clip.avi', frames)
    assert [result.frame for result in inferencer.infer(video)] == [0, 1, 2, 3]


def test_a_file_that_cannot_be_read_stops_no_other(inferencer: DetectorInferencer, tmp_path: Path) -> None:
    write_image(tmp_path / 'good.png', scene())
    (tmp_path / 'bad.png').write_bytes(b'no image')
    failed = []
    done = list(inferencer.infer(tmp_path, on_error=lambda source, error: failed.append(source.name)))
    assert [result.source.name for result in done] == ['good']
    assert failed == ['bad']


def test_our_loader_in_a_stock_detector(stock: tuple[str, str], tmp_path: Path) -> None:
    cfg = Config.fromfile(stock[0])
    cfg.test_dataloader.dataset.pipeline = [
        dict(type='mmirstd.LoadInfraredImage'),
        dict(type='PackDetInputs', meta_keys=('img_id', 'ori_shape', 'img_shape', 'scale_factor')),
    ]
    cfg.model.data_preprocessor = dict(type='mmirstd.ClipDataPreprocessor', pad_size_divisor=32)
    cfg.model.backbone.widen_factor = 0.125
    built = DetectorInferencer(cfg, stock[1], device='cpu', show_progress=False)
    assert not built.color
    prepared = built.prepare(scene(), next(built._sources([scene()], False)))
    assert prepared.image.dtype == np.float32
    assert 0 <= prepared.image.min() < prepared.image.max() <= 1


def test_each_model_has_its_inferencer(stock: tuple[str, str]) -> None:
    assert isinstance(build_inferencer(tiny_detector(5), device='cpu'), MovingTargetInferencer)
    assert isinstance(build_inferencer('white-tophat', device='cpu'), IRSTDInferencer)
    with pytest.raises(ValueError, match='not tiled'):
        build_inferencer(*stock, tile='on', device='cpu')
    cfg = Config.fromfile(stock[0])
    cfg.test_dataloader.dataset.pipeline[0] = dict(type='LoadProposals')
    with pytest.raises(ConfigError, match='begins with LoadProposals; expected mmirstd'):
        DetectorInferencer(cfg, stock[1], device='cpu')


def test_color_reading_of_opencv_is_nearly_ours(tmp_path: Path) -> None:
    """What training saw of 16-bit files: the high byte; ours rounds, so that it is one level off at most."""
    codes = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    path = write_image(tmp_path / 'all.png', codes)
    read = cv2.imread(str(path), cv2.IMREAD_COLOR)[..., 0].astype(int)
    assert np.abs(read - np.rint(codes / 65535 * 255)).max() <= 1
