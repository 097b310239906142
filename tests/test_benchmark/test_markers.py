from __future__ import annotations

from pathlib import Path

import pytest

from mmirstd.benchmark import replace_between, write_table
from mmirstd.utils.errors import ConfigError

TEXT = 'before\n<!-- benchmark:s/t -->\nold\n<!-- /benchmark -->\nafter\n'


def test_only_what_is_between_changes(tmp_path: Path) -> None:
    path = tmp_path / 'README.md'
    path.write_text(TEXT)
    assert write_table(path, 's/t', 'new\n')
    assert path.read_text() == TEXT.replace('old', 'new')
    assert not write_table(path, 's/t', 'new\n')


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('nothing', '0 times'),
        (TEXT + TEXT, '2 times'),
        (TEXT.replace('<!-- /benchmark -->', ''), 'not closed'),
        ('<!-- benchmark:s/t -->\n<!-- benchmark:s/u -->\n<!-- /benchmark -->', 'not closed'),
    ],
)
def test_bad_markers(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=rf'README.md: .*{message}'):
        replace_between(text, 's/t', 'new\n', 'README.md')


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='does not exist'):
        write_table(tmp_path / 'README.md', 's/t', '')
