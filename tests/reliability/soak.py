"""Feed endless streams to the streaming detector and to ``mmirstd infer``, and watch memory and time.

    OMP_NUM_THREADS=1 python -m tests.reliability.soak --frames 100000

``detector``: a small detector of clips in this process, fed directly; between good frames come NaN frames, frames of
other sizes and types, and new sequences.  ``camera``: an HTTP camera (Motion JPEG) that breaks off, comes back, sends
cut JPEGs, pauses and changes its size, read by ``mmirstd infer --reconnect`` with a method of single frames.
``moving``: the same camera and command with the small detector of clips, which begins a new sequence each time.
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

SIDE = 64
WARM_UP = 0.2
#: Frames that the camera sends before it hangs up.
CONNECTION = 500
#: Seconds; what a slow reader still has to read is read meanwhile.
PAUSE = 4


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path('/proc/self/statm').read_text().split()[1]) * 4096


class Watch:
    """Memory and latency, frame by frame."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self._memory: list[tuple[int, int]] = []
        self._began = time.perf_counter()

    @property
    def frames(self) -> int:
        return len(self.latencies)

    def begin(self) -> None:
        self._began = time.perf_counter()

    def end(self) -> None:
        self.latencies.append(time.perf_counter() - self._began)
        if len(self.latencies) % 16 == 0:
            self._memory.append((len(self.latencies), resident()))

    def report(self) -> str:
        frames = self.frames
        kept = np.array([row for row in self._memory if row[0] > WARM_UP * frames], float)
        slope, _ = np.polyfit(kept[:, 0], kept[:, 1], 1)
        ms = 1e3 * np.array(self.latencies[int(WARM_UP * frames) :])
        return (
            f'{frames:,} frames in {sum(self.latencies):.0f} s; after the first {WARM_UP:.0%}: memory {slope:+.0f} '
            f'bytes a frame ({kept[0, 1] / 2**20:.1f} MiB, in the end {kept[-1, 1] / 2**20:.1f} MiB); latency median '
            f'{np.median(ms):.1f} ms, p99 {np.percentile(ms, 99):.1f} ms, max {ms.max():.1f} ms'
        )


def soak_detector(frames: int) -> None:
    from mmirstd.apis import StreamingDetector
    from mmirstd.utils.errors import DataError
    from tests.test_models.clip_models import tiny_detector

    rng = np.random.default_rng(0)
    detector = StreamingDetector(tiny_detector().eval())
    scenes = [rng.integers(0, 255, (SIDE, SIDE), np.uint8) for _ in range(50)]
    broken = rng.random((SIDE, SIDE)).astype(np.float32)
    broken[3, 5] = np.nan
    unusable = {
        'other size': scenes[0][:-3],
        'other type': scenes[0].astype('U1'),
        'other shape': scenes[0][None, None],
        'NaN': broken,
    }
    watch, counts = Watch(), Counter[str]()
    for number in range(1, frames + 1):
        if number % 97 == 0:  # frames that cannot be used are refused, and the next good one goes on
            kind = list(unusable)[number // 97 % len(unusable)]
            try:
                detector(unusable[kind])
            except (ValueError, DataError, TypeError):
                counts[f'{kind} refused'] += 1
        if number % 1000 == 0:
            detector.reset()
            counts['sequences'] += 1
        watch.begin()
        found = detector(scenes[number % len(scenes)])
        watch.end()
        counts['frames with detections'] += len(found.pred_instances) > 0
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
        wide = 96 if number % 3 == 2 else SIDE
        rng = np.random.default_rng(number)
        for index in range(CONNECTION):
            image = rng.integers(60, 120, (SIDE, wide), np.uint8)
            row, column = rng.integers(4, 60, 2)
            image[row - 1 : row + 2, column - 1 : column + 2] = 255
            data = cv2.imencode('.jpg', image)[1].tobytes()
            if index % 100 == 99:
                camera.counts['cut JPEGs'] += 1
                data = data[: len(data) // 2]
            if index == 60 and number % 6 == 0:
                camera.counts['pauses'] += 1
                time.sleep(PAUSE)
            self.wfile.write(b'--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n' % len(data))
            self.wfile.write(data + b'\r\n')
            camera.sent += 1
        camera.counts['hung up'] += 1


def soak_camera(frames: int, model: list[str], label: str) -> None:
    from mmirstd.apis import ResultWriter
    from mmirstd.cli.infer import main as infer

    camera, watch, add = Camera(), Watch(), ResultWriter.add

    def added(self: ResultWriter, *args: object) -> None:
        add(self, *args)
        watch.end()
        if watch.frames == frames:
            raise KeyboardInterrupt  # as a person ends what has no end
        watch.begin()

    ResultWriter.add = added
    try:
        with tempfile.TemporaryDirectory() as folder:
            words = [*model, camera.url, '--out', folder, '--reconnect', '10', '--quiet', '--save', 'json,csv']
            status = infer(words)
    finally:
        ResultWriter.add = add
    print(f'mmirstd infer, {label}: exit status {status}; {watch.report()}')
    print(f'  the camera: {camera.sent} frames sent, {dict(camera.counts)}', flush=True)
    camera.shutdown()


def write_detector(folder: Path) -> list[str]:
    """Config and checkpoint of the small detector of clips."""
    import torch
    from mmengine.config import Config

    from tests.test_models.clip_models import tiny_config, tiny_detector

    config, weights = folder / 'tiny-detector.py', folder / 'tiny.pth'
    Config(dict(default_scope='mmdet', model=tiny_config())).dump(config)
    torch.save(dict(state_dict=tiny_detector().state_dict(), meta={}), weights)
    return [str(config), str(weights)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--frames', type=int, default=100_000, help='of each stream')
    streams = ('detector', 'camera', 'moving')
    parser.add_argument('--streams', nargs='+', choices=streams, default=streams)
    args = parser.parse_args()
    if 'detector' in args.streams:
        soak_detector(args.frames)
    if 'camera' in args.streams:
        soak_camera(args.frames, ['white-tophat_nuaa-sirst-341-86'], 'white top-hat')
    if 'moving' in args.streams:
        with tempfile.TemporaryDirectory() as folder:
            soak_camera(args.frames, write_detector(Path(folder)), 'a detector of clips')


if __name__ == '__main__':
    main()
