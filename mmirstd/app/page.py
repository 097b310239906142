"""The app's page: where things are and what happens when they are touched; the work is done in ``mmirstd.apis``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from mmirstd.apis import FrameResult
from mmirstd.visualization.target_view import draw_marked, draw_probability, view_scale, window_at
from mmirstd.visualization.track_overlay import draw_tracks

from .advice import lower_threshold
from .example import BITS, generated_scene
from .gray_values import AUTOMATIC, GRAY_CHOICES
from .label_page import LabelPage
from .session import AppSession
from .settings import ALONE, OWN_SIZE, SIZE_CHOICES, VIEW_CHOICES, Settings
from .status import EMPTY, failure_status, result_status
from .store import SessionStore
from .style import CSS, FONTS
from .upload_limits import UploadLimits
from .views import (
    IMAGE_HEADERS,
    TRACK_HEADERS,
    count_chart,
    image_heading,
    image_table,
    insets,
    magnified,
    target_table,
    track_table,
)

HEADER = """<h1>Infrared small targets</h1>
<p>Drop an image (8, 16 bit or float), a video, or many images. Nothing leaves the machine this app runs on.
<a href="label">Label targets by clicks</a></p>"""
BRIGHT, DARK = 'Bright targets', 'Dark targets'
#: A download's kind -> its button's text: of an image, of a video, of several images.
_DOWNLOADS = {
    'csv': ('Targets CSV', 'Targets CSV', 'Targets CSV'),
    'images': ('', '', 'Images CSV'),
    'json': ('Targets JSON', 'Targets JSON', ''),
    'tracks': ('', 'Tracks CSV', ''),
    'mask': ('Mask PNG', 'Masks ZIP', ''),
    'overlay': ('Overlay PNG', 'Video MP4', ''),
    'all': ('', '', 'Everything ZIP'),
}
#: A click on a bar is told with its frame's number.
_CHART_CLICK = """element.addEventListener('click', (event) => {
  const bar = event.target.closest('[data-frame]');
  if (bar) trigger('select', {frame: Number(bar.dataset.frame)});
});"""
#: Tabs of which Gradio keeps what they show, a quarter to half a MiB each; its own limit is 10,000 tabs. A tab that was
#: forgotten still shows its pictures, but is centered anew.
TABS = 64


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
        state_session_capacity=TABS,
        # Not as css=, which Gradio rewrites, and breaks at commas in :is() and :not().
        head=f'<style>{CSS}</style>',
        theme=gr.themes.Default(primary_hue='emerald', neutral_hue='slate', **FONTS),
    )


def build_page(store: SessionStore) -> gr.Blocks:
    """The page over the sessions of a store."""
    with gr.Blocks(title='Infrared small targets', analytics_enabled=False, fill_width=True) as page:
        _Page(store).build()
        page.unload(_forget(store))
    with page.route('Label', 'label', show_in_navbar=False):
        LabelPage(store).build()
        page.unload(_forget(store))
    page.queue(max_size=32)
    return page


def _forget(store: SessionStore) -> Callable[[gr.Request], None]:
    def forget(request: gr.Request) -> None:
        store.end(request.session_hash)

    return forget


class _Page:
    """Components and what they do.

    What is looked at (frame or image, center of the magnified window, chosen target) is a dict in the page's own state;
    results are in the session.
    """

    def __init__(self, store: SessionStore) -> None:
        self.store = store

    def build(self) -> None:
        """Lay out the components and connect them."""
        gr.HTML(HEADER, elem_id='header')
        self.view = gr.State({})
        with gr.Row(equal_height=False, elem_id='main'):
            with gr.Column(scale=1, min_width=300, elem_id='left'):
                with gr.Column(elem_id='upload'):
                    self._build_upload()
                with gr.Column(elem_id='settings'):
                    self._build_settings()
                    gr.HTML('<a class="jump" href="#right">Back to the results</a>', elem_id='back')
            with gr.Column(scale=3, min_width=320, elem_id='right'):
                self._build_results()
        self._connect()

    def _build_upload(self) -> None:
        # Of any kind: a folder may hold other files, and what is refused is told in words of our own.
        self.file = gr.File(
            label=f'Images, ZIP or video (up to {self.store.limits.megabytes:g} MB)',
            file_count='multiple',
            height=150,
            elem_id='file',
        )
        with gr.Row(elem_id='begin', equal_height=True):
            self.folder = gr.UploadButton('A folder', file_count='directory', size='sm', elem_id='folder')
            self.example = gr.Button(f'Generated {BITS}-bit scene', size='sm', elem_id='example')

    def _build_settings(self) -> None:
        names = list(self.store.shelf.names)
        self.model = gr.Dropdown(names, value=names[0], label='Model', elem_id='model')
        self.gray = gr.Dropdown(list(GRAY_CHOICES), value=AUTOMATIC, label='Gray values', elem_id='gray')
        self.polarity = gr.Radio([BRIGHT, DARK], value=BRIGHT, label='Polarity', elem_id='polarity')
        with gr.Accordion('Views and size', open=False, elem_id='augmentation'):
            self.views = gr.Dropdown(
                list(VIEW_CHOICES),
                value=ALONE,
                label='Views',
                elem_id='views',
                info='1, 4 and 7 times as long',
            )
            self.size = gr.Dropdown(list(SIZE_CHOICES), value=OWN_SIZE, label='Size the model sees', elem_id='size')
        self.detect = gr.Button('Detect', variant='primary', elem_id='detect')
        self.threshold = gr.Slider(
            0.01,
            0.99,
            0.5,
            step=0.01,
            label='Threshold',
            elem_id='threshold',
            info='the model does not run again',
            buttons=[],
        )
        self.area = gr.Slider(1, 50, 1, step=1, label='Least area (pixels)', elem_id='area', buttons=[])

    def _build_results(self) -> None:
        self.status = gr.HTML(EMPTY, elem_id='status')
        with gr.Row(elem_id='actions'):
            small = dict(size='sm', visible=False, min_width=80)
            self.again = gr.Button('Detect again', variant='primary', elem_id='again', **small)
            self.lower = gr.Button('', elem_id='lower', **small)
            self.pictures = gr.Button('', elem_id='pictures', **small)
        with gr.Row(elem_id='downloads', visible=False) as self.downloads:
            self.buttons = {
                kind: gr.DownloadButton(kind, size='sm', elem_id=f'get-{kind}', interactive=False, min_width=80)
                for kind in _DOWNLOADS
            }
        with gr.Column(visible=False, elem_id='results') as self.results:
            table = dict(interactive=False, show_label=False, buttons=[])
            with gr.Column(visible=False) as self.overview:
                self.images = gr.Dataframe(headers=list(IMAGE_HEADERS), max_height=260, elem_id='images', **table)
                self.heading = gr.HTML(elem_id='heading')
                with gr.Row(elem_id='turn'):
                    self.previous = gr.Button('Previous', size='sm', elem_id='previous', min_width=80)
                    self.next = gr.Button('Next', size='sm', elem_id='next', min_width=80)
            self.frame = gr.Slider(0, 1, 0, step=1, label='Frame', visible=False, elem_id='frame', buttons=[])
            with gr.Row(equal_height=False):
                with gr.Column(scale=3, min_width=320):
                    with gr.Tabs():
                        picture = dict(interactive=False, show_label=False, buttons=['fullscreen'])
                        with gr.Tab('Targets'):
                            self.overlay = gr.Image(elem_id='overlay', **picture)
                        with gr.Tab('Probability', visible=False) as self.maps:
                            self.probability = gr.Image(elem_id='probability', **picture)
                        with gr.Tab('Tracks', visible=False) as self.ways:
                            self.tracked = gr.Image(elem_id='tracked', **picture)
                        with gr.Tab('Video', visible=False) as self.film:
                            self.video = gr.Video(elem_id='video', show_label=False, interactive=False)
                    self.chart = gr.HTML(elem_id='chart', visible=False, js_on_load=_CHART_CLICK)
                    self.tracks = gr.Dataframe(
                        headers=list(TRACK_HEADERS), max_height=200, elem_id='tracks', visible=False, **table
                    )
                    self.table = gr.Dataframe(max_height=300, elem_id='table', **table)
                with gr.Column(scale=2, min_width=300):
                    self.side = gr.Slider(
                        8, 256, 32, step=4, label='Magnified window (pixels across)', elem_id='side', buttons=[]
                    )
                    self.zoom = gr.HTML(elem_id='zoom')
            self.insets = gr.HTML(elem_id='insets')

    def _connect(self) -> None:
        quiet = dict(api_visibility='private', show_progress='hidden')
        # Only the last position of a slider that is being dragged matters.
        dragged = dict(quiet, trigger_mode='always_last')
        chosen = [self.model, self.gray, self.polarity, self.views, self.size]
        run = dict(
            inputs=[self.file, *chosen, self.threshold, self.area, self.side, self.view],
            outputs=self._all,
            api_visibility='private',
            show_progress='minimal',
            show_progress_on=self.status,
        )
        for button in (self.detect, self.again, self.pictures):
            button.click(self.on_detect, **run)
        self.file.upload(self.on_detect, **run)
        # The event comes before the list of files is changed, hence the step in between.
        self.file.delete(lambda: None, **quiet).then(self.on_detect, **run)
        self.file.clear(self.on_clear, outputs=self._all, **quiet)
        self.example.click(self.on_example, outputs=self.file, **quiet).then(self.on_detect, **run)
        self.folder.upload(self.on_folder, self.folder, [self.file, self.folder], **quiet).then(self.on_detect, **run)
        for choice in chosen:
            choice.change(self.on_choice, chosen, self._said, **quiet)
        for slider in (self.threshold, self.area):
            slider.change(
                self.on_threshold,
                [*chosen, self.threshold, self.area, self.side, self.view],
                self._all,
                **dragged,
            )
        self.lower.click(self.on_lower, outputs=self.threshold, **quiet)
        self.frame.input(self.on_frame, [self.frame, self.side], self._looked, **dragged)
        self.chart.select(self.on_bar, self.side, [self.frame, *self._looked], **quiet)
        self.images.select(self.on_image, self.side, self._looked, **quiet)
        self.previous.click(self.on_previous, [self.side, self.view], self._looked, **quiet)
        self.next.click(self.on_next, [self.side, self.view], self._looked, **quiet)
        self.side.change(self.on_side, [self.side, self.view], self._looked, **dragged)
        self.overlay.select(self.on_pick, [self.side, self.view], self._looked, **quiet)
        self.tracks.select(self.on_track, self.side, [self.frame, *self._looked], **quiet)
        self.table.select(self.on_row, [self.side, self.view], [self.frame, *self._looked], **quiet)

    @property
    def _looked(self) -> list[Any]:
        """What changes when one looks elsewhere."""
        return [
            self.view,
            self.overlay,
            self.tracked,
            self.probability,
            self.zoom,
            self.insets,
            self.chart,
            self.heading,
            self.table,
        ]

    @property
    def _said(self) -> list[Any]:
        """What changes with the settings on the page."""
        return [self.status, self.again, self.lower, self.pictures]

    @property
    def _all(self) -> list[Any]:
        return [
            *self._looked,
            *self._said,
            self.images,
            self.overview,
            self.frame,
            self.results,
            self.downloads,
            self.maps,
            self.ways,
            self.tracks,
            self.film,
            self.video,
            *self.buttons.values(),
        ]

    # What happens

    def on_detect(
        self,
        paths: list[str] | None,
        model: str,
        gray: str,
        polarity: str,
        views: str,
        size: str,
        threshold: float,
        area: int,
        side: int,
        view: dict,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> list[Any]:
        """Run the model on what was sent, unless it has run so already; then make its pictures."""
        if not paths:
            return self._nothing(EMPTY)
        settings = _settings(model, gray, polarity, views, size)

        def tell(done: int, total: int | None) -> None:
            progress((done, total), unit='images' if len(paths) > 1 else 'frames')

        began = time.monotonic()
        with self._session(request) as session:
            try:
                ran = session.detect(paths, settings, threshold, int(area), tell)
            except Exception as error:
                return self._nothing(failure_status(error, paths[0]))
            took = time.monotonic() - began if ran else None
            return self._show(session, settings, {} if ran else view, side, took)

    def on_clear(self, request: gr.Request) -> list[Any]:
        """The file was taken away."""
        self.store.end(request.session_hash)
        return self._nothing(EMPTY)

    def on_example(self, request: gr.Request) -> list[str]:
        """Make a scene and put it in the place of an upload."""
        with self._session(request) as session:
            return [session.put('generated-scene.tif', generated_scene(int(time.time()) % 10_000))]

    def on_folder(self, paths: list[str]) -> tuple[list[str], None]:
        """Put a folder's files in the place of an upload."""
        return paths, None

    def on_choice(self, model: str, gray: str, polarity: str, views: str, size: str, request: gr.Request) -> list[Any]:
        """Other settings: say that the results are old, or no longer."""
        with self._session(request) as session:
            if not session.results:
                return [gr.skip() for _ in self._said]
            return self._say(session, _settings(model, gray, polarity, views, size))

    def on_threshold(
        self,
        model: str,
        gray: str,
        polarity: str,
        views: str,
        size: str,
        threshold: float,
        area: int,
        side: int,
        view: dict,
        request: gr.Request,
    ) -> list[Any]:
        """Another threshold for the maps in memory."""
        with self._session(request) as session:
            if not session.results or (threshold, area) == (session.threshold, session.min_area):
                return [gr.skip() for _ in self._all]
            try:
                session.rethreshold(threshold, int(area))
            except Exception as error:
                return self._nothing(failure_status(error))
            # The numbers of the targets are others now, the place that is looked at is the same.
            return self._show(session, _settings(model, gray, polarity, views, size), dict(view, chosen=None), side)

    def on_lower(self, request: gr.Request) -> Any:
        """The threshold under which something is found."""
        with self._session(request) as session:
            lower = lower_threshold(session) if session.results else None
            return gr.skip() if lower is None else lower

    def on_frame(self, frame: int, side: int, request: gr.Request) -> list[Any]:
        """Another frame of a video."""
        with self._session(request) as session:
            return self._look(session, dict(frame=int(frame)), side)

    def on_bar(self, side: int, request: gr.Request, event: gr.EventData) -> list[Any]:
        """A bar of the chart: look at that frame."""
        with self._session(request) as session:
            return [event.frame, *self._look(session, dict(frame=int(event.frame)), side)]

    def on_image(self, side: int, request: gr.Request, event: gr.SelectData) -> list[Any]:
        """A line of the table over all images: open that image."""
        with self._session(request) as session:
            number = int(float(event.row_value[0])) - 1
            first = session.entries[number].first if number < len(session.entries) else None
            if first is None:
                return [gr.skip() for _ in self._looked]
            return self._look(session, dict(frame=first), side)

    def on_previous(self, side: int, view: dict, request: gr.Request) -> list[Any]:
        """The image before; before the first comes the last."""
        return self._turn(-1, side, view, request)

    def on_next(self, side: int, view: dict, request: gr.Request) -> list[Any]:
        """The image after."""
        return self._turn(1, side, view, request)

    def _turn(self, step: int, side: int, view: dict, request: gr.Request) -> list[Any]:
        with self._session(request) as session:
            count = max(len(session.results), 1)
            return self._look(session, dict(frame=(view.get('frame', 0) + step) % count), side)

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

    def on_row(self, side: int, view: dict, request: gr.Request, event: gr.SelectData) -> list[Any]:
        """A line of the table: magnify that target."""
        with self._session(request) as session:
            if not session.results:
                return [gr.skip() for _ in (self.frame, *self._looked)]
            numbers = [int(float(value)) for value in event.row_value[: 1 + session.sequence]]
            frame = numbers[0] if session.sequence else view.get('frame', 0)
            result = _frame(session, dict(frame=frame))
            target = next((target for target in result.targets if target.id == numbers[-1]), None)
            if target is None:  # the table is of another threshold
                return [gr.skip() for _ in (self.frame, *self._looked)]
            looked = self._look(session, dict(frame=frame, center=[target.x, target.y], chosen=target.id), side)
            return [frame if session.sequence else gr.skip(), *looked]

    def on_track(self, side: int, request: gr.Request, event: gr.SelectData) -> list[Any]:
        """A line of the table of tracks: the frame in which it was confirmed."""
        with self._session(request) as session:
            number = int(float(event.row_value[0]))
            points = next((points for points in session.tracks if points[0].id == number), None)
            if points is None:  # the table is of another threshold
                return [gr.skip() for _ in (self.frame, *self._looked)]
            point = points[0]
            looked = self._look(session, dict(frame=point.frame, center=[point.x, point.y], chosen=None), side)
            return [point.frame, *looked]

    # What is shown

    @contextmanager
    def _session(self, request: gr.Request) -> Iterator[AppSession]:
        session, lock = self.store.get(request.session_hash)
        with lock:
            yield session

    def _nothing(self, status: str) -> list[Any]:
        """A message in the place of results."""
        hidden = gr.update(visible=False)
        values = {
            self.view: {},
            self.status: status,
            self.again: hidden,
            self.lower: hidden,
            self.pictures: hidden,
            self.results: hidden,
            self.downloads: hidden,
            self.video: None,
        }
        return [values.get(component, gr.skip()) for component in self._all]

    def _look(self, session: AppSession, view: dict, side: int) -> list[Any]:
        """The pictures of one frame or image, and the state that they show."""
        if not session.results:
            return [gr.skip() for _ in self._looked]
        result = _frame(session, view)
        if view.get('center') is None:
            best = max(result.targets, key=lambda t: t.peak, default=None)
            height, width = result.image.shape
            _, x, y = result.highest or (0, width / 2, height / 2)
            view = dict(
                view,
                center=[x, y] if best is None else [best.x, best.y],
                chosen=None if best is None else best.id,
            )
        frame = view.get('frame', 0)
        window = window_at((view['center'][0] + 0.5, view['center'][1] + 0.5), int(side))
        boxes = [(t.x0, t.y0, t.x1, t.y1) for t in result.targets]
        scores = [t.peak for t in result.targets] if result.mask is None else None
        marked = draw_marked(result.image, boxes, result.mask, view.get('chosen'), window, scores)
        probability = None
        if result.probability is not None:
            probability = session.show('probability', draw_probability(result.probability))
        return [
            view,
            session.show('overlay', marked),
            None if result.tracks is None else session.show('tracked', draw_tracks(result.image, result.tracks)),
            probability,
            magnified(result, window, boxes, view),
            insets(result),
            gr.update(value=count_chart(session, frame), visible=True)
            if len(session.results) > 1 and session.sequence
            else gr.update(visible=False),
            image_heading(session, frame) if session.batch else gr.skip(),
            target_table(session, frame) if session.batch else gr.skip(),
        ]

    def _say(self, session: AppSession, settings: Settings, took: float | None = None) -> list[Any]:
        """The message, and the buttons for what it advises."""
        old = settings != session.settings
        lower = None if old or session.targets else lower_threshold(session)
        # Of a video and of many images these take a while, so they are made when they are asked for.
        missing = not old and not session.pictures
        what = 'Add pictures to the ZIP' if session.batch else 'Make the video at this threshold'
        return [
            result_status(session, settings, self.store.shelf.names, took),
            gr.update(visible=old),
            gr.update(visible=lower is not None, value=f'Threshold {lower}'),
            gr.update(visible=missing, value=what),
        ]

    def _show(
        self, session: AppSession, settings: Settings, view: dict, side: int, took: float | None = None
    ) -> list[Any]:
        """Everything about the session's results."""
        frames, files = len(session.results), session.files
        shown = self._look(session, view, side)
        frame = min(shown[0].get('frame', 0), frames - 1)
        values = {
            self.images: image_table(session) if session.batch else gr.skip(),
            self.overview: gr.update(visible=session.batch),
            self.frame: gr.update(maximum=max(frames - 1, 1), value=frame, visible=session.sequence and frames > 1),
            self.results: gr.update(visible=True),
            self.downloads: gr.update(visible=True),
            self.maps: gr.update(visible=session.has_maps),
            self.ways: gr.update(visible=session.sequence),
            self.tracks: gr.update(visible=session.sequence, value=track_table(session)),
            self.film: gr.update(visible=session.sequence),
            self.video: str(files['preview']) if 'preview' in files else None,
        }
        values.update(zip(self._looked, shown))
        values.update(zip(self._said, self._say(session, settings, took)))
        values[self.table] = target_table(session, frame)
        sort = 2 if session.batch else 1 if session.sequence else 0
        for kind, button in self.buttons.items():
            path = files.get(kind)
            values[button] = gr.update(
                label=_DOWNLOADS[kind][sort],
                value=None if path is None else str(path),
                interactive=path is not None,
                visible=bool(_DOWNLOADS[kind][sort]) and (kind != 'mask' or session.has_maps),
            )
        return [values[component] for component in self._all]


def _settings(model: str, gray: str, polarity: str, views: str, size: str) -> Settings:
    return Settings(model, gray, polarity == DARK, views, size)


def _frame(session: AppSession, view: dict) -> FrameResult:
    return session.results[min(view.get('frame', 0), len(session.results) - 1)]
