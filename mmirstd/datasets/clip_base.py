"""What the data sets of moving targets share: windows of frames, or whole sequences in order."""

from __future__ import annotations

import copy
import logging
import os
import os.path as osp
from collections import Counter
from collections.abc import Callable, Sequence

from mmengine.logging import print_log

import mmirstd.registry  # noqa: F401  before mmdet: puts the stand-in for missing mmcv ops in place

from mmdet.datasets import BaseDetDataset  # isort: skip

from .boxes import BAD_BOX, boxes_of_mask, check_boxes
from .errors import DataError, MissingDataError, first_few
from .first_look import look_at_images, look_at_masks
from .frame_reader import FrameReader
from .image_io import IMAGE_SUFFIXES
from .mask_values import MaskRule
from .raw_cache import RawCache, cache_limit
from .sequences import GAPS, Frame, Video, frame_number, window_positions
from .split_file import hold_out


class BaseClipDataset(BaseDetDataset):
    """Windows of T frames with the boxes of the last one; subclasses read one annotation format each.

    A sample is given to the pipeline as

    - ``img_paths`` (T paths, oldest first, KEY FRAME LAST) and ``img_path`` (the key frame's);
    - ``instances`` of the key frame: ``bbox`` [x1, y1, x2, y2] in pixel edges, ``bbox_label``, ``ignore_flag`` and,
      where the annotation has them, ``track_id`` and ``scr``;
    - ``img_id``, ``video_id``, ``video`` (name), ``frame_id`` (number of the key frame), ``frame_ids`` (T numbers),
      ``is_first`` and ``is_last`` of its sequence, ``is_key_frame`` (False: context, not evaluated), ``height`` and
      ``width`` (None where the annotation does not say);
    - ``bad_box`` and ``raw_cache`` for the loader.

    The pipeline starts with ``mmirstd.LoadClip``. With ``num_frames=1`` this is a single-frame data set; packed with
    mmdet's own ``PackDetInputs`` a sample's ``inputs`` are (C, H, W), packed with ``mmirstd.PackClipInputs`` they are
    always (T, C, H, W).

    Past frames are numbered ``max(i - k * stride, first of the sequence)``. They may be files of the sequence's folder
    that the annotation does not list (SSTNet's lists leave out frames without targets; a subsampled data set lists key
    frames only), see ``context``.

    Args:
        ann_file: annotation, relative to ``data_root``.
        data_root: root folder, relative to the current folder or absolute; ``~`` is expanded.
        data_prefix: ``dict(img=FOLDER)``: folder below ``data_root`` to which paths in the annotation are relative.
        num_frames: T, frames per window.
        stride: distance of a window's frames, in frame numbers.
        streaming: False: one window per annotated frame. True: one per frame, context too, for models that keep a
            state from frame to frame; use ``num_frames=1`` and a sampler that keeps sequences whole
            (``mmirstd.SequenceSampler``). Either way samples come sequence by sequence, in order of time.
        context: ``'disk'``: past frames may be unlisted files of the sequence's folder; ``'listed'``: only listed ones.
        gaps: what replaces a past frame that does not exist, a key of :data:`~.sequences.GAPS`. The number of windows
            that this concerns is logged.
        bad_box: what to do with boxes without area or outside of the image, a key of :data:`~.boxes.BAD_BOX`; the
            number is logged. Where the annotation does not say how large the image is, it is checked on loading.
        key_every: take only each n-th annotated frame of a sequence as a key frame; the others stay context.
        holdout: ``dict(num=.. or fraction=.., seed=0, part='train'|'val')``: take only this part of the SEQUENCES, see
            :func:`~.split_file.hold_out`. Neighbouring frames are alike: a frame-wise hold-out would be no hold-out.
        cache, cache_limit_mb: as in :class:`~.sirst.SIRSTDataset`.
        recent_frames: decoded frames kept per process besides the cache, see :class:`~.frame_reader.FrameReader`.
        metainfo, filter_cfg (``filter_empty_gt=True`` leaves out key frames without targets), indices, serialize_data,
            pipeline, test_mode, lazy_init, max_refetch: as in :class:`mmengine.dataset.BaseDataset`.

    Raises:
        MissingDataError: no root, annotation or image; all missing images are counted and the first five listed.
        DataError: the annotation is not what it should be.
    """

    METAINFO = dict(classes=('target',), palette=[(255, 0, 0)])
    #: How masks are read, where there are any.
    mask_rule: MaskRule = 'auto'

    def __init__(self,
                 ann_file: str = '',
                 data_root: str | None = None,
                 data_prefix: dict | None = None,
                 num_frames: int = 5,
                 stride: int = 1,
                 streaming: bool = False,
                 context: str = 'disk',
                 gaps: str = 'hold',
                 bad_box: str = 'error',
                 key_every: int = 1,
                 holdout: dict | None = None,
                 cache: str | bool = 'auto',
                 cache_limit_mb: float = 1024,
                 recent_frames: int = 64,
                 metainfo: dict | None = None,
                 filter_cfg: dict | None = None,
                 indices: int | Sequence[int] | None = None,
                 serialize_data: bool = True,
                 pipeline: Sequence[dict | Callable] = (),
                 test_mode: bool = False,
                 lazy_init: bool = False,
                 max_refetch: int = 1000) -> None:
        for name, value, known in (('context', context, ('disk', 'listed')), ('gaps', gaps, GAPS),
                                   ('bad_box', bad_box, BAD_BOX)):
            if value not in known:
                raise ValueError(f'{name} is {value!r}; expected one of {", ".join(map(repr, known))}')
        for name, value in (('num_frames', num_frames), ('stride', stride), ('key_every', key_every)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f'{name} is {value!r}; expected a whole number from 1 on')
        cache_limit(cache, cache_limit_mb)  # now, not when the data are first used
        self.num_frames = num_frames
        self.stride = stride
        self.streaming = streaming
        self.context = context
        self.gaps = gaps
        self.bad_box = bad_box
        self.key_every = key_every
        self.holdout = copy.deepcopy(holdout)
        self.cache = cache
        self.cache_limit_mb = cache_limit_mb
        self.recent_frames = recent_frames
        self._reader: FrameReader | None = None
        super().__init__(
            ann_file=ann_file,
            metainfo=metainfo,
            data_root=data_root or '',
            data_prefix=data_prefix or dict(img=''),
            filter_cfg=filter_cfg,
            indices=indices,
            serialize_data=serialize_data,
            pipeline=list(pipeline),
            test_mode=test_mode,
            lazy_init=lazy_init,
            max_refetch=max_refetch)

    # What a format has to provide.

    def load_videos(self) -> list[Video]:
        """Read the annotation; paths as they are found below ``data_prefix['img']``.

        Returns:
            Sequences in the annotation's order, each with its annotated frames (``img_id`` set), in any order.
        """
        raise NotImplementedError(f'{type(self).__name__} must implement load_videos')

    # The rest is common.

    def _join_prefix(self) -> None:
        """Put ``data_root`` before the annotation and the image folder."""
        self.data_root = osp.expanduser(self.data_root)
        if self.ann_file:
            self.ann_file = osp.join(self.data_root, self.ann_file)
        self.data_prefix = dict(self.data_prefix, img=osp.join(self.data_root, self.data_prefix.get('img', '')))

    def load_data_list(self) -> list[dict]:
        """Read the annotation, find the files, and lay out one sample per window."""
        root = self.data_root or '.'
        if not osp.isdir(root):
            raise MissingDataError(
                f'{osp.abspath(root)}: the root of the data set does not exist; move all splits to another root with '
                '`--cfg-options data_root=PATH` (README.md, section "Data sets", says where data sets come from)')
        if self.ann_file and not osp.isfile(self.ann_file):
            beside = sorted(os.listdir(osp.dirname(self.ann_file))) if osp.isdir(osp.dirname(self.ann_file)) else []
            beside = [name for name in beside if osp.splitext(name)[1] == osp.splitext(self.ann_file)[1]]
            raise MissingDataError(
                f'{osp.abspath(self.ann_file)}: no such annotation file'
                + (f'; its folder holds {", ".join(beside[:8])}' if beside else ''))
        videos = self.load_videos()
        if not any(video.frames for video in videos):
            raise DataError(f'{self._source}: the annotation lists no image; expected at least one')
        if self.holdout is not None:
            names = set(hold_out([video.name for video in videos], **self.holdout))
            videos = [video for video in videos if video.name in names]
        self._check_boxes(videos)
        self._locate(videos)
        return self._samples(videos)

    @property
    def _source(self) -> str:
        """What messages name."""
        return self.ann_file or self.data_prefix['img']

    def _check_boxes(self, videos: Sequence[Video]) -> None:
        found: Counter = Counter()
        first = ''
        for frame in (frame for video in videos for frame in video.frames):
            frame.instances, bad, text = check_boxes(frame.instances, frame.width, frame.height, self.bad_box)
            found += bad
            if text and not first:
                first = f'{frame.path}: {text}'
        if not found:
            return
        counted = ', '.join(f'{number} {problem}' for problem, number in found.items())
        if self.bad_box == 'error':
            raise DataError(
                f'{self._source}: {sum(found.values())} bad boxes ({counted}), the first: {first}; correct the '
                "annotation, or set bad_box='clip' (cut to the image) or bad_box='drop' on the data set")
        print_log(f"{self._source}: bad_box={self.bad_box!r} was applied to {sum(found.values())} boxes ({counted}), "
                  f'the first: {first}', logger='current', level=logging.WARNING)

    def _locate(self, videos: Sequence[Video]) -> None:
        """Find the files, add context frames, and put the frames in order.

        Each folder is listed once. A file may have another suffix than the annotation says (``.bmp`` data sets are
        often converted to ``.png``).
        """
        listings: dict[str, dict[str, str]] = {}

        def files(folder: str) -> dict[str, str]:
            if folder not in listings:
                names = sorted(os.listdir(folder)) if osp.isdir(folder) else []
                listings[folder] = {osp.splitext(name)[0]: name for name in names
                                    if osp.splitext(name)[1].lower() in IMAGE_SUFFIXES}
                listings[folder].update({name: name for name in names})
            return listings[folder]

        missing: list[str] = []
        for video in videos:
            for frame in video.frames:
                folder, name = osp.split(frame.path)
                found = files(folder).get(name) or files(folder).get(osp.splitext(name)[0])
                if found is None:
                    missing.append(frame.path)
                else:
                    frame.path = osp.join(folder, found)
            video.sort()
            if self.context == 'disk' and (self.num_frames > 1 or self.streaming):
                self._add_context(video, files)
        if missing:
            total = sum(len(video.frames) for video in videos)
            raise MissingDataError(
                f'{self._source}: {len(missing)} image(s) of {total} are missing:\n{first_few(missing)}\n'
                f'Paths in the annotation are relative to {osp.abspath(self.data_prefix["img"] or ".")}; correct '
                'data_root or data_prefix, complete the folders, or remove these images from the annotation.')

    @staticmethod
    def _add_context(video: Video, files: Callable[[str], dict[str, str]]) -> None:
        """Add unlisted images of the folder, when names tell their place in time."""
        folders = {osp.dirname(frame.path) for frame in video.frames}
        offsets = {frame.number - (frame_number(frame.path) or 0) for frame in video.frames}
        if len(folders) != 1 or len(offsets) != 1 or frame_number(video.frames[0].path) is None:
            return
        folder, offset = folders.pop(), offsets.pop()
        listed = {frame.number for frame in video.frames}
        for stem, name in files(folder).items():
            number = frame_number(name)
            if stem == name or number is None or number + offset in listed:
                continue
            listed.add(number + offset)
            video.frames.append(Frame(osp.join(folder, name), number + offset))
        video.sort()

    def _samples(self, videos: Sequence[Video]) -> list[dict]:
        samples: list[dict] = []
        windows = held = 0
        first = ''
        for video in videos:
            numbers = [frame.number for frame in video.frames]
            annotated = [k for k, frame in enumerate(video.frames) if frame.img_id is not None]
            keys = set(annotated[::self.key_every])
            chosen = range(len(numbers)) if self.streaming else sorted(keys)
            for k in chosen:
                frame = video.frames[k]
                positions, missing = window_positions(numbers, k, self.num_frames, self.stride, self.gaps)
                windows += 1
                held += missing > 0
                if missing and not first:
                    first = f'{frame.path} (frame numbers {[numbers[p] for p in positions]})'
                samples.append(dict(
                    img_path=frame.path,
                    img_paths=[video.frames[p].path for p in positions],
                    img_id=frame.img_id,
                    video_id=video.video_id,
                    video=video.name,
                    frame_id=frame.number,
                    frame_ids=[numbers[p] for p in positions],
                    is_first=k == chosen[0],
                    is_last=k == chosen[-1],
                    is_key_frame=k in keys,
                    height=frame.height,
                    width=frame.width,
                    mask_path=frame.mask_path,
                    instances=frame.instances))
        if held:
            text = (f'{self._source}: {held} of {windows} windows want past frames that do not exist (gaps in the '
                    f'frame numbers), the first is {first}')
            if self.gaps == 'error':
                raise DataError(text + "; complete the sequences, or set gaps='hold' (repeat the frame before the gap) "
                                "or gaps='position' (number the frames anew) on the data set")
            print_log(f'{text}; the frame before the gap takes their place', logger='current', level=logging.WARNING)
        return samples

    def filter_data(self) -> list[dict]:
        """Leave out key frames without targets when ``filter_cfg`` says so."""
        if not (self.filter_cfg or {}).get('filter_empty_gt', False):
            return self.data_list
        return [sample for sample in self.data_list if self._instances(sample)]

    def full_init(self) -> None:
        """Load the list of samples and make room for the cache, before any worker is forked."""
        if self._fully_initialized:
            return
        super().full_init()
        limit = cache_limit(self.cache, self.cache_limit_mb)
        samples = [super(BaseClipDataset, self).get_data_info(index) for index in range(len(self))]
        paths = dict.fromkeys(path for sample in samples for path in sample['img_paths'])
        paths.update(dict.fromkeys(sample['mask_path'] for sample in samples if sample['mask_path']))
        self._reader = FrameReader(RawCache(paths, limit), self.recent_frames)
        part = '' if self.holdout is None else f" ({self.holdout['part']} part of a hold-out)"
        boxes = sum(len(sample['instances']) for sample in samples)
        known = not any(sample['mask_path'] for sample in samples)
        print_log(
            f'{type(self).__name__}: {len(samples)} {"frames in order" if self.streaming else "windows"} of '
            f'{self.num_frames} frame(s), {len({sample["video"] for sample in samples})} sequences'
            f'{f", {boxes} boxes" if known else ""} from {self._source}{part}, cache up to {limit / 2**20:.0f} MiB',
            logger='current')
        look_at_images(self._source, list(dict.fromkeys(sample['img_path'] for sample in samples)),
                       self.pipeline.transforms)
        if not known:
            look_at_masks(self._source, [sample['mask_path'] for sample in samples if sample['mask_path']],
                          self.mask_rule)
        if known and not boxes:
            print_log(f'{self._source}: no frame has a target; detectors cannot learn from it and average precision is '
                      'undefined', logger='current', level=logging.WARNING)

    def get_data_info(self, idx: int) -> dict:
        """The sample as the class documentation says, without pixels."""
        sample = super().get_data_info(idx)
        sample['instances'] = self._instances(sample)
        return sample

    def sample_video(self, idx: int) -> str:
        """Name of the sample's sequence, read without its annotation."""
        return super().get_data_info(idx)['video']

    def _instances(self, sample: dict) -> list[dict]:
        """The instances, derived from the mask where there is one."""
        return sample['instances']

    def prepare_data(self, idx: int):
        """Run the pipeline on sample ``idx``; the loader finds the cache under ``raw_cache``."""
        sample = self.get_data_info(idx)
        sample['raw_cache'] = self._reader
        sample['bad_box'] = self.bad_box
        return self.pipeline(sample)


def instances_of_mask(mask, label: int = 0) -> list[dict]:
    """Instances of a mask's 8-connected components, see :func:`~.boxes.boxes_of_mask`."""
    return [dict(bbox=box, bbox_label=label, ignore_flag=0) for box in boxes_of_mask(mask)]
