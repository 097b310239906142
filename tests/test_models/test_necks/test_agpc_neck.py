"""Patches of AGPCNet's context blocks; numerical equality is in tests/test_models/test_golden.py."""

from __future__ import annotations

import pytest
import torch

from mmirstd.models.necks.agpc_neck import AGPCNeck, AttentionGuidedContext, _spread

pytestmark = pytest.mark.usefixtures('float64')


def block() -> AttentionGuidedContext:
    torch.manual_seed(0)
    block = AttentionGuidedContext(8, 3, 4, dict(type='BN')).eval()
    torch.nn.init.ones_(block.gamma)
    torch.nn.init.ones_(block.within.gamma)
    return block


def test_patches_are_related_alone_also_where_they_do_not_divide_the_feature() -> None:
    context = block()
    x = torch.rand(2, 8, 10, 9)
    together = context._within_patches(x, [3, 3, 4], [3, 3, 3])
    for top, bottom in ((0, 3), (3, 6), (6, 10)):
        for left in (0, 3, 6):
            area = (..., slice(top, bottom), slice(left, left + 3))
            torch.testing.assert_close(together[area], context.within(x[area]))


@pytest.mark.parametrize('sizes', [[3, 3, 4], [3, 3, 3], [4], [1, 1, 1]])
def test_a_patchs_value_is_repeated_over_its_pixels(sizes: list[int]) -> None:
    patches = torch.rand(2, 4, len(sizes), 5)
    assert torch.equal(_spread(patches, sizes, dim=2), patches.repeat_interleave(torch.tensor(sizes), dim=2))


def test_a_feature_with_fewer_pixels_than_patches_has_a_patch_for_each_pixel() -> None:
    x = torch.rand(2, 8, 2, 5)
    assert block()(x).shape == x.shape


def test_levels() -> None:
    neck = AGPCNeck([8, 16, 32], reduction=4)
    inputs = [torch.rand(2, 8, 12, 8), torch.rand(2, 16, 6, 4), torch.rand(2, 32, 3, 2)]
    assert [level.shape for level in neck(inputs)] == [level.shape for level in inputs]
