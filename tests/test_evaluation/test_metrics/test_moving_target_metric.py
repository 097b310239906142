from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import socket

import numpy as np
import pytest
import torch
from mmengine.dist import get_dist_info
from mmengine.structures import InstanceData

import mmirstd.registry  # noqa: F401
from mmirstd.evaluation import MovingTargetMetric
from mmirstd.evaluation.functional import CocoEvaluation, FrameDetections
from mmirstd.evaluation.functional.box_pd_fa import count_frame, match_centers, pd_by_scr, summarize_counts
from mmirstd.evaluation.functional.ultralytics_evaluation import ultralytics_measures
from mmirstd.evaluation.metrics import moving_target_metric
from mmirstd.registry import METRICS
from mmirstd.utils.errors import ConfigError
from tests.shared import DATA

from mmdet.structures import DetDataSample  # isort: skip

GOLDEN = json.loads((DATA / 'golden' / 'sstnet_coco.json').read_text())


def corners(box) -> list[float]:
    x, y, w, h = box
    return [x, y, x + w, y + h]


def sample(
    img_id: int, targets=(), boxes=(), scores=(), video: str = 's', scr=None, ignore=(), shape=(256, 256), **meta
) -> dict:
    """A data sample as mmengine hands it to metrics."""
    instances = [dict(bbox=list(box), bbox_label=0, ignore_flag=int(k in ignore)) for k, box in enumerate(targets)]
    for instance, value in zip(instances, scr or ()):
        instance['scr'] = value
    result = DetDataSample(
        metainfo=dict(
            img_id=img_id, img_path=f'{img_id}.png', ori_shape=shape, video=video, instances=instances, **meta
        )
    )
    result.pred_instances = InstanceData(
        bboxes=torch.tensor(list(boxes), dtype=torch.float64).reshape(-1, 4),
        scores=torch.tensor(list(scores), dtype=torch.float64),
        labels=torch.zeros(len(boxes), dtype=torch.long),
    )
    return result.to_dict()


def golden_samples() -> list[dict]:
    samples = []
    for image in GOLDEN['images']:
        found = [d for d in GOLDEN['detections'] if d['image_id'] == image['id']]
        samples.append(
            sample(
                image['id'],
                [corners(a['bbox']) for a in GOLDEN['annotations'] if a['image_id'] == image['id']],
                [corners(d['bbox']) for d in found],
                [d['score'] for d in found],
                video=f'seq{image["id"] % 3}',
            )
        )
    return samples


def evaluate(samples: list[dict], **options) -> dict:
    metric = MovingTargetMetric(**options)
    for part in (samples[k : k + 4] for k in range(0, len(samples), 4)):
        metric.process(None, part)
    return metric.evaluate(len(samples))


# The official arithmetic.


@pytest.mark.parametrize(
    ('protocol', 'prefix', 'record'),
    [('default', '', 'all_detections'), ('sstnet', 'sstnet/', 'official_protocol_only_images_with_annotations')],
)
def test_recorded_case(protocol, prefix, record):
    expected = GOLDEN[record]
    measures = evaluate(golden_samples(), protocol=protocol)
    for ours, theirs in (
        ('mAP', expected['stats12'][0]),
        ('mAP50', expected['mAP50']),
        ('mAP75', expected['stats12'][2]),
        ('precision', expected['Precision']),
        ('recall', expected['recall_50']),
        ('F1', expected['F1']),
    ):
        assert measures[prefix + ours] == pytest.approx(theirs, abs=1e-12), ours
    frames = [record_of(s) for s in golden_samples()]
    coco = CocoEvaluation(frames)
    counted = [k for k, frame in enumerate(frames) if protocol == 'default' or len(frame.targets)]
    np.testing.assert_allclose(coco.precision_curve(counted), expected['precision_50'], atol=1e-12)


@pytest.mark.parametrize('protocol', ['ultralytics', 'ultralytics-8.4.37'])
def test_protocols_by_prefix(protocol):
    measures = evaluate(golden_samples(), protocol=['default', protocol])
    frames = [record_of(sample) for sample in golden_samples()]
    expected = ultralytics_measures(frames, to_the_end=protocol == 'ultralytics')
    assert {name: measures[f'{protocol}/{name}'] for name in expected} == expected


def record_of(item: dict) -> FrameDetections:
    from mmirstd.evaluation.metrics.moving_target_metric import frame_record

    return FrameDetections(**frame_record(item, False))


def test_each_sequence_is_what_pycocotools_says_of_it_alone():
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    metric = MovingTargetMetric()
    metric.process(None, golden_samples())
    metric.evaluate(40)
    for k in range(3):
        with contextlib.redirect_stdout(io.StringIO()):
            truth = COCO()
            images = [image for image in GOLDEN['images'] if image['id'] % 3 == k]
            ids = {image['id'] for image in images}
            truth.dataset = dict(
                images=images,
                categories=[dict(id=1, name='t')],
                annotations=[dict(a) for a in GOLDEN['annotations'] if a['image_id'] in ids],
            )
            truth.createIndex()
            found = truth.loadRes([dict(d) for d in GOLDEN['detections'] if d['image_id'] in ids])
            alone = COCOeval(truth, found, 'bbox')
            alone.evaluate()
            alone.accumulate()
            alone.summarize()
        table = metric.last_tables['sequences'][f'seq{k}']
        assert table['mAP'] == pytest.approx(alone.stats[0], abs=1e-12)
        assert table['mAP50'] == pytest.approx(alone.stats[1], abs=1e-12)
        assert table['recall'] == pytest.approx(alone.eval['recall'][0, 0, 0, -1], abs=1e-12)


def test_a_perfect_detector():
    targets = [[10.0, 10, 16, 15], [30, 30, 34, 34]]
    measures = evaluate([sample(k, targets, targets, [0.9, 0.8]) for k in range(3)])
    for name in ('mAP', 'mAP50', 'precision', 'recall', 'F1', 'Pd', 'target_precision', 'target_F1'):
        assert measures[name] == pytest.approx(1), name
    assert measures['Fa'] == 0


def test_a_blind_detector():
    measures = evaluate([sample(k, [[10.0, 10, 16, 15]]) for k in range(3)])
    assert [measures[name] for name in ('mAP50', 'precision', 'recall', 'F1', 'Pd', 'Fa')] == [0] * 6


def test_no_target_anywhere():
    measures = evaluate([sample(k, [], [[5.0, 5, 9, 9]], [0.9]) for k in range(2)], protocol=['default', 'sstnet'])
    for name in ('mAP50', 'precision', 'recall', 'F1', 'Pd', 'sstnet/mAP50'):
        assert math.isnan(measures[name]), name
    assert measures['Fa'] == pytest.approx(16 / 256**2)
    assert measures['false_per_frame'] == 1
    assert measures['target_precision'] == 0


def test_false_alarms_on_empty_frames_count_unless_the_protocol_says_so():
    samples = [sample(0, [[10.0, 10, 16, 15]], [[10.0, 10, 16, 15]], [0.6])]
    samples += [sample(k, [], [[50.0, 50, 56, 55]], [0.9]) for k in range(1, 4)]
    measures = evaluate(samples, protocol=['default', 'sstnet'])
    assert measures['sstnet/mAP50'] == pytest.approx(1)
    assert measures['mAP50'] == pytest.approx(0.25)


def test_ignored_boxes_are_neither_targets_nor_false_alarms():
    targets = [[10.0, 10, 16, 15], [100, 100, 140, 140]]
    measures = evaluate([sample(0, targets, [targets[0], [110.0, 110, 130, 130]], [0.9, 0.95], ignore=(1,))])
    assert measures['mAP50'] == pytest.approx(1)
    assert measures['Pd'] == 1
    assert measures['Fa'] == 0


def test_several_classes():
    one = sample(0, [[10.0, 10, 16, 15], [30, 30, 34, 34]], [[10.0, 10, 16, 15], [30, 30, 34, 34]], [0.9, 0.8])
    one['instances'][1]['bbox_label'] = 1
    one['pred_instances']['labels'] = torch.tensor([0, 0])
    measures = evaluate([one], num_classes=2)
    assert measures['mAP50'] == pytest.approx(0.5)
    assert measures['recall'] == pytest.approx(0.5)
    assert measures['Pd'] == 1  # found, under whatever name


def test_classes_are_the_data_sets_and_each_has_its_figures():
    one = sample(0, [[10.0, 10, 16, 15], [30, 30, 34, 34]], [[10.0, 10, 16, 15], [30, 30, 34, 34]], [0.9, 0.8])
    one['instances'][1]['bbox_label'] = 1
    one['pred_instances']['labels'] = torch.tensor([0, 0])
    metric = MovingTargetMetric()
    metric.dataset_meta = dict(classes=('drone', 'bird', 'plane'))
    metric.process(None, [one])
    measures = metric.evaluate(1)
    assert measures['mAP50'] == pytest.approx(0.5)  # of the classes that have targets
    assert measures['mAP50_class/drone'] == pytest.approx(1)
    assert measures['mAP50_class/bird'] == 0
    assert math.isnan(measures['mAP50_class/plane'])
    assert metric.last_tables['classes']['drone'] == pytest.approx(dict(targets=1, mAP50=1, precision=1, recall=1))
    assert [row['targets'] for row in metric.last_tables['classes'].values()] == [1, 1, 0]


def test_another_number_of_classes_than_the_data_set_has():
    metric = MovingTargetMetric(num_classes=1)
    with pytest.raises(ConfigError, match=r"num_classes: found 1, expected 2, .*\('drone', 'bird'\)[\s\S]*cure: leave"):
        metric.dataset_meta = dict(classes=('drone', 'bird'))
    metric = MovingTargetMetric(score_counts_out='x.json')
    metric.dataset_meta = dict(classes=('target',))
    with pytest.raises(ConfigError, match='score_counts_out is for one class: found num_classes=2'):
        metric.dataset_meta = dict(classes=('drone', 'bird'))


# By centers.


def test_center_distance_is_strict_and_one_to_one():
    target = np.array([[10.0, 10, 14, 14]])
    assert match_centers(target, target + [[3, 0, 3, 0]], np.ones(1), 3.0).tolist() == [-1]
    assert match_centers(target, target + [[2.99, 0, 2.99, 0]], np.ones(1), 3.0).tolist() == [0]
    two = np.array([[10.0, 10, 14, 14], [12, 10, 16, 14]])
    assert match_centers(two, two[:1] + 0.9, np.ones(1), 3.0).tolist() in ([0, -1], [-1, 0])
    # the nearest pair first: the second target takes the box that the first could have had too
    assert match_centers(two, np.array([[11.8, 10, 15.8, 14], [8.0, 10, 12, 14]]), np.ones(2), 3.0).tolist() == [1, 0]
    # of equally near ones the more certain
    assert match_centers(target, np.concatenate([target, target]), np.array([0.6, 0.9]), 3.0).tolist() == [1]


def test_counts_of_a_frame():
    frame = record_of(
        sample(
            0,
            [[10.0, 10, 14, 14], [100, 100, 104, 104]],
            [[10.0, 11, 14, 15], [250, 250, 262, 260], [60, 60, 70, 70]],
            [0.9, 0.7, 0.4],
        )
    )
    counts = count_frame(frame, 0.5)
    expected = dict(targets=2, detected=1, detections=2, false=1, false_pixels=36.0, pixels=65536)
    assert {key: counts[key] for key in expected} == expected  # 6x6 pixels of the false one are in the image
    assert count_frame(frame, 0.3)['false_pixels'] == 136.0
    summary = summarize_counts([counts, counts])
    assert summary['Pd'] == 0.5
    assert summary['Fa'] == pytest.approx(36 / 65536)
    assert summary['Fa_e6'] == pytest.approx(36e6 / 65536)
    assert summary['false_per_frame'] == 1
    assert summary['target_precision'] == 0.5
    assert summary['target_F1'] == 0.5


def test_the_score_threshold_is_an_option():
    samples = [sample(0, [[10.0, 10, 14, 14]], [[10.0, 10, 14, 14]], [0.3])]
    assert evaluate(samples)['Pd'] == 0
    assert evaluate(samples, score_threshold=0.3)['Pd'] == 1
    assert evaluate(samples)['mAP50'] == pytest.approx(1)


def test_pd_by_scr():
    target = [10.0, 10, 14, 14]
    samples = [
        sample(k, [target, [50.0, 50, 54, 54]], [target] if k else [], [0.9] if k else [], scr=[k + 0.5, 9.0])
        for k in range(4)
    ]
    measures = evaluate(samples, scr_bins=(0, 2, 4, None))
    assert measures['Pd_scr/0-2'] == 0.5
    assert measures['Pd_scr/2-4'] == 1
    assert measures['Pd_scr/4+'] == 0
    rows = pd_by_scr([count_frame(record_of(s)) for s in samples], (0, 9))
    assert rows == [dict(low=0.0, high=9.0, targets=4, detected=3, Pd=0.75)]  # 9.0 is beyond, edges are half open
    with pytest.raises(ValueError, match="targets without 'scr'"):
        evaluate([sample(0, [target])], scr_bins=(0, 2))


# Around it.


def test_context_frames_are_passed_over():
    samples = golden_samples()
    context = [sample(None, [], [[1.0, 1, 9, 9]], [1.0], is_key_frame=False) for _ in range(10)]
    mixed = [s for pair in zip(samples, context) for s in pair] + samples[10:]
    assert evaluate(mixed) == evaluate(samples)
    with pytest.raises(ValueError, match='all frames are context'):
        evaluate(context)


def test_order_and_repetition_do_not_matter():
    samples = golden_samples()
    shuffled = [samples[k] for k in np.random.default_rng(0).permutation(40)]
    assert evaluate(shuffled) == evaluate(samples)
    assert evaluate([*samples, *samples[:3]]) == evaluate(samples)


def test_concatenated_data_sets_share_ids(tmp_path):
    def samples(name: str, found: bool) -> list[dict]:
        boxes = [(10, 10, 16, 16)] if found else []
        return [
            dict(sample(k, [(10, 10, 16, 16)], boxes, [0.9] * found, video=name), img_path=f'{name}/{k}.png')
            for k in range(3)
        ]

    both = [*samples('one', True), *samples('other', False)]
    assert evaluate(both)['recall'] == pytest.approx(0.5)
    assert evaluate(both[::-1])['Pd'] == pytest.approx(0.5)
    with pytest.raises(ValueError, match='one/0.png and other/0.png have the same img_id 0(?s:.*)cure'):
        evaluate(both, results_out=str(tmp_path / 'r.json'))


def test_files(tmp_path):
    evaluate(golden_samples(), per_sequence_out=str(tmp_path / 'a/m.json'), results_out=str(tmp_path / 'r.json'))
    tables = json.loads((tmp_path / 'a/m.json').read_text())
    assert tables['overall']['mAP50'] == pytest.approx(GOLDEN['all_detections']['mAP50'])
    assert set(tables['sequences']) == {'seq0', 'seq1', 'seq2'}
    results = json.loads((tmp_path / 'r.json').read_text())
    assert len(results) == len(GOLDEN['detections'])
    np.testing.assert_allclose(
        sorted(r['bbox'] for r in results), sorted(d['bbox'] for d in GOLDEN['detections']), atol=1e-3
    )


def test_results_have_the_category_ids_of_the_annotation(tmp_path, monkeypatch):
    boxes = [[10.0, 10, 16, 15], [30, 30, 34, 34]]
    one = sample(0, boxes, boxes, [0.9, 0.8])
    one['pred_instances']['labels'] = torch.tensor([1, 0])
    said = []
    monkeypatch.setattr(moving_target_metric, 'print_log', lambda text, logger=None: said.append(text))

    def written(**more):
        metric = MovingTargetMetric(results_out=str(tmp_path / 'r.json'), num_classes=2)
        metric.process(None, [dict(one, **more)])
        metric.evaluate(1)
        return [entry['category_id'] for entry in json.loads((tmp_path / 'r.json').read_text())]

    assert written(category_ids=(7, 3)) == [3, 7]
    assert said[-1].endswith('r.json')
    assert written() == [2, 1]
    assert said[-1].endswith('category_id counts the classes from 1')


@pytest.mark.parametrize(
    'options',
    [
        dict(protocol='coco'),
        dict(protocol=[]),
        dict(score_threshold=2),
        dict(max_distance=0),
        dict(scr_bins=(3,)),
        dict(scr_bins=(3, 2)),
        dict(per_sequence_out='x.csv'),
    ],
)
def test_wrong_options(options):
    with pytest.raises(ValueError):
        MovingTargetMetric(**options)


def test_incomplete_samples():
    whole = sample(0, [[10.0, 10, 14, 14]])
    for key in ('pred_instances', 'instances', 'img_id', 'ori_shape'):
        part = {name: value for name, value in whole.items() if name != key}
        with pytest.raises(KeyError, match=key):
            MovingTargetMetric().process(None, [part])
    broken = sample(0, [], [[float('nan'), 0, 1, 1]], [0.5])
    with pytest.raises(ValueError, match='not finite'):
        MovingTargetMetric().process(None, [broken])
    with pytest.raises(ValueError, match='nothing to evaluate'):
        MovingTargetMetric().evaluate(0)


def test_registered():
    assert isinstance(
        METRICS.build(dict(type='mmirstd.MovingTargetMetric', protocol=['default', 'sstnet'])), MovingTargetMetric
    )


def _worker(rank: int, port: int, tmp: str) -> None:
    torch.distributed.init_process_group('gloo', f'tcp://127.0.0.1:{port}', rank=rank, world_size=2)
    assert get_dist_info() == (rank, 2)
    samples = golden_samples()
    shares = dict(
        # in turn, one repeated, as DefaultSampler deals them out
        turns=(39, (samples[:39] + samples[:1])[rank::2]),
        # whole sequences, as SequenceSampler does
        sequences=(40, [s for s in samples if (s['video'] == 'seq0') == (rank == 0)]),
        # fewer sequences than processes
        one=(40, samples if rank == 0 else []),
    )
    for name, (size, mine) in shares.items():
        metric = MovingTargetMetric(collect_dir=f'{tmp}/{name}')
        metric.process(None, mine)
        measures = metric.evaluate(size)
        if rank == 0:
            with open(f'{tmp}/{name}.json', 'w') as file:
                json.dump(measures, file)
    torch.distributed.destroy_process_group()


def test_two_processes(tmp_path):
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    torch.multiprocessing.spawn(_worker, (port, str(tmp_path)), nprocs=2)
    for name, size in (('turns', 39), ('sequences', 40), ('one', 40)):
        alone = evaluate(golden_samples()[:size])
        assert json.loads((tmp_path / f'{name}.json').read_text()) == pytest.approx(alone, abs=0)


# What happened in each frame.


def per_image_samples() -> list[dict]:
    """A target found, a false alarm and one at an ignored target; a target missed for its low score; an empty frame."""
    return [
        sample(
            1,
            [(10, 20, 14, 22), (30, 30, 36, 36)],
            [(11, 20, 15, 22), (50, 60, 54, 62), (32, 32, 34, 34)],
            [0.875, 0.625, 0.75],
            ignore=(1,),
            scr=[2.5, 1.0],
        ),
        sample(2, [(5, 5, 8, 9)], [(5, 5, 8, 9)], [0.4], video='t'),
        sample(3),
    ]


def test_per_image_file(tmp_path) -> None:
    measures = evaluate(per_image_samples(), per_image_out=str(tmp_path / 'images.json'))
    written = json.loads((tmp_path / 'images.json').read_text())
    assert written['measures']['Pd'] == measures['Pd'] == 0.5
    first, second, third = written['images']
    assert (first['image'], first['sequence'], second['sequence']) == ('1.png', 's', 't')
    assert [first[name] for name in ('targets', 'detected', 'detections', 'false', 'false_pixels')] == [1, 1, 3, 1, 8.0]
    (target,) = first['records']['targets']
    assert target == dict(
        id=0,
        row=20.5,
        col=11.5,
        area=8.0,
        box=[10, 20, 14, 22],
        matched=True,
        distance=1.0,
        nearest=1.0,
        score=0.875,
        iou=pytest.approx(6 / 10),
        scr=2.5,
    )
    assert first['records']['false_alarms'] == [dict(row=60.5, col=51.5, area=8.0, box=[50, 60, 54, 62], score=0.625)]
    (missed,) = second['records']['targets']
    assert [missed[name] for name in ('matched', 'distance', 'nearest', 'score', 'iou', 'scr')] == [False] + [None] * 5
    assert third['records'] == dict(targets=[], false_alarms=[])


def test_per_image_files_name_classes(tmp_path) -> None:
    samples = per_image_samples()
    samples[0]['pred_instances']['labels'][:] = 1
    for suffix in ('json', 'csv'):
        metric = MovingTargetMetric(per_image_out=str(tmp_path / f'images.{suffix}'))
        metric.dataset_meta = dict(classes=('drone', 'bird'))
        metric.process(None, samples)
        metric.evaluate(len(samples))
    images = json.loads((tmp_path / 'images.json').read_text())['images']
    (target,), (alarm,) = images[0]['records']['targets'], images[0]['records']['false_alarms']
    assert (target['class_name'], target['found_as'], alarm['class_name']) == ('drone', 'bird', 'bird')
    (missed,) = images[1]['records']['targets']
    assert (missed['class_name'], missed['found_as']) == ('drone', None)
    rows = list(csv.DictReader((tmp_path / 'images.csv').open()))
    assert [(row['class_name'], row['found_as']) for row in rows[:4]] == [
        ('', ''),
        ('drone', 'bird'),
        ('bird', ''),
        ('', ''),
    ]


def test_per_image_table(tmp_path) -> None:
    path = tmp_path / 'images.csv'
    evaluate(per_image_samples(), per_image_out=str(path), score_threshold=0.3)
    rows = list(csv.DictReader(path.open()))
    assert [row['kind'] for row in rows] == ['image', 'target', 'false_alarm', 'image', 'target', 'image']
    assert [row['matched'] for row in rows if row['kind'] == 'target'] == ['True', 'True']
    assert rows[0]['detections'] == '3'
    assert 'class_name' not in rows[0]
    with pytest.raises(ValueError, match='per_image_out'):
        MovingTargetMetric(per_image_out='images.txt')
