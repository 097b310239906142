from __future__ import annotations

import random

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmirstd.datasets.name_pairs import image_files, pair_by_name
from mmirstd.utils.errors import DataError, MissingDataError


@pytest.mark.parametrize(
    ('images', 'masks', 'rule'),
    [
        (['a.png', 'b.tif'], ['a.png', 'b.png'], 'equal names'),
        (['s1/01.png', 's2/02.png'], ['01.png', '02.png'], 'equal names in other folders'),
        (['Misc_1.png', 'Misc_12.png'], ['Misc_1_pixels0.png', 'Misc_12_pixels0.png'], "'_pixels0' at the end of mask"),
        (['a.png', 'bc.png'], ['gt_a.png', 'gt_bc.png'], "'gt_' at the start of mask"),
        (
            ['a_ir.png', 'b_ir.png'],
            ['a_mask.png', 'b_mask.png'],
            "'_mask' at the end of mask names and '_ir' at the end",
        ),
        (['img_10.png', 'img_11.png'], ['label_010.png', 'label_011.png'], 'the last number'),
        (['s/f7.png', 't/f7.png'], ['s/m007.png', 't/m007.png'], 'the last number'),
    ],
)
def test_rules(images, masks, rule):
    found = pair_by_name(images, masks)
    assert rule in found.rule
    assert list(found.pairs.items()) == list(zip(images, masks, strict=True))
    assert not found.images_alone
    assert not found.masks_alone


def test_common_digits_belong_to_the_rest():
    # all start with "10" and end with "0": without the care for digits, 1000 and 1010 would become "" and "1"
    found = pair_by_name(['1000.png', '1010.png', '1020.png'], ['1000_gt.png', '1010_gt.png'])
    assert found.pairs == {'1000.png': '1000_gt.png', '1010.png': '1010_gt.png'}
    assert found.images_alone == ('1020.png',)
    assert '1 images without a mask, left out: 1020.png' in str(found)


@given(st.lists(st.text('abc0123456789_', min_size=1, max_size=8), min_size=2, max_size=12, unique=True), st.randoms())
def test_a_suffix_is_found_and_order_does_not_matter(names, rng):
    images = [f'{name}.png' for name in names]
    masks = [f'{name}_mask.bmp' for name in names]
    rng.shuffle(masks)
    assert pair_by_name(images, masks).pairs == {f'{name}.png': f'{name}_mask.bmp' for name in names}


def test_two_images_for_one_mask_are_no_pair():
    with pytest.raises(DataError, match='names do not tell'):
        pair_by_name(['a1_7.png', 'b2_7.png'], ['x7.png'])


@pytest.mark.parametrize('swap', [False, True])
def test_two_files_of_one_name_are_named(swap):
    plain, twice = ['a1.tif', 'b2.tif'], ['a1_gt.bmp', 'a1_gt.png', 'b2_gt.png']
    with pytest.raises(DataError, match='a1_gt.bmp and a1_gt.png have one name(?s:.*)take one of them out'):
        pair_by_name(*((twice, plain) if swap else (plain, twice)))


def test_a_rule_that_pairs_few_is_not_taken():
    images = [f'scene{k}.png' for k in range(9)]
    with pytest.raises(DataError, match=r'9 images \(scene0.png, scene1.png, scene2.png, ...\), 2 masks'):
        pair_by_name(images, ['scene1.png', 'other.png'])


def test_files_of_a_folder(tmp_path):
    for name in ('10.png', '9.png', 'seq/1.PNG', '.hidden.png'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / 'x.png'), np.zeros((4, 4), np.uint8))
        (tmp_path / 'x.png').rename(tmp_path / name)
    (tmp_path / 'notes.txt').write_text('no image')
    assert image_files(tmp_path) == ['9.png', '10.png', 'seq/1.PNG']
    with pytest.raises(MissingDataError):
        image_files(tmp_path / 'none')
    (tmp_path / 'empty').mkdir()
    with pytest.raises(DataError, match='no image in this folder'):
        image_files(tmp_path / 'empty')


def test_natural_order_is_kept():
    names = [f'{k}.png' for k in range(1, 30)]
    shuffled = random.Random(0).sample(names, len(names))
    assert list(pair_by_name(names, shuffled).pairs) == names
