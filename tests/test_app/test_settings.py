from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmirstd.apis import IRSTDInferencer
from mmirstd.app.model_choices import ModelChoice, ModelShelf
from mmirstd.app.session import AppSession
from mmirstd.app.settings import SIZE_CHOICES, VIEW_CHOICES, Settings
from mmirstd.app.status import result_status
from mmirstd.app.upload_limits import UploadLimits
from mmirstd.engine.default_model import DEFAULT_MODEL
from mmirstd.false_alarms.operating_point import OperatingPoint
from tests.test_apis.helpers import scene, write_image

ALL_VIEWS, LARGER = list(VIEW_CHOICES)[-1], '3/2'


def new_session(folder: Path, config: str) -> AppSession:
    return AppSession(ModelShelf([ModelChoice('a', config)], 'cpu'), UploadLimits(), folder / 's')


def test_differences_have_words() -> None:
    before = Settings('a', '12 bit')
    assert before.differences(before) == []
    assert before.differences(Settings('b', '14 bit', True, ALL_VIEWS, LARGER)) == [
        'the model b',
        'gray values: 14 bit',
        'dark targets',
        'views: mirror images and sizes',
        'image size: 3/2',
    ]


@pytest.mark.parametrize('views', VIEW_CHOICES)
@pytest.mark.parametrize('size', SIZE_CHOICES)
def test_every_choice_is_understood_by_the_inferencers(views: str, size: str) -> None:
    tta = Settings('a', views=views, size=size).tta
    assert IRSTDInferencer(DEFAULT_MODEL, device='cpu', show_progress=False, tta=tta).tta == tta


def test_the_choice_is_what_the_network_sees_and_is_told(tmp_path: Path) -> None:
    session = new_session(tmp_path, DEFAULT_MODEL)
    path = write_image(tmp_path / 'a.png', scene())
    settings = Settings('a', views=ALL_VIEWS, size=LARGER)
    session.detect(path, Settings('a'))
    assert 'views' not in result_status(session, Settings('a'), ['a'])
    session.detect(path, settings)
    options = dict(device='cpu', show_progress=False)
    (expected,) = IRSTDInferencer(DEFAULT_MODEL, tta='flips-scales,size=1.5', **options).infer(scene())
    np.testing.assert_array_equal(session.results[0].probability, expected.probability)
    assert 'views: flips-scales,size=1.5' in result_status(session, settings, ['a'])
    assert 'Chosen now: views: the image alone; image size: its own.' in result_status(session, Settings('a'), ['a'])


@pytest.mark.parametrize('config', ['yolox-bp-nano_drone-ir', 'white-tophat_nuaa-sirst-341-86'])
def test_a_model_without_views_is_told(tmp_path: Path, config: str) -> None:
    session = new_session(tmp_path, config)
    session.detect(write_image(tmp_path / 'a.png', scene()), Settings('a', views=ALL_VIEWS))
    assert session.tta is None
    assert session.notes == ['Views and size change nothing here: this model sees each image as it is.']


def test_a_threshold_that_was_chosen_with_other_views_is_told(tmp_path: Path) -> None:
    session = new_session(tmp_path, DEFAULT_MODEL)
    inferencer = session.shelf.get('a')
    point = OperatingPoint(0.0, record=dict(reading=dict(inferencer.loader.in_effect)))
    for tta in (None, 'flips'):
        session.shelf.get('a', None, tta).operating_point = point
    path = write_image(tmp_path / 'a.png', scene())
    session.detect(path, Settings('a'))
    assert not any('chosen on images' in note for note in session.notes)
    session.detect(path, Settings('a', views='Mirror images, too'))
    assert any('chosen on images' in note and 'flips' in note for note in session.notes)
