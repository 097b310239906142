"""One person's work with the app: a file, its results, their files; nothing here knows of web pages."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mmirstd.apis.base_inferencer import TargetInferencer
from mmirstd.apis.frame_result import FrameResult
from mmirstd.apis.frame_stream import FrameStream
from mmirstd.apis.live_stream import LiveStream
from mmirstd.apis.target_schema import Target
from mmirstd.apis.target_tracker import TargetTracker
from mmirstd.datasets.sequences import natural_key
from mmirstd.false_alarms.operating_point import OperatingPoint
from mmirstd.tracking import RecordedMotion, TrackPoint
from mmirstd.utils.errors import DataError
from mmirstd.utils.files import save_png

from .gray_values import any_16_bits
from .label_session import LabelSession
from .messages import describe_error
from .model_choices import ModelShelf
from .result_files import Entry, write_alone, write_batch
from .settings import Settings
from .upload_limits import UploadLimits
from .uploads import ZIP_SUFFIX, UploadedBatch, UploadedFile, accept_batch, accept_upload

#: Called with the number of frames or images done and of those in all (None: not known).
Progress = Callable[[int, 'int | None'], None]
_KEPT_PICTURES = 4
#: Where the slider stands at first: the threshold is the model's own.
_USUAL = 0.5


class AppSession:
    """Results of one image or video, or of several images, kept so that another threshold costs no run of the network.

    Not for several threads at once; see :class:`SessionStore`.

    Args:
        shelf: The models.
        limits: What an upload may cost.
        folder: For this session's files; made here, removed by :meth:`close`.

    Attributes:
        results: Of the frames, or of the images, in order.
        entries: The files that were sent, in order.
        batch: Whether several images were sent, which are no sequence.
        title: What the upload is called.
        threshold, min_area: What counts as a target.
        point: The threshold of the checkpoint, which decides while ``threshold`` is 0.5; None: there is none.
        settings: What the results were made with.
        loader: The step that made the network's input of the gray values.
        tta: Test-time augmentation; None: the network saw each image alone, in its own size.
        pictures: Whether the files have the overlays.
        notes: What the person should know: files left out, a video that ended early.
        files: What can be downloaded: ``csv``, ``json``, ``mask`` (ZIP of a video's), ``tracks`` (of a video),
            ``overlay`` (MP4 of a video), and ``preview``, a WebM that browsers play. Of several images: ``csv`` with
            the targets of all, ``images`` with a line for each, and ``all``, a ZIP. Detectors have no mask.
        labeling: What is labeled by clicks, on the second page.
    """

    def __init__(self, shelf: ModelShelf, limits: UploadLimits, folder: Path) -> None:
        self.shelf = shelf
        self.limits = limits
        self.folder = folder
        folder.mkdir(parents=True)
        self.files: dict[str, Path] = {}
        self.labeling = LabelSession(limits, folder / 'labeling')
        self._shown: dict[str, list[Path]] = {}
        self._unpacked: Path | None = None
        self._forget()

    def _forget(self) -> None:
        for folder in {path.parent for path in self.files.values()}:
            shutil.rmtree(folder, ignore_errors=True)
        if self._unpacked is not None:
            shutil.rmtree(self._unpacked, ignore_errors=True)
        self._unpacked = None
        self.results: list[FrameResult] = []
        self.entries: list[Entry] = []
        self.batch = False
        self.title = ''
        self.threshold, self.min_area = _USUAL, 1
        self.point: OperatingPoint | None = None
        self.settings: Settings | None = None
        self.loader: Any = None
        self.pictures = False
        self.notes: list[str] = []
        self.files = {}
        self._made: tuple | None = None
        self._motion = RecordedMotion()
        self._fps: float | None = None
        self.tta: str | None = None
        self._head: dict = {}
        self._default = _USUAL

    def close(self) -> None:
        """Remove the files."""
        self._forget()
        shutil.rmtree(self.folder, ignore_errors=True)

    def show(self, name: str, picture: np.ndarray) -> str:
        """Write a picture for the screen as PNG and remove old ones of this name; its path.

        A browser may still be loading the one before while a slider moves on.
        """
        path = self.folder / f'{name}-{secrets.token_urlsafe(12)}.png'
        save_png(path, picture)
        shown = self._shown.setdefault(name, [])
        shown.append(path)
        while len(shown) > _KEPT_PICTURES:
            shown.pop(0).unlink(missing_ok=True)
        return str(path)

    def put(self, name: str, image: np.ndarray) -> str:
        """Write an image as if it had been sent here under this name; its path."""
        folder = self.folder / secrets.token_urlsafe(12)
        folder.mkdir()
        done, data = cv2.imencode(Path(name).suffix, image)
        if not done:
            raise ValueError(f'{name}: an image of shape {image.shape}, {image.dtype} cannot be encoded')
        (folder / name).write_bytes(data.tobytes())
        return str(folder / name)

    @property
    def sequence(self) -> bool:
        """Whether the results are of the frames of one video or sequence."""
        return bool(self.results) and not self.results[0].source.still

    @property
    def targets(self) -> list[Target]:
        """Of all frames or images."""
        return [target for result in self.results for target in result.targets]

    @property
    def tracks(self) -> list[list[TrackPoint]]:
        """The confirmed tracks of a video, by number: the points of each in order."""
        found: dict[int, list[TrackPoint]] = {}
        for result in self.results:
            for point in result.tracks or ():
                found.setdefault(point.id, []).append(point)
        return [found[number] for number in sorted(found)]

    @property
    def stretched(self) -> FrameResult | None:
        """The first raw image that was stretched as nothing else was asked for; None: there is none."""
        return next((result for result in self.results if self.loader.stretched_by_itself(result.image)), None)

    @property
    def has_maps(self) -> bool:
        """Whether there are probabilities for each pixel."""
        return bool(self.results) and self.results[0].probability is not None

    def detect(
        self,
        paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        settings: Settings,
        threshold: float | None = None,
        min_area: int = 1,
        progress: Progress | None = None,
    ) -> bool:
        """Find the targets of what was sent and write the result files.

        Args:
            paths: The upload: an image, a video, a ZIP, or several images.
            settings: The model, and how gray values become its input.
            threshold: Probability above which a pixel is target; None: the model's own.
            min_area: Least area of a target in pixels.
            progress: Told of each frame or image.

        Returns:
            Whether a network ran; not for the same files and settings as before.

        Raises:
            UserError: The file or the model cannot be used, or none of several; the results before are gone,
                unless they are of the same files and settings.
        """
        given = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
        stats = [os.stat(path) if os.path.exists(path) else None for path in given]
        made = (
            *((os.fspath(path), found and (found.st_size, found.st_mtime_ns)) for path, found in zip(given, stats)),
            settings,
        )
        fresh = made != self._made
        if fresh:
            self._forget()
            try:
                if len(given) > 1 or Path(given[0]).suffix.lower() == ZIP_SUFFIX:
                    self._unpacked = self.folder / secrets.token_urlsafe(12)
                    self._run_batch(accept_batch(given, self.limits, self._unpacked / 'zip'), settings, progress)
                else:
                    self._run_alone(accept_upload(given[0], self.limits), settings, progress)
            except BaseException:
                self._forget()
                raise
            self.settings, self._made = settings, made
        # Pictures of many images take a while, and are made when they are asked for.
        pictures = not self.batch or not fresh
        self.rethreshold(self._default if threshold is None else threshold, min_area, pictures)
        return fresh

    def _run_alone(self, upload: UploadedFile, settings: Settings, progress: Progress | None) -> None:
        stills = [upload] if upload.still else []
        with self.shelf.lock:
            self._run_sequence(self._prepare(settings, stills), upload, progress)
        self.title = upload.label

    def _run_batch(self, batch: UploadedBatch, settings: Settings, progress: Progress | None) -> None:
        self.title = batch.name
        with self.shelf.lock:
            inferencer = self._prepare(settings, batch.images)
        if inferencer.sequences and len(batch.images) > 1:
            assert self._unpacked is not None
            frames = batch.as_sequence(self._unpacked / 'frames', self.limits)
            with self.shelf.lock:
                self._run_sequence(inferencer, frames, progress)
            self.notes.append(
                f'The {len(batch.images)} images were taken for the frames of one sequence, in the order of their '
                'names, as this detector of moving targets needs them.'
            )
            left_out = [f'{name}: {problem}' for name, problem in batch.refused]
            self.notes += [*batch.notes, *(f'Left out: {line}' for line in left_out[:5])]
            return
        self.batch = True
        for number, image in enumerate(batch.images, 1):
            with self.shelf.lock:  # others may have their turn between two images
                self._run(inferencer, image)
            if progress is not None:
                progress(number, len(batch.images))
        self.entries += [Entry(name, problem=problem) for name, problem in batch.refused]
        self.entries.sort(key=lambda entry: natural_key(entry.name))
        failed = [entry for entry in self.entries if entry.problem]
        if not self.results:
            count = f'none of the {len(failed)} images' if len(failed) > 1 else 'the only image'
            cannot = 'can' if len(failed) > 1 else 'cannot'
            raise DataError(f'{count} {cannot} be used; {failed[0].name}: {failed[0].problem}')
        self.notes += batch.notes

    def _prepare(self, settings: Settings, stills: list[UploadedFile]) -> TargetInferencer:
        """The inferencer for these settings."""
        options, tta = settings.load_options, settings.tta
        if tta is not None and not self.shelf.takes_views(settings.model):
            self.notes.append('Views and size change nothing here: this model sees each image as it is.')
            tta = None
        inferencer = self.shelf.get(settings.model, options, tta)
        if options.get('bit_depth') is not None and not any_16_bits(stills):
            self.notes.append(f'{settings.gray} changes nothing here: there is no 16-bit image.')
        self.loader = inferencer.loader
        self.tta = inferencer.tta
        self.point = inferencer.operating_point
        self._default = inferencer.threshold if self.point is None else _USUAL
        if self.point is not None:
            self.notes.append(
                f'The threshold is that of the checkpoint: {self.point}. It decides while the slider stands at '
                f'{_USUAL:.2f}; move it for another.'
            )
            if other := self.point.other_conditions(inferencer.loader.in_effect, inferencer.tta):
                self.notes.append(f'{other[0].upper()}{other[1:]}.')
        self._head = inferencer.provenance()
        return inferencer

    def _run_sequence(self, inferencer: TargetInferencer, upload: UploadedFile, progress: Progress | None) -> None:
        """As :meth:`_run`, where without a result there is nothing to show."""
        problems = self._run(inferencer, upload, progress)
        if not self.results:
            raise problems[0] if problems else DataError(f'{upload.label}: no frame in it could be decoded')
        if problem := self.entries[0].problem:
            self.notes.append(f'Ended early: {problem}')

    def _run(
        self, inferencer: TargetInferencer, upload: UploadedFile, progress: Progress | None = None
    ) -> list[Exception]:
        """Add the results of one file, and its entry; what went wrong."""
        problems: list[Exception] = []
        results: list[FrameResult] = []
        began = time.perf_counter()
        for result in inferencer.infer(
            upload, on_error=lambda _, error: problems.append(error), max_frames=upload.max_frames
        ):
            results.append(result)
            if progress is not None and not upload.still:
                progress(len(results), self._expected(inferencer.stream, upload))
        took = time.perf_counter() - began
        stream = inferencer.stream
        if not upload.still and stream is not None:
            total, self._fps = stream.total, stream.fps
            if len(results) == upload.max_frames and (total is None or total > len(results)):
                self.notes.append(
                    f'Only the first {len(results)} frames{f" of {total}" if total else ""} were '
                    'looked at: that is the limit for a video of this size.'
                )
        problem = describe_error(problems[0], upload) if problems else None
        if problem and upload.still:
            problem = problem.removeprefix(f'{upload.label}: ')  # the entry has the name
        first = len(self.results) if results else None
        self.entries.append(Entry(upload.label, first, took if results else None, problem))
        self.results += results
        return problems

    @staticmethod
    def _expected(stream: FrameStream | LiveStream | None, upload: UploadedFile) -> int | None:
        total = None if stream is None else stream.total
        return min((limit for limit in (total, upload.max_frames) if limit is not None), default=None)

    def rethreshold(self, threshold: float, min_area: int = 1, pictures: bool | None = None) -> None:
        """Take the targets of another threshold from the maps in memory, and write the files anew.

        Args:
            threshold: As for :meth:`detect`.
            min_area: As for :meth:`detect`.
            pictures: Write the overlays, too; None: of an image, but not of a video or of many images, which takes a
                while.

        Raises:
            ValueError: An argument is out of its range, or there are no results.
        """
        if not self.results:
            raise ValueError('there are no results yet')
        decision = self.point if self.point is not None and threshold == _USUAL else threshold
        self.results = [result.at_threshold(decision, min_area) for result in self.results]
        if self.sequence:
            self.results = list(TargetTracker(estimator=self._motion).track(self.results))
        self.threshold, self.min_area = threshold, min_area
        self.pictures = not (self.batch or self.sequence) if pictures is None else pictures
        self._write(self.pictures)

    def _write(self, pictures: bool) -> None:
        """Into a folder of its own, so that no file changes while it is being sent; the one before goes."""
        before = {path.parent for path in self.files.values()}
        root = self.folder / secrets.token_urlsafe(12)
        head = dict(self._head, min_area=self.min_area)
        kinds = (
            {'csv', 'json', 'mask'} | ({'overlay'} if pictures else set()) | ({'tracks'} if self.sequence else set())
        )
        try:
            if self.batch:
                self.files = write_batch(root, self.title, self.results, self.entries, kinds, head)
            else:
                self.files = write_alone(root, self.results, kinds, head, self._fps, self.entries[0].problem)
        except BaseException:
            self.files = {}
            shutil.rmtree(root, ignore_errors=True)
            raise
        finally:
            for folder in before:
                shutil.rmtree(folder, ignore_errors=True)
