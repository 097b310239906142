"""Public names that are imported on first use."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from mmirstd.utils.lazy import lazy_names
from tests.shared import REPO

PACKAGES = (
    'mmirstd.apis',
    'mmirstd.benchmark',
    'mmirstd.datasets',
    'mmirstd.datasets.synthetic',
    'mmirstd.engine',
    'mmirstd.visualization',
    'mmirstd.visualization.report',
)


@pytest.mark.parametrize('package', PACKAGES)
def test_every_public_name_is_there_and_known_to_type_checkers(package):
    module = importlib.import_module(package)
    assert sorted(module.__all__) == dir(module)
    for name in module.__all__:
        assert getattr(module, name) is not None
    tree = ast.parse(Path(module.__file__).read_text())
    typed = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.If)
        for inner in node.body
        if isinstance(inner, ast.ImportFrom)
        for alias in inner.names
    }
    assert typed == set(module.__all__)
    with pytest.raises(AttributeError, match='no attribute'):
        module.no_such_name  # noqa: B018


LIGHT = (*PACKAGES, 'mmirstd', 'mmirstd.evaluation.functional', 'mmirstd.key_maps', 'mmirstd.utils')


@pytest.mark.parametrize('package', LIGHT)
def test_importing_the_package_does_not_import_torch(package):
    code = f'import sys, {package}; sys.exit("torch" in sys.modules or "mmengine" in sys.modules)'
    assert subprocess.run([sys.executable, '-c', code], cwd=REPO, check=False).returncode == 0


@pytest.mark.parametrize(
    'old',
    [
        'mmirstd.compat.UnsafeCheckpointError',
        'mmirstd.datasets.DataError',
        'mmirstd.engine.ConfigError',
    ],
)
def test_an_old_address_of_an_error_works_and_says_the_new_one(old: str) -> None:
    package, _, name = old.rpartition('.')
    with pytest.warns(DeprecationWarning, match=f'import mmirstd.utils.errors.{name} instead') as caught:
        found = getattr(importlib.import_module(package), name)
    assert found is getattr(importlib.import_module('mmirstd.utils.errors'), name)
    assert caught[0].filename == __file__


def test_a_name_that_its_module_would_hide_is_refused():
    with pytest.raises(ValueError, match='the name sheet is that of its module'):
        lazy_names('package', {'contact_sheet': '.sheet', 'sheet': '.sheet'})
