from __future__ import annotations

from pathlib import Path

import pytest

from mmirstd.evaluation.folder_pairs import pair_folders
from mmirstd.evaluation.prediction_dump import write_index
from mmirstd.utils.errors import ConfigError, DataError, MissingDataError


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_the_layout_of_basicirstd(tmp_path: Path) -> None:
    """Predictions of the test images beside the masks of all, and images beside the masks."""
    names = [f'Misc_{k}.png' for k in (1, 2, 10)]
    data = tmp_path / 'datasets/NUAA-SIRST'
    touch(data / 'images', *names, 'Misc_30.png')
    masks = touch(data / 'masks', *names, 'Misc_30.png')
    found, notes = pair_folders(touch(tmp_path / 'results/NUAA-SIRST/DNANet', *names), masks)
    assert [one.name for one in found] == ['Misc_1', 'Misc_2', 'Misc_10']
    assert found[2].image == data / 'images/Misc_10.png'
    assert '3 predictions with masks, paired by equal names; 1 masks without a prediction, left out' in notes[0]
    assert notes[1] == f'the gray images are those of {data / "images"}'


def test_names_of_the_images_where_masks_have_other_ones(tmp_path: Path) -> None:
    masks = touch(tmp_path / 'labels', 's/a_pixels0.png', 's/b_pixels0.png')
    images = touch(tmp_path / 'ir', *(f's/{name}.bmp' for name in 'abcdef'))
    found, notes = pair_folders(touch(tmp_path / 'out', 's/a_pred.mat', 's/b_pred.mat'), masks, images)
    assert [(one.name, one.prediction.name, one.mask.name) for one in found] == [
        ('s/a', 'a_pred.mat', 'a_pixels0.png'),
        ('s/b', 'b_pred.mat', 'b_pixels0.png'),
    ]
    assert "'_pred' at the end of prediction names" in notes[0]
    assert pair_folders(tmp_path / 'out', masks)[0][0].name == 's/a_pixels0'
    with pytest.raises(DataError, match='do not tell which image belongs to which mask'):
        pair_folders(tmp_path / 'out', masks, touch(tmp_path / 'other', 'x.png'))


def test_a_list_decides_what_counts(tmp_path: Path) -> None:
    masks = touch(tmp_path / 'm', *(f'{name}_pixels0.png' for name in 'abcd'))
    predictions = touch(tmp_path / 'p', 'a.png', 'b.png', 'c.png')
    split = tmp_path / 'test.txt'
    split.write_text('c\na\n')
    found, notes = pair_folders(predictions, masks, split=split)
    assert [one.prediction.name for one in found] == ['c.png', 'a.png']
    assert notes[1] == f'2 images are in {split}'
    split.write_text('a\nd\n')
    with pytest.raises(MissingDataError, match='1 of its images have no prediction in .*\n.*line 2: d'):
        pair_folders(predictions, masks, split=split)
    split.write_text('a\ne\n')
    with pytest.raises(MissingDataError, match='1 of its images have no mask:\n.*line 2: e'):
        pair_folders(predictions, masks, split=split)


def test_folders_that_are_something_else(tmp_path: Path) -> None:
    masks = touch(tmp_path / 'm', 'a.png', 'b.png')
    with pytest.raises(ConfigError, match='two folders'):
        pair_folders(masks, masks)
    with pytest.raises(MissingDataError, match='gone: no such folder'):
        pair_folders(tmp_path / 'gone', masks)
    with pytest.raises(DataError, match='no image in this folder.*\\.mat'):
        pair_folders(touch(tmp_path / 'texts', 'a.txt'), masks)
    nets = touch(tmp_path / 'results', 'ACM/a.png', 'ACM/b.png', 'DNANet/a.png', 'DNANet/b.png')
    with pytest.raises(DataError, match="2 predictions are called 'a': ACM/a.png, DNANet/a.png(.|\n)*results/ACM"):
        pair_folders(nets, masks)
    with pytest.raises(DataError, match='which mask belongs to which prediction: 2 predictions'):
        pair_folders(touch(tmp_path / 'other', 'x.png', 'y.png'), masks)


def test_a_dump_has_its_own_command(tmp_path: Path) -> None:
    masks = touch(tmp_path / 'm', 'a.png')
    dump = touch(tmp_path / 'run', 'probability/a.png')
    write_index(dump, [])
    for folder in (dump, dump / 'probability'):
        with pytest.raises(DataError, match='dump of a test run(.|\n)*report'):
            pair_folders(folder, masks)
