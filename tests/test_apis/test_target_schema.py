from __future__ import annotations

from dataclasses import fields

import pytest

from mmirstd.apis import Target
from mmirstd.apis.target_schema import CSV_COLUMNS, SCHEMA, SCHEMA_VERSION, csv_row
from mmirstd.utils.errors import DataError
from tests.shared import REPO

TARGET = Target(3, 1, 10.123456, 5.0, 9.0, 4.0, 12.0, 7.0, 9.0, 0.98765432, None, None, 4.5)


def test_plain_numbers_and_back() -> None:
    values = TARGET.as_dict()
    assert values['x'] == 10.1235
    assert (values['area'], type(values['area'])) == (9, int)
    assert values['mean'] is None
    again = Target.from_dict(dict(values, field_of_a_later_version=1))
    assert again.as_dict() == values
    # schema 1.1 had no logit
    earlier = Target.from_dict({key: value for key, value in values.items() if key != 'logit'})
    assert earlier.as_dict() == dict(values, logit=None)
    named = Target.from_dict(dict(values, class_name='bird'))
    assert named.class_name == 'bird'
    assert csv_row('a', named)[-1] == 'bird'
    for wrong in (3, True):
        with pytest.raises(DataError, match='class_name'):
            Target.from_dict(dict(values, class_name=wrong))
    with pytest.raises(DataError, match="has x 'left'"):
        Target.from_dict(dict(values, x='left'))


def test_csv_row_fits_the_columns() -> None:
    row = dict(zip(CSV_COLUMNS, csv_row('a b.png', TARGET), strict=True))
    assert row['source'] == 'a b.png'
    assert (row['frame'], row['x'], row['peak'], row['scr']) == ('3', '10.1235', '0.987654', '')


def test_every_field_is_documented_with_its_unit() -> None:
    text = (REPO / 'docs/inference.md').read_text(encoding='utf-8')
    assert f'`{SCHEMA}`' in text
    assert f'version {SCHEMA_VERSION}' in text
    for column in fields(Target):
        assert f'| `{column.name}` | {column.metadata["unit"]} |' in text, column.name
    assert 'docs/inference.md' in (REPO / 'README.md').read_text(encoding='utf-8')
