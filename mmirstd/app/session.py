"""One person's work with the app: a file, its results, their files; nothing here knows of web pages."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import RLock

import cv2
import numpy as np

from mmirstd.apis.frame_result import FrameResult
from mmirstd.apis.frame_stream import FrameStream
from mmirstd.apis.output_folder import FRAMES_SUFFIX, OutputFolder
from mmirstd.apis.result_kinds import MAP_KINDS
from mmirstd.apis.result_writer import DEFAULT_FPS, ResultWriter
from mmirstd.apis.target_schema import Target
from mmirstd.datasets.bit_depth import BitDepthWatch
from mmirstd.utils.commands import command_line
from mmirstd.utils.errors import DataError, UserError
from mmirstd.utils.files import save_png

from .model_choices import ModelShelf
from .upload_limits import UploadLimits
from .uploads import UploadedFile, accept_upload

#: Called with the number of frames done and of frames in all (None: not known).
Progress = Callable[[int, 'int | None'], None]
#: What is written of an image or a video -> where :class:`~.result_writer.ResultWriter` puts it.
_FILES = {
    'csv': ('csv', '.csv', '-targets.csv'),
    'json': ('json', '.json', '-targets.json'),
    'mask': ('masks', '.png', '-mask.png'),
    'overlay': ('overlays', '.png', '-overlay.png'),
}
_KEPT_PICTURES = 4
_logger = logging.getLogger('mmirstd.app')


class AppSession:
    """Results of one file, kept so that another threshold costs no run of the network.

    Not for several threads at once; see :class:`SessionStore`.

    Args:
        shelf: The models.
        limits: What an upload may cost.
        folder: For this session's files; made here, removed by :meth:`close`.

    Attributes:
        results: Of the frames, in order.
        threshold, min_area: What counts as a target.
        model: Name of the choice.
        notes: What the person should know: frames left out, a video that ended early.
        files: What can be downloaded: ``csv``, ``json``, ``mask`` (ZIP of a video's), ``overlay`` (MP4 of a video),
            and ``preview``, a WebM that browsers play. Detectors have no mask.
    """

    def __init__(self, shelf: ModelShelf, limits: UploadLimits, folder: Path) -> None:
        self.shelf = shelf
        self.limits = limits
        self.folder = folder
        folder.mkdir(parents=True)
        self.files: dict[str, Path] = {}
        self._shown: dict[str, list[Path]] = {}
        self._forget()

    def _forget(self) -> None:
        for folder in {path.parent for path in self.files.values()}:
            shutil.rmtree(folder, ignore_errors=True)
        self.results: list[FrameResult] = []
        self.threshold, self.min_area = 0.5, 1
        self.model = ''
        self.notes: list[str] = []
        self.files = {}
        self._made: tuple | None = None
        self._fps: float | None = None
        self._head: dict = {}
        self._default = 0.5
        self._problem: str | None = None

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
    def source(self) -> UploadedFile:
        """The file that the results are of."""
        source = self.results[0].source
        assert isinstance(source, UploadedFile)
        return source

    @property
    def targets(self) -> list[Target]:
        """Of all frames."""
        return [target for result in self.results for target in result.targets]

    @property
    def has_maps(self) -> bool:
        """Whether there are probabilities for each pixel."""
        return bool(self.results) and self.results[0].probability is not None

    def detect(
        self,
        path: str | os.PathLike[str],
        model: str,
        normalize: str | None = None,
        threshold: float | None = None,
        min_area: int = 1,
        progress: Progress | None = None,
    ) -> bool:
        """Find the targets of a file and write the result files.

        Args:
            path: The upload.
            model: Name of the choice.
            normalize: How gray values become the network's input; None: as in training.
            threshold: Probability above which a pixel is target; None: the model's own.
            min_area: Least area of a target in pixels.
            progress: Told of each frame.

        Returns:
            Whether a network ran; not for the same file, model and normalization as before.

        Raises:
            UserError: The file or the model cannot be used; the results before are gone,
                unless they are of the same file and model.
        """
        status = os.stat(path) if os.path.exists(path) else None
        made = (os.fspath(path), status and (status.st_size, status.st_mtime_ns), model, normalize)
        fresh = made != self._made
        if fresh:
            self._forget()
            self._run(accept_upload(path, self.limits), model, normalize, progress)
            self._made = made
        self.rethreshold(self._default if threshold is None else threshold, min_area, pictures=True)
        return fresh

    def _run(self, upload: UploadedFile, model: str, normalize: str | None, progress: Progress | None) -> None:
        problems: list[Exception] = []
        results = []
        watch = BitDepthWatch()
        with self.shelf.lock:
            inferencer = self.shelf.get(model, normalize)
            for result in inferencer.infer(
                upload, on_error=lambda _, error: problems.append(error), max_frames=upload.max_frames
            ):
                results.append(result)
                watch.observe(result.image)
                if progress is not None and not upload.still:
                    progress(len(results), self._expected(inferencer.stream, upload))
            if not results:
                raise problems[0] if problems else DataError(f'{upload.label}: no frame in it could be decoded')
            if notice := inferencer.bit_depth_notice(watch):
                self.notes.append(notice)
            self._default = inferencer.threshold
            self._head = inferencer.provenance()
            stream = inferencer.stream
            if not upload.still and stream is not None:
                total, self._fps = stream.total, stream.fps
                if len(results) == upload.max_frames and (total is None or total > len(results)):
                    self.notes.append(
                        f'Only the first {len(results)} frames{f" of {total}" if total else ""} were '
                        'looked at: that is the limit for a video of this size.'
                    )
        self.notes += [f'Ended early: {describe_error(error, upload.location)}' for error in problems]
        self._problem = describe_error(problems[0], upload.location) if problems else None
        self.results, self.model = results, model

    @staticmethod
    def _expected(stream: FrameStream | None, upload: UploadedFile) -> int | None:
        total = None if stream is None else stream.total
        return min((limit for limit in (total, upload.max_frames) if limit is not None), default=None)

    def rethreshold(self, threshold: float, min_area: int = 1, pictures: bool | None = None) -> None:
        """Take the targets of another threshold from the maps in memory, and write the files anew.

        Args:
            threshold: As for :meth:`detect`.
            min_area: As for :meth:`detect`.
            pictures: Write the overlay, too; None: of an image, but not of a video, whose encoding takes a while.

        Raises:
            ValueError: An argument is out of its range, or there are no results.
        """
        if not self.results:
            raise ValueError('there are no results yet')
        self.results = [result.at_threshold(threshold, min_area) for result in self.results]
        self.threshold, self.min_area = threshold, min_area
        self._write(self.source.still if pictures is None else pictures)

    def _write(self, pictures: bool) -> None:
        """Into a folder of its own, so that no file changes while it is being sent; the one before goes."""
        before = {path.parent for path in self.files.values()}
        root = self.folder / secrets.token_urlsafe(12)
        try:
            source = self.source
            kinds = set(_FILES) - (set() if self.has_maps else MAP_KINDS) - (set() if pictures else {'overlay'})
            writer = ResultWriter(
                OutputFolder(root, {}), source, kinds, dict(self._head, min_area=self.min_area), self._fps
            )
            try:
                for result in self.results:
                    writer.add(result)
                writer.close(problem=self._problem)
            except BaseException:
                writer.abort()
                raise
            self.files = self._collect(root, kinds)
        except BaseException:
            self.files = {}
            shutil.rmtree(root, ignore_errors=True)
            raise
        finally:
            for folder in before:
                shutil.rmtree(folder, ignore_errors=True)

    def _collect(self, root: Path, kinds: set[str]) -> dict[str, Path]:
        """Give the files names that tell them apart, and put a video's masks into one."""
        files = {}
        for kind in sorted(kinds):
            folder, suffix, ending = _FILES[kind]
            if kind == 'overlay' and not self.source.still:
                suffix, ending = '.mp4', '-overlay.mp4'
            if kind == 'mask' and not self.source.still:
                frames = next((root / folder).glob(f'*{FRAMES_SUFFIX}'))
                packed = shutil.make_archive(str(root / 'masks'), 'zip', frames)
                files[kind] = Path(packed).rename(root / f'{self.source.name}-masks.zip')
                continue
            made = next((root / folder).glob(f'*{suffix}'))
            files[kind] = made.rename(root / f'{self.source.name}{ending}')
        if 'overlay' in files and not self.source.still:
            preview = root / f'{self.source.name}-preview.webm'
            if _write_webm(files['overlay'], preview):
                files['preview'] = preview
        return files


def _write_webm(video: Path, path: Path) -> bool:
    """The same pictures as VP8, which browsers play, unlike the MPEG-4 part 2 of our MP4; False where OpenCV cannot."""
    capture = cv2.VideoCapture(str(video))
    writer = None
    count = 0
    try:
        fps = capture.get(cv2.CAP_PROP_FPS) or DEFAULT_FPS
        while True:
            found, frame = capture.read()
            if not found:
                break
            if writer is None:
                writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'VP80'), fps, frame.shape[1::-1])
            if not writer.isOpened():
                break
            writer.write(frame)
            count += 1
    finally:
        capture.release()
        if writer is not None:
            writer.release()
    if count == 0 or not path.is_file():
        path.unlink(missing_ok=True)
        return False
    return True


def describe_error(error: Exception, path: str | os.PathLike[str] = '') -> str:
    """What to tell the person: the message of an error that is about input, without this machine's folders.

    An error that nobody foresaw is logged with its traceback and told by its type alone.

    Args:
        error: What was raised.
        path: Where the upload was put.
    """
    if isinstance(error, UserError):
        text = error.told(_cures().get(error.option or '', error.cure))
    elif isinstance(error, OSError) and error.strerror:
        text = f'The app cannot read or write its files: {error.strerror}.'
    elif isinstance(error, MemoryError):
        text = 'There is not enough memory for this.'
    else:
        _logger.error('unexpected error', exc_info=error)
        text = f'Something went wrong here ({type(error).__name__}); the log of the app has the details.'
    path = os.fspath(path)
    if path:
        text = text.replace(path, os.path.basename(path)).replace(os.path.dirname(path) + os.sep, '')
    return text


def _cures() -> dict[str, str]:
    """Option behind an error -> what one can do about it here."""
    return {
        'nonfinite': f'repair the file, or use {command_line("infer", "--nonfinite", "median")}',
        'normalize': 'another choice of gray values',
        'bit_depth': f'another choice of gray values, or {command_line("infer", "--bit-depth", "N")}',
    }


class SessionStore:
    """The sessions of all people; the one that has not been used for longest goes when there are too many.

    Args:
        shelf: The models.
        limits: What an upload may cost.
        folder: For their files.
        most: Sessions at most; each holds one file's results in memory.
    """

    def __init__(self, shelf: ModelShelf, limits: UploadLimits, folder: Path, most: int = 8) -> None:
        self.shelf = shelf
        self.limits = limits
        self.folder = folder
        self.most = most
        self._sessions: OrderedDict[str, tuple[AppSession, RLock]] = OrderedDict()
        self._lock = RLock()

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, key: str) -> tuple[AppSession, RLock]:
        """A person's session, begun if need be, and the lock to hold while using it."""
        with self._lock:
            if key not in self._sessions:
                folder = self.folder / secrets.token_urlsafe(12)
                self._sessions[key] = AppSession(self.shelf, self.limits, folder), RLock()
            self._sessions.move_to_end(key)
            for old in list(self._sessions)[: -self.most]:
                self.end(old, wait=False)
            return self._sessions[key]

    def end(self, key: str, wait: bool = True) -> None:
        """Forget a session and remove its files; one in use only if ``wait``."""
        with self._lock:
            held = self._sessions.get(key)
        if held is None:
            return
        session, lock = held
        if not lock.acquire(blocking=wait):
            return
        try:
            with self._lock:
                self._sessions.pop(key, None)
            session.close()
        finally:
            lock.release()

    def close(self) -> None:
        """Forget all sessions."""
        for key in list(self._sessions):
            with suppress(OSError):
                self.end(key)
