from __future__ import annotations

import logging

import numpy as np
import pytest

from mmirstd.datasets import first_look
from mmirstd.datasets.clip_masks import MaskClipDataset
from mmirstd.datasets.first_look import look_at_masks
from mmirstd.datasets.mask_values import check_mask_rule
from mmirstd.datasets.sirst import SIRSTDataset
from mmirstd.datasets.transforms import LoadInfraredImage, LoadTargetMask
from mmirstd.utils.errors import DataError

from .helpers import make_root, scene, write


@pytest.fixture
def said(monkeypatch) -> list[tuple[int, str]]:
    """Level and text of what is logged."""
    lines: list[tuple[int, str]] = []
    monkeypatch.setattr(
        first_look, 'print_log', lambda text, logger=None, level=logging.INFO: lines.append((level, text))
    )
    monkeypatch.setattr(first_look, '_said', set())
    return lines


def masks(folder, *arrays: np.ndarray) -> list[str]:
    return [str(write(folder / f'{number}.png', array)) for number, array in enumerate(arrays)]


def build(root, **options) -> SIRSTDataset:
    options.setdefault('pipeline', [LoadInfraredImage(), LoadTargetMask()])
    return SIRSTDataset('img_idx/train.txt', str(root), **options)


def rewrite_masks(root, table) -> None:
    for seed, path in enumerate(sorted((root / 'masks').iterdir())):
        write(path, np.array(table, np.uint8)[(scene(seed)[1] > 0).astype(int)])


def rewrite_images(root, largest: int) -> None:
    for seed, path in enumerate(sorted((root / 'images').iterdir())):
        write(path, (scene(seed)[0].astype(np.float64) / 255 * largest).astype(np.uint16))


def test_ordinary_data_give_no_line(tmp_path, said):
    dataset = build(make_root(tmp_path, ['a', 'b']))
    assert dataset[0]['gt_seg_map'].sum() == 6
    assert not said


@pytest.mark.parametrize(
    ('table', 'words'),
    [((0, 38), 'one value beside 0.*values 0, 38'), ((1, 2), 'no 0, the least value is background.*values 1, 2')],
)
def test_other_masks_are_read_and_said_once(tmp_path, said, table, words):
    root = make_root(tmp_path, ['a', 'b', 'c'])
    rewrite_masks(root, table)
    dataset = build(root)
    for index in range(3):
        np.testing.assert_array_equal(dataset[index]['gt_seg_map'], scene(index)[1] > 0)
    ((level, text),) = said
    assert level == logging.INFO
    assert 'of 3 masks looked at, 3 have ' in text
    assert all(part in text for part in words.split('.*'))


def test_several_kinds_and_faint_parts_are_a_warning(tmp_path, said):
    soft = np.zeros((20, 20), np.uint8)
    soft[5:8, 5:8] = [[60, 90, 60], [90, 255, 90], [60, 90, 60]]
    soft[15, 15:17] = 50, 60
    labels = np.zeros((20, 20), np.uint8)
    labels[5, 5] = 38
    look_at_masks('x', masks(tmp_path, soft, labels), 'auto')
    ((level, text),) = said
    assert level == logging.WARNING
    assert 'several kinds' in text
    assert "1 of these have parts that stay below half, which mask_rule='nonzero' would take" in text


def test_what_cannot_be_read_is_an_error_when_the_data_set_is_built(tmp_path, said):
    root = make_root(tmp_path, ['a', 'b'])
    rewrite_masks(root, (255, 0))
    with pytest.raises(DataError, match=r"a\.png: 99\.\d% .*mask_rule='zero'.*--cfg-options mask_rule"):
        build(root)
    dataset = build(root, mask_rule='zero')
    assert dataset[1]['gt_seg_map'].sum() == 6
    assert dataset[1]['mask_rule'] == 'zero'
    assert not said


def test_damaged_files_are_left_for_the_loader(tmp_path, said):
    root = make_root(tmp_path, ['a', 'b'])
    for path in (root / 'masks/a.png', root / 'images/a.png'):
        path.write_bytes(path.read_bytes()[:50])
    dataset = build(root)
    with pytest.raises(DataError, match='truncated'):
        dataset[0]
    assert dataset[1]['gt_seg_map'].any()


def test_an_explicit_rule_is_held_against_the_masks(tmp_path, said):
    labels = np.zeros((20, 20), np.uint8)
    labels[5, 5:7] = 1, 2
    paths = masks(tmp_path, labels, labels * 0)
    look_at_masks('x', paths, check_mask_rule(1))
    assert not said
    look_at_masks('x', paths, check_mask_rule(3))
    look_at_masks('x', paths, check_mask_rule([0, 1]))
    assert [level for level, _ in said] == [logging.WARNING] * 2
    assert 'none has a target under mask_rule=[3]' in said[0][1]
    assert '2 are target in more than half of their pixels under mask_rule=[0, 1]' in said[1][1]
    with pytest.raises(DataError, match=r'0\.png: .*no alpha'):
        look_at_masks('x', paths, 'alpha')


def test_the_loader_may_have_its_own_rule(tmp_path, said):
    root = make_root(tmp_path, ['a'])
    rewrite_masks(root, (1, 2))
    sample = build(root, pipeline=[LoadInfraredImage(), LoadTargetMask(mask_rule=1)])[0]
    np.testing.assert_array_equal(sample['gt_seg_map'], scene(0)[1] == 0)
    with pytest.raises(ValueError, match='mask_rule is'):
        LoadTargetMask(mask_rule='half')
    with pytest.raises(ValueError, match='mask_rule is'):
        build(root, mask_rule='half')


def test_codes_of_fewer_bits_are_a_warning_said_once(tmp_path, said):
    root = make_root(tmp_path, ['a', 'b'])
    rewrite_images(root, 16383)
    build(root)
    build(root)
    ((level, text),) = said
    assert level == logging.WARNING
    assert '2 16-bit images looked at are all below 2^14' in text
    assert '--cfg-options bit_depth=14' in text


@pytest.mark.parametrize(
    'options', [dict(bit_depth=14), dict(max_value=16383), dict(normalize='minmax'), dict(normalize='percentile')]
)
def test_nothing_is_said_when_the_range_is_known(tmp_path, said, options):
    root = make_root(tmp_path, ['a'])
    rewrite_images(root, 16383)
    build(root, pipeline=[LoadInfraredImage(**options), LoadTargetMask()])
    assert not said


def test_16_bit_images_that_use_their_range_are_right(tmp_path, said):
    root = make_root(tmp_path, ['a', 'b'])
    rewrite_images(root, 65535)
    build(root)
    assert not said


def test_masks_of_clips(tmp_path, said):
    for number in range(3):
        image, mask = scene(number)
        write(tmp_path / f's/images/{number}.png', image.astype(np.uint16) * 16)
        write(tmp_path / f's/masks/{number}.png', mask // 255 * 7)
    dataset = MaskClipDataset(data_root=str(tmp_path), pipeline=[])
    assert len(dataset.get_data_info(0)['instances']) == 1
    assert ['3 masks looked at' in text for _, text in said] == [True]
    with pytest.raises(DataError, match='no alpha'):
        MaskClipDataset(data_root=str(tmp_path), mask_rule='alpha')
    assert not MaskClipDataset(data_root=str(tmp_path), mask_rule=3).get_data_info(0)['instances']
