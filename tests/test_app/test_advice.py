"""What is advised when nothing is found must be true of the image, and help."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmirstd.apis import MovingTargetInferencer
from mmirstd.app.advice import advise, lower_threshold
from mmirstd.app.model_choices import ModelChoice, ModelShelf
from mmirstd.app.session import AppSession
from mmirstd.app.settings import Settings
from mmirstd.app.status import result_status
from mmirstd.app.upload_limits import UploadLimits
from tests.test_apis.helpers import scene, write_image
from tests.test_models.clip_models import tiny_detector

from .test_session import Shelf

TOPHAT = 'white-tophat_nuaa-sirst-341-86'


@pytest.fixture
def session(tmp_path: Path) -> AppSession:
    return AppSession(ModelShelf([ModelChoice('a', TOPHAT)], 'cpu'), UploadLimits(), tmp_path / 's')


def advice(session: AppSession) -> str:
    assert session.targets == []
    return ' '.join(advise(session, ['a']))


def test_a_lower_threshold_where_one_helps(session: AppSession, tmp_path: Path) -> None:
    session.detect(write_image(tmp_path / 'a.png', scene()), Settings('a'), 0.99)
    best, x, y = session.results[0].highest
    said = f'The highest probability is {best:.3f} (at x {x:.0f}, y {y:.0f}). Try a threshold below it.'
    assert said in advice(session)
    assert max(abs(x - 40), abs(y - 30)) <= 1  # within the target
    text = result_status(session, Settings('a'), ['a'])
    assert 'data-state="none"' in text
    assert 'Try a threshold' in text
    lower = lower_threshold(session)
    session.rethreshold(lower)
    assert session.targets != []
    assert lower_threshold(session) is None
    session.rethreshold(lower + 0.01)  # the greatest one that helps
    assert session.targets == []


def test_where_the_model_sees_nothing_it_says_so(session: AppSession, tmp_path: Path) -> None:
    session.detect(write_image(tmp_path / 'a.png', np.full((40, 50), 7, np.uint8)), Settings('a'))
    text = ' '.join(advise(session, ['a', 'b']))
    assert 'The highest probability is below 0.0001: this model sees nothing here' in text
    assert 'fill only 0.0 % of the range' in text
    assert 'Try another model, such as b.' in text
    assert lower_threshold(session) is None


def test_the_least_area_and_the_polarity(session: AppSession, tmp_path: Path) -> None:
    path = write_image(tmp_path / 'a.png', scene())
    session.detect(path, Settings('a'), 0.5, 40)
    assert advice(session).startswith('1 found above the threshold, but smaller than the least area of 40 pixels.')
    assert 'stands out' not in advice(session)
    session.detect(path, Settings('a', dark=True))
    assert 'The small spot that stands out most is bright' in advice(session)
    write_image(path, 255 - scene())
    session.detect(path, Settings('a'))
    assert 'Try "Dark targets".' in advice(session)


def test_a_wrong_bit_depth(session: AppSession, tmp_path: Path) -> None:
    session.detect(write_image(tmp_path / 'a.tif', scene().astype(np.uint16) * 12), Settings('a', '16 bit'), 0.99)
    assert '16 bit is chosen, but the image looks like 12 bit (maximum ' in advice(session)


def test_a_detector(tmp_path: Path) -> None:
    shelf = Shelf(MovingTargetInferencer(tiny_detector(5), device='cpu', show_progress=False))
    session = AppSession(shelf, UploadLimits(), tmp_path / 's')
    session.detect(write_image(tmp_path / 'a.png', scene()), Settings('a'), 0.98)
    best = session.results[0].highest
    assert f'The highest score is {best[0]:.3f}' in advice(session)
    session.rethreshold(lower_threshold(session))
    assert session.targets != []
