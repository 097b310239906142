"""The dump of a test run: what is decided by a threshold stays as it was; damage is named."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
import torch

from mmirstd.evaluation.functional import PROTOCOLS, evaluate, roc_curve
from mmirstd.evaluation.functional.pd_fa_curve import PD_FA_LOGITS, PD_FA_THRESHOLDS
from mmirstd.evaluation.functional.roc_curve import HIGH_LOGITS, LOW_LOGITS, ROC_THRESHOLDS, score_histograms
from mmirstd.evaluation.prediction_dump import (
    DumpWriter,
    PredictionDump,
    decode_logit,
    decode_probability,
    encode_logit,
    encode_probability,
    logit_edges,
    probability_edges,
    write_index,
)
from mmirstd.utils.errors import DataError, MissingDataError
from tests.shared import DATA

INPUTS = np.load(DATA / 'metrics' / 'metrics_inputs.npz')
THRESHOLDS = np.unique(
    np.concatenate([np.arange(1000, dtype=np.float32) / np.float32(1000), np.float32(PD_FA_THRESHOLDS), ROC_THRESHOLDS])
)


def near_thresholds() -> np.ndarray:
    """Every threshold and its float32 neighbors."""
    up, down = np.nextafter(THRESHOLDS, np.float32(2)), np.nextafter(THRESHOLDS, np.float32(-1))
    return np.clip(np.concatenate([THRESHOLDS, up, down, [0, 1]]), 0, 1).astype(np.float32)[None]


def test_no_decision_changes():
    values = np.concatenate([near_thresholds(), np.random.default_rng(0).random((1, 5000), np.float32)], axis=1)
    back = decode_probability(encode_probability(values))
    for threshold in (*THRESHOLDS, *(k / 1000 for k in range(1000)), *PD_FA_THRESHOLDS):
        assert ((values > float(threshold)) == (back > float(threshold))).all(), threshold
    assert (back >= values).all()
    assert (back - values).max() <= 1 / 64000 + 1e-7
    assert back[values == 0].max() == 0
    assert back[values == 1].min() == 1


def test_codes_fit_into_16_bits():
    assert len(probability_edges()) <= 1 << 16
    assert probability_edges()[0] == 0
    assert probability_edges()[-1] == 1


@pytest.mark.parametrize('bad', [np.nan, -0.1, 1.1])
def test_what_is_no_probability(bad):
    with pytest.raises(ValueError, match='expected 0 to 1'):
        encode_probability(np.array([[0.5, bad]], np.float32))


def logits() -> np.ndarray:
    """Thresholds of the logit with their float32 neighbors, and others."""
    edges = np.concatenate([LOW_LOGITS, HIGH_LOGITS, np.float32(PD_FA_LOGITS)])
    far = np.float32([5000, -5000, 1024, -1024])
    random = np.random.default_rng(0).normal(0, 60, 5000).astype(np.float32)
    beside = [np.nextafter(edges, np.float32(end)) for end in (1e9, -1e9)]
    return np.concatenate([edges, *beside, far, random])[None]


def test_logits_decide_as_before_and_keep_their_order():
    values = logits()
    score = torch.from_numpy(values).sigmoid().numpy()
    probability = decode_probability(encode_probability(score))
    back = decode_logit(encode_logit(score, values), probability)
    for threshold in (*LOW_LOGITS, *HIGH_LOGITS, *PD_FA_LOGITS):
        assert ((values > threshold) == (back > threshold)).all(), threshold
    mask = np.random.default_rng(1).random(values.shape) < 0.2
    np.testing.assert_array_equal(score_histograms(score, mask, values), score_histograms(probability, mask, back))
    known = (np.abs(values) > 14) & (np.abs(values) < 1000)
    assert np.abs(back / values - 1)[known].max() <= 2**-8 + 1e-6
    assert len(np.concatenate(logit_edges())) < 1 << 16
    with pytest.raises(ValueError, match='code 60000 is none'):
        decode_logit(np.array([[60000]]), np.ones((1, 1)))


def test_a_dump_keeps_logits_where_they_are_known(tmp_path):
    logit = np.float32([[80, 40], [-30, 0.25]])
    score = torch.from_numpy(logit).sigmoid().numpy()
    mask = np.zeros((2, 2), np.uint8)
    writer = DumpWriter(tmp_path)
    write_index(tmp_path, [writer.write('a', score, mask, mask, logit=logit), writer.write('b', score, mask, mask)])
    known, unknown = PredictionDump(tmp_path)
    np.testing.assert_allclose(known.logit, logit, rtol=2**-8)
    assert unknown.logit is None
    # As it was before there were logits, also where files of an earlier dump lie about.
    index = json.loads((tmp_path / 'index.json').read_text())
    del index['images'][0]['logit'], index['logit']
    (tmp_path / 'index.json').write_text(json.dumps(index))
    assert PredictionDump(tmp_path)[0].logit is None
    index['images'][0]['logit'] = True
    (tmp_path / 'index.json').write_text(json.dumps(index))
    cv2.imwrite(str(tmp_path / 'logit/a.png'), np.full((2, 2), 60000, np.uint16))
    with pytest.raises(DataError, match=r'logit/a.png: code 60000 is none'):
        PredictionDump(tmp_path)[0]


def write(folder, items) -> None:
    writer = DumpWriter(folder)
    write_index(folder, [writer.write(*item) for item in items])


def items() -> list[tuple]:
    rng = np.random.default_rng(1)
    return [
        (str(name), score, (mask > 0.5).astype(np.uint8), rng.integers(0, 65536, mask.shape).astype(np.uint16))
        for name, score, mask in zip(INPUTS['names'], INPUTS['score'], INPUTS['gt'], strict=True)
    ]


def test_measures_from_the_dump_are_those_of_the_run(tmp_path):
    write(tmp_path, items())
    dump = PredictionDump(tmp_path)
    before = [(score, mask) for _, score, mask, _ in items()]
    after = [(image.probability, image.mask) for image in dump]
    for name in set(PROTOCOLS) - {'rpcanet'}:  # which divides each map by its maximum
        assert evaluate(name, after) == pytest.approx(evaluate(name, before), nan_ok=True, rel=0, abs=0), name
    assert evaluate('rpcanet', after) == pytest.approx(evaluate('rpcanet', before), abs=1e-3)

    def auc(pairs):
        histograms = [score_histograms(score, mask > 0) for score, mask in pairs]
        return roc_curve([h[0] for h in histograms], [h[1] for h in histograms]).auc

    assert auc(after) == auc(before)


def test_images_come_back_as_they_were(tmp_path):
    gray16 = np.arange(30 * 20, dtype=np.uint16).reshape(20, 30) * 100
    gray8 = (gray16 % 256).astype(np.uint8)
    zeros, mask = np.zeros((20, 30), np.float32), np.zeros((20, 30), np.uint8)
    mask[3:5, 4:9] = 1
    grays = dict(
        a=gray16,
        b=gray8,
        c=np.divide(gray8, np.float32(255)),
        d=np.divide(gray16, np.float32(65535)),
        e=gray16 * np.float32(-0.37) + 5,
    )
    write(tmp_path, [(name, zeros, mask, gray) for name, gray in grays.items()])
    dump = PredictionDump(tmp_path)
    assert [image.name for image in dump] == list('abcde')
    assert len(dump) == 5
    for image, expected in zip(dump, (gray16, gray8, gray8, gray16), strict=False):
        np.testing.assert_array_equal(image.gray, expected)
        assert image.gray.dtype == expected.dtype
        np.testing.assert_array_equal(image.mask, mask)
    stretched = dump[4].gray.astype(float)
    assert np.corrcoef(stretched.ravel(), grays['e'].ravel())[0, 1] > 0.999999


def test_names_become_files_inside_the_dump(tmp_path):
    folder = tmp_path / 'dump'
    blank = np.zeros((4, 4), np.float32)
    writer = DumpWriter(folder)
    names = ['../../up', 'seq/a b', 'größe', 'a:b', 'twice', 'twice', 'twice']
    sources = ['', '', '', '', '/x/twice.png', '/y/twice.png', '/x/twice.png']
    entries = [writer.write(n, blank, blank, blank, source=s) for n, s in zip(names, sources, strict=True)]
    assert [entry['file'] for entry in entries] == [
        '_/_/up.png',
        'seq/a b.png',
        'größe.png',
        'a_b.png',
        'twice.png',
        'twice~2.png',
        'twice.png',
    ]
    assert [p.name for p in tmp_path.iterdir()] == ['dump']
    write_index(folder, entries)
    assert [image.name for image in PredictionDump(folder)] == names


def edit_index(folder, **change) -> None:
    path = folder / 'index.json'
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))


@pytest.mark.parametrize(
    ('damage', 'message'),
    [
        (lambda d: (d / 'index.json').unlink(), r'no index\.json.*mmirstd test'),
        (lambda d: (d / 'index.json').write_text('{"form'), r'index\.json: not the index of a dump'),
        (lambda d: edit_index(d, version=7), r'version 7; this code reads'),
        (lambda d: edit_index(d, images=[]), 'holds no image'),
        (lambda d: edit_index(d, images=[dict(name='a', file='../a.png', height=1, width=1)]), 'outside of the dump'),
        (lambda d: (d / 'metrics.json').write_text('{'), r'metrics\.json: not JSON'),
        (lambda d: (d / 'mask' / 'a.png').unlink(), r'mask/a\.png: no such file'),
        (lambda d: (d / 'image' / 'a.png').write_bytes(b''), r'image/a\.png: the file is empty'),
        (
            lambda d: cv2.imwrite(str(d / 'mask' / 'a.png'), np.zeros((5, 4), np.uint8)),
            r'mask/a\.png: \(5, 4\).*\(4, 4\)',
        ),
        (
            lambda d: cv2.imwrite(str(d / 'probability' / 'a.png'), np.zeros((4, 4), np.uint8)),
            'uint8; expected.*uint16',
        ),
        (lambda d: cv2.imwrite(str(d / 'probability' / 'a.png'), np.full((4, 4), 65535, np.uint16)), 'none of the 64'),
    ],
)
def test_damage_is_named(damage, message, tmp_path):
    blank = np.zeros((4, 4), np.float32)
    write(tmp_path, [('a', blank, blank, blank)])
    damage(tmp_path)
    with pytest.raises(DataError, match=message) as caught:
        list(PredictionDump(tmp_path))
    assert isinstance(caught.value, MissingDataError) == ('no such file' in message or 'no index' in message)


def test_bad_images_are_named(tmp_path):
    blank = np.zeros((4, 4), np.float32)
    writer = DumpWriter(tmp_path)
    with pytest.raises(ValueError, match='bad: probability'):
        writer.write('bad', blank, blank[:2], blank)
    with pytest.raises(ValueError, match='bad: probabilities from 0 to 2'):
        writer.write('bad', np.array([[0, 2.0]], np.float32), blank[:1, :2], blank[:1, :2])


def test_a_soft_mask_keeps_its_targets(tmp_path):
    """A target is what is above one half; one half itself is none."""
    mask = np.linspace(0, 1, 1021, dtype=np.float32)[None]  # one half is among them
    mask = np.vstack((mask, np.nextafter(np.full_like(mask, 0.5), mask)))
    write(tmp_path, [('soft', np.zeros_like(mask), mask, np.zeros(mask.shape, np.uint8))])
    (image,) = PredictionDump(tmp_path)
    np.testing.assert_array_equal(image.mask > 0.5, mask > 0.5)
    assert np.abs(image.mask - mask).max() < 1 / 255
