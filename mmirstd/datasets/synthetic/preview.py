"""A contact sheet: a page of a data set's pictures with the targets enlarged, for a person to look at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mmirstd.utils.commands import command_line

INSET_PIXELS = 21
TILE = 256
INSETS = 3
_GREEN, _WHITE = (90, 220, 90), (235, 235, 235)


def _to_eight_bits(image: np.ndarray) -> np.ndarray:
    return image if image.dtype == np.uint8 else (image >> 6).astype(np.uint8)


def _inset(image: np.ndarray, mask: np.ndarray, target: dict[str, Any], side: int) -> np.ndarray:
    """A target enlarged without interpolation, its own contrast stretched, the mask's outline drawn."""
    x, y = (int(round(c)) for c in target['centroid'])
    half = INSET_PIXELS // 2
    top, left = max(0, y - half), max(0, x - half)
    part = image[top : y + half + 1, left : x + half + 1].astype(np.float32)
    part = (part - part.min()) / max(float(np.ptp(part)), 1.0)
    # Black where the image ends.
    patch = np.zeros((INSET_PIXELS, INSET_PIXELS), np.float32)
    row, col = top - (y - half), left - (x - half)
    patch[row : row + part.shape[0], col : col + part.shape[1]] = part
    big = cv2.resize((255 * patch).astype(np.uint8), (side, side), interpolation=cv2.INTER_NEAREST)
    outline = np.pad(mask, half)[y : y + INSET_PIXELS, x : x + INSET_PIXELS]
    outline = cv2.resize(outline, (side, side), interpolation=cv2.INTER_NEAREST)
    big = cv2.cvtColor(big, cv2.COLOR_GRAY2BGR)
    contours, _ = cv2.findContours((outline > 0).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(big, contours, -1, _GREEN, 1)
    scr = target.get('scr_local', target.get('scr', 0.0))
    cv2.putText(big, f'SCR {scr:.1f}', (3, side - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.36, _WHITE, 1, cv2.LINE_AA)
    return big


def make_tile(image: np.ndarray, mask: np.ndarray, targets: list[dict[str, Any]], caption: str) -> np.ndarray:
    """One picture with its targets ringed, and the first three of them enlarged below it.

    Args:
        image: (H, W) uint8, or uint16 of 14-bit counts.
        mask: (H, W), non-zero on targets.
        targets: Records with 'centroid' and 'scr_local' or 'scr'.
        caption: A line above the insets.

    Returns:
        uint8 BGR of a fixed size, whatever the image's size is.
    """
    gray = _to_eight_bits(image)
    height, width = gray.shape
    scale = TILE / max(height, width)
    shown = cv2.resize(
        gray,
        (max(1, round(width * scale)), max(1, round(height * scale))),
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST,
    )
    picture = np.zeros((TILE, TILE, 3), np.uint8)
    picture[: shown.shape[0], : shown.shape[1]] = cv2.cvtColor(shown, cv2.COLOR_GRAY2BGR)
    for target in targets:
        center = [int(round((c + 0.5) * scale)) for c in target['centroid']]
        cv2.circle(picture, center, max(8, round(8 * scale)), _GREEN, 1, cv2.LINE_AA)
    side = TILE // INSETS
    strip = np.full((side, TILE, 3), 24, np.uint8)
    for k, target in enumerate(targets[:INSETS]):
        strip[:, k * side : (k + 1) * side] = _inset(image, mask, target, side)
    line = np.full((16, TILE, 3), 24, np.uint8)
    cv2.putText(line, caption, (3, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.38, _WHITE, 1, cv2.LINE_AA)
    return np.pad(np.vstack((picture, line, strip)), ((0, 6), (0, 6), (0, 0)))


def _spread(items: list[Any], count: int) -> list[Any]:
    """At most ``count`` items, evenly spread."""
    if len(items) <= count:
        return items
    return [items[i] for i in np.linspace(0, len(items) - 1, count).round().astype(int)]


def _read(path: Path) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise ValueError(f'{path}: not a readable image; make the data set again')
    return image


def _frame_tiles(root: Path, count: int) -> list[np.ndarray]:
    data = json.loads((root / 'targets.json').read_text(encoding='utf-8'))
    tiles = []
    for name in _spread(list(data['images']), count):
        scene = data['scenes'][name]
        tiles.append(
            make_tile(
                _read(root / 'images' / f'{name}.png'),
                _read(root / 'masks' / f'{name}.png'),
                data['images'][name],
                f'{name}  {scene["background"]}/{scene["variant"]}',
            )
        )
    return tiles


def _sequence_tiles(root: Path, rows: int, columns: int) -> list[np.ndarray]:
    videos = []
    for path in sorted(root.glob('instances_*2017.json')):
        data = json.loads(path.read_text(encoding='utf-8'))
        by_image: dict[int, list[dict[str, Any]]] = {}
        for annotation in data['annotations']:
            by_image.setdefault(annotation['image_id'], []).append(annotation)
        for video in data['videos']:
            images = [image for image in data['images'] if image['video_id'] == video['id']]
            videos.append((video, [(image, by_image.get(image['id'], [])) for image in images]))
    tiles = []
    for video, frames in _spread(videos, rows):
        chosen = _spread(frames, columns)
        for image, targets in chosen + [chosen[-1]] * (columns - len(chosen)):
            path = root / image['file_name']
            mask = root / image['file_name'].replace('images/', 'masks/', 1)
            caption = f'{video["name"]} #{image["frame_id"]}  {video["background"]}/{video["variant"]}'
            tiles.append(make_tile(_read(path), _read(mask), targets, caption))
    return tiles


def contact_sheet(root: str | Path, rows: int = 4, columns: int = 6) -> np.ndarray:
    """A page of pictures of a finished data set: stills spread over the splits, or a row of frames per sequence.

    Args:
        root: The data set's folder.
        rows: Most tiles down.
        columns: Most tiles across.

    Returns:
        uint8 BGR, for example for ``cv2.imwrite``.

    Raises:
        FileNotFoundError: There is no data set.
    """
    root = Path(root)
    if (root / 'targets.json').is_file():
        tiles = _frame_tiles(root, rows * columns)
    elif any(root.glob('instances_*2017.json')):
        tiles = _sequence_tiles(root, rows, columns)
    else:
        raise FileNotFoundError(
            f'{root}: no synthetic data set is here (neither targets.json nor '
            f'instances_*2017.json); make one with `{command_line("generate", root)}`'
        )
    columns = min(columns, len(tiles))
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    return np.vstack([np.hstack(tiles[k : k + columns]) for k in range(0, len(tiles), columns)])
