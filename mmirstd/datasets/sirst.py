"""Single-frame infrared data sets with one mask per image."""

from __future__ import annotations

import copy
import os.path as osp
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.logging import print_log
from numpy.typing import NDArray

from mmirstd.registry import DATASETS  # before mmseg: puts the stand-in for missing mmcv ops in place

from mmseg.datasets import BaseSegDataset  # isort: skip

from mmirstd.utils.errors import DataError, MissingDataError, first_few

from .first_look import look_at_images, look_at_masks
from .folder_index import IMAGE_STEMS, MASK_STEMS, FolderIndex
from .listed_paths import without_leading_folders
from .mask_layout import first_folder
from .mask_values import check_mask_rule
from .points.label_store import LabelStore
from .points.option import build_label_store, check_points, point_pipeline
from .problems import Problems
from .raw_cache import RawCache, cache_limit
from .split_file import check_holdout, hold_out, read_split_entries
from .transforms.load_mask import LoadTargetMask

_LAYOUT = """Expected below the root:
  images/ID.png            (or .bmp, .tif, .tiff, .jpg)
  masks/ID.png             (or masks/ID_pixels0.png)
  {ann_file:<24} (one ID per line)
Move all splits to another root with `--cfg-options data_root=PATH` (relative to the current folder).
Folders with other names: `data_prefix=dict(img_path='FOLDER', seg_map_path='FOLDER')` in each data set of a config.
The documentation says where they come from: "Your own data", "Public data sets"."""


@DATASETS.register_module()
class SIRSTDataset(BaseSegDataset):
    """NUAA-SIRST, NUDT-SIRST, IRSTD-1K, SIRST-Aug, SIRST3 and data laid out like them.

    ``<data_root>/images/ID.png``, ``<data_root>/masks/ID.png`` (or
    ``ID_pixels0.png``, as NUAA-SIRST's authors ship it) and a split file with
    one ID per line, or one path, or image and mask in two columns
    (:func:`~.split_file.read_split_entries`).  The suffix of images and masks is
    found by itself.  All files are looked up when the data set is built, and a
    few of them are looked at (:mod:`~.first_look`); the content of all is
    checked when they are loaded.

    A sample is given to the pipeline as ``img_path``, ``seg_map_path``,
    ``sample_id``, ``mask_size_mismatch``, ``mask_rule`` and ``raw_cache``; the pipeline starts
    with ``mmirstd.LoadInfraredImage`` and ``mmirstd.LoadTargetMask``.

    Args:
        ann_file: Split file, relative to ``data_root``; of several candidates
            the first that exists is used (data sets are shipped in several
            layouts).  Empty: every image of the folder, sorted by name.
        data_root: Root folder, relative to the current folder or absolute;
            ``~`` is expanded.
        data_prefix: Folders of images and masks below ``data_root``; of several candidates the first that exists is
            used.  ``seg_map_path=None`` for images without masks.
        holdout: ``dict(num=.. or fraction=.., seed=0, part='train'|'val')``:
            take only this part of the split file, so that a protocol without a
            validation list gets one that is held out of its training list, see
            :func:`mmirstd.datasets.split_file.hold_out`.  None: the whole file.
        points: Train from points in place of masks (docs/points.md): ``dict(kind='centroid' or 'coarse', seed=0)``
            makes them from the masks, ``dict(file='points.csv')`` reads them (below ``data_root`` or the current
            folder); then no masks are needed. In the pipeline ``LoadTargetMask`` becomes ``LoadPointLabels`` and
            ``PackSegInputs`` ``PackSoftSegInputs``. A hook (``mmirstd.LESPSHook``, ``mmirstd.PALHook``) lets the
            labels grow.
        mask_rule: Which values of a mask are target, see
            :data:`mmirstd.datasets.mask_values.MASK_RULES`: ``'auto'``, ``'nonzero'``, ``'above_half'``, ``'zero'``,
            ``'alpha'``, or the value or values of targets.
        mask_size_mismatch: ``'error'``, or ``'resize'`` to bring a mask of
            another size to the image's size (nearest neighbor).
        cache: Keep decoded files in RAM.  ``'auto'``: up to ``cache_limit_mb``,
            but at most a quarter of the free memory; True: up to
            ``cache_limit_mb``; False: never.  See :class:`RawCache`.
        cache_limit_mb: Bound of the cache in MiB.
        img_suffix: End of image file names (``'.png'``); None finds it.
        seg_map_suffix: End of mask file names (``'_pixels0.png'``); None finds it.
        metainfo, filter_cfg, indices, serialize_data, pipeline, test_mode, lazy_init, max_refetch: As in
            :class:`mmengine.dataset.BaseDataset`.

    Raises:
        MissingDataError: No root, folder, split file, image or mask; all
            missing files are counted and the first five listed.
        DataError: An empty split file, duplicate IDs, or masks whose values cannot be understood.
    """

    METAINFO = dict(classes=('background', 'target'), palette=[[0, 0, 0], [255, 0, 0]])

    # of mmengine's base class
    ann_file: str
    data_root: str
    data_prefix: dict[str, Any]

    def __init__(
        self,
        ann_file: str | Sequence[str] = '',
        data_root: str | None = None,
        data_prefix: dict | None = None,
        holdout: dict | None = None,
        points: dict | None = None,
        mask_rule: str | int | Sequence[int] = 'auto',
        mask_size_mismatch: str = 'error',
        cache: str | bool = 'auto',
        cache_limit_mb: float = 1024,
        img_suffix: str | None = None,
        seg_map_suffix: str | None = None,
        metainfo: dict | None = None,
        filter_cfg: dict | None = None,
        indices: int | Sequence[int] | None = None,
        serialize_data: bool = True,
        pipeline: Sequence[dict | Callable] = (),
        test_mode: bool = False,
        lazy_init: bool = False,
        max_refetch: int = 1000,
    ) -> None:
        if mask_size_mismatch not in ('error', 'resize'):
            raise ValueError(f"mask_size_mismatch is {mask_size_mismatch!r}; expected 'error' or 'resize'")
        # now, not when the data are first used
        cache_limit(cache, cache_limit_mb)
        if holdout is not None:
            check_holdout(holdout)
        if points is not None:
            check_points(points)
            pipeline = point_pipeline(pipeline)
            if 'file' in points:  # also where a folder of masks is set, which may not exist
                data_prefix = dict(data_prefix or dict(img_path='images'), seg_map_path=None)
        self.points = copy.deepcopy(points)
        self.label_store: LabelStore | None = None
        self.holdout = copy.deepcopy(holdout)
        self.mask_rule = check_mask_rule(mask_rule)
        self.mask_size_mismatch = mask_size_mismatch
        self.cache = cache
        self.cache_limit_mb = cache_limit_mb
        self._raw_cache: RawCache | None = None
        self.problems = Problems()
        super().__init__(
            ann_file=ann_file,
            img_suffix=img_suffix,
            seg_map_suffix=seg_map_suffix,
            metainfo=metainfo,
            data_root=data_root or '',
            data_prefix=data_prefix or dict(img_path='images', seg_map_path='masks'),
            filter_cfg=filter_cfg,
            indices=indices,
            serialize_data=serialize_data,
            pipeline=list(pipeline),
            test_mode=test_mode,
            lazy_init=lazy_init,
            max_refetch=max_refetch,
        )

    def _join_prefix(self) -> None:
        """Put ``data_root`` before the split files and folders."""
        self.data_root = osp.expanduser(self.data_root)
        given: str | Sequence[str] = self.ann_file
        candidates = [given] if isinstance(given, str) else list(given)
        self._ann_files = [osp.join(self.data_root, name) for name in candidates if name]
        self.ann_file = next((path for path in self._ann_files if osp.isfile(path)), (self._ann_files or [''])[0])
        for key in ('img_path', 'seg_map_path'):
            folders = self.data_prefix.get(key)
            if folders is not None:
                self.data_prefix[key] = first_folder(self.data_root, folders)

    def load_data_list(self) -> list[dict]:
        """Read the split file and find the image and mask of each ID.

        Returns:
            One dict per sample: ``img_path``, ``seg_map_path`` (unless there
            are no masks), ``sample_id`` and the keys of mmseg.
        """
        img_dir, mask_dir = self.data_prefix['img_path'], self.data_prefix.get('seg_map_path')
        self._check_folders()
        images = FolderIndex(img_dir, IMAGE_STEMS, self.img_suffix)
        masks = FolderIndex(mask_dir, MASK_STEMS, self.seg_map_suffix) if mask_dir is not None else None
        pairs = self._listed(images, masks)
        source = self.ann_file or img_dir
        if self.holdout is not None:
            try:
                chosen = set(hold_out(list(pairs), **self.holdout, source=source))
            except DataError as error:
                self.problems.add(error)
            else:
                pairs = {sample_id: mask_id for sample_id, mask_id in pairs.items() if sample_id in chosen}

        data_list, missing = [], []
        for sample_id, mask_id in pairs.items():
            sample = dict(
                img_path=self._find(images, sample_id),
                sample_id=sample_id,
                label_map=self.label_map,
                reduce_zero_label=False,
                mask_rule=self.mask_rule,
                mask_size_mismatch=self.mask_size_mismatch,
                seg_fields=[],
            )
            if sample['img_path'] is None:
                missing.append(f'no image for {sample_id!r}: expected {images.expected(sample_id)}')
            if masks is not None:
                sample['seg_map_path'] = self._find(masks, mask_id)
                if sample['seg_map_path'] is not None and sample['seg_map_path'] == sample['img_path']:
                    raise DataError(
                        f'{sample["img_path"]}: the image is its own mask; name the folder of masks in '
                        'data_prefix.seg_map_path',
                        option='data_prefix',
                    )
                if sample['seg_map_path'] is None:
                    missing.append(f'no mask for {sample_id!r}: expected {masks.expected(mask_id)}')
            data_list.append(sample)
        if missing:
            self.problems.add(
                MissingDataError(
                    f'{source}: {len(missing)} file(s) of its {len(pairs)} samples are missing:\n{first_few(missing)}'
                    '\nComplete the folders or remove these IDs from the split file.'
                ),
                missing,
            )
        return data_list

    def _listed(self, images: FolderIndex, masks: FolderIndex | None) -> dict[str, str]:
        """The mask's ID of each sample ID, as the folders name them."""
        if not self.ann_file:
            return {sample_id: sample_id for sample_id in images.all_ids()}
        entries = read_split_entries(self.ann_file)
        listed = [entry.image for entry in entries]
        sample_ids = self._in_folder(images, listed)
        if masks is None or all(entry.mask is None for entry in entries):
            return {sample_id: sample_id for sample_id in sample_ids}
        mask_ids = self._in_folder(masks, [entry.mask or entry.image for entry in entries])
        return dict(zip(sample_ids, mask_ids))

    def _in_folder(self, index: FolderIndex, listed: list[str]) -> list[str]:
        """Listed paths as IDs below a folder."""
        rests = without_leading_folders(listed, lambda name: self._find(index, name) is not None)
        if rests is None:  # nothing is there: the message shall show what is written
            return listed
        if rests[1]:
            print_log(
                f'{self.ann_file}: its paths are taken without the leading {rests[1]!r}, as files below {index.folder}',
                logger='current',
            )
        return rests[0]

    def _find(self, index: FolderIndex, sample_id: str) -> str | None:
        try:
            return index.find(sample_id)
        except DataError as error:
            self.problems.add(error)
            return None

    def full_init(self) -> None:
        """Load the list of samples and make room for the cache, before any worker is forked."""
        if self._fully_initialized:
            return
        super().full_init()
        limit = cache_limit(self.cache, self.cache_limit_mb)
        samples = [self.get_data_info(index) for index in range(len(self))]
        paths = [sample[key] for sample in samples for key in ('img_path', 'seg_map_path') if key in sample]
        self._raw_cache = RawCache(paths, limit)
        if self.points is not None:
            self.label_store = build_label_store(
                self.points, samples, self.data_prefix['img_path'], self.data_root, self.load_mask
            )
        part = '' if self.holdout is None else f' ({self.holdout["part"]} part of a hold-out)'
        print_log(
            f'SIRSTDataset: {len(self)} samples from {self.ann_file or self.data_prefix["img_path"]}{part}, '
            f'cache up to {limit / 2**20:.0f} MiB',
            logger='current',
        )
        look_at_images(
            self.data_root or self.data_prefix['img_path'],
            [sample['img_path'] for sample in samples],
            self.pipeline.transforms,
        )
        look_at_masks(
            self.data_prefix.get('seg_map_path'),
            [sample['seg_map_path'] for sample in samples if 'seg_map_path' in sample],
            self.mask_rule,
        )

    def load_mask(self, sample: Mapping[str, Any], size: tuple[int, int]) -> NDArray[np.uint8]:
        """The mask file, (H, W) uint8 {0, 1}, of a sample whose image has this height and width."""
        mask: NDArray[np.uint8] = LoadTargetMask()(dict(sample, raw_cache=self._raw_cache, ori_shape=size))[
            'gt_seg_map'
        ]
        return mask

    def prepare_data(self, idx: int):
        """Run the pipeline on sample ``idx``; the loaders find the cache under ``raw_cache``.

        Of a data set with points the labels are found under ``label_store`` and ``label_index``, and a random other
        image takes the place of one that does not train yet.
        """
        if self.label_store is not None:
            idx = self.label_store.stand_in(idx)
        return self.pipeline(self.sample(idx))

    def sample(self, idx: int) -> dict[str, Any]:
        """What the pipeline is given for sample ``idx``."""
        sample = self.get_data_info(idx)
        sample['raw_cache'] = self._raw_cache
        if self.label_store is not None:
            sample.update(label_store=self.label_store, label_index=idx)
        return sample

    def _check_folders(self) -> None:
        """Tell a wrong root or folder from a missing file."""
        folders = [self.data_root or '.', self.data_prefix.get('img_path'), self.data_prefix.get('seg_map_path')]
        for folder in folders:
            if folder is not None and not osp.isdir(folder):
                what = 'the root of the data set' if folder == folders[0] else 'a folder of the data set'
                name = osp.relpath(self._ann_files[0], self.data_root or '.') if self._ann_files else ''
                raise MissingDataError(
                    f'{osp.abspath(folder)}: {what} does not exist.\n' + _LAYOUT.format(ann_file=name)
                )
