from __future__ import annotations

import pytest

from mmirstd.utils.listed_classes import listed_classes


@pytest.mark.parametrize(
    ('meta', 'names'),
    [
        (dict(classes=['drone', 'bird']), ('drone', 'bird')),
        (dict(classes='drone'), ('drone',)),
        (dict(classes=None), ()),
        ({}, ()),
        (None, ()),
    ],
)
def test_names(meta: dict | None, names: tuple[str, ...]) -> None:
    assert listed_classes(meta) == names
