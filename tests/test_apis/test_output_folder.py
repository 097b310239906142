from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mmirstd.apis import OutputFolder, Source
from mmirstd.apis.output_folder import LOG_NAME
from mmirstd.apis.shard import Shard
from mmirstd.apis.target_schema import CSV_COLUMNS
from mmirstd.utils.errors import UserError


@pytest.mark.parametrize('value', ['config', dict(normalise='minmax', bit_depth=14)])
def test_a_folder_that_an_earlier_version_began_is_continued(tmp_path: Path, value: object) -> None:
    (tmp_path / LOG_NAME).write_text(json.dumps(dict(settings=dict(normalise=value, threshold=0.5))) + '\n')
    now = value if value == 'config' else dict(normalize='minmax', bit_depth=14)
    OutputFolder(tmp_path, dict(normalize=now, normalise=value, threshold=0.5))
    OutputFolder(tmp_path, dict(normalize=now, threshold=0.5))
    with pytest.raises(UserError, match='normalize: .* then, .* now'):
        OutputFolder(tmp_path, dict(normalize='other', threshold=0.5))


def _finish(folder: OutputFolder, source: Source, text: str) -> None:
    outputs = folder.begin(source)
    outputs.path('csv', '.csv').write_text(f'{",".join(CSV_COLUMNS)}\n{text}\n')
    outputs.commit()


def _break_off(folder: OutputFolder, source: Source, text: str) -> None:
    outputs = folder.begin(source)
    outputs.path('csv', '.csv').write_text(f'{",".join(CSV_COLUMNS)}\n{text}\n')
    outputs.commit(finished=False)


def _sources(tmp_path: Path, count: int) -> list[Source]:
    sources = []
    for k in range(count):
        path = tmp_path / f'{k}.png'
        path.write_bytes(b'x')
        sources.append(Source('image', str(path), f'{k}'))
    return sources


def test_processes_with_one_part_each_share_a_folder(tmp_path: Path) -> None:
    sources = _sources(tmp_path, 12)
    root = tmp_path / 'out'
    # Both begin before either has finished anything.
    parts = [(shard, OutputFolder(root, {'a': 1}, shard=shard)) for shard in (Shard(1, 2), Shard(2, 2))]
    for shard, folder in parts:
        for source in filter(shard.has, reversed(sources)):
            _finish(folder, source, source.name)
        table = folder.write_table()
    assert table.read_text().splitlines()[1:] == [str(k) for k in range(12)]
    again = OutputFolder(root, {'a': 1})
    assert all(again.is_finished(source, {'csv'}) for source in sources)
    assert again.write_table().read_text() == table.read_text()
    with pytest.raises(UserError, match='holds results made with other settings'):
        OutputFolder(root, {'a': 2}, shard=Shard(1, 2))


def test_a_table_of_an_earlier_version_has_fewer_columns(tmp_path: Path) -> None:
    """The versions of two machines may differ, or a folder may be gone on with."""
    first, second = _sources(tmp_path, 2)
    folder = OutputFolder(tmp_path / 'out', {})
    _finish(folder, first, ','.join(CSV_COLUMNS))
    outputs = folder.begin(second)
    old = [name for name in CSV_COLUMNS if name not in ('logit', 'class_name')]
    outputs.path('csv', '.csv').write_text(f'{",".join(old)}\n{",".join(old)}\n')
    outputs.commit()
    new, early = folder.write_table().read_text().splitlines()[1:]
    assert new == ','.join(CSV_COLUMNS)
    assert early == ','.join(name if name in old else '' for name in CSV_COLUMNS)


def test_a_table_written_while_another_process_ends_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = _sources(tmp_path, 2)
    root = tmp_path / 'out'
    ours, other = (OutputFolder(root, {}, shard=Shard(number, 2)) for number in (1, 2))
    _finish(ours, first, 'ours')
    original = OutputFolder._write_csv

    def slow(path: Path, *args: Any) -> None:
        monkeypatch.setattr(OutputFolder, '_write_csv', staticmethod(original))
        _finish(other, second, 'other')
        other.write_table()
        original(path, *args)

    monkeypatch.setattr(OutputFolder, '_write_csv', staticmethod(slow))
    assert ours.write_table().read_text().splitlines()[1:] == ['ours', 'other']


def test_overwriting_forgets_earlier_runs_but_not_the_processes_beside_it(tmp_path: Path) -> None:
    (source,) = _sources(tmp_path, 1)
    root = tmp_path / 'out'
    _finish(OutputFolder(root, {'a': 1}), source, 'old')
    for number in (1, 2):
        OutputFolder(root, {'a': 2}, overwrite=True, shard=Shard(number, 2))
    assert sorted(path.name for path in root.glob('*.jsonl')) == ['finished.1of2.jsonl', 'finished.2of2.jsonl']


@pytest.mark.parametrize('parts', [(None, Shard(1, 1)), (Shard(1, 1), None), (Shard(2, 2), Shard(1, 2))])
def test_the_newest_entry_of_an_input_counts_whatever_its_log_is_called(
    tmp_path: Path, parts: tuple[Shard | None, Shard | None]
) -> None:
    (source,) = _sources(tmp_path, 1)
    root = tmp_path / 'out'
    broken, repaired = parts
    _break_off(OutputFolder(root, {}, shard=broken), source, 'broken off')
    folder = OutputFolder(root, {}, shard=repaired)
    assert not folder.is_finished(source, {'csv'})
    _finish(folder, source, 'whole')
    for shard in (repaired, broken, Shard(3, 3)):
        again = OutputFolder(root, {}, shard=shard)
        assert again.is_finished(source, {'csv'})
        assert again.write_table().read_text().splitlines()[1:] == ['whole']
    # An input that broke off when it was done anew is not finished, though another log says so.
    folder = OutputFolder(root, {}, shard=broken)
    _break_off(folder, source, 'broken off again')
    for again in (folder, OutputFolder(root, {}, shard=repaired)):
        assert not again.is_finished(source, {'csv'})
        assert again.write_table().read_text().splitlines()[1:] == []


@pytest.mark.parametrize('parts', [(None, Shard(1, 1)), (Shard(1, 1), None)])
def test_what_is_finished_in_a_log_without_times_is_not_done_again(
    tmp_path: Path, parts: tuple[Shard | None, Shard | None]
) -> None:
    (source,) = _sources(tmp_path, 1)
    root = tmp_path / 'out'
    for shard, enter in zip(parts, (_break_off, _finish)):
        enter(OutputFolder(root, {}, shard=shard), source, 'row')
    for log in root.glob('*.jsonl'):
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        log.write_text(''.join(json.dumps({k: v for k, v in line.items() if k != 'time'}) + '\n' for line in lines))
    again = OutputFolder(root, {}, shard=Shard(1, 2))
    assert again.is_finished(source, {'csv'})
    assert again.write_table().read_text().splitlines()[1:] == ['row']
    _break_off(again, source, 'anew')  # newer than what has no time
    assert not OutputFolder(root, {}).is_finished(source, {'csv'})


def test_a_clock_that_is_behind_does_not_hide_a_newer_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (source,) = _sources(tmp_path, 1)
    root = tmp_path / 'out'
    _break_off(OutputFolder(root, {}), source, 'broken off')
    behind = OutputFolder(root, {}, shard=Shard(1, 1))
    monkeypatch.setattr('time.time', lambda: 1.0)
    _finish(behind, source, 'whole')
    assert OutputFolder(root, {}).is_finished(source, {'csv'})


def test_the_table_has_all_that_a_stream_gave_and_a_stream_is_never_skipped(tmp_path: Path) -> None:
    stream = Source('stdin', '-', 'stdin')
    for text in ('first', 'second'):
        folder = OutputFolder(tmp_path, {})
        assert not folder.is_finished(stream, {'csv'})
        _finish(folder, stream, text)
    assert folder.write_table().read_text().splitlines()[1:] == ['first', 'second']
    _break_off(folder, stream, 'third')  # as of a file that is cut off, nothing of it is in the table
    again = OutputFolder(tmp_path, {})
    assert again.write_table().read_text().splitlines()[1:] == ['first', 'second']
    assert sorted(path.name for path in (tmp_path / 'csv').iterdir()) == ['stdin.csv', 'stdin~2.csv', 'stdin~3.csv']
