"""Options for a config's variables: names that it only uses while it is evaluated, e.g. ``crop_size``.

mmengine merges ``--cfg-options`` into the config that was evaluated, where a pipeline already holds the old crop size;
an option for such a variable changes an entry that nobody reads. Here the config is evaluated again with the variable
set, and an option that even then changes nothing is refused.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from mmengine.config import Config
from mmengine.config import config as mmengine_config
from mmengine.config.utils import RemoveAssignFromAST
from mmengine.runner import Runner

from mmirstd.datasets.gray_normalization import RENAMED_OPTIONS
from mmirstd.utils.errors import ConfigError

from .loading_options import LOADING_OPTIONS

# Top-level keys that are read by the Runner's parts or by our tools but are no argument of Runner. test_pipeline and
# tta_pipeline are read by mmseg's and mmdet's own tools alone; for ours they are variables.
_OTHER_KEYS = (
    'data_root',
    'work_dir',
    'find_unused_parameters',
    'model_wrapper_cfg',
    'sync_bn',
    'compile',
    'custom_imports',
    'activation_checkpointing',
    'align',
    'runner_type',
    *LOADING_OPTIONS,
    *RENAMED_OPTIONS,
)

_SHOWN = 5


def keys_read() -> set[str]:
    """Top-level keys of a config that the Runner or our tools read; all others are variables."""
    return {name for name in inspect.signature(Runner.__init__).parameters if name != 'self'} | set(_OTHER_KEYS)


def apply_options(cfg: Config, path: str, options: Mapping[str, Any]) -> Config:
    """Merge options into a config; those for variables take effect wherever the config uses them.

    A variable is set in every file of the config that assigns it; an option for a part of it
    (``train_pipeline.0.bit_depth``) changes it where it was assigned last.

    Args:
        cfg: The config as it was evaluated.
        path: Its file.
        options: Dotted key -> value.

    Returns:
        The config with the options.

    Raises:
        ConfigError: An option does not fit, or nothing that is read depends on it, or it is for a variable of a config
            in mmengine's new style; the message names keys that work.
    """
    read = keys_read()
    variables = {option: value for option, value in options.items() if option.split('.')[0] not in read}
    if variables:
        before = _part_read(cfg, read)
        if Config._is_lazy_import(path):
            option = next(iter(variables))
            raise ConfigError(_out_of_reach(option, cfg[option.split('.')[0]], before))
        for option, value in variables.items():
            changed, assigned = _evaluate(path, {option: value})
            if _part_read(changed, read) == before:
                head = option.split('.')[0]
                if head not in assigned or changed[head] != cfg[head]:  # else it is what it was
                    raise ConfigError(_without_effect(option, cfg[head], before))
        cfg = changed if len(variables) == 1 else _evaluate(path, variables)[0]
    rest = {option: value for option, value in options.items() if option not in variables}
    try:
        cfg.merge_from_dict(rest)
    except (KeyError, TypeError, IndexError, AssertionError, ValueError) as error:
        raise ConfigError(f'--cfg-options {" ".join(rest)}: does not fit the config: {error}') from error
    return cfg


def _part_read(cfg: Config, read: Collection[str]) -> dict[str, Any]:
    return {key: value for key, value in cfg.to_dict().items() if key in read}


def _without_effect(option: str, value: Any, read: dict[str, Any]) -> str:
    head = option.partition('.')[0]
    return (
        f'--cfg-options {option}: nothing that is read depends on {head!r} in this config, so the option would '
        'have no effect.' + _cure(option, value, read)
    )


def _out_of_reach(option: str, value: Any, read: dict[str, Any]) -> str:
    head = option.partition('.')[0]
    return (
        f"--cfg-options {option}: {head!r} is a variable of a config in mmengine's new style (read_base), which is "
        'Python code that no option reaches.' + _cure(option, value, read)
    )


def _cure(option: str, value: Any, read: dict[str, Any]) -> str:
    head, _, rest = option.partition('.')
    keys = [f'{key}.{rest}' if rest else key for key in dict.fromkeys(_keys_of(read, head, value))][:_SHOWN]
    if keys:
        return '\n  cure: ' + ' or '.join(f'{key}=VALUE' for key in keys)
    return f'\n  cure: name the entry that is read, or change {head!r} in the config file'


def _keys_of(tree: Any, name: str, value: Any) -> Iterator[str]:
    """Dotted keys of entries that have a variable's value, then of those whose name its own ends in."""
    entries = list(_entries(tree))
    if isinstance(value, (list, tuple, dict)) and value:
        yield from (key for key, entry in entries if entry == value)
    alike = [
        key
        for key, _ in entries
        if not key.rsplit('.', 1)[-1].isdigit() and f'_{name}'.endswith(f'_{key.rsplit(".", 1)[-1]}')
    ]
    # train_pipeline: that of train_dataloader before the others
    yield from sorted(alike, key=lambda key: key.split('_')[0] != name.split('_')[0])


def _entries(tree: Any, path: str = '') -> Iterator[tuple[str, Any]]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, (list, tuple)) else ()
    for key, value in items:
        yield f'{path}{key}', value
        yield from _entries(value, f'{path}{key}.')


# Evaluating a config with variables set

_OVERRIDES: ContextVar[Mapping[str, Any]] = ContextVar('overrides')


def overridden(name: str, value: Any, last: bool) -> Any:
    """What is assigned to a variable in place of ``value``; called from the config's code as it was rewritten.

    Args:
        name: The variable.
        value: What its assignment gives.
        last: No later file assigns it.

    Raises:
        ConfigError: An option does not fit the value.
    """
    for option, new in _OVERRIDES.get().items():
        head, _, rest = option.partition('.')
        if head == name and not rest:
            value = new
        elif head == name and last:
            holder = Config(dict(value=value))
            try:
                holder.merge_from_dict({f'value.{rest}': new})
            except (KeyError, TypeError, IndexError, AssertionError, ValueError) as error:
                raise ConfigError(f'--cfg-options {option}: does not fit the config: {error}') from error
            value = holder.to_dict()['value']
    return value


class _Rewriter(RemoveAssignFromAST):
    """mmengine's pass over a config file, in which assignments to the overridden variables go through a function."""

    names: frozenset[str] = frozenset()
    #: For each file in the order of evaluation: the variables that it assigns.
    files: list[set[str]] = []
    #: The same of a first evaluation, from which the last file of each variable is known.
    known: list[set[str]] | None = None

    def visit_Module(self, node: ast.Module) -> ast.Module:
        self.files.append(set())
        return ast.fix_missing_locations(self.generic_visit(node))

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        kept = super().visit_Assign(node)
        return kept if kept is None else self._rewritten(node, node.targets)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        return self._rewritten(node, [node.target]) if node.value is not None else node

    def _leave(self, node: ast.AST) -> ast.AST:
        return node  # names in it are its own

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = _leave

    def _rewritten(self, node: Any, targets: list[ast.expr]) -> ast.AST:
        for target in targets:
            if isinstance(target, ast.Name) and target.id in self.names:
                self.files[-1].add(target.id)
                place = len(self.files)
                last = self.known is not None and not any(target.id in file for file in self.known[place:])
                call: Any = ast.parse(
                    f'__import__({__name__!r}, fromlist=["x"]).overridden({target.id!r}, 0, {last})', mode='eval'
                ).body
                call.args[1] = node.value
                node.value = call
        return node


@contextmanager
def _rewriting(rewriter: type[_Rewriter]) -> Iterator[None]:
    before = mmengine_config.RemoveAssignFromAST
    mmengine_config.RemoveAssignFromAST = rewriter
    try:
        yield
    finally:
        mmengine_config.RemoveAssignFromAST = before


def _evaluate(path: str, options: Mapping[str, Any]) -> tuple[Config, set[str]]:
    """Evaluate a config file with variables set; the config, and the variables that its files assign."""
    known: list[set[str]] | None = None
    for _ in range(2):
        rewriter: Any = type(
            'Rewriter',
            (_Rewriter,),
            dict(names=frozenset(option.split('.')[0] for option in options), files=[], known=known),
        )
        token = _OVERRIDES.set(options)
        try:
            with _rewriting(rewriter):
                cfg = Config.fromfile(path)
        finally:
            _OVERRIDES.reset(token)
        known = rewriter.files
        if all('.' not in option for option in options):
            break
    return cfg, set().union(*(known or ()))
