from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco_mask

from mmirstd.datasets.synthetic import (
    ClutterConfig,
    DatasetConfig,
    SceneConfig,
    SensorConfig,
    SequenceConfig,
    TargetConfig,
    contact_sheet,
    scene_rng,
    write_dataset,
)
from mmirstd.datasets.synthetic.writer import is_complete, run_length
from mmirstd.utils.scr import local_scr

SCENE = SceneConfig(size=(48, 64), targets=TargetConfig(count=(1, 2, 1), spacing=12))
STILLS = DatasetConfig('frames', 4, 2, 3, seed=5, config=SCENE)
CLIPS = DatasetConfig('sequences', 2, 0, 1, seed=5, config=SequenceConfig(scene=SCENE, num_frames=5))


def contents(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob('*')) if p.is_file()}


def read(path: Path) -> np.ndarray:
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


@pytest.fixture(scope='module')
def stills(tmp_path_factory):
    root = tmp_path_factory.mktemp('data') / 'stills'
    assert write_dataset(root, STILLS)
    return root


@pytest.fixture(scope='module')
def clips(tmp_path_factory):
    root = tmp_path_factory.mktemp('data') / 'clips'
    assert write_dataset(root, CLIPS)
    return root


def test_sirst_layout(stills):
    data = json.loads((stills / 'targets.json').read_text())
    listed = []
    for split, count in (('train', 4), ('val', 2), ('test', 3)):
        names = (stills / 'img_idx' / f'{split}_SYNTHETIC.txt').read_text().split()
        assert len(names) == count
        listed += names
        assert all(data['scenes'][n]['split'] == split for n in names)
    assert list(data['images']) == listed
    assert sorted(p.stem for p in (stills / 'images').iterdir()) == sorted(listed)
    for name in listed:
        image, mask = read(stills / 'images' / f'{name}.png'), read(stills / 'masks' / f'{name}.png')
        assert image.shape == mask.shape == (48, 64)
        assert image.dtype == mask.dtype == np.uint8
        assert set(np.unique(mask)) <= {0, 255}
        components, labels = cv2.connectedComponents(mask, connectivity=8)
        assert components - 1 == len(data['images'][name])
        for target in data['images'][name]:
            x, y = target['centroid']
            own = labels == labels[round(y), round(x)]
            assert target['area'] == own.sum()
            assert target['bbox'] == list(cv2.boundingRect(own.astype(np.uint8)))
            # The ratio that is written is the one that anybody measures in the files.
            assert local_scr(image, own, mask).scr == pytest.approx(target['scr_local'], abs=1e-3)
            assert set(target) <= set(data['info']) | {'id', 'shape', 'polarity', 'background'}


def test_dataset_json_describes_the_data_set(stills):
    data = json.loads((stills / 'dataset.json').read_text())
    assert data['format'] == 'mmirstd-synthetic'
    assert data['seed'] == 5
    assert data['counts'] == {'train': 4, 'val': 2, 'test': 3}
    assert data['parameters']['size'] == [48, 64]
    assert data['parameters']['targets']['spacing'] == 12
    assert data == STILLS.description()


def test_coco_clip_layout(clips):
    assert not (clips / 'instances_val2017.json').exists()
    for split, videos in (('train', 2), ('test', 1)):
        data = json.loads((clips / f'instances_{split}2017.json').read_text())
        assert data['categories'] == [{'supercategory': 'none', 'id': 1, 'name': 'target'}]
        assert [v['id'] for v in data['videos']] == list(range(1, videos + 1))
        assert [i['id'] for i in data['images']] == list(range(1, 5 * videos + 1))
        assert [a['id'] for a in data['annotations']] == list(range(1, len(data['annotations']) + 1))
        assert data['images'][6 if videos > 1 else 1]['file_name'].startswith(f'images/{split}/seq000')
        for image in data['images']:
            picture = read(clips / image['file_name'])
            mask = read(clips / image['file_name'].replace('images/', 'masks/', 1))
            assert picture.shape == mask.shape == (image['height'], image['width']) == (48, 64)
            assert image['file_name'].endswith(f'/{image["frame_id"]:05d}.png')
            own = [a for a in data['annotations'] if a['image_id'] == image['id']]
            tracks = [t['track_id'] for t in data['videos'][image['video_id'] - 1]['tracks']]
            assert {a['track_id'] for a in own} <= set(tracks)
            union = np.zeros((48, 64), np.uint8)
            for annotation in own:
                assert annotation['iscrowd'] == 0
                assert annotation['category_id'] == 1
                code = coco_mask.frPyObjects(annotation['segmentation'], 48, 64)
                decoded = coco_mask.decode(code)
                assert decoded.sum() == annotation['area']
                assert coco_mask.toBbox(code).tolist() == annotation['bbox']
                union |= decoded
                assert local_scr(picture, decoded, mask).scr == pytest.approx(annotation['scr'], abs=1e-3)
            np.testing.assert_array_equal(union * 255, mask)


def test_pycocotools_reads_the_annotations(clips):
    from pycocotools.coco import COCO

    coco = COCO(str(clips / 'instances_train2017.json'))
    assert len(coco.getImgIds()) == 10
    for annotation in coco.loadAnns(coco.getAnnIds()):
        assert coco.annToMask(annotation).sum() == annotation['area']


@pytest.mark.parametrize(
    'mask', [np.zeros((3, 4)), np.ones((3, 4)), np.eye(5), np.eye(4)[::-1], np.arange(20).reshape(4, 5) % 3]
)
def test_run_length_is_what_pycocotools_expects(mask):
    code = run_length(mask)
    assert sum(code['counts']) == mask.size
    decoded = coco_mask.decode(coco_mask.frPyObjects(code, *mask.shape))
    np.testing.assert_array_equal(decoded, mask != 0)


@pytest.mark.parametrize('config', [STILLS, CLIPS], ids=['frames', 'sequences'])
def test_bytes_do_not_depend_on_workers(config, stills, clips, tmp_path):
    write_dataset(tmp_path / 'again', config, workers=2)
    assert contents(tmp_path / 'again') == contents(stills if config is STILLS else clips)


def test_a_scene_depends_on_nothing_but_seed_split_and_number(stills, tmp_path):
    write_dataset(tmp_path / 'more', DatasetConfig('frames', 6, 0, 1, seed=5, config=SCENE))
    for name in ('train_000003', 'test_000000'):
        file = f'images/{name}.png'
        assert (tmp_path / 'more' / file).read_bytes() == (stills / file).read_bytes()
    assert not (tmp_path / 'more' / 'img_idx' / 'val_SYNTHETIC.txt').exists()
    streams = {
        tuple(scene_rng(s, split, k).integers(0, 2**62, 2))
        for s in (0, 1)
        for split in ('train', 'val', 'test')
        for k in range(5)
    }
    assert len(streams) == 30


def test_the_same_data_set_is_kept(stills):
    times = {p: p.stat().st_mtime_ns for p in stills.rglob('*')}
    assert write_dataset(stills, STILLS) is False
    assert {p: p.stat().st_mtime_ns for p in stills.rglob('*')} == times


def test_a_data_set_made_before_a_parameter_existed_is_kept(tmp_path):
    config = DatasetConfig('frames', 1, 0, 0, config=SCENE)
    write_dataset(tmp_path / 'd', config)
    description = json.loads((tmp_path / 'd' / 'dataset.json').read_text())
    del description['parameters']['targets']['size_law']
    (tmp_path / 'd' / 'dataset.json').write_text(json.dumps(description))
    assert is_complete(tmp_path / 'd', config)
    description['parameters']['targets']['gone'] = 1
    (tmp_path / 'd' / 'dataset.json').write_text(json.dumps(description))
    assert not is_complete(tmp_path / 'd', config)


def test_another_data_set_is_replaced_only_on_request(tmp_path):
    small = DatasetConfig('frames', 1, 0, 0, config=SCENE)
    other = DatasetConfig('frames', 1, 0, 0, seed=1, config=SCENE)
    write_dataset(tmp_path / 'd', small)
    (tmp_path / 'd' / 'notes.txt').write_text('mine')
    before = contents(tmp_path / 'd')
    with pytest.raises(FileExistsError, match='another synthetic data set .*seed 0.*--overwrite'):
        write_dataset(tmp_path / 'd', other)
    assert contents(tmp_path / 'd') == before
    assert write_dataset(tmp_path / 'd', other, overwrite=True)
    after = contents(tmp_path / 'd')
    assert set(after) == set(before)
    assert {name for name in before if after[name] == before[name]} == {'notes.txt', 'img_idx/train_SYNTHETIC.txt'}


def test_a_lost_file_is_noticed(tmp_path):
    config = DatasetConfig('frames', 2, 0, 0, config=SCENE)
    write_dataset(tmp_path / 'd', config)
    before = contents(tmp_path / 'd')
    (tmp_path / 'd' / 'masks' / 'train_000001.png').unlink()
    assert not is_complete(tmp_path / 'd', config)
    with pytest.raises(FileExistsError, match='lost files'):
        write_dataset(tmp_path / 'd', config)
    write_dataset(tmp_path / 'd', config, overwrite=True)
    assert contents(tmp_path / 'd') == before


@pytest.mark.parametrize('name', ['notes.txt', 'dataset.json'])
def test_a_strangers_folder_is_never_deleted(tmp_path, name):
    (tmp_path / name).write_text('{"format": "something else"}')
    for overwrite in (False, True):
        with pytest.raises(FileExistsError, match='is not a synthetic data set'):
            write_dataset(tmp_path, STILLS, overwrite=overwrite)
    assert [p.name for p in tmp_path.iterdir()] == [name]
    with pytest.raises(FileExistsError, match='a file is in the way'):
        write_dataset(tmp_path / name, STILLS)


def test_an_interrupted_run_leaves_nothing_and_can_be_repeated(tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_dataset(tmp_path / 'd', STILLS, progress=stop)
    assert list(tmp_path.iterdir()) == []
    # Killed outright, a run leaves its hidden folder behind.
    (tmp_path / 'd' / '.mmirstd-partial-1' / 'images').mkdir(parents=True)
    assert write_dataset(tmp_path / 'd', STILLS)
    assert not list((tmp_path / 'd').glob('.*'))


def test_the_current_folder_will_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert write_dataset('.', DatasetConfig('frames', 1, 0, 0, config=SCENE))
    assert (tmp_path / 'dataset.json').is_file()


def test_progress_counts_every_scene(tmp_path):
    calls = []
    write_dataset(
        tmp_path / 'd',
        DatasetConfig('frames', 2, 1, 0, config=SCENE),
        progress=lambda done, total: calls.append((done, total)),
    )
    assert calls == [(1, 3), (2, 3), (3, 3)]


def test_fourteen_bits_are_stored_in_sixteen(tmp_path):
    scene = SceneConfig(size=(48, 64), sensor=SensorConfig(bit_depth=14))
    write_dataset(tmp_path / 'd', DatasetConfig('frames', 2, 0, 0, config=scene))
    image = read(tmp_path / 'd' / 'images' / 'train_000000.png')
    assert image.dtype == np.uint16
    assert 255 < image.max() <= 16383
    assert contact_sheet(tmp_path / 'd').dtype == np.uint8


def test_contact_sheet_shows_every_picture(stills, clips):
    sheet = contact_sheet(stills, rows=3, columns=3)
    tile_height, tile_width = sheet.shape[0] / 3, sheet.shape[1] / 3
    for row in range(3):
        for col in range(3):
            tile = sheet[
                int(row * tile_height) : int((row + 1) * tile_height),
                int(col * tile_width) : int((col + 1) * tile_width),
            ]
            assert tile.std() > 2
    assert contact_sheet(clips, rows=2, columns=4).shape == (2 * tile_height, 4 * tile_width, 3)


def test_contact_sheet_of_nothing(tmp_path):
    with pytest.raises(FileNotFoundError, match='no synthetic data set is here'):
        contact_sheet(tmp_path)


def test_clutter_is_listed_and_not_annotated(tmp_path):
    clutter = ClutterConfig(count=(0, 0, 1), spacing=8)
    still = replace(SCENE, clutter=clutter)
    write_dataset(tmp_path / 'stills', DatasetConfig('frames', 3, 0, 0, seed=5, config=still))
    data = json.loads((tmp_path / 'stills' / 'targets.json').read_text())
    for name, scene in data['scenes'].items():
        mask = read(tmp_path / 'stills' / 'masks' / f'{name}.png')
        assert 1 <= len(scene['clutter']) <= 2
        for x, y in scene['clutter']:
            assert mask[round(y), round(x)] == 0
    moving = SequenceConfig(scene=still, num_frames=3)
    write_dataset(tmp_path / 'clips', DatasetConfig('sequences', 2, 0, 0, seed=5, config=moving))
    data = json.loads((tmp_path / 'clips' / 'instances_train2017.json').read_text())
    assert all(len(place) == 2 for image in data['images'] for place in image.get('clutter', []))
    assert any('clutter' in image for image in data['images'])
    assert not write_dataset(tmp_path / 'clips', DatasetConfig('sequences', 2, 0, 0, seed=5, config=moving))
