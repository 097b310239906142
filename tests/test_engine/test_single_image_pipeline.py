from __future__ import annotations

import pytest

from mmirstd.engine.single_image_pipeline import needs_annotation


@pytest.mark.parametrize('name', ['LoadTargetMask', 'mmirstd.LoadClipMasks', 'LoadAnnotations', 'mine.LoadMyBoxes'])
def test_steps_that_load_something_beside_the_image(name: str) -> None:
    assert needs_annotation(dict(type=name))


@pytest.mark.parametrize('name', ['mmirstd.LoadInfraredImage', 'mmirstd.LoadClip', 'Resize', 'PackClipInputs'])
def test_steps_that_an_image_alone_goes_through(name: str) -> None:
    assert not needs_annotation(dict(type=name))
