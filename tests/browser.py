"""Drive a real headless Chromium with nothing but the standard library.

The DevTools protocol runs over two pipes (``--remote-debugging-pipe``), so no port, no web socket and no driver
package is needed.  Tests that use it skip where no Chromium (or Chrome) is installed.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

_NAMES = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'headless_shell')


def find_chromium() -> str | None:
    """The program named by CHROMIUM, or the first on the PATH."""
    given = os.environ.get('CHROMIUM')
    return given or next((path for path in map(shutil.which, _NAMES) if path), None)


# The protocol's pipes are file descriptors 3 and 4 of the browser.  Not by a shell's redirections: dash knows only
# descriptors of one digit, and a long test run has more open.
_START = """
import fcntl, os, sys
pipes = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 10) for fd in sys.argv[1:3]]
for target, fd in enumerate(pipes, 3):
    os.dup2(fd, target)
    os.close(fd)
os.execvp(sys.argv[3], sys.argv[3:])
"""

needs_chromium = pytest.mark.skipif(
    find_chromium() is None, reason='needs Chromium or Chrome (Debian: apt install chromium), or CHROMIUM=its path'
)


class BrowserError(RuntimeError):
    """The browser or a script in the page failed."""


class Browser:
    """One headless browser with one page.

    Attributes:
        problems: Exceptions, console errors and warnings, and failed or refused loads of the page so far.
        requests: Addresses the page asked for so far.

    Args:
        width, height: Of the window, CSS pixels.
        timeout: Seconds to wait for anything.
    """

    def __init__(self, width: int = 1280, height: int = 900, timeout: float = 240.0) -> None:
        self.timeout = timeout
        self.problems: list[str] = []
        self.requests: list[str] = []
        self._size = (width, height)
        self._next, self._buffer, self._events = 0, b'', []
        self._profile = tempfile.TemporaryDirectory(prefix='chromium-', ignore_cleanup_errors=True)

    def __enter__(self) -> Browser:
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        flags = [
            '--headless=new',
            '--remote-debugging-pipe',
            '--no-first-run',
            '--disable-gpu',
            '--disable-dev-shm-usage',
            '--disable-background-networking',
            '--disable-extensions',
            '--hide-scrollbars',
            '--mute-audio',
            f'--user-data-dir={self._profile.name}',
            f'--window-size={self._size[0]},{self._size[1]}',
        ]
        if os.geteuid() == 0:
            flags.append('--no-sandbox')  # the sandbox refuses to run as root
        self._process = subprocess.Popen(
            [sys.executable, '-c', _START, str(to_browser), str(from_browser), find_chromium(), *flags, 'about:blank'],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(to_browser)
        os.close(from_browser)
        try:
            pages = [t for t in self.call('Target.getTargets')['targetInfos'] if t['type'] == 'page']
            target = pages[0]['targetId'] if pages else self.call('Target.createTarget', url='about:blank')['targetId']
            self._session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
            for domain in ('Page', 'Runtime', 'Log', 'Network'):
                self.call(f'{domain}.enable')
            self.resize(*self._size)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)  # its own session: the browser and its children
        self._process.wait()
        os.close(self._write)
        os.close(self._read)
        self._profile.cleanup()

    _session: str | None = None

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the DevTools protocol."""
        self._next += 1
        number = self._next
        message: dict[str, Any] = dict(id=number, method=method, params=params)
        if self._session:
            message['sessionId'] = self._session
        data = json.dumps(message).encode() + b'\0'
        while data:
            data = data[os.write(self._write, data) :]
        while True:
            answer = self._receive()
            if answer.get('id') == number:
                if 'error' in answer:
                    raise BrowserError(f'{method}: {answer["error"].get("message")}')
                return answer['result']

    def _receive(self) -> dict[str, Any]:
        end = time.monotonic() + self.timeout
        while b'\0' not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0.0, end - time.monotonic()))
            data = os.read(self._read, 1 << 16) if ready else b''
            if not data:
                raise BrowserError(f'the browser {"has ended" if ready else f"gave no answer in {self.timeout:g} s"}')
            self._buffer += data
        text, _, self._buffer = self._buffer.partition(b'\0')
        message = json.loads(text)
        if 'method' in message:
            self._note(message['method'], message['params'])
        return message

    def _note(self, method: str, params: dict[str, Any]) -> None:
        if method == 'Runtime.exceptionThrown':
            details = params['exceptionDetails']
            self.problems.append(details.get('exception', {}).get('description') or details['text'])
        elif method == 'Runtime.consoleAPICalled' and params['type'] in ('error', 'warning', 'assert'):
            self.problems.append(' '.join(str(a.get('value', a.get('description'))) for a in params['args']))
        elif method == 'Log.entryAdded' and params['entry']['level'] in ('error', 'warning'):
            entry = params['entry']
            self.problems.append(' '.join(filter(None, (entry['text'], entry.get('url', '')[:200]))))
        elif method == 'Network.requestWillBeSent':
            self.requests.append(params['request']['url'][:200])

    def resize(self, width: int, height: int, mobile: bool = False, scale: float = 1.0) -> None:
        """Set the size of the window in CSS pixels and the device's pixels per CSS pixel."""
        self.call(
            'Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=scale, mobile=mobile
        )

    def color_scheme(self, name: str) -> None:
        """Let the system prefer ``'light'`` or ``'dark'``."""
        self.call('Emulation.setEmulatedMedia', features=[dict(name='prefers-color-scheme', value=name)])

    def offline(self) -> None:
        """Cut the page off the network."""
        self.call(
            'Network.emulateNetworkConditions', offline=True, latency=0, downloadThroughput=-1, uploadThroughput=-1
        )

    def open(self, path: str | Path, ready: str = 'document.readyState === "complete"') -> None:
        """Open a file (or an address) and wait until the expression ``ready`` is true."""
        text = str(path)
        self.call('Page.navigate', url=text if '://' in text else Path(path).resolve().as_uri())
        self.wait(f'location.href !== "about:blank" && document.readyState === "complete" && ({ready})')

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression (a promise's result), fit for JSON.

        Raises:
            BrowserError: It threw.
        """
        answer = self.call(
            'Runtime.evaluate', expression=script, returnByValue=True, awaitPromise=True, userGesture=True
        )
        if 'exceptionDetails' in answer:
            details = answer['exceptionDetails']
            raise BrowserError(details.get('exception', {}).get('description') or details['text'])
        return answer['result'].get('value')

    def wait(self, condition: str) -> None:
        """Wait until a JavaScript expression is true."""
        end = time.monotonic() + self.timeout
        while True:
            try:
                if self.run(f'Boolean({condition})'):
                    return
            except BrowserError:
                pass  # the page is being replaced
            if time.monotonic() > end:
                raise BrowserError(f'not true after {self.timeout:g} s: {condition}; the page said {self.problems}')
            time.sleep(0.05)

    def press(self, key: str, code: int) -> None:
        """Press and release a key, e.g. ``('ArrowRight', 39)``; ``('Enter', 13)``."""
        text = {'Enter': '\r', ' ': ' '}.get(key)
        for kind in ('keyDown', 'keyUp'):
            extra = dict(text=text) if text and kind == 'keyDown' else {}
            self.call(
                'Input.dispatchKeyEvent',
                type=kind,
                key=key,
                code='Space' if key == ' ' else key,
                windowsVirtualKeyCode=code,
                **extra,
            )

    def choose_files(self, selector: str, *paths: str | Path) -> None:
        """Choose files in the ``<input type="file">`` that a CSS selector finds, as a person does in its dialog."""
        handle = self.call('Runtime.evaluate', expression=f'document.querySelector({json.dumps(selector)})')
        if 'objectId' not in handle['result']:
            raise BrowserError(f'no element {selector}')
        self.call(
            'DOM.setFileInputFiles',
            files=[str(Path(path).resolve()) for path in paths],
            objectId=handle['result']['objectId'],
        )

    def download_to(self, folder: str | Path) -> None:
        """Put what the page downloads from now on into a folder, without asking."""
        self.call('Browser.setDownloadBehavior', behavior='allow', downloadPath=str(Path(folder).resolve()))

    def click(self, x: float, y: float) -> None:
        """Click at a point of the window, CSS pixels."""
        for kind in ('mouseMoved', 'mousePressed', 'mouseReleased'):
            self.call('Input.dispatchMouseEvent', type=kind, x=x, y=y, button='left', clickCount=1)

    def screenshot(self, path: str | Path, whole_page: bool = False) -> None:
        """Write what the window shows, or the whole page, as PNG."""
        data = self.call('Page.captureScreenshot', format='png', captureBeyondViewport=whole_page)['data']
        Path(path).write_bytes(base64.b64decode(data))
