"""The data set of a comparison: one that mmirstd knows by name, or two folders of the user's."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config

from mmirstd.datasets.labels import CheckOptions
from mmirstd.engine.config_files import load_data_set
from mmirstd.engine.data_option import find_data_set, ground_truth
from mmirstd.finetune import OwnData, look_at_folders, masks_of_labels
from mmirstd.finetune.config_text import WINDOW
from mmirstd.registry import DATASETS
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.resources import base_name, resource_root

_OWN = """\
# Images and masks of your own, a data set like those in configs/_base_/datasets.
# {split}.
_base_ = ['mmirstd::_base_/datasets/sirst_pipelines.py']

{loading}data_root = {root!r}
data_prefix = dict(img_path={images!r}, seg_map_path={masks!r})
{window}
files = dict(data_root=data_root, data_prefix=data_prefix)
train_dataloader = dict(dataset=dict({pipeline}ann_file='{{{{ fileDirname }}}}/train.txt', **files))
val_dataloader = dict(dataset=dict(ann_file='{{{{ fileDirname }}}}/val.txt', **files))
test_dataloader = dict(dataset=dict(ann_file='{{{{ fileDirname }}}}/test.txt', **files))
"""
_WINDOW = """\
# the images are smaller than the usual windows
train_pipeline = _base_.train_pipeline
train_pipeline[2].size = {window}
"""


@dataclass(frozen=True)
class ComparisonData:
    """A data set.

    Attributes:
        base: Its file, as a config's ``_base_`` names it from beside that file.
        images: Training images.
        root: Its folder, to be given as ``data_root``; None: the file says it.
        notes: What was found and decided, a line each.
        write: Writes what the file needs into a folder; the file itself is ``base`` there.
    """

    base: str
    images: int
    root: Path | None = None
    notes: tuple[str, ...] = ()
    write: Callable[[Path], None] = lambda folder: None


def named_data(name: str, root: str | os.PathLike[str] | None = None) -> ComparisonData:
    """A data set of ``configs/_base_/datasets``, or the path of a file like these.

    Args:
        name: Of the data set.
        root: Its folder; None: what its file says, looked for here and beside ``configs/``.

    Raises:
        ConfigError: There is no such data set, it has no masks, or its folder is not there.
        DataError: Its lists cannot be read.
    """
    file = find_data_set(name)
    data = Config.fromfile(str(file)).to_dict()
    if (kind := ground_truth(data)) != 'images with masks':
        raise ConfigError(f'--data {name}', found=kind, expected='images with masks')
    said = data.get('data_root')
    if root is None and not isinstance(said, str):
        raise ConfigError(f'--data {name}: its file has no data_root', cure='name its folder by --data-root')
    places = [Path(root).expanduser()] if root is not None else [Path(str(said)), resource_root() / str(said)]
    folder = next((place.resolve() for place in places if place.is_dir()), None)
    if folder is None:
        raise ConfigError(
            f'--data {name}: its folder is not there; looked for {", ".join(map(str, places))}',
            cure='name its folder by --data-root',
        )
    images = len(DATASETS.build(load_data_set(str(file), 'train', dict(data_root=str(folder)))))
    return ComparisonData(
        base_name(file), images, folder, (f'data: {file.stem} in {folder}, {images} images to train on',)
    )


def own_data(
    images: str, labels: str, out: Path, seed: int = 0, bit_depth: int | None = None, begun: bool = False
) -> ComparisonData:
    """Two folders, as ``mmirstd finetune`` takes them.

    Args:
        images: Folder of images.
        labels: Folder of masks, or labels of another program.
        out: Folder for masks that are made of such labels.
        seed: Of the parts.
        bit_depth: Of the images; None: what the images hold.
        begun: A comparison was begun with the masks that are in ``out``: they stay as they are.

    Raises:
        DataError: They do not go together.
    """
    image_folder, mask_folder, notes = masks_of_labels(images, labels, out, CheckOptions(), begun=begun)
    data = look_at_folders(image_folder, mask_folder, seed=seed, bit_depth=bit_depth)

    def write(folder: Path) -> None:
        data.write_lists(folder)
        (folder / 'data.py').write_text(_own_text(data), encoding='utf-8')

    said = tuple(dict.fromkeys((*notes, *data.notes)))
    return ComparisonData('./data.py', len(data.split.train), None, said, write)


def _own_text(data: OwnData) -> str:
    small = data.window != WINDOW
    return _OWN.format(
        split=data.split,
        loading=''.join(f'{key} = {value!r}\n' for key, value in data.loading.items()),
        root=str(data.root),
        images=data.below_root(data.images),
        masks=data.below_root(data.masks),
        window=_WINDOW.format(window=data.window) if small else '',
        pipeline='pipeline=train_pipeline, ' if small else '',
    )
