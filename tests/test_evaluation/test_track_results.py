"""Tracks beside an annotation: which sequence, and which frame, is which."""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from mmirstd.evaluation import track_results
from mmirstd.evaluation.track_results import TrackResults, read_track_results
from mmirstd.tracking.track_point import TRACK_SCHEMA
from mmirstd.utils.errors import DataError


def image(name: str, **ids: object) -> dict[str, Any]:
    return dict(file_name=name, **ids)


def folder(name: str, numbers: range, **ids: object) -> list[dict[str, Any]]:
    return [image(f'{name}/{number:06d}.png', **ids) for number in numbers]


def annotate(path: Path, images: list[dict[str, Any]], videos: dict[int, str] | None = None) -> Path:
    """A target of 3x3 pixels in each image, at the column that is twice the number in its name."""
    boxes = [[2 * int(Path(entry['file_name']).stem), 10, 3, 3] for entry in images]
    data = dict(
        images=[dict(entry, id=k) for k, entry in enumerate(images)],
        annotations=[dict(id=k, image_id=k, category_id=1, bbox=box) for k, box in enumerate(boxes)],
        categories=[dict(id=1, name='target')],
        videos=[dict(id=number, name=name) for number, name in (videos or {}).items()],
    )
    path.write_text(json.dumps(data))
    return path


def track(path: Path, source: str, frames: int, first: int = 0, kind: str = 'frames', **more: object) -> None:
    """Tracks on the targets of :func:`annotate`, where the first frame's number is ``first``."""
    points = [dict(id=1, frame=k, x=2.0 * (k + first) + 1.5, y=11.5, detected=True) for k in range(frames)]
    record = dict(schema=TRACK_SCHEMA, source=source, kind=kind, frames=frames, fps=25, points=points, **more)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(record))


def read(tmp_path: Path) -> TrackResults:
    return read_track_results(tmp_path / 'truth.json', tmp_path / 'tracks')


def refused(tmp_path: Path, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        read(tmp_path)


def on_target(found: TrackResults) -> bool:
    """Whether the track of each frame lies in that frame's box."""
    return all(
        truth[0, 1] < points[0, 1] < truth[0, 3]
        for sequence in found.sequences
        for truth, points in zip(sequence.truth, sequence.points, strict=True)
    )


class TestFrames:
    @pytest.mark.parametrize(
        ('annotated', 'frames', 'first'),
        [
            (range(20), 20, 0),
            (range(5, 25), 20, 5),  # the annotated frames alone
            (range(20), 8, 0),  # the first of them
            (range(8), 20, 0),
        ],
    )
    def test_the_same_frames_are_paired(self, tmp_path: Path, annotated: range, frames: int, first: int) -> None:
        annotate(tmp_path / 'truth.json', folder('test/a', annotated))
        track(tmp_path / 'tracks/a.json', '/data/test/a', frames, first)
        found = read(tmp_path)
        assert [len(sequence.truth) for sequence in found.sequences] == [min(len(annotated), frames)]
        assert on_target(found)

    @pytest.mark.parametrize('annotated', [range(5, 20), range(1, 31)])
    def test_other_frames_than_those_with_tracks(self, tmp_path: Path, annotated: range) -> None:
        annotate(tmp_path / 'truth.json', folder('test/a', annotated))
        track(tmp_path / 'tracks/a.json', '/data/test/a', 20)
        refused(tmp_path, f'test/a: {len(annotated)} frames from number {annotated[0]} on .* 20 frames')

    def test_frame_id_does_not_hide_that_a_folder_begins_earlier(self, tmp_path: Path) -> None:
        images = [dict(entry, frame_id=k) for k, entry in enumerate(folder('test/a', range(5, 20)))]
        annotate(tmp_path / 'truth.json', images)
        track(tmp_path / 'tracks/a.json', '/data/test/a', 20)
        refused(tmp_path, 'from number 5 on')
        # of a video frame_id is the number itself
        track(tmp_path / 'tracks/a.json', '/data/test/a.mp4', 10, 5, 'video')
        assert on_target(read(tmp_path))

    def test_a_folder_with_gaps(self, tmp_path: Path) -> None:
        annotate(tmp_path / 'truth.json', folder('test/a', range(20)))
        track(tmp_path / 'tracks/a.json', '/data/test/a', 12, gaps=1)
        refused(tmp_path, r'1 gap\(s\) in the numbers of its 12 frames')
        # annotated where the folder has files, in their order
        images = folder('test/a', range(5)) + folder('test/a', range(8, 12))
        annotate(tmp_path / 'truth.json', [dict(entry, frame_id=k) for k, entry in enumerate(images)])
        track(tmp_path / 'tracks/a.json', '/data/test/a', 9, gaps=1)
        assert len(read(tmp_path).sequences[0].truth) == 9


class TestNames:
    @pytest.mark.parametrize(
        ('source', 'kind', 'sequence'),
        [
            ('/data/test/seq.1', 'frames', 'test/seq.1'),
            ('/data/test/seq.2', 'frames', 'test/seq.2'),
            ('D:\\videos\\seq.2.mp4', 'video', 'test/seq.2'),
            ('/data/seq.1.tif', 'pages', 'test/seq.1'),
        ],
    )
    def test_files_have_a_suffix_and_folders_none(self, tmp_path: Path, source: str, kind: str, sequence: str) -> None:
        annotate(tmp_path / 'truth.json', [*folder('test/seq.1', range(4)), *folder('test/seq.2', range(4))])
        track(tmp_path / 'tracks/a.json', source, 4, kind=kind)
        assert [found.name for found in read(tmp_path).sequences] == [sequence]

    def test_a_folder_is_not_the_file_of_a_shorter_name(self, tmp_path: Path) -> None:
        annotate(tmp_path / 'truth.json', folder('seq', range(4)))
        track(tmp_path / 'tracks/a.json', '/data/seq.1', 4)
        refused(tmp_path, 'no sequence of this name')

    def test_names_that_fit_alike(self, tmp_path: Path) -> None:
        annotate(tmp_path / 'truth.json', [*folder('day/a', range(4)), *folder('night/a', range(4))])
        track(tmp_path / 'tracks/a.json', '/data/a', 4)
        refused(tmp_path, 'day/a, night/a in .* fit this name alike')
        track(tmp_path / 'tracks/a.json', '/data/night/a', 4)
        assert [found.name for found in read(tmp_path).sequences] == ['night/a']

    def test_tracks_of_another_split(self, tmp_path: Path) -> None:
        annotate(tmp_path / 'truth.json', folder('test/a', range(4)))
        track(tmp_path / 'tracks/a.json', '/data/test/a', 4)
        track(tmp_path / 'tracks/b.json', '/data/train/a', 4)
        found = read(tmp_path)
        assert len(found.sequences) == 1
        (reason,) = found.left_out
        assert re.match('/data/train/a: other tracks fit .* better, those of /data/test/a', reason)
        track(tmp_path / 'tracks/b.json', '/other/test/a', 4)
        refused(tmp_path, '/data/test/a: other tracks fit .* those of /other/test/a')

    def test_videos_by_their_names(self, tmp_path: Path) -> None:
        images = [*folder('frames', range(4), video_id=1), *folder('frames', range(4, 8), video_id=2)]
        images = [dict(entry, frame_id=k % 4) for k, entry in enumerate(images)]
        annotate(tmp_path / 'truth.json', images, {1: 'harbor', 2: 'bridge'})
        track(tmp_path / 'tracks/a.json', '/data/bridge.mp4', 4, 4, 'video')
        found = read(tmp_path)
        assert [sequence.name for sequence in found.sequences] == ['bridge']
        assert on_target(found)
        # a folder that was tracked as one
        track(tmp_path / 'tracks/a.json', '/data/frames', 8)
        refused(tmp_path, r'frames: its images are those of 2 sequences \(video_id\)')

    def test_a_folder_of_one_video_keeps_its_name(self, tmp_path: Path) -> None:
        annotate(tmp_path / 'truth.json', folder('images/test/a', range(4), video_id=1), {1: 'a'})
        track(tmp_path / 'tracks/a.json', '/data/a', 4)
        assert [sequence.name for sequence in read(tmp_path).sequences] == ['images/test/a']

    def test_images_beside_the_annotation(self, tmp_path: Path) -> None:
        annotate(tmp_path / 'truth.json', [image(f'{number}.png', video_id=1) for number in range(4)], {1: 'harbor'})
        track(tmp_path / 'tracks/a.json', '/data/harbor', 4)
        assert [sequence.name for sequence in read(tmp_path).sequences] == ['harbor']

    def test_thousands_of_sequences_are_looked_up_not_searched(self, monkeypatch: pytest.MonkeyPatch) -> None:
        paths = 0

        class CountedPath(PurePosixPath):
            def __new__(cls, *parts: str) -> CountedPath:
                nonlocal paths
                paths += 1
                return super().__new__(cls, *parts)

        monkeypatch.setattr(track_results, 'PurePosixPath', CountedPath)
        sequences = [track_results._Sequence([f'test/{k:04d}/images', f'video {k}'], []) for k in range(1000)]
        records: list[dict[str, Any]] = [
            dict(source=f'/data/test/{k:04d}/images', kind='frames') for k in reversed(range(1000))
        ]
        left_out: list[str] = []
        pairs = track_results._pairs(sequences, records, left_out, 'truth.json')
        assert [sequence.names[0] for sequence, _ in pairs] == [
            record['source'].removeprefix('/data/') for record in records
        ]
        assert [record for _, record in pairs] == records
        assert not left_out
        assert paths == 2 * len(sequences) + len(records)
