"""Checkpoint loading that never executes code from the file.

A checkpoint is a pickle, and a pickle may name any function to be called while
it is read.  mmengine 0.10.7 unpickles without restriction, and onedl-mmengine
quietly does the same whenever its restricted load fails.
:func:`install_safe_checkpoint_loading` replaces the loading in both, for every
path that mmengine offers (``load_checkpoint``, ``resume``, model zoo URLs, ...):
only tensors, plain containers and the few types that mmengine itself writes are
rebuilt, and anything else ends in :class:`UnsafeCheckpointError`.

* torch >= 2.6: ``torch.load(weights_only=True)`` with those types as safe globals.
* torch 2.0 to 2.5: an unpickler that resolves the allow-listed names and no
  others.  ``weights_only=True`` is not used there: it cannot be told of
  mmengine's types in all those versions, and before 2.6 it could itself be made
  to run code (CVE-2025-32434).

TorchScript and tar archives, which torch reads by other ways, are refused.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import os
import pickle
import pickletools
import re
import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace
from typing import IO, Any
from urllib.parse import urlparse

from mmirstd.utils.errors import CheckpointError, UnsafeCheckpointError
from mmirstd.utils.files import is_zip

_CONVERT = (
    "python -c \"import torch; c = torch.load('IN.pth', map_location='cpu', weights_only=False); "
    "torch.save({'state_dict': c.get('state_dict', c)}, 'OUT.pth')\""
)


def _known_method(owner: Any, name: str) -> Any:
    """Stand in for ``getattr`` in the two uses mmengine's checkpoints make of it.

    Pickle writes a method as ``getattr(class, name)``: ``HistoryBuffer`` keeps its
    statistics so, the one-cycle scheduler its annealing function.  The real
    ``getattr`` would open everything reachable from any allowed object.

    Raises:
        pickle.UnpicklingError: For anything but these methods.
    """
    from mmengine.logging import HistoryBuffer
    from mmengine.optim.scheduler.param_scheduler import OneCycleParamScheduler

    if isinstance(name, str):
        statistic = owner is HistoryBuffer and not name.startswith('_')
        annealing = owner is OneCycleParamScheduler and name.startswith('_annealing_')
        method = inspect.getattr_static(owner, name, None) if statistic or annealing else None
        if isinstance(method, staticmethod):
            method = method.__func__
        if inspect.isfunction(method):
            return method
    raise pickle.UnpicklingError(f'getattr({owner!r}, {name!r}) is not allowed in a checkpoint')


def _encode_latin1(text: str, encoding: str = 'latin1') -> bytes:
    """Stand in for ``_codecs.encode``, by which pickle protocol 2 writes bytes."""
    if encoding not in ('latin1', 'latin-1'):
        raise pickle.UnpicklingError(f'the encoding {encoding!r} is not allowed in a checkpoint')
    return text.encode('latin1')


def mmengine_safe_globals() -> dict[str, Any]:
    """What mmengine's own checkpoints need beyond torch's tensors: name in the pickle -> object.

    The message hub keeps ``HistoryBuffer`` objects with NumPy arrays and scalars,
    the one-cycle scheduler's state its class, and configs put ``ConfigDict`` into
    the data set's meta information.  NumPy renamed ``numpy.core`` in 2.0, so both
    names of its functions are here.
    """
    import numpy as np
    from mmengine.config import ConfigDict
    from mmengine.logging import HistoryBuffer
    from mmengine.optim.scheduler.param_scheduler import OneCycleParamScheduler

    allowed: dict[str, Any] = {
        'mmengine.logging.history_buffer.HistoryBuffer': HistoryBuffer,
        'mmengine.config.config.ConfigDict': ConfigDict,
        'mmengine.optim.scheduler.param_scheduler.OneCycleParamScheduler': OneCycleParamScheduler,
        'collections.Counter': Counter,  # the multi-step scheduler's milestones
        'numpy.ndarray': np.ndarray,
        'numpy.dtype': np.dtype,
        '_codecs.encode': _encode_latin1,
    }
    for package in ('numpy.core', 'numpy._core'):
        allowed[f'{package}.multiarray._reconstruct'] = np.zeros(1).__reduce__()[0]
        allowed[f'{package}.multiarray.scalar'] = np.float64(0).__reduce__()[0]
    # torch also wants the class of each dtype object whose state is restored; text and numbers, never objects.
    for code in '?bBhHiIlLqQefdgFDSU':
        kind = type(np.dtype(code))
        allowed[f'{kind.__module__}.{kind.__qualname__}'] = kind
    for package in ('builtins', '__builtin__'):
        allowed[f'{package}.getattr'] = _known_method
        for plain in (set, frozenset, slice, complex, bytearray):
            allowed[f'{package}.{plain.__name__}'] = plain
    return allowed


def _torch_safe_globals() -> dict[str, Any]:
    """What torch itself allows in a weights-only load."""
    from torch import _weights_only_unpickler as unpickler

    allowed: dict[str, Any] = unpickler._get_allowed_globals()
    return allowed


def _restricted_pickle() -> SimpleNamespace:
    """A ``pickle_module`` for ``torch.load`` that resolves the allow-listed names and no others."""
    allowed = {**_torch_safe_globals(), **mmengine_safe_globals()}

    class Unpickler(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            try:
                return allowed[f'{module}.{name}']
            except KeyError:
                raise pickle.UnpicklingError(f'the global {module}.{name} is not allowed') from None

    def load(file: IO[bytes], **kwargs: Any) -> Any:
        return Unpickler(file, **kwargs).load()

    return SimpleNamespace(__name__='mmirstd_restricted_pickle', Unpickler=Unpickler, load=load)


def _has_safe_globals() -> bool:
    """Whether torch's weights-only load can be trusted and extended (2.6 and later)."""
    import torch

    major, minor = torch.__version__.split('.')[:2]
    return (int(major), int(minor)) >= (2, 6)


def _restricted_load(file: Any, map_location: Any) -> Any:
    """``torch.load`` with the allow-list, by the way that suits the installed torch."""
    import torch

    if _has_safe_globals():
        with torch.serialization.safe_globals([(obj, name) for name, obj in mmengine_safe_globals().items()]):
            return torch.load(file, map_location=map_location, weights_only=True)
    return torch.load(file, map_location=map_location, pickle_module=_restricted_pickle(), weights_only=False)


def _pickles(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """Position ``stream`` at each pickle of a checkpoint in turn."""
    if is_zip(stream):
        with zipfile.ZipFile(stream) as archive:
            for name in archive.namelist():
                if name.split('/')[-1] == 'data.pkl':
                    with archive.open(name) as member:
                        yield member
        return
    stream.seek(0)
    # Before torch 1.6: magic number, protocol, system, object, storage keys, then raw storages.
    for _ in range(5):
        yield stream


def _refused_globals(stream: IO[bytes]) -> list[str]:
    """Names in the checkpoint that the allow-list lacks, read without unpickling; for the error message only."""
    allowed = {**_torch_safe_globals(), **mmengine_safe_globals()}
    found: dict[str, None] = {}
    try:
        for member in _pickles(stream):
            strings = ['', '']
            for opcode, argument, _ in pickletools.genops(member):
                if opcode.name in ('GLOBAL', 'INST'):
                    found['.'.join(str(argument).split(' ', 1))] = None
                elif opcode.name == 'STACK_GLOBAL':
                    found['.'.join(strings[-2:])] = None
                elif isinstance(argument, str):
                    strings.append(argument)
    except Exception:
        pass
    return [name for name in found if name not in allowed and not name.endswith('Storage')]


def _check_container(stream: IO[bytes], name: str) -> None:
    """Tell what is not a checkpoint by its first bytes, with an error that says what it looks like."""
    stream.seek(0)
    head = stream.read(64)
    stream.seek(0)
    if not head:
        raise CheckpointError(f'{name}: the checkpoint is empty (0 bytes). Copy or download it again.')
    if head.startswith(b'PK\x03\x04'):
        if not is_zip(stream):
            stream.seek(0, os.SEEK_END)
            raise CheckpointError(
                f'{name}: the checkpoint is truncated: the file of {stream.tell()} bytes begins like one and its '
                'end is missing. Copy or download it again, or resume from an earlier checkpoint.'
            )
        try:
            with zipfile.ZipFile(stream) as archive:
                members = {member.split('/')[-1] for member in archive.namelist()}
        except Exception as error:  # zipfile raises whatever the damaged bytes lead it into
            raise CheckpointError(f'{name}: the checkpoint is damaged ({error}). Copy or download it again.') from None
        if 'constants.pkl' in members:
            raise UnsafeCheckpointError(
                f'{name}: a TorchScript program was found where a checkpoint (a dict of tensors written by '
                'torch.save) was expected; programs are not run. Use the checkpoint it was exported from.'
            )
        if 'data.pkl' not in members:
            raise CheckpointError(
                f'{name}: a zip archive without a checkpoint in it was found, expected a file written by '
                'torch.save. If it contains the checkpoint, unpack it first.'
            )
    elif head.startswith(b'version https://git-lfs'):
        raise CheckpointError(f'{name}: a Git LFS pointer was found in place of the checkpoint. Run `git lfs pull`.')
    elif not head.startswith(b'\x80'):
        stream.seek(0)
        try:
            tarfile.open(fileobj=stream, mode='r:').close()
        except tarfile.TarError:
            raise CheckpointError(
                f'{name}: not a checkpoint: expected a file written by torch.save, found one that begins with '
                f'{head[:24]!r}. Check the path; a download may have saved an error page.'
            ) from None
        raise UnsafeCheckpointError(
            f'{name}: a tar archive was found; torch versions that wrote checkpoints so are not supported. '
            f'Re-save it:\n    {_CONVERT}'
        )


def load_checkpoint_file(file: str | os.PathLike[str] | IO[bytes], map_location: Any = None) -> Any:
    """Read a checkpoint or state dict without executing anything from it.

    Args:
        file: Path, or seekable binary stream.
        map_location: As in :func:`torch.load`.

    Returns:
        The saved object, as a rule a dict.

    Raises:
        FileNotFoundError: No such file.
        UnsafeCheckpointError: It names functions or types outside the allow-list.
        CheckpointError: Truncated, empty, or not a checkpoint.
    """
    if isinstance(file, (str, os.PathLike)):
        path = os.path.expanduser(os.fspath(file))
        if os.path.isdir(path):
            raise CheckpointError(f'{path}: a directory was found, expected a checkpoint file (.pth).')
        with open(path, 'rb') as stream:
            return _load_stream(stream, path, map_location, path)
    return _load_stream(file, getattr(file, 'name', None) or 'checkpoint stream', map_location, file)


def _load_stream(stream: IO[bytes], name: str, map_location: Any, target: Any) -> Any:
    """Check ``stream``, load ``target`` (the same file, as torch reads it best), and explain any failure."""
    _check_container(stream, name)
    stream.seek(0)
    try:
        return _restricted_load(target, map_location)
    except Exception as error:
        refused = _refused_globals(stream)
        if refused or isinstance(error, pickle.UnpicklingError) and 'not allowed' in str(error):
            what = f'names {", ".join(refused)}' if refused else f'was refused ({error})'
            raise UnsafeCheckpointError(
                f'{name}: refused, because the checkpoint {what}. Expected only tensors, numbers, text, '
                'containers and what mmengine writes into its own checkpoints; loading anything else could run '
                'code from the file. Nothing of it was executed. If you trust its author, keep the weights '
                'alone, on a machine where its code can do no harm, and load the result:\n'
                f'    {_CONVERT}'
            ) from error
        raise CheckpointError(
            f'{name}: cannot be loaded as a checkpoint ({type(error).__name__}: {error}). If the file is '
            'truncated or damaged, copy or download it again or use an earlier checkpoint.'
        ) from error


#: The published form ``NAME-HASH.pth``, at least 8 digits of the content's SHA-256; a date of 8 digits is none.
_HASHED_NAME = re.compile(r'-(?!(?:19|20)\d{6}\.)[0-9a-f]{8,64}\.')


def _downloaded_name(url: str) -> str:
    """What a download is kept as: the name of its address, with the address's digest where it has no hash.

    torch.hub goes by the name alone, and so takes the weights of another address that are called the same.
    """
    name = os.path.basename(urlparse(url).path)
    if _HASHED_NAME.search(name):
        return name
    stem, suffix = os.path.splitext(name)
    return f'{stem}.{hashlib.sha256(url.encode()).hexdigest()[:16]}{suffix}'


def _load_url(
    url: str,
    model_dir: str | None = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    **kwargs: Any,
) -> Any:
    """``torch.hub.load_state_dict_from_url`` with the restricted load; :func:`_downloaded_name` names the file.

    ``weights_only`` in kwargs is ignored.
    """
    from torch import hub

    folder = model_dir or os.path.join(hub.get_dir(), 'checkpoints')
    os.makedirs(folder, exist_ok=True)
    name = file_name or _downloaded_name(url)
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        match = hub.HASH_REGEX.search(name) if check_hash else None
        hub.download_url_to_file(url, path, match.group(1) if match else None, progress=progress)
    return load_checkpoint_file(path, map_location)


class _TorchWithSafeLoad:
    """torch as mmengine's checkpoint module sees it: everything as it is, but for ``load``."""

    def __init__(self, torch: Any) -> None:
        self._torch = torch

    @staticmethod
    def load(file: Any, map_location: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Load safely, whatever ``weights_only`` or ``pickle_module`` the caller asks for."""
        return load_checkpoint_file(file, map_location)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._torch, name)


def install_safe_checkpoint_loading() -> None:
    """Make every way in which mmengine loads checkpoints refuse to execute code.

    Works on mmengine 0.10.x and onedl-mmengine 0.10.x, and lets both read their
    own checkpoints on torch >= 2.6.  May be called any number of times.  Without
    mmengine it does nothing.
    """
    if importlib.util.find_spec('mmengine') is None:
        return
    module: Any = importlib.import_module('mmengine.runner.checkpoint')
    if isinstance(module.torch, _TorchWithSafeLoad):
        return
    # Replacing the names that the functions of this one module look up covers all of its loaders, and leaves
    # torch.load itself alone for everybody else.
    module.torch = _TorchWithSafeLoad(module.torch)
    module.load_url = _load_url
    if hasattr(module, '_safe_torch_load'):
        module._safe_torch_load = _TorchWithSafeLoad.load
