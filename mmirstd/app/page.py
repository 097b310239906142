"""The app's page: where things are and what happens when they are touched; the work is done in ``mmirstd.apis``."""

from __future__ import annotations

import base64
import html
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import cv2
import gradio as gr
import numpy as np

from mmirstd.apis import FrameResult
from mmirstd.datasets.synthetic import SceneConfig, SensorConfig, TargetConfig, render_scene
from mmirstd.utils.files import encode_png
from mmirstd.visualization import detection_insets, zoom_insets
from mmirstd.visualization.target_view import draw_marked, draw_probability, magnify_window, view_scale, window_at

from .session import AppSession, SessionStore, describe_error
from .upload_limits import UploadLimits
from .uploads import UPLOAD_SUFFIXES

MOST_INSETS = 12
MOST_ROWS = 500
#: What the table shows, and with how many digits; the files have more of both.
SHOWN = dict(frame=0, id=0, x=2, y=2, area=1, peak=3, mean=3, scr=2)
GRAY = {
    'As in training': None,
    'Stretch between percentiles 0.5 and 99.5': 'percentile',
    'Stretch from least to greatest value': 'minmax',
}
#: Only what the browser has: no font is loaded from anywhere.
FONTS = dict(font=['system-ui', 'sans-serif'], font_mono=['ui-monospace', 'monospace'])

HEADER = """<h1>Infrared small targets</h1>
<p>Drop an image (8, 16 bit or float) or a video. Nothing leaves the machine this app runs on.</p>"""
EMPTY = '<div class="status" data-state="empty">Choose a file, or begin with a generated scene.</div>'
CSS = """
.gradio-container { max-width: 1500px !important; margin: 0 auto !important; }
#header h1 { font-size: 1.5rem; font-weight: 650; margin: 0; }
#header p { margin: .2rem 0 0; opacity: .75; }
.status { padding: .65rem .9rem; border-radius: 8px; border-left: 4px solid #10b981; line-height: 1.45;
  background: color-mix(in srgb, #10b981 9%, transparent); overflow-wrap: anywhere; }
.status[data-state=empty] { border-color: #94a3b8; background: color-mix(in srgb, #94a3b8 12%, transparent); }
.status.error { border-color: #dc2626; background: color-mix(in srgb, #dc2626 10%, transparent); }
.status b { font-weight: 650; }
.status ul { margin: .3rem 0 0; padding-left: 1.2rem; list-style: disc; }
.pictures { display: grid; gap: 8px; grid-template-columns: 1fr 1fr; }
.pictures figure:first-child { grid-column: 1 / -1; }
.pictures figure { margin: 0; }
.pictures img { width: 100%; display: block; image-rendering: pixelated; border-radius: 4px; }
.pictures figcaption, .hint { font-size: .8rem; opacity: .75; margin-top: 3px; }
.insets { display: grid; gap: 8px; grid-template-columns: repeat(auto-fill, minmax(min(280px, 100%), 1fr)); }
.insets img { width: 100%; display: block; image-rendering: auto; border-radius: 4px; }
#overlay img, #probability img { image-rendering: pixelated; }
#overlay img { cursor: crosshair; }
#downloads { gap: 8px; }
/* A table's columns keep the width they had; on a narrow screen it scrolls, and does not make the page wider. */
html, body { overflow-x: clip; }
.gradio-container .column { min-width: min(100%, 300px) !important; max-width: 100%; }
#table { min-width: 0; max-width: 100%; overflow-x: auto; contain: inline-size; }
#downloads button, #downloads a { min-width: 0 !important; }
footer { display: none !important; }
"""


def launch_options(limits: UploadLimits) -> dict[str, Any]:
    """For ``Blocks.launch``: local, without link to the world, without what is not needed."""
    return dict(
        share=False,
        prevent_thread_lock=True,
        quiet=True,
        show_error=False,
        inbrowser=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        enable_monitoring=False,
        run_history=False,
        footer_links=[],
        allowed_paths=[],
        max_file_size=int(limits.megabytes * 2**20),
        css=CSS,
        theme=gr.themes.Default(primary_hue='emerald', neutral_hue='slate', **FONTS),
    )


def build_page(store: SessionStore) -> gr.Blocks:
    """The page over the sessions of a store."""
    # Uploads that are older than an hour go; results are removed by their session.
    with gr.Blocks(
        title='Infrared small targets', analytics_enabled=False, delete_cache=(300, 3600), fill_width=True
    ) as page:
        _Page(store).build()
        page.unload(_forget(store))
    page.queue(max_size=32)
    return page


def _forget(store: SessionStore) -> Callable[[gr.Request], None]:
    def forget(request: gr.Request) -> None:
        store.end(request.session_hash)

    return forget


class _Page:
    """Components and what they do.

    What is looked at (frame, center of the magnified window, chosen target) is a dict in the page's own state; results
    are in the session.
    """

    def __init__(self, store: SessionStore) -> None:
        self.store = store

    def build(self) -> None:
        """Lay out the components and connect them."""
        limits = self.store.limits
        gr.HTML(HEADER, elem_id='header')
        self.view = gr.State({})
        with gr.Row(equal_height=False):
            with gr.Column(scale=1, min_width=300):
                self.file = gr.File(
                    label=f'Image or video, up to {limits.megabytes:g} MB',
                    file_types=list(UPLOAD_SUFFIXES),
                    height=130,
                    elem_id='file',
                )
                self.example = gr.Button('Generated 16-bit scene', size='sm', elem_id='example')
                self.model = gr.Dropdown(list(self.store.shelf.names), label='Model', elem_id='model')
                self.gray = gr.Dropdown(list(GRAY), value=next(iter(GRAY)), label='Gray values', elem_id='gray')
                self.detect = gr.Button('Detect', variant='primary', elem_id='detect')
                self.threshold = gr.Slider(
                    0.01,
                    0.99,
                    0.5,
                    step=0.01,
                    label='Threshold',
                    elem_id='threshold',
                    info='the model does not run again',
                )
                self.area = gr.Slider(1, 50, 1, step=1, label='Least area (pixels)', elem_id='area')
            with gr.Column(scale=3, min_width=320):
                self.status = gr.HTML(EMPTY, elem_id='status')
                with gr.Row(elem_id='downloads', visible=False) as self.downloads:
                    self.buttons = {
                        kind: gr.DownloadButton(text, size='sm', elem_id=f'get-{kind}', interactive=False, min_width=80)
                        for kind, text in (('csv', 'CSV'), ('json', 'JSON'), ('mask', 'Mask'), ('overlay', 'Picture'))
                    }
                with gr.Column(visible=False) as self.results:
                    self.frame = gr.Slider(0, 1, 0, step=1, label='Frame', visible=False, elem_id='frame')
                    with gr.Row(equal_height=False):
                        with gr.Column(scale=3, min_width=320):
                            with gr.Tabs():
                                picture = dict(interactive=False, show_label=False, buttons=['fullscreen'])
                                with gr.Tab('Targets'):
                                    self.overlay = gr.Image(elem_id='overlay', **picture)
                                with gr.Tab('Probability'):
                                    self.probability = gr.Image(elem_id='probability', **picture)
                                with gr.Tab('Video', visible=False) as self.film:
                                    self.video = gr.Video(elem_id='video', show_label=False, interactive=False)
                            self.table = gr.Dataframe(
                                headers=list(SHOWN),
                                interactive=False,
                                max_height=300,
                                elem_id='table',
                                show_label=False,
                                buttons=[],
                            )
                        with gr.Column(scale=2, min_width=300):
                            self.side = gr.Slider(
                                8, 256, 32, step=4, label='Magnified window (pixels across)', elem_id='side'
                            )
                            self.zoom = gr.HTML(elem_id='zoom')
                    self.insets = gr.HTML(elem_id='insets')
        self._connect()

    def _connect(self) -> None:
        quiet = dict(api_visibility='private', show_progress='hidden')
        # Only the last position of a slider that is being dragged matters.
        dragged = dict(quiet, trigger_mode='always_last')
        run_inputs = [self.file, self.model, self.gray, self.threshold, self.area, self.side]
        run = dict(
            inputs=run_inputs,
            outputs=self._all,
            api_visibility='private',
            show_progress='minimal',
            show_progress_on=self.status,
        )
        self.detect.click(self.on_detect, **run)
        self.file.upload(self.on_detect, **run)
        self.file.clear(self.on_clear, outputs=self._all, **quiet)
        self.example.click(self.on_example, outputs=self.file, **quiet).then(self.on_detect, **run)
        for slider in (self.threshold, self.area):
            slider.change(self.on_threshold, [self.threshold, self.area, self.side, self.view], self._all, **dragged)
        self.frame.input(self.on_frame, [self.frame, self.side], self._looked, **dragged)
        self.side.change(self.on_side, [self.side, self.view], self._looked, **dragged)
        self.overlay.select(self.on_pick, [self.side, self.view], self._looked, **quiet)
        self.table.select(self.on_row, [self.side], [self.frame, *self._looked], **quiet)

    @property
    def _looked(self) -> list[Any]:
        """What changes when one looks elsewhere."""
        return [self.view, self.overlay, self.probability, self.zoom, self.insets]

    @property
    def _all(self) -> list[Any]:
        return [
            *self._looked,
            self.status,
            self.table,
            self.frame,
            self.results,
            self.downloads,
            self.film,
            self.video,
            *self.buttons.values(),
        ]

    # What happens

    def on_detect(
        self,
        path: str | None,
        model: str,
        gray: str,
        threshold: float,
        area: int,
        side: int,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> list[Any]:
        """Run the model on the file."""
        if not path:
            return self._nothing(EMPTY)

        def tell(done: int, total: int | None) -> None:
            progress((done, total), unit='frames')

        began = time.monotonic()
        with self._session(request) as session:
            try:
                ran = session.detect(path, model, GRAY[gray], threshold, int(area), tell)
            except Exception as error:
                return self._nothing(_failure(error, path))
            took = time.monotonic() - began if ran else None
            return self._show(session, {}, side, [] if GRAY[gray] else _dark(session.results[0].image), took)

    def on_clear(self, request: gr.Request) -> list[Any]:
        """The file was taken away."""
        self.store.end(request.session_hash)
        return self._nothing(EMPTY)

    def on_example(self, request: gr.Request) -> str:
        """Make a scene and put it in the place of an upload."""
        with self._session(request) as session:
            return session.put('generated-scene.tif', generated_scene(int(time.time()) % 10_000))

    def on_threshold(self, threshold: float, area: int, side: int, view: dict, request: gr.Request) -> list[Any]:
        """Another threshold for the maps in memory."""
        with self._session(request) as session:
            if not session.results:
                return [gr.skip() for _ in self._all]
            try:
                session.rethreshold(threshold, int(area))
            except Exception as error:
                return self._nothing(_failure(error))
            # The numbers of the targets are others now, the place that is looked at is the same.
            return self._show(session, dict(view, chosen=None), side)

    def on_frame(self, frame: int, side: int, request: gr.Request) -> list[Any]:
        """Another frame of a video."""
        with self._session(request) as session:
            return self._look(session, dict(frame=int(frame)), side)

    def on_side(self, side: int, view: dict, request: gr.Request) -> list[Any]:
        """Another magnification."""
        with self._session(request) as session:
            return self._look(session, view, side)

    def on_pick(self, side: int, view: dict, request: gr.Request, event: gr.SelectData) -> list[Any]:
        """A click into the picture: magnify there."""
        with self._session(request) as session:
            if session.results:
                result = _frame(session, view)
                scale = view_scale(result.image.shape)
                x, y = (value / scale - 0.5 for value in event.index)
                near = min(result.targets, key=lambda t: (t.x - x) ** 2 + (t.y - y) ** 2, default=None)
                reach = 8 + 12 / scale
                if near is not None and (near.x - x) ** 2 + (near.y - y) ** 2 < reach**2:
                    view = dict(view, center=[near.x, near.y], chosen=near.id)
                else:
                    view = dict(view, center=[x, y], chosen=None)
            return self._look(session, view, side)

    def on_row(self, side: int, request: gr.Request, event: gr.SelectData) -> list[Any]:
        """A line of the table: magnify that target."""
        with self._session(request) as session:
            frame, number = (int(float(value)) for value in event.row_value[:2])
            target = next((t for t in session.targets if (t.frame, t.id) == (frame, number)), None)
            view = {} if target is None else dict(frame=frame, center=[target.x, target.y], chosen=number)
            return [gr.skip() if target is None else frame, *self._look(session, view, side)]

    # What is shown

    @contextmanager
    def _session(self, request: gr.Request) -> Iterator[AppSession]:
        session, lock = self.store.get(request.session_hash)
        with lock:
            yield session

    def _nothing(self, status: str) -> list[Any]:
        """A message in the place of results."""
        values = {
            self.view: {},
            self.status: status,
            self.results: gr.update(visible=False),
            self.downloads: gr.update(visible=False),
            self.video: None,
        }
        return [values.get(component, gr.skip()) for component in self._all]

    def _look(self, session: AppSession, view: dict, side: int) -> list[Any]:
        """The pictures of one frame, and the state that they show."""
        if not session.results:
            return [gr.skip() for _ in self._looked]
        result = _frame(session, view)
        if view.get('center') is None:
            best = max(result.targets, key=lambda t: t.peak, default=None)
            height, width = result.image.shape
            view = dict(
                view,
                center=[width / 2, height / 2] if best is None else [best.x, best.y],
                chosen=None if best is None else best.id,
            )
        window = window_at((view['center'][0] + 0.5, view['center'][1] + 0.5), int(side))
        boxes = [(t.x0, t.y0, t.x1, t.y1) for t in result.targets]
        marked = draw_marked(result.image, boxes, result.mask, view.get('chosen'), window)
        probability = None
        if result.probability is not None:
            probability = session.show('probability', draw_probability(result.probability))
        return [
            view,
            session.show('overlay', marked),
            probability,
            _zoom(result, window, boxes, view),
            _insets(result),
        ]

    def _show(
        self, session: AppSession, view: dict, side: int, hints: Sequence[str] = (), took: float | None = None
    ) -> list[Any]:
        """Everything about the session's results."""
        rows = [target.as_dict() for target in session.targets[:MOST_ROWS]]
        frames, files = len(session.results), session.files
        sequence = not session.source.still
        shown = self._look(session, view, side)
        values = {
            self.status: _status(session, hints, took),
            self.table: [[_cell(row[name], digits) for name, digits in SHOWN.items()] for row in rows],
            self.frame: gr.update(
                maximum=max(frames - 1, 1), value=min(shown[0].get('frame', 0), frames - 1), visible=frames > 1
            ),
            self.results: gr.update(visible=True),
            self.downloads: gr.update(visible=True),
            self.film: gr.update(visible=sequence),
            self.video: str(files['preview']) if 'preview' in files else None,
        }
        values.update(zip(self._looked, shown))
        names = dict(
            csv='Targets CSV',
            json='Targets JSON',
            mask='Masks ZIP' if sequence else 'Mask PNG',
            overlay='Video MP4' if sequence else 'Overlay PNG',
        )
        for kind, button in self.buttons.items():
            path = files.get(kind)
            values[button] = gr.update(
                label=names[kind], value=None if path is None else str(path), interactive=path is not None
            )
        return [values[component] for component in self._all]


def _frame(session: AppSession, view: dict) -> FrameResult:
    return session.results[min(view.get('frame', 0), len(session.results) - 1)]


def _cell(value: float | None, digits: int) -> str:
    return '' if value is None else f'{value:.{digits}f}'.rstrip('0').rstrip('.') if digits else str(value)


def _failure(error: Exception, path: str = '') -> str:
    lines = html.escape(describe_error(error, path)).replace('\n', '<br>')
    return f'<div class="status error" role="alert" data-state="error">{lines}</div>'


def _status(session: AppSession, hints: Sequence[str], took: float | None) -> str:
    image = session.results[0].image
    count = len(session.targets)
    frames = f' in {len(session.results)} frames' if len(session.results) > 1 else ''
    facts = [session.source.label, f'{image.shape[1]}×{image.shape[0]}, {image.dtype}', session.model]
    if took is not None:
        facts.append(f'{took:.1f} s')
    notes = [*session.notes, *hints]
    if count > MOST_ROWS:
        notes.append(f'The table has the first {MOST_ROWS}; the files have all.')
    if not session.source.still and 'overlay' not in session.files:
        notes.append('Press Detect for the annotated video at this threshold; the model does not run again.')
    if not session.has_maps:
        notes.append('A detector of boxes: there is no probability map and no mask.')
    listed = ''.join(f'<li>{html.escape(note)}</li>' for note in notes)
    return (
        f'<div class="status" role="status" data-state="done" data-targets="{count}"><b>{count} '
        f'target{"" if count == 1 else "s"}</b>{frames} above {session.threshold:.2f}<br>'
        f'{html.escape(" · ".join(facts))}{f"<ul>{listed}</ul>" if listed else ""}</div>'
    )


def _dark(image: np.ndarray) -> list[str]:
    """A hint for cameras of fewer bits than their files."""
    brightest = int(image.max())
    if image.dtype != np.uint16 or brightest >= 2**14:
        return []
    return [
        f'The brightest of the 16-bit values is {brightest}: dark for the model. If targets are missed, choose to '
        'stretch the gray values.'
    ]


def _data_url(picture: np.ndarray) -> str:
    return 'data:image/png;base64,' + base64.b64encode(encode_png(picture)).decode()


def _zoom(result: FrameResult, window: tuple[int, int, int], boxes: Sequence, view: dict) -> str:
    pictures = magnify_window(result.image, window, boxes, result.mask, result.probability)
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


def _insets(result: FrameResult) -> str:
    first = result.targets[:MOST_INSETS]
    if result.mask is None:
        pictures = detection_insets(result.image, result.box_findings()[:MOST_INSETS])
    else:
        found = result.mask_findings()[:MOST_INSETS]
        pictures = zoom_insets(result.image, found, None, result.mask, result.probability)
    images = ''.join(
        f'<img src="{_data_url(picture)}" alt="target {k}, magnified" loading="lazy">'
        for k, picture in enumerate(pictures)
    )
    more = len(result.targets) - len(first)
    note = f'<div class="hint">{more} more targets without a picture here</div>' if more > 0 else ''
    return f'<div class="insets">{images}</div>{note}'


def generated_scene(seed: int, size: tuple[int, int] = (240, 320)) -> np.ndarray:
    """A scene with small targets as a camera of 14 bits sees it, spread over 16 bits.

    Args:
        seed: Another scene for another number.
        size: (height, width) in pixels.

    Returns:
        (H, W) uint16.
    """
    config = SceneConfig(
        size=size,
        sensor=SensorConfig(bit_depth=14),
        targets=TargetConfig(count=(0, 0, 0, 1, 1, 1), size=(2.0, 5.0), scr=(8.0, 30.0)),
    )
    image = render_scene(config, np.random.default_rng(seed)).image
    return cv2.normalize(image, np.empty_like(image), 0, 65535, cv2.NORM_MINMAX)
