"""Eight people use the app at once, for an hour, over HTTP as their browsers do; others attack it meanwhile.

    OMP_NUM_THREADS=1 python -m tests.reliability.app_users --minutes 60

Each person sends images (good ones, several at once, damaged ones), detects, moves the threshold, looks at magnified
targets, downloads, thinks, and now and then closes the tab and opens another. Every answer must be of the person's own
image. Watched are the memory of the app's process, the files that it holds, and how long it takes to answer.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import requests
from PIL import Image

from tests.reliability.training_runs import free_port
from tests.shared import REPO

SIDE = 64
MODEL = 'white-tophat_nuaa-sirst-341-86'


class Page:
    """One tab: what a browser does with the page.

    Args:
        address: Of the app.
        timeout: Seconds for an answer.
    """

    def __init__(self, address: str, timeout: float = 120) -> None:
        self.address = address.rstrip('/')
        self.timeout = timeout
        self.http = requests.Session()
        self.http.trust_env = False  # no proxy stands between
        self.key = ''.join(random.choices('abcdefghijklmnopqrstuvwxyz0123456789', k=11))
        config = self.http.get(f'{self.address}/config', timeout=timeout).json()
        self._heart = self.http.get(f'{self.address}/gradio_api/heartbeat/{self.key}', stream=True, timeout=timeout)
        self.components = {entry['props'].get('elem_id'): entry['id'] for entry in config['components']}
        self._names = {number: name for name, number in self.components.items()}
        self._steps = {
            (self._names.get(target[0]), target[1]): step
            for step in config['dependencies']
            for target in step['targets']
        }
        self.values = {entry['props'].get('elem_id'): entry['props'].get('value') for entry in config['components']}

    def upload(self, name: str, data: bytes) -> dict[str, Any]:
        """Send a file; gives what the page then knows of it."""
        answer = self.http.post(
            f'{self.address}/gradio_api/upload', files={'files': (name, data)}, timeout=self.timeout
        )
        answer.raise_for_status()
        return dict(path=answer.json()[0], orig_name=name, size=len(data), meta={'_type': 'gradio.FileData'})

    def act(self, element: str, event: str, event_data: Any = None, **values: Any) -> dict[str, Any]:
        """Do what an event of an element does.

        Args:
            element: Its ``elem_id``.
            event: ``click``, ``change``, ...
            event_data: What the browser says of it.
            values: Of elements, in the place of what they have.

        Returns:
            ``elem_id`` -> what the page is told of the element.

        Raises:
            RuntimeError: The app says that something went wrong.
        """
        step = self._steps[element, event]
        self.values.update(values)
        data = [self.values.get(self._names.get(number)) for number in step['inputs']]
        asked = dict(fn_index=step['id'], data=data, session_hash=self.key, event_data=event_data, trigger_id=None)
        joined = self.http.post(f'{self.address}/gradio_api/queue/join', json=asked, timeout=self.timeout)
        if joined.status_code != 200:
            raise RuntimeError(f'{joined.status_code}: {joined.text[:200]}')
        event_id = joined.json()['event_id']
        with self.http.get(
            f'{self.address}/gradio_api/queue/data',
            params={'session_hash': self.key},
            stream=True,
            timeout=self.timeout,
        ) as stream:
            for line in stream.iter_lines():
                if not line.startswith(b'data:'):
                    continue
                said = json.loads(line[5:])
                if said.get('msg') == 'process_completed' and said.get('event_id') == event_id:
                    if not said['success']:
                        raise RuntimeError(str(said['output'])[:300])
                    names = [self._names.get(number) for number in step['outputs']]
                    return dict(zip(names, said['output']['data'], strict=False))
        raise RuntimeError('the stream ended without an answer')

    def get(self, path: str) -> requests.Response:
        """A file of the app."""
        return self.http.get(f'{self.address}/gradio_api/file={path}', timeout=self.timeout)

    def targets(self, told: dict[str, Any]) -> list[tuple[float, float]] | None:
        """Row and column of the targets in the CSV file of an answer of :meth:`act`; None where it names none.

        Raises:
            RuntimeError: The file cannot be had.
        """
        path = next(iter(re.findall(r'/[^\'" ]+-targets\.csv', str(told.get('get-csv')))), None)
        if path is None:
            return None
        answer = self.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f'{path}: {answer.status_code}')
        return [(float(row['y']), float(row['x'])) for row in csv.DictReader(io.StringIO(answer.text))]

    def close(self) -> None:
        """Close the tab, which the app notices by the end of its heartbeat."""
        self._heart.close()
        self.http.close()


def image_with_target(place: tuple[int, int], seed: int) -> bytes:
    """A PNG of noise with one bright target."""
    pixels = np.random.default_rng(seed).normal(90, 4, (SIDE, SIDE))
    pixels[place[0] - 1 : place[0] + 2, place[1] - 1 : place[1] + 2] += 120
    stream = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(stream, 'PNG')
    return stream.getvalue()


def near(place: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether two places are one."""
    return abs(place[0] - other[0]) < 3 and abs(place[1] - other[1]) < 3


class App:
    """``mmirstd app`` in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.address = f'http://127.0.0.1:{self.port}'
        self.log = folder / 'app.log'
        environ = {**os.environ, 'TMPDIR': str(folder), 'PYTHONPATH': str(REPO), 'OMP_NUM_THREADS': '1'}
        words = [sys.executable, '-m', 'mmirstd.cli', 'app', '--port', str(self.port), '--device', 'cpu']
        with self.log.open('w') as log:
            self.process = subprocess.Popen(
                [*words, '--model', MODEL, '--max-upload-mb', '2'], cwd=folder, env=environ, stdout=log, stderr=log
            )
        end = time.monotonic() + 300
        while 'open http' not in self.log.read_text():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f'the app did not start: {self.log.read_text()[-2000:]}')
            time.sleep(0.2)

    def memory(self) -> int:
        """Bytes that are resident."""
        return int(Path(f'/proc/{self.process.pid}/statm').read_text().split()[1]) * 4096

    def handles(self) -> int:
        """Files and connections that are open."""
        return len(list(Path(f'/proc/{self.process.pid}/fd').iterdir()))

    def end(self) -> str:
        """Stop it; gives what it said."""
        self.process.terminate()
        self.process.wait(120)
        return self.log.read_text()


def tracebacks(said: str) -> dict[str, int]:
    """Count the tracebacks of a log by the line that ends them.

    Args:
        said: The text of the log.

    Returns:
        From the last line of a traceback, the error, to how often it stands there.
    """
    errors: Counter[str] = Counter()
    inside = False
    for line in said.splitlines():
        text = re.sub(r'^\s*\| ?', '', line)  # the lines of an exception group begin so
        if text.startswith('Traceback (most recent call last)'):
            inside = True
        elif inside and text and not text.startswith(' '):
            errors[text[:200]] += 1
            inside = False
    return dict(errors)


class Person(threading.Thread):
    """One of the people.

    Args:
        number: Tells where this person's targets are.
        address: Of the app.
        until: When to stop, of ``time.monotonic``.
        think: Seconds between two deeds, in the mean.
    """

    def __init__(self, number: int, address: str, until: float, think: float) -> None:
        super().__init__(daemon=True)
        self.number = number
        self.address = address
        self.until = until
        self.think = think
        self.counts: Counter[str] = Counter()
        self.seconds: dict[str, list[float]] = {}
        self.wrong: list[str] = []
        self.draw = random.Random(number)

    def run(self) -> None:
        while time.monotonic() < self.until and len(self.wrong) < 20:
            try:
                self._visit()
            except Exception as error:
                self.wrong.append(f'person {self.number}: {type(error).__name__}: {str(error)[:300]}')
                time.sleep(2)

    def _timed(self, what: str, deed: Any, *args: Any, **kwargs: Any) -> Any:
        began = time.monotonic()
        answer = deed(*args, **kwargs)
        self.seconds.setdefault(what, []).append(time.monotonic() - began)
        self.counts[what] += 1
        time.sleep(self.draw.expovariate(1 / self.think))
        return answer

    def _visit(self) -> None:
        """A tab from its opening to its end."""
        page = self._timed('open the page', Page, self.address)
        self.counts['tabs'] += 1
        try:
            for _ in range(self.draw.randint(3, 8)):
                if time.monotonic() > self.until:
                    return
                self._look_at_an_image(page)
        finally:
            page.close()

    def _look_at_an_image(self, page: Page) -> None:
        kind = self.draw.random()
        asked = dict(model=MODEL, threshold=0.5)
        place = (12 + 5 * self.number, 8 + self.draw.randrange(SIDE - 16))
        data = image_with_target(place, self.draw.randrange(10**6))
        if kind < 0.15:
            bad = self._timed('upload', page.upload, 'bad.png', data[: len(data) // 2])
            told = self._timed('refuse', page.act, 'detect', 'click', file=[bad], **asked)
            if 'bad.png' not in str(told.get('status')):
                self.wrong.append(
                    f'person {self.number}: a damaged file was answered by {str(told.get("status"))[:200]}'
                )
            return
        count = 3 if kind < 0.3 else 1
        files = [self._timed('upload', page.upload, f'{k}.png', data) for k in range(count)]
        told = self._timed(f'detect in {count}', page.act, 'detect', 'click', file=files, **asked)
        self._check(page, told, place)
        told = self._timed('threshold', page.act, 'threshold', 'change', threshold=self.draw.choice((0.3, 0.4, 0.6)))
        if 'targets.csv' in str(told.get('get-csv')):
            self._check(page, told, place, perhaps_none=True)
        self._timed('magnify', page.act, 'side', 'change', side=self.draw.choice((16, 32, 64)))

    def _check(self, page: Page, told: dict[str, Any], place: tuple[int, int], perhaps_none: bool = False) -> None:
        """The answer is of this person's image: its CSV has the target where it was put, or nothing at a threshold."""
        found = self._timed('download', page.targets, told)
        if found is None:
            self.wrong.append(f'person {self.number}: no CSV: {str(told.get("status"))[:300]}')
        elif not (perhaps_none and not found) and not any(near(place, target) for target in found):
            self.wrong.append(f'person {self.number}: {place} is not among {found[:3]}')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--minutes', type=float, default=60)
    parser.add_argument('--people', type=int, default=8)
    parser.add_argument('--think', type=float, default=3.0, help='seconds between two deeds, in the mean')
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        app = App(Path(name))
        began = time.monotonic()
        until = began + 60 * args.minutes
        people = [Person(number, app.address, until, args.think) for number in range(args.people)]
        for person in people:
            person.start()
        watched: list[tuple[float, int, int]] = []
        while any(person.is_alive() for person in people) and time.monotonic() < until + 300:
            watched.append((time.monotonic() - began, app.memory(), app.handles()))
            time.sleep(5)
            if len(watched) % 60 == 0:
                requests_so_far = sum(sum(person.counts.values()) for person in people)
                print(
                    f'  {watched[-1][0] / 60:.0f} min: {requests_so_far} deeds, {watched[-1][1] / 2**20:.0f} MiB',
                    flush=True,
                )
        files = sum(path.is_file() for path in Path(name).rglob('*'))
        said = app.end()
        left = [path for path in Path(name).iterdir() if path.name != 'app.log']
        report(people, watched, files)
        print(f'  files on disk before its end: {files}, after: {len(left)}')
        print(f'  tracebacks in its log: {tracebacks(said)}')
        sys.exit(any(person.wrong for person in people))


def report(people: list[Person], watched: list[tuple[float, int, int]], files: int) -> None:
    """Print the figures."""
    counts = sum((person.counts for person in people), Counter[str]())
    tabs = counts.pop('tabs')
    table = np.array(watched, float)
    late = table[table[:, 0] > 0.2 * table[-1, 0]]
    slope = np.polyfit(late[:, 0] / 3600, late[:, 1] / 2**20, 1)[0]
    print(f'{len(people)} people, {table[-1, 0] / 60:.0f} minutes: {tabs} tabs, {sum(counts.values()):,} deeds')
    early, end, most = (value / 2**20 for value in (late[0, 1], late[-1, 1], table[:, 1].max()))
    print(f'  memory after the first fifth {early:.0f} MiB, in the end {end:.0f} MiB, at most {most:.0f} MiB')
    print(f'  slope {slope:+.1f} MiB an hour; open files at most {table[:, 2].max():.0f}')
    for what in sorted(counts):
        ms = 1e3 * np.concatenate([person.seconds.get(what, []) for person in people])
        print(
            f'  {what:14} {len(ms):6,}: median {np.median(ms):6.0f} ms, p99 {np.percentile(ms, 99):6.0f} ms, '
            f'max {ms.max():6.0f} ms'
        )
    wrong = [text for person in people for text in person.wrong]
    print(f'  wrong: {len(wrong)}' + ''.join(f'\n    {text}' for text in wrong[:20]))


if __name__ == '__main__':
    main()
