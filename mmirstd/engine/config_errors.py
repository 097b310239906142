"""mmengine's bare registry and signature errors in words: :func:`explain_config_errors`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from mmirstd.utils.errors import ConfigError, UserError
from mmirstd.utils.near_matches import near_matches

from .empty_data_set import empty_data_set_error

_NOT_REGISTERED = re.compile(r'(\S+) is not in the (?:(\w+)::)?([\w ]+?) registry')
_GET_FAILED = re.compile(r'Failed to get (\S+)')
_BAD_ARGUMENT = re.compile(r"(?:(\S+?)\()?\)? ?got an unexpected keyword argument '(\w+)'")
_MISSING_ARGUMENT = re.compile(r'missing \d+ required (?:positional|keyword-only) arguments?: (.+)$')


def registered_names(root: Any) -> dict[str, list[str]]:
    """All names of a registry tree by scope, the modules of every scope being imported first.

    Args:
        root: Any registry of the tree.

    Returns:
        Scope -> sorted names, without prefix.
    """
    root = root._get_root_registry()
    names: dict[str, list[str]] = {}
    for registry in [root, *root._children.values()]:
        try:
            registry.import_from_location()
        except Exception:  # a broken neighbor scope must not hide the error that is being explained
            continue
        names.setdefault(registry.scope, []).extend(sorted(registry._module_dict))
    return names


def _frames_of(trace: TracebackType | None, function: str) -> list[dict]:
    """Local variables of each frame of ``function`` in a traceback, outermost first."""
    found = []
    while trace is not None:
        if trace.tb_frame.f_code.co_name == function:
            found.append(trace.tb_frame.f_locals)
        trace = trace.tb_next
    return found


def _explain_unknown_type(name: str, frames: list[dict], config: str) -> str | None:
    """Say what ``type=name`` may have been meant to be; None where no registry can be found."""
    registry = next((f['registry'] for f in reversed(frames) if 'registry' in f), None)
    if registry is None:
        return None
    names = registered_names(registry)
    prefixed = [f'{scope}.{item}' for scope, items in names.items() for item in items]
    close = near_matches(name, prefixed)
    looked = ', '.join(f'{scope} ({len(items)} names)' for scope, items in names.items())
    siblings = ''
    for frame in reversed(frames):
        cfg = frame.get('cfg')
        if isinstance(cfg, dict) and cfg.get('type') == name:
            keys = ', '.join(k for k in cfg if k != 'type')
            siblings = f'\n  where: dict(type={name!r}{", " + keys if keys else ""})'
            break
    lines = f'{config}: type={name!r} is not a known {registry.name}.{siblings}'
    if close:
        lines += f'\n  did you mean: {", ".join(close)}?'
    else:
        lines += '\n  nothing with a similar name exists.'
    return (
        lines + f'\n  looked in the {registry.name!r} registries of: {looked}'
        '\n  cure: correct the name, give the right scope prefix (our parts are written mmirstd.Name), or list '
        'the module that registers it in custom_imports.'
    )


def _explain_unknown_optimizer(frames: list[dict], config: str) -> str | None:
    """mmengine's optimizer constructor inspects the signature of None where the type is unknown."""
    for frame in frames:
        if frame.get('optimizer_cls', ...) is None and 'optimizer_cfg' in frame:
            cfg = frame['optimizer_cfg']
            return _explain_unknown_type(cfg['type'], [dict(registry=frame['registry'], cfg=cfg)], config)
    return None


def _valid_arguments(cls: Callable) -> list[str]:
    """Names of all keyword arguments of a class, those its bases take through ``**kwargs`` included."""
    names: list[str] = []
    for base in inspect.getmro(cls) if inspect.isclass(cls) else [cls]:
        init = base.__dict__.get('__init__') if inspect.isclass(base) else base
        if init is None or base is object:
            continue
        try:
            parameters = inspect.signature(init).parameters.values()
        except (TypeError, ValueError):
            break
        names += [
            p.name
            for p in parameters
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name != 'self' and p.name not in names
        ]
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return names


def _explain_bad_argument(error: TypeError, frames: list[dict], config: str) -> str | None:
    """Say which argument of which class is wrong; None where the error is not about one in the config."""
    frame = next((f for f in reversed(frames) if 'obj_cls' in f and 'args' in f), None)
    if frame is None or not callable(frame['obj_cls']):
        return None
    cls, given = frame['obj_cls'], frame['args']
    name = getattr(cls, '__name__', str(cls))
    valid = _valid_arguments(cls)
    where = f'{config}: {getattr(cls, "__module__", "?")}.{name}'
    unexpected = _BAD_ARGUMENT.search(str(error))
    if unexpected and unexpected.group(2) in given:
        argument = unexpected.group(2)
        close = near_matches(argument, valid)
        hint = f'\n  did you mean: {", ".join(close)}?' if close else ''
        return f'{where} takes no argument {argument!r}.{hint}\n  its arguments: {", ".join(valid)}'
    missing = _MISSING_ARGUMENT.search(str(error))
    if missing:
        return f'{where} needs {missing.group(1)}.\n  given: {", ".join(given)}\n  its arguments: {", ".join(valid)}'
    return None


def _explain_bad_value(error: ValueError, config: str) -> str | None:
    """Say which class of the config refused a value; None where the error is no check of arguments."""
    frames = _frames_of(error.__traceback__, 'build_from_cfg') + _frames_of(
        error.__traceback__, 'build_scheduler_from_cfg'
    )
    frame = frames[-1] if frames else None
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if frame is None or trace is None:
        return None
    ours = trace.tb_frame.f_globals.get('__name__', '').startswith('mmirstd.')
    if not (ours or trace.tb_frame.f_code.co_name == '__init__'):
        return None
    cls = frame.get('obj_cls')
    return f'{config}: {getattr(cls, "__name__", frame["cfg"].get("type"))}: {error}'


def _empty_data_set(error: ValueError) -> Any:
    """The data set that mmengine could not store because it holds nothing; None: another error."""
    frames = _frames_of(error.__traceback__, '_serialize_data')
    data_set = frames[-1].get('self') if frames else None
    return data_set if data_set is not None and not data_set.data_list else None


@contextmanager
def explain_config_errors(config: str) -> Iterator[None]:
    """Turn mmengine's errors about a config's types and arguments into :class:`~mmirstd.utils.errors.ConfigError`.

    A misspelled ``type`` is answered with near matches from every scope and
    with the places that were searched; a misspelled argument with the class and
    its valid arguments; a value that a class refuses when it is built,
    with its words; an empty data set with the reason.  Every other exception passes unchanged.

    Args:
        config: The config's name, for the message.

    Raises:
        ConfigError: Instead of the KeyError, RuntimeError, TypeError or ValueError.
        DataError: Instead of NumPy's ValueError about a data set that holds no sample.
    """
    try:
        yield
    except ValueError as error:
        if (empty := _empty_data_set(error)) is not None:
            raise empty_data_set_error(empty).of(config) from error
        message = None if isinstance(error, UserError) else _explain_bad_value(error, config)
        if message is None:
            raise
        raise ConfigError(message) from error
    except (KeyError, RuntimeError, TypeError) as error:
        frames = _frames_of(error.__traceback__, 'build_from_cfg') + _frames_of(
            error.__traceback__, 'build_scheduler_from_cfg'
        )
        text = str(error.args[0]) if error.args else ''
        message = None
        unknown = _NOT_REGISTERED.search(text) or _GET_FAILED.search(text)
        if unknown and not isinstance(error, TypeError):
            message = _explain_unknown_type(unknown.group(1), frames, config)
        elif isinstance(error, TypeError):
            message = _explain_unknown_optimizer(
                _frames_of(error.__traceback__, '__call__'), config
            ) or _explain_bad_argument(error, frames, config)
        if message is None:
            raise
        raise ConfigError(message) from error
