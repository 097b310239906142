"""Parts that make up the whole, each input in one of them."""

from __future__ import annotations

import pytest

from mmirstd.apis.inputs import Source
from mmirstd.apis.shard import Shard


def test_each_input_is_in_one_part() -> None:
    sources = [Source('image', f'/a/{k}.png', f'{k}') for k in range(1000)]
    parts = [[source for source in sources if Shard(number, 8).has(source)] for number in range(1, 9)]
    assert sorted(source.name for part in parts for source in part) == sorted(source.name for source in sources)
    assert min(map(len, parts)) > 80


def test_one_name_is_in_one_part_wherever_it_lies() -> None:
    for name in map(str, range(50)):
        parts = {
            number
            for number in range(1, 5)
            for source in (Source('image', f'/a/{name}.png', f'A/{name}'), Source('image', f'/b/{name}', f'a/{name}'))
            if Shard(number, 4).has(source)
        }
        assert len(parts) == 1


def test_its_form() -> None:
    assert Shard.parse('3/8') == Shard(3, 8)
    assert Shard(3, 8).suffix == '.3of8'
    for wrong in ('3', '0/8', '9/8', '1/0', 'a/b', '1/2/3'):
        with pytest.raises(ValueError, match='expected'):
            Shard.parse(wrong)
