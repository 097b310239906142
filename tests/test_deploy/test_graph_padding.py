from __future__ import annotations

import numpy as np
import pytest
import torch

from mmirstd.datasets.transforms import PadToMultiple
from mmirstd.deploy.graph_padding import crop, pad_to_multiple


@pytest.mark.parametrize('mode', ['reflect', 'edge', 'constant'])
@pytest.mark.parametrize('shape', [(1, 1), (2, 3), (7, 40), (16, 16), (33, 5)])
def test_the_pixels_of_the_pipeline(mode: str, shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).random(shape, np.float32)
    expected = PadToMultiple(16, mode, 0.25).transform(dict(img=image))['img']
    found = pad_to_multiple(torch.from_numpy(image)[None], 16, mode, 0.25)
    assert np.array_equal(found[0].numpy(), expected)
    assert np.array_equal(crop(found, *shape)[0].numpy(), image)
