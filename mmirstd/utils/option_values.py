"""The value of ``--cfg-options KEY=VALUE``: mmengine's form, with spaces, and with dicts."""

from __future__ import annotations

import ast
from typing import Any

_EXPECTED = "expected numbers, texts, lists and dicts, such as dict(type='A',size=[1,2])"


def parse_option_value(text: str) -> Any:
    """What a value means.

    As mmengine's ``DictAction`` has it: ``1``, ``0.5``, ``True``, ``None``, ``text``, ``1,2``, ``[a,b]``, ``[(1,2)]``.
    Beyond that, a single text keeps its spaces (mmengine takes them out, and a folder's name is another one then), a
    quoted one its commas, and ``dict(a=1,b=[2,3])`` or ``{'a': 1}`` is a dict, also in a list.

    Raises:
        ValueError: A dict that cannot be read, or brackets that do not close; the message says what was expected.
    """
    from mmengine.config import DictAction

    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in '\'"' and text[0] not in text[1:-1]:
        inner = text[1:-1]
        if ' ' in inner or ',' in inner:
            return inner
    elif 'dict(' in text or '{' in text:
        try:
            return _value(ast.parse(text, mode='eval').body)
        except (SyntaxError, ValueError, RecursionError) as error:
            if text.startswith(('dict(', '[', '(')):
                raise ValueError(f'{text!r} cannot be read ({_reason(error)}); {_EXPECTED}') from None
            return text  # a text that has such letters somewhere, as {:06d}.png
    elif ',' not in text and not text.startswith(('[', '(')):
        return DictAction._parse_int_float_bool(text.strip('\'"'))
    try:
        return DictAction._parse_iterable(text)
    except (AssertionError, RecursionError):
        raise ValueError(f'{text!r} cannot be read; {_EXPECTED}') from None


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):  # a text without quotes
        return {'true': True, 'false': False}.get(node.id, node.id)
    if isinstance(node, ast.List):
        return [_value(item) for item in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(_value(item) for item in node.elts)
    if isinstance(node, ast.Dict):
        return {_value(key): _value(value) for key, value in zip(node.keys, node.values) if key is not None}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == 'dict' and not node.args:
        return {str(keyword.arg): _value(keyword.value) for keyword in node.keywords if keyword.arg is not None}
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        return -node.operand.value  # type: ignore[operator]
    raise ValueError(f'{ast.unparse(node)} is no such value')


def _reason(error: Exception) -> str:
    return getattr(error, 'msg', None) or str(error)
