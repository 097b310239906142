"""A report of boxes has the figures of the metric, and the curve of pycocotools."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mmirstd.evaluation.functional import CocoEvaluation, count_frame
from mmirstd.evaluation.functional.box_pd_fa import match_frame, summarize_counts
from mmirstd.evaluation.functional.box_protocols import BOX_PROTOCOLS
from mmirstd.evaluation.prediction_dump import PredictionDump
from mmirstd.utils.errors import DataError
from mmirstd.visualization.report import REPORT_THRESHOLDS, analyze_run, build_contents
from mmirstd.visualization.report.clips import chosen_items, neighbors
from tests.test_visualization.report_runs import write_box_run

SAMPLE = [0, 5, 17, 28, 40, 56]


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    return analyze_run(PredictionDump(write_box_run(tmp_path_factory.mktemp('boxes'))), 'boxes')


@pytest.fixture(scope='module')
def frames(run):
    return run.dump.boxes.frames


def test_measures_are_those_of_the_metric(run, frames):
    coco = CocoEvaluation(frames).summarize()
    assert {name: run.summary['own']['default'][name] for name in coco} == coco
    for k in SAMPLE:
        expected = summarize_counts([count_frame(frame, REPORT_THRESHOLDS[k]) for frame in frames])
        for name in ('Pd', 'Fa', 'Fa_e6', 'false_per_frame', 'target_precision', 'target_F1'):
            np.testing.assert_equal(run.summary['sweep']['default'][name][k], expected[name])


def test_the_curve_of_precision_and_recall_by_hand(run, frames):
    """From the definition: each detection, best score first, takes the best target of its frame that is left."""
    rows = []
    for number, frame in enumerate(frames):
        taken = set()
        for index in np.argsort(-frame.scores, kind='stable')[:100]:
            box = frame.boxes[index]
            ious = []
            for target, ignored in zip(frame.targets, frame.ignored):
                sides = np.maximum(np.minimum(box[2:], target[2:]) - np.maximum(box[:2], target[:2]), 0)
                common = sides.prod()
                union = (box[2:] - box[:2]).prod() + (target[2:] - target[:2]).prod() - common
                ious.append(0.0 if ignored else common / union)
            free = [t for t in range(len(ious)) if t not in taken and ious[t] >= 0.5]
            best = max(free, key=lambda t: ious[t], default=None)
            if best is not None:
                taken.add(best)
            elif any(
                ignored and (box[:2] >= target[:2]).all() and (box[2:] <= target[2:]).all()
                for target, ignored in zip(frame.targets, frame.ignored)
            ):
                continue  # within an ignored box: neither true nor false
            rows.append((-frame.scores[index], number, best is not None))
    rows.sort(key=lambda row: row[0])
    hits = np.cumsum([hit for *_, hit in rows])
    total = sum(int((~frame.ignored).sum()) for frame in frames)
    for k in SAMPLE:
        kept = sum(-row[0] >= REPORT_THRESHOLDS[k] for row in rows)
        wanted = (hits[kept - 1] / kept, hits[kept - 1] / total) if kept else (0.0, 0.0)
        found = [run.summary['sweep']['default'][f'box_{name}'][k] for name in ('precision', 'recall')]
        assert found == pytest.approx(wanted)
    curve = run.curves['interpolated']
    assert curve.mean() == pytest.approx(run.summary['own']['default']['mAP50'])
    raw = run.curves['raw']
    for point in (0.1, 0.3):
        reached = raw['precision'][raw['recall'] >= point]
        if len(raw['score']) == len(rows):  # not thinned
            assert curve[round(100 * point)] == pytest.approx(reached.max() if len(reached) else 0)


def test_findings_add_up_to_the_totals(run, frames):
    for k in SAMPLE:
        detected = sum(int((image.iou_codes[:, k] > 0).sum()) for image in run.images)
        assert detected == run.summary['totals']['targets']['detected'][k] == run.counts['detected'][k].sum()
        alarms = sum(int((image.alarms.areas[:, k] > 0).sum()) for image in run.images)
        assert alarms == run.counts['false'][k].sum()
        for image, frame in zip(run.images, frames):
            boxes, _, matched, _ = match_frame(frame, REPORT_THRESHOLDS[k])
            for target, box in enumerate(matched):
                assert (image.iou_codes[target, k] > 0) == (box >= 0)
    assert run.counts['detected'][0].sum() > run.counts['detected'][28].sum() > 0


def test_interval_of_map_holds_the_figure(run):
    data = build_contents([run], 't')['data']
    low, high = (data['groups'][0]['intervals']['mAP50'][end][0] for end in ('low', 'high'))
    assert 0 <= low < run.summary['own']['default']['mAP50'] < high <= 1


def test_one_sequence_has_no_interval_of_map(tmp_path):
    """Its scores are counted as one unit, however its images are drawn: the interval would have no width."""
    only = analyze_run(PredictionDump(write_box_run(tmp_path / 'one', sequences=1, frames=30)), 'boxes')
    intervals = build_contents([only], 't')['data']['groups'][0]['intervals']
    assert set(intervals['mAP50']['low']) == {None}
    assert any(low < high for low, high in zip(intervals['Pd']['low'], intervals['Pd']['high']))


def test_page_of_boxes(run, frames):
    contents = build_contents([run], 't')
    data = json.loads(json.dumps(contents['data'], allow_nan=False))
    assert data['kind'] == 'boxes'
    assert [chart['id'] for chart in data['charts']] == [
        'pr',
        'pd-fa',
        'pd-false',
        'by-size',
        'by-scr',
        'reliability-target',
    ]
    assert [protocol['name'] for protocol in data['protocols']] == list(BOX_PROTOCOLS)
    position = next(i for i, item in enumerate(data['items']) if item['kind'] == 'target')
    item, (_, truth, predicted) = data['items'][position], contents['chunks'][0][position]
    top, left, height, width = item['window']
    frame = frames[item['image']]
    x, y = item['x'] + 0.5 - left, item['y'] + 0.5 - top
    assert any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1, _ in truth)
    for k in SAMPLE:
        boxes = frame.boxes[frame.scores >= REPORT_THRESHOLDS[k]] - [left, top, left, top]
        inside = [b for b in boxes if b[0] < width and b[1] < height and b[2] > 0 and b[3] > 0]
        assert sum(level > k for *_, level in predicted) == len(inside)


def test_classes_of_a_detector_that_tells_several(run, tmp_path):
    assert 'classes' not in build_contents([run], 't')['data']['runs'][0]
    several = analyze_run(PredictionDump(write_box_run(tmp_path / 'r', classes=('drone', 'bird'))), 'r')
    (shown,) = json.loads(json.dumps(build_contents([several], 't')['data']['runs'], allow_nan=False))
    assert shown['classes']['names'] == ['drone', 'bird']
    coco = CocoEvaluation(several.dump.boxes.frames, 2)
    assert shown['classes']['AP50'] == [coco.summarize_class(label)['mAP50'] for label in (0, 1)]
    counts = np.array(shown['classes']['counts'])
    assert counts.shape == (len(REPORT_THRESHOLDS), 3, 3)
    np.testing.assert_array_equal(counts[:, :2, :2].sum((1, 2)), several.counts['detected'].sum(1))
    np.testing.assert_array_equal(counts[:, 2].sum(1), several.counts['false'].sum(1))
    assert counts[0, 0, 1] == 0 < counts[0, 1, 0] < counts[0, 1, 1]


def test_clips_show_the_frames_around(run):
    contents = build_contents([run], 't', max_clips=7)
    data = contents['data']
    assert len(data['clips']) == len(contents['clips']) == 7
    for clip, pictures in zip(data['clips'], contents['clips'], strict=True):
        image = data['items'][clip['item']]['image']
        assert clip['frames'][clip['at']] == image
        assert len({data['images'][number]['sequence'] for number in clip['frames']}) == 1
        assert clip['frames'] == list(range(clip['frames'][0], clip['frames'][-1] + 1))
        assert len(pictures) == len(clip['frames']) > 1
        number = clip['item']
        assert pictures[clip['at']] == contents['chunks'][number // 100][number % 100]
    assert build_contents([run], 't', max_clips=0)['clips'] == []


def test_neighbors_stay_in_the_sequence():
    names = ['a', 'a', 'a', 'b', 'b', '']
    assert neighbors(names, 1, reach=4) == [0, 1, 2]
    assert neighbors(names, 0, reach=1) == [0, 1]
    assert neighbors(names, 4) == [3, 4]
    assert neighbors(names, 5) == [5]


def test_hard_misses_get_clips_first():
    def target(found):
        return dict(kind='target', detected=[np.array(found, bool)])

    items = [target([1, 0, 0]), target([0, 0, 0]), target([1, 1, 0]), dict(kind='alarm', runs=[dict(peak=0.9)])]
    assert chosen_items(items, 1, 2) == [1, 3]
    assert chosen_items(items, 1, 9) == [0, 1, 3]


def test_a_record_of_other_boxes_is_said(tmp_path):
    own = analyze_run(PredictionDump(write_box_run(tmp_path / 'a')), 'x').summary['own']['default']
    right = write_box_run(tmp_path / 'b', metrics={'boxes/mAP50': own['mAP50'], 'boxes/Pd': own['Pd']})
    assert analyze_run(PredictionDump(right), 'x').summary['notices'] == []
    wrong = write_box_run(tmp_path / 'c', metrics={'boxes/mAP50': 0.123})
    assert 'recorded 0.123' in analyze_run(PredictionDump(wrong), 'x').summary['notices'][0]


@pytest.mark.parametrize('empty', ['boxes', 'targets', 'both'])
def test_nothing_there_or_nothing_found(tmp_path, empty):
    run = analyze_run(PredictionDump(write_box_run(tmp_path, empty=empty)), 'x')
    contents = build_contents([run], 't')
    json.dumps(contents['data'], allow_nan=False)
    own = run.summary['own']['default']
    if empty == 'boxes':
        assert own['Pd'] == own['mAP50'] == own['Fa'] == 0
    else:
        assert np.isnan(own['Pd'])
        assert np.isnan(own['mAP50'])


def test_damaged_boxes_are_named(tmp_path):
    folder = write_box_run(tmp_path)
    (folder / 'boxes.npz').write_bytes(b'none')
    with pytest.raises(DataError, match=r'boxes\.npz: not the boxes of a dump'):
        analyze_run(PredictionDump(folder), 'x')


def test_reliability_counts_what_is_found(run):
    charts = {chart['id']: chart for chart in build_contents([run], 't')['data']['charts']}
    assert 'reliability-pixel' not in charts
    (series,) = charts['reliability-target']['series']
    k = REPORT_THRESHOLDS.index(0.1)
    totals = run.summary['totals']['targets']
    assert sum(series['counts']) == totals['components'][k]
    hits = sum(share * count for share, count in zip(series['y'], series['counts']))
    assert hits == pytest.approx(totals['detected'][k], rel=1e-5)
