from __future__ import annotations

import pytest
import torch

from mmirstd.models.necks import FeedbackSTSNeck


def test_three_frames_are_the_fewest_of_which_one_is_aligned() -> None:
    neck = FeedbackSTSNeck(num_frames=3, channels=(4, 8))
    (level,) = neck([(torch.rand(1, 1, 32, 32),) for _ in range(3)])
    level.sum().backward()
    assert [name for name, p in neck.named_parameters() if p.grad is None] == []
    with pytest.raises(ValueError, match='num_frames is 2; expected at least 3'):
        FeedbackSTSNeck(num_frames=2)
