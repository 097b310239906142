from __future__ import annotations

import numpy as np
import pytest
import torch

from mmirstd.models.losses import CornerFocalLoss, EdgeMiningLoss
from mmirstd.models.losses.edge_mining_loss import _edges
from tests.test_datasets.test_points.golden import recorded


def test_edges_equal_the_official_code() -> None:
    edges = _edges(torch.from_numpy(recorded('loss_target').astype(np.float64)))
    np.testing.assert_array_equal(edges.numpy()[:, 0], recorded('loss_edges') > 0)


def test_equals_the_official_loss_in_which_all_pixels_have_the_weight_of_edges() -> None:
    logits, target = torch.from_numpy(recorded('loss_logits')), torch.from_numpy(recorded('loss_target').astype(float))
    everywhere = EdgeMiningLoss(edge_weight=1, loss_weight=4)
    assert float(everywhere(logits, target)) == pytest.approx(float(recorded('loss_pal')), rel=1e-12)
    assert float(EdgeMiningLoss()(logits, target)) > float(EdgeMiningLoss(edge_weight=1)(logits, target))


def test_the_form_of_lesps_equals_the_official_loss() -> None:
    """The corner focal loss with soft positives; the official code adds 1e-12 within the logarithms."""
    logits, target = torch.from_numpy(recorded('loss_logits')), torch.from_numpy(recorded('loss_soft'))
    ours = CornerFocalLoss(soft_positives=True)(logits, target)
    assert float(ours) == pytest.approx(float(recorded('loss_lesps')), rel=1e-8)
    hard = (target == 1).to(target)
    torch.testing.assert_close(
        CornerFocalLoss(soft_positives=True)(logits, hard), CornerFocalLoss()(logits, hard), rtol=1e-12, atol=0
    )


def test_easy_pixels_do_not_count() -> None:
    logits = torch.tensor([[[[-9.0, -9.0, -9.0, 2.0, -9.0, -9.0]]]], requires_grad=True)
    EdgeMiningLoss(edge_weight=1, easy_share=0.5)(logits, torch.zeros(1, 1, 1, 6)).backward()
    # half of six pixels, and those that are as hard as the easiest of the harder half: all of them
    assert (logits.grad != 0).all()
    logits = torch.tensor([[[[-9.0, -8.0, -7.0, 2.0, -6.0, -5.0]]]], requires_grad=True)
    EdgeMiningLoss(edge_weight=1, easy_share=0.5)(logits, torch.zeros(1, 1, 1, 6)).backward()
    assert (logits.grad != 0).flatten().tolist() == [False, False, False, True, True, True]


def test_ignored_pixels_have_no_loss() -> None:
    target = torch.zeros(1, 1, 4, 4)
    target[..., 2:] = 255
    loss = EdgeMiningLoss(easy_share=0)(torch.zeros(1, 1, 4, 4), target)
    assert float(loss) == pytest.approx(float(np.log(2)) / 2)


def test_impossible_shares_are_refused() -> None:
    with pytest.raises(ValueError, match='easy_share 1'):
        EdgeMiningLoss(easy_share=1)
