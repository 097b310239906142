"""mmirstd.IRSTDMetric: through mmengine's evaluator, with bad input, in two processes."""

from __future__ import annotations

import csv
import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.structures import PixelData

from mmirstd.evaluation import IRSTDMetric
from mmirstd.evaluation.functional import PROTOCOLS, evaluate
from mmirstd.registry import METRICS
from tests.shared import DATA, REPO

INPUTS = np.load(DATA / 'metrics' / 'metrics_inputs.npz')


def sample(score, mask, name='a.png', **more) -> dict:
    return dict(
        seg_logits=dict(data=torch.as_tensor(np.asarray(score))[None]),
        gt_sem_seg=dict(data=torch.as_tensor(np.asarray(mask))[None]),
        img_path=name,
        **more,
    )


def recorded() -> list[dict]:
    return [
        sample(score, mask, f'{name}.png')
        for name, score, mask in zip(INPUTS['names'], INPUTS['score'], INPUTS['gt'], strict=True)
    ]


def run(metric: IRSTDMetric, samples: list[dict], batch: int = 4) -> dict:
    for start in range(0, len(samples), batch):
        metric.process({}, samples[start : start + batch])
    return metric.evaluate(len(samples))


def test_default_measures_and_their_names():
    measures = run(METRICS.build(dict(type='mmirstd.IRSTDMetric')), recorded())
    assert set(measures) == {
        'IoU',
        'nIoU',
        'precision',
        'recall',
        'F1',
        'Pd',
        'Fa',
        'Fa_e6',
        'target_precision',
        'target_F1',
        'AUC',
    }
    expected = evaluate('default', list(zip(INPUTS['score'], INPUTS['gt'], strict=True)))
    assert measures['Pd'] == expected['Pd'] == 16 / 22  # one more than the greedy codes' 15
    assert {name: measures[name] for name in expected} == expected
    assert 0.5 < measures['AUC'] < 1


def sure_sample(**more) -> dict:
    """A target at logit 80 and clutter at 40, both of probability 1."""
    logit, mask = torch.full((8, 8), -30.0), np.zeros((8, 8), np.uint8)
    logit[1, 1], logit[6, 6], mask[1, 1] = 80, 40, 1
    return sample(logit.sigmoid(), mask, **{'target_logits': dict(data=logit[None]), **more})


def test_curves_are_of_the_logits_where_samples_have_them():
    metric = IRSTDMetric()
    measures = run(metric, [sure_sample()])
    assert measures['AUC'] == 1
    pd_fa = metric.last_curves['pd_fa']
    at = {logit: (pd, fa) for logit, pd, fa in zip(pd_fa.logits, pd_fa.pd, pd_fa.fa)}
    assert (at[32], at[48], at[80]) == ((1, 1 / 64), (1, 0), (0, 0))
    # What a threshold of the probability decides is as without them.
    plain = run(IRSTDMetric(), [{key: value for key, value in sure_sample().items() if key != 'target_logits'}])
    assert {**plain, 'AUC': 1} == measures
    assert plain['AUC'] == pytest.approx(1 - 1 / 63 / 2)


@pytest.mark.parametrize('curves', [True, False])
def test_false_targets_of_an_image(curves):
    """One false target at threshold 0.5, none where the target is still found; of probabilities both are at the end."""
    measures = run(IRSTDMetric(at_pd=(0.9, 1), curves=curves), [sure_sample(), sure_sample()])
    assert measures['false_per_image_at_Pd1'] == 0
    assert (measures['false_per_image'], measures['false_per_image_at_Pd0.9']) == (1, 0)
    plain = {key: value for key, value in sure_sample().items() if key != 'target_logits'}
    # the probabilities of both are 1: nine in ten of either
    assert run(IRSTDMetric(at_pd=0.9, curves=curves), [plain])['false_per_image_at_Pd0.9'] == pytest.approx(0.9)
    empty = sample(np.zeros((8, 8), np.float32), np.zeros((8, 8), np.uint8))
    only_other = run(IRSTDMetric('msda', at_pd=0.5, curves=curves), [empty, sure_sample()])
    assert (only_other['false_per_image'], only_other['false_per_image_at_Pd0.5']) == (0.5, 0)


@pytest.mark.parametrize('at_pd', [0, (0.5, 1.1)])
def test_impossible_detection(at_pd):
    with pytest.raises(ValueError, match='expected shares of the targets'):
        IRSTDMetric(at_pd=at_pd)


@pytest.mark.parametrize('stale', [torch.zeros(1, 8, 8), torch.zeros(1, 4, 4), torch.full((1, 8, 8), torch.nan)])
def test_logits_that_are_not_of_these_probabilities_do_not_count(stale):
    """After test-time augmentation or at another size of evaluation the probabilities are others."""
    metric = IRSTDMetric()
    measures = run(metric, [sure_sample(target_logits=dict(data=stale)), sure_sample()])
    assert len(metric.last_curves['pd_fa'].pd) == 31
    assert measures['AUC'] < 1


def test_two_channels_are_their_logits():
    logit = sure_sample()['target_logits']['data'][0]
    two = {**sure_sample(), 'seg_logits': dict(data=torch.stack([torch.zeros(8, 8), logit]))}
    del two['target_logits']
    assert run(IRSTDMetric(), [two])['AUC'] == 1


def test_all_protocols_at_once_with_the_recorded_figures():
    measures = run(IRSTDMetric(list(PROTOCOLS), curves=False), recorded())
    golden = json.loads((DATA / 'metrics' / 'metrics.json').read_text())['results']
    for key, entry, name in (
        ('msda/IoU', 'msda.SigmoidMetric', 'mIoU'),
        ('msda/Fa', 'msda.PD_FA_2', 'FA'),
        ('msda/nIoU', 'msda.SamplewiseSigmoidMetric', 'nIoU'),
        ('msda/Pd', 'msda.PD_FA_2', 'PD'),
        ('sctransnet/Fa', 'sctransnet.PD_FA', 'FA'),
        ('dnanet/Fa', 'dnanet.PD_FA(bins=10)', 'FA_bin0'),
        ('rpcanet/Pd', 'rpcanet.my_PD_FA', 'PD'),
        ('rpcanet/Fa_centroid', 'rpcanet.PD_FA', 'FA'),
        ('rpcanet/AUC', 'rpcanet.ROCMetric(bins=10)', 'auc'),
        ('agpcnet/F1', 'agpcnet.SegmentationMetricTPFNFP', 'fscore'),
        ('acm/pixAcc', 'acm_pytorch.SigmoidMetric', 'pixAcc'),
    ):
        assert measures[key] == pytest.approx(golden[entry]['accumulated'][name], rel=1e-12), key
    assert 'IoU' in measures
    assert 'AUC' not in measures
    assert all(isinstance(value, float) for value in measures.values())


def test_through_mmengine_evaluator_with_data_elements():
    from mmseg.structures import SegDataSample

    elements = []
    for item in recorded():
        element = SegDataSample(metainfo=dict(img_path=item['img_path']))
        element.seg_logits = PixelData(data=item['seg_logits']['data'])
        element.gt_sem_seg = PixelData(data=item['gt_sem_seg']['data'])
        elements.append(element)
    evaluator = Evaluator(IRSTDMetric())
    evaluator.process(elements, {})
    assert evaluator.evaluate(len(elements)) == run(IRSTDMetric(), recorded())


def test_second_evaluation_starts_afresh():
    metric = IRSTDMetric('mshnet')
    assert run(metric, recorded()) == run(metric, recorded())


def test_prefix_and_threshold():
    measures = run(IRSTDMetric(['default', 'msda'], threshold=0.3, prefix='val', curves=False), recorded())
    plain = run(IRSTDMetric(['default', 'msda'], curves=False), recorded())
    assert measures['val/recall'] > plain['recall']
    assert measures['val/msda/IoU'] == plain['msda/IoU']


def test_half_precision_probabilities():
    items = recorded()
    for item in items:
        item['seg_logits']['data'] = item['seg_logits']['data'].bfloat16()
    assert run(IRSTDMetric(), items)['Pd'] > 0.5


@pytest.mark.parametrize(
    ('change', 'error', 'message'),
    [
        (lambda s: s.pop('seg_logits'), KeyError, r"bad\.png has no 'seg_logits'.*out_channels=1"),
        (lambda s: s.pop('gt_sem_seg'), KeyError, r"bad\.png has no 'gt_sem_seg'.*LoadTargetMask"),
        (lambda s: s['seg_logits']['data'].__setitem__((0, 3, 4), float('nan')), ValueError, r'bad\.png has 1 NaN'),
        (
            lambda s: s['seg_logits']['data'].__setitem__((0, 3, 4), float('inf')),
            ValueError,
            r'bad\.png has 1 NaN or inf',
        ),
        (
            lambda s: s['seg_logits'].update(data=s['seg_logits']['data'][:, 1:]),
            ValueError,
            r'bad\.png: the prediction is 19x30 but the ground truth is 20x30',
        ),
        (lambda s: s['seg_logits'].update(data=torch.zeros(3, 20, 30)), ValueError, r'bad\.png: found shape \(3, 20, '),
        (lambda s: s['seg_logits']['data'].sub_(5), ValueError, r'bad\.png ranges from -5 .*probabilities'),
        (lambda s: s['gt_sem_seg']['data'].fill_(255), ValueError, r'bad\.png ranges from 255 to 255.*LoadTargetMask'),
    ],
)
def test_bad_samples_are_named(change, error, message):
    item = sample(np.zeros((20, 30), np.float32), np.zeros((20, 30), np.uint8), 'bad.png')
    change(item)
    with pytest.raises(error, match=message):
        IRSTDMetric().process({}, [item])


def test_bad_arguments():
    with pytest.raises(KeyError, match='did you mean'):
        IRSTDMetric('basicirst')
    with pytest.raises(ValueError, match='at least one'):
        IRSTDMetric([])
    with pytest.raises(ValueError, match='threshold'):
        IRSTDMetric('msda', threshold=0.3)
    with pytest.raises(ValueError, match=r'\[0, 1\)'):
        IRSTDMetric(threshold=30)
    with pytest.raises(ValueError, match='json'):
        IRSTDMetric(per_image_out='out.txt')
    with pytest.raises(ValueError, match='curves=True'):
        IRSTDMetric(curves=False, curves_out='out.json')


def test_empty_data_set():
    with pytest.raises(ValueError, match='nothing to evaluate'):
        IRSTDMetric().evaluate(0)
    with pytest.raises(ValueError, match='nothing to evaluate.*5 images'):
        IRSTDMetric().evaluate(5)


def test_set_without_targets_is_reported_not_a_crash():
    quiet = [sample(np.zeros((16, 16), np.float32), np.zeros((16, 16), np.uint8))] * 3
    measures = run(IRSTDMetric(list(PROTOCOLS)), quiet)
    assert np.isnan(measures['Pd'])
    assert np.isnan(measures['AUC'])
    assert (measures['IoU'], measures['Fa'], measures['msda/nIoU']) == (1, 0, 0)


def test_per_image_and_curve_files(tmp_path):
    items = recorded()
    gray = [torch.rand(1, 128 + 32, 96 + 16, generator=torch.Generator().manual_seed(0)) for _ in items]
    for item in items:
        item['padding_size'] = (0, 16, 0, 32)
    metric = IRSTDMetric(
        'msda', per_image_out=str(tmp_path / 'new' / 'images.json'), curves_out=str(tmp_path / 'curves.json')
    )
    metric.process(dict(inputs=gray), items)
    measures = metric.evaluate(len(items))
    assert 'msda/Pd' in measures
    content = json.loads((tmp_path / 'new' / 'images.json').read_text())
    assert len(content['images']) == 19
    targets = [target for image in content['images'] for target in image['records']['targets']]
    assert len(targets) == 22
    assert sum(target['matched'] for target in targets) == 16
    assert all(target['scr'] > 0 for target in targets)
    false = sum(alarm['area'] for image in content['images'] for alarm in image['records']['false_alarms'])
    assert false == sum(image['false_pixels'] for image in content['images'])
    curves = json.loads((tmp_path / 'curves.json').read_text())
    half = curves['pd_fa']['thresholds'].index(0.5)
    assert curves['pd_fa']['pd'][half] == 16 / 22
    assert curves['roc']['auc'] == measures['AUC'] == metric.last_curves['roc'].auc

    table = IRSTDMetric(per_image_out=str(tmp_path / 'images.csv'))
    run(table, items)
    with (tmp_path / 'images.csv').open(newline='') as file:
        rows = list(csv.DictReader(file))
    kinds = [row['kind'] for row in rows]
    assert (kinds.count('image'), kinds.count('target')) == (19, 22)
    assert {row['scr'] for row in rows if row['kind'] == 'target'} == {''}  # no images in this batch


def test_official_resolution_is_pointed_out_once(monkeypatch):
    messages = []
    monkeypatch.setattr(
        'mmirstd.evaluation.metrics.irstd_metric.print_log', lambda text, **kwargs: messages.append(text)
    )
    metric = IRSTDMetric(['default', 'dnanet', 'basicirstd'], curves=False)
    metric.process({}, recorded()[:3])
    metric.process({}, recorded()[:3])
    assert len(messages) == 1
    assert "'dnanet'" in messages[0]
    assert '*: 256' in messages[0]
    assert '128x96' in messages[0]
    messages.clear()
    right_size = sample(np.zeros((256, 256), np.float32), np.zeros((256, 256), np.uint8))
    IRSTDMetric('dnanet', curves=False).process({}, [right_size])
    assert not messages


WORKER = """
import json, os, sys
import torch, torch.distributed as dist
from mmirstd.evaluation import IRSTDMetric
from tests.test_evaluation.test_metrics.test_irstd_metric import recorded
rank, folder = int(sys.argv[1]), sys.argv[2]
torch.set_num_threads(1)
dist.init_process_group('gloo', init_method='file://' + folder + '/store', rank=rank, world_size=2)
items = recorded()
order = list(range(len(items))) + [0]  # 19 images: the sampler pads to 20
metric = IRSTDMetric(['default', 'msda', 'rpcanet'], collect_dir=folder + '/gather')
for index in order[rank::2]:
    metric.process({}, [items[index]])
json.dump(metric.evaluate(len(items)), open(f'{folder}/measures{rank}.json', 'w'))
dist.destroy_process_group()
"""


def test_two_processes_give_the_measures_of_one(tmp_path):
    workers = [
        subprocess.Popen(
            [sys.executable, '-c', WORKER, str(rank), str(tmp_path)],
            cwd=REPO,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        for rank in range(2)
    ]
    for worker in workers:
        _, errors = worker.communicate(timeout=120)
        assert worker.returncode == 0, errors
    first, second = (json.loads((tmp_path / f'measures{rank}.json').read_text()) for rank in range(2))
    assert first == second == run(IRSTDMetric(['default', 'msda', 'rpcanet']), recorded())
