"""Parts of the page that show results: tables, the magnified window, insets, the chart of a video."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmirstd.apis import FrameResult
from mmirstd.apis.target_schema import Target
from mmirstd.utils.png import encode_png
from mmirstd.visualization import detection_insets, zoom_insets
from mmirstd.visualization.target_view import magnify_window

from .session import AppSession
from .status import MOST_ROWS

MOST_INSETS = 12
TRACK_HEADERS = ('track', 'first', 'confirmed', 'last', 'detections', 'over the background')
IMAGE_HEADERS = ('#', 'image', 'size', 'targets', 'highest', 'ms')
#: What the table of targets shows, and with how many digits; the files have more of both.
_OF_MASKS = dict(id=0, x=2, y=2, area=0, peak=3, mean=3, scr=2)
_OF_BOXES = dict(id=0, x=2, y=2, width=1, height=1, score=3, scr=2)


def target_table(session: AppSession, frame: int) -> dict[str, Any]:
    """Headers and cells of the targets: of all frames of a video, or of the image that is looked at."""
    columns = _OF_MASKS if session.has_maps else _OF_BOXES
    if session.sequence:
        columns = {'frame': 0, **columns}
    targets = session.results[frame].targets if session.batch else session.targets
    if any(target.class_name is not None for target in targets):
        columns = {**columns, 'class_name': 0}
    rows = [_values(target) for target in targets[:MOST_ROWS]]
    return dict(
        headers=list(columns), data=[[_cell(row[name], digits) for name, digits in columns.items()] for row in rows]
    )


def track_table(session: AppSession) -> dict[str, Any]:
    """Headers and cells of a video's tracks."""
    rows = []
    for points in session.tracks[:MOST_ROWS]:
        last = points[-1]
        moves = {None: '', True: 'moves', False: 'stands still'}[last.moving]
        rows.append([last.id, last.first, points[0].frame, last.frame, last.hits, moves])
        if last.class_name is not None:
            rows[-1].append(last.class_name)
    named = bool(rows) and len(rows[0]) > len(TRACK_HEADERS)
    return dict(headers=[*TRACK_HEADERS, *(['class'] if named else [])], data=rows)


def _values(target: Target) -> dict[str, Any]:
    width, height = target.x1 - target.x0, target.y1 - target.y0
    return dict(target.as_dict(), width=width, height=height, score=target.peak)


def _cell(value: float | str | None, digits: int) -> str:
    return value if isinstance(value, str) else '' if value is None else f'{value:.{digits}f}'


def image_table(session: AppSession) -> dict[str, Any]:
    """Headers and cells over all images that were sent together; the first column is their number, from 1."""
    rows = []
    for number, entry in enumerate(session.entries, 1):
        if entry.first is None or entry.seconds is None:
            rows.append([number, entry.name, '', 'not used', '', ''])
            continue
        result = session.results[entry.first]
        height, width = result.image.shape
        best = '' if result.highest is None else f'{result.highest[0]:.3f}'
        rows.append([number, entry.name, f'{width}×{height}', len(result.targets), best, f'{1000 * entry.seconds:.0f}'])
    return dict(headers=list(IMAGE_HEADERS), data=rows)


def image_heading(session: AppSession, frame: int) -> str:
    """Which of several images is shown, and its figures."""
    result = session.results[frame]
    height, width = result.image.shape
    count = len(result.targets)
    best = '' if result.highest is None else f', highest {result.highest[0]:.3f}'
    return (
        f'<div class="heading" data-image="{frame}">{html.escape(result.source.label)} <small>'
        f'{frame + 1} of {len(session.results)}, {width}×{height}, {count} target{"" if count == 1 else "s"}{best}'
        '</small></div>'
    )


def count_chart(session: AppSession, frame: int) -> str:
    """Targets in each frame of a video as bars; a click on one is told with its frame's number."""
    counts = [len(result.targets) for result in session.results]
    most = max(counts)
    span = f'{min(counts)} to {most}' if most > min(counts) else str(most)
    bars = ''.join(
        f'<span data-frame="{number}" title="frame {number}: {count} target{"" if count == 1 else "s"}"'
        f'{" class=here" if number == frame else ""}><i style="height:{100 * count / max(most, 1):.1f}%"></i></span>'
        for number, count in enumerate(counts)
    )
    empty = counts.count(0)
    return (
        f'<div class="chart" role="img" aria-label="Targets in each of {len(counts)} frames: {span}">'
        f'<div class="scale"><span>targets in each frame: {span}</span><span>'
        f'{f"none in {empty}" if empty else ""}</span></div><div class="bars">{bars}</div>'
        f'<div class="scale"><span>frame 0</span><span>frame {frame}: {counts[frame]}</span>'
        f'<span>{len(counts) - 1}</span></div></div>'
    )


def _data_url(picture: np.ndarray) -> str:
    return 'data:image/png;base64,' + base64.b64encode(encode_png(picture)).decode()


def magnified(
    result: FrameResult, window: tuple[int, int, int], boxes: Sequence[tuple[float, ...]], view: Mapping[str, Any]
) -> str:
    """A square of the image magnified: with its targets, bare, and its probabilities.

    Args:
        result: Of the frame.
        window: (x0, y0, side) in pixels.
        boxes: (x0, y0, x1, y1) of the targets.
        view: What is looked at; ``chosen`` is a target's number.
    """
    corners = [(box[0], box[1], box[2], box[3]) for box in boxes]
    pictures = magnify_window(result.image, window, corners, result.mask, result.probability)
    x0, y0, side = window
    named = list(zip(('image', 'targets', 'probability'), pictures))
    figures = ''.join(
        f'<figure><img src="{_data_url(picture)}" alt="{name}, magnified"><figcaption>{name}</figcaption></figure>'
        for name, picture in (named[1], named[0], *named[2:])
    )
    chosen = view.get('chosen')
    what = '' if chosen is None else f'target {chosen}, '
    return (
        f'<div class="pictures" data-window="{x0},{y0},{side}">{figures}</div><div class="hint">{what}x {x0} to '
        f'{x0 + side}, y {y0} to {y0 + side}. Click into the picture or on a line of the table to look '
        'elsewhere.</div>'
    )


def insets(result: FrameResult) -> str:
    """The first targets of a frame magnified."""
    if result.mask is None:
        pictures = detection_insets(result.image, result.box_findings()[:MOST_INSETS])
    else:
        found = result.mask_findings()[:MOST_INSETS]
        pictures = zoom_insets(result.image, found, None, result.mask, result.probability)
    images = ''.join(
        f'<img src="{_data_url(picture)}" alt="target {target.id}, magnified" loading="lazy">'
        for target, picture in zip(result.targets, pictures)
    )
    more = len(result.targets) - len(pictures)
    note = f'<div class="hint">{more} more targets without a picture here</div>' if more > 0 else ''
    return f'<div class="insets">{images}</div>{note}'
