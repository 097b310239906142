"""Ten thousand requests that mean harm, in eight threads, at a running app.

    OMP_NUM_THREADS=1 python -m tests.reliability.app_attack --requests 10000

Each asks for a file that is not the session's, sends a name that leads elsewhere, a bomb, a file that is two things, a
file that is too large, a request that no page would send, or tries to see another tab's results. No answer may hold a
secret, fail with a traceback or take the app down; in the end it must still work.
"""

from __future__ import annotations

import argparse
import io
import math
import random
import re
import struct
import sys
import tempfile
import threading
import time
import urllib.parse
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from tests.reliability.app_users import MODEL, App, Page, image_with_target, tracebacks

SECRET = 'nobody may read this'
PLACE = (20, 30)


def bomb(width: int, height: int, packed: bytes) -> bytes:
    """A gray PNG of any claims and any content, with right checksums."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

    header = struct.pack('>IIBBBBB', width, height, 8, 0, 0, 0, 0)
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', packed) + chunk(b'IEND', b'')


def zip_bomb() -> bytes:
    """Some kilobytes that become two gigabytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w', zipfile.ZIP_DEFLATED) as archive:
        for number in range(1000):
            archive.writestr(f'../../{number}.png', bytes(2**11))
        with archive.open('big.png', 'w') as file:
            for _ in range(64):
                file.write(bytes(2**20))
    return stream.getvalue()


class Attacker:
    """Somebody with bad intentions.

    Args:
        address: Of the app.
        secret: A file that holds :data:`SECRET`, outside of the app's folder.
        victim: A tab with results, of somebody else.
        victims_files: Paths of these results on the server.
        seed: Of what is tried.
    """

    def __init__(self, address: str, secret: Path, victim: Page, victims_files: list[str], seed: int) -> None:
        self.address = address.rstrip('/')
        self.secret = secret
        self.victim = victim
        self.victims_files = victims_files
        self.draw = random.Random(seed)
        self.page = Page(address)
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.seconds: list[float] = []
        self._zip = zip_bomb()
        self._pixels = bomb(16, 16, zlib.compress(bytes(2**24), 1))
        light: list[Callable[[], None]] = [self.read_a_file, self.read_a_file, self.strange_request, self.odd_route]
        light += [self.guess_a_result, self.upload_an_odd_name, self.too_large, self.foreign_path]
        self._light = light
        self._heavy = [self.pixel_bomb, self.decompression_bomb, self.two_things, self.packed_bomb, self.others_results]

    def attack(self, name: str | None = None) -> None:
        """Try the thing of this name, or any: one in twenty makes the app decode something."""
        deed = (
            getattr(self, name) if name else self.draw.choice(self._heavy if self.draw.random() < 0.05 else self._light)
        )
        began = time.monotonic()
        try:
            deed()
        except requests.ConnectionError:
            # the server hangs up on who sends too much; it must be there for the next one
            self.counts['hung up'] += 1
            self.page.http.close()
            self._expect(self.page.http.get(f'{self.address}/config', timeout=60), 'GET config', 200)
        self.counts[deed.__name__] += 1
        self.seconds.append(time.monotonic() - began)

    def _expect(self, answer: requests.Response, what: str, *statuses: int) -> None:
        if SECRET in answer.text or 'root:' in answer.text or 'Traceback' in answer.text:
            self.wrong.append(f'{what}: {answer.status_code} {answer.text[:200]}')
        if answer.status_code not in statuses:
            self.wrong.append(f'{what}: {answer.status_code}, expected {statuses}: {answer.text[:200]}')

    def read_a_file(self) -> None:
        """Files of the machine, by every way to write their names."""
        depth = '../' * self.draw.randint(1, 12)
        path = self.draw.choice(
            [str(self.secret), '/etc/passwd', f'{depth}etc/passwd', f'/tmp/{depth}etc/passwd', 'C:\\boot.ini']
            + ['file:///etc/passwd', '//etc/passwd', '/proc/self/environ', '/proc/self/cwd/app.log', '/dev/zero', '~']
            + [f'{self.victims_files[0]}/../../../../../../../..{self.secret}', '\0', 'http://127.0.0.1:1/', '.env']
        )
        quoted = self.draw.choice(
            [urllib.parse.quote(path), urllib.parse.quote(path, safe=''), path.replace('.', '%2e')]
        )
        quoted = quoted.replace('\0', '%00')
        route = self.draw.choice(['gradio_api/file=', 'gradio_api/file/', 'static/', 'assets/', 'gradio_api/proxy='])
        # as it is: the library would take the dots away
        url = f'{self.address}/{route}{quoted}'
        prepared = requests.Request('GET', url).prepare()
        prepared.url = url
        answer = self.page.http.send(prepared, timeout=60, allow_redirects=False)
        # 500: Gradio on names that no file can have
        self._expect(answer, f'GET {url}', 302, 307, 400, 401, 403, 404, 405, 422, 500)

    def guess_a_result(self) -> None:
        """The place of the victim's results, but for a part of its name."""
        path = self.draw.choice(self.victims_files)
        parts = path.split('/')
        number = self.draw.randrange(len(parts) - 3, len(parts) - 1)
        parts[number] = ''.join(self.draw.choices('abcdef0123456789', k=len(parts[number])))
        guess = self.draw.choice(
            ['/'.join(parts), '/'.join(path.split('/')[:-1]), '/'.join(path.split('/')[:-2]) + '/']
        )
        self._expect(self.page.get(guess), f'guess {guess}', 403, 404, 500) if guess != path else None

    def odd_route(self) -> None:
        """What the page has no use for."""
        route = self.draw.choice(
            ['monitoring', 'monitoring/summary', 'gradio_api/info', 'docs', 'openapi.json', 'gradio_api/mcp/sse']
            + [
                'gradio_api/startup-events',
                'gradio_api/call/on_detect',
                'gradio_api/run/predict',
                'dev/reload',
                'admin',
            ]
            + ['gradio_api/heartbeat/' + 'x' * 5000, '.git/config', 'gradio_api/app_id', 'login', 'token', 'robots.txt']
        )
        method = self.draw.choice(['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'])
        if route.startswith('gradio_api/heartbeat') and method == 'GET':
            return  # a stream without end, as it should be
        answer = self.page.http.request(method, f'{self.address}/{route}', timeout=60, allow_redirects=False)
        self._expect(answer, f'{method} {route[:60]}', 200, 302, 307, 400, 401, 403, 404, 405, 422)

    def strange_request(self) -> None:
        """Data that no page sends."""
        body: Any = self.draw.choice(
            [b'', b'{', b'[]', b'null', b'{"fn_index": 1e999}', b'[' * 100_000, b'{"data": "x", "fn_index": -1}']
            + [
                b'{"fn_index": 99999, "data": [], "session_hash": "x"}',
                b'\xff' * 100,
                b'{"data": [{"path": "/etc/passwd"}]}',
            ]
        )
        route = self.draw.choice(
            ['queue/join', 'run/predict', 'reset', 'component_server', 'cancel', 'upload', 'vibe-code']
        )
        answer = self.page.http.post(
            f'{self.address}/gradio_api/{route}', data=body, headers={'Content-Type': 'application/json'}, timeout=60
        )
        self._expect(answer, f'POST {route} {body[:40]!r}', 200, 400, 401, 403, 404, 405, 413, 415, 422, 500, 503)

    def upload_an_odd_name(self) -> None:
        """Names that lead elsewhere; the file must be put below the app's folder."""
        name = self.draw.choice(
            ['../../../../tmp/x.png', '/etc/cron.d/x', '..\\..\\x.png', 'C:\\x.png', '.', '..', '', 'a/../../b.png']
            + [
                'x' * 300 + '.png',
                'a\nb.png',
                '%2e%2e%2fx.png',
                '.htaccess',
                'con',
                '\u202egnp.exe',
                "a'; rm -rf ~;'.png",
            ]
        )
        answer = self.page.http.post(
            f'{self.address}/gradio_api/upload', files={'files': (name, image_with_target(PLACE, 0))}, timeout=60
        )
        self._expect(answer, f'upload {name[:40]!r}', 200, 400, 422, 500)
        if answer.status_code == 200:
            for path in answer.json():
                inside = self.victims_files[0].split('/mmirstd-app-')[0] + '/mmirstd-app-'
                if '..' in Path(path).parts or not path.startswith(inside):
                    self.wrong.append(f'upload {name!r} went to {path}')

    def too_large(self) -> None:
        """More than a file may have."""
        if self.draw.random() < 0.9:
            return
        answer = self.page.http.post(
            f'{self.address}/gradio_api/upload', files={'files': ('a.png', bytes(3 * 2**20))}, timeout=60
        )
        self._expect(answer, 'upload of 3 MiB', 413)

    def _detect(self, *files: dict[str, Any]) -> str:
        """What the page says of files."""
        try:
            told = self.page.act('detect', 'click', file=list(files), model=MODEL)
        except RuntimeError as error:
            return f'refused: {error}'
        return str(told.get('status')) + str(told.get('get-csv'))

    def _refused(self, what: str, said: str) -> None:
        if re.search(r'-targets\.csv', said) or SECRET in said or 'Traceback' in said:
            self.wrong.append(f'{what}: {said[:300]}')

    def foreign_path(self) -> None:
        """A path that was not sent here, in the place of an upload."""
        if self.draw.random() < 0.8:
            return
        path = self.draw.choice(
            [str(self.secret), '/etc/passwd', '/dev/zero', '/proc/self/mem', '..', self.secret.name]
        )
        self._refused(
            f'path {path}', self._detect(dict(path=path, orig_name='a.png', meta={'_type': 'gradio.FileData'}))
        )

    def pixel_bomb(self) -> None:
        width = self.draw.choice([60_000, 2**31 - 1])
        data = bomb(width, width, zlib.compress(bytes(10)))
        self._refused('pixels', self._detect(self.page.upload('a.png', data)))

    def decompression_bomb(self) -> None:
        self._detect(self.page.upload('a.png', self._pixels))  # 16x16 pixels may be seen in it; no more are unpacked

    def packed_bomb(self) -> None:
        self._detect(self.page.upload('a.zip', self._zip))

    def two_things(self) -> None:
        content = self.draw.choice(
            [b'GIF89a/*<script>alert(1)</script>*/', b'%PDF-1.4\n', b'#EXTM3U\nfile:///etc/passwd\n', b'\x80\x04.']
            + [b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>', b'#!/bin/sh\n']
        )
        suffix = self.draw.choice(['png', 'mp4', 'avi', 'tif', 'zip', 'html', 'svg', 'npy', 'pth'])
        sent = self.page.upload(f'a.{suffix}', content)
        self._refused(f'two things {suffix}', self._detect(sent))
        served = self.page.get(sent['path'])
        kind = served.headers.get('content-type', '')
        as_page = 'attachment' not in served.headers.get('content-disposition', '') and re.search('html|svg|xml', kind)
        if served.status_code == 200 and as_page:
            self.wrong.append(f'{suffix} is served as {kind}: its script would run in the page')

    def others_results(self) -> None:
        """One's own tab, and events that show results: there are none."""
        page = Page(self.address)
        for element, event, values in (('side', 'change', dict(side=16)), ('threshold', 'change', dict(threshold=0.3))):
            told = page.act(element, event, **values)
            if any(str(self.victim.key) in str(value) or '.csv' in str(value) for value in told.values()):
                self.wrong.append(f'{element} of a new tab shows {str(told)[:300]}')
        page.close()


def victim_of(address: str) -> tuple[Page, list[str]]:
    """A tab with results, and where they are on the server."""
    page = Page(address)
    told = page.act('detect', 'click', file=[page.upload('mine.png', image_with_target(PLACE, 1))], model=MODEL)
    files = re.findall(r"'path': '([^']+-targets\.[a-z]+)'", str(told))
    assert files, str(told)[:2000]
    return page, files


def attack(address: str, folder: Path, count: int, threads: int, minutes: float = math.inf) -> list[Attacker]:
    """Send so many requests.

    Args:
        address: Of the app.
        folder: For the secret; outside of the app's.
        count: Requests; some are several.
        threads: At once.
        minutes: After which it ends in any case.
    """
    end = time.monotonic() + 60 * minutes
    secret = folder / 'secret.txt'
    secret.write_text(SECRET)
    victim, files = victim_of(address)
    attackers = [Attacker(address, secret, victim, files, seed) for seed in range(threads)]

    def run(attacker: Attacker) -> None:
        for _ in range(count // threads):
            if time.monotonic() > end:
                return
            try:
                attacker.attack()
            except Exception as error:
                attacker.wrong.append(f'{type(error).__name__}: {str(error)[:300]}')

    running = [threading.Thread(target=run, args=(attacker,), daemon=True) for attacker in attackers]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    # the victim's results are still there, and the app still works
    answer = victim.get(files[0])
    if answer.status_code != 200 and answer.status_code != 403:
        attackers[0].wrong.append(f'the victim gets {answer.status_code}')
    page, _ = victim_of(address)
    page.close()
    return attackers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--requests', type=int, default=10_000)
    parser.add_argument('--threads', type=int, default=8)
    parser.add_argument('--minutes', type=float, default=60, help='after which it ends in any case')
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / 'app').mkdir()
        app = App(folder / 'app')
        victim, _ = victim_of(app.address)
        before, began = app.memory(), time.monotonic()
        attackers = attack(app.address, folder, args.requests, args.threads, args.minutes)
        took, after = time.monotonic() - began, app.memory()
        said = app.end()
        counts = sum((attacker.counts for attacker in attackers), Counter[str]())
        slowest = max(max(attacker.seconds) for attacker in attackers)
        print(f'{counts.total():,} attacks in {args.threads} threads, {took:.0f} s, the slowest answer {slowest:.1f} s')
        print(f'  {dict(counts)}')
        print(f'  memory {before / 2**20:.0f} MiB before, {after / 2**20:.0f} MiB after')
        wrong = [text for attacker in attackers for text in attacker.wrong]
        print(f'  tracebacks in its log: {tracebacks(said)}; wrong: {len(wrong)}')
        for text in wrong[:30]:
            print(f'    {text}')
        sys.exit(bool(wrong))


if __name__ == '__main__':
    main()
