"""Animations hold what they are given, in the size that was asked for."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from mmirstd.visualization import BOX_COLORS, save_gif, save_mp4


@pytest.fixture
def pictures() -> list[np.ndarray]:
    """Twelve noisy frames over which a colored square moves."""
    rng = np.random.default_rng(0)
    out = []
    for k in range(12):
        gray = np.repeat(np.repeat(rng.integers(0, 256, (24, 32)).astype(np.uint8), 4, axis=0), 4, axis=1)
        picture = cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR)
        picture[20:40, 8 * k : 8 * k + 20] = BOX_COLORS['missed']
        out.append(picture)
    return out


def read(path) -> tuple[list[np.ndarray], list[int]]:
    """Frames as RGB and their durations in ms."""
    frames, durations = [], []
    with Image.open(path) as image:
        for k in range(getattr(image, 'n_frames', 1)):
            image.seek(k)
            frames.append(np.asarray(image.convert('RGB')))
            durations.append(image.info.get('duration'))
    return frames, durations


def test_gif(pictures, tmp_path):
    info = save_gif(tmp_path / 'new' / 'a.gif', pictures, fps=10)
    frames, durations = read(tmp_path / 'new' / 'a.gif')
    assert (info.frames, info.size, info.colors) == (12, (128, 96), 128)
    assert info.bytes == (tmp_path / 'new' / 'a.gif').stat().st_size
    assert durations == [100] * 12
    with Image.open(tmp_path / 'new' / 'a.gif') as image:
        assert image.info['loop'] == 0  # for ever
    for frame, picture in zip(frames, pictures):
        assert np.abs(frame[..., ::-1].astype(int) - picture).max() <= 12  # the palette is near, colors of marks too
    assert [p.name for p in (tmp_path / 'new').iterdir()] == ['a.gif']


def test_grays_stay_gray_and_marks_colored(pictures, tmp_path):
    for colors in (256, 48):
        save_gif(tmp_path / 'a.gif', pictures, colors=colors)
        for frame, picture in zip(read(tmp_path / 'a.gif')[0], pictures):
            gray = np.ptp(picture, axis=-1) == 0
            assert (np.ptp(frame[gray], axis=-1) == 0).all()
            step = 256 // (colors * 3 // 4 - 1)
            # Pillow looks colors up roughly.
            assert np.abs(frame[gray].astype(int) - picture[gray]).max() <= step + 4
            assert (frame[~gray] == BOX_COLORS['missed'][::-1]).all()


def test_pictures_in_color(tmp_path):
    ramp = np.linspace(0, 255, 64).round().astype(np.uint8)[None].repeat(8, axis=0)
    picture = cv2.applyColorMap(ramp, cv2.COLORMAP_INFERNO)
    save_gif(tmp_path / 'a.gif', [picture])
    assert np.abs(read(tmp_path / 'a.gif')[0][0][..., ::-1].astype(int) - picture).max() <= 12


def test_long_gifs_lose_frames_not_time(pictures, tmp_path):
    info = save_gif(tmp_path / 'a.gif', pictures, fps=10, max_frames=5)
    frames, durations = read(tmp_path / 'a.gif')
    assert info.frames == len(frames) == 4
    assert durations == [300] * 4
    assert np.abs(frames[1][..., ::-1].astype(int) - pictures[3]).max() <= 12


def test_gif_is_kept_small(pictures, tmp_path):
    whole = save_gif(tmp_path / 'whole.gif', pictures).bytes
    limit = save_gif(tmp_path / 'plain.gif', pictures, colors=64).bytes
    assert limit < whole
    fewer = save_gif(tmp_path / 'fewer.gif', pictures, max_bytes=limit)
    assert fewer.bytes <= limit
    assert fewer.colors < 128
    assert (fewer.frames, fewer.size) == (12, (128, 96))
    small = save_gif(tmp_path / 'small.gif', pictures, max_bytes=whole // 3)
    assert small.bytes <= whole // 3
    assert small.size in ((96, 72), (64, 48))
    with pytest.raises(ValueError, match='do not fit into 100 bytes'):
        save_gif(tmp_path / 'none.gif', pictures, max_bytes=100)
    assert not (tmp_path / 'none.gif').exists()


def test_mp4(pictures, tmp_path):
    odd = [picture[:95, :127] for picture in pictures]
    save_mp4(tmp_path / 'new' / 'a.mp4', odd, fps=10)
    video = cv2.VideoCapture(str(tmp_path / 'new' / 'a.mp4'))
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(10)
    frames = []
    while (got := video.read())[0]:
        frames.append(got[1])
    assert len(frames) == 12
    assert frames[0].shape == (94, 126, 3)
    for k in (0, 5, 11):  # blue, green, red in their places
        square = frames[k][26:34, 8 * k + 6 : 8 * k + 14].reshape(-1, 3).mean(axis=0)
        np.testing.assert_allclose(square, BOX_COLORS['missed'], atol=25)
    assert [p.name for p in (tmp_path / 'new').iterdir()] == ['a.mp4']


@pytest.mark.parametrize('save', [save_gif, save_mp4])
def test_wrong_pictures(save, pictures, tmp_path):
    path = tmp_path / 'a.mp4'
    with pytest.raises(ValueError, match='at least one picture'):
        save(path, [])
    with pytest.raises(ValueError, match='fps=0'):
        save(path, pictures, fps=0)
    with pytest.raises(ValueError, match='picture 1 has 64x96 pixels, the first 128x96'):
        save(path, [pictures[0], pictures[1][:, :64]])
    with pytest.raises(ValueError, match='picture 0 .* float64'):
        save(path, [pictures[0] / 255])


def test_gray_pictures(tmp_path):
    gray = [np.full((16, 16), value, np.uint8) for value in (0, 200)]
    save_gif(tmp_path / 'a.gif', gray)
    assert [frame[0, 0, 0] for frame in read(tmp_path / 'a.gif')[0]] == [0, 200]
    with pytest.raises(ValueError, match='at least 2x2'):
        save_mp4(tmp_path / 'a.mp4', [np.zeros((1, 8), np.uint8)])
    with pytest.raises(ValueError, match='2 to 256 colors'):
        save_gif(tmp_path / 'a.gif', gray, colors=1)


def test_an_unwritable_place(pictures, tmp_path):
    (tmp_path / 'file').write_text('')
    for save, name in ((save_gif, 'a.gif'), (save_mp4, 'a.mp4')):
        with pytest.raises(OSError, match='file'):
            save(tmp_path / 'file' / name, pictures)
