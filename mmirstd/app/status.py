"""The message over the results: what was found, and how; what is old, what failed, what to try."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np

from .advice import advise
from .messages import describe_error
from .session import AppSession
from .settings import Settings

MOST_ROWS = 500
MOST_PROBLEMS = 5
EMPTY = (
    '<div class="status" data-state="empty">Choose an image, a video, several images or a ZIP of them; or begin with a '
    'generated scene.</div>'
)
#: On a narrow screen the settings are below the results.
_JUMP = '<nav><a class="jump" href="#settings">Settings</a><a class="jump" href="#upload">Another file</a></nav>'


def failure_status(error: Exception, path: str = '') -> str:
    """Why there are no results."""
    lines = html.escape(describe_error(error, path)).replace('\n', '<br>')
    return f'<div class="status" role="alert" data-state="error">{lines}</div>'


def result_status(session: AppSession, chosen: Settings, models: Sequence[str], took: float | None = None) -> str:
    """What was found.

    Args:
        session: With results.
        chosen: The settings on the page; with others than the results', these are old.
        models: Names of the choices.
        took: Seconds that the model ran; None: it did not.
    """
    assert session.settings is not None
    count = len(session.targets)
    changes = session.settings.differences(chosen)
    state = 'old' if changes else 'done' if count else 'none'
    notes = _notes(session)
    if state == 'none':
        notes = [*advise(session, models), *notes]
    if changes:
        notes.insert(0, f'Chosen now: {"; ".join(changes)}. Press "Detect again".')
    listed = ''.join(f'<li>{html.escape(note)}</li>' for note in notes)
    head = f'{count} target{"" if count == 1 else "s"}'
    title = f'Old results: {head}' if changes else head
    return (
        f'<div class="status" role="status" data-state="{state}" data-targets="{count}"><b>{title}</b>'
        f'{_frames(session)} above {_threshold(session)}<br>{html.escape(" · ".join(_facts(session, took)))}'
        f'{f"<ul>{listed}</ul>" if listed else ""}{_JUMP}</div>'
    )


def _threshold(session: AppSession) -> str:
    point = session.results[0].operating_point
    if point is None:
        return f'{session.threshold:.2f}'
    return f'{"logit" if point.cfar is None else "local score"} {point.logit:.4g}'


def _frames(session: AppSession) -> str:
    if session.batch:
        return f' in {len(session.results)} image{"" if len(session.results) == 1 else "s"}'
    if len(session.results) < 2:
        return ''
    tracks = len(session.tracks)
    return f' in {len(session.results)} frames, {tracks} track{"" if tracks == 1 else "s"},'


def _facts(session: AppSession, took: float | None) -> list[str]:
    assert session.settings is not None
    shapes = {(result.image.shape, str(result.image.dtype)) for result in session.results}
    (height, width), dtype = next(iter(shapes))
    facts = [session.title, f'{width}×{height}, {dtype}' if len(shapes) == 1 else 'several sizes or types']
    facts.append(session.settings.model)
    if session.settings.dark:
        facts.append('dark targets')
    if session.tta is not None:
        facts.append(f'views: {session.tta}')
    if took is not None:
        facts.append(f'{took:.1f} s')
    return facts


def _notes(session: AppSession) -> list[str]:
    assert session.settings is not None
    notes = []
    if (raw := session.stretched) is not None:
        kind = '16-bit codes' if raw.image.dtype == np.uint16 else 'values'
        notes.append(
            f'Raw {kind} from {raw.image.min():,.6g} to {raw.image.max():,.6g}: each image is stretched by its '
            'own range, since the gain of the camera is not known. To divide by the largest code, choose the bit depth '
            'under "Gray values".'
        )
    notes += session.notes
    failed = [entry for entry in session.entries if entry.first is None]
    if failed:
        notes.append(f'{len(failed)} of {len(session.entries)} images could not be used.')
        notes += [f'{entry.name}: {entry.problem}' for entry in failed[:MOST_PROBLEMS]]
    if session.sequence and len(session.targets) > MOST_ROWS:
        notes.append(f'The table has the first {MOST_ROWS}; the files have all.')
    if not session.has_maps:
        notes.append('A detector of boxes: there is no probability map and no mask.')
    return notes
