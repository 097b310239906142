from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmirstd.datasets.text_file import read_text
from mmirstd.utils.errors import DataError, MissingDataError

# Byte-order marks inside a text are text; a zero byte or a lone surrogate is none.
texts = st.text(st.characters(exclude_characters='\0\ufeff', exclude_categories=['Cs']), max_size=60)


@settings(max_examples=60, deadline=None)
@given(text=texts, encoding=st.sampled_from(['utf-8', 'utf-8-sig', 'utf-16', 'utf-32']))
def test_any_text_in_any_marked_encoding(tmp_path_factory, text, encoding):
    path = tmp_path_factory.mktemp('text') / 'a.txt'
    path.write_bytes(text.encode(encoding))
    assert read_text(path) == text


@pytest.mark.parametrize('encoding', ['utf-16-le', 'utf-16-be'])
@pytest.mark.parametrize('text', ['Misc_1\r\nMisc_2', 'a\n', '红外_12\nseq_13\n'])
def test_utf16_without_a_mark(tmp_path, encoding, text):
    path = tmp_path / 'a.txt'
    path.write_bytes(text.encode(encoding))
    assert read_text(path) == text


@pytest.mark.parametrize('data', [b'\x89PNG\r\n\x1a\n\0\0\0\rIHDR', '红外\n'.encode('gbk'), b'\xff\xfea'])
def test_what_is_no_text(tmp_path, data):
    path = tmp_path / 'a.txt'
    path.write_bytes(data)
    with pytest.raises(DataError, match=r'a\.txt: not a text file .* expected names'):
        read_text(path, 'names')


def test_nothing_there(tmp_path):
    with pytest.raises(MissingDataError, match='no such file; expected names'):
        read_text(tmp_path / 'a.txt', 'names')
    with pytest.raises(DataError, match='is a folder'):
        read_text(tmp_path)
