"""mmseg's results keep their logits, whatever it does to them."""

from __future__ import annotations

import pytest
import torch
from mmseg.structures import SegDataSample

from mmirstd.evaluation.maps import logit_map_of, map_of
from mmirstd.utils.errors import ConfigError
from tests.test_apis.helpers import conv_net

PADDED = dict(img_padding_size=(0, 8, 0, 16))


@pytest.mark.parametrize(
    'meta',
    [
        {},
        PADDED,
        dict(PADDED, ori_shape=(30, 50)),
        dict(ori_shape=(64, 96), flip=True, flip_direction='horizontal'),
        dict(ori_shape=(64, 96), flip=True, flip_direction='vertical'),
    ],
)
def test_the_probabilities_are_those_of_the_logits(meta: dict) -> None:
    model = conv_net()
    logits = 30 * torch.randn(2, 1, 64, 96, generator=torch.Generator().manual_seed(0))
    shape = (48, 88) if 'img_padding_size' in meta else (64, 96)
    samples = [SegDataSample(metainfo={'ori_shape': shape, **meta}) for _ in range(2)]
    for sample in model.postprocess_result(logits, samples):
        # the sigmoid of a view may be rounded another way
        torch.testing.assert_close(sample.target_logits.data.sigmoid(), sample.seg_logits.data, rtol=1e-6, atol=0)
        for given in (sample, sample.to_dict()):
            assert (logit_map_of(given) == sample.target_logits.data[0].numpy()).all()
        assert sample.target_logits.data.max() > 17.4
        assert map_of(sample.seg_logits).max() == 1


def test_without_samples_and_with_two_classes() -> None:
    model = conv_net()
    logits = torch.randn(1, 2, 8, 8)
    assert torch.equal(model.postprocess_result(logits[:, :1])[0].target_logits.data, logits[0, :1])
    [sample] = model.postprocess_result(logits)
    assert 'target_logits' not in sample
    assert (logit_map_of(sample) == (logits[0, 1] - logits[0, 0]).numpy()).all()


def test_samples_of_other_programs_have_probabilities_alone() -> None:
    found = logit_map_of(dict(seg_logits=dict(data=torch.tensor([[[0.0, 0.5, 0.75, 1.0]]]))))
    assert found[0, 1] == 0
    assert found[0, 2] == pytest.approx(1.0986123, abs=1e-6)
    assert (abs(found[0, [0, 3]]) > 17).all()


def test_an_image_whose_padding_is_not_known_is_an_error() -> None:
    """``PackSegInputs`` packs no padding_size of its own accord, and mmseg would squeeze 64 rows into 50."""
    model = conv_net()
    shapes = dict(img_path='scene.png', ori_shape=(50, 96), img_shape=(50, 96), pad_shape=(64, 96))
    logits = torch.randn(1, 1, 64, 96)
    with pytest.raises(ConfigError, match=r'(?s)scene.png was padded from \(50, 96\).*cure: PackSegInputs'):
        model.postprocess_result(logits, [SegDataSample(metainfo=shapes)])
    for key in ('padding_size', 'img_padding_size'):
        [sample] = model.postprocess_result(logits, [SegDataSample(metainfo={**shapes, key: (0, 0, 0, 14)})])
        assert torch.equal(sample.target_logits.data, logits[0, :, :50])
