"""A folder of results that can be interrupted and continued, in which nothing is overwritten by chance."""

from __future__ import annotations

import copy
import csv
import hashlib
import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmirstd.datasets.gray_normalization import RENAMED_OPTIONS
from mmirstd.datasets.sequences import natural_key
from mmirstd.utils.errors import UserError
from mmirstd.utils.files import atomic_path, write_json
from mmirstd.utils.json_text import parse_json
from mmirstd.utils.renamed import rename_keys

from .inputs import Source, identity
from .result_kinds import FOLDERS
from .shard import Shard
from .target_schema import CSV_COLUMNS
from .track_files import TRACK_COLUMNS

LOG_NAME = 'finished.jsonl'
FAILED_NAME = 'failed.csv'
TABLE_NAME = 'targets.csv'
TRACK_TABLE_NAME = 'tracks.csv'
#: A sequence's masks lie in a folder of its name with this at the end.
FRAMES_SUFFIX = '.frames'
#: What the log has as identity of a camera, pipe or array that is finished: nothing tells whether it comes again.
_PASSED = 'passed'


class _Entry(NamedTuple):
    """A line of the log.

    Attributes:
        name: Of the outputs.
        identity: Of the input; ``'passed'`` where it has none; '' if it is not finished.
        outputs: Paths below the folder.
        time: When it was written, seconds since 1970; 0 in logs of versions that did not note it.
    """

    name: str
    identity: str
    outputs: tuple[str, ...]
    time: float = 0.0

    @classmethod
    def read(cls, line: Mapping[str, Any]) -> _Entry:
        """Of a line of the log."""
        return cls(line['name'], line['identity'], tuple(line['outputs']), line.get('time', 0.0))

    def counts_over(self, other: _Entry | None) -> bool:
        """Whether it counts where another log has another one of the same input: the newest does.

        Of two without a time the finished one does.
        """
        return other is None or (self.time, bool(self.identity)) >= (other.time, bool(other.identity))


class OutputFolder:
    """Where the results of a batch go.

    Outputs lie in a subfolder for each kind (``masks/NAME.png``).  ``finished.jsonl`` has a line with the settings,
    and one for each input that has outputs: they are written under temporary names and renamed together.  An input is
    skipped when its line, its outputs and the file itself are as they were.  Two inputs of the
    same name get different ones: the second has a digest of its path added.

    Several processes or machines may share the folder, each with its part of the inputs: each has a log of its own
    (``finished.3of8.jsonl``), and all logs count; where several have an input, the newest entry does.

    Args:
        root: The folder; made if need be.
        settings: What the results depend on besides the inputs (model, threshold, ...), as plain JSON values.
        overwrite: Begin anew: results of other settings are written over, and nothing is skipped.
        shard: The part of the inputs that this process does; None: all.

    Raises:
        UserError: The folder cannot be written to, or holds results of other settings.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        settings: Mapping[str, Any],
        overwrite: bool = False,
        shard: Shard | None = None,
    ) -> None:
        self.root = Path(root)
        self.settings = json.loads(json.dumps(settings))
        self._owners: dict[str, str] = {}  # name, case folded -> whose it is
        self._finished: dict[str, _Entry] = {}  # by owner
        self._part = '' if shard is None else shard.suffix
        self._log = self.root / _with_part(LOG_NAME, self._part)
        self._lock = threading.Lock()
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            probe = self.root / f'.write-test.{socket.gethostname()}.{os.getpid()}'
            probe.write_bytes(b'x')
            probe.unlink()
            if overwrite:
                self._forget_others(shard)
            else:
                for log in self._logs():
                    self._take(self._read_log(log))
            if overwrite or not self._log.is_file():
                write_json(self._log, dict(settings=self.settings), indent=None)
            else:
                _end_last_line(self._log)
        except OSError as error:
            raise UserError(
                f'{self.root}: the output folder cannot be written to ({error.strerror}); choose another '
                'with --out, or free space there'
            ) from error

    def _logs(self) -> list[Path]:
        """The logs of all processes, this one's among them."""
        return sorted(self.root.glob(_with_part(LOG_NAME, '*')))

    def _forget_others(self, shard: Shard | None) -> None:
        """Remove the logs of earlier runs; those with as many parts may be of processes that run beside this one."""
        for log in self._logs():
            if shard is None or not log.name.endswith(f'of{shard.count}.jsonl'):
                log.unlink(missing_ok=True)

    def _read_log(self, log: Path) -> list[dict[str, Any]]:
        """The settings and the entries of a log.

        Raises:
            UserError: It is no log.
        """
        entries = []
        for line in log.read_bytes().decode('utf-8', 'surrogateescape').splitlines():
            try:
                entries.append(parse_json(line))
            except ValueError:
                continue  # cut off when a run was killed; its input is done again
        if not entries or 'settings' not in entries[0]:
            raise UserError(
                f'{log}: is no log of finished results; choose another --out, or begin anew with --overwrite'
            )
        return entries

    def _take(self, lines: list[dict[str, Any]]) -> None:
        self._compare(lines[0]['settings'])
        for line in lines[1:]:
            self._owners[line['name'].casefold()] = line['owner']
        _take_newest(self._finished, lines[1:])

    def _compare(self, written: dict[str, Any]) -> None:
        before, now = _with_new_names(written), _with_new_names(self.settings)
        different = sorted(key for key in {*before, *now} if before.get(key) != now.get(key))
        if different:
            listed = ''.join(f'\n  {key}: {before.get(key)!r} then, {now.get(key)!r} now' for key in different)
            raise UserError(
                f'{self.root}: holds results made with other settings.{listed}'
                '\n  cure: choose another --out, or write over them with --overwrite'
            )

    def name_for(self, source: Source) -> str:
        """The name of a source's outputs; always the same for the same source, never another's."""
        owner = self._owner(source)
        # A name is a path below the folder, and nothing else; no folder in it may be one of a sequence's frames.
        given = source.name.replace('\\', '/').split('/')
        *parts, last = [part for part in given if part not in ('', '.', '..')] or ['']
        base = '/'.join([*(f'{part}_' if part.casefold().endswith(FRAMES_SUFFIX) else part for part in parts), last])
        name, attempt = base or 'input', 0
        while self._owners.setdefault(name.casefold(), owner) != owner:
            digest = hashlib.sha256(f'{owner}{attempt or ""}'.encode('utf-8', 'surrogateescape')).hexdigest()[:8]
            name, attempt = f'{base}~{digest}', attempt + 1
        return name

    @staticmethod
    def _owner(source: Source) -> str:
        return source.label if source.path is None else source.path

    def is_finished(self, source: Source, folders: Iterable[str]) -> bool:
        """Whether all outputs, those in these subfolders among them, exist for the source as it is now."""
        entry = self._finished.get(self._owner(source))
        if entry is None or not entry.identity or entry.identity != identity(source):
            return False
        return set(folders) <= {output.split('/', 1)[0] for output in entry.outputs} and all(
            (self.root / output).exists() for output in entry.outputs
        )

    def begin(self, source: Source) -> Outputs:
        """Start writing the outputs of a source; what a camera or pipe gave before is kept, under its name."""
        name = base = self.name_for(source)
        number = 1
        while source.kind in ('live', 'stdin') and any(
            (folder / f'{name}{suffix}').exists()
            for folder in self.root.iterdir()
            if folder.is_dir()
            for suffix in ('.csv', '.json', '.mp4', FRAMES_SUFFIX)
        ):
            number += 1
            name = f'{base}~{number}'
        return Outputs(self, source, name)

    def enter(self, source: Source, name: str, outputs: Sequence[str], finished: bool) -> None:
        """Remember whose the outputs of a name are, and whether the source need not be done again."""
        mark = (identity(source) or ('' if source.path else _PASSED)) if finished else ''
        owner = self._owner(source)
        if self._owners.get(name.casefold()) != owner:  # what a stream gave at another time
            owner = f'{owner} as {name}'
        with self._lock:
            # Newer than what is known of this input, also where this machine's clock is behind another's.
            known = self._finished.get(owner)
            entry = _Entry(name, mark, tuple(outputs), max(time.time(), known.time + 1e-3 if known else 0.0))
            with self._log.open('a', encoding='utf-8') as file:
                file.write(json.dumps(dict(entry._asdict(), owner=owner)) + '\n')
            self._finished[owner] = entry

    def write_failures(self, failures: Sequence[tuple[str, str]]) -> Path | None:
        """Write ``failed.csv`` (source, error); without failures, remove that of an earlier run."""
        path = self.root / _with_part(FAILED_NAME, self._part)
        if not failures:
            path.unlink(missing_ok=True)
            return None
        self._write_csv(path, ('source', 'error'), failures)
        return path

    def write_table(self) -> Path:
        """Write ``targets.csv``: the CSV files of all finished inputs, by name, those of other processes among them."""
        return self._write_table(TABLE_NAME, 'csv', CSV_COLUMNS)

    def write_track_table(self) -> Path:
        """Write ``tracks.csv``, likewise."""
        return self._write_table(TRACK_TABLE_NAME, 'tracks', TRACK_COLUMNS)

    def _write_table(self, name: str, kind: str, columns: Sequence[str]) -> Path:
        path = self.root / name
        while True:
            state = self._state()
            self._write_csv(path, columns, self._rows(self._all_finished(), FOLDERS[kind] + '/', columns))
            # Another process may have finished meanwhile and have written its table before ours.
            if self._state() == state:
                return path

    def _state(self) -> list[tuple[str, int]]:
        return [(log.name, log.stat().st_size) for log in self._logs()]

    def _all_finished(self) -> list[_Entry]:
        """What the logs with our settings have now, the natural order of names."""
        finished = dict(self._finished)
        for log in self._logs():
            if log == self._log:
                continue
            settings, *lines = self._read_log(log)
            if _with_new_names(settings['settings']) == _with_new_names(self.settings):
                _take_newest(finished, lines)
        return sorted(finished.values(), key=lambda entry: natural_key(entry.name))

    def _rows(self, entries: Iterable[_Entry], folder: str, columns: Sequence[str]) -> Iterator[Sequence[str]]:
        """Lines of the tables in a folder; a column that an earlier version did not write is empty."""
        for entry in entries:
            for output in entry.outputs if entry.identity else ():
                file = self.root / output
                if output.startswith(folder) and output.endswith('.csv') and file.is_file():
                    with file.open(newline='', encoding='utf-8', errors='surrogateescape') as stream:
                        reader = csv.reader(stream)
                        head = next(reader, [])
                        if not set(head) < set(columns):
                            yield from reader
                            continue
                        place = {name: index for index, name in enumerate(head)}
                        for row in reader:
                            yield [row[place[name]] if name in place else '' for name in columns]

    @staticmethod
    def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        with (
            atomic_path(path) as temporary,
            temporary.open('w', newline='', encoding='utf-8', errors='surrogateescape') as file,
        ):
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows(rows)


class Outputs:
    """The outputs of one source, which appear together or not at all.

    Args:
        folder: Where they go.
        source: The source.
        name: Their name.
    """

    def __init__(self, folder: OutputFolder, source: Source, name: str) -> None:
        self.folder = folder
        self.source = source
        self.name = name
        self._parts: dict[Path, Path] = {}

    def path(self, kind: str, suffix: str) -> Path:
        """A temporary path for ``KIND/NAME`` + suffix, where something is to be written (``'.frames'``: a folder)."""
        final = self.folder.root / kind / f'{self.name}{suffix}'
        # The suffix last, since video writers go by it.
        temporary = final.with_name(f'.{final.name[: len(final.name) - len(suffix)]}.part{suffix}')
        final.parent.mkdir(parents=True, exist_ok=True)
        self._parts[temporary] = final
        if temporary.is_dir():
            shutil.rmtree(temporary)
        if suffix == FRAMES_SUFFIX:
            temporary.mkdir()
        return temporary

    def commit(self, finished: bool = True) -> list[Path]:
        """Put everything in its place; ``finished``: the source need not be done again.

        Returns:
            The outputs.
        """
        for temporary, final in self._parts.items():
            if final.is_dir():
                shutil.rmtree(final)
            os.replace(temporary, final)
        outputs = list(self._parts.values())
        self._parts = {}
        self.folder.enter(
            self.source, self.name, [path.relative_to(self.folder.root).as_posix() for path in outputs], finished
        )
        return outputs

    def abort(self) -> None:
        """Remove what was written."""
        for temporary in self._parts:
            if temporary.is_dir():
                shutil.rmtree(temporary, ignore_errors=True)
            else:
                temporary.unlink(missing_ok=True)
        self._parts = {}


def _take_newest(entries: dict[str, _Entry], lines: Iterable[Mapping[str, Any]]) -> None:
    """Put what a log has at last of each input into ``entries`` (by owner), unless a newer one is there."""
    last = {line['owner']: _Entry.read(line) for line in lines}  # the order in one log holds, whatever the clock did
    entries.update({owner: entry for owner, entry in last.items() if entry.counts_over(entries.get(owner))})


def _with_part(name: str, part: str) -> str:
    """``finished.jsonl`` -> ``finished.3of8.jsonl``."""
    path = Path(name)
    return f'{path.stem}{part}{path.suffix}'


def _end_last_line(log: Path) -> None:
    """End the line that a killed run left half written."""
    with log.open('rb+') as file:
        if file.seek(0, os.SEEK_END) and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b'\n':
            file.write(b'\n')


def _with_new_names(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with today's names of options, of a folder that an earlier version may have begun."""
    renamed = copy.deepcopy(dict(settings))
    rename_keys(renamed, RENAMED_OPTIONS)
    for value in renamed.values():
        if isinstance(value, dict):
            rename_keys(value, RENAMED_OPTIONS)
    return renamed
