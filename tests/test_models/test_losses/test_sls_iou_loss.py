from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from mmengine.logging import MessageHub
from torch import Tensor
from torch.nn import functional as F

from mmirstd.models.losses import SLSIoULoss, warm_up
from mmirstd.models.losses.sls_iou_loss import location_loss

from .recorded import CASES, check, normal, recorded_inputs


@pytest.fixture
def hub(request: pytest.FixtureRequest) -> Iterator[MessageHub]:
    """A message hub of its own, as each runner makes one, and the old one back afterward."""
    before = MessageHub._instance_dict.copy()
    yield MessageHub.get_instance(request.node.name)
    MessageHub._instance_dict.clear()
    MessageHub._instance_dict.update(before)


@pytest.mark.parametrize('case', CASES)
@pytest.mark.parametrize(
    ('epoch', 'location', 'name'),
    [
        (5, True, 'SLSIoULoss warm-up (warm_epoch=5, epoch=5)'),
        (6, True, 'SLSIoULoss (warm_epoch=5, epoch=6, with_shape=True)'),
        (6, False, 'SLSIoULoss (warm_epoch=5, epoch=6, with_shape=False)'),
    ],
)
def test_equals_the_official_code(hub: MessageHub, epoch: int, location: bool, name: str, case: str) -> None:
    hub.update_info('epoch', epoch)
    check(SLSIoULoss(warm_epoch=5, with_location=location), name, case)


@pytest.mark.parametrize('case', CASES)
@pytest.mark.parametrize(
    ('epoch', 'location', 'name'),
    [
        (5, True, 'SLSIoULoss (HDNet) warm-up (warm_epoch=5, epoch=5)'),
        (6, True, 'SLSIoULoss (HDNet) (epoch=6, with_shape=True)'),
        (6, False, 'SLSIoULoss (HDNet) (epoch=6, with_shape=False)'),
    ],
)
def test_weights_by_area_equal_hdnets_code(hub: MessageHub, epoch: int, location: bool, name: str, case: str) -> None:
    hub.update_info('epoch', epoch)
    check(SLSIoULoss(warm_epoch=5, with_location=location, by_area=True), name, case)


@pytest.mark.parametrize('case', CASES)
def test_location_term_equals_the_official_code(case: str) -> None:
    check(lambda logits, target: location_loss(logits.sigmoid(), target), 'LLoss (MSHNet) on sigmoid(logits)', case)


@pytest.mark.parametrize('case', CASES)
def test_total_over_scales_equals_the_official_recipe(hub: MessageHub, case: str) -> None:
    hub.update_info('epoch', 6)
    loss = SLSIoULoss()

    def recipe(logits: Tensor, target: Tensor) -> Tensor:
        total = loss(normal(9).double(), target)
        for j in range(4):
            total = total + loss(F.avg_pool2d(logits, 2**j), F.max_pool2d(target, 2**j))
        return total / 5

    check(recipe, 'MSHNet total loss, epoch 6 (main.py recipe)', case)


def test_nothing_warms_up_without_a_training(hub: MessageHub) -> None:
    logits, target = recorded_inputs()
    without = SLSIoULoss()(logits, target)
    hub.update_info('epoch', 0)
    assert float(SLSIoULoss(warm_epoch=-1)(logits, target)) == float(without)
    assert float(SLSIoULoss()(logits, target)) < float(without)


def test_a_warm_up_that_never_ends_is_said_once(hub: MessageHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """mmengine counts a training by iterations as one epoch, so the loss would stay the plain IoU."""
    said: list[str] = []
    monkeypatch.setattr(warm_up, 'print_log', lambda text, **kwargs: said.append(text))
    warm_up._say_never_ending.cache_clear()
    logits, target = recorded_inputs()
    hub.update_info('epoch', 0)
    for epochs, lines in ((7, 0), (6, 1), (6, 1), (1, 2)):
        hub.update_info('max_epochs', epochs)
        SLSIoULoss(warm_epoch=5)(logits, target)
        assert len(said) == lines
    assert 'has 1 epoch(s), and warm_epoch=5' in said[-1]
    assert 'cure: warm_epoch=-1' in said[-1]
    SLSIoULoss(warm_epoch=-1)(logits, target)
    assert len(said) == 2


def test_empty_prediction_of_an_empty_image_is_finite() -> None:
    logits = torch.full((1, 1, 4, 4), -200.0, requires_grad=True)
    loss = SLSIoULoss()(logits, torch.zeros(1, 1, 4, 4))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()
