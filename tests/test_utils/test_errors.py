"""The tree of errors that input causes."""

from __future__ import annotations

import pickle

import pytest
from torch._utils import ExceptionWrapper

from mmirstd.utils.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    MissingDataError,
    UnsafeCheckpointError,
    UserError,
    first_few,
)

KINDS = (UserError, ConfigError, CheckpointError, UnsafeCheckpointError, DataError, MissingDataError)


@pytest.mark.parametrize('kind', KINDS)
def test_text_fields_and_pickle(kind):
    plain = kind('a.png: truncated')
    assert str(plain) == plain.message == 'a.png: truncated'
    error = kind('a.png', found='3000', expected='at most 255', cure='set bit_depth', option='bit_depth')
    assert str(error) == 'a.png: found 3000, expected at most 255\n  cure: set bit_depth'
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert vars(again) == vars(error)
    assert str(again) == str(error)


@pytest.mark.parametrize('kind', KINDS)
def test_text_survives_a_data_loader_worker(kind):
    """torch makes the error anew from the worker's traceback, with one argument."""
    try:
        raise kind('a.png', found='3000')
    except kind as error:
        wrapped = ExceptionWrapper((type(error), error, error.__traceback__))
    with pytest.raises(kind, match='a.png: found 3000'):
        wrapped.reraise()


def test_what_else_they_are():
    assert issubclass(DataError, ValueError)
    assert issubclass(MissingDataError, FileNotFoundError)
    assert issubclass(CheckpointError, RuntimeError)
    assert all(issubclass(kind, UserError) for kind in KINDS)


def test_first_few():
    assert first_few(['a', 'b']) == '  a\n  b'
    assert first_few(list('abcdefg')) == '  a\n  b\n  c\n  d\n  e\n  and 2 more'
