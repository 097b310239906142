"""Convolutions of temporal differences: what they mean, and their form in evaluation."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from mmirstd.models.layers.temporal_difference import TemporalDifferenceConv3d


def layer(groups: int = 1) -> TemporalDifferenceConv3d:
    torch.manual_seed(0)
    made = TemporalDifferenceConv3d(4, 8, (2, 2, 2), groups).double()
    for norm in made.norms:
        norm.momentum = 1.0
    return made


def test_one_convolution_in_evaluation() -> None:
    """With the statistics of the batch that training normalized by."""
    for groups in (1, 4):
        made, x = layer(groups), torch.randn(3, 4, 5, 8, 8, dtype=torch.float64)
        trained = made.train()(x)
        # Running variances are those of samples, not of the batch.
        count = trained.numel() / trained.shape[1]
        for norm in made.norms:
            norm.running_var *= (count - 1) / count
        torch.testing.assert_close(made.eval()(x), trained, rtol=0, atol=1e-12)


def test_kernels_are_those_of_differences() -> None:
    """Convolving frames with the effective kernel is convolving their differences with the learned one."""
    made, x = layer(), torch.randn(1, 4, 5, 6, 6, dtype=torch.float64)
    differences = x[:, :, 4:] - x  # of the last frame from all
    differences[:, :, 4] = x[:, :, 4]
    expected = F.conv3d(differences, made.convs[2].weight, padding=(0, 1, 1))
    torch.testing.assert_close(F.conv3d(x, made._kernel(2), padding=(0, 1, 1)), expected, rtol=0, atol=1e-12)
    for index, back in ((0, 1), (1, 2)):
        kernel, weight = made._kernel(index), made.convs[index].weight
        # Behind the moments that the official code leaves out, each is a moment less that of ``back`` later.
        for moment in range(back, 5):
            later = weight[:, :, moment + back] if moment + back < 5 else 0
            torch.testing.assert_close(kernel[:, :, moment], weight[:, :, moment] - later, rtol=0, atol=0)
        still = torch.ones(1, 4, 5, 6, 6, dtype=torch.float64)
        found = F.conv3d(still, kernel, padding=(0, 0, 0))
        torch.testing.assert_close(found, torch.zeros_like(found), rtol=0, atol=1e-12)
