"""What reads files of strangers, each with good files to begin with."""

from __future__ import annotations

import io
import json
import math
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

HEIGHT, WIDTH = 9, 11


@dataclass(frozen=True)
class Target:
    """A kind of file.

    Attributes:
        files: Name and content of good files; the name counts where a format is told by its suffix.
        read: Reads a file; our own errors are right answers.
    """

    files: list[tuple[str, bytes]]
    read: Callable[[Path], Any]


def scene() -> np.ndarray:
    """A small image."""
    return np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH), np.uint8)


def _png(image: np.ndarray | None = None) -> bytes:
    image = scene() if image is None else image
    return _saved(lambda stream: Image.fromarray(image).save(stream, 'PNG'))


def target_mask() -> np.ndarray:
    """A mask of it."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[3:5, 4:7] = 255
    return mask


def _images(image: np.ndarray) -> list[tuple[str, bytes]]:
    """One image in each format."""
    formats = dict(png='PNG', tif='TIFF', bmp='BMP', pgm='PPM', jpg='JPEG', webp='WEBP', gif='GIF')
    found = [
        (f'a.{suffix}', _saved(lambda stream, name=name: Image.fromarray(image).save(stream, name, lossless=True)))
        for suffix, name in formats.items()
    ]
    found.append(('a.png', cv2.imencode('.png', image.astype(np.uint16) * 200)[1].tobytes()))
    found.append(('a.tif', cv2.imencode('.tif', image.astype(np.float32))[1].tobytes()))
    return found


def _pages() -> list[tuple[str, bytes]]:
    """Three images in a file."""
    pages = [Image.fromarray(np.roll(scene(), shift)) for shift in range(3)]
    return [
        (
            f'b.{suffix}',
            _saved(lambda s, kind=kind: pages[0].save(s, kind, save_all=True, append_images=pages[1:], lossless=True)),
        )
        for suffix, kind in (('tif', 'TIFF'), ('gif', 'GIF'), ('webp', 'WEBP'))
    ]


def _saved(save: Callable[[io.BytesIO], Any]) -> bytes:
    stream = io.BytesIO()
    save(stream)
    return stream.getvalue()


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _coco(**image: Any) -> bytes:
    common: dict[str, Any] = dict(image_id=1, category_id=1, bbox=[1, 2, 3, 4])
    return _json(
        dict(
            videos=[dict(id=1, name='v')],
            images=[dict(id=1, file_name='a/b.png', width=WIDTH, height=HEIGHT, **image)],
            annotations=[
                dict(id=1, **common, area=12, iscrowd=0, segmentation=[[1, 2, 4, 2, 4, 6]], track_id=3),
                dict(id=2, **common, segmentation=dict(size=[HEIGHT, WIDTH], counts=[3, 4, 92]), track_id=4),
            ],
            categories=[dict(id=1, name='target')],
        )
    )


def _tracks() -> bytes:
    point = dict(_point(), frame=0)
    head = dict(schema='mmirstd.tracks', schema_version='1.0', source='video/a.mp4', model='m', fps=25.0)
    return _json(dict(head, points=[point, dict(point, frame=1)], frames=2, complete=True, tracks=[dict(id=1)]))


def _checkpoint(**options: Any) -> bytes:
    import torch

    return _saved(
        lambda stream: torch.save({'state_dict': {'a': torch.ones(2)}, 'meta': {'epoch': 1}}, stream, **options)
    )


VOC = f"""<annotation><folder>images</folder><filename>a.png</filename>
<size><width>{WIDTH}</width><height>{HEIGHT}</height><depth>1</depth></size><segmented>0</segmented>
<object><name>target</name><difficult>0</difficult>
<bndbox><xmin>2</xmin><ymin>3</ymin><xmax>5</xmax><ymax>6</ymax></bndbox></object></annotation>"""
CVAT = f"""<annotations><version>1.1</version><meta><task><id>7</id><mode>annotation</mode><labels>
<label><name>target</name></label></labels></task></meta>
<image id="0" name="a.png" subset="Train" width="{WIDTH}" height="{HEIGHT}">
<box label="target" xtl="3.00" ytl="4.00" xbr="8.50" ybr="8.00"><attribute name="track_id">5</attribute></box>
<box label="target" xtl="3" ytl="4" xbr="8" ybr="6" rotation="90.00"/>
<polygon label="target" points="2.00,2.00;4.00,2.00;4.00,5.00" group_id="2"/>
<mask label="target" rle="1, 1, 2, 1, 1" left="3" top="1" width="3" height="2"/>
<ellipse label="target" cx="6" cy="5" rx="2" ry="1"/>
<points label="target" points="1.5,2.5;3.5,4.5"/></image></annotations>"""
CVAT_VIDEO = f"""<annotations><version>1.1</version><meta><task><size>2</size><mode>interpolation</mode><labels>
<label><name>target</name></label></labels><original_size><width>{WIDTH}</width><height>{HEIGHT}</height></original_size></task>
<source>f.mp4</source></meta><track id="0" label="target">
<box frame="0" keyframe="1" outside="0" xtl="2" ytl="4" xbr="5"
 ybr="7"></box><box frame="1" keyframe="1" outside="1" xtl="6" ytl="4" xbr="9" ybr="9"></box></track></annotations>"""


def _labelme() -> bytes:
    common: dict[str, Any] = dict(label='target', group_id=None, flags={})
    return _json(
        dict(
            version='5.4.1',
            shapes=[
                dict(common, shape_type='rectangle', points=[[1, 2], [5, 6]]),
                dict(common, shape_type='polygon', points=[[1, 2], [5, 6], [7, 3]]),
                dict(common, shape_type='point', points=[[1, 2]]),
                dict(common, shape_type='circle', points=[[4, 4], [5, 5]]),
            ],
            imagePath='a.png',
            imageData=None,
            imageHeight=HEIGHT,
            imageWidth=WIDTH,
        )
    )


def _boxes() -> bytes:
    from mmirstd.evaluation.box_dump import FILE, DumpedBoxes, write_boxes
    from mmirstd.evaluation.functional.frame_detections import FrameDetections

    frame = FrameDetections(
        image='a',
        sequence='s',
        shape=(HEIGHT, WIDTH),
        targets=np.array([[1.0, 2, 4, 5]]),
        target_labels=np.zeros(1, np.int64),
        ignored=np.zeros(1, bool),
        scr=np.array([math.nan]),
        boxes=np.array([[1.0, 2, 4, 5], [0, 0, 1, 1]]),
        scores=np.array([0.9, 0.1]),
        labels=np.zeros(2, np.int64),
    )
    with tempfile.TemporaryDirectory() as folder:
        write_boxes(folder, DumpedBoxes([frame]))
        return (Path(folder) / FILE).read_bytes()


def _zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('a/1.png', _png())
        archive.writestr('2.png', _png())
        archive.writestr('readme.txt', 'x')
    return stream.getvalue()


def targets() -> dict[str, Target]:
    """Name -> good files, and what reads one."""
    import mmirstd.registry  # noqa: F401
    from mmirstd.apis.frame_stream import RawFormat
    from mmirstd.apis.inputs import read_still
    from mmirstd.apis.target_schema import Target as Found
    from mmirstd.app.upload_limits import UploadLimits
    from mmirstd.app.uploads import accept_batch, accept_upload
    from mmirstd.cli.compare import _read
    from mmirstd.compat.checkpoint import load_checkpoint_file
    from mmirstd.datasets.coco_file import read_coco
    from mmirstd.datasets.image_io import page_count, read_image, read_mask, read_pages
    from mmirstd.datasets.labels.checking import CheckOptions, check
    from mmirstd.datasets.labels.formats import read_labels
    from mmirstd.datasets.split_file import read_split_entries
    from mmirstd.datasets.txt_list import read_txt_list
    from mmirstd.deploy.graph_description import GraphDescription
    from mmirstd.engine.checkpoint_files import checkpoint_defect, looks_like_checkpoint
    from mmirstd.evaluation.box_dump import read_boxes
    from mmirstd.evaluation.prediction_dump import FORMAT, VERSION, PredictionDump
    from mmirstd.evaluation.prediction_files import read_map
    from mmirstd.evaluation.track_results import read_track_results
    from mmirstd.tracking.track_point import TrackPoint
    from mmirstd.utils.errors import DataError
    from mmirstd.utils.json_text import parse_json

    def pages(path: Path) -> None:
        page_count(path)
        for _ in read_pages(path):
            pass

    def raw(path: Path) -> None:
        head, _, rest = path.read_bytes().partition(b'\n')
        try:
            form = RawFormat.parse(head.decode('latin1'))
        except ValueError:  # the command line's parser turns it into a message
            return
        stream = io.BytesIO(rest)
        while form.read(stream) is not None:
            pass

    def inspect(path: Path) -> None:
        looks_like_checkpoint(path)
        checkpoint_defect(path, thorough=True)
        load_checkpoint_file(path, 'cpu')

    def labels(path: Path, kind: str) -> None:
        for name in ('a.png', 'b.png') if kind == 'cvat' else ('a.png',):  # an image for each frame of the video
            if not (image := path.with_name(name)).is_file():
                image.write_bytes(_png())
        check(read_labels(path, kind), CheckOptions(missing_images='keep', bad_box='clip', size_mismatch='scale'))

    def tracks(path: Path) -> None:
        annotation = path.parent / 'tracks_truth' / 'truth.json'
        if not annotation.is_file():
            annotation.parent.mkdir()
            annotation.write_text(
                json.dumps(
                    dict(
                        images=[dict(id=k, file_name=f'video/a/{k}.png', width=WIDTH, height=HEIGHT) for k in range(2)],
                        annotations=[dict(id=k, image_id=k, category_id=1, bbox=[1, 2, 3, 4]) for k in range(2)],
                        categories=[dict(id=1, name='target')],
                    )
                )
            )
        folder = path.parent / 'tracks_found'
        folder.mkdir(exist_ok=True)
        (folder / 'a.json').write_bytes(path.read_bytes())
        read_track_results(annotation, folder)

    def dump(path: Path) -> None:
        if not (path.parent / 'mask').is_dir():
            for part, pixels in (
                ('probability', scene().astype(np.uint16)),
                ('mask', target_mask()),
                ('image', scene()),
            ):
                (path.parent / part).mkdir()
                (path.parent / part / 'a.png').write_bytes(_png(pixels))
        found = PredictionDump(path.parent)
        for number in range(min(len(found), 3)):
            found[number]

    def result(path: Path) -> None:
        """An entry of a result file, as a program that goes on with it reads it: whole, or refused."""
        try:
            entry = parse_json(path.read_text('utf-8', 'replace'))
        except ValueError:
            return
        for kind in (Found, TrackPoint):
            try:
                record = kind.from_dict(entry)
            except DataError:
                continue
            again = kind.from_dict(record.as_dict())
            assert again.as_dict() == record.as_dict()
            assert len(record.cells()) == len(kind.columns())

    def upload(path: Path) -> None:
        accept_upload(path, UploadLimits()).read()

    def batch(path: Path) -> None:
        inside = path.parent / 'unpacked'
        shutil.rmtree(inside, ignore_errors=True)
        for image in accept_batch([path], UploadLimits(megabytes=1), inside).images:
            assert Path(image.location).parent == inside
            read_still(Path(image.location))

    images = _images(scene())
    npy = _saved(lambda stream: np.save(stream, scene()))
    mat = _saved(lambda stream: _savemat(stream, {'T': scene()}))
    counts = dict(tp=1, fp=0, fn=0, tn=98, targets=1, detected=1, false_pixels=0)
    of_boxes = dict(detections=2, targets=1, detected=1, false=1, false_pixels=4.0)
    per_image = [_json(dict(images=[dict(image='x/a.png', height=9, width=11, **kind)])) for kind in (counts, of_boxes)]
    index = dict(format=FORMAT, version=VERSION, images=[dict(name='a', file='a.png', height=9, width=11)])
    description = GraphDescription('segmentation', 'acm', 0.5, outputs=dict(mask='the mask')).to_json().encode()
    found = dict(
        frame=0,
        id=0,
        x=1.5,
        y=2,
        x0=1,
        y0=2,
        x1=3,
        y1=4,
        area=4,
        peak=0.75,
        mean=None,
        scr=3.5,
        logit=1.5,
        confidence=None,
        class_name='drone',
    )
    points = b'image,x,y,class,track_id,split\na.png,1.5,2,target,3,train\na.png,3,4,target,,train\n'
    return {
        'image': Target(images, read_image),
        'mask': Target(_images(target_mask()), read_mask),
        'pages': Target([*(item for item in images if item[0].endswith(('tif', 'gif', 'webp'))), *_pages()], pages),
        'array': Target([('a.npy', npy)], read_still),
        'map': Target(
            [('a.npy', npy), ('a.npz', _saved(lambda s: np.savez(s, a=scene()))), ('a.mat', mat)],
            read_map,
        ),
        'coco': Target(
            [('a.json', _coco(video_id=1, frame_id=0)), ('a.json', _coco())], lambda path: read_coco(str(path))
        ),
        'txt list': Target([('a.txt', b'a/1.png 1,2,3,4,0 5,6,7,8,0\nb/2.png\n')], read_txt_list),
        'split': Target([('a.txt', b'a\nb.png\nc/d\te\n')], read_split_entries),
        'raw stream': Target([('a.raw', b'4x3:uint16\n' + bytes(48)), ('a.raw', b'4x3\n' + bytes(24))], raw),
        'checkpoint': Target(
            [('a.pth', _checkpoint()), ('a.pth', _checkpoint(_use_new_zipfile_serialization=False))], inspect
        ),
        'exported': Target(
            [('a.txt', description)],
            lambda path: GraphDescription.from_json(path.read_bytes().decode('utf-8', 'replace'), 'a.onnx'),
        ),
        'per image': Target([('a.json', text) for text in per_image], lambda path: _read(str(path))),
        'dump': Target([('index.json', _json(index))], dump),
        'boxes': Target([('boxes.npz', _boxes())], lambda path: read_boxes(path.parent, ['a'])),
        'result': Target([('a.json', _json(found)), ('a.json', _json(_point()))], result),
        'tracks': Target([('a.json', _tracks())], tracks),
        'labels coco': Target([('a.json', _coco().replace(b'a/b.png', b'a.png'))], lambda path: labels(path, 'coco')),
        'labels voc': Target([('a.xml', VOC.encode())], lambda path: labels(path, 'voc')),
        'labels cvat': Target(
            [('a.xml', CVAT.encode()), ('a.xml', CVAT_VIDEO.encode())], lambda path: labels(path, 'cvat')
        ),
        'labels labelme': Target([('a.json', _labelme())], lambda path: labels(path, 'labelme')),
        'labels points': Target(
            [('a.csv', points), ('a.json', _json([dict(image='a.png', x=1, y=2)]))],
            lambda path: labels(path, 'points'),
        ),
        'labels yolo': Target(
            [('a.txt', b'0 0.5 0.5 0.2 0.3\n0 0.1 0.1 0.3 0.1 0.2 0.4\n')],
            lambda path: labels(_with_list(path), 'yolo'),
        ),
        'upload': Target(images, upload),
        'zip': Target([('a.zip', _zip())], batch),
    }


def _with_list(path: Path) -> Path:
    """The list of images whose label file this is."""
    listed = path.with_name('list.txt')
    listed.write_text('a.png\n')
    return listed


def _point() -> dict[str, Any]:
    place = dict(x=2.5, y=4, vx=0.5, vy=-1, x0=1, y0=2, x1=3, y1=4, score=0.5)
    return dict(place, frame=3, id=1, detected=True, moving=None, first=0, hits=3)


def _savemat(stream: io.BytesIO, values: dict[str, Any]) -> None:
    from scipy.io import savemat

    savemat(stream, values)
