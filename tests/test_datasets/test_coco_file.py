from __future__ import annotations

import json

import pytest

from mmirstd.datasets.coco_file import read_coco
from mmirstd.datasets.problems import Problems
from mmirstd.utils.errors import DataError


def content(**changes) -> dict:
    data = dict(
        images=[dict(id=1, file_name='s/0.png', width=32, height=24), dict(id=2, file_name='s/1.png')],
        annotations=[dict(id=1, image_id=1, category_id=1, bbox=[3, 4, 5, 6], area=30, iscrowd=0)],
        categories=[dict(id=1, name='target')],
    )
    return dict(data, **changes)


def write(tmp_path, data, encoding='utf-8') -> str:
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(data), encoding=encoding)
    return str(path)


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16'])
def test_plain(tmp_path, encoding):
    data = read_coco(write(tmp_path, content(), encoding))
    assert [(image.id, image.name, image.width, image.video_id) for image in data.images] == [
        (1, 's/0.png', 32, None),
        (2, 's/1.png', None, None),
    ]
    assert data.annotations[0].bbox == (3, 4, 5, 6)
    assert (data.annotations[0].area, data.annotations[0].iscrowd) == (30, False)


@pytest.mark.parametrize('bbox', [['3', '4', '5', '6'], '3,4,5,6', '[3, 4, 5, 6]', '3 4 5 6', [3.0, 4.0, 5.0, 6.0]])
def test_numbers_as_text(tmp_path, bbox):
    data = content(
        images=[dict(id='1', file_name='s\\0.png', width='32', height='24', frame_id='7')],
        annotations=[dict(id='1', image_id=1.0, category_id='1', bbox=bbox, iscrowd='0', area='30')],
        categories=[dict(id='1', name='target')],
    )
    read = read_coco(write(tmp_path, data))
    image, annotation = read.images[0], read.annotations[0]
    assert (image.id, image.name, image.width, image.frame_id) == (1, 's/0.png', 32, 7)
    assert (annotation.image_id, annotation.bbox, annotation.iscrowd) == (1, (3, 4, 5, 6), False)
    assert annotation.category_id == read.categories[0]['id'] == 1


def test_ids_that_are_names(tmp_path):
    data = content(images=[dict(id='007', file_name='a.png'), dict(id=7, file_name='b.png')])
    data['annotations'][0]['image_id'] = '007'
    read = read_coco(write(tmp_path, data))
    assert [image.id for image in read.images] == ['007', 7]
    assert read.annotations[0].image_id == '007'


def test_no_categories(tmp_path):
    data = content()
    del data['categories']
    assert read_coco(write(tmp_path, data)).categories == []


def test_repeated_annotations_count_once(tmp_path):
    data = content()
    one = data['annotations'][0]
    data['annotations'] += [dict(one, id=2), dict(one, id=3, track_id=5), dict(one, id=4, bbox=[3, 4, 5, 7])]
    problems = Problems(gather=True)
    assert len(read_coco(write(tmp_path, data), problems).annotations) == 3
    assert [(problem.fatal, problem.items) for problem in problems.found] == [(False, ('s/0.png',))]
    assert '1 of 4 annotations repeat' in problems.found[0].message


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(images=[dict(id=1, file_name='a.png'), dict(id=2, file_name='a.png')]), 'a.png is listed twice'),
        (dict(images=[dict(id=1, file_name='a.png', width='wide')]), "width='wide'; expected a whole number"),
        (dict(images=[dict(id=1, file_name='a.png', width=0)]), 'width=0; expected a whole number'),
        (dict(images=['a.png']), "'a.png' lacks id or file_name"),
        (dict(categories=[dict(name='target')]), 'lacks an id'),
        (dict(annotations=[dict(image_id=1, category_id=1, bbox=['a', 1, 2, 3])]), r"bbox=\['a'"),
        (dict(annotations=[dict(image_id=1, category_id=1, bbox=None)]), 'bbox=None'),
        (dict(annotations=[dict(image_id=1, category_id=1)]), 'cannot be read'),
        (dict(annotations=[7]), '1 annotation.* of no image'),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, changes, message):
    path = write(tmp_path, content(**changes))
    with pytest.raises(DataError, match=message):
        read_coco(path)
    problems = Problems(gather=True)
    read_coco(path, problems)
    assert all(problem.fatal for problem in problems.found)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('{"images": [', 'copy or download it again'),
        ('./images/a.png\n', 'mmirstd convert-labels'),
        ('[1]', 'only a list'),
    ],
)
def test_other_files(tmp_path, text, message):
    path = tmp_path / 'train.txt'
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_coco(str(path))
