"""The inferencer that fits an exported file; neither torch nor OpenMMLab is imported."""

from __future__ import annotations

import os
from typing import Any

from .exported_inferencer import ExportedInferencer
from .exported_options import as_session
from .exported_sequence_inferencer import ExportedSequenceInferencer


def open_exported(
    file: str | os.PathLike[str],
    backend: str = 'auto',
    precision: str = 'fp32',
    threads: int | None = None,
    tile: str = 'auto',
    tiling: Any = None,
    **options: Any,
) -> ExportedInferencer | ExportedSequenceInferencer:
    """An :class:`ExportedInferencer`, or an :class:`ExportedSequenceInferencer` for a file of a model of clips.

    Args:
        file: See both.
        backend: Likewise.
        precision: Likewise.
        threads: Likewise.
        tile: See :class:`ExportedInferencer`.
        tiling: Likewise.
        **options: See both.

    Raises:
        ValueError: ``tile='on'`` for a model of clips.
    """
    session = as_session(file, backend, threads, precision)
    if not session.description.moving:
        return ExportedInferencer(session, precision=precision, tile=tile, tiling=tiling, **options)
    if tile == 'on':
        raise ValueError('frames of a model of clips are not tiled; leave --tile out')
    return ExportedSequenceInferencer(session, precision=precision, **options)
