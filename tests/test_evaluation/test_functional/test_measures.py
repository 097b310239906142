"""The functions beneath the metric: edge cases, curves, protocols as data, light import."""

from __future__ import annotations

import copy
import doctest
import importlib
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch

from mmirstd.evaluation.functional import (
    PROTOCOLS,
    ImageEvidence,
    PixelCounts,
    count_image,
    evaluate,
    f1,
    get_protocol,
    image_records,
    iou,
    label_components,
    pixel_counts,
    precision,
    recall,
    roc_curve,
    summarize,
    target_scr,
)
from mmirstd.evaluation.functional.binarize import PredictionRule, binarize, binarize_truth
from mmirstd.evaluation.functional.matching import match_nearest
from mmirstd.evaluation.functional.pd_fa import TargetRule
from mmirstd.evaluation.functional.pd_fa_curve import curve_counts, pd_fa_counts, pd_fa_curve
from mmirstd.evaluation.functional.roc_curve import (
    CURVE_LOGITS,
    HIGH_LOGITS,
    HISTOGRAM_BINS,
    LOW_LOGITS,
    ROC_THRESHOLDS,
    score_histograms,
)
from mmirstd.evaluation.functional.roc_rule import RocRule, exceedance_counts
from tests.shared import REPO


def scene(seed: int = 0, side: int = 64):
    rng = np.random.default_rng(seed)
    mask = np.zeros((side, side), np.uint8)
    mask[10:13, 10:14] = mask[40:42, 30:33] = 1
    score = (rng.random((side, side)) ** 3 * 0.4).astype(np.float32)
    score[11:13, 11:14] = 0.9
    score[50:53, 50:53] = 0.8
    return score, mask


def test_importable_without_torch_and_mmengine():
    code = (
        'import sys\n'
        'for name in ("torch", "mmengine", "mmcv", "mmseg", "mmdet", "skimage"): sys.modules[name] = None\n'
        'import numpy as np\n'
        'from mmirstd.evaluation.functional import evaluate\n'
        'import mmirstd.evaluation\n'
        'mask = np.eye(8, dtype=np.uint8)\n'
        'print(evaluate("default", [(mask.astype("f4"), mask)])["Pd"])\n'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, cwd=REPO, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == '1.0'


def test_doctests():
    from mmirstd.evaluation.functional import evaluate as function

    module = sys.modules[function.__module__]
    result = doctest.testmod(module)
    assert result.attempted >= 4
    assert not result.failed


def test_pixel_ratios_and_their_undefined_cases():
    counts = PixelCounts(tp=6, fp=2, fn=4, tn=88)
    assert iou(counts) == 0.5
    assert precision(counts) == 0.75
    assert recall(counts) == 0.6
    assert f1(counts) == pytest.approx(2 * 0.75 * 0.6 / 1.35)
    nothing, missed = PixelCounts(0, 0, 0, 9), PixelCounts(0, 0, 3, 6)
    assert iou(nothing) == 1
    assert iou(nothing, empty=0.0) == 0
    assert np.isnan([precision(nothing), recall(nothing), f1(nothing)]).all()
    assert (precision(missed), recall(missed), f1(missed), iou(missed)) == (0, 0, 0, 0)
    with pytest.raises(ValueError, match='must agree'):
        pixel_counts(np.zeros((2, 3), bool), np.zeros((3, 2), bool))


def test_whole_set_without_targets():
    empty = np.zeros((16, 16), np.float32)
    quiet = evaluate('default', [(empty, empty.astype(np.uint8))] * 3)
    assert (quiet['IoU'], quiet['nIoU'], quiet['Fa']) == (1, 1, 0)
    assert np.isnan([quiet[name] for name in ('Pd', 'precision', 'recall', 'F1')]).all()
    official = evaluate('msda', [(empty, empty.astype(np.uint8))] * 3)
    assert (official['IoU'], official['nIoU']) == (0, 0)
    noisy = empty.copy()
    noisy[3:5, 3:5] = 0.9
    loud = evaluate('default', [(noisy, empty.astype(np.uint8))])
    assert (loud['IoU'], loud['precision'], loud['target_precision']) == (0, 0, 0)
    assert loud['Fa'] == 4 / 256
    assert loud['Fa_e6'] == pytest.approx(4 / 256 * 1e6)


def test_equally_near_pairs_prefer_the_one_without_alternative():
    """A, p, B, q in a row, 2 px apart: p belongs to A, else A would be missed."""
    targets, predictions = np.zeros((9, 12), bool), np.zeros((9, 12), bool)
    targets[4, 2] = targets[4, 6] = True
    predictions[4, 4] = predictions[4, 8] = True
    for flip in (False, True):
        pair = (targets[:, ::-1], predictions[:, ::-1]) if flip else (targets, predictions)
        assert match_nearest(*map(label_components, pair)).detected.all()


@pytest.mark.parametrize('strict', [True, False])
@pytest.mark.parametrize('shape', [(13,), (90, 90)])
def test_exceedance_counts_decide_ties_in_the_values_precision(strict, shape):
    rng = np.random.default_rng(0)
    values = (rng.integers(0, 11, shape) / 10 * (rng.random(shape) < 0.4)).astype(np.float32)
    thresholds = [k / 10 for k in range(11)]
    expected = [int((values > t if strict else values >= t).sum()) for t in thresholds]
    assert exceedance_counts(values, thresholds, strict).tolist() == expected


def test_histogram_counts_are_those_of_strict_thresholds():
    rng = np.random.default_rng(1)
    score = (2.0 ** -rng.uniform(0, 24, (64, 64))).astype(np.float32)
    score[:8] = rng.choice(ROC_THRESHOLDS, (8, 64))  # exactly on the thresholds
    score[8, :4] = 0, 1, -0.0, np.float32(2**-20)
    mask = rng.random((64, 64)) < 0.2
    background, target = score_histograms(score, mask)
    assert background.sum() + target.sum() == score.size
    first = len(LOW_LOGITS) + 1
    for index in range(0, len(ROC_THRESHOLDS), 37):
        assert target[first + index :].sum() == (score[mask] > ROC_THRESHOLDS[index]).sum()
        assert background[first + index :].sum() == (score[~mask] > ROC_THRESHOLDS[index]).sum()
    with pytest.raises(ValueError, match='probabilities'):
        score_histograms(score + 1, mask)


def saturated() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits as soft IoU leaves them, their float32 probabilities, and a mask."""
    rng = np.random.default_rng(3)
    mask = rng.random((64, 64)) < 0.05
    logit = (rng.normal(-50, 25, mask.shape) + mask * 100).astype(np.float32)
    return torch.from_numpy(logit).sigmoid().numpy(), mask, logit


def test_bins_beyond_the_probabilities_are_those_of_strict_thresholds_of_the_logit():
    score, mask, logit = saturated()
    edges = np.concatenate([LOW_LOGITS, HIGH_LOGITS])
    logit.ravel()[: len(edges)] = edges  # exactly on the thresholds
    logit[-1, :2] = 5000, -5000
    score = torch.from_numpy(logit).sigmoid().numpy()
    background, target = score_histograms(score, mask, logit)
    assert len(background) == HISTOGRAM_BINS == len(CURVE_LOGITS) + 1
    assert (np.diff(CURVE_LOGITS) > 0).all()
    for index, edge in enumerate(CURVE_LOGITS):
        if edge in edges:
            assert target[index + 1 :].sum() == (logit[mask] > edge).sum()
            assert background[index + 1 :].sum() == (logit[~mask] > edge).sum()
    # Without logits the ends are one bin each, and nothing else changes.
    plain = score_histograms(score, mask)[1]
    middle = slice(len(LOW_LOGITS) + 1, HISTOGRAM_BINS - len(HIGH_LOGITS) - 1)
    np.testing.assert_array_equal(plain[middle], target[middle])
    assert plain[: middle.start].sum() == plain[middle.start - 1] == target[: middle.start].sum()
    assert plain[middle.stop :].sum() == plain[middle.stop] == target[middle.stop :].sum()


def test_logits_40_and_80_are_told_apart():
    logit, mask = np.full((4, 4), -30, np.float32), np.zeros((4, 4), bool)
    logit[0, 0], logit[2, 2], mask[0, 0] = 80, 40, True
    score = torch.from_numpy(logit).sigmoid().numpy()
    assert score[0, 0] == score[2, 2] == 1
    tied, ranked = (roc_curve(*[[item] for item in score_histograms(score, mask, given)]) for given in (None, logit))
    assert (tied.auc, ranked.auc) == (pytest.approx(1 - 1 / 30), 1)
    at = np.flatnonzero((ranked.fpr == 0) & (ranked.tpr == 1))
    assert 40 <= ranked.logits[at].min() < ranked.logits[at].max() < 80
    assert (ranked.thresholds[at] == 1).all()
    counts = curve_counts(score, logit, label_components(mask))
    curve = pd_fa_curve([counts], 1, mask.size)
    found = {logit: (pd, fa) for logit, pd, fa in zip(curve.logits, curve.pd, curve.fa)}
    assert (found[32], found[64], found[80]) == ((1, 1 / 16), (1, 0), (0, 0))
    assert len(pd_fa_curve([counts, curve_counts(score, None, label_components(mask))], 2, 32).pd) == 31


def test_auc_of_saturated_scores_is_the_rank_statistic_of_their_logits():
    score, mask, logit = saturated()
    gaps = logit[mask][:, None] - logit[~mask][None]
    curve = roc_curve(*[[item] for item in score_histograms(score, mask, logit)])
    assert curve.auc == pytest.approx((gaps > 0).mean() + (gaps == 0).mean() / 2, abs=2e-4)
    assert curve.auc > roc_curve(*[[item] for item in score_histograms(score, mask)]).auc + 1e-3
    assert (np.diff(curve.logits) < 0).all()
    assert (np.diff(curve.thresholds) <= 0).all()


def test_auc_equals_the_rank_statistic():
    """AUC = P(target score > background score) + half the ties, for saturated scores too."""
    rng = np.random.default_rng(2)
    mask = rng.random((64, 64)) < 0.05
    logits = rng.normal(-9, 3, mask.shape) + mask * 7
    score = (1 / (1 + np.exp(-logits))).astype(np.float32)
    gaps = score[mask][:, None] - score[~mask][None]
    exact = (gaps > 0).mean() + (gaps == 0).mean() / 2
    curve = roc_curve(*[[item] for item in score_histograms(score, mask)])
    assert curve.auc == pytest.approx(exact, abs=2e-4)
    assert (curve.fpr[0], curve.tpr[0], curve.fpr[-1], curve.tpr[-1]) == (0, 0, 1, 1)
    assert np.isnan(roc_curve(*[[item] for item in score_histograms(score, np.zeros_like(mask))]).auc)


def test_pd_fa_at_each_threshold_equals_the_default_protocol_there():
    score, mask = scene()
    targets = label_components(mask)
    thresholds = [0.1, 0.25, 0.5, 0.625, 0.8125, 0.875, 0.95]
    counts = pd_fa_counts(score, targets, thresholds)
    for threshold, row in zip(thresholds, counts, strict=True):
        expected = count_image(get_protocol('default').with_threshold(threshold), score, mask)['targets']
        assert row[:2].tolist() == [expected['detected'], expected['false_pixels']]
        assert row[2] == expected['components'] - expected['matched']
    with pytest.raises(ValueError, match='ascend'):
        pd_fa_counts(score, targets, [0.5, 0.4])


def test_msda_fa_depends_on_the_last_image_size():
    big, small = (np.zeros((40, 40), np.float32), np.zeros((20, 20), np.float32))
    big[:2, :2] = 0.9
    images = [(big, np.zeros((40, 40), np.uint8)), (small, np.zeros((20, 20), np.uint8))]
    assert evaluate('msda', images)['Fa'] == 4 / (400 * 2)
    assert evaluate('msda', images[::-1])['Fa'] == 4 / (1600 * 2)
    assert evaluate('default', images)['Fa'] == 4 / 2000


def test_protocols_are_data():
    assert {
        'default',
        'basicirstd',
        'dnanet',
        'mshnet',
        'sctransnet',
        'msda',
        'acm',
        'agpcnet',
        'rpcanet',
        'uiunet',
        'dtum',
    } == set(PROTOCOLS)
    for name, spec in PROTOCOLS.items():
        assert name in spec.describe()
        assert spec.source
        assert spec.defects
        assert pickle.loads(pickle.dumps(spec)) == copy.deepcopy(spec) == spec
    assert PROTOCOLS['msda'].resolution['NUDT-SIRST'] == 256
    assert get_protocol('GGL-Net') is PROTOCOLS['msda']
    with pytest.raises(KeyError, match="did you mean 'sctransnet'"):
        get_protocol('sctrans-net')
    with pytest.raises(TypeError):
        PROTOCOLS['msda'].parts['iou'] = None


def test_rules_reject_contradictions():
    with pytest.raises(ValueError, match='unknown'):
        TargetRule(matching='hungarian')
    with pytest.raises(ValueError, match='fixed_size'):
        TargetRule(denominator='fixed')
    with pytest.raises(ValueError, match='background'):
        TargetRule(matching='any_pixel')
    with pytest.raises(ValueError, match='unknown ground-truth rule'):
        binarize_truth(np.zeros((2, 2)), 'otsu')
    with pytest.raises(ValueError, match='no image'):
        summarize('default', [])


def test_size_mismatch_names_the_image():
    with pytest.raises(ValueError, match=r'Misc_111.*220x325.*400x592'):
        ImageEvidence(np.zeros((220, 325), np.float32), np.zeros((400, 592), np.uint8), 'Misc_111')
    with pytest.raises(ValueError, match=r'\(H, W\)'):
        ImageEvidence(np.zeros((1, 5, 5), np.float32), np.zeros((5, 5), np.uint8))


def test_records_and_local_scr():
    score, mask = scene()
    gray = np.full(mask.shape, 100.0)
    gray[::2] += 2  # ring: mean 101, std 1 where as many even as odd rows are seen
    gray[mask > 0] = 141
    records = image_records(ImageEvidence(score, mask), get_protocol('default').parts['targets'], gray)
    first, second = records['targets']
    assert first['matched']
    assert (first['row'], first['col'], first['area'], first['id']) == (11, 11.5, 12, 0)
    assert first['distance'] == pytest.approx(np.hypot(0.5, 0.5))
    assert not second['matched']
    assert second['distance'] is None
    assert second['nearest'] > 3
    labels = label_components(mask)
    parts = labels.crop((score > 0.5) & (mask > 0))
    assert [first['covered'], second['covered']] == [int(parts[labels.labels == index + 1].sum()) for index in (0, 1)]
    assert 0 < first['covered'] < 12
    assert first['scr'] == pytest.approx(40, rel=0.05)
    assert [item['area'] for item in records['false_alarms']] == [
        int(area) for area in label_components(score > 0.5).areas if area != 6
    ]
    assert np.isnan(target_scr(np.ones((64, 64)), label_components(mask))).all()
    nothing = ImageEvidence(score, np.zeros_like(mask))
    assert image_records(nothing, get_protocol('default').parts['targets'])['targets'] == []


def test_memory_layout_does_not_matter():
    score, mask = scene()
    wide = np.repeat(score, 2, axis=1)[:, ::2], np.repeat(mask, 2, axis=1)[:, ::2]
    column_major = np.asfortranarray(score), np.asfortranarray(mask)
    expected = pd_fa_counts(score, label_components(mask))
    for other in (wide, column_major):
        np.testing.assert_equal(evaluate('default', [other]), evaluate('default', [(score, mask)]))
        np.testing.assert_equal(
            [item.sum() for item in score_histograms(other[0], other[1] > 0)], [mask.size - mask.sum(), mask.sum()]
        )
        np.testing.assert_array_equal(pd_fa_counts(other[0], label_components(other[1])), expected)


@pytest.mark.parametrize('shape', [(1, 40), (40, 1), (1, 1)])
def test_maps_of_one_row_or_column(shape):
    mask = np.zeros(shape, np.uint8)
    mask.ravel()[-1:] = 1
    measures = evaluate('default', [(mask.astype(np.float32), mask)])
    assert (measures['IoU'], measures['Pd'], measures['Fa']) == (1, 1, 0)


def test_maximum_and_range_exclude_each_other():
    with pytest.raises(ValueError, match='normalize_max and normalize_range exclude each other'):
        PredictionRule(normalize_max=True, normalize_range=True)
    assert not binarize(np.full((2, 2), 0.7), PredictionRule(0.22, normalize_range=True)).any()


@pytest.mark.parametrize('rule', [PredictionRule, RocRule])
def test_the_old_name_of_normalize_max(rule):
    with pytest.warns(DeprecationWarning, match=f'{rule.__name__}: normalise_max is normalize_max now'):
        old = rule(normalise_max=True)
    assert old == rule(normalize_max=True) != rule()
    with pytest.warns(DeprecationWarning, match='normalise_max is normalize_max now'):
        assert old.normalise_max is True


def test_names_of_earlier_versions_still_work():
    from mmirstd.evaluation import functional

    for old in ('binarise', 'summarise', 'match_nearest', 'local_scr'):
        with pytest.warns(DeprecationWarning, match='instead'):
            assert callable(getattr(functional, old))
    for old, place in functional._MOVED.items():
        place = place if place.startswith('mmirstd.') else f'mmirstd.evaluation.functional.{place}'
        module, _, name = place.rpartition('.')
        with pytest.warns(DeprecationWarning, match=old):
            found = getattr(functional, old)
        assert found is getattr(importlib.import_module(module), name)
    with pytest.raises(AttributeError):
        functional.no_such_name  # noqa: B018
