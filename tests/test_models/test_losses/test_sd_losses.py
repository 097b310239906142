"""The scale-based dynamic losses of PConv's authors, of masks and of boxes."""

from __future__ import annotations

import pytest
import torch
from mmengine.logging import MessageHub
from torch import Tensor
from torch.nn import functional as F

from mmirstd.models.losses import SDBoxLoss, SDMaskLoss, SLSIoULoss
from tests.shared import load_golden

from .recorded import CASES, GOLDEN, check, recorded_inputs
from .test_sls_iou_loss import hub  # noqa: F401

BOXES = load_golden('losses_more')['sd_box_loss']
UNSATURATED = next(name for name in GOLDEN if name.startswith('SDM loss, unsaturated beta'))


@pytest.mark.parametrize('case', CASES)
@pytest.mark.parametrize(
    ('epoch', 'options', 'name'),
    [
        (5, {}, 'SDM loss (PConv/SD loss, mask) warm-up (warm_epoch=5, epoch=5)'),
        (6, {}, 'SDM loss (warm_epoch=5, epoch=6, with_distance=True, dynamic=True, delta=0.5)'),
        (6, dict(with_location=False), 'SDM loss (epoch=6, dynamic=True, with_distance=False)'),
        (6, dict(delta=0.0), 'SDM loss (epoch=6, dynamic=False) = SLS of MSHNet'),
        (6, dict(delta=0.3), 'SDM loss (epoch=6, delta=0.3)'),
    ],
)
def test_mask_loss_equals_the_official_code(
    hub: MessageHub,  # noqa: F811
    epoch: int,
    options: dict,
    name: str,
    case: str,
) -> None:
    hub.update_info('epoch', epoch)
    check(SDMaskLoss(warm_epoch=5, **options), name, case)


@pytest.mark.parametrize('case', CASES)
def test_small_targets_of_a_large_image_equal_the_official_code(hub: MessageHub, case: str) -> None:  # noqa: F811
    """The recorded inputs at the top left of 512x512, with four target pixels and one."""
    hub.update_info('epoch', 6)

    def padded(logits: Tensor, target: Tensor) -> Tensor:
        small = torch.zeros_like(target)
        if 'empty' not in case:
            small[0, :, 3:5, 3:5] = small[1, :, 9, 9] = 1
        return SDMaskLoss()(*(F.pad(x, (0, 480, 0, 480)) for x in (logits, small)))

    check(padded, UNSATURATED, case)


def test_targets_larger_than_the_image_needs_are_not_weighed_more(hub: MessageHub) -> None:  # noqa: F811
    """From 81 pixels at 512x512 on, the weights are 1.5 and 0.5."""
    hub.update_info('epoch', 6)
    logits, target = recorded_inputs()
    scale, both = (SLSIoULoss(with_location=which)(logits, target) for which in (False, True))
    torch.testing.assert_close(SDMaskLoss()(logits, target), 1.5 * scale + 0.5 * (both - scale))


def boxes(name: str) -> Tensor:
    center, size = torch.tensor(BOXES[name], dtype=torch.float64).split(2, dim=1)
    return torch.cat([center - size / 2, center + size / 2], dim=1)


@pytest.mark.parametrize('delta', [0.5, 0.3])
def test_box_loss_equals_the_official_code(delta: float) -> None:
    """The record is of float32: values up to 1.7, so a few 1e-7."""
    loss = SDBoxLoss(delta, reduction='none')(boxes('boxes_pred_xywh'), boxes('boxes_target_xywh'))
    torch.testing.assert_close(loss, torch.tensor(BOXES[f'sd_loss_delta_{delta}']).double(), rtol=0, atol=1e-6)


def test_without_weighing_it_is_ciou() -> None:
    loss = SDBoxLoss(delta=0, reduction='none')(boxes('boxes_pred_xywh'), boxes('boxes_target_xywh'))
    torch.testing.assert_close(loss, torch.tensor(BOXES['ciou_loss']).double(), rtol=0, atol=1e-6)


def test_box_loss_keeps_to_mmdet() -> None:
    pred, target = boxes('boxes_pred_xywh').requires_grad_(), boxes('boxes_target_xywh')
    single = SDBoxLoss(reduction='none')(pred, target)
    weight = torch.tensor([0.0, 1, 1, 2, 0, 0])
    torch.testing.assert_close(
        SDBoxLoss(loss_weight=2.0)(pred, target, weight[:, None].expand(-1, 4), avg_factor=4.0),
        2 * (single * weight).sum() / 4,
    )
    SDBoxLoss(reduction='sum')(pred, target).backward()
    assert torch.isfinite(pred.grad).all()
    empty = torch.zeros(2, 4, requires_grad=True)  # FCOS may predict boxes without an area
    SDBoxLoss()(empty, target[:2].float()).backward()
    assert torch.isfinite(empty.grad).all()
