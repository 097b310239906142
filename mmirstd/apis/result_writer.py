"""Write results: masks, probabilities, targets as JSON and CSV, overlays, annotated video."""

from __future__ import annotations

import csv
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TextIO

import cv2
import numpy as np

from mmirstd.utils.png import encode_png
from mmirstd.visualization.track_overlay import draw_tracks
from mmirstd.visualization.video_overlay import DisplayRange, draw_targets

from .frame_result import FrameResult
from .inputs import Source
from .output_folder import FRAMES_SUFFIX, OutputFolder
from .result_kinds import FOLDERS
from .streamed_json import StreamedJson, close_quietly
from .target_schema import CSV_COLUMNS, csv_row
from .track_files import TrackFiles

DEFAULT_FPS = 25.0


class ResultWriter:
    """Writes the results of one source frame by frame; they appear when :meth:`close` is called.

    Targets are written as they come, so memory does not grow with the length of a video.

    Args:
        folder: Where to.
        source: The source.
        kinds: Of ``KINDS``; maps of a detector are left out.
        extra: Entries for the head of the JSON file, such as the model's name.
        fps: Frame rate of the annotated video.

    Raises:
        OSError: Something cannot be written; call :meth:`abort`.
    """

    def __init__(
        self,
        folder: OutputFolder,
        source: Source,
        kinds: Collection[str],
        extra: Mapping[str, Any] | None = None,
        fps: float | None = None,
    ) -> None:
        self.source = source
        self.kinds = set(kinds)
        self.extra = dict(extra or {})
        self.fps = fps or DEFAULT_FPS
        self.frames = 0
        self._outputs = folder.begin(source)
        self._sequence = not source.still
        self._folders: dict[str, Path] = {}
        self._csv: TextIO | None = None
        self._json: StreamedJson | None = None
        self._tracks: TrackFiles | None = None
        self._video: _Video | None = None

    def add(self, result: FrameResult) -> None:
        """Write one frame's result."""
        if not self.frames:
            self._open(result)
        self.frames += 1
        if self._csv is not None:
            csv.writer(self._csv).writerows(csv_row(self.source.label, target) for target in result.targets)
        if self._json is not None:
            self._json.add(result.targets)
        if self._tracks is not None:
            self._tracks.add(result.tracks or [])
        if result.mask is not None and result.probability is not None:
            if 'mask' in self.kinds:
                self._write('mask', '.png', result.frame, encode_png(result.mask.view(np.uint8) * np.uint8(255)))
            if 'prob' in self.kinds:
                self._write(
                    'prob', '.png', result.frame, encode_png(np.rint(result.probability * 65535).astype(np.uint16))
                )
            for kind, values in (('npy', result.probability), ('logit', result.logit)):
                if kind in self.kinds and values is not None:
                    with self._path(kind, '.npy', result.frame).open('wb') as file:
                        np.save(file, values)
        if self._video is not None:
            self._video.add(result)
        elif 'overlay' in self.kinds:
            self._write('overlay', '.png', result.frame, encode_png(result.picture()))

    def _open(self, result: FrameResult) -> None:
        if 'csv' in self.kinds:
            path = self._outputs.path(FOLDERS['csv'], '.csv')
            self._csv = path.open('w', newline='', encoding='utf-8', errors='surrogateescape')
            csv.writer(self._csv).writerow(CSV_COLUMNS)
        if 'json' in self.kinds:
            self._json = StreamedJson(self._outputs.path(FOLDERS['json'], '.json'), self._head(result), 'targets')
        if 'tracks' in self.kinds:
            table, record = (self._outputs.path(FOLDERS['tracks'], suffix) for suffix in ('.csv', '.json'))
            self._tracks = TrackFiles(table, record, self.source.label, self._head(result))
        if 'overlay' in self.kinds and self._sequence:
            self._video = _Video(self._outputs.path(FOLDERS['overlay'], '.mp4'), self.fps)

    def _head(self, result: FrameResult) -> dict[str, Any]:
        return dict(result.header(), **self.extra, fps=self.fps if self._sequence else None)

    def _path(self, kind: str, suffix: str, frame: int) -> Path:
        if not self._sequence:
            return self._outputs.path(FOLDERS[kind], suffix)
        if kind not in self._folders:
            self._folders[kind] = self._outputs.path(FOLDERS[kind], FRAMES_SUFFIX)
        return self._folders[kind] / f'{frame:06d}{suffix}'

    def _write(self, kind: str, suffix: str, frame: int, data: bytes) -> None:
        self._path(kind, suffix, frame).write_bytes(data)

    def close(self, problem: str | None = None, tracking: Mapping[str, Any] | None = None) -> list[Path]:
        """Finish all files and put them in their places.

        Args:
            problem: Why the source ended early; it is then not taken for finished.
            tracking: Entries for the end of the JSON file of tracks, see :meth:`~.target_tracker.TargetTracker.report`.

        Returns:
            The outputs; none without a frame.
        """
        if not self.frames:
            self.abort()
            return []
        if self._csv is not None:
            self._csv.close()
        if self._json is not None:
            self._json.close(frames=self.frames, complete=problem is None, problem=problem)
        if self._tracks is not None:
            self._tracks.close(frames=self.frames, complete=problem is None, problem=problem, **(tracking or {}))
        if self._video is not None:
            self._video.close()
        return self._outputs.commit(finished=problem is None)

    def abort(self) -> None:
        """Remove what was written."""
        if self._json is not None:
            self._json.abandon()
        if self._tracks is not None:
            self._tracks.abandon()
        if self._video is not None:
            self._video.abandon()
        if self._csv is not None:
            close_quietly(self._csv)
        self._outputs.abort()


class _Video:
    """MP4 with the targets marked; OpenCV tells of no error in writing, so it is counted afterward."""

    def __init__(self, path: Path, fps: float) -> None:
        self.path = path
        self.fps = fps
        self.frames = 0
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._range = DisplayRange()

    def add(self, result: FrameResult) -> None:
        shown = self._range.update(result.image)
        if result.tracks is None:
            boxes = [(t.x0, t.y0, t.x1, t.y1, t.peak) for t in result.targets]
            text = f'frame {result.frame}: {len(result.targets)} targets'
            names = [t.class_name for t in result.targets]
            picture = draw_targets(result.image, boxes, text, shown, names)
        else:
            text = f'frame {result.frame}: {len(result.tracks)} tracks'
            picture = draw_tracks(result.image, result.tracks, text, shown)
        if self._writer is None:
            self._size = picture.shape[1::-1]
            # MPEG-4 part 2: the encoder that every build of OpenCV has; H.264 is in few.
            self._writer = cv2.VideoWriter(
                os.fspath(self.path), cv2.VideoWriter.fourcc(*'mp4v'), self.fps, picture.shape[1::-1]
            )
            if not self._writer.isOpened():
                raise OSError(
                    f'{self.path}: OpenCV cannot write an MP4 video of {picture.shape[1]}x{picture.shape[0]} '
                    'pixels here; leave overlay out of --save'
                )
        if picture.shape[1::-1] != self._size:  # a camera came back with another one; OpenCV would leave the frame out
            picture = cv2.resize(picture, self._size)
        self._writer.write(picture)
        self.frames += 1

    def close(self) -> None:
        self.abandon()
        capture = cv2.VideoCapture(os.fspath(self.path))
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
        capture.release()
        if count != self.frames:
            raise OSError(
                f'{self.path}: the video could not be written in full ({count} of {self.frames} frames); is '
                'the disk full?'
            )

    def abandon(self) -> None:
        if self._writer is not None:
            self._writer.release()
            self._writer = None
