"""The app, driven in a real headless Chromium."""

from __future__ import annotations

import csv
import json
import logging
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmirstd.apis import IRSTDInferencer
from mmirstd.app import server
from mmirstd.app.session import AppSession
from mmirstd.app.upload_limits import UploadLimits
from mmirstd.datasets.image_io import read_image
from mmirstd.utils.errors import CheckpointError, ConfigError, UserError
from tests.browser import Browser, find_chromium
from tests.shared import REPO
from tests.test_apis.helpers import moving_frames, scene, write_image, write_video
from tests.test_models.clip_models import tiny_config, tiny_detector

TOPHAT = 'white-tophat_nuaa-sirst-341-86'
#: Gradio closes its streams with a method that it does not have, or in the middle, and says so; that is not ours.
KNOWN = ('Method not implemented.', 'AbortError: BodyStreamBuffer was aborted')


def test_a_wrong_model_ends_it_with_a_message(tmp_path: Path) -> None:
    pytest.importorskip('gradio', reason='needs Gradio (requirements-app.txt; make test installs it)')
    for model, error in ((['no-such-net'], ConfigError), ([TOPHAT, str(tmp_path / 'no.pth')], CheckpointError)):
        with pytest.raises(error, match='no'):
            server.start([model], UploadLimits(), tmp_path, '127.0.0.1', free_port())


def test_the_command_cleans_up_after_itself(tmp_path: Path) -> None:
    pytest.importorskip('gradio', reason='needs Gradio (requirements-app.txt; make test installs it)')
    port = free_port()
    environment = dict(os.environ, TMPDIR=str(tmp_path), PYTHONPATH=str(REPO))
    with subprocess.Popen(
        [sys.executable, str(REPO / 'tools' / 'app.py'), '--port', str(port), '--device', 'cpu'],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            said = next((line for line in process.stdout if 'http' in line), '')
            assert f'open http://127.0.0.1:{port}/' in said
            (folder,) = tmp_path.glob('mmirstd-app-*')
            assert folder.is_dir()
        finally:
            process.terminate()
        rest = process.communicate(timeout=120)[0]
    assert process.returncode == 0, rest
    assert 'Traceback' not in rest
    assert not folder.exists()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


@pytest.fixture(scope='module')
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, object, Path]]:
    """Address, session store and folder of a running app."""
    pytest.importorskip('gradio', reason='needs Gradio (requirements-app.txt; make test installs it)')
    folder = tmp_path_factory.mktemp('server')
    port = free_port()
    log = logging.FileHandler(folder / 'training.log')
    page, store, address = server.start(
        [[TOPHAT], write_detector(folder)],
        UploadLimits(megabytes=2, pixels=200_000, frames=5),
        folder,
        '127.0.0.1',
        port,
        'cpu',
    )
    with pytest.raises(UserError, match='another --port'):
        server.start([], UploadLimits(), folder, '127.0.0.1', port)
    assert log.stream is not None  # the log files of a training in this process stay open
    log.close()
    yield address, store, folder
    page.close(verbose=False)
    store.close()


def write_detector(folder: Path) -> list[str]:
    """Config and checkpoint of a small detector of moving targets."""
    config, weights = folder / 'tiny-detector.py', folder / 'tiny.pth'
    Config(dict(default_scope='mmdet', model=tiny_config(5))).dump(config)
    torch.save(dict(state_dict=tiny_detector(5).state_dict(), meta={}), weights)
    return [str(config), str(weights)]


@pytest.fixture(scope='module')
def browser() -> Iterator[Browser]:
    if find_chromium() is None:
        pytest.skip('needs Chromium or Chrome (Debian: apt install chromium), or CHROMIUM=its path')
    with Browser() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, served: tuple) -> Iterator[Browser]:
    """The app, freshly loaded; nothing may go wrong in it, and nothing may be asked of another machine."""
    browser.problems.clear()
    browser.requests.clear()
    browser.resize(1280, 900)
    browser.open(
        served[0],
        "document.querySelector('#status .status') && document.querySelector('#file input') && "
        "document.querySelector('#begin input')",
    )
    yield browser
    assert [text for text in browser.problems if not text.startswith(KNOWN)] == []
    assert len(browser.requests) > 5
    assert [url for url in browser.requests if not url.startswith((served[0], 'data:', 'blob:'))] == []


def status(page: Browser, state: str, text: str = '') -> str:
    """The message, once it is of this state and has this text."""
    found = "document.querySelector('#status .status')"
    page.wait(f'{found}.dataset.state === {json.dumps(state)} && {found}.innerText.includes({json.dumps(text)})')
    return page.run(f'{found}.innerText')


def take_example(page: Browser) -> None:
    """Take the example scene, until it is done.

    While Gradio builds the page, or clears up after a refused file, a click may get lost; a person clicks again.
    """
    page.wait("document.querySelector('#example')")
    page.wait(
        "(() => { if (document.querySelector('#status .status').dataset.state === 'done') return true;"
        ' if (!(window.clicked > Date.now() - 10000)) {'
        " window.clicked = Date.now(); document.querySelector('#example').click(); } return false; })()"
    )


def send(page: Browser, *paths: Path) -> None:
    """Choose files; what is there is taken away first."""
    page.run(
        '(() => { const x = document.querySelector(\'#file button[aria-label="Clear"], '
        '#file button[aria-label="Remove this file"]\'); if (x) x.click(); })()'
    )
    page.wait("document.querySelector('#file input[type=file]')")
    page.choose_files('#file input[type=file]', *paths)


def type_number(page: Browser, where: str, value: float) -> None:
    page.run(f"""(() => {{ const field = document.querySelector('#{where} input[type=number]'); field.focus();
             field.value = {value}; field.dispatchEvent(new Event('input', {{bubbles: true}}));
             field.dispatchEvent(new Event('change', {{bubbles: true}})); field.blur(); }})()""")


def choose(page: Browser, where: str, option: str) -> None:
    click(page, f'#{where} input')
    item = f"[...document.querySelectorAll('[role=option]')].find(o => o.innerText.includes({json.dumps(option)}))"
    page.wait(item)
    page.run(f"{item}.dispatchEvent(new MouseEvent('mousedown', {{bubbles: true}}))")
    page.wait(f"document.querySelector('#{where} input').value.includes({json.dumps(option)})")


def window(page: Browser) -> list[int]:
    """Left, upper edge and side of what is magnified, in pixels of the image."""
    return [int(v) for v in page.run("document.querySelector('#zoom [data-window]').dataset.window").split(',')]


def click(page: Browser, selector: str, x: float = 0.5, y: float = 0.5) -> None:
    """Click on an element, at these fractions of its width and height; it is moved into the window's middle."""
    found = f'document.querySelector({json.dumps(selector)})'
    page.run(f"{found}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
    left, top, width, height = page.run(f'(r => [r.x, r.y, r.width, r.height])({found}.getBoundingClientRect())')
    page.click(left + width * x, top + height * y)


def looks_at(page: Browser, x: int, y: int, side: int) -> None:
    """Wait until the pixel is in the middle of what is magnified; the middle of an even number may be either."""
    page.wait(f"""(([left, top, side]) => side === {side} && [0, 1].includes({x} + 1 - left - side / 2)
              && [0, 1].includes({y} + 1 - top - side / 2))(
              document.querySelector('#zoom [data-window]').dataset.window.split(',').map(Number))""")


def download(page: Browser, kind: str, folder: Path) -> Path:
    page.download_to(folder)
    page.wait(f"!document.querySelector('#get-{kind}').disabled")
    before = set(folder.iterdir())
    page.run(f"document.querySelector('#get-{kind}').click()")
    end = time.monotonic() + 60
    while time.monotonic() < end:
        new = [
            path
            for path in set(folder.iterdir()) - before
            if path.suffix not in ('.crdownload', '.tmp') and not path.name.startswith('.')
        ]
        if new:
            return new[0]
        time.sleep(0.05)
    raise AssertionError(f'{kind}: nothing came')


def test_an_image_from_upload_to_download(page: Browser, served: tuple, tmp_path: Path) -> None:
    image = scene(64, 96, ((20, 20), (40, 70)), bright=60).astype(np.uint16) * 256
    image[50:51, 10:13] = 40_000  # three pixels
    path = write_image(tmp_path / 'my sc\u00e8ne.tif', image)
    send(page, path)
    text = status(page, 'done')
    assert '96\u00d764, uint16' in text  # the bit depth survived the upload
    assert TOPHAT in text

    def expected(threshold: float, model: str = TOPHAT) -> object:
        return next(IRSTDInferencer(model, device='cpu', show_progress=False, threshold=threshold).infer(image))

    first = expected(0.5)
    assert f'{len(first.targets)} target' in text
    assert page.run("document.querySelector('#overlay img').naturalWidth") == 96 * 7

    # The slider: other targets, without another run of the model.
    counts = [len(expected(p).targets) for p in (0.05, 0.5, 0.9)]
    assert len(set(counts)) == 3
    session = served[1].get(next(iter(served[1]._sessions)))[0]
    maps = session.results[0].probability
    for threshold, count in zip((0.05, 0.9, 0.3), (counts[0], counts[2], len(expected(0.3).targets))):
        type_number(page, 'threshold', threshold)
        status(page, 'done' if count else 'none', f'{count} target{"" if count == 1 else "s"} above {threshold:.2f}')
        page.wait(f"document.querySelectorAll('#insets img').length === {min(count, 12)}")
    assert session.results[0].probability is maps

    # Downloads are the inferencer's own results.
    result = expected(0.3)
    folder = tmp_path / 'downloads'
    folder.mkdir()
    with download(page, 'csv', folder).open(newline='', encoding='utf-8') as file:
        rows = list(csv.DictReader(file))
    assert [float(row['x']) for row in rows] == [target.as_dict()['x'] for target in result.targets]
    assert [row['scr'] for row in rows] == ['' if t.scr is None else repr(t.as_dict()['scr']) for t in result.targets]
    record = json.loads(download(page, 'json', folder).read_text(encoding='utf-8'))
    assert record['targets'] == [target.as_dict() for target in result.targets]
    assert (record['threshold'], record['dtype']) == (0.3, 'uint16')
    assert np.array_equal(read_image(download(page, 'mask', folder)) > 0, result.mask)
    assert read_image(download(page, 'overlay', folder)).shape[1] > 500

    # Look closer: by the slider, by a click into the picture, by a line of the table.
    left, top, side = window(page)
    assert side == 32
    type_number(page, 'side', 12)
    page.wait("document.querySelector('#zoom [data-window]').dataset.window.endsWith(',12')")
    narrow = window(page)
    assert abs(narrow[0] + 6 - (left + 16)) <= 1
    assert abs(narrow[1] + 6 - (top + 16)) <= 1
    click(page, '#overlay img', 11.5 / 96, 50.5 / 64)
    looks_at(page, 11, 50, 12)
    row = next(k for k, target in enumerate(result.targets) if round(target.y) == 40)
    click(page, f'#table [data-row="{row}"][data-col="2"]')
    looks_at(page, 70, 40, 12)

    # Another model: what is shown is old until it has run.
    choose(page, 'model', 'Max-median')
    text = status(page, 'old')
    assert 'Chosen now: the model Max-median' in text
    assert session.settings.model == TOPHAT
    choose(page, 'model', TOPHAT)  # as it was: no longer old
    status(page, 'done', TOPHAT)
    choose(page, 'model', 'Max-median')
    status(page, 'old')
    page.run("document.querySelector('#again').click()")
    other = expected(0.3, 'max-median_nuaa-sirst-341-86')
    status(page, 'done', 'Max-median')
    assert session.targets == other.targets
    page.wait("!document.querySelector('#again')")


def test_bad_files_are_told_in_the_page_and_survived(page: Browser, served: tuple, tmp_path: Path) -> None:
    floats = scene().astype(np.float32) / 255
    floats[3, 4] = np.nan
    (tmp_path / 'zero.png').write_bytes(b'')
    (tmp_path / 'notes.txt').write_text('text')
    (tmp_path / 'text.png').write_text('<b>text</b>')
    (tmp_path / 'broken.mp4').write_bytes(b'\0\0\0\x18ftypmp42' + bytes(200))
    for path, message in (
        (write_image(tmp_path / 'nan.tif', floats), '1 of 6144 pixels are NaN'),
        (tmp_path / 'zero.png', 'zero.png: the file is empty'),
        (tmp_path / 'text.png', "starts with b'<b>text</b>'"),
        (write_image(tmp_path / 'wide.png', np.zeros((10, 20001), np.uint8)), '200,010 pixels'),
        (tmp_path / 'broken.mp4', 'cannot be opened as a video'),
        (tmp_path / 'notes.txt', 'notes.txt: files of this kind are not read here; expected an image'),
    ):
        send(page, path)
        text = status(page, 'error', message)
        assert str(served[2]) not in text
        assert 'Traceback' not in text
    # Too large a file does not even arrive.
    noise = np.random.default_rng(0).integers(0, 256, (400, 500), np.uint8)
    noise = write_image(tmp_path / 'noise.bmp', np.tile(noise, (4, 4)))
    assert noise.stat().st_size > 2 * 2**20
    send(page, noise)
    page.wait("document.body.innerText.includes('maximum allowed size')")
    page.problems[:] = [text for text in page.problems if '413' not in text]
    take_example(page)
    assert 'generated-scene.tif' in status(page, 'done')


def test_a_video(page: Browser, served: tuple, tmp_path: Path) -> None:
    frames = moving_frames(8)
    path = write_video(tmp_path / 'v.avi', frames)
    send(page, path)
    text = status(page, 'done', 'first 5 frames of 8')
    results = list(IRSTDInferencer(TOPHAT, device='cpu', show_progress=False).infer(path, max_frames=5))
    total = sum(len(result.targets) for result in results)
    assert f'{total} targets in 5 frames' in text
    before = window(page)
    type_number(page, 'frame', 4)
    target = max(results[4].targets, key=lambda t: t.peak)
    page.wait(f"document.querySelector('#zoom [data-window]').dataset.window !== '{','.join(map(str, before))}'")
    left, top, side = window(page)
    assert abs(left + side / 2 - target.x - 0.5) <= 0.5
    assert abs(top + side / 2 - target.y - 0.5) <= 0.5
    # The chart has a bar for each frame; a click on one goes there.
    heights = "[...document.querySelectorAll('#chart [data-frame] i')].map(bar => parseFloat(bar.style.height))"
    counts = [len(result.targets) for result in results]
    assert page.run(heights) == pytest.approx([100 * count / max(counts) for count in counts], abs=0.1)
    page.wait("document.querySelector('#chart .here').dataset.frame === '4'")
    click(page, '#chart [data-frame="2"]')
    page.wait("document.querySelector('#chart .here').dataset.frame === '2'")
    page.wait("document.querySelector('#frame input[type=number]').value === '2'")
    # A line of the table of tracks goes to the frame in which the track was confirmed, the third.
    click(page, '#chart [data-frame="0"]')
    page.wait("document.querySelector('#chart .here').dataset.frame === '0'")
    (track, *_) = session_of(served).tracks
    assert track[0].frame == 2
    click(page, '#tracks [data-row="0"][data-col="0"]')
    page.wait("document.querySelector('#chart .here').dataset.frame === '2'")
    page.run("[...document.querySelectorAll('button[role=tab]')].find(b => b.innerText.includes('Tracks')).click()")
    page.wait("document.querySelector('#tracked img') && document.querySelector('#tracked img').naturalWidth > 0")
    # The browser can play what it was given.
    page.run("[...document.querySelectorAll('button[role=tab]')].find(b => b.innerText.includes('Video')).click()")
    page.wait("document.querySelector('#video video') && document.querySelector('#video video').readyState >= 2")
    assert page.run("document.querySelector('#video video').videoWidth") == 576
    folder = tmp_path / 'downloads'
    folder.mkdir()
    with download(page, 'csv', folder).open(newline='', encoding='utf-8') as file:
        assert [int(row['frame']) for row in csv.DictReader(file)] == [t.frame for r in results for t in r.targets]
    video = cv2.VideoCapture(str(download(page, 'overlay', folder)))
    assert sum(video.grab() for _ in range(9)) == 5


def session_of(served: tuple) -> AppSession:
    """Of the tab that was used last."""
    return next(reversed(served[1]._sessions.values()))[0]


def test_without_a_target_it_says_what_helps(page: Browser, served: tuple, tmp_path: Path) -> None:
    image = scene(bright=30).astype(np.uint16) * 50
    type_number(page, 'threshold', 0.95)
    send(page, write_image(tmp_path / 'cam.tif', image))
    text = status(page, 'none', '0 targets above 0.95')
    assert f'Raw 16-bit codes from {image.min():,} to {image.max():,}: each image is stretched by its own range' in text
    best = session_of(served).results[0].highest[0]
    assert f'The highest probability is {best:.3f}' in text
    color = page.run("getComputedStyle(document.querySelector('#status .status')).borderLeftColor")
    assert color == 'rgb(245, 158, 11)'  # amber
    page.run("document.querySelector('#lower').click()")
    assert '1 target above' in status(page, 'done')
    page.wait("!document.querySelector('#lower')")
    assert page.run("Number(document.querySelector('#threshold input[type=number]').value)") == pytest.approx(
        best, abs=0.01
    )
    # Dark targets are another run of the model.
    page.run("[...document.querySelectorAll('#polarity input')][1].click()")
    assert 'Chosen now: dark targets' in status(page, 'old')
    page.run("document.querySelector('#again').click()")
    assert 'dark targets' in status(page, 'none')


def test_views_and_size_are_another_run(page: Browser, tmp_path: Path) -> None:
    send(page, write_image(tmp_path / 'a.png', scene()))
    status(page, 'done')
    page.run("document.querySelector('#augmentation button').click()")
    choose(page, 'views', 'Mirror images, too')
    choose(page, 'size', '3/4')
    status(page, 'old', 'Chosen now: views: mirror images, too; image size: 3/4.')
    page.run("document.querySelector('#again').click()")
    assert 'Views and size change nothing here' in status(page, 'done')  # a classical method


def test_many_images(page: Browser, served: tuple, tmp_path: Path) -> None:
    pictures = {'1.png': scene(), '2.png': scene(targets=((20, 20), (40, 70))), '10.png': scene(48, 64, ())}
    for name, picture in pictures.items():
        write_image(tmp_path / 'flight' / name, picture)
    (tmp_path / 'flight' / '3.png').write_bytes(b'')
    (tmp_path / 'flight' / 'notes.txt').write_text('text')
    page.choose_files('#begin input[type=file]', tmp_path / 'flight')
    text = status(page, 'done', 'in 3 images')
    assert '1 of 4 images could not be used.' in text
    assert '3.png: the file is empty' in text
    assert 'Left out, since they are no images: 1 file (notes.txt).' in text
    cells = "[...document.querySelectorAll('#images [role=gridcell]')].map(cell => cell.innerText.trim())"
    page.wait(f"{cells}.includes('not used')")
    shown = page.run(cells)
    table = [shown[row : row + 6] for row in range(0, len(shown), 6)]
    assert [row[:4] for row in table] == [
        ['1', '1.png', '96\u00d764', '1'],
        ['2', '2.png', '96\u00d764', '2'],
        ['3', '3.png', '', 'not used'],
        ['4', '10.png', '64\u00d748', '0'],
    ]
    session = session_of(served)
    assert [row[4] for row in table if row[4]] == [f'{result.highest[0]:.3f}' for result in session.results]

    def shows(name: str, targets: int) -> None:
        page.wait(f"document.querySelector('#heading').innerText.startsWith({json.dumps(name)})")
        page.wait(f"document.querySelectorAll('#insets img').length === {targets}")

    shows('1.png', 1)
    click(page, '#images [data-row="1"][data-col="1"]')
    shows('2.png', 2)
    click(page, '#table [data-row="1"][data-col="1"]')
    looks_at(page, 70, 40, 32)
    page.run("document.querySelector('#next').click()")
    shows('10.png', 0)
    page.run("document.querySelector('#previous').click()")
    shows('2.png', 2)
    # A new threshold keeps the image that is looked at.
    type_number(page, 'threshold', 0.6)
    status(page, 'done', 'above 0.60')
    shows('2.png', len(session.results[1].targets))
    page.run("document.querySelector('#pictures').click()")
    page.wait("!document.querySelector('#pictures')")
    folder = tmp_path / 'downloads'
    folder.mkdir()
    with zipfile.ZipFile(download(page, 'all', folder)) as archive:
        names = set(archive.namelist())
        assert {'targets.csv', 'images.csv', 'masks/10.png', 'json/2.json', 'overlays/1.png'} <= names
    with download(page, 'images', folder).open(newline='', encoding='utf-8') as file:
        assert [row['source'] for row in csv.DictReader(file)] == ['1.png', '2.png', '3.png', '10.png']
    # One file less: the others are looked at anew.
    row = """document.querySelector('#file td[aria-label="2.png"]').parentElement"""
    page.run(f"""{row}.querySelector('[aria-label="Remove this file"]').click()""")
    status(page, 'done', 'in 2 images')


def test_a_detector_shows_scores_and_boxes(page: Browser, served: tuple, tmp_path: Path) -> None:
    choose(page, 'model', 'tiny-detector')
    send(page, write_video(tmp_path / 'v.avi', moving_frames(3)))
    assert 'The highest score is 0.' in status(page, 'none')
    page.run("document.querySelector('#lower').click()")
    assert 'A detector of boxes' in status(page, 'done')
    targets = session_of(served).targets
    headers = "[...document.querySelectorAll('#table th')].map(cell => cell.innerText.trim())"
    page.wait(f"{headers}.includes('score')")
    assert page.run(headers)[-8:] == ['frame', 'id', 'x', 'y', 'width', 'height', 'score', 'scr']
    cells = "[...document.querySelectorAll('#table [role=gridcell]')].map(cell => cell.innerText.trim())"
    page.wait(f"{cells}.includes('{targets[0].peak:.3f}')")
    tabs = page.run("[...document.querySelectorAll('button[role=tab]')].map(tab => tab.innerText.trim())")
    assert 'Probability' not in tabs
    assert not page.run("document.querySelector('#get-mask')")
    # The video of the new threshold is made when it is asked for, and plays.
    page.run("document.querySelector('#pictures').click()")
    page.wait("!document.querySelector('#pictures')")
    page.run("[...document.querySelectorAll('button[role=tab]')].find(b => b.innerText.includes('Video')).click()")
    page.wait("document.querySelector('#video video') && document.querySelector('#video video').readyState >= 2")


#: What can be touched and is too small for a finger; a radio button's place is its label.
SMALL = """[...document.querySelectorAll('button, a, input, [role=option], .virtual-row')].filter(e => {
  const r = e.getBoundingClientRect(), s = getComputedStyle(e);
  return r.width > 0 && r.height > 0 && s.visibility !== 'hidden' && e.type !== 'file' && !e.closest('.invisible');
}).map(e => e.type === 'radio' ? e.closest('label') : e).filter(e => {
  const r = e.getBoundingClientRect(); return r.width < 43.5 || r.height < 43.5;
}).map(e => e.outerHTML.slice(0, 150))"""


def test_on_a_phone_results_come_first_and_everything_can_be_touched(
    page: Browser, served: tuple, tmp_path: Path
) -> None:
    page.resize(390, 844, mobile=True, scale=2)

    def fits(above: str, below: str) -> None:
        top = "document.querySelector('{}').getBoundingClientRect().top"
        page.wait(f'{top.format(above)} < {top.format(below)}')
        page.wait('innerWidth <= 390 && document.documentElement.scrollWidth <= 390')
        page.wait(f'{SMALL}.length === 0 || (window.small = {SMALL}, false)')

    fits('#upload', '#right')
    fits('#right', '#settings')
    bad = tmp_path / 'bad.png'
    bad.write_bytes(b'')
    send(page, bad)
    status(page, 'error')
    fits('#upload', '#right')
    paths = [write_image(tmp_path / f'{k}.png', scene(seed=k)) for k in range(3)]
    send(page, *paths)
    status(page, 'done', 'in 3 images')
    fits('#right', '#upload')
    fits('#upload', '#settings')
    send(page, write_video(tmp_path / 'v.avi', moving_frames(3)))
    status(page, 'done', 'in 3 frames')
    fits('#right', '#upload')
    page.run("[...document.querySelectorAll('#polarity input')][1].click()")
    status(page, 'old')
    fits('#right', '#upload')
    click(page, '#model input')
    page.wait("document.querySelector('[role=option]')")
    fits('#right', '#upload')


def test_only_the_sessions_files_are_served_and_they_go_with_it(page: Browser, served: tuple, tmp_path: Path) -> None:
    address, store, folder = served
    take_example(page)
    session = next(reversed(store._sessions.values()))[0]

    def answer(path: object) -> int:
        url = f'{address}gradio_api/file={urllib.parse.quote(str(path))}'
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            return opener.open(url, timeout=30).status
        except urllib.error.HTTPError as error:
            return error.code

    assert answer(session.files['csv']) == 200
    secret = tmp_path / 'secret.txt'
    secret.write_text('x')
    for forbidden in ('/etc/passwd', secret, server.__file__, folder / 'sessions' / '..' / '..' / 'x', folder.parent):
        assert answer(forbidden) in (403, 404)
    assert len(store) == 1
    page.call('Page.navigate', url='about:blank')  # as closing the tab
    end = time.monotonic() + 60
    while list((folder / 'sessions').iterdir()) and time.monotonic() < end:
        time.sleep(0.05)
    assert not list((folder / 'sessions').iterdir())
    assert len(store) == 0
