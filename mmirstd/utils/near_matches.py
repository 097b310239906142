"""Names that a misspelled one may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def near_matches(name: str, candidates: Iterable[str], n: int = 5) -> list[str]:
    """Candidates that look like ``name``, best first, compared without case and scope prefix.

    Args:
        name: What was asked for, e.g. ``'mmirstd.GGLEncodr'``.
        candidates: What exists, e.g. ``['mmirstd.GGLEncoder', 'mmseg.UNet']``.
        n: At most so many.

    Returns:
        The near matches; a candidate with the very same bare name
        in another scope comes first.
    """
    wanted = name.rsplit('.', 1)[-1].lower()
    by_bare: dict[str, list[str]] = {}
    for candidate in candidates:
        by_bare.setdefault(candidate.rsplit('.', 1)[-1].lower(), []).append(candidate)
    close = difflib.get_close_matches(wanted, list(by_bare), n=n, cutoff=0.6)
    return [full for bare in close for full in sorted(by_bare[bare])][:n]
