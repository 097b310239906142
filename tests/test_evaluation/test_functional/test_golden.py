"""Every entry of the recorded official figures, reproduced.

tests/data/metrics/metrics.json holds what the official implementations gave on 19 cases, case by
case and accumulated, and on one soft (gray) mask.
"""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from mmirstd.evaluation.functional import ImageEvidence, get_protocol
from tests.shared import DATA, SHARED, needs_shared

GOLDEN = json.loads((DATA / 'metrics' / 'metrics.json').read_text(encoding='utf-8'))
INPUTS = np.load(DATA / 'metrics' / 'metrics_inputs.npz')

# Official class -> protocol, part.
ENTRIES = {
    'msda.SigmoidMetric': ('msda', 'iou'),
    'msda.SamplewiseSigmoidMetric': ('msda', 'niou'),
    'msda.PD_FA_2': ('msda', 'targets'),
    'basicirstd.mIoU': ('basicirstd', 'iou'),
    'basicirstd.PD_FA': ('basicirstd', 'targets'),
    'sctransnet.mIoU': ('sctransnet', 'iou'),
    'sctransnet.PD_FA': ('sctransnet', 'targets'),
    'sctransnet.test.SamplewiseSigmoidMetric': ('sctransnet', 'niou'),
    'sctransnet.test.ROCMetric05(bins=10)': ('sctransnet', 'roc'),
    'dnanet.mIoU': ('dnanet', 'iou'),
    'dnanet.PD_FA(bins=10)': ('dnanet', 'targets'),
    'dnanet.ROCMetric(bins=10)': ('dnanet', 'roc'),
    'mshnet.PD_FA(bins=10,size=128)': ('mshnet', 'targets'),
    'mshnet.mIoU': ('mshnet', 'iou'),
    'acm_pytorch.SigmoidMetric': ('acm', 'iou'),
    'acm_pytorch.SamplewiseSigmoidMetric': ('acm', 'niou'),
    'acm_pytorch.ROCMetric(bins=10)': ('acm', 'roc'),
    'uiunet.SigmoidMetric': ('uiunet', 'iou'),
    'uiunet.SamplewiseSigmoidMetric': ('uiunet', 'niou'),
    'agpcnet.SegmentationMetricTPFNFP': ('agpcnet', 'pixel'),
    'rpcanet.PD_FA': ('rpcanet', 'targets:centroid'),
    'rpcanet.my_PD_FA': ('rpcanet', 'targets'),
    'rpcanet.ROCMetric(bins=10)': ('rpcanet', 'roc'),
    'rpcanet.SegmentationMetricTPFNFP': ('rpcanet', 'pixel'),
}

# Official name of a figure -> ours, where they differ.
NAMES = {
    'mIoU': 'IoU',
    'miou': 'IoU',
    'fscore': 'F1',
    'f1': 'F1',
    'gt': 'labeled',
    'auc': 'AUC',
    'PD': 'Pd',
    'FA': 'Fa',
    'fa_pixels': 'false_pixels',
    'matched': 'detected',
    'all_pixels': 'pixels',
}


def rule_of(entry: str):
    protocol, part = ENTRIES[entry]
    rule = get_protocol(protocol).parts[part]
    if 'size=128' in entry:
        rule = dataclasses.replace(rule, fixed_size=128)
    if protocol == 'uiunet':
        # The official script stretches the maps before it hands them to the recorded class.
        rule = dataclasses.replace(rule, prediction=dataclasses.replace(rule.prediction, normalize_range=False))
    return rule


def ours(values: dict, key: str, binned: bool):
    """Our value of an official figure; DNANet's lists hold the reported bin and the further ones."""
    if key.endswith('_bin0'):
        key, binned = key[:-5], False
    if binned and key in ('fa_pixels', 'matched', 'targets'):
        first = values[NAMES.get(key, key)]
        if key == 'targets':
            return [first] * 11
        return [first, *values['further_' + NAMES[key]]]
    return values[NAMES.get(key, key)]


def check(values: dict, expected: dict, where: str) -> None:
    binned = 'fa_pixels_bin0' in expected
    for key, value in expected.items():
        got = ours(values, key, binned)
        if value is None:
            # NaN, or a crash of the official code
            assert np.isnan(got).all(), (where, key, got)
        else:
            np.testing.assert_allclose(got, value, rtol=1e-12, atol=1e-15, err_msg=f'{where} {key}')


def test_every_recorded_class_is_covered():
    assert set(ENTRIES) == set(GOLDEN['results'])
    assert len(GOLDEN['cases']) == GOLDEN['n_cases'] == len(INPUTS['gt']) == 19


@pytest.mark.parametrize('entry', ENTRIES)
def test_per_case(entry):
    rule = rule_of(entry)
    for index, expected in enumerate(GOLDEN['results'][entry]['per_case']):
        counts = rule.count(ImageEvidence(INPUTS['score'][index], INPUTS['gt'][index]))
        check(rule.summarize([counts]), expected, f'{entry}, case {GOLDEN["cases"][index]["name"]}')


@pytest.mark.parametrize('entry', ENTRIES)
def test_accumulated(entry):
    rule = rule_of(entry)
    counts = [rule.count(ImageEvidence(score, gt)) for score, gt in zip(INPUTS['score'], INPUTS['gt'], strict=True)]
    check(rule.summarize(counts), GOLDEN['results'][entry]['accumulated'], f'{entry}, accumulated')


@pytest.mark.parametrize('entry', GOLDEN['soft_gt_case']['results'])
def test_soft_mask(entry):
    rule = rule_of(entry)
    counts = rule.count(ImageEvidence(INPUTS['score_soft'], INPUTS['gt_soft']))
    check(rule.summarize([counts]), GOLDEN['soft_gt_case']['results'][entry], f'{entry}, soft mask')


def test_default_protocol_differs_where_it_should():
    """The recorded disagreements, decided our way."""
    names = [case['name'] for case in GOLDEN['cases']]
    spec = get_protocol('default')

    def measure(name: str, part: str) -> dict:
        index = names.index(name)
        rule = spec.parts[part]
        return rule.summarize([rule.count(ImageEvidence(INPUTS['score'][index], INPUTS['gt'][index]))])

    assert measure('empty_gt_no_pred', 'niou')['nIoU'] == 1  # official: 0
    assert measure('empty_gt_no_pred', 'iou')['IoU'] == 1
    assert measure('first_match_vs_optimal', 'targets')['detected'] == 2  # official: 1
    same_area = measure('false_alarm_same_area', 'targets')
    assert (same_area['detected'], same_area['false_pixels']) == (1, 18)  # area-value codes: 0 pixels
    assert measure('merged', 'targets')['detected'] == 1
    assert measure('shift_0_3', 'targets')['detected'] == 0
    assert measure('shift_2_2', 'targets')['detected'] == 1
    low = measure('low_score_target', 'targets')
    assert (low['targets'], low['detected']) == (1, 0)


@needs_shared
def test_copied_figures_are_the_golden_ones():
    assert json.loads((SHARED / 'golden' / 'metrics.json').read_text(encoding='utf-8')) == GOLDEN
    inputs = np.load(SHARED / 'golden' / 'metrics_inputs.npz')
    assert all(np.array_equal(inputs[name], INPUTS[name]) for name in ('gt', 'score', 'gt_soft', 'score_soft'))
