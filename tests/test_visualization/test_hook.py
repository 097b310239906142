"""The hook on real data samples, a real data set and a real visualizer."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmcv.transforms import BaseTransform
from mmengine.dataset import BaseDataset
from mmengine.registry import TRANSFORMS
from mmengine.structures import InstanceData, PixelData
from mmengine.visualization import Visualizer

import mmirstd.registry  # noqa: F401  before mmseg
from mmirstd.registry import DATASETS, HOOKS
from mmirstd.utils.errors import DataError
from mmirstd.visualization import BOX_COLORS, COLORS, detection_overlay, draw_comparison, draw_detections, hook
from mmirstd.visualization.hook import IRSTDVisualizationHook


@pytest.fixture
def root(tmp_path):
    """Four 16-bit images with one target each, laid out as SIRST."""
    root = tmp_path / 'data'
    rng = np.random.default_rng(0)
    for folder in ('images', 'masks', 'img_idx'):
        (root / folder).mkdir(parents=True)
    for k in range(4):
        image, mask = rng.normal(5000, 20, (48, 64)).astype(np.uint16), np.zeros((48, 64), np.uint8)
        mask[10 + k, 20:23] = 255
        image[mask > 0] = 9000
        cv2.imwrite(str(root / 'images' / f'im.{k}.png'), image)
        cv2.imwrite(str(root / 'masks' / f'im.{k}.png'), mask)
    (root / 'img_idx' / 'all.txt').write_text('\n'.join(f'im.{k}' for k in range(4)))
    return root


@pytest.fixture
def dataset(root):
    meta_keys = ('img_path', 'sample_id', 'ori_shape', 'img_shape')
    return DATASETS.build(
        dict(
            type='mmirstd.SIRSTDataset',
            data_root=str(root),
            ann_file='img_idx/all.txt',
            test_mode=True,
            pipeline=[
                dict(type='mmirstd.LoadInfraredImage'),
                dict(type='mmirstd.LoadTargetMask'),
                dict(type='mmseg.PackSegInputs', meta_keys=meta_keys),
            ],
        )
    )


def predicted(dataset, index, scale=1.0):
    """A sample as the network returns it: probabilities equal to the truth times ``scale``."""
    sample = dataset[index]['data_samples']
    sample.seg_logits = PixelData(data=sample.gt_sem_seg.data.float() * scale)
    return sample


def runner_of(dataset, visualizer=None):
    loop = SimpleNamespace(dataloader=SimpleNamespace(dataset=dataset))
    return SimpleNamespace(test_loop=loop, val_loop=loop, visualizer=visualizer, iter=120)


def color_count(picture, color):
    return int((picture == COLORS[color]).all(axis=-1).sum())


def test_the_registry_finds_it_by_name():
    assert isinstance(HOOKS.build(dict(type='mmirstd.IRSTDVisualizationHook')), IRSTDVisualizationHook)


def test_pictures_of_a_test(dataset, tmp_path):
    show = IRSTDVisualizationHook(show_dir=str(tmp_path / 'new' / 'pictures'))
    runner = runner_of(dataset)
    show.before_test_epoch(runner)
    show.after_test_iter(runner, 0, None, [predicted(dataset, 0), predicted(dataset, 1, scale=0.4)])
    show.after_test_iter(runner, 1, None, [predicted(dataset, 2)])
    assert sorted(p.name for p in (tmp_path / 'new' / 'pictures').iterdir()) == ['im.0.png', 'im.1.png', 'im.2.png']
    found, missed = (cv2.imread(str(tmp_path / 'new' / 'pictures' / f'im.{k}.png')) for k in (0, 1))
    assert color_count(found, 'detected') > color_count(missed, 'detected')
    assert color_count(missed, 'missed') > color_count(found, 'missed')
    # The picture shows what lies on disk, at its depth.
    sample = predicted(dataset, 0)
    expected = draw_comparison(
        dataset[0]['inputs'][0].numpy(),
        sample.gt_sem_seg.data[0].numpy(),
        sample.seg_logits.data[0].numpy(),
        name='im.0',
    )
    np.testing.assert_array_equal(found, expected)


def test_nothing_is_drawn_by_default(dataset):
    quiet = IRSTDVisualizationHook()
    runner = runner_of(dataset)  # has no visualizer
    quiet.before_test_epoch(runner)
    quiet.after_test_iter(runner, 0, None, [predicted(dataset, 0)])
    quiet.before_val_epoch(runner)
    quiet.after_val_iter(runner, 0, None, [predicted(dataset, 0)])


@pytest.mark.parametrize(
    ('options', 'expected'),
    [
        (dict(), [0, 1, 2, 3]),
        (dict(interval=2), [0, 2]),
        (dict(max_images=3), [0, 1, 2]),
    ],
)
def test_validation_pictures_reach_the_backends(dataset, tmp_path, options, expected):
    visualizer = Visualizer.get_instance(
        f'test_{tmp_path.name}', vis_backends=[dict(type='LocalVisBackend')], save_dir=str(tmp_path / 'vis')
    )
    draw = IRSTDVisualizationHook(draw_val=True, **options)
    runner = runner_of(dataset, visualizer)
    for step in (120, 240):  # the same images in each validation
        runner.iter = step
        draw.before_val_epoch(runner)
        for batch in range(2):
            draw.after_val_iter(runner, batch, None, [predicted(dataset, 2 * batch + k) for k in range(2)])
    written = sorted(p.name for p in (tmp_path / 'vis').rglob('*.png'))
    assert written == sorted(f'val_im.{k}_{step}.png' for k in expected for step in (120, 240))
    # Green stays green: the visualizer takes RGB.
    picture = cv2.imread(str(next((tmp_path / 'vis').rglob('val_im.0_120.png'))))
    assert color_count(picture, 'detected') > 500


def test_only_the_main_process_draws_in_validation(dataset, monkeypatch):
    monkeypatch.setattr(hook, 'is_main_process', lambda: False)
    draw = IRSTDVisualizationHook(draw_val=True)
    draw.after_val_iter(runner_of(dataset), 0, None, [predicted(dataset, 0)])  # has no visualizer


def test_prediction_at_a_fixed_size(dataset, tmp_path):
    sample = predicted(dataset, 0)
    for field in ('gt_sem_seg', 'seg_logits'):
        data = getattr(sample, field).data[None].float()
        setattr(sample, field, PixelData(data=torch.nn.functional.interpolate(data, (256, 256))[0]))
    show = IRSTDVisualizationHook(show_dir=str(tmp_path))
    show.after_test_iter(runner_of(dataset), 0, None, [sample])
    assert color_count(cv2.imread(str(tmp_path / 'im.0.png')), 'detected') > 500


def test_ids_of_other_data_sets_and_wrappers(root, tmp_path):
    """Without a sample_id and a loader of ours: the path below the image folder, the file as it is."""
    (root / 'images' / 'seq').mkdir()
    path = root / 'images' / 'seq' / '0001.v2.png'
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (32, 32, 3)).astype(np.uint8))
    other = SimpleNamespace(data_prefix=dict(img_path=str(tmp_path / 'elsewhere')))
    wrapped = SimpleNamespace(
        datasets=[other, SimpleNamespace(dataset=SimpleNamespace(data_prefix=dict(img_path=str(root / 'images'))))]
    )
    from mmseg.structures import SegDataSample

    sample = SegDataSample(metainfo=dict(img_path=str(path)))  # and no ground truth
    sample.seg_logits = PixelData(data=torch.zeros(1, 32, 32))
    show = IRSTDVisualizationHook(show_dir=str(tmp_path / 'out'))
    show.after_test_iter(runner_of(wrapped), 0, None, [sample])
    assert (tmp_path / 'out' / 'seq' / '0001.v2.png').is_file()

    path.write_bytes(b'no image')
    with pytest.raises(ValueError, match=r'0001\.v2\.png: cannot be decoded'):
        show.after_test_iter(runner_of(wrapped), 0, None, [sample])


def test_a_network_of_two_classes_is_drawn_as_one_of_one(dataset, tmp_path):
    sample = predicted(dataset, 0)
    hook, path = IRSTDVisualizationHook(show_dir=str(tmp_path)), tmp_path / f'{sample.sample_id}.png'
    hook.after_test_iter(runner_of(dataset), 0, None, [sample])
    expected = path.read_bytes()
    logit = torch.logit(sample.seg_logits.data, eps=1e-6)
    sample.seg_logits = PixelData(data=torch.cat([1 - logit / 2, 1 + logit / 2]))
    hook.after_test_iter(runner_of(dataset), 0, None, [sample])
    assert path.read_bytes() == expected
    sample.seg_logits = PixelData(data=torch.zeros(3, 48, 64))
    with pytest.raises(ValueError, match='num_classes=2'):
        hook.after_test_iter(runner_of(dataset), 0, None, [sample])


@pytest.fixture
def clips(tmp_path):
    """Three frames of a sequence with a target each, laid out as the moving-target data sets."""
    root, images, annotations = tmp_path / 'clips', [], []
    for k in range(3):
        image = np.random.default_rng(k).normal(90, 5, (40, 48)).astype(np.uint8)
        image[10 + k, 20:23] = 250
        path = root / 'images' / 'test' / 'seq' / f'{k:03d}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), image)
        images.append(dict(id=k, file_name=f'images/test/seq/{k:03d}.png', width=48, height=40, frame_id=k))
        annotations.append(dict(id=k, image_id=k, category_id=1, bbox=[20, 10 + k, 3, 1], area=3, iscrowd=0))
    (root / 'test.json').write_text(
        json.dumps(dict(images=images, annotations=annotations, categories=[dict(id=1, name='target')]))
    )
    return DATASETS.build(
        dict(
            type='mmirstd.ClipDataset',
            data_root=str(root),
            ann_file='test.json',
            num_frames=2,
            test_mode=True,
            pipeline=[
                dict(type='mmirstd.LoadClip'),
                dict(type='mmdet.LoadAnnotations', with_bbox=True),
                dict(type='mmirstd.PackClipInputs'),
            ],
        )
    )


def detected(dataset, index, score, shift=0.0):
    """A sample as a detector returns it: the annotated boxes, moved by ``shift`` pixels."""
    sample = dataset[index]['data_samples']
    boxes = torch.tensor([instance['bbox'] for instance in sample.instances]) + shift
    sample.pred_instances = InstanceData(
        bboxes=boxes, scores=torch.full((len(boxes),), score), labels=torch.zeros(len(boxes), dtype=torch.int64)
    )
    return sample


def test_pictures_of_a_detectors_test(clips, tmp_path):
    show = IRSTDVisualizationHook(show_dir=str(tmp_path / 'pictures'))
    samples = [detected(clips, 0, 0.9), detected(clips, 1, 0.3), detected(clips, 2, 0.8, shift=9.0)]
    show.after_test_iter(runner_of(clips), 0, None, samples)
    folder = tmp_path / 'pictures' / 'images' / 'test' / 'seq'
    assert sorted(p.name for p in folder.iterdir()) == ['000.png', '001.png', '002.png']
    found, missed, false = (cv2.imread(str(folder / f'{k:03d}.png')) for k in range(3))

    def pixels(picture, status):
        return int((picture == BOX_COLORS[status]).all(axis=-1).sum())

    assert pixels(found, 'detected') > pixels(missed, 'detected')
    assert pixels(missed, 'missed') > pixels(found, 'missed')
    assert pixels(false, 'false alarm') > pixels(missed, 'false alarm')
    assert pixels(false, 'missed') > pixels(found, 'missed')
    # The frame as it lies on disk, and the key frame of the clip.
    raw = cv2.imread(str(clips[0]['data_samples'].img_path), cv2.IMREAD_UNCHANGED)
    expected = draw_detections(
        raw, np.array([[20, 10, 23, 11]]), np.array([[20, 10, 23, 11]]), np.array([0.9]), name='images/test/seq/000'
    )
    np.testing.assert_array_equal(found, expected)


def test_pictures_of_a_detector_of_several_classes(clips, tmp_path, monkeypatch):
    written = []
    for name in ('put_text', 'put_text_rimmed'):
        plain = getattr(detection_overlay, name)
        monkeypatch.setattr(
            detection_overlay,
            name,
            lambda p, text, *rest, plain=plain, **kw: (written.append(text), plain(p, text, *rest, **kw))[1],
        )
    clips._metainfo['classes'] = ('drone', 'bird')
    samples = [detected(clips, 0, 0.9), detected(clips, 1, 0.3), detected(clips, 2, 0.8, shift=9.0)]
    for sample in samples:
        sample.pred_instances.labels[:] = 1
    IRSTDVisualizationHook(show_dir=str(tmp_path)).after_test_iter(runner_of(clips), 0, None, samples)
    for words in ('1: drone as bird 0.90', 'of another class 1', '1: drone missed', '2: bird 0.80'):
        assert words in written, words
    assert any('drone as bird score 0.90' in text for text in written)  # of the inset
    assert sum('another class' in text for text in written) == 1


def test_context_frames_are_passed_over(clips, tmp_path):
    sample = detected(clips, 0, 0.9)
    sample.set_metainfo(dict(is_key_frame=False))
    show = IRSTDVisualizationHook(show_dir=str(tmp_path / 'pictures'))
    show.after_test_iter(runner_of(clips), 0, None, [sample])
    assert not (tmp_path / 'pictures').exists()


@pytest.mark.parametrize('options', [dict(interval=0), dict(max_images=0)])
def test_useless_options(options):
    with pytest.raises(ValueError, match='at least 1'):
        IRSTDVisualizationHook(**options)


def test_an_unwritable_folder_fails_before_the_first_batch(dataset, tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(OSError, match='file'):
        IRSTDVisualizationHook(show_dir=str(tmp_path / 'file' / 'x')).before_test_epoch(runner_of(dataset))


@TRANSFORMS.register_module()
class ReadNumbers(BaseTransform):
    """A loading step of somebody's own; ``needs`` is a field of the data set's that no data sample carries."""

    def __init__(self, needs=None):
        self.needs = needs

    def transform(self, results):
        if self.needs is not None and self.needs not in results:
            raise KeyError(self.needs)
        results['img'] = np.load(results['img_path'])
        return results


@pytest.fixture(params=[None, 'sample_id'], ids=['path alone', 'more than the path'])
def own_files(root, request):
    """Images that only a step of somebody's own can read."""
    infos = []
    for path in sorted((root / 'images').glob('*.png')):
        np.save(path.with_suffix('.npy'), cv2.imread(str(path), -1))
        infos.append(dict(img_path=str(path.with_suffix('.npy')), seg_map_path=str(root / 'masks' / path.name)))
    dataset = BaseDataset(
        lazy_init=True,
        test_mode=True,
        pipeline=[
            dict(type='ReadNumbers', needs=request.param),
            dict(type='mmirstd.LoadInfraredImage'),
            dict(type='mmirstd.LoadTargetMask'),
            dict(type='mmirstd.PadToMultiple', divisor=64),
            dict(type='mmseg.PackSegInputs', meta_keys=('img_path', 'sample_id', 'ori_shape', 'padding_size')),
        ],
    )
    dataset.data_list = [dict(info, sample_id=Path(info['img_path']).stem, seg_fields=[]) for info in infos]
    dataset.serialize_data, dataset._fully_initialized = False, True
    return dataset


def test_images_that_only_a_step_of_ones_own_reads(own_files, tmp_path):
    packed = own_files[1]
    sample = packed['data_samples']
    expected = cv2.imread(str(tmp_path / 'data' / 'images' / 'im.1.png'), -1).astype(np.float32) / 65535
    image = hook.read_test_image(own_files, sample, dict(inputs=[None, packed['inputs']]), 1)
    np.testing.assert_allclose(image, expected, atol=1e-7)


def test_an_image_that_cannot_be_had_is_named_with_a_cure(own_files):
    sample = own_files[0]['data_samples']
    own_files.pipeline.transforms[0].needs = 'number'
    with pytest.raises(DataError, match=r'im\.0\.npy: cannot be read for a picture(.|\n)*cure: begin the pipeline'):
        hook.read_test_image(own_files, sample)
