"""Feed endless streams to the streaming detector and to ``mmirstd infer``, and watch memory and time.

    OMP_NUM_THREADS=1 python -m tests.reliability.soak --seconds 120

``detector``: a small detector of clips in this process, fed directly; between good frames come NaN frames, frames of
other sizes and types, and new sequences.  ``camera``: an HTTP camera (Motion JPEG) that breaks off, comes back, sends
cut JPEGs, pauses and changes its size, read by ``mmirstd infer --reconnect``.
"""

from __future__ import annotations

import argparse
import http.server
import socketserver
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

WARM_UP = 0.2
SAMPLES = 400


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path('/proc/self/statm').read_text().split()[1]) * 4096


class Watch:
    """Memory and latency, frame by frame."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self._memory: list[tuple[int, int]] = []
        self._began = time.perf_counter()

    def begin(self) -> None:
        self._began = time.perf_counter()

    def end(self) -> None:
        self.latencies.append(time.perf_counter() - self._began)
        if len(self.latencies) % 16 == 0:
            self._memory.append((len(self.latencies), resident()))

    def report(self) -> str:
        frames = len(self.latencies)
        kept = np.array([row for row in self._memory if row[0] > WARM_UP * frames], float)
        slope, _ = np.polyfit(kept[:, 0], kept[:, 1], 1)
        ms = 1e3 * np.array(self.latencies[int(WARM_UP * frames) :])
        return (
            f'{frames} frames; after the first {WARM_UP:.0%}: memory {slope:+.0f} bytes a frame '
            f'({kept[0, 1] / 2**20:.1f} MiB, in the end {kept[-1, 1] / 2**20:.1f} MiB); latency median '
            f'{np.median(ms):.1f} ms, p99 {np.percentile(ms, 99):.1f} ms, max {ms.max():.1f} ms'
        )


def soak_detector(seconds: float) -> None:
    from mmirstd.apis import StreamingDetector
    from mmirstd.utils.errors import DataError
    from tests.test_models.clip_models import tiny_detector

    rng = np.random.default_rng(0)
    detector = StreamingDetector(tiny_detector().eval())
    scenes = [rng.integers(0, 255, (32, 32), np.uint8) for _ in range(50)]
    watch, counts = Watch(), Counter[str]()
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        number += 1
        if number % 97 == 0:  # frames that cannot be used are refused, and the next good one goes on
            kind, bad = [
                ('other size', scenes[0][:-3]),
                ('other type', scenes[0].astype('U1')),
                ('other shape', scenes[0][None, None]),
            ][number // 97 % 3]
            try:
                detector(bad)
            except (ValueError, DataError, TypeError):
                counts[f'{kind} refused'] += 1
        if number % 1000 == 0:
            detector.reset()
            counts['sequences'] += 1
        watch.begin()
        detector(scenes[number % len(scenes)])
        watch.end()
    print(f'streaming detector: {watch.report()}\n  {dict(counts)}', flush=True)


class Camera(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Motion JPEG over HTTP with every defect."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(('127.0.0.1', 0), _Handler)
        self.counts: Counter[str] = Counter()
        self.sent = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self.server_address[1]}/camera.mjpg'

    def handle_error(self, *_: object) -> None:
        """The reader has gone."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Camera

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        camera = self.server
        camera.counts['connections'] += 1
        number = camera.counts['connections']
        if number % 5 == 4:
            camera.counts['refused'] += 1
            self.send_error(503)
            return
        self.send_response(200)
        self.send_header('Content-Type', 'multipart/x-mixed-replace; boundary=frame')
        self.end_headers()
        side = 96 if number % 3 == 2 else 64
        rng = np.random.default_rng(number)
        for index in range(120):
            image = rng.integers(60, 120, (64, side), np.uint8)
            row, column = rng.integers(4, 60, 2)
            image[row - 1 : row + 2, column - 1 : column + 2] = 255
            data = cv2.imencode('.jpg', image)[1].tobytes()
            if index % 50 == 49:
                camera.counts['cut JPEGs'] += 1
                data = data[: len(data) // 2]
            if index == 60 and number % 6 == 0:
                camera.counts['pauses'] += 1
                time.sleep(1.5)
            self.wfile.write(b'--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n' % len(data))
            self.wfile.write(data + b'\r\n')
            camera.sent += 1
        camera.counts['hung up'] += 1


def soak_camera(seconds: float) -> None:
    from mmirstd.apis import ResultWriter
    from mmirstd.cli.infer import main as infer

    camera, watch, add = Camera(), Watch(), ResultWriter.add
    end = time.monotonic() + seconds

    def added(self: ResultWriter, *args: object) -> None:
        add(self, *args)
        watch.end()
        if time.monotonic() > end:
            raise KeyboardInterrupt  # as a person ends what has no end
        watch.begin()

    ResultWriter.add = added
    with tempfile.TemporaryDirectory() as folder:
        words = ['white-tophat_nuaa-sirst-341-86', camera.url, '--out', folder, '--reconnect', '10', '--quiet']
        status = infer([*words, '--save', 'json,csv'])
    print(f'mmirstd infer: exit status {status}; {watch.report()}')
    print(f'  the camera: {camera.sent} frames sent, {dict(camera.counts)}', flush=True)
    camera.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seconds', type=float, default=120, help='of each stream')
    parser.add_argument('--streams', nargs='+', choices=('detector', 'camera'), default=['detector', 'camera'])
    args = parser.parse_args()
    for name in args.streams:
        soak_detector(args.seconds) if name == 'detector' else soak_camera(args.seconds)


if __name__ == '__main__':
    main()
