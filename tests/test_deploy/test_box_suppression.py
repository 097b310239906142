"""The suppression of overlapping boxes in an exported program is the greedy one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from mmirstd.deploy.box_suppression import suppress, suppression_error
from mmirstd.deploy.graph_files import program_exporter
from tests.test_deploy.zoo import require_programs

require_programs()

IOU, LEAST = 0.4, 0.3


class Suppressing(torch.nn.Module):
    """:func:`suppress` as the whole of a network."""

    def forward(self, boxes: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """(B, N, 4), (B, C, N) -> (K, 3)."""
        return suppress(boxes, scores, IOU, LEAST)


def boxes_and_scores(batch: int, classes: int, count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Many overlap, in chains; no two scores are equal."""
    generator = torch.Generator().manual_seed(seed)
    corners = torch.rand(batch, count, 2, generator=generator) * 30
    sides = 4 + 8 * torch.rand(batch, count, 2, generator=generator)
    scores = torch.randperm(batch * classes * count, generator=generator) / (batch * classes * count)
    return torch.cat([corners, corners + sides], dim=2), scores.reshape(batch, classes, count)


@pytest.fixture(scope='module')
def program() -> Callable[..., torch.Tensor]:
    free = torch.export.Dim.DYNAMIC
    shapes = ({0: free, 1: free}, {0: free, 1: free, 2: free})
    with torch.no_grad():
        return program_exporter()(Suppressing(), boxes_and_scores(2, 3, 50, 0), dynamic_shapes=shapes).module()


@pytest.mark.parametrize(('batch', 'classes', 'count'), [(2, 3, 50), (1, 2, 300), (3, 2, 7), (2, 2, 2)])
@pytest.mark.parametrize('seed', range(5))
def test_the_same_boxes_in_the_same_order(
    program: Callable[..., torch.Tensor], batch: int, classes: int, count: int, seed: int
) -> None:
    boxes, scores = boxes_and_scores(batch, classes, count, seed)
    expected = suppress(boxes, scores, IOU, LEAST)
    assert torch.equal(program(boxes, scores), expected)
    if count >= 50:
        assert 0 < len(expected) < 0.9 * int((scores > LEAST).sum())  # something was suppressed


def test_equal_scores(program: Callable[..., torch.Tensor]) -> None:
    """Which of two comes first is open; the result is greedy for one order."""
    boxes, scores = (x.double() for x in boxes_and_scores(2, 2, 200, 0))
    scores = (scores * 10).round() / 10
    found = program(boxes.float(), scores.float())
    for image in range(2):
        for label in range(2):
            kept = found[(found[:, 0] == image) & (found[:, 1] == label), 2]
            given, own = boxes[image], scores[image, label]
            assert suppression_error(given, own, given[kept], own[kept], IOU, LEAST) < 1e-6


def test_no_box_is_good_enough(program: Callable[..., torch.Tensor]) -> None:
    boxes, scores = boxes_and_scores(2, 3, 50, 0)
    assert program(boxes, scores * LEAST).shape == (0, 3)


def test_a_long_chain(program: Callable[..., torch.Tensor]) -> None:
    """Each overlaps its neighbors alone, so that each decision waits for the one before: every second one stays."""
    starts = torch.arange(60.0)
    boxes = torch.stack([4 * starts, 0 * starts, 4 * starts + 10, 0 * starts + 10], dim=1)[None].expand(2, -1, -1)
    scores = torch.linspace(0.9, 0.4, 60).expand(2, 2, -1)
    found = program(boxes, scores)
    assert torch.equal(found, suppress(boxes, scores, IOU, LEAST))
    assert found[found[:, 0] + found[:, 1] == 0][:, 2].tolist() == list(range(0, 60, 2))
