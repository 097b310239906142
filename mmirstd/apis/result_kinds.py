"""What can be saved of a result, and where."""

from __future__ import annotations

from collections.abc import Collection

#: What can be saved -> what it is.
KINDS: dict[str, str] = {
    'mask': 'masks/NAME.png: 255 target, 0 background (sequences: masks/NAME.frames/NNNNNN.png)',
    'json': 'json/NAME.json: targets and what they were made with',
    'csv': 'csv/NAME.csv: targets, one a line; and targets.csv over all inputs',
    'overlay': 'overlays/NAME.png: picture with magnified insets; NAME.mp4 for sequences',
    'tracks': 'tracks/NAME.csv, NAME.json: tracks with their numbers; always with --track, and only then',
    'prob': 'prob/NAME.png: probability * 65535, 16 bit',
    'npy': 'npy/NAME.npy: probability, float32',
    'logit': 'logit/NAME.npy: the score before the sigmoid, float32',
}
#: Kind -> its subfolder.
FOLDERS = {kind: text.split('/', 1)[0] for kind, text in KINDS.items()}
#: What detectors of moving targets do not have.
MAP_KINDS = frozenset(('mask', 'prob', 'npy', 'logit'))


def output_folders(kinds: Collection[str]) -> set[str]:
    """The subfolders that these kinds are written to."""
    return {FOLDERS[kind] for kind in kinds}
