from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mmirstd.comparison import named_data, own_data
from mmirstd.engine.config_files import load_config
from mmirstd.utils.errors import ConfigError


def write_images(folder: Path, names: list[str], top: int, side: int = 40) -> None:
    folder.mkdir(parents=True)
    for name in names:
        image = np.zeros((side, side), np.uint16 if top > 255 else np.uint8)
        image[5:8, 5:8] = top
        cv2.imwrite(str(folder / f'{name}.png'), image)


def test_two_folders(tmp_path: Path) -> None:
    names = [f'{number:02d}' for number in range(12)]
    write_images(tmp_path / 'ir', names, 16000)
    write_images(tmp_path / 'gt', names, 255)
    data = own_data(str(tmp_path / 'ir'), str(tmp_path / 'gt'), tmp_path / 'out')
    assert (data.base, data.root) == ('./data.py', None)
    assert any('14 bits' in note for note in data.notes)
    folder = tmp_path / 'out'
    folder.mkdir()
    data.write(folder)
    lists = [(folder / f'{part}.txt').read_text().splitlines() for part in ('train', 'val', 'test')]
    assert data.images == len(lists[0])
    assert sum(map(len, lists)) == 12
    cfg = load_config(str(folder / 'data.py'))
    assert cfg.train_dataloader.dataset.pipeline[0].bit_depth == 14
    assert cfg.train_dataloader.dataset.pipeline[2].size == 64  # of 40 pixels
    assert cfg.val_dataloader.dataset.ann_file == f'{folder}/val.txt'
    assert cfg.test_dataloader.dataset.data_root == str(tmp_path)


def test_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / 'data' / 'NUDT-SIRST'
    names = [f'{number:03d}' for number in range(70)]
    write_images(root / 'images', names, 200, 8)
    write_images(root / 'masks', names, 255, 8)
    (root / 'img_idx').mkdir()
    (root / 'img_idx' / 'train_NUDT-SIRST.txt').write_text('\n'.join(names))
    data = named_data('nudt-sirst-663-664', root)
    assert (data.base, data.root) == ('mmirstd::_base_/datasets/nudt-sirst-663-664.py', root)
    assert data.images == 70 - 66  # the others are held out
    monkeypatch.chdir(tmp_path)
    assert named_data('nudt-sirst-663-664').root == root  # where the data set's file says it is


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('nudt-sirst', r'there is no such data set.\n.*nudt-sirst-663-664'),
        ('drone-ir', '--data drone-ir: found clips with boxes, expected images with masks'),
        ('sirst3', r'its folder is not there; looked for data/SIRST3, .*\n  cure: name its folder by --data-root'),
    ],
)
def test_what_is_wrong_is_said(name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=message):
        named_data(name)
