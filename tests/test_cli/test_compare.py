from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from mmirstd.cli.compare import check_same_images, compare, compare_by_size, main, parse_args, read_run
from mmirstd.utils.errors import DataError
from tests.shared import REPO

TOOL = REPO / 'tools' / 'analysis_tools' / 'compare_runs.py'


def write(path, hits: np.ndarray, size: int = 100, names: str = 'Misc'):
    """A per-image file: in image i ``hits[i]`` of a target's 10 pixels are found, none outside; found from 5 on."""
    images = [
        dict(
            image=f'/data/images/{names}_{i}.png',
            height=size,
            width=size,
            tp=int(tp),
            fp=0,
            fn=10 - int(tp),
            targets=1,
            detected=int(tp >= 5),
            false_pixels=0,
        )
        for i, tp in enumerate(hits)
    ]
    path.write_text(json.dumps(dict(measures={}, images=images)))
    return path


@pytest.fixture
def hits() -> np.ndarray:
    return np.random.default_rng(0).integers(2, 9, 60)


def rows(text: str) -> dict[tuple[str, str], list[str]]:
    cells = [[cell.strip() for cell in line.strip('|').split('|')] for line in text.splitlines()[2:]]
    return {(row[0], row[1]): row[2:] for row in cells}


def test_better_everywhere_is_seen_and_chance_is_not(tmp_path, hits) -> None:
    shuffled = np.random.default_rng(1).permutation(hits)
    runs = [
        read_run(str(write(tmp_path / name, value)))
        for name, value in (('base.json', hits), ('ours.json', hits + 1), ('other.json', shuffled))
    ]
    check_same_images(runs)
    table = rows(compare(runs, ['IoU', 'Fa']))
    assert table['base', 'IoU'] == [f'{hits.sum() / 600:.4f}', '', '', 'reference']
    assert table['ours', 'IoU'] == [f'{hits.sum() / 600 + 0.1:.4f}', '+0.1000', '[+0.1000, +0.1000]', 'better']
    assert table['other', 'IoU'][1] == '+0.0000'
    assert table['other', 'IoU'][3] == table['ours', 'Fa'][3] == 'no difference seen'
    reverse = rows(compare([runs[1], runs[0]], ['IoU']))
    assert reverse['base', 'IoU'][1:] == ['-0.1000', '[-0.1000, -0.1000]', 'worse']


def test_fewer_false_alarms_are_better(tmp_path, hits) -> None:
    content = json.loads(write(tmp_path / 'base.json', hits).read_text())
    for image in content['images']:
        image['false_pixels'] = 7
    (tmp_path / 'noisy.json').write_text(json.dumps(content))
    table = rows(compare([read_run(str(tmp_path / name)) for name in ('base.json', 'noisy.json')], ['Fa_e6']))
    assert table['noisy', 'Fa_e6'] == ['700.0', '+700.0', '[+700.0, +700.0]', 'worse']


def test_seeds_are_averaged(tmp_path, hits) -> None:
    first, second = write(tmp_path / 'a0.json', hits), write(tmp_path / 'a1.json', hits + 1)
    run = read_run(f'ours={first},{second}')
    assert (run.label, len(run.tables)) == ('ours', 2)
    assert rows(compare([run], ['recall']))['ours', 'recall'][0] == f'{hits.sum() / 600 + 0.05:.4f}'
    with pytest.raises(DataError, match=r'ours has 2 file\(s\) and a0 1; expected the same seeds'):
        check_same_images([read_run(str(first)), run])


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(names='XDU'), r'Misc_0 \(10000 pixels.* against|XDU_0'),
        (dict(size=50), '2500 pixels, 1 targets.*--eval-size'),
    ],
)
def test_other_images_cannot_be_paired(tmp_path, hits, change, message) -> None:
    runs = [read_run(str(write(tmp_path / 'a.json', hits))), read_run(str(write(tmp_path / 'b.json', hits, **change)))]
    with pytest.raises(DataError, match=message) as caught:
        check_same_images(runs)
    assert 'a.json' in str(caught.value)
    assert 'b.json' in str(caught.value)


def test_another_number_of_images(tmp_path, hits) -> None:
    runs = [read_run(str(write(tmp_path / name, value))) for name, value in (('a.json', hits), ('b.json', hits[:40]))]
    with pytest.raises(DataError, match=r'\(40 images\).*\(60 images\).*one list is longer'):
        check_same_images(runs)


@pytest.mark.parametrize('content', ['', '[1]', '{}', '{"images": []}', '{"images": [{"image": "a.png"}]}', '\x00'])
def test_files_that_are_something_else(tmp_path, content) -> None:
    (tmp_path / 'x.json').write_text(content)
    with pytest.raises(DataError, match='x.json: holds no per-image counts.*--per-image'):
        read_run(str(tmp_path / 'x.json'))
    with pytest.raises(DataError, match='gone.json: No such file.*--per-image'):
        read_run('ours=gone.json')
    with pytest.raises(DataError, match='names no file'):
        read_run('ours=')


def test_by_size(tmp_path, hits) -> None:
    """Targets of 10 and 40 pixels, none larger; one seed finds 4 and 7 of their pixels, the other 0 and 40."""
    for seed, found in enumerate([(4, 7), (0, 40)]):
        content = json.loads(write(tmp_path / 'x.json', hits[:2]).read_text())
        for image, area, covered in zip(content['images'], (10, 40), found):
            image['records'] = dict(targets=[dict(area=area, covered=covered, matched=covered > 0)], false_alarms=[])
        (tmp_path / f's{seed}.json').write_text(json.dumps(content))
    run = read_run(f'ours={tmp_path}/s0.json,{tmp_path}/s1.json')
    lines = compare_by_size([run], [10, 40]).splitlines()
    assert lines[0] == '| target area (pixels) | targets | pixels | ours: Pd | pixels found |'
    assert lines[2:] == [
        '| up to 10 | 1 | 10 | 0.500 | 0.200 |',
        '| 11 to 40 | 1 | 40 | 1.000 | 0.588 |',
        '| above 40 | 0 | 0 | - | - |',
    ]


def test_by_size_of_a_file_of_an_earlier_version(tmp_path, hits) -> None:
    run = read_run(str(write(tmp_path / 'old.json', hits)))
    with pytest.raises(DataError, match=r"old.json: its targets have no 'records'; write the file anew"):
        compare_by_size([run], [20])


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        (['--measures', 'mIoU'], "'mIoU'"),
        (['--level', '95'], '0.95'),
        (['--by-size', 'small'], '20,40,80'),
        (['--by-size', '40,20'], 'that rise'),
        (['--by-size', '0,20'], 'that rise'),
    ],
)
def test_wrong_options(capsys, option, message) -> None:
    with pytest.raises(SystemExit):
        parse_args(['a.json', *option])
    assert message in capsys.readouterr().err


def test_tool(tmp_path, hits) -> None:
    files = [str(write(tmp_path / 'a.json', hits)), str(write(tmp_path / 'b.json', hits + 1))]
    done = subprocess.run([sys.executable, str(TOOL), *files], capture_output=True, text=True, check=True)
    assert '| b | Pd |' in done.stdout
    assert 'target area' not in done.stdout
    assert '60 images, 1 training(s) a run' in done.stdout
    done = subprocess.run([sys.executable, str(TOOL), 'gone.json'], capture_output=True, text=True)
    assert done.returncode == 2
    assert 'error: gone.json: No such file' in done.stderr


def write_boxes(path, hits: list[int], alarms: list[int]):
    """A per-image file of boxes: one target of 6 pixels a frame, found or not; false alarms of 8 pixels."""
    images = [
        dict(
            image=f'/data/s1/{k}.png',
            height=10,
            width=10,
            targets=1,
            detected=hit,
            detections=hit + alarm,
            false=alarm,
            false_pixels=8.0 * alarm,
            records=dict(targets=[dict(area=6.0, matched=bool(hit), box=[0, 0, 2, 3])], false_alarms=[]),
        )
        for k, (hit, alarm) in enumerate(zip(hits, alarms))
    ]
    path.write_text(json.dumps(dict(measures={}, images=images)))
    return str(path)


def test_boxes_have_their_own_measures(tmp_path, capsys) -> None:
    base = write_boxes(tmp_path / 'base.json', [1, 0, 0, 1], [1, 0, 1, 0])
    better = write_boxes(tmp_path / 'better.json', [1, 1, 1, 1], [0, 0, 0, 0])
    main([base, better, '--by-size', '20'])
    text = capsys.readouterr().out
    table = rows(text.split('\n\n')[0])
    assert table['base', 'Pd'][0] == '0.5000'
    assert table['better', 'Pd'][:2] == ['1.0000', '+0.5000']
    assert table['base', 'Fa_e6'][0] == '40000.0'
    assert table['better', 'Fa_e6'][1] == '-40000.0'
    assert table['base', 'target_precision'][0] == '0.5000'
    assert table['base', 'target_F1'][0] == '0.5000'
    assert ('base', 'IoU') not in table
    assert '| up to 20 | 4 | 24 | 0.500 | - | 1.000 | - |' in text
    main([base, '--measures', 'false_per_frame'])
    assert '| base | false_per_frame | 0.5000 |' in capsys.readouterr().out
    with pytest.raises(DataError, match=r'--measures IoU: .*base.json is of boxes: expected some of Pd'):
        main([base, '--measures', 'IoU'])


def test_masks_and_boxes_cannot_be_compared(tmp_path, hits) -> None:
    boxes = write_boxes(tmp_path / 'boxes.json', [1], [0])
    with pytest.raises(DataError, match='masks.json is of masks and .*boxes.json of boxes'):
        main([str(write(tmp_path / 'masks.json', hits)), boxes])
