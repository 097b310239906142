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
from mmirstd.utils.commands import command_line

from mmdet.datasets import BaseDetDataset  # isort: skip

from mmirstd.utils.clip_window import GAPS, window_positions
from mmirstd.utils.errors import DataError, MissingDataError, first_few

from .box_checks import BAD_BOX, check_boxes, looks_normalized
from .first_look import look_at_images, look_at_masks
from .folder_context import FolderContext, ImageFolders
from .frame_reader import FrameReader
from .image_size import image_size
from .listed_paths import image_exists
from .mask_values import MaskRule
from .problems import Problems
from .raw_cache import RawCache, cache_limit
from .sequences import Frame, Video, number_frames
from .split_file import check_holdout, hold_out
from .yolo_labels import find_yolo_labels

#: Images whose annotated size is held against the file when a data set is built.
SIZE_PROBES = 16


class BaseClipDataset(BaseDetDataset):
    """Windows of T frames with the boxes of the last one; subclasses read one annotation format each.

    A sample is given to the pipeline as

    - ``img_paths`` (T paths, oldest first, KEY FRAME LAST) and ``img_path`` (the key frame's);
    - ``instances`` of the key frame: ``bbox`` [x1, y1, x2, y2] in pixel edges, ``bbox_label``, ``ignore_flag`` and,
      where the annotation has them, ``track_id`` and ``scr``;
    - ``img_id``, ``video_id``, ``video`` (name), ``frame_id`` (number of the key frame), ``frame_ids`` (T numbers),
      ``is_first`` and ``is_last`` of its sequence, ``is_key_frame`` (False: context, not evaluated), ``height`` and
      ``width`` (None where the annotation does not say);
    - where there are masks, ``mask_path`` (the key frame's), ``mask_paths`` (T) and ``mask_rule``;
    - ``bad_box`` and ``raw_cache`` for the loader.

    The pipeline starts with ``mmirstd.LoadClip``. With ``num_frames=1`` this is a single-frame data set; packed with
    mmdet's own ``PackDetInputs`` a sample's ``inputs`` are (C, H, W), packed with ``mmirstd.PackClipInputs`` they are
    always (T, C, H, W).

    Past frames are numbered ``max(i - k * stride, first of the sequence)``. They may be files of the sequence's folder
    that the annotation does not list (SSTNet's lists leave out frames without targets; a subsampled data set lists key
    frames only), see ``context``.

    Args:
        ann_file: Annotation, relative to ``data_root``.
        data_root: Root folder, relative to the current folder or absolute; ``~`` is expanded.
        data_prefix: ``dict(img=FOLDER)``: folder below ``data_root`` to which paths in the annotation are relative.
        num_frames: T, frames per window.
        stride: Distance of a window's frames, in frame numbers.
        streaming: False: one window per annotated frame. True: one per frame, context too, for models that keep a
            state from frame to frame; use ``num_frames=1`` and a sampler that keeps sequences whole
            (``mmirstd.SequenceSampler``). Either way samples come sequence by sequence, in order of time.
        window_step: None, or for a network that gives a map of every frame: windows that cover each sequence, one
            beginning this many frames after the other (at most ``num_frames``), the last one ending with the sequence.
            A sample then also has ``frame_instances``, the instances of each of its T frames, and ``frame_is_key``,
            whether each is evaluated.
        context: ``'disk'``: past frames may be unlisted files of the sequence's folder, where it is clear whose frames
            they are (:class:`~.folder_context.FolderContext`); ``'listed'``: only listed ones.
        gaps: What replaces a past frame that does not exist, a key of ``mmirstd.utils.clip_window.GAPS``. The number
            of windows that this concerns is logged.
        bad_box: What to do with boxes without area or outside of the image, a key of :data:`~.box_checks.BAD_BOX`; the
            number is logged. Where the annotation does not say how large the image is, it is checked on loading.
        allow_no_targets: Train (``test_mode=False``) on an annotation without a single box; else this is an error.
        key_every: Take only each n-th annotated frame of a sequence as a key frame; the others stay context.
        holdout: ``dict(num=.. or fraction=.., seed=0, part='train'|'val')``: take only this part of the SEQUENCES, see
            :func:`~.split_file.hold_out`. Neighboring frames are alike: a frame-wise hold-out would be no hold-out.
        cache, cache_limit_mb: As in :class:`~.sirst.SIRSTDataset`.
        recent_frames: Decoded frames kept per process besides the cache, see :class:`~.frame_reader.FrameReader`.
        metainfo, filter_cfg (``filter_empty_gt=True`` leaves out key frames without targets), indices, serialize_data,
            pipeline, test_mode, lazy_init, max_refetch: as in :class:`mmengine.dataset.BaseDataset`.

    Raises:
        MissingDataError: No root, annotation or image; all missing images are counted and the first five listed.
        DataError: The annotation is not what it should be.
    """

    METAINFO = dict(classes=('target',), palette=[(255, 0, 0)])
    #: How masks are read, where there are any.
    mask_rule: MaskRule = 'auto'
    #: ID of each class in the annotation; empty where it has none, or several for a class.
    category_ids: tuple[int | str, ...] = ()
    # of mmengine's base class
    ann_file: str
    data_root: str
    data_prefix: dict[str, str]

    def __init__(
        self,
        ann_file: str = '',
        data_root: str | None = None,
        data_prefix: dict | None = None,
        num_frames: int = 5,
        stride: int = 1,
        streaming: bool = False,
        window_step: int | None = None,
        context: str = 'disk',
        gaps: str = 'hold',
        bad_box: str = 'error',
        allow_no_targets: bool = False,
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
        max_refetch: int = 1000,
    ) -> None:
        for name, value, known in (
            ('context', context, ('disk', 'listed')),
            ('gaps', gaps, GAPS),
            ('bad_box', bad_box, BAD_BOX),
        ):
            if value not in known:
                raise ValueError(f'{name} is {value!r}; expected one of {", ".join(map(repr, known))}')
        for name, number in (('num_frames', num_frames), ('stride', stride), ('key_every', key_every)):
            if isinstance(number, bool) or not isinstance(number, int) or number < 1:
                raise ValueError(f'{name} is {number!r}; expected a whole number from 1 on')
        if window_step is not None and (streaming or not 1 <= window_step <= num_frames):
            raise ValueError(
                f'window_step is {window_step}; expected a number of frames from 1 to num_frames ({num_frames}), '
                'and streaming=False'
            )
        # now, not when the data are first used
        cache_limit(cache, cache_limit_mb)
        if holdout is not None:
            check_holdout(holdout)
        self.num_frames = num_frames
        self.stride = stride
        self.streaming = streaming
        self.window_step = window_step
        self.context = context
        self.gaps = gaps
        self.bad_box = bad_box
        self.allow_no_targets = allow_no_targets
        self.problems = Problems()
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
            max_refetch=max_refetch,
        )

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
            beside = osp.join(self.data_root, 'annotations', self.ann_file)  # as COCO has it
            self.ann_file = osp.join(self.data_root, self.ann_file)
            if not osp.isfile(self.ann_file) and osp.isfile(beside):
                self.ann_file = beside
        self.data_prefix = dict(self.data_prefix, img=osp.join(self.data_root, self.data_prefix.get('img', '')))

    def load_data_list(self) -> list[dict]:
        """Read the annotation, find the files, and lay out one sample per window."""
        root = self.data_root or '.'
        if not osp.isdir(root):
            raise MissingDataError(
                f'{osp.abspath(root)}: the root of the data set does not exist; move all splits to another root with '
                '`--cfg-options data_root=PATH` (the documentation says where they come from: "Your own data", '
                '"Public data sets")'
            )
        if self.ann_file and not osp.isfile(self.ann_file):
            beside = sorted(os.listdir(osp.dirname(self.ann_file))) if osp.isdir(osp.dirname(self.ann_file)) else []
            beside = [name for name in beside if osp.splitext(name)[1] == osp.splitext(self.ann_file)[1]]
            raise MissingDataError(
                f'{osp.abspath(self.ann_file)}: no such annotation file'
                + (f'; its folder holds {", ".join(beside[:8])}' if beside else '')
            )
        videos = listed = self._number(self.load_videos())
        if not any(video.frames for video in videos):
            raise DataError(f'{self._source}: the annotation lists no image; expected at least one')
        if self.holdout is not None:
            try:
                names = set(
                    hold_out([video.name for video in videos], **self.holdout, source=f'{self._source} (sequences)')
                )
            except DataError as error:
                self.problems.add(error)
            else:
                videos = [video for video in videos if video.name in names]
        self._locate(videos, listed)
        self._check_sizes(videos)
        given = sum(len(frame.instances) for video in videos for frame in video.frames)
        self._scale_normalized(videos)
        self._check_boxes(videos)
        self._check_targets(videos, given)
        return self._samples(videos)

    def _number(self, videos: list[Video]) -> list[Video]:
        """Give frames their place in time, and part what shares a folder only."""
        videos, split = number_frames(videos)
        if not split:
            return videos
        folders = ', '.join(repr(name or '.') for name in split[:5])
        text = (
            f'{self._source}: the images of {len(split)} folder(s) have equal numbers in their names ({folders}); '
            'what is written before and behind the number tells the sequences: '
            f'{len(videos)} in all'
        )
        if self.num_frames > 1 and all(len(video.frames) == 1 for video in videos):
            self.problems.add(
                DataError(
                    f'{text}, of one image each. Clips of {self.num_frames} frames need sequences: add frame_id and '
                    'video_id to the annotation, one folder a sequence, or train on single images (num_frames=1)'
                )
            )
        self.problems.warn(text)
        return videos

    def _image_sizes(self, frames: Sequence[Frame]) -> list[tuple[int, int] | None]:
        """Height and width of each frame: what is claimed, else the file's; None where it cannot be read."""
        sizes: dict[str, tuple[int, int] | None] = {}
        for frame in frames:
            if frame.height is not None and frame.width is not None:
                sizes[frame.path] = frame.height, frame.width
            elif frame.path not in sizes:
                try:
                    sizes[frame.path] = image_size(frame.path)
                except DataError:  # the one who loads it says more
                    sizes[frame.path] = None
        return [sizes[frame.path] for frame in frames]

    def _check_sizes(self, videos: Sequence[Video]) -> None:
        """Hold claimed sizes against a few files now; the loader does so with all."""
        frames = [frame for video in videos for frame in video.frames if frame.height is not None]
        wrong = []
        for frame in frames if self.problems.gather else frames[:: max(1, len(frames) // SIZE_PROBES)]:
            (actual,) = self._image_sizes([Frame(frame.path, None)])
            if actual is not None and actual != (frame.height, frame.width):
                wrong.append(
                    f'{frame.path}: {actual[1]}x{actual[0]} pixels (width x height), annotated as '
                    f'{frame.width}x{frame.height}'
                )
        if wrong:
            self.problems.add(
                DataError(
                    f'{self._source}: images are not as large as annotated:\n{first_few(wrong)}\nTheir boxes would be '
                    'in the wrong place: take the images that were annotated, or scale the boxes and sizes in the file'
                ),
                wrong,
            )

    def _scale_normalized(self, videos: Sequence[Video]) -> None:
        """Boxes given as shares of width and height become pixels."""
        frames = [frame for video in videos for frame in video.frames if frame.instances]
        boxes = [instance['bbox'] for frame in frames for instance in frame.instances]
        if not boxes or not looks_normalized(boxes):
            return
        for frame, size in zip(frames, self._image_sizes(frames)):
            if size is None:
                continue
            sides = size[::-1] * 2
            for instance in frame.instances:
                instance['bbox'] = [round(value * side, 6) for value, side in zip(instance['bbox'], sides)]
        text = (
            f'{self._source}: all {len(boxes)} boxes lie within 0..1, so they are taken as shares of width and '
            f'height; the first, {[round(value, 6) for value in boxes[0]]} (x1, y1, x2, y2), became '
            f'{[round(value, 2) for value in frames[0].instances[0]["bbox"]]} pixels'
        )
        self.problems.warn(text)

    def _check_targets(self, videos: Sequence[Video], given: int) -> None:
        """A detector must not train on nothing.

        Args:
            videos: After bad boxes have been dealt with.
            given: Number of boxes before.
        """
        frames = [frame for video in videos for frame in video.frames]
        if any(frame.instances or frame.mask_path for frame in frames):
            return
        if given:
            self.problems.add(
                DataError(
                    f'{self._source}: none of its {given} boxes is left after '
                    f'bad_box={self.bad_box!r}; correct the annotation'
                )
            )
        elif not self.test_mode and not self.allow_no_targets and frames:
            labels = find_yolo_labels(frames[0].path)
            cure = (
                f'there are YOLO labels ({labels}): convert them with `{command_line("convert-labels")}`'
                if labels
                else 'give an annotation with boxes. Where images without targets are meant to be '
                'learned from, beside others: allow_no_targets=True on the data set'
            )
            self.problems.add(
                DataError(
                    f'{self._source}: none of the {len(frames)} images has a box, so nothing can be learned; {cure}'
                )
            )

    @property
    def _source(self) -> str:
        """What messages name."""
        return self.ann_file or self.data_prefix['img']

    def _check_boxes(self, videos: Sequence[Video]) -> None:
        found: Counter = Counter()
        bad_frames = []
        for frame in (frame for video in videos for frame in video.frames):
            frame.instances, bad, text = check_boxes(frame.instances, frame.width, frame.height, self.bad_box)
            found += bad
            if text:
                bad_frames.append(f'{frame.path}: {text}')
        if not found:
            return
        first = bad_frames[0]
        counted = ', '.join(f'{number} {problem}' for problem, number in found.items())
        if self.bad_box == 'error':
            self.problems.add(
                DataError(
                    f'{self._source}: {sum(found.values())} bad boxes ({counted}), the first: {first}; correct the '
                    "annotation, or set bad_box='clip' (cut to the image) or bad_box='drop' on the data set"
                ),
                bad_frames,
            )
            return
        self.problems.warn(
            f'{self._source}: bad_box={self.bad_box!r} was applied to {sum(found.values())} boxes '
            f'({counted}), the first: {first}',
            bad_frames,
        )

    def _locate(self, videos: Sequence[Video], listed: Sequence[Video]) -> None:
        """Find the files, add context frames, and put the frames in order.

        Args:
            videos: The sequences to take.
            listed: All of the annotation.
        """
        folders = ImageFolders()
        needed = self.context == 'disk' and (self.num_frames > 1 or self.streaming)
        context = FolderContext(listed, folders) if needed else None
        total = sum(len(video.frames) for video in videos)
        missing: list[str] = []
        lost: set[int] = set()
        for video in videos:
            for frame in video.frames:
                found = folders.find(frame.path)
                if found is None:
                    missing.append(frame.path)
                    lost.add(id(frame))
                else:
                    frame.path = found
            video.frames = [frame for frame in video.frames if id(frame) not in lost]
            try:
                video.sort()
            except DataError as error:
                self.problems.add(error)
            if context is not None:
                context.add_to(video)
        if context is not None and context.unclear:
            self.problems.warn(
                f'{self._source}: {len(context.unclear)} unlisted image(s) are taken for no past frames, the first is '
                f'{context.unclear[0]}: several sequences share the folder, or frame_id is 0 behind it, so nothing '
                'tells whose frames they are. Where they are past frames of a sequence, list them with its video_id '
                "and a frame_id, or give each sequence a folder of its own; context='listed' looks for none",
                context.unclear,
            )
        if missing:
            self.problems.add(
                MissingDataError(
                    f'{self._source}: {len(missing)} image(s) of {total} are missing:\n{first_few(missing)}\n'
                    f'Paths in the annotation are relative to {osp.abspath(self.data_prefix["img"] or ".")}; correct '
                    f'data_root or data_prefix{self._elsewhere(missing[0])}, complete the folders, or remove these '
                    'images from the annotation.'
                ),
                missing,
            )

    def _elsewhere(self, path: str) -> str:
        """For a message: the folder below the image folder that does hold a missing image."""
        root = self.data_prefix['img'] or '.'
        name = osp.relpath(path, root)
        for folder in sorted(entry.name for entry in os.scandir(root) if entry.is_dir()) if osp.isdir(root) else ():
            if image_exists(osp.join(root, folder), name):
                return f' (it is in {folder}: data_prefix.img={folder})'
        return ''

    def _samples(self, videos: Sequence[Video]) -> list[dict]:
        samples: list[dict] = []
        windows = held = 0
        first = ''
        for video in videos:
            numbers = [frame.place for frame in video.frames]
            annotated = [k for k, frame in enumerate(video.frames) if frame.img_id is not None]
            keys = set(annotated[:: self.key_every])
            chosen = range(len(numbers)) if self.streaming else sorted(keys)
            if self.window_step is not None:
                chosen = self._window_ends(len(numbers))
            for k in chosen:
                frame = video.frames[k]
                positions, missing = window_positions(numbers, k, self.num_frames, self.stride, self.gaps)
                windows += 1
                held += missing > 0
                if missing and not first:
                    first = f'{frame.path} (frame numbers {[numbers[p] for p in positions]})'
                masks = [video.frames[p].mask_path for p in positions]
                samples.append(
                    dict(
                        img_path=frame.path,
                        img_paths=[video.frames[p].path for p in positions],
                        img_id=frame.img_id,
                        video_id=video.video_id,
                        video=video.name,
                        frame_id=frame.place,
                        frame_ids=[numbers[p] for p in positions],
                        is_first=k == chosen[0],
                        is_last=k == chosen[-1],
                        is_key_frame=k in keys,
                        height=frame.height,
                        width=frame.width,
                        mask_path=frame.mask_path,
                        mask_paths=masks if any(masks) else None,
                        instances=frame.instances,
                        category_ids=self.category_ids,
                    )
                )
                if self.window_step is not None:
                    samples[-1]['frame_instances'] = [video.frames[p].instances for p in positions]
                    samples[-1]['frame_is_key'] = [p in keys for p in positions]
        if held:
            text = (
                f'{self._source}: {held} of {windows} windows want past frames that do not exist (gaps in the '
                f'frame numbers), the first is {first}'
            )
            if self.gaps == 'error':
                self.problems.add(
                    DataError(
                        text + "; complete the sequences, or set gaps='hold' (repeat the frame before the gap) or "
                        "gaps='position' (number the frames anew) on the data set"
                    )
                )
            self.problems.warn(f'{text}; the frame before the gap takes their place')
        return samples

    def _window_ends(self, frames: int) -> list[int]:
        """Positions of the last frames of the windows that cover a sequence."""
        assert self.window_step is not None
        reach = (self.num_frames - 1) * self.stride
        ends = list(range(reach, frames - 1, self.window_step * self.stride))
        return [*ends, frames - 1]

    def filter_data(self) -> list[dict]:
        """Leave out key frames without targets when ``filter_cfg`` says so."""
        if not (self.filter_cfg or {}).get('filter_empty_gt', False):
            return self.data_list
        kept = [sample for sample in self.data_list if self._instances(sample)]
        if not kept:
            raise DataError(
                f'{self._source}: filter_empty_gt leaves none of the {len(self.data_list)} samples: no '
                'frame has a target; expected boxes, or masks with pixels above half of their largest code'
            )
        return kept

    def full_init(self) -> None:
        """Load the list of samples and make room for the cache, before any worker is forked."""
        if self._fully_initialized:
            return
        super().full_init()
        limit = cache_limit(self.cache, self.cache_limit_mb)
        samples = [super(BaseClipDataset, self).get_data_info(index) for index in range(len(self))]
        paths = dict.fromkeys(path for sample in samples for path in sample['img_paths'])
        paths.update(dict.fromkeys(path for sample in samples for path in sample['mask_paths'] or () if path))
        self._reader = FrameReader(RawCache(paths, limit), self.recent_frames)
        part = '' if self.holdout is None else f' ({self.holdout["part"]} part of a hold-out)'
        boxes = sum(len(sample['instances']) for sample in samples)
        known = not any(sample['mask_paths'] for sample in samples)
        print_log(
            f'{type(self).__name__}: {len(samples)} {"frames in order" if self.streaming else "windows"} of '
            f'{self.num_frames} frame(s), {len({sample["video"] for sample in samples})} sequences'
            f'{f", {boxes} boxes" if known else ""} from {self._source}{part}, cache up to {limit / 2**20:.0f} MiB',
            logger='current',
        )
        look_at_images(
            self._source, list(dict.fromkeys(sample['img_path'] for sample in samples)), self.pipeline.transforms
        )
        if not known:
            masks = dict.fromkeys(path for sample in samples for path in sample['mask_paths'] or () if path)
            look_at_masks(self._source, list(masks), self.mask_rule)
        if known and not boxes:
            print_log(
                f'{self._source}: no frame has a target; detectors cannot learn from it and average precision is '
                'undefined',
                logger='current',
                level=logging.WARNING,
            )

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
        return self.pipeline(self.sample(idx))

    def sample(self, idx: int) -> dict:
        """What the pipeline is given for sample ``idx``."""
        sample = self.get_data_info(idx)
        sample['raw_cache'] = self._reader
        sample['mask_rule'] = self.mask_rule
        sample['bad_box'] = self.bad_box
        return sample
