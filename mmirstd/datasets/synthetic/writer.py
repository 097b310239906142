"""Write synthetic data sets: stills in the SIRST layout, sequences in the COCO-clip layout.

A data set is made in a hidden folder inside its own and moved up when it is complete, so an interrupted run leaves
nothing that looks finished. ``dataset.json`` says what it was made from.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.files import save_png, write_json
from mmirstd.utils.scr import GUARD, RADIUS

from .config import SceneConfig, SequenceConfig, config_from_dict, config_to_dict
from .scene import Scene, render_scene
from .sequence import render_sequence

FORMAT = 'mmirstd-synthetic'
# Raised whenever the same seed and parameters would give other pictures.
GENERATOR_VERSION = '1.0'
PARTIAL = '.mmirstd-partial-'
# All that the generator ever writes: nothing else is deleted when a data set is replaced. dataset.json comes first, so
# that a folder that was only half moved is still known as the generator's.
PRODUCTS = (
    'dataset.json',
    'images',
    'masks',
    'img_idx',
    'targets.json',
    'instances_train2017.json',
    'instances_val2017.json',
    'instances_test2017.json',
    'preview.png',
)
SPLITS = ('train', 'val', 'test')
MODES = ('frames', 'sequences')

INFO = {
    'coordinates': 'px; x to the right, y down, (0, 0) is the center of the top left pixel',
    'centroid': '[x, y], true sub-pixel center of the target',
    'bbox': '[x, y, width, height] of the target mask; the box covers pixels x .. x + width - 1',
    'area': 'pixels in the target mask',
    'size': '[major, minor] full widths before the point spread function, px; [0, 0] for a point',
    'angle': 'direction of the major axis, degrees, 0 along x, turning toward +y',
    'psf_sigma': 'standard deviation of the point spread function, px',
    'scr_requested': 'the signal-to-clutter ratio asked for',
    'scr_local': 'the one measured in the written image: abs(mu_t - mu_b) / sigma_b; mu_t: mean over the target mask; '
    f'mu_b, sigma_b: mean and standard deviation over the bbox grown by {RADIUS} px, without all targets '
    f'and {GUARD} px around them; sigma_b at least 1/sqrt(12) counts',
    'contrast': 'mu_t - mu_b, counts',
    'background_sigma': 'sigma_b, counts',
    'peak': 'mask value farthest from mu_b, counts',
    'counts': '8-bit images: 0..255 in 8-bit PNG; 14-bit images: 0..16383 in 16-bit PNG',
}


@dataclass(frozen=True)
class DatasetConfig:
    """A whole data set.

    Attributes:
        mode: 'frames' (stills) or 'sequences'.
        num_train, num_val, num_test: Images (or sequences) per split; one of them at least 1.
        seed: >= 0. Scene i of a split depends on seed, split and i alone: not on the other counts, nor on workers.
        config: `SceneConfig` for stills, `SequenceConfig` for sequences; default: the class's own defaults.
    """

    mode: str = 'frames'
    num_train: int = 200
    num_val: int = 50
    num_test: int = 50
    seed: int = 0
    config: Any = field(default=None)

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f'DatasetConfig.mode must be one of {list(MODES)}, got {self.mode!r}')
        for name in ('num_train', 'num_val', 'num_test', 'seed'):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise ValueError(f'DatasetConfig.{name} must be a whole number >= 0, got {value!r}')
        if self.num_train + self.num_val + self.num_test == 0:
            raise ValueError('DatasetConfig: num_train, num_val and num_test are all 0; nothing would be made')
        kind = SceneConfig if self.mode == 'frames' else SequenceConfig
        if self.config is None:
            object.__setattr__(self, 'config', kind())
        elif not isinstance(self.config, kind):
            raise ValueError(
                f'DatasetConfig.config must be a {kind.__name__} in mode {self.mode!r}, '
                f'got {type(self.config).__name__}'
            )

    @property
    def counts(self) -> dict[str, int]:
        """Images or sequences per split."""
        return {'train': self.num_train, 'val': self.num_val, 'test': self.num_test}

    def description(self) -> dict[str, Any]:
        """What ``dataset.json`` holds: everything that decides the data set's pixels and labels."""
        return {
            'format': FORMAT,
            'generator_version': GENERATOR_VERSION,
            'mode': self.mode,
            'seed': self.seed,
            'counts': self.counts,
            'parameters': config_to_dict(self.config),
        }


def scene_rng(seed: int, split: str, index: int) -> np.random.Generator:
    """The random generator of one scene: a child of the data set's seed, named by split and index."""
    sequence = np.random.SeedSequence(seed, spawn_key=(SPLITS.index(split), index))
    return np.random.Generator(np.random.PCG64(sequence))


def run_length(mask: NDArray[Any]) -> dict[str, Any]:
    """COCO's uncompressed run-length code: column by column, run lengths of 0 and 1 in turn, 0 first.

    Args:
        mask: (H, W), non-zero on the target.

    Returns:
        ``{'size': [H, W], 'counts': [...]}``, readable by pycocotools.
    """
    flat = (np.asarray(mask) != 0).ravel(order='F').astype(np.int8)
    changes = np.flatnonzero(np.diff(flat)) + 1
    counts = np.diff(np.concatenate(((0,), changes, (flat.size,)))).tolist()
    if flat.size and flat[0]:
        counts.insert(0, 0)
    return {'size': list(mask.shape), 'counts': counts}


def _make_frame(job: tuple[str, int], root: Path, config: DatasetConfig) -> dict[str, Any]:
    split, index = job
    scene = render_scene(config.config, scene_rng(config.seed, split, index))
    name = f'{split}_{index:06d}'
    save_png(root / 'images' / f'{name}.png', scene.image)
    save_png(root / 'masks' / f'{name}.png', scene.mask * np.uint8(255))
    return {
        'id': name,
        'split': split,
        'background': scene.background,
        'variant': scene.variant,
        'targets': [target.to_dict() for target in scene.targets],
        **_clutter_entry(scene),
    }


def _clutter_entry(scene: Scene) -> dict[str, Any]:
    """Nothing where there is no clutter, so that data sets without any keep their bytes."""
    return {'clutter': [[round(c, 4) for c in place] for place in scene.clutter]} if scene.clutter else {}


def _coco_annotation(scene: Scene, position: int) -> dict[str, Any]:
    target = scene.targets[position].to_dict()
    return {
        'segmentation': run_length(scene.target_masks[position]),
        'iscrowd': 0,
        'bbox': target['bbox'],
        'area': target['area'],
        'category_id': 1,
        'track_id': target['id'],
        'scr': target['scr_local'],
        **{
            key: target[key]
            for key in (
                'scr_requested',
                'centroid',
                'contrast',
                'background_sigma',
                'peak',
                'shape',
                'size',
                'angle',
                'psf_sigma',
                'polarity',
                'background',
            )
        },
    }


def _make_sequence(job: tuple[str, int], root: Path, config: DatasetConfig) -> dict[str, Any]:
    split, index = job
    sequence = render_sequence(config.config, scene_rng(config.seed, split, index))
    name = f'seq{index:04d}'
    folders = [root / kind / split / name for kind in ('images', 'masks')]
    for folder in folders:
        folder.mkdir(parents=True)
    frames = []
    for time, scene in enumerate(sequence.frames):
        for folder, picture in zip(folders, (scene.image, scene.mask * np.uint8(255))):
            save_png(folder / f'{time:05d}.png', picture)
        height, width = scene.image.shape
        frames.append(
            {
                'height': height,
                'width': width,
                'file_name': f'images/{split}/{name}/{time:05d}.png',
                'frame_id': time,
                'camera': [round(float(c), 4) for c in sequence.camera[time]],
                **_clutter_entry(scene),
                'annotations': [_coco_annotation(scene, k) for k in range(len(scene.targets))],
            }
        )
    tracks = [
        {
            'track_id': k,
            'trajectory': t.kind,
            'crosses': t.partner,
            'meeting_frame': None if t.meeting_frame is None else round(t.meeting_frame, 4),
        }
        for k, t in enumerate(sequence.tracks)
    ]
    return {
        'name': f'{split}/{name}',
        'split': split,
        'background': sequence.background,
        'variant': sequence.variant,
        'tracks': tracks,
        'frames': frames,
    }


def _finish_frames(root: Path, config: DatasetConfig, made: list[dict[str, Any]]) -> None:
    (root / 'img_idx').mkdir()
    for split, count in config.counts.items():
        if count:
            lines = [scene['id'] + '\n' for scene in made if scene['split'] == split]
            (root / 'img_idx' / f'{split}_SYNTHETIC.txt').write_text(''.join(lines), encoding='utf-8')
    write_json(
        root / 'targets.json',
        {
            'info': INFO,
            'scenes': {
                s['id']: {key: s[key] for key in ('split', 'background', 'variant', 'clutter') if key in s}
                for s in made
            },
            'images': {s['id']: s['targets'] for s in made},
        },
        indent=None,
    )


def _finish_sequences(root: Path, config: DatasetConfig, made: list[dict[str, Any]]) -> None:
    for split, count in config.counts.items():
        if not count:
            continue
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        videos: list[dict[str, Any]] = []
        for video in (v for v in made if v['split'] == split):
            videos.append(
                {'id': len(videos) + 1, **{key: video[key] for key in ('name', 'background', 'variant', 'tracks')}}
            )
            for frame in video['frames']:
                images.append(
                    {
                        'id': len(images) + 1,
                        'video_id': len(videos),
                        **{k: v for k, v in frame.items() if k != 'annotations'},
                    }
                )
                for annotation in frame['annotations']:
                    annotations.append({'id': len(annotations) + 1, 'image_id': len(images), **annotation})
        write_json(
            root / f'instances_{split}2017.json',
            {
                'info': {
                    **INFO,
                    'scr': INFO['scr_local'],
                    'track_id': 'unique within its video',
                    'camera': '[x, y], how far the view has moved over the background since frame 0, px',
                },
                'videos': videos,
                'images': images,
                'annotations': annotations,
                'categories': [{'supercategory': 'none', 'id': 1, 'name': 'target'}],
            },
            indent=None,
        )


def _quiet_threads() -> None:
    # One process per core: threads of OpenCV on top of them would only get in each other's way.
    cv2.setNumThreads(1)


def _map(
    work: Callable[[tuple[str, int]], dict[str, Any]], jobs: list[tuple[str, int]], workers: int
) -> Iterator[dict[str, Any]]:
    """Results in the order of the jobs."""
    if workers <= 1:
        yield from map(work, jobs)
        return
    # 'spawn': forking a process that has run OpenCV's or PyTorch's threads may hang.
    with ProcessPoolExecutor(workers, mp_context=get_context('spawn'), initializer=_quiet_threads) as pool:
        yield from pool.map(work, jobs, chunksize=max(1, min(16, len(jobs) // (4 * workers))))


def read_description(root: Path) -> dict[str, Any] | None:
    """The ``dataset.json`` of a folder if it is one of this generator's, else None."""
    try:
        data = json.loads((root / 'dataset.json').read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) and data.get('format') == FORMAT else None


def is_complete(root: Path, config: DatasetConfig) -> bool:
    """Whether a folder holds exactly the data set of a configuration, with all files in place."""
    found = read_description(root)
    if found is None:
        return False
    try:
        # Parameters that came after the data set was made have defaults that give the same pictures.
        made_from = config_from_dict(type(config.config), found.get('parameters'))
    except ValueError:
        return False
    if {**found, 'parameters': config_to_dict(made_from)} != config.description():
        return False
    if config.mode == 'frames':
        wanted = [
            root / kind / f'{split}_{k:06d}.png'
            for kind in ('images', 'masks')
            for split, count in config.counts.items()
            for k in range(count)
        ]
        wanted += [root / 'img_idx' / f'{split}_SYNTHETIC.txt' for split, count in config.counts.items() if count]
        wanted.append(root / 'targets.json')
    else:
        wanted = [
            root / kind / split / f'seq{k:04d}' / f'{t:05d}.png'
            for kind in ('images', 'masks')
            for split, count in config.counts.items()
            for k in range(count)
            for t in range(config.config.num_frames)
        ]
        wanted += [root / f'instances_{split}2017.json' for split, count in config.counts.items() if count]
    return all(path.is_file() for path in wanted)


def _clear_the_way(root: Path, overwrite: bool) -> None:
    """Make sure that the data set may be put at a place; raise FileExistsError where it may not."""
    if not root.exists():
        return
    if not root.is_dir():
        raise FileExistsError(f'{root}: a file is in the way; name a folder')
    if not any(not entry.name.startswith(PARTIAL) for entry in root.iterdir()):
        return
    found = read_description(root)
    if found is None:
        # Never delete what this generator did not make, asked to or not.
        raise FileExistsError(
            f'{root}: the folder is not empty and is not a synthetic data set (no dataset.json of '
            f'the format {FORMAT!r}); it is left alone. Name another folder, or empty this one'
        )
    if not overwrite:
        raise FileExistsError(
            f'{root}: holds another synthetic data set (mode {found.get("mode")!r}, seed '
            f'{found.get("seed")!r}, counts {found.get("counts")!r}), or one that lost files. '
            'Name another folder, or allow it to be replaced (--overwrite)'
        )


def _replace(root: Path, partial_root: Path) -> None:
    """Put a finished data set in the place of an old one, of which nothing but the generator's own files is removed."""
    for name in reversed(PRODUCTS):
        old = root / name
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        else:
            old.unlink(missing_ok=True)
    for name in PRODUCTS:
        if (partial_root / name).exists():
            (partial_root / name).rename(root / name)


def write_dataset(
    root: str | os.PathLike[str],
    config: DatasetConfig,
    workers: int = 1,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> bool:
    """Make a data set on disk; keep it if it is there already.

    Stills: ``images/ID.png``, ``masks/ID.png`` (0 and 255), ``img_idx/{train,val,test}_SYNTHETIC.txt`` and
    ``targets.json``. Sequences: ``images/SPLIT/SEQ/FRAME.png``, ``masks/SPLIT/SEQ/FRAME.png`` and
    ``instances_SPLIT2017.json`` in COCO's format, with ``video_id``, ``frame_id``, ``track_id`` and ``scr`` added. A
    split of no scenes gets no list. Both: ``dataset.json`` with version, seed and all parameters.

    Args:
        root: The folder. It may be missing or empty.
        config: What to make.
        workers: Processes; 1 works in this one. The result does not depend on it.
        overwrite: Whether another synthetic data set in ``root`` may be replaced. Files in it that the generator did
            not make stay.
        progress: Called after each scene with the number done and the number in all.

    Returns:
        True if the data set was made, False if it was there already and was kept.

    Raises:
        FileExistsError: ``root`` holds something else.
    """
    root = Path(root)
    if is_complete(root, config):
        return False
    _clear_the_way(root, overwrite)
    was_there = root.exists()
    root.mkdir(parents=True, exist_ok=True)
    for left_over in root.glob(PARTIAL + '*'):  # of a run that was killed
        shutil.rmtree(left_over, ignore_errors=True)
    partial_root = root / f'{PARTIAL}{os.getpid()}'
    jobs = [(split, k) for split, count in config.counts.items() for k in range(count)]
    made = []
    try:
        for kind in ('images', 'masks'):
            (partial_root / kind).mkdir(parents=True)
        make, finish = (_make_frame, _finish_frames) if config.mode == 'frames' else (_make_sequence, _finish_sequences)
        for result in _map(partial(make, root=partial_root, config=config), jobs, min(workers, len(jobs))):
            made.append(result)
            if progress is not None:
                progress(len(made), len(jobs))
        finish(partial_root, config, made)
        write_json(partial_root / 'dataset.json', config.description())
        _replace(root, partial_root)
    finally:
        shutil.rmtree(partial_root, ignore_errors=True)
        if not was_there and not any(root.iterdir()):
            root.rmdir()
    return True
