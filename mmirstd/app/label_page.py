"""The app's second page: targets are labeled by clicks; the work is done in :mod:`.label_session`."""

from __future__ import annotations

import html
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from mmirstd.datasets.points.click import GrowOptions
from mmirstd.visualization.target_view import draw_marked, view_scale

from .label_session import LabelSession
from .session import AppSession
from .status import failure_status
from .store import SessionStore

HEADER = """<h1>Label targets by clicks</h1>
<p>A click on a target gives its mask, a click on a mask takes it away. <a href="./">Back to detection</a></p>"""
EMPTY = '<div class="status" data-state="empty">Choose images, or a ZIP of them.</div>'


class LabelPage:
    """Components and what they do; the image that is looked at, and which were, are a dict in the page's state.

    Args:
        store: The sessions of all people.
    """

    def __init__(self, store: SessionStore) -> None:
        self.store = store

    def build(self) -> None:
        """Lay out the components and connect them."""
        gr.HTML(HEADER, elem_id='header')
        self.view = gr.State({})
        with gr.Row(equal_height=False):
            with gr.Column(scale=1, min_width=300):
                self.file = gr.File(
                    label=f'Images or ZIP (up to {self.store.limits.megabytes:g} MB)',
                    file_count='multiple',
                    height=150,
                    elem_id='label-file',
                )
                self.level = gr.Slider(
                    0.05,
                    0.95,
                    GrowOptions().level,
                    step=0.05,
                    label='Edge of the target',
                    info='0: background, 1: peak; changes the last click',
                    elem_id='level',
                    buttons=[],
                )
                self.dark = gr.Checkbox(False, label='Dark targets', elem_id='dark')
                self.pack = gr.Button('Pack the labels', variant='primary', interactive=False, elem_id='pack')
                self.labels = gr.DownloadButton('Labels ZIP', visible=False, elem_id='get-labels')
            with gr.Column(scale=3, min_width=320):
                self.status = gr.HTML(EMPTY, elem_id='label-status')
                with gr.Row():
                    small = dict(size='sm', min_width=80, visible=False)
                    self.previous = gr.Button('Previous', elem_id='label-previous', **small)
                    self.next = gr.Button('Next', elem_id='label-next', **small)
                self.picture = gr.Image(
                    interactive=False, show_label=False, visible=False, elem_id='picture', buttons=[]
                )
        self._connect()

    def _connect(self) -> None:
        quiet = dict(api_visibility='private', show_progress='hidden')
        grown = [self.level, self.dark]
        self.file.upload(self.on_open, self.file, self._all, **quiet)
        self.file.clear(self.on_clear, outputs=self._all, **quiet)
        self.picture.select(self.on_click, [self.view, *grown], self._all, **quiet)
        self.level.change(self.on_level, [self.view, *grown], self._all, trigger_mode='always_last', **quiet)
        self.dark.change(self.on_level, [self.view, *grown], self._all, **quiet)
        self.previous.click(self.on_previous, self.view, self._all, **quiet)
        self.next.click(self.on_next, self.view, self._all, **quiet)
        self.pack.click(self.on_pack, self.view, self._all, **quiet)

    @property
    def _all(self) -> list[Any]:
        return [self.view, self.status, self.picture, self.previous, self.next, self.pack, self.labels]

    @contextmanager
    def _session(self, request: gr.Request) -> Iterator[tuple[AppSession, LabelSession]]:
        session, lock = self.store.get(request.session_hash)
        with lock:
            yield session, session.labeling

    def on_open(self, paths: list[str] | None, request: gr.Request) -> list[Any]:
        """Images were sent."""
        with self._session(request) as (session, labels):
            try:
                labels.open(paths or [])
                return self._show(session, labels, dict(index=0, seen=[]))
            except Exception as error:
                return self._nothing(failure_status(error, paths[0] if paths else ''))

    def on_clear(self, request: gr.Request) -> list[Any]:
        """The files were taken away."""
        with self._session(request) as (_, labels):
            labels.close()
        return self._nothing(EMPTY)

    def on_click(self, view: dict, level: float, dark: bool, request: gr.Request, event: gr.SelectData) -> list[Any]:
        """A click into the picture."""
        with self._session(request) as (session, labels):
            if not labels.images:
                return self._nothing(EMPTY)
            image = labels.pixels(view['index'])
            height, width = image.shape
            scale = view_scale((height, width))
            column, row = (
                min(max(int(value / scale), 0), side - 1) for value, side in zip(event.index, (width, height))
            )
            labels.click(view['index'], row, column, GrowOptions(level, dark=dark))
            return self._show(session, labels, view)

    def on_level(self, view: dict, level: float, dark: bool, request: gr.Request) -> list[Any]:
        """Another level, or polarity, for the last click."""
        with self._session(request) as (session, labels):
            if not labels.images or not labels.targets(view['index']):
                return [gr.skip() for _ in self._all]
            labels.regrow(view['index'], GrowOptions(level, dark=dark))
            return self._show(session, labels, view)

    def on_previous(self, view: dict, request: gr.Request) -> list[Any]:
        """The image before."""
        return self._turn(view, -1, request)

    def on_next(self, view: dict, request: gr.Request) -> list[Any]:
        """The image after."""
        return self._turn(view, 1, request)

    def _turn(self, view: dict, step: int, request: gr.Request) -> list[Any]:
        with self._session(request) as (session, labels):
            if not labels.images:
                return self._nothing(EMPTY)
            return self._show(session, labels, dict(view, index=(view['index'] + step) % len(labels.images)))

    def on_pack(self, view: dict, request: gr.Request) -> list[Any]:
        """Write the labels."""
        with self._session(request) as (session, labels):
            if not labels.images:
                return self._nothing(EMPTY)
            try:
                file, notes = labels.save(view['seen'])
            except Exception as error:
                return self._nothing(failure_status(error))
            shown = self._show(session, labels, view, notes)
            return [*shown[:-1], gr.update(value=str(file), visible=True)]

    def _nothing(self, status: str) -> list[Any]:
        hidden = gr.update(visible=False)
        return [{}, status, hidden, hidden, hidden, gr.update(interactive=False), hidden]

    def _show(self, session: AppSession, labels: LabelSession, view: dict, notes: list[str] | None = None) -> list[Any]:
        """The image that is looked at, with its targets; labels that were packed before are old now."""
        index = view['index']
        try:
            image = labels.pixels(index)
        except Exception as error:
            several = gr.update(visible=len(labels.images) > 1)
            hidden = gr.update(visible=False)
            return [view, failure_status(error), hidden, several, several, gr.skip(), hidden]
        targets = labels.targets(index)
        marked = draw_marked(
            image,
            [target.mask.bounds for target in targets],
            labels.mask(index),
            chosen=len(targets) - 1 if targets else None,
        )
        view = dict(view, seen=sorted({*view['seen'], index}))
        several = gr.update(visible=len(labels.images) > 1)
        return [
            view,
            _status(labels, view, [*labels.notes, *(notes or [])]),
            gr.update(value=session.show('labeled', marked), visible=True),
            several,
            several,
            gr.update(interactive=True),
            gr.update(visible=False),
        ]


def _status(labels: LabelSession, view: dict, notes: list[str]) -> str:
    index = view['index']
    targets, image = labels.targets(index), labels.images[index]
    last = ''
    if targets:
        x1, y1, x2, y2 = targets[-1].mask.bounds
        area = int(targets[-1].mask.pixels.sum())
        last = f'<br>Last: {area} pixel{"" if area == 1 else "s"}, box {x1:g}, {y1:g} to {x2:g}, {y2:g}'
        if area == 1:
            last += '; if the target is larger, click on its brightest part or lower the edge'
    listed = ''.join(f'<li>{html.escape(note)}</li>' for note in notes)
    return (
        f'<div class="status" role="status" data-state="done" data-targets="{len(targets)}"><b>{len(targets)} '
        f'target{"" if len(targets) == 1 else "s"}</b> in {html.escape(image.label)}, image {index + 1} of '
        f'{len(labels.images)}{last}{f"<ul>{listed}</ul>" if listed else ""}</div>'
    )
