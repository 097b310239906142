from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from mmirstd.finetune import KNOWN_IOU, choose_recipe


@given(st.integers(3, 100_000), st.booleans())
def test_any_number_of_images_has_a_recipe(images: int, trained: bool) -> None:
    recipe = choose_recipe(images, trained)
    assert 1 <= recipe.batch_size <= max(2, images)
    assert 1 <= recipe.val_interval <= recipe.epochs
    assert 0 < recipe.lr < 0.01


@given(st.integers(3, 10_000), st.integers(1, 1000))
def test_more_images_never_take_fewer_steps_than_few(images: int, more: int) -> None:
    def steps(count: int) -> tuple[int, int]:
        recipe = choose_recipe(count, trained=True)
        epoch = math.ceil(count / recipe.batch_size)
        return recipe.epochs * epoch, epoch

    (few, few_epoch), (many, many_epoch) = steps(images), steps(images + more)
    assert many >= few - (few_epoch + many_epoch) / 2  # whole epochs: each is rounded by half of one at most


def test_random_weights_take_longer() -> None:
    assert choose_recipe(100, trained=False).epochs > 3 * choose_recipe(100, trained=True).epochs


def test_detectors_start_from_random_weights_and_take_minutes() -> None:
    masks, clips = (choose_recipe(200, trained=False, clips=clips) for clips in (False, True))
    assert clips.epochs < masks.epochs
    assert clips.epochs * 25 >= 3 * 320


@given(st.integers(3, 10_000), st.floats(0, 1))
def test_weights_that_know_the_images_are_trained_little(images: int, start_iou: float) -> None:
    usual, recipe = choose_recipe(images, trained=True), choose_recipe(images, trained=True, start_iou=start_iou)
    if start_iou < KNOWN_IOU:
        assert recipe == usual
    else:
        assert recipe.lr < usual.lr
        assert recipe.epochs <= usual.epochs
        assert recipe.batch_size == usual.batch_size


def test_other_epochs_are_validated_as_often_as_if_they_were_chosen() -> None:
    recipe = choose_recipe(30, trained=True)
    assert recipe.changed(None, 6).val_interval == 1
    assert recipe.changed(2e-4, None) == recipe.of(2e-4, recipe.epochs, recipe.batch_size)
