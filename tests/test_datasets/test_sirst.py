from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import mmirstd.registry  # noqa: F401  before mmengine's users
from mmirstd.datasets import SIRSTDataset
from mmirstd.registry import DATASETS
from mmirstd.utils.errors import DataError, MissingDataError
from tests.shared import SHARED, needs_shared

from .helpers import make_root, scene, write

IDS = [f'Misc_{i}' for i in range(6)]
LOAD = [dict(type='mmirstd.LoadInfraredImage'), dict(type='mmirstd.LoadTargetMask')]


def build(root, **options):
    options = dict(ann_file='img_idx/train.txt', pipeline=LOAD) | options
    return SIRSTDataset(data_root=str(root), **options)


@pytest.fixture
def root(tmp_path):
    return make_root(tmp_path / 'NUAA', IDS)


def test_samples(root):
    dataset = DATASETS.build(
        dict(type='mmirstd.SIRSTDataset', data_root=str(root), ann_file='img_idx/train.txt', pipeline=LOAD)
    )
    assert len(dataset) == 6
    assert dataset.metainfo['classes'] == ('background', 'target')
    for seed in range(6):
        sample = dataset[seed]
        image, mask = scene(seed)
        assert sample['sample_id'] == f'Misc_{seed}'
        np.testing.assert_array_equal(sample['img'], image.astype(np.float32) / np.float32(255))
        np.testing.assert_array_equal(sample['gt_seg_map'], mask > 0)


@pytest.mark.parametrize(('stem', 'suffix'), [('', '.bmp'), ('_pixels0', '.png'), ('_pixels0', '.tif')])
def test_layouts_are_found(tmp_path, stem, suffix):
    """As the benchmark suites ship the data, and as NUAA-SIRST's authors do."""
    dataset = build(make_root(tmp_path, IDS, stem, suffix))
    assert len(dataset) == 6
    assert dataset[3]['gt_seg_map'].sum() == 6
    assert dataset[3]['seg_map_path'].endswith(f'Misc_3{stem}.png')


def test_first_existing_split_file_is_used(root):
    (root / 'idx_427').mkdir()
    (root / 'idx_427' / 'trainval.txt').write_text('Misc_4\n')
    candidates = ['img_idx/idx427_trainval.txt', 'idx_427/trainval.txt']
    assert [build(root, ann_file=candidates)[0]['sample_id']] == ['Misc_4']
    (root / 'idx_427' / 'trainval.txt').unlink()
    with pytest.raises(MissingDataError, match='idx427_trainval.txt: no such split file'):
        build(root, ann_file=candidates)


def test_a_folder_without_split_file(root):
    assert len(build(root, ann_file='')) == 6
    for path in (root / 'images').iterdir():
        path.unlink()
    with pytest.raises(DataError, match='no image in this folder'):
        build(root, ann_file='')


def test_images_without_masks(root):
    shutil.rmtree(root / 'masks')
    dataset = build(root, data_prefix=dict(img_path='images', seg_map_path=None), pipeline=LOAD[:1])
    assert 'seg_map_path' not in dataset[0]


def test_missing_root_explains_the_layout(tmp_path):
    with pytest.raises(MissingDataError, match='does not exist') as caught:
        build(tmp_path / 'nowhere')
    for part in (
        'nowhere',
        'images/ID.png',
        'masks/ID_pixels0.png',
        'img_idx/train.txt',
        'data_root=PATH',
        '"Your own data", "Public data sets"',
    ):
        assert part in str(caught.value)


def test_missing_mask_folder(root):
    shutil.rmtree(root / 'masks')
    with pytest.raises(MissingDataError, match='masks: a folder of the data set does not exist'):
        build(root)


def test_missing_mask(root):
    (root / 'masks' / 'Misc_2.png').unlink()
    with pytest.raises(
        MissingDataError,
        match=r"1 file\(s\) of its 6 samples.*\n  no mask for 'Misc_2': expected "
        r'.*masks/Misc_2.png or .*masks/Misc_2_pixels0.png',
    ):
        build(root)


def test_ids_without_files_are_counted_and_five_are_listed(root):
    split = root / 'img_idx' / 'train.txt'
    split.write_text(split.read_text() + '\n' + '\n'.join(f'gone_{i}' for i in range(4)))
    with pytest.raises(MissingDataError, match=r'train.txt: 8 file\(s\) of its 10 samples') as caught:
        build(root)
    message = str(caught.value)
    assert "no image for 'gone_0': expected" in message
    assert 'images/gone_0.png' in message
    assert message.count('expected') == 5
    assert 'and 3 more' in message


def test_empty_split_and_duplicates(root):
    split = root / 'img_idx' / 'train.txt'
    split.write_text('\n\n')
    with pytest.raises(DataError, match='the split file is empty'):
        build(root)
    split.write_text('Misc_1\nMisc_1\n')
    with pytest.raises(DataError, match=r'Misc_1 \(lines 1 and 2\)'):
        build(root)


def test_two_files_for_one_id(root):
    write(root / 'images' / 'Misc_1.bmp', scene(1)[0])
    with pytest.raises(DataError, match=r'2 files fit.*Misc_1.bmp, Misc_1.png.*img_suffix'):
        build(root)
    assert build(root, img_suffix='.png')[1]['img_path'].endswith('Misc_1.png')


def test_all_background_image(root):
    write(root / 'masks' / 'Misc_0.png', np.zeros((40, 56), np.uint8))
    crop = dict(type='mmirstd.TargetAwareCrop', size=32, p_target=1.0)
    sample = build(root, pipeline=[*LOAD, crop, dict(type='mmseg.PackSegInputs')])[0]
    assert sample['inputs'].shape == (1, 32, 32)
    assert int(sample['data_samples'].gt_sem_seg.data.sum()) == 0


@pytest.mark.parametrize('cache', ['auto', False])
def test_damaged_files_are_named_when_loaded(root, cache):
    path = root / 'images' / 'Misc_1.png'
    path.write_bytes(path.read_bytes()[:700])
    dataset = build(root, cache=cache)
    with pytest.raises(DataError, match='Misc_1.png: truncated'):
        dataset[1]
    dataset[0]


def test_mask_of_another_size(root):
    """A stand-in for NUAA-SIRST's Misc_111 (220x325 image, 400x592 mask)."""
    write(root / 'masks' / 'Misc_1.png', np.kron(scene(1)[1], np.ones((2, 2), np.uint8)))
    with pytest.raises(DataError, match="mask_size_mismatch='resize'") as caught:
        build(root)[1]
    for part in ('masks/Misc_1.png', '80x112', 'images/Misc_1.png', '40x56'):
        assert part in str(caught.value)
    sample = build(root, mask_size_mismatch='resize')[1]
    np.testing.assert_array_equal(sample['gt_seg_map'], scene(1)[1] > 0)


def test_an_image_resized_before_its_mask(root):
    """mmseg's order for a test at another size: the network sees the resized image, the metric the native mask."""
    resize = dict(type='mmseg.Resize', scale_factor=2.0)
    sample = build(root, pipeline=[LOAD[0], resize, LOAD[1]])[1]
    assert sample['img'].shape == (80, 112)
    np.testing.assert_array_equal(sample['gt_seg_map'], scene(1)[1] > 0)


def test_holdout_parts_are_disjoint_and_complete(root):
    parts = [
        {build(root, holdout=dict(num=2, part=part))[i]['sample_id'] for i in range(n)}
        for part, n in (('train', 4), ('val', 2))
    ]
    assert parts[0] | parts[1] == set(IDS)
    assert not parts[0] & parts[1]


@pytest.mark.parametrize(
    'options', [dict(mask_size_mismatch='crop'), dict(cache='yes'), dict(holdout=dict(num=6, part='val'))]
)
def test_wrong_options(root, options):
    with pytest.raises(ValueError, match='expected|takes 6 of 6'):
        build(root, **options)


@pytest.mark.parametrize('workers', [0, 2])
def test_cache_does_not_change_samples_and_is_shared_by_workers(root, workers):
    pipeline = [*LOAD, dict(type='mmseg.PackSegInputs')]
    cached, plain = build(root, pipeline=pipeline), build(root, pipeline=pipeline, cache=False)
    expected = [plain[i]['inputs'] for i in range(6)]
    context = 'fork' if workers else None
    loader = torch.utils.data.DataLoader(cached, batch_size=None, num_workers=workers, multiprocessing_context=context)
    for _ in range(2):
        for sample, want in zip(loader, expected):
            assert torch.equal(sample['inputs'], want)
        assert len(cached._raw_cache) == 12
    assert len(plain._raw_cache) == 0


def test_seeded_workers_are_reproducible(root):
    from mmengine.runner import Runner

    pipeline = [
        *LOAD,
        dict(type='mmirstd.TargetAwareCrop', size=24),
        dict(type='mmirstd.RandomSensorNoise', prob=1.0),
        dict(type='mmseg.PackSegInputs'),
    ]
    config = dict(
        batch_size=2,
        num_workers=2,
        sampler=dict(type='DefaultSampler', shuffle=True),
        dataset=dict(type='mmirstd.SIRSTDataset', data_root=str(root), ann_file='img_idx/train.txt', pipeline=pipeline),
    )
    runs = [
        torch.stack([x for batch in Runner.build_dataloader(config, seed=seed) for x in batch['inputs']])
        for seed in (3, 3, 4)
    ]
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


@needs_shared
def test_real_misc_111():
    options = dict(ann_file='img_idx/idx427_test.txt', pipeline=LOAD)
    dataset = build(SHARED / 'data' / 'NUAA-SIRST', **options)
    index = [dataset.get_data_info(i)['sample_id'] for i in range(len(dataset))].index('Misc_111')
    with pytest.raises(DataError, match=r'400x592.*220x325'):
        dataset[index]
    sample = build(SHARED / 'data' / 'NUAA-SIRST', mask_size_mismatch='resize', **options)[index]
    assert sample['gt_seg_map'].shape == sample['img'].shape == (220, 325)
    assert sample['gt_seg_map'].sum() == 37
    # the resized mask lies on the bright target
    assert sample['img'][sample['gt_seg_map'] > 0].mean() > 1.3 * sample['img'].mean()


def test_a_mask_column_is_followed(root):
    """Each image with the mask of the next one, by paths of another machine."""
    folder = Path(root)
    lines = [f'D:\\data\\images\\{IDS[k]}.png D:\\data\\masks\\{IDS[k - 1]}.png' for k in range(len(IDS))]
    (folder / 'pairs.txt').write_text('\r\n'.join(lines), encoding='utf-16')
    dataset = build(root, ann_file='pairs.txt')
    assert [dataset.get_data_info(k)['sample_id'] for k in range(6)] == IDS
    assert [Path(dataset.get_data_info(k)['seg_map_path']).stem for k in range(6)] == [IDS[k - 1] for k in range(6)]


def test_everything_missing_is_gathered(root):
    folder = Path(root)
    next((folder / 'images').glob(f'{IDS[0]}.*')).unlink()
    for name in IDS[1:]:
        next((folder / 'masks').glob(f'{name}*')).unlink()
    dataset = build(root, lazy_init=True)
    dataset.problems.gather = True
    assert len(dataset.load_data_list()) == 6
    (problem,) = dataset.problems.found
    assert len(problem.items) == 6
    assert problem.fatal


def test_the_first_of_several_folders_that_exists(root):
    """IRSTD-1K's authors have other names than BasicIRSTD."""
    prefix = dict(img_path=['images', 'IRSTD1k_Img'], seg_map_path=['masks', 'IRSTD1k_Label'])
    first = build(root, data_prefix=dict(prefix)).get_data_info(0)
    (root / 'images').rename(root / 'IRSTD1k_Img')
    (root / 'masks').rename(root / 'IRSTD1k_Label')
    second = build(root, data_prefix=dict(prefix)).get_data_info(0)
    for key in ('img_path', 'seg_map_path'):
        assert Path(first[key]).name == Path(second[key]).name
    with pytest.raises(MissingDataError, match='data_prefix=dict'):
        build(root)
