from __future__ import annotations

import pytest
import torch

from mmirstd.models.losses import BinaryCrossEntropyLoss, SoftIoULoss

from .recorded import CASES, check, recorded_inputs


@pytest.mark.parametrize(
    ('name', 'per_sample'),
    [
        ('SoftIoULoss (MSDA-Net)', True),
        ('SoftIoULoss (MSHNet)', True),
        ('SoftLoULoss (acm-pytorch / AGPCNet / RPCANet / RDIAN)', True),
        ('SoftIoULoss (DNANet)', False),
        ('SoftIoULoss single (BasicIRSTD)', False),
        ('SoftIoULoss (ISTDU-Net-main)', False),
    ],
)
@pytest.mark.parametrize('case', CASES)
def test_equals_the_official_codes(name: str, per_sample: bool, case: str) -> None:
    check(SoftIoULoss(per_sample=per_sample), name, case)


@pytest.mark.parametrize('case', CASES)
def test_with_cross_entropy_it_is_the_original_isnet(case: str) -> None:
    losses = [SoftIoULoss(smooth=0), BinaryCrossEntropyLoss()]
    check(
        lambda logits, target: sum(loss(logits, target[:, 0]) for loss in losses), 'SoftIoULoss (ISNet original)', case
    )


def test_ignored_pixels_change_nothing() -> None:
    logits, target = recorded_inputs()
    loss = SoftIoULoss()
    padded_logits = torch.nn.functional.pad(logits, (0, 8, 0, 8), value=5.0)
    padded_target = torch.nn.functional.pad(target, (0, 8, 0, 8), value=255.0)
    torch.testing.assert_close(loss(padded_logits, padded_target[:, 0].long()), loss(logits, target[:, 0].long()))


def test_half_precision_logits_are_summed_in_float32() -> None:
    logits, target = torch.full((1, 1, 512, 512), -1.0).bfloat16(), torch.zeros(1, 512, 512, dtype=torch.long)
    expected = SoftIoULoss()(logits.float(), target)
    torch.testing.assert_close(SoftIoULoss()(logits, target), expected)


def test_shape_mismatch_is_named() -> None:
    with pytest.raises(ValueError, match='do not fit'):
        SoftIoULoss()(torch.zeros(1, 1, 4, 4), torch.zeros(1, 5, 4))


def test_two_classes_are_told_what_the_loss_takes() -> None:
    with pytest.raises(ValueError, match=r'do not fit(.|\n)*cure: .*num_classes=2, out_channels=1'):
        SoftIoULoss()(torch.zeros(1, 2, 4, 4), torch.zeros(1, 4, 4))
