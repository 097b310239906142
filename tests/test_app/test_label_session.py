from __future__ import annotations

import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmirstd.app.label_session import LabelSession
from mmirstd.app.upload_limits import UploadLimits
from mmirstd.datasets import SIRSTDataset
from mmirstd.datasets.points.click import GrowOptions
from mmirstd.utils.errors import DataError

OPTIONS = GrowOptions()


def scene(path: Path, dtype: type = np.uint8) -> str:
    image = np.full((40, 50), 60, dtype)
    image[10:13, 20:25] = 200
    image[30, 40] = 180
    assert cv2.imwrite(str(path), image)
    return str(path)


@pytest.fixture
def session(tmp_path: Path) -> LabelSession:
    return LabelSession(UploadLimits(megabytes=2, pixels=10_000, frames=5), tmp_path / 'labels')


def test_a_click_adds_a_target_and_a_second_one_takes_it_away(session: LabelSession, tmp_path: Path) -> None:
    session.open([scene(tmp_path / 'a.png')])
    assert session.click(0, 11, 22, OPTIONS)
    assert session.click(0, 30, 40, OPTIONS)
    assert session.mask(0).sum() == 16
    assert session.targets(0)[0].mask.bounds == (20, 10, 25, 13)
    assert not session.click(0, 12, 24, OPTIONS)
    np.testing.assert_array_equal(np.argwhere(session.mask(0)), [[30, 40]])


def test_another_level_changes_the_last_target(session: LabelSession, tmp_path: Path) -> None:
    path = tmp_path / 'a.png'
    image = cv2.GaussianBlur(cv2.imread(scene(path), 0), (0, 0), 2)
    cv2.imwrite(str(path), image)
    session.open([str(path)])
    session.click(0, 11, 22, OPTIONS)
    wide = session.mask(0).sum()
    session.regrow(0, GrowOptions(level=0.8))
    assert 0 < session.mask(0).sum() < wide
    session.regrow(0, OPTIONS)
    assert session.mask(0).sum() == wide


def test_what_is_saved_can_be_trained_with(session: LabelSession, tmp_path: Path) -> None:
    session.open([scene(tmp_path / f'{name}.png', np.uint16) for name in 'abc'])
    session.click(1, 11, 22, OPTIONS)
    file, notes = session.save(looked_at=[0])
    assert notes == ['1 image was not looked at, and left out']
    with zipfile.ZipFile(file) as archive:
        archive.extractall(tmp_path / 'mine')
    dataset = SIRSTDataset(
        data_root=str(tmp_path / 'mine'),
        pipeline=[dict(type='mmirstd.LoadInfraredImage', bit_depth=16), dict(type='mmirstd.LoadTargetMask')],
    )
    assert [dataset[i]['sample_id'] for i in range(len(dataset))] == ['a', 'b']
    assert [int(dataset[i]['gt_seg_map'].sum()) for i in range(2)] == [0, 15]
    np.testing.assert_array_equal(
        cv2.imread(str(tmp_path / 'mine/images/b.png'), -1), cv2.imread(str(tmp_path / 'b.png'), -1)
    )


def test_images_of_one_name_keep_their_masks(session: LabelSession, tmp_path: Path) -> None:
    for folder in ('', 'one', 'two'):
        (tmp_path / folder).mkdir(exist_ok=True)
    session.open([scene(tmp_path / name) for name in ('a.bmp', 'a.png', 'one/a.tif', 'two/a.tif')])
    assert [image.label for image in session.images] == ['a (2).tif', 'a.bmp', 'a.png', 'a.tif']
    sizes = {}
    for index, row, column in ((0, 11, 22), (1, 30, 40), (3, 11, 22), (3, 30, 40)):
        session.click(index, row, column, OPTIONS)
        sizes[index] = int(session.mask(index).sum())
    file, notes = session.save(looked_at=range(4))
    assert sizes == {0: 15, 1: 1, 3: 16}
    assert len(notes) == 1
    assert notes[0].endswith('without it: a.png is a_png.png, a.tif is a_tif.tif')
    with zipfile.ZipFile(file) as archive:
        archive.extractall(tmp_path / 'mine')
    written = {
        path.name: int((cv2.imread(str(path), 0) > 0).sum()) for path in sorted((tmp_path / 'mine/masks').iterdir())
    }
    assert written == {'a (2).png': 15, 'a.png': 1, 'a_png.png': 0, 'a_tif.png': 16}
    images = sorted(path.name for path in (tmp_path / 'mine/images').iterdir())
    assert images == ['a (2).tif', 'a.bmp', 'a_png.png', 'a_tif.tif']


def test_what_cannot_be_used_is_said(session: LabelSession, tmp_path: Path) -> None:
    (tmp_path / 'broken.png').write_bytes(b'no image')
    with pytest.raises(DataError, match=r'broken\.png'):
        session.open([str(tmp_path / 'broken.png')])
    session.open([scene(tmp_path / 'a.png'), str(tmp_path / 'broken.png')])
    assert len(session.images) == 1
    assert 'Left out: broken.png' in session.notes[0]


def test_new_images_forget_the_old_ones(session: LabelSession, tmp_path: Path) -> None:
    session.open([scene(tmp_path / 'a.png')])
    session.click(0, 11, 22, OPTIONS)
    session.save([])
    session.open([scene(tmp_path / 'b.png')])
    assert not session.targets(0)
    session.close()
    assert not session.folder.exists()
