"""Small inputs as users have them (../shared/cases), each with its right value: masks, unused bits, formats."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope

from mmirstd.apis.inputs import expand_inputs, read_still
from mmirstd.apis.irstd_inferencer import IRSTDInferencer
from mmirstd.apis.model_loading import build_network
from mmirstd.datasets import first_look
from mmirstd.datasets.sirst import SIRSTDataset
from mmirstd.engine.config_files import load_config
from mmirstd.evaluation.metrics import IRSTDMetric
from mmirstd.utils.errors import DataError
from tests.shared import REPO, SHARED, needs_shared

pytestmark = needs_shared
CONFIG = REPO / 'configs/ggl_net/ggl-net-tiny_pretrained-b8-70e_nuaa-sirst-341-86.py'
WEIGHTS = REPO / 'configs/ggl_net/weights/ggl-net-tiny_nuaa-sirst-341-86.pth'
#: As ../shared/cases/README.md has it, to the digits there.
REFERENCE = dict(IoU=0.8531, nIoU=0.8139, Pd=1, Fa=0)
INSTANCES = dict(IoU=0.8471, nIoU=0.8194, Pd=1, Fa=0)


@pytest.fixture(scope='module')
def network() -> torch.nn.Module:
    cfg = load_config(str(CONFIG))
    return build_network(cfg, cfg, str(WEIGHTS), 'mmseg')[0]


@pytest.fixture(scope='module')
def probabilities() -> dict[tuple, list]:
    """What the network gave for the images of a case; several cases have the same images."""
    return {}


def data_set(case: str, **options) -> SIRSTDataset:
    init_default_scope('mmseg')  # another test may have left another one
    cfg = load_config(str(CONFIG), dict(data_root=str(SHARED / 'cases' / case), **options))
    arguments = dict(cfg.test_dataloader.dataset)
    arguments.pop('type')
    return SIRSTDataset(**arguments)


def evaluate(
    data: SIRSTDataset, network: torch.nn.Module, probabilities: dict[tuple, list], images: str
) -> dict[str, float]:
    """The default protocol at native size; ``images`` names the pixels, which the network sees once."""
    metric = IRSTDMetric()
    metric.dataset_meta = data.metainfo
    seen = probabilities.setdefault(images, [])
    for index in range(len(data)):
        batch = pseudo_collate([data[index]])
        if index == len(seen):
            with torch.no_grad():
                seen.append(network.test_step(batch)[0])
        sample = seen[index].clone()
        sample.gt_sem_seg = batch['data_samples'][0].gt_sem_seg
        metric.process(batch, [sample.to_dict()])
    return metric.evaluate(len(data))


@pytest.mark.parametrize(
    ('case', 'expected'),
    [
        *(
            (case, REFERENCE)
            for case in (
                'masks_ref_255',
                'masks_gray_38',
                'masks_gray_100',
                'masks_classindex_2',
                'masks_bg1_t2',
                'mask_alpha',
            )
        ),
        ('masks_instance', INSTANCES),
        ('masks_instance_ref', INSTANCES),
    ],
)
def test_masks_of_every_kind(case, expected, network, probabilities):
    images = 'with a second target' if 'instance' in case else 'as in NUAA-SIRST'
    found = evaluate(data_set(case), network, probabilities, images)
    assert {key: round(found[key], 4) for key in expected} == expected


def test_inverted_masks_are_an_error_with_an_option(network, probabilities):
    with pytest.raises(DataError, match=r"mask_inverted.*covers most of the image.*mask_rule='zero'"):
        data_set('mask_inverted')
    found = evaluate(data_set('mask_inverted', mask_rule='zero'), network, probabilities, 'as in NUAA-SIRST')
    assert {key: round(found[key], 4) for key in REFERENCE} == REFERENCE


def test_masks_of_another_size_are_an_error():
    init_default_scope('mmseg')  # another test may have left another one
    cfg = load_config(str(CONFIG), dict(data_root=str(SHARED / 'cases/mask_size')))
    arguments = dict(cfg.test_dataloader.dataset, mask_size_mismatch='error')
    arguments.pop('type')
    with pytest.raises(DataError, match='expected equal sizes'):
        list(SIRSTDataset(**arguments))


@pytest.fixture
def said(monkeypatch) -> Iterator[list[str]]:
    lines: list[str] = []
    monkeypatch.setattr(first_look, 'print_log', lambda text, logger=None, level=logging.INFO: lines.append(text))
    monkeypatch.setattr(first_look, '_said', set())
    return lines


@pytest.mark.parametrize('bit_depth', [14, 'auto'])
def test_14_bit_codes(bit_depth, network, probabilities, said):
    data = data_set('u16_14bit', bit_depth=bit_depth)
    assert not said
    found = evaluate(data, network, probabilities, '14 bits')
    assert {key: round(found[key], 3) for key in ('IoU', 'nIoU', 'Pd', 'Fa')} == dict(IoU=0.853, nIoU=0.814, Pd=1, Fa=0)


def test_14_bit_codes_are_found(said):
    data_set('u16_14bit')
    (text,) = said
    assert 'all below 2^14' in text
    assert '--cfg-options bit_depth=14' in text


@pytest.mark.parametrize('case', ['odd_253x234', 'rgb_640x512', 'tiny_48x40'])
def test_other_sizes(case, network):
    data = data_set(case, **{'test_dataloader.dataset.indices': 1})
    found = evaluate(data, network, {}, case)
    assert 0 <= found['IoU'] <= 1


BITS = {
    'bit1.png': np.uint8,
    'c14.png': np.uint16,
    'c14.tif': np.uint16,
    'gif.gif': np.uint8,
    'i32.npy': np.float32,
    'int16.tif': np.float32,
    'int32.tif': np.float32,
    'lzw.tif': np.uint8,
    'p16.pgm': np.uint16,
    'p5.pgm': np.uint8,
    'u8.png': np.uint8,
    'webp.webp': np.uint8,
}


def test_every_file_of_bits_is_an_image_or_a_sequence():
    sources = list(expand_inputs(SHARED / 'cases/bits'))
    assert {source.label.rsplit('/', 1)[-1]: source.kind for source in sources} == {
        **dict.fromkeys(BITS, 'image'),
        'stack3.tif': 'pages',
    }


def test_formats_give_the_same_values():
    read = {name: read_still(SHARED / 'cases/bits' / name) for name in BITS}
    assert {name: image.dtype for name, image in read.items()} == BITS
    codes, codes14 = read['u8.png'], read['c14.png']
    for name in ('gif.gif', 'i32.npy', 'int32.tif', 'lzw.tif', 'p5.pgm'):
        np.testing.assert_array_equal(read[name], codes, err_msg=name)
    for name in ('c14.tif', 'p16.pgm'):
        np.testing.assert_array_equal(read[name], codes14, err_msg=name)
    assert np.abs(read['webp.webp'].astype(int) - codes).mean() < 3  # lossy


def test_infer_says_once_that_raw_files_are_stretched(monkeypatch):
    from mmirstd.apis import base_inferencer

    lines: list[str] = []
    monkeypatch.setattr(base_inferencer, 'print_log', lambda text, **_: lines.append(text))
    inferencer = IRSTDInferencer('white-tophat_nuaa-sirst-341-86')
    results = {result.source.name: result for result in inferencer.infer(SHARED / 'cases/bits')}
    assert {'i32', 'int16', 'int32', 'c14', 'stack3'} <= set(results)
    (text,) = lines
    assert 'c14.png: 16-bit codes from 3008 to 8320.' in text
    assert 'stretched by its own range ("robust"). load_options=dict(bit_depth=N) divides by' in text


def test_infer_names_the_option_that_each_kind_needs(monkeypatch):
    from mmirstd.apis import base_inferencer

    lines: list[str] = []
    monkeypatch.setattr(base_inferencer, 'print_log', lambda text, **_: lines.append(text))
    failed: dict[str, str] = {}
    inferencer = IRSTDInferencer('white-tophat_nuaa-sirst-341-86', normalize='fixed')
    results = list(
        inferencer.infer(SHARED / 'cases/bits', on_error=lambda source, error: failed.update({source.name: str(error)}))
    )
    assert [result.source.name for result in results].count('stack3') == 3
    assert set(failed) == {'i32', 'int16', 'int32'}
    assert all('max_value' in text and "normalize='robust'" in text for text in failed.values())
    assert '(codes of 8 bits end at 255)' in failed['int32']
    (text,) = lines
    assert '3 16-bit images looked at are all below 2^14' in text
    assert 'say so with load_options=dict(bit_depth=14)' in text
