"""Moving targets annotated by one mask a frame."""

from __future__ import annotations

import os
import os.path as osp
from collections.abc import Sequence

from mmengine.logging import print_log

from mmirstd.registry import DATASETS
from mmirstd.utils.errors import DataError, MissingDataError, first_few

from .clip_base import BaseClipDataset
from .folder_index import MASK_STEMS, FolderIndex
from .image_io import IMAGE_SUFFIXES, read_mask
from .listed_paths import without_leading_folders
from .mask_boxes import instances_of_mask
from .mask_values import check_mask_rule
from .sequences import Frame, Video, frame_number, natural_key
from .split_file import read_split


@DATASETS.register_module()
class MaskClipDataset(BaseClipDataset):
    """NUDT-MIRSDT, IRSatVideo-LEO, SatVideoIRSTD and data laid out like them.

    That is ``<seq>/images/*.png`` and ``<seq>/masks/*.png``, or ``images/<seq>/*.png`` and ``masks/<seq>/*.png``.

    The boxes are those of the mask's 8-connected components: a target in column 3 alone spans x from 3 to 4. Masks are
    read when a sample is asked for, so building the data set stays cheap (``filter_empty_gt`` reads them all).

    Args:
        ann_file: A list, one entry a line, of sequences (``Sequence1``) or of frames, as NUDT-MIRSDT's authors ship it
            (``Sequence1/Mix/00001.mat``: the frame ``00001`` of ``Sequence1``, whatever the folder's name; frames that
            are not listed can only be context) or as ``Sequence1/00001``.  Folders of another machine in front of the
            sequences are taken off.  Empty: every sequence below ``data_prefix['img']``, in natural order.
        image_folder, mask_folder: Names of the folders of images and masks, in each sequence or around all of them.
        mask_rule: Which values of a mask are target, see :data:`~.mask_values.MASK_RULES`.
        kwargs: See :class:`~.clip_base.BaseClipDataset`.
    """

    def __init__(
        self,
        *args,
        image_folder: str = 'images',
        mask_folder: str = 'masks',
        mask_rule: str | int | Sequence[int] = 'auto',
        **kwargs,
    ) -> None:
        self.image_folder = image_folder
        self.mask_folder = mask_folder
        self.mask_rule = check_mask_rule(mask_rule)
        super().__init__(*args, **kwargs)

    def load_videos(self) -> list[Video]:
        """List the sequences' folders and pair images with masks."""
        root = self.data_prefix['img'] or '.'
        videos: list[Video] = []
        missing: list[str] = []
        img_id = 0
        for name, wanted in self._listed(root).items():
            folder, mask_folder = self._folders(root, name)
            files = sorted(os.listdir(folder), key=natural_key) if osp.isdir(folder) else []
            files = [file for file in files if osp.splitext(file)[1].lower() in IMAGE_SUFFIXES]
            stems = {osp.splitext(file)[0] for file in files}
            if not files:
                missing.append(f'no image in {folder}')
            missing += [
                f'no image {stem} in {folder}, which {self.ann_file} lists'
                for stem in wanted or ()
                if files and stem not in stems
            ]
            masks = FolderIndex(mask_folder, MASK_STEMS)
            # Names with a number tell the place in time themselves; else it is the place among all files.
            numbers: Sequence[int | None] = [None] * len(files)
            if any(frame_number(file) is None for file in files):
                numbers = range(len(files))
            video = Video(name, len(videos) + 1, by_folder=True)
            for file, number in zip(files, numbers):
                stem = osp.splitext(file)[0]
                if wanted is not None and stem not in wanted:
                    continue
                img_id += 1
                try:
                    mask = masks.find(stem)
                except DataError as error:  # several files fit
                    self.problems.add(error)
                    continue
                if mask is None:
                    missing.append(f'no mask for {osp.join(folder, file)}: expected {masks.expected(stem)}')
                video.frames.append(Frame(osp.join(folder, file), number, img_id, mask_path=mask))
            videos.append(video)
        if missing:
            self.problems.add(
                MissingDataError(
                    f'{self._source}: {len(missing)} file(s) or folders are missing:\n{first_few(missing)}'
                ),
                missing,
            )
        return videos

    def _listed(self, root: str) -> dict[str, dict[str, None] | None]:
        """The sequences to take, each with the frames to take (by name without suffix), None for all of them."""
        if not self.ann_file:
            names = [name for name in os.listdir(root) if osp.isdir(osp.join(root, name, self.image_folder))]
            around = osp.join(root, self.image_folder)
            if not names and osp.isdir(around):
                names = [name for name in os.listdir(around) if osp.isdir(osp.join(around, name))]
            return dict.fromkeys(sorted(names, key=natural_key))
        entries = [self._entry(root, line.replace('\\', '/').split('/')) for line in read_split(self.ann_file)]
        names = list(dict.fromkeys(name for name, _ in entries))
        rests = without_leading_folders(names, lambda name: self._is_sequence(root, name))
        if rests is not None and rests[1]:
            print_log(
                f'{self.ann_file}: its sequences are taken without the leading {rests[1]!r}, as folders below {root}',
                logger='current',
            )
        short = dict(zip(names, names if rests is None else rests[0]))
        listed: dict[str, dict[str, None] | None] = {}
        for name, stem in entries:
            if stem is None:
                listed[short[name]] = None
                continue
            frames = listed.setdefault(short[name], {})
            if frames is not None:  # None: the whole sequence is listed, too
                frames[stem] = None
        return listed

    def _entry(self, root: str, parts: list[str]) -> tuple[str, str | None]:
        """The sequence that a line names, and the frame without suffix where it names one."""
        stem = parts[-1].removesuffix('.mat')
        whole, parent = '/'.join(parts), '/'.join(parts[:-1])
        if len(parts) == 1 or self._is_sequence(root, whole):
            return whole, None
        if self._is_sequence(root, parent):
            return parent, stem
        return (whole, None) if len(parts) == 2 else ('/'.join(parts[:-2]), stem)

    def _folders(self, root: str, name: str) -> tuple[str, str]:
        """Folders of a sequence's images and masks."""
        inside = osp.join(root, name, self.image_folder)
        around = osp.join(root, self.image_folder, name)
        if osp.isdir(around) and not osp.isdir(inside):
            return around, osp.join(root, self.mask_folder, name)
        return inside, osp.join(root, name, self.mask_folder)

    def _is_sequence(self, root: str, name: str) -> bool:
        return osp.isdir(self._folders(root, name)[0])

    def _instances(self, sample: dict) -> list[dict]:
        mask = self._mask(sample)
        if mask is None:
            return []
        sample['height'], sample['width'] = mask.shape
        return instances_of_mask(mask)

    def _mask(self, sample: dict):
        if sample['mask_path'] is None:
            return None
        read = read_mask if self._reader is None else self._reader.mask
        return read(sample['mask_path'], self.mask_rule)
