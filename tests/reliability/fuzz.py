"""Damaged and invented files for everything that reads one: nothing but our own errors may come out.

    OMP_NUM_THREADS=1 python -m tests.reliability.fuzz --seconds 60
    python -m tests.reliability.fuzz --atheris image     # guided by coverage, where atheris is installed

Each case is a good file that was changed (bits, cuts, repeated and exchanged parts, numbers at their limits).  A case
that ends in another error, takes longer than two seconds or fills the memory is a finding; it is kept beside the
report, and becomes a test in tests/test_findings.py.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

LIMIT_SECONDS = 2.0
LIMIT_BYTES = 3 * 2**30
TOKENS = [
    *(b'', b'\0', b'\xff' * 4, b'\x7f\xff\xff\xff', b'\x80\0\0\0', b'\xef\xbb\xbf', b'\xed\xa0\x80', b'\n', b'\r\n'),
    *(b'-1', b'0', b'1e999', b'NaN', b'null', b'true', b'[]', b'{}', b'[' * 5000, b'9' * 30, b'9' * 5000, b'"a"'),
    *(b'"', b',', b'../', b'%s', b'\t', b'#'),
]


def mutate(data: bytes, draw: random.Random) -> bytes:
    """Another version of a file."""
    for _ in range(draw.choice((1, 1, 1, 2, 3, 8))):
        size = len(data)
        at, end = sorted((draw.randint(0, size), draw.randint(0, size)))
        way = draw.randrange(7)
        if way == 0 and size:
            spot = min(at, size - 1)
            data = data[:spot] + bytes([data[spot] ^ 1 << draw.randrange(8)]) + data[spot + 1 :]
        elif way == 1:
            data = data[:at]
        elif way == 2:
            data = data[:at] + draw.choice(TOKENS) + data[at:]
        elif way == 3:
            token = draw.choice(TOKENS)
            data = data[:at] + token + data[at + len(token) :]
        elif way == 4:
            data = data[:at] + data[min(end, at + 64) :]
        elif way == 5:
            data = data[:end] + data[at : min(end, at + 256)] + data[end:]
        elif size:
            spot = min(at, size - 1)
            data = data[:spot] + draw.randbytes(draw.randint(1, 8)) + data[spot + 1 :]
    return data


def scene() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (9, 11), np.uint8)


def _images() -> list[tuple[str, bytes]]:
    found = []
    for suffix in ('png', 'tif', 'bmp', 'pgm', 'jpg', 'webp', 'gif'):
        stream = io.BytesIO()
        Image.fromarray(scene()).save(
            stream,
            dict(jpg='JPEG', tif='TIFF', pgm='PPM').get(suffix, suffix.upper()),
            **({} if suffix != 'tif' else {}),
        )
        found.append((f'a.{suffix}', stream.getvalue()))
    found.append(('a.png', cv2.imencode('.png', scene().astype(np.uint16) * 200)[1].tobytes()))
    found.append(('a.tif', cv2.imencode('.tif', scene().astype(np.float32))[1].tobytes()))
    return found


def _saved(save: Callable[[io.BytesIO], Any]) -> bytes:
    stream = io.BytesIO()
    save(stream)
    return stream.getvalue()


def _coco() -> bytes:
    common: dict[str, Any] = dict(image_id=1, category_id=1, bbox=[1, 2, 3, 4])
    return json.dumps(
        dict(
            videos=[dict(id=1, name='v')],
            images=[dict(id=1, file_name='a/b.png', width=11, height=9, video_id=1, frame_id=0)],
            annotations=[
                dict(id=1, **common, area=12, iscrowd=0, segmentation=[[1, 2, 4, 2, 4, 6]]),
                dict(id=2, **common, segmentation=dict(size=[9, 11], counts=[3, 4, 92])),
            ],
            categories=[dict(id=1, name='target')],
        )
    ).encode()


def _checkpoint(**options: Any) -> bytes:
    import torch

    return _saved(
        lambda stream: torch.save({'state_dict': {'a': torch.ones(2)}, 'meta': {'epoch': 1}}, stream, **options)
    )


def targets() -> dict[str, tuple[list[tuple[str, bytes]], Callable[[Path], Any]]]:
    """Name -> good files by name, and what reads a file."""
    import mmirstd.registry  # noqa: F401
    from mmirstd.apis.frame_stream import RawFormat
    from mmirstd.apis.inputs import read_still
    from mmirstd.cli.compare import _read
    from mmirstd.compat.checkpoint import load_checkpoint_file
    from mmirstd.datasets.coco_file import read_coco
    from mmirstd.datasets.image_io import page_count, read_image, read_mask, read_pages
    from mmirstd.datasets.split_file import read_split_entries
    from mmirstd.datasets.txt_list import read_txt_list
    from mmirstd.deploy.graph_description import GraphDescription
    from mmirstd.engine.checkpoint_files import checkpoint_defect, looks_like_checkpoint
    from mmirstd.evaluation.prediction_dump import PredictionDump
    from mmirstd.evaluation.prediction_files import read_map

    def pages(path: Path) -> None:
        page_count(path)
        for _ in read_pages(path):
            pass

    def raw(path: Path) -> None:
        head, _, rest = path.read_bytes().partition(b'\n')
        try:
            form = RawFormat.parse(head.decode('latin1'))
        except ValueError:
            return
        stream = io.BytesIO(rest)
        while form.read(stream) is not None:
            pass

    def inspect(path: Path) -> None:
        looks_like_checkpoint(path)
        checkpoint_defect(path, thorough=True)
        load_checkpoint_file(path, 'cpu')

    images = _images()
    npy = _saved(lambda stream: np.save(stream, scene()))
    record = dict(images=[dict(name='a', tp=1, fp=0, fn=0, tn=98, targets=1, detected=1, alarms=0, alarm_pixels=0)])
    index = dict(format='mmirstd-dump', version=1, images=[dict(name='a', file='a.png', height=9, width=11)])
    description = GraphDescription('segmentation', 'acm', 0.5, outputs=dict(mask='the mask')).to_json().encode()
    return {
        'image': (images, read_image),
        'mask': (images, read_mask),
        'pages': ([item for item in images if item[0].endswith(('tif', 'gif', 'webp'))], pages),
        'array': ([('a.npy', npy)], read_still),
        'map': ([('a.npy', npy), ('a.npz', _saved(lambda s: np.savez(s, a=scene())))], read_map),
        'coco': ([('a.json', _coco())], lambda path: read_coco(str(path))),
        'txt list': ([('a.txt', b'a/1.png 1,2,3,4,0 5,6,7,8,0\nb/2.png\n')], read_txt_list),
        'split': ([('a.txt', b'a\nb.png\nc/d\te\n')], read_split_entries),
        'raw stream': ([('a.raw', b'4x3:uint16\n' + bytes(48)), ('a.raw', b'4x3\n' + bytes(24))], raw),
        'checkpoint': (
            [('a.pth', _checkpoint()), ('a.pth', _checkpoint(_use_new_zipfile_serialization=False))],
            inspect,
        ),
        'exported': (
            [('a.txt', description)],
            lambda path: GraphDescription.from_json(path.read_bytes().decode('utf-8', 'replace'), 'a.onnx'),
        ),
        'per image': ([('a.json', json.dumps(record).encode())], lambda path: _read(str(path))),
        'dump': ([('index.json', json.dumps(index).encode())], lambda path: PredictionDump(path.parent)),
    }


def try_case(read: Callable[[Path], Any], path: Path, data: bytes) -> str | None:
    """What is wrong with the answer to a file; None: it was read, or refused in our words."""
    from mmirstd.utils.errors import UserError

    path.write_bytes(data)
    began = time.process_time()  # a busy machine is no finding
    try:
        read(path)
    except UserError:
        pass
    except Exception:
        return traceback.format_exc()
    seconds = time.process_time() - began
    return f'took {seconds:.1f} s' if seconds > LIMIT_SECONDS else None


def fuzz(seconds: float, seed: int, names: list[str], keep: Path) -> int:
    """Try files for so long, each kind in its turn; the number of findings."""
    draw = random.Random(seed)
    known = {name: value for name, value in targets().items() if not names or name in names}
    count: Counter[str] = Counter()
    found: dict[str, str] = {}
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        while time.monotonic() < end:
            for kind, (files, read) in known.items():
                for _ in range(50):
                    file, data = draw.choice(files)
                    changed = mutate(data, draw)
                    count[kind] += 1
                    wrong = try_case(read, folder / file, changed)
                    if wrong is not None and (kind + wrong[-300:]) not in found:
                        found[kind + wrong[-300:]] = wrong
                        (keep / f'{kind.replace(" ", "_")}_{len(found)}_{file}').write_bytes(changed)
                        print(f'{kind}: {wrong}', flush=True)
    print(f'{count.total()} cases, {len(found)} kinds of findings: {dict(count)}')
    return len(found)


def fuzz_metrics(seconds: float, seed: int) -> int:
    """Measures of random masks against slow ones that were written from the definitions; the number of cases."""
    from mmirstd.evaluation.functional import evaluate
    from tests.reliability.slow_measures import slow_measures

    rng = np.random.default_rng(seed)
    end, cases = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        pairs = []
        for _ in range(rng.integers(1, 4)):
            shape = rng.integers(1, 12, 2)
            mask = (rng.random(shape) < rng.choice([0, 0.05, 0.3, 1])).astype(np.uint8)
            score = np.where(mask, rng.random(shape) ** 0.5, rng.random(shape) ** 3).astype(np.float32)
            pairs.append((score, mask))
        ours, slow = evaluate('default', pairs), slow_measures(pairs)
        for name, value in slow.items():
            assert np.isclose(ours[name], value, rtol=1e-9, atol=0, equal_nan=True), (name, ours[name], value, pairs)
        cases += 1
    print(f'{cases} sets of masks: {", ".join(slow)} equal the slow reference')
    return cases


def guided(kind: str) -> None:
    """Let atheris look for new paths through our code."""
    import atheris

    with atheris.instrument_imports(include=['mmirstd']):
        files, read = targets()[kind]
    folder = Path(tempfile.mkdtemp())

    def one(data: bytes) -> None:
        wrong = try_case(read, folder / files[0][0], data)
        if wrong is not None:
            raise AssertionError(wrong)

    atheris.Setup([sys.argv[0], '-rss_limit_mb=4096', '-timeout=10'], one)
    atheris.Fuzz()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seconds', type=float, default=60, help='of the files, and a fifth of it of the measures')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--targets', nargs='*', default=[], help='only these')
    parser.add_argument('--keep', type=Path, default=Path(tempfile.gettempdir()), help='folder for findings')
    parser.add_argument('--atheris', metavar='TARGET', help='guided by coverage, one target, until Ctrl-C')
    args = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    if args.atheris:
        guided(args.atheris)
        return
    found = fuzz(args.seconds, args.seed, args.targets, args.keep)
    if not args.targets:
        fuzz_metrics(args.seconds / 5, args.seed)
    sys.exit(found > 0)


if __name__ == '__main__':
    main()
