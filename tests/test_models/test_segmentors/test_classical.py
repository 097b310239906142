"""The base of the classical methods: its threshold, its probabilities, and its output beside mmseg's own."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import mmirstd.registry  # noqa: F401  before mmseg
from mmirstd.models.segmentors import ClassicalSegmentor
from tests.shared import REPO

# isort: split
from mmseg.models.segmentors import EncoderDecoder
from mmseg.structures import SegDataSample


class Identity(ClassicalSegmentor):
    """The image is its own saliency."""

    def saliency(self, image: np.ndarray) -> np.ndarray:
        return image


def samples(count: int, shape: tuple[int, int], padding: tuple[int, int, int, int] = (0, 0, 0, 0)):
    return [SegDataSample(metainfo=dict(ori_shape=shape, padding_size=padding)) for _ in range(count)]


@given(hnp.arrays(np.float32, (7, 9), elements=st.floats(-2, 100, width=32)), st.floats(0, 8))
@settings(max_examples=60, deadline=None)
def test_half_is_the_adaptive_threshold_and_order_is_kept(image, k):
    model = Identity(k)
    out = model.predict(torch.from_numpy(image)[None, None], samples(1, image.shape))[0]
    prob, pred = out.seg_logits.data[0].numpy(), out.pred_sem_seg.data[0].numpy()
    s = np.maximum(image.astype(np.float64), 0)
    threshold = s.mean() + k * s.std()
    if threshold == 0:
        assert (prob < 1e-5).all()
        return
    clear = np.abs(s - threshold) > 1e-5 * threshold  # beyond float32's rounding
    np.testing.assert_array_equal(pred[clear] > 0, s[clear] > threshold)
    np.testing.assert_allclose(prob, np.clip(s / (s + threshold), 1e-6, 1 - 1e-6), atol=2e-6)
    order = np.argsort(s, axis=None)
    assert (np.diff(prob.ravel()[order]) >= -1e-6).all()  # torch's vector and scalar sigmoid differ by a bit


def test_output_is_that_of_an_encoder_decoder():
    """Same fields, shapes and types as mmseg gives for one output channel."""

    class Network(EncoderDecoder):
        def __init__(self):
            torch.nn.Module.__init__(self)
            self.align_corners, self.decode_head = False, Identity(1.0).decode_head

    logits = torch.randn(2, 1, 32, 40)
    theirs = Network().postprocess_result(logits, samples(2, (30, 37), (0, 3, 0, 2)))
    ours = Identity(1.0).predict(logits, samples(2, (30, 37), (0, 3, 0, 2)))
    for a, b in zip(ours, theirs):
        assert set(a.keys()) == set(b.keys())
        for key in a.keys():  # noqa: SIM118
            assert getattr(a, key).data.shape == getattr(b, key).data.shape == (1, 30, 37)
            assert getattr(a, key).data.dtype == getattr(b, key).data.dtype


@pytest.mark.parametrize('padding', [(0, 3, 0, 5), (2, 1, 4, 3)])
def test_padding_takes_no_part(padding):
    image = np.random.default_rng(0).random((20, 30)).astype(np.float32)
    left, right, top, bottom = padding
    padded = np.pad(image, ((top, bottom), (left, right)), constant_values=50)
    model = Identity(1.0)
    with_padding = model.predict(torch.from_numpy(padded)[None, None], samples(1, image.shape, padding))[0]
    without = model.predict(torch.from_numpy(image)[None, None], samples(1, image.shape))[0]
    torch.testing.assert_close(with_padding.seg_logits.data, without.seg_logits.data)


def test_images_of_a_batch_do_not_influence_each_other():
    batch = torch.rand(3, 1, 16, 16) * torch.tensor([1, 100, 0.01])[:, None, None, None]
    model = Identity(2.0)
    together = model(batch, samples(3, (16, 16)), mode='predict')
    for k in range(3):
        alone = model(batch[k : k + 1], samples(1, (16, 16)), mode='predict')[0]
        torch.testing.assert_close(together[k].seg_logits.data, alone.seg_logits.data)
    # Without data samples, as inference on bare tensors calls it.
    bare = model(batch, mode='predict')
    torch.testing.assert_close(bare[1].seg_logits.data, together[1].seg_logits.data)


def test_prediction_is_brought_to_the_native_size():
    out = Identity(1.0).predict(torch.rand(1, 1, 32, 32), samples(1, (48, 64)))[0]
    assert out.seg_logits.data.shape == (1, 48, 64)
    assert torch.isfinite(out.seg_logits.data).all()


def test_flat_image_has_no_target():
    for value in (0.0, 0.5, -1.0):
        out = Identity(3.0).predict(torch.full((1, 1, 8, 8), value), samples(1, (8, 8)))[0]
        assert out.pred_sem_seg.data.sum() == 0


def test_nothing_to_train():
    model = Identity(1.0)
    assert sum(p.numel() for p in model.parameters()) == 0
    with pytest.raises(RuntimeError, match='nothing to learn'):
        model(torch.rand(1, 1, 8, 8), samples(1, (8, 8)), mode='loss')


DISTRIBUTED = """
import os, sys
import torch
from mmirstd.registry import MODELS
torch.distributed.init_process_group('gloo', init_method=sys.argv[1], rank=0, world_size=1)
model = torch.nn.parallel.DistributedDataParallel(MODELS.build(dict(type='mmirstd.WhiteTopHat')))
print(model(torch.rand(1, 1, 8, 8), mode='predict')[0].pred_sem_seg.data.shape, flush=True)
os._exit(0)
"""


def test_distributed_wrapper_takes_it(tmp_path):
    """Torch refuses to wrap a module that has no parameter to learn.

    In a process of its own that ends without clean-up: now and then torch
    deadlocks when it takes down a wrapper and its process group in this order
    (gloo's thread is joined with the interpreter lock held).
    """
    done = subprocess.run(
        [sys.executable, '-c', DISTRIBUTED, (tmp_path / 'store').as_uri()],
        cwd=REPO,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.splitlines()[-1:] == ['torch.Size([1, 8, 8])'], done.stderr


@pytest.mark.parametrize('threshold', [-1, float('nan'), float('inf')])
def test_bad_threshold(threshold):
    with pytest.raises(ValueError, match='standard deviations'):
        Identity(threshold)


def test_color_images_are_refused():
    with pytest.raises(ValueError, match=r'one-channel images .*LoadInfraredImage'):
        Identity(1.0).predict(torch.rand(1, 3, 8, 8))
