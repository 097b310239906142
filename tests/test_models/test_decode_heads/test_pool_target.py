from __future__ import annotations

import torch

from mmirstd.models.decode_heads.pool_target import pool_target


def test_any_target_pixel_counts_and_only_whole_blocks_are_ignored() -> None:
    target = torch.zeros(1, 1, 4, 6, dtype=torch.long)
    target[0, 0, 1, 1] = 1
    target[0, 0, 0, 3] = 255  # a part of its block
    target[0, 0, 2:, 4:] = 255
    target[0, 0, 2, 2], target[0, 0, 3, 3] = 255, 1
    expected = torch.tensor([[[[1, 0, 0], [0, 1, 255]]]])
    assert torch.equal(pool_target(target, (2, 3), 255), expected)


def test_its_own_size_is_kept() -> None:
    target = torch.randint(0, 2, (2, 1, 5, 7))
    assert torch.equal(pool_target(target, (5, 7), 255), target)
