"""What L2SKNet has beside the figures that tests/test_models/test_golden.py compares."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mmirstd.models.necks import L2SKNeck
from mmirstd.models.necks.l2sk_neck import SaliencyKernel, SeparableSaliencyKernel
from tests.golden_network import GoldenNetwork

pytestmark = pytest.mark.usefixtures('float64')

NORM = dict(type='BN')


def middle_of_flat_image(kernel: torch.nn.Module, brightness: float) -> Tensor:
    """What a kernel gives in the middle of an image without contrast, where no border is seen."""
    kernel.gate.expand.bn.bias.data.fill_(-1e3)  # no center remains
    with torch.no_grad():
        return kernel.eval()(torch.full((1, 4, 21, 21), brightness))[0, :, 10, 10]


@pytest.mark.parametrize('dilation', [1, 2])
def test_a_flat_image_has_no_saliency(dilation: int) -> None:
    kernel = SaliencyKernel(4, extent=9, dilation=dilation, norm_cfg=NORM)
    torch.testing.assert_close(middle_of_flat_image(kernel, 3.0), torch.zeros(4))


def test_only_the_composed_separable_kernel_ignores_brightness() -> None:
    """The official one multiplies row and column channel by channel, although they follow one another."""
    kernel = SeparableSaliencyKernel(4, extent=9, composed=True, norm_cfg=NORM)
    torch.testing.assert_close(middle_of_flat_image(kernel, 3.0), middle_of_flat_image(kernel, 0.0))
    kernel.composed = False
    assert (middle_of_flat_image(kernel, 3.0) - middle_of_flat_image(kernel, 0.0)).abs().max() > 0.1


def test_official_weights_load_into_the_composed_form() -> None:
    model = GoldenNetwork('l2sknet_1d_unet', 'l2sknet-1d-unet', options={'model.neck.composed': True}).build()
    assert model.neck.laterals[0].kernels[0][0].composed


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="must be 'fpn' or 'unet', got 'pan'"):
        L2SKNeck([4, 8], decoder='pan', extents=(5, 3))
    with pytest.raises(ValueError, match='one for each level'):
        L2SKNeck([4, 8], extents=(9, 5, 3))
