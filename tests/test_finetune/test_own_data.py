"""Masks that fine-tuning makes of labels with points."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mmirstd.cli.finetune import asked_for, check_options, parse_args
from mmirstd.datasets.image_io import read_mask
from mmirstd.datasets.labels import ConvertOptions, convert_labels
from mmirstd.datasets.name_pairs import image_files
from mmirstd.datasets.points.click import GrowOptions
from mmirstd.finetune import look_at_folders, look_at_sequences, masks_of_labels
from mmirstd.utils.errors import ConfigError, DataError
from mmirstd.utils.files import file_sha256, save_png

NAMES = ('a', 'b', 'c', 'd', 'e')
#: Row, column, rows and columns of each image's target.
TARGETS = ((20, 30, 3, 5), (11, 52, 7, 2), (40, 9, 4, 4), (30, 60, 3, 3), (8, 20, 2, 6))


def truth(index: int) -> np.ndarray:
    row, column, height, width = TARGETS[index]
    mask = np.zeros((64, 80), bool)
    mask[row : row + height, column : column + width] = True
    return mask


def write_images(folder: Path) -> Path:
    noise = np.random.default_rng(0)
    for index, name in enumerate(NAMES):
        scene = noise.normal(80, 2, (64, 80)) + 100 * truth(index)
        save_png(folder / f'{name}.png', scene.round().astype(np.uint8))
    return folder


def clicks(scheme: str, folder: Path) -> Path:
    """One click a target, its middle pixel."""
    points = [(row + height // 2, column + width // 2) for row, column, height, width in TARGETS]
    rows = [dict(image=f'{name}.png', x=x, y=y) for name, (y, x) in zip(NAMES, points)]
    file = folder / f'clicks.{"csv" if scheme == "csv" else "json"}'
    if scheme == 'csv':
        lines = [f'{row["image"]},{row["x"]},{row["y"]}\n' for row in rows]
        file.write_text('image,x,y\n' + ''.join(lines))
    elif scheme == 'json':
        file.write_text(json.dumps(rows))
    else:  # where other programs write a box beside the point, as COCO's own key points have one
        images = [dict(id=i, file_name=row['image'], height=64, width=80) for i, row in enumerate(rows)]
        marks = [
            dict(id=i, image_id=i, category_id=1, keypoints=[row['x'], row['y'], 2], num_keypoints=1)
            | (dict(bbox=[row['x'] - 1, row['y'] - 1, 3, 3]) if scheme == 'coco with boxes' else {})
            for i, row in enumerate(rows)
        ]
        kinds = [dict(id=1, name='target', keypoints=['center'])]
        file.write_text(json.dumps(dict(images=images, annotations=marks, categories=kinds)))
    return file


@pytest.mark.parametrize('scheme', ['csv', 'json', 'coco', 'coco with boxes'])
def test_masks_grow_from_points(scheme: str, tmp_path: Path) -> None:
    """They lie beside the work folder; nothing of the user's changes; the same call finds them again."""
    mine = tmp_path / 'mine'
    write_images(mine)
    labels = clicks(scheme, tmp_path)
    before = {path: file_sha256(path) for path in [labels, *mine.iterdir()]}
    made = masks_of_labels(mine, labels, tmp_path / 'out', point_size=None, grow=GrowOptions())
    _, masks, notes = made
    assert masks == tmp_path / 'out/data/masks'
    assert sum('5 points have grown' in note for note in notes) == 1
    for index, name in enumerate(NAMES):
        assert np.array_equal(read_mask(masks / f'{name}.png') > 0, truth(index))
    assert {path: file_sha256(path) for path in [labels, *mine.iterdir()]} == before
    save_png(masks / 'a.png', 255 * truth(1).astype(np.uint8))  # corrected by hand
    again = masks_of_labels(mine, labels, tmp_path / 'out', point_size=None, grow=GrowOptions())
    assert again[:2] == made[:2]
    assert ['taken as they are now' in note for note in again[2]] == [True]
    assert np.array_equal(read_mask(masks / 'a.png') > 0, truth(1))
    with pytest.raises(DataError, match='1 masks that were changed(?s:.*)another folder with --out'):
        masks_of_labels(mine, labels, tmp_path / 'out', point_size=None, grow=GrowOptions(0.5))
    assert np.array_equal(read_mask(masks / 'a.png') > 0, truth(1))


def test_files_of_the_user_stay(tmp_path: Path) -> None:
    images = write_images(tmp_path / 'mine')
    save_png(tmp_path / 'out/data/masks/a.png', truth(1).astype(np.uint8) * 255)
    before = file_sha256(tmp_path / 'out/data/masks/a.png')
    with pytest.raises(DataError, match='files that no such command made'):
        masks_of_labels(images, clicks('csv', tmp_path), tmp_path / 'out', point_size=None, grow=GrowOptions())
    assert file_sha256(tmp_path / 'out/data/masks/a.png') == before


def test_images_without_a_row_are_told(tmp_path: Path) -> None:
    images, labels = write_images(tmp_path / 'mine'), clicks('csv', tmp_path)
    labels.write_text(''.join(line for line in labels.open() if not line.startswith(('b.png', 'd.png'))))
    _, masks, notes = masks_of_labels(images, labels, tmp_path / 'out', point_size=None, grow=GrowOptions())
    assert len(list(masks.iterdir())) == 3
    [told] = [note for note in notes if 'are left out' in note]
    assert told.startswith('2 images of')
    assert told.endswith('  b.png\n  d.png')


def test_a_click_outside_is_named_by_its_row(tmp_path: Path) -> None:
    images, labels = write_images(tmp_path / 'mine'), clicks('csv', tmp_path)
    labels.write_text(labels.read_text() + 'b.png,80,3\n')
    call = ['mine', 'clicks', '--grow-points', '--bad-box', 'drop']
    options: dict = dict(point_size=None, grow=GrowOptions())
    with pytest.raises(
        DataError, match=r'clicks\.csv, row 7\): point \[80\.5, 3\.5\] \(outside\)(?s:.*)--bad-box drop'
    ):
        masks_of_labels(images, labels, tmp_path / 'out', **options)
    with pytest.raises(DataError, match='row 7'):  # a folder that is half made is no reason for another error
        masks_of_labels(images, labels, tmp_path / 'out', **options)
    check = check_options(parse_args(call))
    _, masks, notes = masks_of_labels(images, labels, tmp_path / 'dropped', check, **options)
    assert np.array_equal(read_mask(masks / 'b.png') > 0, truth(1))
    assert any('--bad-box drop was applied to 1 targets' in note for note in notes)


@pytest.mark.parametrize(
    ('text', 'found'),
    [
        ('name,column,line\na.png,3,4\n', "the first line 'name,column,line'"),
        ('image,x,y\n', 'no row'),
        ('', 'nothing'),
    ],
)
def test_a_table_without_the_columns_says_which(text: str, found: str, tmp_path: Path) -> None:
    images = write_images(tmp_path / 'mine')
    (tmp_path / 'clicks.csv').write_text(text)
    with pytest.raises(DataError, match=f'no table of points: found {found}(?s:.*)expected the columns image, x and y'):
        masks_of_labels(images, tmp_path / 'clicks.csv', tmp_path / 'out', point_size=None, grow=GrowOptions())


def rows_without(labels: Path, *names: str) -> None:
    labels.write_text(''.join(line for line in labels.open() if not line.startswith(names)))


def test_masks_of_an_earlier_call_do_not_stay(tmp_path: Path) -> None:
    """Neither of images that labels no longer name, nor of other labels, nor of a call that failed."""
    images, labels, out = write_images(tmp_path / 'mine'), clicks('csv', tmp_path), tmp_path / 'out'
    masks_of_labels(images, labels, out)
    rows_without(labels, 'b.png', 'd.png')
    made, masks, _ = masks_of_labels(images, labels, out)
    assert image_files(made) == image_files(masks) == ['a.png', 'c.png', 'e.png']
    before = {path: file_sha256(path) for path in masks.iterdir()}
    (tmp_path / 'wrong.csv').write_text('image,x,y\na.png,10,10\nb.png,80,3\n')
    with pytest.raises(DataError, match='outside'):
        masks_of_labels(images, tmp_path / 'wrong.csv', out)
    assert {path: file_sha256(path) for path in masks.iterdir()} == before
    assert [path.name for path in out.iterdir()] == ['data']
    other = tmp_path / 'other'
    save_png(other / 'z.png', np.zeros((64, 80), np.uint8))
    (tmp_path / 'other.csv').write_text('image,x,y\nz.png,10,10\n')
    made, masks, _ = masks_of_labels(other, tmp_path / 'other.csv', out)
    assert image_files(made) == image_files(masks) == ['z.png']


@pytest.mark.parametrize('grow', [None, GrowOptions()])
@pytest.mark.parametrize('change', ['other pixels', 'one more', 'one less'])
def test_masks_that_a_person_corrected_stay(change: str, grow: GrowOptions | None, tmp_path: Path) -> None:
    images, labels, out = write_images(tmp_path / 'mine'), clicks('csv', tmp_path), tmp_path / 'out'
    options: dict = dict(point_size=None if grow else 5, grow=grow)
    _, masks, _ = masks_of_labels(images, labels, out, **options)
    if change == 'one less':
        (masks / 'b.png').unlink()
    else:
        save_png(masks / ('b.png' if change == 'other pixels' else 'z.png'), 255 * truth(0).astype(np.uint8))
    before = {path: file_sha256(path) for path in masks.iterdir()}
    _, _, notes = masks_of_labels(images, labels, out, **options)
    assert ['1 masks were changed since they were made' in note for note in notes] == [True]
    with pytest.raises(DataError, match='1 masks that were changed since they were made, of other labels'):
        masks_of_labels(images, labels, out, point_size=7)
    rows_without(labels, 'a.png')
    with pytest.raises(DataError, match='1 masks that were changed since they were made, of other labels'):
        masks_of_labels(images, labels, out, **options)
    assert {path: file_sha256(path) for path in masks.iterdir()} == before


@pytest.mark.parametrize('grow', [None, GrowOptions()])
def test_masks_stay_once_a_training_has_begun(grow: GrowOptions | None, tmp_path: Path) -> None:
    images, labels, out = write_images(tmp_path / 'mine'), clicks('csv', tmp_path), tmp_path / 'out'
    options: dict = dict(point_size=None if grow else 5, grow=grow)
    _, masks, _ = masks_of_labels(images, labels, out, **options)
    before = {path: (file_sha256(path), path.stat().st_mtime_ns) for path in masks.iterdir()}
    _, _, notes = masks_of_labels(images, labels, out, **options, begun=True)
    assert ['are kept' in note for note in notes] == [True]
    rows_without(labels, 'b.png')
    _, _, notes = masks_of_labels(images, labels, out, **options, begun=True)
    assert ['labels were changed since the training began' in note and '--out' in note for note in notes] == [True]
    assert {path: (file_sha256(path), path.stat().st_mtime_ns) for path in masks.iterdir()} == before


def test_what_no_call_made_is_not_removed(tmp_path: Path) -> None:
    images, labels, mine = write_images(tmp_path / 'mine'), clicks('csv', tmp_path), tmp_path / 'out/data/notes.txt'
    mine.parent.mkdir(parents=True)
    mine.write_text('mine')
    with pytest.raises(
        DataError, match='files that no such command made(?s:.*)another folder with --out, or remove this'
    ):
        masks_of_labels(images, labels, tmp_path / 'out')
    assert mine.read_text() == 'mine'
    mine.unlink()
    masks_of_labels(images, labels, tmp_path / 'out')


def test_masks_have_no_points_to_grow(tmp_path: Path) -> None:
    images = write_images(tmp_path / 'mine')
    save_png(tmp_path / 'masks/a.png', truth(0).astype(np.uint8) * 255)
    with pytest.raises(ConfigError, match='is a folder of masks(?s:.*)leave --grow-points out(?s:.*)--to points'):
        masks_of_labels(images, tmp_path / 'masks', tmp_path / 'out', point_size=None, grow=GrowOptions())


@pytest.mark.parametrize('scheme', ['csv', 'coco with boxes'])
def test_boxes_of_frames_grow_from_points(scheme: str, tmp_path: Path) -> None:
    write_images(tmp_path / 'mine')
    grown = look_at_sequences(
        tmp_path / 'mine',
        clicks(scheme, tmp_path),
        tmp_path / 'out',
        1,
        val=0.3,
        test=0.3,
        point_size=None,
        grow=GrowOptions(),
        in_time=False,
    )
    boxes = {Path(image.name).stem: image.annotations[0].shape.bounds for image in grown.labels.images}
    assert boxes == {
        name: (column, row, column + width, row + height) for name, (row, column, height, width) in zip(NAMES, TARGETS)
    }
    assert any('5 points have grown' in note for note in grown.notes)


def test_the_options(capsys: pytest.CaptureFixture) -> None:
    plain = parse_args(['a', 'b'])
    assert (plain.grow, plain.point_size) == (None, 5.0)
    assert asked_for(plain)['--dark'] is None  # as in calls of before there was --grow-points
    grown = parse_args(['a', 'b', '--grow-points', '0.4', '--dark'])
    assert grown.grow == GrowOptions(0.4, dark=True)
    assert asked_for(grown)['--grow-points'] == 0.4
    for wrong, text in (
        (['--dark'], 'only with --grow-points'),
        (['--grow-points', '--point-size', '3'], 'give one'),
        (['--grow-points', '1'], 'between 0 and 1'),
    ):
        with pytest.raises(SystemExit):
            parse_args(['a', 'b', *wrong])
        assert text in capsys.readouterr().err


def test_a_data_set_of_sequences_is_its_own_labels(tmp_path: Path) -> None:
    """Masks in a folder of each sequence, as NUDT-MIRSDT has them, are labels and no frames."""
    mask = np.zeros((16, 20), np.uint8)
    mask[4:7, 5:8] = 255
    for name in ('a', 'b', 'c'):
        for number in range(3):
            for kind, array in (('images', mask // 2 + number), ('masks', mask)):
                path = tmp_path / f'data/{name}/{kind}/{number}.png'
                path.parent.mkdir(parents=True, exist_ok=True)
                save_png(path, array)
    data = look_at_sequences(tmp_path / 'data', tmp_path / 'data', tmp_path / 'out', 2)
    assert {image.video for image in data.labels.images} == {'a', 'b', 'c'}
    assert sorted(name for part in (data.split.train, data.split.val, data.split.test) for name in part) == [
        f'{name}/images/{number}.png' for name in ('a', 'b', 'c') for number in range(3)
    ]
    assert '9 targets in 9 frames of 3 sequences' in data.notes


def test_splits_of_sequences_that_are_not_kept_are_said(tmp_path: Path) -> None:
    for number, name in enumerate(('train/a', 'train/b', 'test/c')):
        for frame in range(2):
            path = tmp_path / f'data/{name}/{frame}.png'
            path.parent.mkdir(parents=True, exist_ok=True)
            save_png(path, np.full((16, 20), 10 * number + frame, np.uint8))
        (tmp_path / f'data/{name}/IR_label.json').write_text('{"exist": [1, 0], "gt_rect": [[3, 4, 5, 6], []]}')
    data = look_at_sequences(tmp_path / 'data', tmp_path / 'data', tmp_path / 'out', 2)
    assert any('the data tell the splits train, test: they are not kept' in note for note in data.notes)


def test_splits_of_images_that_are_not_kept_are_said(tmp_path: Path) -> None:
    """Those of folders, and those of labels: once, though the masks that are made of these have them, too."""
    told = 'the data tell the splits train, test: they are not kept'
    images, masks = tmp_path / 'images', tmp_path / 'masks'
    for name in ('train/a', 'train/b', 'train/c', 'test/d', 'test/e'):
        save_png(images / f'{name}.png', np.full((64, 64), 90, np.uint8) + 100 * truth(0)[:64, :64].astype(np.uint8))
        save_png(masks / f'{name}.png', 255 * truth(0)[:64, :64].astype(np.uint8))
    assert sum(told in note for note in look_at_folders(images, masks).notes) == 1
    labels = tmp_path / 'labels'
    convert_labels([tmp_path], 'coco', labels, ConvertOptions(source_format='masks', images='none'))
    assert len(list(labels.glob('*.json'))) == 2
    made = masks_of_labels(images, labels, tmp_path / 'out')
    assert sum(told in note for note in made[2]) == 1
    assert sum(told in note for note in dict.fromkeys((*made[2], *look_at_folders(*made[:2]).notes))) == 1
