"""The page where targets are labeled by clicks, in a real browser."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import cv2
import numpy as np

from mmirstd.datasets.image_io import read_mask
from tests.browser import Browser

from .test_page import KNOWN, browser, click, download, served  # noqa: F401  fixtures


def wait_targets(page: Browser, count: int, text: str = '') -> None:
    found = "document.querySelector('#label-status .status')"
    page.wait(f"{found}.dataset.targets === '{count}' && {found}.innerText.includes({json.dumps(text)})")


def click_pixel(page: Browser, row: int, column: int, shape: tuple[int, int]) -> None:
    """Click on a pixel, and wait for the next picture: a click into one that still loads has no place."""
    image = "document.querySelector('#picture img')"
    page.wait(f'{image}.complete && {image}.naturalWidth > 0')
    before = page.run(f'{image}.src')
    click(page, '#picture img', (column + 0.5) / shape[1], (row + 0.5) / shape[0])
    page.wait(f'{image}.src !== {json.dumps(before)} && {image}.complete && {image}.naturalWidth > 0')


def test_from_clicks_to_a_data_set(browser: Browser, served: tuple, tmp_path: Path) -> None:  # noqa: F811
    image = cv2.GaussianBlur(np.random.default_rng(0).normal(90, 20, (60, 80)), (0, 0), 3)
    image[20:23, 30:35] += 90
    image[45, 60] += 80
    for name in ('first.png', 'second.png'):
        assert cv2.imwrite(str(tmp_path / name), image.clip(0, 255).astype(np.uint8))
    browser.problems.clear()
    browser.resize(1280, 900)
    browser.open(
        served[0].rstrip('/') + '/label',
        "document.querySelector('#label-status .status') && document.querySelector('#label-file input')",
    )
    browser.choose_files('#label-file input[type=file]', tmp_path / 'first.png', tmp_path / 'second.png')
    wait_targets(browser, 0, 'first.png, image 1 of 2')
    browser.wait("document.querySelector('#picture img').complete")
    click_pixel(browser, 21, 32, image.shape)
    wait_targets(browser, 1, '15 pixels, box 30, 20 to 35, 23')
    click_pixel(browser, 45, 60, image.shape)
    wait_targets(browser, 2, '1 pixel')
    click_pixel(browser, 22, 33, image.shape)  # on the first mask: it goes
    wait_targets(browser, 1)
    browser.run("document.querySelector('#label-next').click()")
    wait_targets(browser, 0, 'second.png, image 2 of 2')
    browser.run("document.querySelector('#pack').click()")
    browser.wait("document.querySelector('#get-labels')")
    with zipfile.ZipFile(download(browser, 'labels', tmp_path)) as archive:
        assert sorted(archive.namelist()) == [
            'images/first.png',
            'images/second.png',
            'masks/first.png',
            'masks/second.png',
        ]
        archive.extractall(tmp_path / 'mine')
    np.testing.assert_array_equal(np.argwhere(read_mask(tmp_path / 'mine/masks/first.png')), [[45, 60]])
    assert not read_mask(tmp_path / 'mine/masks/second.png').any()
    assert [text for text in browser.problems if not text.startswith(KNOWN)] == []
