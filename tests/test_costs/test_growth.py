"""Curves of costs: measured once each, told as a table and a picture."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from mmirstd.cli.infer import parse_args
from mmirstd.cli.speed import parse_args as parse_speed
from mmirstd.cli.speed_growth import report
from mmirstd.costs import growth_work
from mmirstd.costs.growth import GrowthPoint, PlannedPoint, draw_growth, growth_table, measure_growth, plan, read_points
from mmirstd.costs.growth_work import folder_of_images, frame_of_clips, image_of
from mmirstd.utils.errors import ConfigError, DataError, UserError

DETECTOR = 'configs/_base_/models/sstnet-nano.py'


def planned(calls: list[int], stop: int | None = None) -> list[PlannedPoint]:
    """Images of 10 and 20 pixels: the larger takes eight times as long."""

    def work(side: int) -> dict:
        if side == stop:
            raise KeyboardInterrupt
        calls.append(side)
        return dict(cpu=side**3 / 1e3, wall=1.0, peak=side << 20)

    return [PlannedPoint('size', 'tiled', side, side * side, lambda side=side: work(side)) for side in (10, 20)]


def test_a_run_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    calls: list[int] = []
    record = tmp_path / 'growth.json'
    with pytest.raises(KeyboardInterrupt):
        measure_growth(planned(calls, stop=20), record, dict(machine='m'), lambda _: None)
    said: list[str] = []
    points = measure_growth(planned(calls), record, dict(machine='m'), said.append)
    assert calls == [10, 20]
    assert said == ['2/2 size, tiled, 20: 8.00 s of CPU time']
    assert points == read_points(record)
    assert json.loads(record.read_text())['machine'] == 'm'
    table = growth_table(points)
    assert [row[-2:] for row in table.texts()] == [['1.00', '10'], ['2.00', '20']]  # eight times for four times as much
    before = record.read_text()
    with pytest.raises(DataError, match='points are of another machine: found m, expected n\n  cure: another'):
        measure_growth(planned(calls), record, dict(machine='n'), said.append)
    assert record.read_text() == before
    record.write_text('{}')
    with pytest.raises(DataError, match='found KeyError, expected what `mmirstd speed growth` wrote'):
        read_points(record)


def test_the_picture_has_a_panel_for_each_curve() -> None:
    both = [*planned([]), PlannedPoint('frames', 'windowed', 5, 5, lambda: dict(cpu=1.0, wall=1.0, peak=None))]
    points = [GrowthPoint(*point.key, point.units, point.work()['cpu'], 1.0, 1.0) for point in both]
    alone, more = draw_growth(points[:2]), draw_growth(points, [(1.0, {'torch': 0.5}), (2.0, {})])
    assert alone == draw_growth(points[:2])
    assert [text.count('<g id="axes_') for text in (alone, more)] == [2, 6]


def test_the_default_plan_is_of_all_curves() -> None:
    args = parse_speed(['growth', '--out', 'x'])
    found = plan(args.sizes, args.frames, args.images, args.processes, args.network, args.detector, args.method)
    assert {(point.curve, point.series) for point in found} == {
        ('size', 'tiled'),
        ('size', 'in one piece'),
        ('frames', 'windowed'),
        ('frames', 'streaming'),
        ('images', 'white-tophat'),
        ('processes', 'white-tophat, 1000 images'),
    }
    assert not any(point.x > 2048 for point in plan([8192], [], [], [], '', '', '') if point.series == 'in one piece')
    assert plan([], [], [], [1, 2], '', '', '') == []


def test_the_work_of_networks() -> None:
    assert image_of(64, 'ggl-net-tiny_general', True, 1)['cpu'] > 0
    single, windowed, streaming = (
        frame_of_clips(frames, stream, DETECTOR, 1)['cpu'] for frames, stream in ((1, True), (6, False), (6, True))
    )
    assert 0 < single < windowed > streaming


def test_what_cannot_be_measured_is_told(tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('mine')
    with pytest.raises(ConfigError, match='--out .*file: found a file, expected a folder'):
        report(parse_speed(['growth', '--out', str(tmp_path / 'file')]))
    with pytest.raises(ConfigError, match='found no temporal_neck, expected a detector of clips'):
        frame_of_clips(5, False, 'mshnet_b4-400e_irstd-1k-800-201', 1)


def test_the_work_of_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is started is a command that infer takes; its failure is told."""
    log = tmp_path / 'log'
    code = (
        'import os, sys; open(sys.argv[1], "a").write("|".join(sys.argv[3:]) + "\\n"); '
        'print(len(os.listdir(sys.argv[5]))); sys.exit(sys.argv[3] == "wrong")'
    )
    monkeypatch.setattr(growth_work, 'python_program', lambda: (sys.executable, '-S', '-c', code, str(log)))
    found = folder_of_images(30, 'white-tophat', 2)
    assert found['wall'] > 0
    commands = [parse_args(line.split('|')) for line in log.read_text().splitlines()]
    assert sorted(command.shard.number for command in commands) == [1, 2]
    assert {(command.config, command.quiet, *command.save) for command in commands} == {('white-tophat', True, 'csv')}
    with pytest.raises(UserError, match='mmirstd infer ended with status 1'):
        folder_of_images(3, 'wrong', 1)
