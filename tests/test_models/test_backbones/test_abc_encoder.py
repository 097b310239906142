"""ABC's attention belongs to one size of image; what happens at others."""

from __future__ import annotations

import warnings

import torch

from mmirstd.models.backbones import ABCEncoder
from mmirstd.models.backbones.abc_encoder import BilinearAttention


def test_another_size_keeps_what_does_not_depend_on_it() -> None:
    """A layer that sums all pixels in each row gives the same for constant images of any size."""
    attention = BilinearAttention(4, 8)
    torch.nn.init.constant_(attention.query_rows.weight, 0.5)
    torch.nn.init.constant_(attention.query_rows.bias, 1.0)
    for size in ((8, 8), (16, 12), (5, 9)):
        rows = attention._rows(torch.full((1, 1, *size), 2.0), attention.query_rows)
        torch.testing.assert_close(rows, torch.full((1, size[0]), 0.5 * 2 * 64 + 1))


def test_a_layer_that_reads_rows_reads_them_at_another_size() -> None:
    """Row ``i`` gives the mean of row ``i``: so it does of a map twice as large, whose rows come in pairs."""
    attention = BilinearAttention(4, 8)
    with torch.no_grad():
        attention.query_rows.weight.zero_().view(8, 8, 8)[range(8), range(8)] = 1 / 8
        attention.query_rows.bias.zero_()
    image = torch.arange(8.0)[:, None].expand(8, 8)[None, None]
    torch.testing.assert_close(attention._rows(image, attention.query_rows)[0], torch.arange(8.0))
    large = image.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    rows = attention._rows(large, attention.query_rows)[0]
    assert (rows.diff() > 0).all()
    torch.testing.assert_close(rows.mean(), torch.tensor(3.5))


def test_rows_of_the_attention_sum_to_one() -> None:
    attention = BilinearAttention(4, 8)
    weights = attention(torch.randn(2, 4, 6, 10))
    assert weights.shape == (2, 4, 6, 6)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(2, 4, 6))


def test_another_size_is_said_once() -> None:
    encoder = ABCEncoder(channels=(4, 4, 4, 4, 4), image_size=32).eval()
    with torch.no_grad():
        with warnings.catch_warnings():
            warnings.simplefilter('error')
            encoder(torch.rand(1, 1, 32, 32))
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter('always')
            outs = [encoder(torch.rand(1, 1, 48, 32)) for _ in range(2)][1]
    assert [str(warning.message).split(':')[0] for warning in told] == [
        'ABCEncoder(image_size=32) got images of 48x32 pixels'
    ]
    assert [tuple(x.shape[2:]) for x in outs] == [(48, 32), (24, 16), (12, 8), (6, 4), (3, 2)]
