"""The report's figures are those of mmirstd.evaluation at every threshold, its findings those of the definitions."""

from __future__ import annotations

import base64
import json
import re

import numpy as np
import pytest

from mmirstd.evaluation.data_set_results import data_set_results, image_result, specs_of
from mmirstd.evaluation.functional import (
    PROTOCOLS,
    ImageEvidence,
    count_image,
    evaluate,
    get_protocol,
    label_components,
    roc_curve,
)
from mmirstd.evaluation.functional.binarize import PredictionRule
from mmirstd.evaluation.functional.calibration import expected_error, reliability_bins
from mmirstd.evaluation.functional.matching import match_nearest
from mmirstd.evaluation.functional.roc_curve import CURVE_LOGITS, score_histograms
from mmirstd.evaluation.prediction_dump import DumpWriter, PredictionDump, probability_edges, write_index
from mmirstd.utils.errors import DataError
from mmirstd.utils.logits import logit_of
from mmirstd.visualization import report
from mmirstd.visualization.report import (
    REPORT_THRESHOLDS,
    analyze_run,
    build_contents,
    render_page,
    threshold_levels,
)
from mmirstd.visualization.report.crops import pack_bytes, target_window, window_around
from mmirstd.visualization.report.page import SCRIPTS
from mmirstd.visualization.report.threshold_findings import FindingCollector
from tests.test_visualization.report_runs import write_run

SAMPLE = [0, 3, 10, 28, 40, 52, 56]  # of the thresholds
HALF = REPORT_THRESHOLDS.index(0.5)


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    dump = PredictionDump(write_run(tmp_path_factory.mktemp('runs') / 'a'))
    return analyze_run(dump, 'a', list(PROTOCOLS))


@pytest.fixture(scope='module')
def other(tmp_path_factory):
    return analyze_run(PredictionDump(write_run(tmp_path_factory.mktemp('runs') / 'b', quality=0.9)), 'b', ['msda'])


def pairs(run):
    return [(image.probability, image.mask) for image in run.dump]


def test_thresholds_are_edges_of_the_dump():
    assert np.isin(np.float32(REPORT_THRESHOLDS), probability_edges()).all()
    assert list(REPORT_THRESHOLDS) == sorted(set(REPORT_THRESHOLDS))
    assert {0.5, 0.1, 0.9, 0.22} <= set(REPORT_THRESHOLDS)
    assert len(REPORT_THRESHOLDS) < 255


def test_levels_are_thresholds_exceeded():
    edges = np.float32(REPORT_THRESHOLDS)
    values = np.concatenate([[0, 1], edges, np.nextafter(edges, np.float32(2)), np.nextafter(edges, np.float32(-1))])
    values = np.clip(values, 0, 1).astype(np.float32)[None]
    levels = threshold_levels(values)
    for k, threshold in enumerate(REPORT_THRESHOLDS):
        np.testing.assert_array_equal(levels > k, values > threshold)


@pytest.mark.parametrize('name', list(PROTOCOLS))
def test_every_protocol_at_its_own_and_at_other_thresholds(run, name):
    def equal(found, expected):
        found = {key: value for key, value in found.items() if key in expected}
        np.testing.assert_equal(found, expected)  # NaN is NaN, and not a bit of difference

    equal(run.summary['own'][name], evaluate(name, pairs(run)))
    for k in SAMPLE:
        expected = evaluate(get_protocol(name).with_threshold(REPORT_THRESHOLDS[k]), pairs(run))
        equal({key: values[k] for key, values in run.summary['sweep'][name].items()}, expected)


def test_roc_is_that_of_the_metric(run):
    histograms = [score_histograms(score, mask > 0) for score, mask in pairs(run)]
    expected = roc_curve([h[0] for h in histograms], [h[1] for h in histograms])
    assert run.summary['own']['default']['AUC'] == expected.auc
    np.testing.assert_array_equal(run.curves['tpr'], expected.tpr)
    assert len(expected.tpr) == len(CURVE_LOGITS) + 2


@pytest.mark.parametrize('k', SAMPLE)
def test_findings_add_up_to_the_totals(run, k):
    counts = [count_image(get_protocol('default').with_threshold(REPORT_THRESHOLDS[k]), *pair) for pair in pairs(run)]
    detected = sum(int((image.iou_codes[:, k] > 0).sum()) for image in run.images)
    assert detected == sum(c['targets']['detected'] for c in counts) == run.summary['totals']['targets']['detected'][k]
    areas = np.concatenate([image.alarms.areas[:, k] for image in run.images])
    assert areas.sum() == sum(c['targets']['false_pixels'] for c in counts)
    assert (areas > 0).sum() == sum(c['targets']['components'] - c['targets']['matched'] for c in counts)
    for part in ('detected', 'false_pixels', 'targets'):
        assert run.counts[part][k].tolist() == [c['targets'][part] for c in counts]
    for part in ('tp', 'fp', 'fn'):
        assert run.counts[part][k].tolist() == [c['pixel'][part] for c in counts]
    assert run.counts['false'][k].sum() == (areas > 0).sum()
    assert [image.iou[k] for image in run.images] == pytest.approx([c['niou']['iou'] for c in counts])


def test_bars_add_up_to_the_totals(run):
    charts = {chart['id']: chart for chart in build_contents([run], 't')['data']['charts']}
    for name in ('by-size', 'by-scr'):
        chart = charts[name]
        assert sum(part['targets'] for part in chart['bins']) == sum(len(image.targets) for image in run.images)
        for k in SAMPLE:
            found = [part[k] for part in chart['series'][0]['detected']]
            assert sum(found) == run.summary['totals']['targets']['detected'][k]


def pixels(components, index, shape):
    full = np.zeros(shape, bool)
    components.crop(full)[...] = components.labels == index + 1
    return full


def test_iou_codes_and_alarm_peaks_from_the_definitions(run):
    checked = {0: 0, 1: 0, 2: 0}
    for image, analyzed in zip(run.dump, run.images, strict=True):
        targets = label_components(image.mask > 0)
        for k in SAMPLE:
            predicted = image.probability > REPORT_THRESHOLDS[k]
            found = label_components(predicted)
            matches = match_nearest(targets, found)

            for index, partner in enumerate(matches.prediction_of):
                code = int(analyzed.iou_codes[index, k])
                if partner < 0:
                    assert code == 0
                    checked[0] += 1
                    continue
                ours, theirs = pixels(targets, index, predicted.shape), pixels(found, partner, predicted.shape)
                iou = (ours & theirs).sum() / (ours | theirs).sum()
                assert (code == 201) == (iou == 1)
                assert (code > 100) == (iou >= 0.5)
                assert 0 <= iou - (code - 1) / 200 < 1 / 200
                checked[1] += 1
            for index in np.flatnonzero(~matches.matched):
                inside = pixels(found, index, predicted.shape)
                values = np.where(inside, image.probability, -1)
                site = int(np.flatnonzero(analyzed.alarms.peaks == values.argmax())[0])
                assert analyzed.alarms.areas[site, k] == inside.sum()
                assert analyzed.alarms.scores[site] == values.max()
                checked[2] += 1
    assert min(checked.values()) > 5  # missed, detected and false ones were there


def test_most_confident_alarms_are_kept():
    score = np.zeros((20, 40), np.float32)
    for index in range(8):
        score[4, 4 * index + 2] = 0.1 + 0.1 * index
    targets = label_components(np.zeros((20, 40), bool))
    collector = FindingCollector(score, targets, REPORT_THRESHOLDS)
    for threshold in REPORT_THRESHOLDS:
        predictions = label_components(score > threshold)
        collector.add(predictions, match_nearest(targets, predictions))
    _, alarms = collector.finish(limit=3)
    assert alarms.scores.tolist() == pytest.approx([0.8, 0.7, 0.6])
    assert (alarms.areas > 0).sum(axis=1).tolist() == [
        sum(t < s for t in REPORT_THRESHOLDS) for s in (0.8, np.float32(0.7), np.float32(0.6))
    ]


def unpack(text: str, length: int) -> np.ndarray:
    """As data.js does."""
    import base64

    data = np.frombuffer(base64.b64decode(text[1:]), np.uint8)
    return data if text[0] == 'r' else np.repeat(data[1::2], data[::2])[:length]


@pytest.mark.parametrize(
    'values',
    [
        np.zeros(1000),
        np.arange(256),
        np.repeat([3, 0, 7], [255, 256, 511]),
        np.r_[np.zeros(509), 1],
        np.ones(1),
        np.zeros(0),
        np.random.default_rng(0).integers(0, 3, 900),
    ],
)
def test_packed_bytes_come_back(values):
    values = values.astype(np.uint8)
    packed = pack_bytes(values)
    np.testing.assert_array_equal(unpack(packed, values.size), values)
    assert len(packed) <= 1 + 4 * -(-values.size // 3)


def test_windows_stay_inside():
    assert vars(window_around(2, 90, 48, (60, 100))) == dict(top=0, left=52, height=48, width=48)
    assert vars(window_around(10, 10, 48, (20, 30))) == dict(top=0, left=0, height=20, width=30)
    window = target_window(np.array([30, 40, 33, 43]), (200, 200))
    assert (window.height, window.width) == (40, 40)
    assert window.top <= 30 - 14
    assert target_window(np.array([0, 0, 150, 20]), (400, 400)).height == 96


def test_contents_put_runs_side_by_side(run, other):
    contents = build_contents([run, other], 'two')
    data = json.loads(json.dumps(contents['data'], allow_nan=False))
    assert [r['name'] for r in data['runs']] == ['a', 'b']
    assert sum(len(chunk) for chunk in contents['chunks']) == len(data['items'])
    targets = [item for item in data['items'] if item['kind'] == 'target']
    assert len(targets) == sum(len(image.targets) for image in run.images)
    alarms = [item for item in data['items'] if item['kind'] == 'alarm']
    for index, analyzed in enumerate((run, other)):
        assert sum(item['runs'][index] is not None for item in alarms) == sum(
            len(image.alarms.peaks) for image in analyzed.images
        )
    assert any(all(entry is not None for entry in item['runs']) for item in alarms)  # alarms of both at one place
    # The pictures are what a contour is drawn from.
    number = next(i for i, item in enumerate(data['items']) if item['kind'] == 'target')
    item, pictures = data['items'][number], contents['chunks'][0][number]
    top, left, height, width = item['window']
    image = run.dump[item['image']]
    part = np.s_[top : top + height, left : left + width]
    np.testing.assert_array_equal(unpack(pictures[1], height * width).reshape(height, width), image.mask[part])
    for analyzed, text in zip((run, other), pictures[2:], strict=True):
        level = unpack(text, height * width).reshape(height, width)
        np.testing.assert_array_equal(level > HALF, analyzed.dump[item['image']].probability[part] > 0.5)
    assert unpack(pictures[0], height * width).max() == 255


def test_fewer_alarms_on_request(run):
    def shown(limit):
        items = build_contents([run], 't', max_alarms=limit)['data']['items']
        return sorted((item['runs'][0]['peak'] for item in items if item['kind'] == 'alarm'), reverse=True)

    everything = shown(10000)
    assert shown(5) == everything[:5]
    assert shown(0) == []


def test_fewer_targets_on_request_the_hardest_ones(run, tmp_path):
    other = analyze_run(PredictionDump(write_run(tmp_path / 'worse', quality=0.3)), 'worse')
    everything = build_contents([run, other], 't')['data']
    few = build_contents([run, other], 't', max_targets=4)['data']

    def targets(data):
        return [item for item in data['items'] if item['kind'] == 'target']

    def found(item):
        return sum(np.count_nonzero(np.frombuffer(base64.b64decode(one['codes']), np.uint8)) for one in item['runs'])

    assert len(targets(few)) == 4 < len(targets(everything))
    assert all(item in targets(everything) for item in targets(few))
    rest = [item for item in targets(everything) if item not in targets(few)]
    assert max(map(found, targets(few))) <= min(map(found, rest))
    assert targets(build_contents([run], 't', max_targets=0)['data']) == []
    # What is counted does not depend on what is shown.
    for key in ('runs', 'charts'):
        assert few[key] == everything[key]
    assert [image['targets'] for image in few['images']] == [image['targets'] for image in everything['images']]


def test_a_picture_of_the_whole_image_is_kept_where_it_has_a_card(run):
    data = build_contents([run], 't', max_targets=3, max_alarms=2)['data']
    shown = {item['image'] for item in data['items']}
    assert 0 < len(shown) < len(data['images'])
    for number, image in enumerate(data['images']):
        assert (image['thumbnail'] is not None) == (number in shown)


def test_error_types_are_counted_with_and_without_a_card(run):
    full = build_contents([run], 't')['data']
    types = full['runs'][0]['types']
    codes = np.array(
        [
            np.frombuffer(base64.b64decode(item['runs'][0]['codes']), np.uint8)
            for item in full['items']
            if item['kind'] == 'target'
        ]
    )
    assert types['missed'] == (codes == 0).sum(axis=0).tolist()
    assert types['perfect'] == (codes == 201).sum(axis=0).tolist()
    assert types['poor'] == ((codes > 0) & ((codes - 1.0) / 200 < 0.5)).sum(axis=0).tolist()
    assert np.sum(list(types.values()), axis=0).tolist() == [len(codes)] * len(full['thresholds'])


def test_runs_of_other_images_do_not_go_together(run, tmp_path):
    fewer = analyze_run(PredictionDump(write_run(tmp_path / 'fewer', images=5)), 'fewer')
    with pytest.raises(DataError, match=r"need the same images; 7 are in one of them only, the first is 'scene005'"):
        build_contents([run, fewer], 't')
    changed = analyze_run(PredictionDump(write_run(tmp_path / 'changed', seed=1)), 'changed')
    with pytest.raises(DataError, match=r'the ground truth of .scene000. differs.*--eval-size'):
        build_contents([run, changed], 't')


def test_two_images_of_one_name(tmp_path):
    dump = PredictionDump(write_run(tmp_path, images=2, names=['same', 'same']))
    with pytest.raises(DataError, match='same ID'):
        analyze_run(dump, 'x')


def test_record_that_does_not_belong_is_said(run, tmp_path):
    true = run.summary['own']['default']
    right = PredictionDump(write_run(tmp_path / 'right', metrics=dict(IoU=true['IoU'], Pd=true['Pd'], other=3)))
    assert analyze_run(right, 'x').summary['notices'] == []
    wrong = PredictionDump(write_run(tmp_path / 'wrong', metrics=dict(IoU=0.123), notices=['as recorded']))
    notices = analyze_run(wrong, 'x').summary['notices']
    assert notices[0] == 'as recorded'
    assert 'recorded 0.123' in notices[1]


def test_no_target_at_all(tmp_path):
    blank, score = np.zeros((30, 30), np.uint8), np.zeros((30, 30), np.float32)
    score[4:6, 9:12] = 0.8
    write_index(tmp_path, [DumpWriter(tmp_path).write('empty', score, blank, blank)])
    contents = build_contents([analyze_run(PredictionDump(tmp_path), 'empty', ['msda', 'rpcanet'])], 't')
    assert [item['kind'] for item in contents['data']['items']] == ['alarm']
    assert contents['data']['runs'][0]['own']['default']['Pd'] is None
    json.dumps(contents['data'], allow_nan=False)


def test_one_file_without_addresses_and_with_names_escaped(tmp_path):
    evil = '</script><script>alert(1)</script>'
    run = analyze_run(PredictionDump(write_run(tmp_path, images=1, names=[f'ümläut {evil}'])), evil)
    page = render_page(build_contents([run], f'<b>{evil}'))
    assert evil not in page
    assert 'ümläut \\u003c/script>' in page
    assert page.count('<script') == page.count('</script>') == 2 + len(re.findall(r'id="crops-\d+"', page))
    assert not re.findall(r'(?:src|href)="(?!#|data:)', page)
    assert set(re.findall(r'https?://[^\s"\'<]+', page)) == {'http://www.w3.org/2000/svg'}  # a name, never loaded
    assert '<!--' not in re.sub(r'<!-- Nothing may be loaded.*?-->', '', page)
    for name in SCRIPTS:
        assert f'// {name}\n' in page


def test_rule_of_the_evidence_is_the_default_protocols():
    # analyze_run asks for components by PredictionRule(threshold): what the moved default protocol has cached.
    moved = get_protocol('default').with_threshold(0.3)
    assert moved.parts['targets'].prediction == PredictionRule(0.3)


def test_the_old_name_of_analyze_run() -> None:
    with pytest.warns(DeprecationWarning, match='analyze_run instead'):
        assert report.analyse_run is report.analyze_run


@pytest.fixture(scope='module')
def sure(tmp_path_factory):
    dump = PredictionDump(write_run(tmp_path_factory.mktemp('runs') / 'sure', logits=True))
    return analyze_run(dump, 'sure')


def test_curves_of_a_run_with_logits_are_those_of_the_metric(sure):
    results = [
        image_result(ImageEvidence(image.probability, image.mask, image.name, image.logit), specs_of(['default']))
        for image in sure.dump
    ]
    expected = data_set_results(results, specs_of(['default']))
    assert sure.summary['own']['default']['AUC'] == expected.roc.auc
    charts = {chart['id']: chart for chart in build_contents([sure], 't')['data']['charts']}
    (series,) = charts['pd-fa']['series']
    assert series['logits'][: len(REPORT_THRESHOLDS)] == pytest.approx(logit_of(np.array(REPORT_THRESHOLDS)), rel=1e-5)
    beyond = {logit: (pd, fa) for logit, pd, fa in zip(series['logits'], series['y'], series['x']) if logit > 7}
    wanted = {logit: (pd, fa) for logit, pd, fa in zip(expected.pd_fa.logits, expected.pd_fa.pd, expected.pd_fa.fa)}
    assert beyond
    for logit, point in beyond.items():
        assert point == pytest.approx(wanted[logit], rel=1e-5)
    assert beyond[8.0][1] > beyond[28.0][1] >= 0  # where every float32 probability is 1, or nearly


def test_a_run_without_logits_ends_its_curve_with_the_probabilities(run):
    (series,) = {chart['id']: chart for chart in build_contents([run], 't')['data']['charts']}['pd-fa']['series']
    assert len(series['x']) == len(series['logits']) == len(REPORT_THRESHOLDS)


def test_reliability_by_pixel_and_by_target(run, sure):
    charts = {chart['id']: chart for chart in build_contents([run, sure], 't')['data']['charts']}
    score = np.concatenate([image.probability.ravel() for image in run.dump]).astype(np.float64)
    mask = np.concatenate([image.mask.ravel() > 0 for image in run.dump])
    said, true, counts = reliability_bins(score, ~mask * 1.0, mask * 1.0)
    plain, other = charts['reliability-pixel']['series']
    assert sum(plain['counts']) == sum(counts) == sum(image.probability.size for image in run.dump)
    # The report counts by bins of the logit that are 2 percent wide, so that pixels at an edge may change sides.
    assert plain['ece'] == pytest.approx(expected_error(said, true, counts), abs=2e-3)
    assert other['ece'] != plain['ece']

    k = REPORT_THRESHOLDS.index(0.1)
    totals = run.summary['totals']['targets']
    found = charts['reliability-target']['series'][0]
    assert sum(found['counts']) == totals['components'][k]
    claims = np.concatenate([image.claims for image in run.images])
    assert (claims > 0.1).all()
    hits = sum(share * count for share, count in zip(found['y'], found['counts']))
    assert hits == pytest.approx(totals['matched'][k], rel=1e-5)
    away = sum(count * abs(x - y) for x, y, count in zip(found['x'], found['y'], found['counts']))
    assert found['ece'] == pytest.approx(away / sum(found['counts']), rel=1e-4)
