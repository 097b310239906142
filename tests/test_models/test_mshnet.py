"""What MSHNet has beside the figures that tests/test_models/test_golden.py compares."""

from __future__ import annotations

import torch
from mmseg.structures import SegDataSample

from tests.golden_network import GoldenNetwork
from tests.golden_zoo import golden_network


def test_the_finest_map_predicts_during_the_warm_up() -> None:
    network = golden_network('mshnet')
    model = network.build()
    image = network.input()
    with torch.no_grad():
        fused, finest = network.logits(model, image)[:2]
        torch.testing.assert_close(model(image, mode='tensor'), fused)
        model.decode_head.fusion_predicts = False
        torch.testing.assert_close(model(image, mode='tensor'), finest)


def test_imagenet_statistics_make_three_channels_of_one() -> None:
    """How the official weights are used: one gray channel, standardized three times over."""
    options = {
        'model.data_preprocessor.mean': [0.485, 0.456, 0.406],
        'model.data_preprocessor.std': [0.229, 0.224, 0.225],
    }
    model = GoldenNetwork('mshnet', 'mshnet', options=options).build()
    gray = torch.rand(1, 32, 32)
    (result,) = model.test_step(
        dict(inputs=[gray], data_samples=[SegDataSample(metainfo=dict(img_shape=(32, 32), ori_shape=(32, 32)))])
    )
    mean, std = (torch.tensor(values)[:, None, None] for values in options.values())
    rgb = (gray - mean) / std
    with torch.no_grad():
        expected = model(rgb[None], mode='tensor').sigmoid()
    torch.testing.assert_close(result.seg_logits.data, expected[0])
