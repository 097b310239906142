from __future__ import annotations

from pathlib import Path

import pytest

from mmirstd.benchmark import build_table, load_suite, read_records, record_path, write_record
from mmirstd.benchmark.tables import _named
from mmirstd.utils.errors import ConfigError

from .helpers import record, segmentation, toy, write_suite

TABLES = [
    dict(
        name='test',
        readme='docs/README.md',
        columns=[
            dict(value='test.IoU', heading='IoU'),
            dict(value='test.Fa', heading='Fa (1e-6)', scale=1e6, format='.1f'),
            dict(value='run.flops', heading='GFLOPs', scale=1e-9, spread=False, format='.1f'),
            dict(value='run.training_s', heading='min', scale=1 / 60, format='.0f'),
        ],
        note='A note.',
    ),
    dict(name='val', readme='docs/README.md', columns=[dict(value='val.IoU')]),
    dict(
        name='pairs',
        readme='docs/README.md',
        kind='differences',
        pairs=[['b', 'a'], ['a', 'b']],
        columns=[dict(value='test.IoU', heading='IoU'), dict(value='test.Fa', heading='Fa', better='lower')],
    ),
]
A = {0: (0.5, 1e-6), 1: (0.6, 3e-6), 2: (0.7, None)}
B = {0: (0.61, 5e-6), 1: (0.70, 7e-6), 2: (0.81, 1e-6)}


@pytest.fixture
def suite(tmp_path: Path):
    (tmp_path / 'docs').mkdir()
    return load_suite(write_suite(tmp_path, toy(seeds=[0, 1, 2], tables=TABLES)), tmp_path)


def write(suite, logs: Path, name: str, values: dict) -> None:
    run = suite.run(name)
    for seed, (iou, fa) in values.items():
        write_record(
            record_path(logs, suite, run, seed),
            record(run.config, run.options, seed, IoU=iou, Fa=fa, val=dict(IoU=iou / 2)),
        )


def build(suite, logs: Path, index: int) -> list[str]:
    return build_table(suite, suite.tables[index], read_records(suite, logs), logs).markdown.splitlines()


def test_results(suite, tmp_path: Path) -> None:
    logs = tmp_path / 'benchmarks' / 'logs'
    write(suite, logs, 'a', A)
    write(suite, logs, 'b', {0: B[0]})
    lines = build(suite, logs, 0)
    assert lines[0] == '| run | IoU | Fa (1e-6) | GFLOPs | min | seeds |'
    assert lines[1] == '|---|---:|---:|---:|---:|---:|'
    assert lines[2] == '| a | 0.600 ± 0.100 | 2.0 ± 1.4 | 2.0 | 2 ± 0 | 3 |'
    assert lines[3] == '| B | 0.610 | 5.0 | 2.0 | 2 | 1 of 3 |'
    text = '\n'.join(lines[4:])
    assert 'a: Fa (1e-6) is defined for 2 of 3 seeds\n' in text
    assert 'Checkpoint: highest IoU on the validation split. Commit aaaaaaaaa. ' in text
    assert '`mmirstd benchmark benchmarks/toy.yml`' in text
    assert '[toy](../benchmarks/logs/toy)' in text
    assert lines[-1] == 'A note.'
    assert build(suite, logs, 0) == lines
    assert build(suite, logs, 1)[2] == '| a | 0.300 ± 0.050 | 3 |'


def test_one_seed_has_no_spread(suite, tmp_path: Path) -> None:
    logs = tmp_path / 'benchmarks' / 'logs'
    write(suite, logs, 'a', {0: A[0]})
    assert not any('±' in line for line in build(suite, logs, 0))
    write(suite, logs, 'a', A)
    assert any(line.startswith('Mean ± standard deviation over the seeds') for line in build(suite, logs, 0))


def test_differences(suite, tmp_path: Path) -> None:
    logs = tmp_path / 'logs'
    write(suite, logs, 'a', A)
    write(suite, logs, 'b', B)
    lines = build(suite, logs, 2)
    # IoU: 0.11, 0.10, 0.11: mean 0.10667, deviation 0.0057735, t(0.975, 2) / sqrt(3) = 2.48414
    assert lines[2] == '| B | a | IoU | +0.107 | [+0.092, +0.121] | 3 | 3 | A better |'
    assert lines[4] == '| a | B | IoU | -0.107 | [-0.121, -0.092] | 0 | 3 | B better |'
    # Fa: 4e-6 twice, less is better; seed 2 has none for a
    assert lines[3] == '| B | a | Fa | +0.000 | [+0.000, +0.000] | 0 | 2 | B better |'
    assert 'paired t interval' in lines[-1]


def test_no_difference_and_one_pair(suite, tmp_path: Path) -> None:
    logs = tmp_path / 'logs'
    write(suite, logs, 'a', {0: (0.5, 0.0), 1: (0.6, 0.0)})
    write(suite, logs, 'b', {0: (0.4, 0.0), 2: (0.7, 0.0)})
    assert build(suite, logs, 2)[2] == '| B | a | IoU | -0.100 | - | 0 | 1 | one pair says nothing |'
    write(suite, logs, 'b', {1: (0.8, 0.0)})
    assert build(suite, logs, 2)[2] == '| B | a | IoU | +0.050 | [-1.856, +1.956] | 1 | 2 | no difference seen |'


def test_nothing_run_yet(suite, tmp_path: Path) -> None:
    lines = build(suite, tmp_path / 'logs', 0)
    assert lines[0] == 'Not run yet: a; B.'
    assert build(suite, tmp_path / 'logs', 2)[0] == 'Not run yet: B against a; a against B.'


def test_many_names_are_counted() -> None:
    names = [f'run {number}' for number in range(9)]
    assert _named('Not run yet', names[:8]) == f'Not run yet: {"; ".join(names[:8])}.'
    said = _named('Not run yet', names)
    assert said == 'Not run yet: 9, run 0; run 1; run 2 and others (`mmirstd benchmark SUITE --list` has all).'


def test_other_data_and_uncommitted_code_are_said(suite, tmp_path: Path) -> None:
    run = suite.run('a')
    for seed in (0, 1):
        entry = record(run.config, run.options, seed, IoU=0.5, Fa=0.0)
        entry.update(data={'train.txt': str(seed)}, git=dict(commit='b' * 40, dirty=['mmirstd/x.py']))
        write_record(record_path(tmp_path / 'logs', suite, run, seed), entry)
    text = '\n'.join(build(suite, tmp_path / 'logs', 0))
    assert 'different versions of the data' in text
    assert 'Commit bbbbbbbbb+ (+: with changes' in text


def test_a_further_list_is_no_other_version(suite, tmp_path: Path) -> None:
    run = suite.run('a')
    for seed, data in enumerate(({'train.txt': '1'}, {'train.txt': '1', 'more.txt': '2'})):
        entry = record(run.config, run.options, seed, IoU=0.5, Fa=0.0)
        entry.update(data=data)
        write_record(record_path(tmp_path / 'logs', suite, run, seed), entry)
    assert 'different versions of the data' not in '\n'.join(build(suite, tmp_path / 'logs', 0))


def test_a_figure_that_some_runs_alone_have(suite, tmp_path: Path) -> None:
    for name, figures in (('a', dict(IoU=0.5, Fa=0.0)), ('b', dict(Fa=0.0))):
        run = suite.run(name)
        for seed in run.seeds:
            write_record(record_path(tmp_path, suite, run, seed), record(run.config, run.options, seed, **figures))
    text = '\n'.join(build(suite, tmp_path, 0))
    assert 'IoU was not measured for' in text


def test_unknown_figure(suite, tmp_path: Path) -> None:
    run = suite.run('a')
    write_record(record_path(tmp_path, suite, run, 0), record(run.config, run.options, 0, IoUs=0.5, Fa=0.0))
    with pytest.raises(ConfigError, match=r'(?s)table test: test.IoU: no such figure.*did you mean: IoUs'):
        build(suite, tmp_path, 0)


def with_images(suite, logs: Path, name: str, seed: int, hits: list[int], **changes) -> None:
    """A record whose images have a target of four pixels each, of which so many are found."""
    run = suite.run(name)
    counts = dict(
        name=[f'i{k}' for k in range(len(hits))],
        tp=hits,
        fp=[0] * len(hits),
        fn=[4 - n for n in hits],
        targets=[1] * len(hits),
        detected=[int(n > 0) for n in hits],
        false_pixels=[0] * len(hits),
        pixels=[100] * len(hits),
    )
    entry = record(
        run.config, run.options, seed, IoU=sum(hits) / (4 * len(hits)), Pd=sum(n > 0 for n in hits) / len(hits)
    )
    write_record(record_path(logs, suite, run, seed), dict(entry, per_image=counts, **changes))


@pytest.fixture
def by_image(tmp_path: Path):
    (tmp_path / 'docs').mkdir()
    table = dict(
        name='images',
        readme='docs/README.md',
        kind='differences',
        over='images',
        pairs=[['b', 'a']],
        columns=[dict(value='test.IoU', heading='IoU', scale=100, format='.1f'), dict(value='test.Pd')],
    )
    return load_suite(write_suite(tmp_path, toy(seeds=[0, 1], tables=[table])), tmp_path)


def test_differences_by_image(by_image, tmp_path: Path) -> None:
    assert build(by_image, tmp_path, 0)[0] == 'Not run yet: B against a.'
    for seed in (0, 1):
        with_images(by_image, tmp_path, 'a', seed, [1, 2, 1, 2] * 10)
        with_images(by_image, tmp_path, 'b', seed, [3, 4, 3, 3] * 10)
    lines = build(by_image, tmp_path, 0)
    assert lines[0] == '| A | B | figure | A - B | 95% interval | images | seeds | seen |'
    assert lines[2].startswith('| B | a | IoU | +43.8 | [+4')
    assert lines[2].endswith('| 40 | 2 | A better |')
    assert lines[3] == '| B | a | Pd | +0.000 | [+0.000, +0.000] | 40 | 2 | no difference seen |'
    assert 'Paired by image' in lines[-1]
    assert build(by_image, tmp_path, 0) == lines


def test_records_that_images_cannot_be_compared_of(by_image, tmp_path: Path) -> None:
    a, b = by_image.runs
    for run in (a, b):
        write_record(record_path(tmp_path, by_image, run, 0), record(run.config, run.options, 0, IoU=0.5, Pd=0.5))
    assert build(by_image, tmp_path, 0)[0] == (
        'Without counts of each image, because the records are older: B against a.'
    )
    with_images(by_image, tmp_path, 'a', 0, [1, 2])
    with_images(by_image, tmp_path, 'b', 0, [1, 2, 3])
    with pytest.raises(ConfigError, match=r'(?s)table images: b against a: .*not of the same images'):
        build(by_image, tmp_path, 0)
    with_images(by_image, tmp_path, 'b', 0, [1, 2], test=dict(IoU=0.9, Pd=1.0))
    with pytest.raises(ConfigError, match=r'b, seed 0: its counts of each image give IoU 0.375, its figure is 0.9'):
        build(by_image, tmp_path, 0)


def test_further_tests_have_columns(tmp_path: Path) -> None:
    (tmp_path / 'docs').mkdir()
    table = dict(
        name='t',
        readme='docs/README.md',
        columns=[
            dict(value='test.IoU', heading='IoU'),
            dict(value='test@msda.IoU'),
            dict(value='test@msda.Fa', heading='Fa'),
        ],
    )
    content = segmentation(seeds=[0, 1], tests={'msda': dict(protocol='msda', eval_size=512)}, tables=[table])
    suite = load_suite(write_suite(tmp_path, content), tmp_path)
    (run,) = suite.runs
    entry = dict(protocol='msda', eval_size=512, metrics=dict(IoU=0.7, Fa=None))
    for seed, size in ((0, 512), (1, 256)):  # the second was made before the suite asked for 512
        write_record(
            record_path(tmp_path, suite, run, seed),
            dict(record(run.config, run.options, seed, IoU=0.5), tests=dict(msda=dict(entry, eval_size=size))),
        )
    lines = build(suite, tmp_path, 0)
    assert lines[0] == '| run | IoU | IoU (msda) | Fa | seeds |'
    assert lines[2] == '| s | 0.500 ± 0.000 | 0.700 | - | 2 |'
    assert 's: IoU (msda) is defined for 1 of 2 seeds' in lines
    assert 'Not tested yet: s by msda.' in lines
    entry['metrics'] = dict(nIoU=0.7)
    write_record(
        record_path(tmp_path, suite, run, 0), dict(record(run.config, run.options, 0, IoU=0.5), tests=dict(msda=entry))
    )
    with pytest.raises(ConfigError, match=r'(?s)test@msda.IoU: no such figure.*did you mean: nIoU'):
        build(suite, tmp_path, 0)


def test_runs_of_one_label_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / 'docs').mkdir()
    runs = [
        dict(run, label=label, group=group, name=f'{run["name"]}{group}')
        for group in ('X', 'Y')
        for run, label in zip(toy()['runs'], ('plain', 'better'))
    ]
    columns = [dict(value='test.IoU')]
    suite = load_suite(
        write_suite(
            tmp_path,
            toy(
                runs=runs,
                tables=[
                    dict(name='t', readme='docs/README.md', columns=columns),
                    dict(
                        name='d',
                        readme='docs/README.md',
                        columns=columns,
                        kind='differences',
                        pairs=[['bX', 'aX'], ['bY', 'aY']],
                    ),
                ],
            ),
        ),
        tmp_path,
    )
    assert build(suite, tmp_path, 0)[0] == 'Not run yet: plain (X); better (X); plain (Y); better (Y).'
    assert build(suite, tmp_path, 1)[0].startswith('Not run yet: better (X) against plain (X); ')
