"""mmirstd's NMS against mmcv's compiled operator.

tests/data/nms_golden.npz holds inputs and what mmcv's ops/csrc/pytorch/cpu/nms.cpp returned for them, compiled alone
against torch 2.13.0 CPU, and what mmcv.ops.batched_nms (onedl-mmcv 2.3.6) returned on top of it.
"""

import json
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mmirstd.registry  # noqa: F401
from mmirstd.compat.nms import nms

GOLDEN = np.load(Path(__file__).parents[1] / 'data' / 'nms_golden.npz')
INDEX = json.loads(str(GOLDEN['index']))
DEVICES = ['cpu', pytest.param('cuda', marks=pytest.mark.skipif(not torch.cuda.is_available(), reason='no GPU'))]


def greedy(boxes: np.ndarray, scores: np.ndarray, threshold: float, offset: int) -> list[int]:
    """NMS as one says it in a sentence, in float64."""
    boxes = boxes.astype(np.float64)
    size = boxes[:, 2:] - boxes[:, :2] + offset
    area = size[:, 0] * size[:, 1]
    kept: list[int] = []
    for j in np.argsort(-scores, kind='stable'):
        for i in kept:
            width = max(0.0, min(boxes[i, 2], boxes[j, 2]) - max(boxes[i, 0], boxes[j, 0]) + offset)
            height = max(0.0, min(boxes[i, 3], boxes[j, 3]) - max(boxes[i, 1], boxes[j, 1]) + offset)
            union = area[i] + area[j] - width * height
            if union != 0 and width * height / union > threshold:
                break
        else:
            kept.append(int(j))
    return kept


@pytest.mark.parametrize(('key', 'name', 'threshold', 'offset'), INDEX['nms'], ids=lambda value: str(value)[:5])
def test_equals_compiled_op(key, name, threshold, offset):
    boxes = torch.from_numpy(GOLDEN[f'{name}/boxes'])
    scores = torch.from_numpy(GOLDEN[f'{name}/scores'])
    recorded = torch.from_numpy(GOLDEN[f'{name}/order'].astype(np.int64))
    expected = GOLDEN[key].tolist()
    # Which of two equal scores comes first is up to torch.sort and the CPU; put the recorded order into the scores.
    ranked = torch.empty_like(scores)
    ranked[recorded] = torch.arange(len(scores), 0, -1, dtype=scores.dtype)
    assert nms(boxes, ranked, threshold, offset).tolist() == expected
    if torch.equal(scores.sort(0, descending=True)[1], recorded):
        assert nms(boxes, scores, threshold, offset).tolist() == expected


def test_golden_cases_cover_what_matters():
    sizes = {(name, threshold, offset): len(GOLDEN[key]) for key, name, threshold, offset in INDEX['nms']}
    assert len(sizes) == 80
    assert any(0 < kept < len(GOLDEN[f'{name}/scores']) for (name, _, _), kept in sizes.items())
    assert len(set(GOLDEN['ties200/scores'].tolist())) == 5
    # The offset decides in some case, and so does touching without overlap.
    assert sizes['touching64', 1 / 3, 0] != sizes['touching64', 1 / 3, 1]


@pytest.mark.parametrize(('key', 'cfg'), INDEX['batched'], ids=lambda value: str(value)[:8])
def test_batched_nms_equals_compiled_op(key, cfg):
    from mmcv.ops import batched_nms

    boxes, scores, ids = (torch.from_numpy(GOLDEN[f'classes/{part}']) for part in ('boxes', 'scores', 'ids'))
    dets, keep = batched_nms(boxes, scores, ids.long(), cfg)
    assert keep.tolist() == GOLDEN[f'{key}/keep'].tolist()
    assert torch.equal(dets, torch.from_numpy(GOLDEN[f'{key}/dets']))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_equals_the_definition(data):
    # Whole numbers: IoU is then exact enough in float32 that the comparison with the threshold cannot differ.
    count = data.draw(st.integers(1, 40))
    coordinate = st.integers(0, 12)
    corners = data.draw(st.lists(st.tuples(*[coordinate] * 4), min_size=count, max_size=count))
    boxes = np.array([(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in corners], np.float32)
    scores = np.array(data.draw(st.permutations(range(count))), np.float32)
    threshold, offset = data.draw(st.sampled_from([0.05, 0.23, 0.47, 0.71])), data.draw(st.sampled_from([0, 1]))
    kept = nms(torch.from_numpy(boxes), torch.from_numpy(scores), threshold, offset).tolist()
    assert kept == greedy(boxes, scores, threshold, offset)


@pytest.mark.parametrize('device', DEVICES)
def test_many_boxes_on_each_device(device):
    generator = torch.Generator().manual_seed(0)
    corner = torch.rand(10_000, 2, generator=generator) * 2000
    boxes = torch.cat([corner, corner + torch.rand(10_000, 2, generator=generator) * 60], 1)
    scores = torch.rand(10_000, generator=generator)
    start = time.perf_counter()
    kept = nms(boxes.to(device), scores.to(device), 0.5)
    assert time.perf_counter() - start < 20  # 0.2 s where measured; a Python loop over pairs takes minutes
    assert kept.device.type == device
    assert kept.dtype == torch.int64
    assert (scores[kept.cpu()].diff() <= 0).all()
    head = nms(boxes[:300], scores[:300], 0.5).tolist()
    assert head == greedy(boxes[:300].numpy(), scores[:300].numpy(), 0.5, 0)


def test_empty_single_and_half_precision():
    assert nms(torch.zeros(0, 4), torch.zeros(0), 0.5).shape == (0,)
    assert nms(torch.zeros(0, 4), torch.zeros(0), 0.5).dtype == torch.int64
    assert nms(torch.tensor([[0.0, 0.0, 2.0, 2.0]]), torch.tensor([0.1]), 0.5).tolist() == [0]
    boxes = torch.tensor([[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 3.0], [8.0, 8.0, 9.0, 9.0]], dtype=torch.bfloat16)
    assert nms(boxes, torch.tensor([0.2, 0.3, 0.1]), 0.5).tolist() == [1, 2]


def test_threshold_is_a_float32_and_strict():
    # IoU 1/2 exactly: suppressed only below.
    boxes = torch.tensor([[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 2.0]])
    scores = torch.tensor([0.9, 0.8])
    assert nms(boxes, scores, 0.5).tolist() == [0, 1]
    assert nms(boxes, scores, 0.4999).tolist() == [0]
    # 0.7 as float32 is smaller than 0.7: an IoU of float32(0.7) does not exceed it.
    boxes = torch.tensor([[0.0, 0.0, 10.0, 1.0], [0.0, 0.0, 7.0, 1.0]])
    assert nms(boxes, scores, 0.7).tolist() == [0, 1]


def test_no_gradient_and_inputs_untouched():
    boxes = torch.tensor([[0.0, 0.0, 4.0, 4.0], [1.0, 1.0, 4.0, 4.0]], requires_grad=True)
    scores = torch.tensor([0.5, 0.9])
    copies = boxes.detach().clone(), scores.clone()
    assert nms(boxes, scores, 0.1).tolist() == [1]
    assert torch.equal(boxes.detach(), copies[0])
    assert torch.equal(scores, copies[1])
