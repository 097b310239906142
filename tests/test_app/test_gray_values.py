from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmirstd.app.gray_values import GRAY_CHOICES, Settings
from mmirstd.app.model_choices import ModelChoice, ModelShelf
from mmirstd.app.session import AppSession
from mmirstd.app.status import result_status
from mmirstd.app.upload_limits import UploadLimits
from mmirstd.datasets.transforms import LoadInfraredImage
from tests.test_apis.helpers import scene, write_image

TOPHAT = 'white-tophat_nuaa-sirst-341-86'


@pytest.fixture
def session(tmp_path: Path) -> AppSession:
    return AppSession(ModelShelf([ModelChoice('a', TOPHAT)], 'cpu'), UploadLimits(), tmp_path / 's')


def codes(largest: int) -> np.ndarray:
    """A scene in 16 bits whose greatest value is this."""
    return (scene().astype(np.float64) / scene().max() * largest).astype(np.uint16)


@pytest.mark.parametrize(('largest', 'depth'), [(3000, 12), (11873, 14), (40000, None)])
def test_the_bit_depth_is_found_used_and_said(session: AppSession, tmp_path: Path, largest: int, depth: int) -> None:
    path = write_image(tmp_path / 'a.tif', codes(largest))
    session.detect(path, Settings('a'))
    assert session.loader.bit_depth == depth
    text = result_status(session, Settings('a'), ['a'])
    assert (f'Looks like {depth} bit (maximum {largest:,}): divided by' in text) == (depth is not None)
    # The same as when a person says so; nothing is guessed then.
    found = session.targets
    session.detect(path, Settings('a', f'{depth or 16} bit'))
    assert session.targets == found
    assert session.depth is None
    assert 'Looks like' not in result_status(session, Settings('a', f'{depth or 16} bit'), ['a'])


def test_images_that_came_together_are_judged_together(session: AppSession, tmp_path: Path) -> None:
    session.detect(
        [write_image(tmp_path / f'{largest}.tif', codes(largest)) for largest in (900, 11873)], Settings('a')
    )
    assert session.depth == (14, 'looks like 14 bit (maximum 11,873)')


def test_a_choice_that_changes_nothing_is_told(session: AppSession, tmp_path: Path) -> None:
    session.detect(write_image(tmp_path / 'a.png', scene()), Settings('a', '14 bit'))
    assert session.notes == ['14 bit changes nothing here: there is no 16-bit image.']
    session.detect(tmp_path / 'a.png', Settings('a'))
    assert (session.notes, session.depth) == ([], None)


def test_dark_targets(session: AppSession, tmp_path: Path) -> None:
    path = write_image(tmp_path / 'a.png', 255 - scene())
    session.detect(path, Settings('a'))
    assert session.targets == []
    session.detect(path, Settings('a', dark=True))
    ((x, y),) = [(round(target.x), round(target.y)) for target in session.targets]
    assert (x, y) == (40, 30)


def test_every_choice_works_and_differences_have_words() -> None:
    image = codes(1000)
    shown = [LoadInfraredImage(**Settings('a', gray).load_options).normalized(image, 'a') for gray in GRAY_CHOICES]
    assert [round(float(each.max()), 2) for each in shown] == [0.02, 0.98, 0.24, 0.06, 0.02, 0.7, 1.0, 1.0]
    dark = LoadInfraredImage(**Settings('a', '10 bit', dark=True).load_options).normalized(image, 'a')
    assert np.array_equal(dark, 1 - shown[1])
    before = Settings('a', '12 bit')
    assert before.differences(before) == []
    assert before.differences(Settings('b', '14 bit', True)) == ['the model b', 'gray values: 14 bit', 'dark targets']
