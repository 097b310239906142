from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope

from mmirstd.apis import IRSTDInferencer, build_inferencer
from mmirstd.false_alarms.operating_point import OperatingPoint
from mmirstd.registry import MODELS
from mmirstd.utils.errors import ConfigError, DataError
from tests.test_apis.helpers import (
    LocalContrast,
    conv_net,
    moving_frames,
    scene,
    tiny_ggl_config,
    write_image,
    write_video,
)


@pytest.fixture(scope='module')
def ggl(tmp_path_factory: pytest.TempPathFactory) -> IRSTDInferencer:
    cfg = tiny_ggl_config()
    init_default_scope('mmseg')
    torch.manual_seed(0)
    weights = tmp_path_factory.mktemp('weights') / 'tiny.pth'
    torch.save(dict(state_dict=MODELS.build(cfg.model).state_dict()), weights)
    return IRSTDInferencer(cfg, weights, device='cpu', show_progress=False)


def test_sees_what_the_test_data_set_gives(ggl: IRSTDInferencer, tmp_path: Path) -> None:
    ggl = IRSTDInferencer(ggl.cfg, ggl.weights, device='cpu', show_progress=False, normalize='fixed')
    for name, image in dict(a=scene(70, 90), b=scene(70, 90).astype(np.uint16) * 200).items():
        path = write_image(tmp_path / f'{name}.png', image)
        mask = write_image(tmp_path / f'{name}_mask.png', np.zeros((70, 90), np.uint8))
        sample = Compose(ggl.cfg.test_dataloader.dataset.pipeline)(dict(img_path=str(path), seg_map_path=str(mask)))
        with torch.no_grad():
            expected = ggl.model.test_step(dict(inputs=[sample['inputs']], data_samples=[sample['data_samples']]))
        expected = expected[0].seg_logits.data[0].numpy()
        for given in (str(path), image):
            (result,) = ggl.infer(given)
            # folded batch norms round in another order
            np.testing.assert_allclose(result.probability, expected, rtol=0, atol=1e-5)
            assert np.array_equal(result.image, image)
    assert np.ptp(expected) > 1e-3  # not constant


def test_steps_that_read_files_of_ones_own_are_passed_over(ggl: IRSTDInferencer) -> None:
    cfg = copy.deepcopy(ggl.cfg)
    load, masks, *rest = cfg.test_dataloader.dataset.pipeline
    assert masks['type'] == 'mmirstd.LoadTargetMask'
    cfg.test_dataloader.dataset.pipeline = [dict(type='ReadMine'), load, dict(type='LoadMyMask'), *rest]
    image = scene(70, 90)
    (mine,) = IRSTDInferencer(cfg, ggl.weights, device='cpu', show_progress=False).infer(image)
    (result,) = ggl.infer(image)
    assert np.array_equal(mine.probability, result.probability)
    cfg.test_dataloader.dataset.pipeline = [dict(type='ReadMine'), *rest]
    with pytest.raises(ConfigError, match=r'begins with ReadMine(.|\n)*cure: put it behind a step of your own'):
        IRSTDInferencer(cfg, ggl.weights, device='cpu', show_progress=False)


def test_call_follows_mmengine(tmp_path: Path) -> None:
    inferencer = IRSTDInferencer(LocalContrast(), device='cpu', show_progress=False)
    images = [scene(targets=((20, 20), (40, 70))), scene(targets=())]
    found = inferencer(images, return_vis=True, return_maps=True)
    assert [len(record['targets']) for record in found['predictions']] == [2, 0]
    first = found['predictions'][0]
    assert (first['width'], first['height'], first['kind'], first['dtype']) == (96, 64, 'array', 'uint8')
    assert (first['targets'][0]['x'], first['targets'][0]['area']) == (pytest.approx(20, abs=0.05), 9)
    assert first['mask'].sum() == 18
    assert first['probability'].dtype == np.float32
    assert found['visualization'][0].dtype == np.uint8
    json.dumps({key: value for key, value in first.items() if key not in ('mask', 'probability')})
    sample = inferencer(images[0], return_datasamples=True)['predictions'][0]
    assert int(sample.pred_sem_seg.data.sum()) == 18
    assert inferencer(images[0])['visualization'] is None


def test_batches_give_what_single_images_give(ggl: IRSTDInferencer) -> None:
    images = [scene(seed=k) for k in range(3)] + [scene(40, 50, seed=9), scene(seed=4)]
    one = [result.probability for result in ggl.infer(images)]
    three = [result.probability for result in ggl.infer(images, batch_size=3)]
    assert [p.shape for p in three] == [image.shape for image in images]
    for a, b in zip(one, three):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5)


@pytest.mark.parametrize('shape', [(1, 1), (1, 300), (10, 20000), (33, 31)])
def test_any_size(ggl: IRSTDInferencer, shape: tuple[int, int]) -> None:
    if max(shape) > 1000:
        ggl = IRSTDInferencer(LocalContrast(), device='cpu')
    (result,) = ggl.infer(np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8))
    assert result.probability.shape == result.mask.shape == shape
    assert min(result.picture().shape[:2]) > 50


def test_gray_values_beyond_the_normalization() -> None:
    image = scene().astype(np.float32) * 40 - 100  # degrees, radiance, ...
    with pytest.raises(DataError, match='max_value'):
        list(IRSTDInferencer(LocalContrast(), device='cpu', normalize='fixed').infer(image))
    for options in (
        {},
        dict(normalize='minmax'),
        dict(normalize='percentile', load_options=dict(percentiles=(1, 100))),
        dict(load_options=dict(normalize='percentile', percentiles=(1, 100))),
    ):
        (result,) = IRSTDInferencer(LocalContrast(), device='cpu', **options).infer(image)
        assert [(round(t.x), round(t.y)) for t in result.targets] == [(40, 30)]
    with pytest.raises(ConfigError, match='bit_depth'):
        IRSTDInferencer(LocalContrast(), device='cpu', load_options=dict(bit_depth=40))


def test_the_old_name_of_normalize() -> None:
    with pytest.warns(DeprecationWarning, match='normalise is normalize now'):
        inferencer = IRSTDInferencer(LocalContrast(), device='cpu', normalise='minmax')
    record = inferencer.provenance()
    assert record['normalize'] == dict(normalize='minmax')
    assert record['normalise'] == dict(normalise='minmax')  # for readers of schema 1.0
    plain = IRSTDInferencer(LocalContrast(), device='cpu').provenance()
    assert plain['normalize'] == dict(normalize='auto')
    assert plain['normalise'] == dict(normalise='auto')


@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
def test_black_hot_images(dtype: type) -> None:
    bright = scene().astype(dtype) if dtype is np.uint8 else scene().astype(dtype) / 255
    dark = 255 - bright if dtype is np.uint8 else 1 - bright
    (expected,) = IRSTDInferencer(LocalContrast(), device='cpu').infer(bright)
    inverted = IRSTDInferencer(LocalContrast(), device='cpu', load_options=dict(invert=True))
    (result,) = inverted.infer(dark)
    assert [(round(t.x), round(t.y)) for t in result.targets] == [(40, 30)]
    np.testing.assert_allclose(result.probability, expected.probability, atol=1e-5)
    np.testing.assert_array_equal(result.image, dark)
    assert [t for t in next(iter(inverted.infer(bright))).targets if (round(t.x), round(t.y)) == (40, 30)] == []


def test_nan_and_infinity() -> None:
    image = scene().astype(np.float32) / 255
    image[5, 5], image[6, 60] = np.nan, np.inf
    with pytest.raises(DataError, match='2 of 6144 pixels are NaN'):
        list(IRSTDInferencer(LocalContrast(), device='cpu').infer(image))
    repaired = IRSTDInferencer(LocalContrast(), device='cpu', load_options=dict(nonfinite='median'))
    (result,) = repaired.infer(image)
    assert [(round(t.x), round(t.y)) for t in result.targets] == [(40, 30)]
    assert np.isfinite(result.image).all()
    image[:] = np.nan
    with pytest.raises(DataError, match='NaN'):
        list(repaired.infer(image))


def test_a_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    write_image(tmp_path / '1.png', scene())
    (tmp_path / '2.png').write_text('not an image')
    write_image(tmp_path / '3.png', scene(seed=3))
    failed = []
    inferencer = IRSTDInferencer(LocalContrast(), device='cpu')
    results = list(inferencer.infer(tmp_path, batch_size=4, on_error=lambda source, error: failed.append(source.name)))
    assert [result.source.name for result in results] == ['1', '3']
    assert failed == ['2']
    with pytest.raises(DataError, match='2.png'):
        list(inferencer.infer(tmp_path))


def test_an_image_the_network_fails_on_is_named_alone() -> None:
    class Fails(LocalContrast):
        def saliency(self, image: np.ndarray) -> np.ndarray:
            if image.min() == 0:
                raise MemoryError('no room')
            return super().saliency(image)

    failed = []
    images = [scene(), np.zeros((64, 96), np.uint8), scene(seed=2)]
    results = list(
        IRSTDInferencer(Fails(), device='cpu').infer(
            images, batch_size=3, on_error=lambda source, error: failed.append((source.name, str(error)))
        )
    )
    assert [result.source.name for result in results] == ['000000', '000002']
    ((name, message),) = failed
    assert name == '000001'
    assert '--tile on' in message


def test_weights_that_give_nan_are_an_error() -> None:
    model = conv_net()
    torch.nn.init.constant_(model.decode_head.conv_seg.bias, float('nan'))
    with pytest.raises(DataError, match='NaN'):
        list(IRSTDInferencer(model, device='cpu').infer(scene()))


def test_video_frame_by_frame(tmp_path: Path) -> None:
    path = write_video(tmp_path / 'v.avi', moving_frames())
    inferencer = IRSTDInferencer(LocalContrast(), device='cpu')
    results = list(inferencer.infer(path, batch_size=3))
    assert [result.frame for result in results] == list(range(8))
    assert [round(result.targets[0].x) for result in results] == [20 + 4 * k for k in range(8)]
    assert inferencer.stream.fps == 10


def test_memory_does_not_grow_with_the_number_of_images() -> None:
    import tracemalloc

    inferencer = IRSTDInferencer(LocalContrast(), device='cpu')

    def peak(count: int) -> int:
        tracemalloc.start()
        for _ in inferencer.infer(scene(128, 128) for _ in range(count)):
            pass
        result = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return result

    peak(2)
    # Some are read ahead, but no more than in a short list.
    assert peak(80) < peak(30) + 200_000  # less than two images more


def test_two_channels_and_too_many() -> None:
    class Channels(LocalContrast):
        channels = 2

        def encode_decode(self, *args: object) -> torch.Tensor:
            logit = super().encode_decode(*args)
            return torch.cat([torch.zeros_like(logit)] * (self.channels - 1) + [logit], 1)

    model = Channels()
    (expected,) = IRSTDInferencer(LocalContrast(), device='cpu').infer(scene())
    (found,) = IRSTDInferencer(model, device='cpu').infer(scene())
    np.testing.assert_allclose(found.probability, expected.probability, rtol=0, atol=1e-6)
    model.channels = 3
    with pytest.raises(ConfigError, match=r'found shape \(3, '):
        list(IRSTDInferencer(model, device='cpu').infer(scene()))


def test_which_models_go() -> None:
    assert isinstance(build_inferencer('white-tophat_nuaa-sirst-341-86', device='cpu'), IRSTDInferencer)
    with pytest.raises(ConfigError, match='no segmentation network'):
        IRSTDInferencer(torch.nn.Linear(1, 1), device='cpu')
    cfg = tiny_ggl_config()
    cfg.test_dataloader.dataset.pipeline[0] = dict(type='LoadImageFromFile')
    cfg.model = dict(type='mmirstd.WhiteTopHat', data_preprocessor=dict(type='mmseg.SegDataPreProcessor'))
    with pytest.raises(ConfigError, match='LoadInfraredImage'):
        IRSTDInferencer(cfg, device='cpu')
    with pytest.raises(ValueError, match='tile'):
        IRSTDInferencer(LocalContrast(), tile='maybe')
    with pytest.raises(ValueError, match='threshold'):
        IRSTDInferencer(LocalContrast(), threshold=1.5)


def test_test_time_augmentation(ggl: IRSTDInferencer, monkeypatch: pytest.MonkeyPatch) -> None:
    cfg, image = copy.deepcopy(ggl.cfg), scene(70, 90)
    augmented = IRSTDInferencer(cfg, ggl.weights, device='cpu', show_progress=False, backend='torch', tta='flips')
    assert cfg.to_dict() == ggl.cfg.to_dict()  # the caller's config is as it was
    [plain] = ggl.infer(image)
    [found] = augmented.infer(image)
    [mirrored] = augmented.infer(np.ascontiguousarray(image[:, ::-1]))
    assert np.abs(found.probability - plain.probability).max() > 1e-6
    assert found.probability.shape == image.shape
    # 90 columns are padded at the right, so that a mirror image is not quite the mirrored one
    assert np.abs(mirrored.probability[:, ::-1] - found.probability)[:, 24:-24].max() < 1e-3
    assert augmented.provenance()['tta'] == 'flips'
    assert 'tta' not in ggl.provenance()
    assert augmented.model_digest() != ggl.model_digest()
    with pytest.raises(ValueError, match='of a network that was built, set test_cfg.views'):
        IRSTDInferencer(ggl.model, tta='flips')
    with pytest.raises(ValueError, match='no test-time augmentation; leave --tta out'):
        build_inferencer('yolox-bp-nano_drone-ir', tta='flips')
    said: list[str] = []
    monkeypatch.setattr(IRSTDInferencer, '_warn', lambda self, text: said.append(text))
    point = OperatingPoint(1.0, asked='something', record=dict(tta='flips'))
    for tta, warned in (('flips', False), ('scales', True), (None, True)):
        said.clear()
        IRSTDInferencer(cfg, ggl.weights, device='cpu', show_progress=False, tta=tta, operating_point=point)
        assert any('its false-alarm rate does not hold' in line for line in said) == warned
