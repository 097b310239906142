"""One run of ``mmirstd infer`` over all inputs."""

from __future__ import annotations

import argparse
import dataclasses
import errno
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing, suppress
from functools import partial
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mmirstd.apis import OutputFolder, ResultWriter, Source, TargetTracker, expand_inputs
from mmirstd.apis.frame_inference import FrameInference
from mmirstd.apis.frame_result import FrameResult
from mmirstd.apis.inputs import describe_repeated, describe_skipped, without_repeats
from mmirstd.apis.live_stream import LiveStream
from mmirstd.apis.result_kinds import MAP_KINDS, output_folders
from mmirstd.apis.target_tracker import milliseconds
from mmirstd.compat.hardware import available_cores
from mmirstd.utils.errors import DataError, UserError
from mmirstd.utils.write_behind import WriteBehind

#: Errors in writing that the next file would meet as well.
_FATAL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
_SHOWN = 20
#: Results that wait to be written take about so many bytes at most.
WAITING_BYTES = 2**26
#: Threads that write results of images: a GPU is faster than one of them.
WRITERS = max(1, min(4, available_cores() // 2))
#: The option behind an error of a file -> what to do about it here.
_CURES = {
    'nonfinite': 'repair the file, or --nonfinite median',
    'normalize': '--normalize percentile, or --max-value V',
    'bit_depth': 'the right --bit-depth',
}


def describe(inferencer: FrameInference, args: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    """What results depend on besides the inputs, and what the head of a JSON result says of it."""
    head = inferencer.provenance()
    settings = {key: value for key, value in head.items() if key != 'mmirstd'}
    tracking = None if args.tracking is None else json.loads(json.dumps(dataclasses.asdict(args.tracking)))
    if tracking is not None:
        head['tracking'] = settings['tracking'] = tracking
    return dict(
        settings, model_sha256=inferencer.model_digest(), threshold=inferencer.threshold, max_frames=args.max_frames
    ), head


def _size(result: FrameResult) -> int:
    # Neither do more than 16 wait, however small they are.
    return max(result.nbytes, WAITING_BYTES // 16)


class Batch:
    """One run over all inputs; a file that fails does not stop the others.

    Args:
        inferencer: The inferencer.
        folder: Where results go.
        args: The command line.
        head: Entries for the heads of JSON results.
    """

    def __init__(
        self, inferencer: FrameInference, folder: OutputFolder, args: argparse.Namespace, head: dict[str, Any]
    ) -> None:
        self.inferencer = inferencer
        self.folder = folder
        self.args = args
        self.head = head
        self.kinds = [kind for kind in args.save if not (inferencer.boxes and kind in MAP_KINDS)]
        self.folders = output_folders(self.kinds)
        self.failures: dict[str, str] = {}
        self.done = self.skipped = self.targets = 0
        self.tracker = None if args.tracking is None else TargetTracker(args.tracking)
        self.tracks = 0
        self.times: dict[str, list[float]] = {'detection': [], 'tracking': []}
        self.stopped: str | None = None
        self.left_out: dict[str, None] = {}
        self.repeated: dict[str, None] = {}

    def sources(self) -> Iterator[Source]:
        """All inputs of this process, listed lazily; a file that is named twice has one name for its outputs: once."""
        listed = expand_inputs(
            self.args.inputs,
            self.args.recursive,
            self.inferencer.sequences,
            self.folder.root,
            on_skip=lambda path: self.left_out.setdefault(path),
        )
        listed = without_repeats(listed, lambda path: self.repeated.setdefault(path))
        shard = self.args.shard  # after that, since a part of a folder may have another name than the file itself
        return listed if shard is None else filter(shard.has, listed)

    def run(self) -> None:
        """Work through the inputs."""
        columns = TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        with Progress(*columns, console=Console(stderr=True), disable=self.args.quiet) as self.progress:
            total = sum(1 for _ in self.sources())
            self.task = self.progress.add_task('inputs', total=total)
            try:
                for still, group in groupby(self._todo(), key=lambda source: source.still):
                    (self._stills if still else self._sequences)(group)
            except _Stop as stop:
                self.stopped = str(stop)

    def _todo(self) -> Iterator[Source]:
        for source in self.sources():
            if self.folder.is_finished(source, self.folders):
                self.skipped += 1
                self.progress.advance(self.task)
            else:
                yield source

    def _stills(self, sources: Iterator[Source]) -> None:
        if self.tracker is not None:
            for source in sources:
                self._failed(source, _no_sequence(source))
            return

        def write(writer: ResultWriter, result: FrameResult) -> tuple[Source, int, Exception | None]:
            try:
                writer.add(result)
                writer.close()
            except (OSError, ValueError, MemoryError) as error:
                writer.abort()
                if isinstance(error, OSError) and error.errno in _FATAL:
                    raise _UnwritableError(result.source, error) from error
                return result.source, 0, error
            except BaseException:
                writer.abort()
                raise
            return result.source, len(result.targets), None

        def take(written: Future[tuple[Source, int, Exception | None]]) -> None:
            try:
                source, targets, error = written.result()
            except _UnwritableError as stop:
                source, targets, error = stop.source, 0, stop.error
            if error is None:
                self._succeeded(source, targets)
            else:
                self._failed(source, error)

        results = self.inferencer.infer(sources, self.args.batch_size, on_error=self._failed)
        with closing(results), WriteBehind(take, WAITING_BYTES, WRITERS) as background:
            for result in results:
                # The writer is made here, so that names are given in the order of the inputs.
                background.submit(partial(write, self._writer(result.source), result), _size(result))

    def _sequences(self, sources: Iterator[Source]) -> None:
        for source in sources:
            self._sequence(source)

    def _sequence(self, source: Source) -> None:
        problems: list[Exception] = []

        def note_first(_: Source, error: Exception) -> None:
            if not problems:
                problems.append(error)

        frames = self.inferencer.infer(
            source,
            self.args.batch_size,
            on_error=note_first,
            raw_format=self.args.raw_format,
            max_frames=self.args.max_frames,
        )
        writer = self._writer(source)
        targets = 0
        tracks: set[int] = set()
        seconds: list[float] = []
        task = self.progress.add_task('frames', total=self.args.max_frames)

        def take(written: Future[None]) -> None:
            written.result()
            self.progress.advance(task)

        try:
            with closing(frames), WriteBehind(take, WAITING_BYTES) as background:
                try:
                    for number, result in enumerate(_timed(frames, seconds)):
                        stream = self.inferencer.stream
                        if not number and stream is not None:
                            writer.fps = self.args.fps or stream.fps or writer.fps
                            self.progress.update(task, total=self.args.max_frames or stream.total)
                        if self.tracker is not None:
                            result = self.tracker(result)
                            tracks.update(track.id for track in result.tracks or ())
                        background.submit(partial(writer.add, result), _size(result))
                        targets += len(result.targets)
                except KeyboardInterrupt:
                    if source.kind not in ('live', 'stdin'):
                        raise
                    # The way to end what has no end.
            problem = str(problems[0]) if problems else None
            writer.close(problem, self._tracking(source, seconds) if writer.frames else None)
        except (OSError, ValueError, MemoryError) as error:
            writer.abort()
            problems.append(error)
        except BaseException:
            writer.abort()
            raise
        finally:
            self.progress.remove_task(task)
        if isinstance(stream := self.inferencer.stream, LiveStream) and source.kind == 'live':
            print(f'{source.label}: {stream.report()}', file=sys.stderr)
        if not writer.frames and not problems:
            problems.append(ValueError('there was no frame'))
        if problems:
            self._failed(source, problems[-1] if isinstance(problems[-1], OSError) else problems[0])
        else:
            self.tracks += len(tracks)
            self._succeeded(source, targets)

    def _tracking(self, source: Source, seconds: list[float]) -> dict[str, Any] | None:
        """What the file of tracks says at its end; what is out of the ordinary is said here, too."""
        if self.tracker is None:
            return None
        report = self.tracker.report()
        # the first frame warms the network up
        self.times['detection'] += seconds[1:]
        self.times['tracking'] += self.tracker.seconds[1:]
        frames = ', '.join(map(str, report['jumps'][:5])) + (' ...' if len(report['jumps']) > 5 else '')
        for count, text in (
            (len(report['jumps']), f'the camera jumps at frame {frames}; all tracks ended there'),
            (report['repeats'], f'{report["repeats"]} frames are the frame before again; they count as no frame'),
            (report['gaps'], f'frames are missing at {report["gaps"]} places; they count as frames without detection'),
        ):
            if count:
                print(f'notice: {source.label}: {text}', file=sys.stderr)
        return dict(report, detection_ms=milliseconds(seconds[1:]))

    def _writer(self, source: Source) -> ResultWriter:
        return ResultWriter(self.folder, source, self.kinds, self.head)

    def _succeeded(self, source: Source, targets: int) -> None:
        self.done += 1
        self.targets += targets
        self.progress.advance(self.task)

    def _failed(self, source: Source, error: Exception) -> None:
        if isinstance(error, UserError):
            text = error.told(_CURES.get(error.option or '', error.cure))
        else:
            text = str(error) if str(error) and not isinstance(error, KeyError) else repr(error)
        if source.label not in text:
            text = f'{source.label}: {text}'
        self.failures.setdefault(source.label, text)
        self.progress.advance(self.task)
        if isinstance(error, OSError) and error.errno in _FATAL:
            raise _Stop(
                f'{self.folder.root}: {error.strerror}; what was finished is kept, and the same command goes '
                'on from there'
            )

    def report(self) -> int:
        """Print what was done; the exit status."""
        if 'csv' in self.kinds and not self.stopped:
            print(f'targets: {self.folder.write_table()}')
        if self.tracker is not None and not self.stopped:
            print(f'tracks: {self.folder.write_track_table()} ({self.tracks} tracks)')
            for name, seconds in self.times.items():
                if found := milliseconds(seconds):
                    median, high = found['median'], found['p95']
                    print(f'{name}: {median:.1f} ms a frame in the median, {high:.1f} ms in 95 % of the frames')
        print(f'{self.done} done ({self.targets} targets), {self.skipped} finished before, {len(self.failures)} failed')
        if self.left_out:
            print(describe_skipped(list(self.left_out)))
        if self.repeated:
            print(describe_repeated(list(self.repeated)))
        print(f'results: {self.folder.root}')
        if not self.failures:
            self.folder.write_failures([])
            return 0
        listed = None
        with suppress(OSError):  # on a full disk the list below is what remains
            listed = self.folder.write_failures(list(self.failures.items()))
        print(f'failed{f" (all of them in {listed})" if listed else ""}:', file=sys.stderr)
        for text in list(self.failures.values())[:_SHOWN]:
            print(f'  {text}', file=sys.stderr)
        if len(self.failures) > _SHOWN:
            print(f'  ... and {len(self.failures) - _SHOWN} more', file=sys.stderr)
        if self.stopped:
            print(f'stopped: {self.stopped}', file=sys.stderr)
        return 1


def _timed(results: Iterator[FrameResult], seconds: list[float]) -> Iterator[FrameResult]:
    """The results, and how long each took to come."""
    while True:
        began = time.perf_counter()
        result = next(results, None)
        if result is None:
            return
        seconds.append(time.perf_counter() - began)
        yield result


def _no_sequence(source: Source) -> Exception:
    try:
        source.read()
    except (DataError, OSError) as error:  # there is something worse to tell
        return error
    return DataError(
        source.label,
        found='a single image',
        expected='a sequence, since --track was given',
        cure='put the frames of a sequence into a folder and name the folder, or name a video; or leave --track out',
    )


class _UnwritableError(Exception):
    """The folder takes no file any more."""

    def __init__(self, source: Source, error: OSError) -> None:
        super().__init__(str(error))
        self.source = source
        self.error = error


class _Stop(Exception):
    """No further input can succeed."""
