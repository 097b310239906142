from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmirstd.datasets.labels import LabelSet
from mmirstd.datasets.labels.shapes import Box, Mask, Point, Polygon
from mmirstd.utils.errors import DataError
from tests.test_datasets.test_labels.files import image, load, text

META = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta>
    <task>
      <id>7</id>
      <name>night</name>
      <size>{size}</size>
      <mode>{mode}</mode>
      <labels>
        <label><name>drone</name><color>#ff0000</color><attributes></attributes></label>
        <label><name>bird</name><color>#00ff00</color><attributes></attributes></label>
      </labels>
      <original_size><width>40</width><height>24</height></original_size>
    </task>
    <dumped>2026-11-20 10:00:00.000000+00:00</dumped>
    <source>flight.mp4</source>
  </meta>
"""
IMAGES = (
    META.format(size=2, mode='annotation')
    + """  <image id="0" name="sub/a.png" subset="Train" task_id="7" width="40" height="24">
    <box label="drone" source="manual" occluded="0" xtl="3.00" ytl="4.00" xbr="8.50" ybr="9.00" z_order="0">
      <attribute name="track_id">5</attribute>
    </box>
    <box label="drone" source="manual" occluded="0" xtl="10" ytl="10" xbr="16" ybr="12" rotation="90.00" z_order="0"/>
    <polygon label="bird" source="manual" occluded="0" points="20.00,2.00;24.00,2.00;24.00,5.00" group_id="2"/>
    <polygon label="bird" source="manual" occluded="0" points="26,2;28,2;28,5" z_order="0" group_id="2"/>
    <mask label="drone" source="manual" occluded="0" rle="1, 1, 2, 1, 1" left="30" top="10" width="3" height="2"/>
    <ellipse label="drone" source="manual" occluded="0" cx="20" cy="12" rx="4" ry="2" rotation="90.00" z_order="0"/>
    <points label="bird" source="manual" occluded="0" points="1.5,2.5;3.5,4.5" z_order="0"/>
    <polyline label="bird" source="manual" occluded="0" points="1,2;3,4" z_order="0"/>
    <tag label="bird" source="manual"/>
  </image>
  <image id="1" name="b.png" subset="Validation" width="40" height="24">
  </image>
</annotations>
"""
)
VIDEO = (
    META.format(size=6, mode='interpolation')
    + """  <track id="0" label="drone" source="manual">
    <box frame="0" keyframe="1" outside="0" occluded="0" xtl="2" ytl="4" xbr="5" ybr="7" z_order="0"></box>
    <box frame="2" keyframe="1" outside="0" occluded="0" xtl="6" ytl="4" xbr="9" ybr="9" z_order="0"></box>
    <box frame="3" keyframe="1" outside="1" occluded="0" xtl="6" ytl="4" xbr="9" ybr="9" z_order="0"></box>
    <box frame="5" keyframe="1" outside="0" occluded="0" xtl="1" ytl="1" xbr="3" ybr="3" z_order="0"></box>
  </track>
</annotations>
"""
)


def test_images(tmp_path: Path) -> None:
    image(tmp_path / 'images/sub/a.png')
    image(tmp_path / 'images/b.png')
    text(tmp_path / 'annotations.xml', IMAGES)
    labels = load(tmp_path)
    first, second = labels.images
    assert (first.split, second.split, second.annotations) == ('train', 'val', [])
    box, turned, group, mask, ellipse, *points = first.annotations
    assert box.shape == Box(3, 4, 8.5, 9)
    assert box.track_id == 5
    assert turned.shape == Box(10, 10, 16, 12, 90)
    assert isinstance(group.shape, Polygon)
    assert [len(ring) for ring in group.shape.rings] == [3, 3]
    assert isinstance(mask.shape, Mask)
    # .X. / .X.: runs go row by row, from the unset pixels
    assert (mask.shape.left, mask.shape.top) == (31, 10)
    assert mask.shape.pixels.tolist() == [[True], [True]]
    assert isinstance(ellipse.shape, Polygon)
    assert ellipse.shape.bounds == pytest.approx((18, 8, 22, 16))
    assert [point.shape for point in points] == [Point(1.5, 2.5), Point(3.5, 4.5)]
    assert [labels.classes[a.label] for a in first.annotations] == [
        'drone',
        'drone',
        'bird',
        'drone',
        'drone',
        'bird',
        'bird',
    ]
    assert any('1 polyline, 1 tag' in note for note in labels.notes)
    assert any('1 ellipses became polygons' in note for note in labels.notes)


def test_video(tmp_path: Path) -> None:
    for number in range(6):
        image(tmp_path / f'images/frame_{number:06d}.PNG')
    text(tmp_path / 'annotations.xml', VIDEO)
    labels = load(tmp_path)
    assert [i.frame for i in labels.images] == list(range(6))
    assert {i.video for i in labels.images} == {'flight.mp4'}
    found = {i.frame: [(a.shape, a.track_id) for a in i.annotations] for i in labels.images}
    assert found == {
        0: [(Box(2, 4, 5, 7), 0)],
        1: [(Box(4, 4, 7, 8), 0)],  # between two key frames
        2: [(Box(6, 4, 9, 9), 0)],
        3: [],
        4: [],  # it is outside until it is back
        5: [(Box(1, 1, 3, 3), 0)],
    }
    assert any('1 boxes between key frames' in note for note in labels.notes)
    image(tmp_path / 'other/frame_000000.png')
    with pytest.raises(DataError, match='several images have the same frame number'):
        load(tmp_path)


def _frames(labels: LabelSet) -> dict[str, tuple[int | None, list[float]]]:
    return {i.name: (i.frame, [a.shape.bounds[0] for a in i.annotations]) for i in labels.images}


def test_frames_of_a_video_are_counted_not_named(tmp_path: Path) -> None:
    """ffmpeg counts from 1, CVAT from 0."""
    for number in range(1, 7):
        image(tmp_path / f'images/{number:05d}.png')
    text(tmp_path / 'annotations.xml', VIDEO)
    assert _frames(load(tmp_path)) == {
        '00001.png': (0, [2]),
        '00002.png': (1, [4]),
        '00003.png': (2, [6]),
        '00004.png': (3, []),
        '00005.png': (4, []),
        '00006.png': (5, [1]),
    }
    image(tmp_path / 'images/00007.png')
    with pytest.raises(
        DataError,
        match=r'does not tell which image is which frame of .*annotations.xml: found 7 images from images/00001.png '
        r'on, and 6 frames from 0 on in the XML(?s:.*)cure: name the folder',
    ):
        load(tmp_path)
    image(tmp_path / 'images/00000.png')  # now they count from 0, and two belong to no task
    assert _frames(load(tmp_path))['00005.png'] == (5, [1])
    assert len(load(tmp_path).images) == 6
    assert any('2 images in' in note and 'none of its frames' in note for note in load(tmp_path).notes)


def test_a_task_may_begin_later_and_leave_frames_out(tmp_path: Path) -> None:
    """As CVAT numbers them: start_frame + k * step."""
    head = META.format(size=3, mode='interpolation').replace(
        '<mode>', '<start_frame>10</start_frame><stop_frame>20</stop_frame><frame_filter>step=5</frame_filter><mode>'
    )
    box = '<box frame="{}" keyframe="1" outside="0" xtl="{}" ytl="4" xbr="20" ybr="7"/>'
    track = f'<track id="0" label="drone">{box.format(10, 2)}{box.format(20, 12)}</track></annotations>'
    text(tmp_path / 'annotations.xml', head + track)
    for name in ('a', 'b', 'c'):
        image(tmp_path / f'frames/{name}.png')
    expected = [(10, [2]), (15, [7]), (20, [12])]
    assert list(_frames(load(tmp_path)).values()) == expected
    for number, name in zip((10, 15, 20), ('a', 'b', 'c')):
        (tmp_path / f'frames/{name}.png').rename(tmp_path / f'frames/frame_{number:06d}.png')
    image(tmp_path / 'frames/frame_000011.png')  # of the whole video, as CVAT names it
    found = _frames(load(tmp_path))
    assert list(found.values()) == expected
    assert sorted(found) == [f'frames/frame_{number:06d}.png' for number in (10, 15, 20)]


def test_images_that_cvat_sorts_by_letters(tmp_path: Path) -> None:
    for number in range(8, 14):
        image(tmp_path / f'images/{number}.png')
    text(tmp_path / 'annotations.xml', VIDEO)
    assert _frames(load(tmp_path))['8.png'] == (0, [2])  # a video has an order of its own
    images = VIDEO.replace('<original_size><width>40</width><height>24</height></original_size>', '')
    text(tmp_path / 'annotations.xml', images)
    with pytest.raises(DataError, match=r'not that of their letters \(as images/9.png, images/10.png\)'):
        load(tmp_path)
    for number in (8, 9):
        (tmp_path / f'images/{number}.png').rename(tmp_path / f'images/{number:02d}.png')
    assert _frames(load(tmp_path))['08.png'] == (0, [2])


def test_a_video_of_unknown_length(tmp_path: Path) -> None:
    text(tmp_path / 'annotations.xml', VIDEO.replace('<size>6</size>', ''))
    for number in range(1, 7):
        image(tmp_path / f'images/{number}.png')
    with pytest.raises(DataError, match='6 images from images/1.png on, and no number of frames'):
        load(tmp_path)
    image(tmp_path / 'images/0.png')
    assert _frames(load(tmp_path))['5.png'] == (5, [1])
    text(tmp_path / 'annotations.xml', VIDEO.replace('<size>6</size>', '<size>6</size><size>4</size>'))
    with pytest.raises(DataError, match='videos of 2 tasks in one file(?s:.*)cure: export each task'):
        load(tmp_path)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    image(tmp_path / 'a.png')
    head = META.format(size=1, mode='annotation') + '<image id="0" name="a.png" width="40" height="24">'
    for item, message in (
        ('<box label="drone" xtl="1" ytl="2" xbr="3"/>', 'ybr of a box is None'),
        ('<polygon label="drone" points="1,2;3"/>', 'the points .1,2;3.'),
        ('<polygon label="drone" points="1,2;3,4"/>', 'expected three or more'),
        ('<mask label="drone" rle="9,1" left="1" top="1" width="2" height="2"/>', 'a mask that cannot be read'),
        ('<mask label="drone" rle="4" left="1" top="1" width="2" height="2"/>', 'a mask without a pixel'),
        ('<box xtl="1" ytl="2" xbr="3" ybr="4"/>', 'a target has no class name'),
    ):
        text(tmp_path / 'annotations.xml', f'{head}{item}</image></annotations>')
        with pytest.raises(DataError, match=message):
            load(tmp_path)


def test_runs_that_end_early_are_unset(tmp_path: Path) -> None:
    image(tmp_path / 'a.png')
    head = META.format(size=1, mode='annotation') + '<image id="0" name="a.png" width="40" height="24">'
    mask = '<mask label="drone" rle="0,1" left="1" top="1" width="2" height="2"/>'
    text(tmp_path / 'annotations.xml', f'{head}{mask}</image></annotations>')
    (annotation,) = load(tmp_path).annotations()
    assert isinstance(annotation.shape, Mask)
    np.testing.assert_array_equal(annotation.shape.pixels, [[True]])
