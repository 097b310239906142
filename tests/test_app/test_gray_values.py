from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmirstd.apis import IRSTDInferencer
from mmirstd.app.gray_values import GRAY_CHOICES
from mmirstd.app.messages import describe_error
from mmirstd.app.model_choices import ModelChoice, ModelShelf
from mmirstd.app.session import AppSession
from mmirstd.app.settings import Settings
from mmirstd.app.status import result_status
from mmirstd.app.upload_limits import UploadLimits
from mmirstd.datasets.transforms import LoadInfraredImage
from mmirstd.utils.errors import DataError
from tests.test_apis.helpers import scene, write_image

TOPHAT = 'white-tophat_nuaa-sirst-341-86'


@pytest.fixture
def session(tmp_path: Path) -> AppSession:
    return AppSession(ModelShelf([ModelChoice('a', TOPHAT)], 'cpu'), UploadLimits(), tmp_path / 's')


def codes(largest: int) -> np.ndarray:
    """A scene in 16 bits whose greatest value is this."""
    return (scene().astype(np.float64) / scene().max() * largest).astype(np.uint16)


@pytest.mark.parametrize('largest', [3000, 11873, 40000])
def test_raw_codes_are_stretched_as_by_the_inferencer_and_that_is_said(
    session: AppSession, tmp_path: Path, largest: int
) -> None:
    image = codes(largest)
    path = write_image(tmp_path / 'a.tif', image)
    session.detect(path, Settings('a'))
    (expected,) = IRSTDInferencer(TOPHAT, device='cpu', show_progress=False).infer(image)
    np.testing.assert_array_equal(session.results[0].probability, expected.probability)
    said = f'Raw 16-bit codes from {image.min():,} to {largest:,}: each image is stretched by its own range'
    assert said in result_status(session, Settings('a'), ['a'])
    # What a person chooses stays, and there is nothing to tell.
    session.detect(path, Settings('a', '16 bit'))
    assert session.loader.bit_depth == 16
    assert session.stretched is None
    assert 'Raw 16-bit' not in result_status(session, Settings('a', '16 bit'), ['a'])


def test_floats_of_any_range_are_stretched_unless_a_range_is_chosen(session: AppSession, tmp_path: Path) -> None:
    path = write_image(tmp_path / 'a.tif', scene().astype(np.float32) + 200)
    session.detect(path, Settings('a'))
    assert len(session.targets) == 1
    assert 'Raw values from 27' in result_status(session, Settings('a'), ['a'])
    with pytest.raises(DataError) as caught:
        session.detect(path, Settings('a', '14 bit'))
    assert describe_error(caught.value, path).endswith('another choice of gray values')


def test_a_choice_that_changes_nothing_is_told(session: AppSession, tmp_path: Path) -> None:
    session.detect(write_image(tmp_path / 'a.png', scene()), Settings('a', '14 bit'))
    assert session.notes == ['14 bit changes nothing here: there is no 16-bit image.']
    session.detect(tmp_path / 'a.png', Settings('a'))
    assert (session.notes, session.stretched) == ([], None)


def test_dark_targets(session: AppSession, tmp_path: Path) -> None:
    path = write_image(tmp_path / 'a.png', 255 - scene())
    session.detect(path, Settings('a'))
    assert session.targets == []
    session.detect(path, Settings('a', dark=True))
    ((x, y),) = [(round(target.x), round(target.y)) for target in session.targets]
    assert (x, y) == (40, 30)


def test_every_choice_works() -> None:
    image = codes(1000)
    shown = [LoadInfraredImage(**Settings('a', gray).load_options).normalized(image, 'a') for gray in GRAY_CHOICES]
    assert [round(float(each.max()), 2) for each in shown] == [0.02, 0.98, 0.24, 0.06, 0.02, 0.7, 1.0, 1.0]
    dark = LoadInfraredImage(**Settings('a', '10 bit', dark=True).load_options).normalized(image, 'a')
    assert np.array_equal(dark, 1 - shown[1])
