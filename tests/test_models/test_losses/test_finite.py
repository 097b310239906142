"""No loss and no gradient is NaN or infinite, whatever the targets, the logits and the precision."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mmirstd.models  # noqa: F401
from mmirstd.models.losses import DGRLoss, DualViewBoxLoss, SDBoxLoss
from mmirstd.models.losses.mask_loss import MaskLoss
from mmirstd.registry import MODELS

MODELS.import_from_location()
OTHERS = {'DGRLoss': DGRLoss, 'DualViewBoxLoss': DualViewBoxLoss, 'SDBoxLoss': SDBoxLoss}
MASK_LOSSES = sorted(name for name, kind in MODELS.module_dict.items() if issubclass(kind, MaskLoss))
PRECISIONS = (torch.float32, torch.float16, torch.bfloat16)
VARIANTS = {
    'SLSIoULoss': [dict(), dict(warm_epoch=-1), dict(warm_epoch=-1, by_area=True)],
    'SDMaskLoss': [dict(), dict(warm_epoch=-1)],
}


def test_every_registered_loss_is_here() -> None:
    registered = {
        name for name, kind in MODELS.module_dict.items() if 'Loss' in name and 'models.losses' in kind.__module__
    }
    assert registered == {*MASK_LOSSES, *OTHERS}


@st.composite
def batches(draw) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits and a mask with each kind of image: no target, nothing but target, one pixel, all ignored, mixed."""
    side, precision = draw(st.sampled_from([1, 5, 8])), draw(st.sampled_from(PRECISIONS))
    masks, logits = [], []
    # A cross entropy is as large as its logit, and the sum of a batch must fit into float32.
    levels = [0.0, 1e-7, 1.0, 30.0, 100.0, 6e4, min(torch.finfo(precision).max, 1e30)]
    for _ in range(draw(st.integers(1, 3))):
        mask = torch.zeros(side, side, dtype=torch.long)
        kind = draw(st.sampled_from(['empty', 'full', 'pixel', 'ignored', 'mixed']))
        if kind in ('full', 'ignored'):
            mask.fill_(1 if kind == 'full' else 255)
        elif kind == 'pixel':
            mask.view(-1)[draw(st.integers(0, side * side - 1))] = 1
        elif kind == 'mixed':
            mask = torch.randint(0, 2, mask.shape, generator=torch.Generator().manual_seed(draw(st.integers(0, 99))))
        masks.append(mask)
        signs = draw(
            st.sampled_from([torch.ones_like(mask), -torch.ones_like(mask), 2 * (mask == 1) - 1, 1 - 2 * (mask == 1)])
        )
        logits.append(signs * draw(st.sampled_from(levels)))
    return torch.stack(logits)[:, None].to(precision), torch.stack(masks)


@pytest.mark.parametrize('name', MASK_LOSSES)
@settings(max_examples=30)
@given(batch=batches())
def test_mask_losses(name: str, batch: tuple[torch.Tensor, torch.Tensor]) -> None:
    logits, mask = batch
    for variant in VARIANTS.get(name, [dict()]):
        value = logits.clone().requires_grad_()
        loss = MODELS.module_dict[name](**variant)(value, mask)
        loss.backward()
        assert loss.dtype == torch.float32
        assert torch.isfinite(loss)
        assert torch.isfinite(value.grad).all()


@settings(max_examples=30)
@given(
    st.lists(st.tuples(*[st.sampled_from([0.0, 1e-6, 0.5, 3.0, 20.0, 512.0, 4096.0])] * 8), min_size=1, max_size=4),
    st.sampled_from(PRECISIONS),
)
@pytest.mark.parametrize('name', ['SDBoxLoss', 'DualViewBoxLoss'])
def test_box_losses(name: str, rows: list[tuple[float, ...]], precision: torch.dtype) -> None:
    table = torch.tensor(rows)
    pred, target = (torch.cat([part[:, :2], part[:, :2] + part[:, 2:]], 1) for part in (table[:, :4], table[:, 4:]))
    pred = pred.to(precision).requires_grad_()
    loss = OTHERS[name]()(pred, target.to(precision))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(pred.grad).all()


@settings(max_examples=30)
@given(st.sampled_from([0.0, 1e-7, 1.0, 100.0, 6e4]), st.sampled_from([0.0, 1.0, -1.0]), st.sampled_from(PRECISIONS))
def test_diversity_of_flat_and_extreme_features(size: float, other: float, precision: torch.dtype) -> None:
    levels = [
        torch.full((2, 4, side, side), value, dtype=precision).requires_grad_()
        for side, value in ((8, size), (4, size * other))
    ]
    loss = DGRLoss('feature', embed_channels=None)(levels)
    assert torch.isfinite(loss)
    if loss.requires_grad:
        loss.backward()
        for level in levels:
            assert level.grad is None or torch.isfinite(level.grad).all()
