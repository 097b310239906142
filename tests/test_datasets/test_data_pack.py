"""What is read from a pack is what is read from the data set."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mmirstd.cli import pack_data as command
from mmirstd.datasets import SIRSTDataset
from mmirstd.datasets.data_pack import list_size, pack_data
from mmirstd.utils.errors import ConfigError, MissingDataError
from mmirstd.utils.files import file_sha256
from tests.shared import SHARED, needs_shared

from .helpers import make_root, scene, write

IDS = [f'Misc_{i}' for i in range(6)]
LIST = 'img_idx/train.txt'
LOAD = [dict(type='mmirstd.LoadInfraredImage'), dict(type='mmirstd.LoadTargetMask')]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_root(tmp_path / 'NUAA', IDS, '_pixels0', '.bmp')


def samples(root: Path, name: str = LIST) -> list[dict]:
    dataset = SIRSTDataset(ann_file=name, data_root=str(root), mask_size_mismatch='resize', pipeline=LOAD)
    return [dataset[index] for index in range(len(dataset))]


def check_same(one: Path, other: Path, name: str = LIST) -> None:
    """Every sample of two roots, image and mask."""
    here, there = samples(one, name), samples(other, name)
    assert [sample['sample_id'] for sample in here] == [sample['sample_id'] for sample in there]
    for a, b in zip(here, there):
        np.testing.assert_array_equal(a['img'], b['img'])
        np.testing.assert_array_equal(a['gt_seg_map'], b['gt_seg_map'])


def test_the_pack_reads_the_same_and_is_smaller(root: Path, tmp_path: Path) -> None:
    gray = scene(0)[0]
    write(root / 'images' / 'Misc_1.bmp', np.dstack([gray] * 3))
    report = pack_data(root, [LIST], tmp_path / 'pack')
    check_same(root, tmp_path / 'pack')
    assert (report.images, report.masks, report.colored, report.copied) == (6, 6, [], [])
    files = [path for path in (tmp_path / 'pack').rglob('*') if path.suffix in ('.png', '.bmp')]
    assert len(files) == 12
    assert sum(path.stat().st_size for path in files) == report.bytes_after < report.bytes_before
    assert cv2.imread(str(tmp_path / 'pack' / 'images' / 'Misc_1.png'), cv2.IMREAD_UNCHANGED).ndim == 2
    assert file_sha256(root / LIST) == file_sha256(tmp_path / 'pack' / LIST)  # as records name it


def test_colors_and_masks_of_another_kind_are_told(root: Path, tmp_path: Path) -> None:
    image = np.dstack([scene(seed)[0] for seed in range(3)])
    write(root / 'images' / 'Misc_2.bmp', image)
    mask = scene(3)[1]
    transparent = np.dstack([np.zeros_like(mask)] * 3 + [mask])
    write(root / 'masks' / 'Misc_3_pixels0.png', transparent)
    report = pack_data(root, [LIST], tmp_path / 'pack')
    check_same(root, tmp_path / 'pack')
    assert [Path(name).name for name in report.colored] == ['Misc_2.bmp']
    assert [Path(name).name for name in report.copied] == ['Misc_3_pixels0.png']
    assert 'not their colors' in str(report)


def test_sixteen_bits_stay(root: Path, tmp_path: Path) -> None:
    (root / 'images' / 'Misc_4.bmp').unlink()
    deep = scene(4)[0].astype(np.uint16) * 37
    write(root / 'images' / 'Misc_4.tif', deep)
    pack_data(root, [LIST], tmp_path / 'pack')
    packed = next((tmp_path / 'pack' / 'images').glob('Misc_4.*'))
    np.testing.assert_array_equal(cv2.imread(str(packed), cv2.IMREAD_UNCHANGED), deep)


def test_only_what_the_lists_name_and_the_first_of_it(root: Path, tmp_path: Path) -> None:
    (root / 'img_idx' / 'test.txt').write_text('Misc_5.bmp\nMisc_0\n')
    (root / LIST).write_text('Misc_0\nMisc_1\nMisc_2\n')
    seen: list[int] = []
    pack_data(root, [LIST, 'img_idx/test.txt'], tmp_path / 'pack', first=1, progress=seen.append)
    assert sorted(path.stem for path in (tmp_path / 'pack' / 'images').iterdir()) == ['Misc_0', 'Misc_5']
    assert (tmp_path / 'pack' / 'img_idx' / 'test.txt').read_text() == 'Misc_5\n'
    assert seen == [1, 2, 3, 4]
    assert list_size(root, [LIST, 'img_idx/test.txt'], 1) == 4
    assert [sample['sample_id'] for sample in samples(tmp_path / 'pack')] == ['Misc_0']


def test_columns_stay_columns(root: Path, tmp_path: Path) -> None:
    (root / LIST).write_text('images/Misc_0.bmp masks/Misc_1_pixels0.png\nimages/Misc_1.bmp masks/Misc_0_pixels0.png\n')
    pack_data(root, [LIST], tmp_path / 'pack', first=1)
    check = samples(tmp_path / 'pack')
    assert len(check) == 1
    np.testing.assert_array_equal(check[0]['gt_seg_map'], scene(1)[1] > 0)


def test_what_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / 'full').mkdir()
    (tmp_path / 'full' / 'x').touch()
    with pytest.raises(ConfigError, match='not empty'):
        pack_data(root, [LIST], tmp_path / 'full')
    with pytest.raises(ConfigError, match='relative'):
        pack_data(root, [str(root / LIST)], tmp_path / 'pack')
    with pytest.raises(MissingDataError, match='no such split file'):
        pack_data(root, ['img_idx/none.txt'], tmp_path / 'pack')
    (root / 'images' / 'Misc_3.bmp').unlink()
    with pytest.raises(MissingDataError, match='Misc_3'):
        pack_data(root, [LIST], tmp_path / 'pack')


def test_the_command(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(root), LIST, '--out', str(tmp_path / 'pack'), '--first', '2']) == 0
    assert '2 images and 2 masks' in capsys.readouterr().out


@needs_shared
def test_real_images(tmp_path: Path) -> None:
    """Some of NUAA-SIRST: in color, with alpha, with a mask of another size."""
    name = 'img_idx/idx427_test.txt'
    root = tmp_path / 'some'
    (root / 'img_idx').mkdir(parents=True)
    for folder in ('images', 'masks'):
        (root / folder).symlink_to(SHARED / 'data' / 'NUAA-SIRST' / folder)
    (root / name).write_text('\n'.join(['Misc_111', 'Misc_1', 'Misc_5', 'Misc_10']))
    pack_data(root, [name], tmp_path / 'pack')
    check_same(root, tmp_path / 'pack', name)
