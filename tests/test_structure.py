"""The house: a room uses only what lies below it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shared import REPO

#: From the ground floor up. A module imports from its own room and from those before it.
FLOORS = (
    'version',
    'utils',
    'key_maps',
    'compat',
    'registry',
    'datasets',
    'evaluation',
    'false_alarms',
    'tracking',
    'visualization',
    'models',
    'engine',
    'deploy',
    'apis',
    'benchmark',
    'finetune',
    'costs',
    'zoo',
    'comparison',
    'app',
    'cli',
)


def _room(module: str) -> str | None:
    parts = module.split('.')
    return parts[1] if parts[0] == 'mmirstd' and len(parts) > 1 else None


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and absolute name of every module that a file imports, also inside functions."""
    package = path.relative_to(REPO).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = '.'.join((*base, *((node.module,) if node.module else ())))
            # `from mmirstd import registry` names a room, too
            yield from (
                (node.lineno, f'{module}.{alias.name}' if module == 'mmirstd' else module) for alias in node.names
            )


@pytest.mark.parametrize(
    'room',
    sorted(path.name for path in (REPO / 'mmirstd').iterdir() if path.is_dir() and (path / '__init__.py').is_file()),
)
def test_no_import_runs_up(room: str) -> None:
    assert room in FLOORS, f'mmirstd/{room} is new: give it its place in FLOORS'
    below = FLOORS[: FLOORS.index(room) + 1]
    wrong = []
    for path in sorted((REPO / 'mmirstd' / room).rglob('*.py')):
        for line, module in _imports(path):
            other = _room(module)
            if other is not None and other not in below and not other.startswith('__'):
                wrong.append(f'{path.relative_to(REPO)}:{line} imports {module}')
    assert not wrong, '\n'.join(wrong)


def test_the_check_sees_every_form_of_import(monkeypatch: pytest.MonkeyPatch) -> None:
    source = (
        'import mmirstd.apis.build\nfrom mmirstd import app\nfrom ...engine import errors\n'
        'def f():\n    from ..layers import conv\n    from . import y\n'
    )
    monkeypatch.setattr(Path, 'read_text', lambda self, **_: source)
    assert [module for _, module in _imports(REPO / 'mmirstd' / 'models' / 'heads' / 'x.py')] == [
        'mmirstd.apis.build',
        'mmirstd.app',
        'mmirstd.engine',
        'mmirstd.models.layers',
        'mmirstd.models.heads',
    ]


BRITISH = re.compile(
    r'(normal|initial|binar|summar|quant|optim(?!ist)|regular|standard|synchron|vector|visual|recogn|minim|maxim|serial)is'
    r'(e|ation|ing)|labell|centr(e|ing)|grey|colour|behaviour|neighbour|favour|analys(e|ing)|catalogue|licence|learnt|spelt'
)


def _defined_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Public names that code defines: classes, functions, their arguments, and fields of classes."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            yield node.lineno, node.name
        if isinstance(node, ast.FunctionDef):
            arguments = node.args
            yield from ((a.lineno, a.arg) for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs))
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.lineno, node.target.id


def _sources() -> list[Path]:
    return sorted((REPO / 'mmirstd').rglob('*.py'))


def test_names_are_american() -> None:
    """Old names are accepted by mmirstd.utils.renamed, which defines none."""
    found = [f'{path.relative_to(REPO)}' for path in _sources() if BRITISH.search(path.stem)]
    for path in _sources():
        for line, name in _defined_names(ast.parse(path.read_text(encoding='utf-8'))):
            if not name.startswith('_') and BRITISH.search(name.lower()):
                found.append(f'{path.relative_to(REPO)}:{line} {name}')
    assert not found, '\n'.join(found)


def test_type_checkers_see_misspelt_names() -> None:
    """A module's ``__getattr__`` stands below ``if not TYPE_CHECKING:``; else any name would pass for one of it."""
    found = []
    for path in _sources():
        for node in ast.parse(path.read_text(encoding='utf-8')).body:
            names = [node.name] if isinstance(node, ast.FunctionDef) else []
            if isinstance(node, ast.Assign):
                names = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
            if '__getattr__' in names:
                found.append(f'{path.relative_to(REPO)}:{node.lineno}')
    assert not found, '\n'.join(found)


@pytest.mark.parametrize(
    ('source', 'found'),
    [
        ('def normalise(a): ...', ['normalise']),
        ('class C:\n    colour: str = "red"\n    def f(self, *, centre=0): ...', ['colour', 'centre']),
        ('class LabelledBox: ...', ['LabelledBox']),
        ('def initialize(optimistic, promise, analysis, centered, precision): ...', []),
    ],
)
def test_the_check_of_names_finds_british_ones(source: str, found: list[str]) -> None:
    assert [name for _, name in _defined_names(ast.parse(source)) if BRITISH.search(name.lower())] == found


def test_messages_name_commands_as_the_user_types_them() -> None:
    """A path of a script in a message is wrong for who came by the console command: ``utils.commands`` knows."""
    # The suite driver runs the scripts themselves. Tables say by which command they were made.
    allowed = {
        'mmirstd/benchmark/commands.py',
        'mmirstd/benchmark/tables.py',
        'mmirstd/cli/choose_threshold.py',
        'mmirstd/utils/commands.py',
    }
    wrong = []
    for path in _sources():
        tree = ast.parse(path.read_text(encoding='utf-8'))
        described = {
            node.body[0].value
            for node in ast.walk(tree)
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node)
        }
        wrong += [
            f'{path.relative_to(REPO)}:{node.lineno}: {node.value!r}'
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in described
            if re.search(r'tools/[\w/]*\.py', node.value) and path.relative_to(REPO).as_posix() not in allowed
        ]
    assert not wrong, '\n'.join(wrong)


def _typed_entries(docstring: str) -> list[str]:
    """Entries of a docstring's ``Args`` and ``Attributes`` that repeat a type: ``name (str): ...``."""
    found, inside = [], False
    for line in docstring.splitlines():
        if line and not line.startswith(' '):
            inside = line in ('Args:', 'Attributes:')
        elif inside and re.match(r' {4}\*{0,2}\w+ \([^)]*\):( |$)', line):
            found.append(line.strip())
    return found


def test_types_stand_in_the_signature_alone() -> None:
    found = []
    for path in _sources():
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                typed = _typed_entries(ast.get_docstring(node) or '')
                found += [f'{path.relative_to(REPO)}:{node.lineno} {entry}' for entry in typed]
    assert not found, '\n'.join(found)


def test_the_check_of_docstrings_finds_types() -> None:
    entries = ['a (str): Text.', 'b: (H, W) values.', '**c (Any, optional):', '    All.']
    text = '\n    '.join(['Do.\n\nArgs:', *entries]) + '\n\nReturns:\n    d (e): f.'
    assert _typed_entries(text) == [entries[0], entries[2]]
