from __future__ import annotations

import re
from pathlib import Path

from mmirstd.apis import MovingTargetInferencer
from mmirstd.app.session import AppSession
from mmirstd.app.settings import Settings
from mmirstd.app.upload_limits import UploadLimits
from mmirstd.app.views import TRACK_HEADERS, count_chart, image_table, target_table, track_table
from tests.test_apis.helpers import moving_frames, scene, write_image, write_video
from tests.test_models.clip_models import two_classes

from .test_session import Shelf, segmentation


def test_the_chart_of_a_video(tmp_path: Path) -> None:
    session = AppSession(segmentation(), UploadLimits(), tmp_path / 's')
    frames = [scene(targets=targets) for targets in ((), ((30, 40),), ((20, 20), (40, 70)))]
    session.detect(write_video(tmp_path / 'v.avi', frames), Settings('any'))
    chart = count_chart(session, 1)
    assert re.findall(r'data-frame="(\d)" title="([^"]*)"', chart) == [
        ('0', 'frame 0: 0 targets'),
        ('1', 'frame 1: 1 target'),
        ('2', 'frame 2: 2 targets'),
    ]
    assert re.findall(r'height:([\d.]+)%', chart) == ['0.0', '50.0', '100.0']
    assert chart.count('class=here') == 1
    assert 'targets in each frame: 0 to 2' in chart
    assert 'none in 1' in chart
    table = target_table(session, 0)  # of all frames
    assert table['headers'][:2] == ['frame', 'id']
    assert [row[:2] for row in table['data']] == [['1', '0'], ['2', '0'], ['2', '1']]
    session.rethreshold(0.999999)
    assert 'targets in each frame: 0<' in count_chart(session, 0)


def test_the_table_names_classes(tmp_path: Path) -> None:
    detector = MovingTargetInferencer(*two_classes(tmp_path), device='cpu', show_progress=False, threshold=0.3)
    session = AppSession(Shelf(detector), UploadLimits(), tmp_path / 's')
    session.detect([write_image(tmp_path / 'a.png', scene())], Settings('any'))
    table = target_table(session, 0)
    assert table['headers'][-1] == 'class_name'
    assert {row[-1] for row in table['data']} == {'drone', 'bird'}
    session.detect(write_video(tmp_path / 'v.avi', moving_frames(4)), Settings('any'))
    table = track_table(session)
    assert table['headers'] == [*TRACK_HEADERS, 'class']
    assert {row[-1] for row in table['data']} <= {'drone', 'bird'}
    assert {len(row) for row in table['data']} == {len(table['headers'])}


def test_tables_of_many_images(tmp_path: Path) -> None:
    session = AppSession(segmentation(), UploadLimits(), tmp_path / 's')
    (tmp_path / 'bad.png').write_bytes(b'')
    paths = [write_image(tmp_path / f'{k}.png', scene(seed=k)) for k in range(2)]
    session.detect([*paths, tmp_path / 'bad.png'], Settings('any'))
    rows = image_table(session)['data']
    assert [row[:4] for row in rows] == [
        [1, '0.png', '96×64', 1],
        [2, '1.png', '96×64', 1],
        [3, 'bad.png', '', 'not used'],
    ]
    assert [row[4] for row in rows[:2]] == [f'{result.highest[0]:.3f}' for result in session.results]
    # Of the image that is looked at alone.
    table = target_table(session, 1)
    assert table['headers'][0] == 'id'
    target = session.results[1].targets[0]
    assert table['data'] == [
        [
            '0',
            f'{target.x:.2f}',
            f'{target.y:.2f}',
            '9',
            f'{target.peak:.3f}',
            f'{target.mean:.3f}',
            f'{target.scr:.2f}',
        ]
    ]
