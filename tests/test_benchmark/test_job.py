"""Train, skip, continue, fail and stop, with tools that pretend."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import threading
import time
from pathlib import Path

import pytest

from mmirstd.benchmark import read_records, run_jobs
from mmirstd.utils.errors import CheckpointError, ConfigError

from .helpers import make_jobs, segmentation, toy


def go(jobs, side_by_side: int = 1, stop: threading.Event | None = None):
    return run_jobs(jobs, side_by_side, stop or threading.Event(), io.StringIO(), interval_s=0.05)


def test_train_test_record_and_skip(tmp_path: Path) -> None:
    jobs = make_jobs(tmp_path, toy(), side_by_side=2)
    assert [job.status() for job in jobs] == ['to do'] * 4
    outcome = go(jobs, 2)
    assert outcome.failed == {}
    assert sorted(outcome.finished) == ['a_seed0', 'a_seed1', 'b_seed0', 'b_seed1']
    assert [job.status() for job in jobs] == ['done'] * 4

    text = (tmp_path / 'logs' / 'toy' / 'b_seed1.json').read_text()
    assert str(tmp_path) not in text
    record = json.loads(text)
    assert record['cfg_options'] == {'model.width': 2}
    assert record['selection'] == 'highest IoU on the validation split'
    assert record['validation'] == dict(IoU=0.721, Pd=None)
    assert record['test'] == dict(IoU=0.6, Pd=None)
    assert [e['step'] for e in record['validation_curve']] == [2, 4]
    assert record['loss_curve']['iter'] == list(range(1, 9))
    training = record['training']
    assert (training['chosen'], training['iterations'], training['training_s']) == (4, 8, 4.0)
    assert [(part['jobs'], part['threads']) for part in training['parts']] == [(2, 1)]
    assert record['network'] == dict(parameters=1000, inference_parameters=900, flops=5, input=[1, 8, 8], images=3)
    assert list(record['data']) == ['train.txt']
    assert record['commands'] == [
        'mmirstd train configs/b.py --work-dir work_dirs/benchmarks/toy/b_seed1 --cfg-options '
        'data_root=data/toy model.width=2 randomness.seed=1',
        'mmirstd test configs/b.py work_dirs/benchmarks/toy/b_seed1/best_IoU_epoch_4.pth --work-dir '
        'work_dirs/benchmarks/toy/b_seed1/test --out work_dirs/benchmarks/toy/b_seed1/test.json --cfg-options '
        'data_root=data/toy model.width=2 randomness.seed=1',
    ]

    # another machine has the records only: nothing runs
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / 'logs').rglob('*.json')}
    go(make_jobs(tmp_path, toy()))
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / 'logs').rglob('*.json')} == before
    records = read_records(jobs[0].suite, tmp_path / 'logs')
    assert {name: sorted(found) for name, found in records.items()} == {'a': [0, 1], 'b': [0, 1]}


def test_a_run_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    content = toy(seeds=[0])
    content['runs'][0]['cfg_options'] = {'model.fail': True}
    jobs = make_jobs(tmp_path, content)
    outcome = go(jobs)
    assert outcome.finished == ['b_seed0']
    message = outcome.failed['a_seed0']
    log = tmp_path / 'work' / 'toy' / 'a_seed0' / 'train.out'
    assert message.startswith(f'a_seed0: mmirstd train ended with status 1: the loss is not finite\n  log: {log}\n')
    assert jobs[0].status() == f'failed: the loss is not finite (log: {log})'
    assert not jobs[0].record.exists()


def stop_when(path: Path, stop: threading.Event) -> threading.Thread:
    def watch() -> None:
        for _ in range(400):
            if path.exists():
                break
            time.sleep(0.05)
        stop.set()

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def test_stopped_and_continued(tmp_path: Path) -> None:
    content = toy(seeds=[0])
    content['runs'] = [dict(name='a', config='configs/a.py', cfg_options={'model.pause_at': 4})]
    stop = threading.Event()
    (job,) = make_jobs(tmp_path, content, stop=stop)
    watcher = stop_when(job.work_dir / 'epoch_4.pth', stop)
    outcome = go([job], stop=stop)
    watcher.join()
    assert (outcome.finished, outcome.failed) == ([], {})
    assert job.status() == 'interrupted'

    (job,) = make_jobs(tmp_path, content)
    # epoch 4 was saved, but not validated
    assert f'--resume {job.work_dir}/epoch_3.pth' in ' '.join(job.next_commands()[0])
    outcome = go([job])
    assert not outcome.failed
    record = json.loads(job.record.read_text())
    assert len(record['training']['parts']) == 2
    assert record['training']['wall_s'] == pytest.approx(
        sum(part['wall_s'] for part in record['training']['parts']), abs=0.1
    )
    assert record['loss_curve']['iter'] == list(range(1, 9))
    assert [e['step'] for e in record['validation_curve']] == [2, 4]
    assert len(record['commands']) == 3


def test_trained_but_not_tested_trains_no_second_time(tmp_path: Path) -> None:
    content = toy(seeds=[0], runs=toy()['runs'][:1])
    (job,) = make_jobs(tmp_path, content)
    broken = tmp_path / 'tools' / 'test.py'
    text = broken.read_text()
    broken.write_text('raise SystemExit("no memory")')
    assert 'no memory' in go([job]).failed['a_seed0']
    assert job.status().startswith('failed: no memory (log: ')
    broken.write_text(text)
    assert [command[0] for command in job.next_commands()] == ['test']
    (tmp_path / 'tools' / 'train.py').write_text('raise SystemExit("trained again")')
    assert go([job]).finished == ['a_seed0']


def test_a_changed_suite_is_noticed(tmp_path: Path) -> None:
    content = toy(seeds=[0], runs=toy()['runs'][1:])
    (job,) = make_jobs(tmp_path, content)
    go([job])
    content['runs'][0]['cfg_options'] = {'model.width': 3}
    (changed,) = make_jobs(tmp_path, content)
    with pytest.raises(ConfigError, match=r"(?s)b_seed0.json: was made with cfg_options .*'model.width': 2.*: 3.*cure"):
        changed.done()
    job.record.unlink()
    assert 'which the suite has changed since' in go([changed]).failed['b_seed0']


def test_a_damaged_record_is_no_result(tmp_path: Path) -> None:
    job = make_jobs(tmp_path, toy())[0]
    job.record.parent.mkdir(parents=True)
    job.record.write_text('{"test": ')
    with pytest.raises(ConfigError, match='is no result record'):
        job.done()


def test_two_at_the_same_run(tmp_path: Path) -> None:
    first, second = (make_jobs(tmp_path, toy())[0] for _ in range(2))
    with first.folder.locked(), pytest.raises(CheckpointError, match='another process works in'):
        second()
    assert go([second]).finished == ['a_seed0']


def test_misspelled_option_and_progress(tmp_path: Path) -> None:
    content = toy(runs=[dict(name='a', config='configs/a.py', cfg_options={'modl.width': 2})])
    with pytest.raises(ConfigError, match=r"(?s)no entry 'modl'.*did you mean: model"):
        make_jobs(tmp_path, content)[0].check()
    job = make_jobs(tmp_path, toy())[0]
    assert job.progress() == 'a_seed0 waiting'
    go([job])
    job.phase = 'training'
    assert job.progress() == 'a_seed0 epoch 4/4 eta 0:00'


def as_recorded(job, line: str) -> str:
    """The words of a command on this machine as the record has them."""
    root = job.suite.root
    for here, shown in (
        (job.work_dir, 'work_dirs/benchmarks/toy/s_seed0'),
        (root / 'elsewhere', 'data/toy'),
        (f'{root}/', ''),
        ('epoch_*', 'epoch_4'),
    ):
        line = line.replace(str(here), shown)
    return f'mmirstd {line}'


MSDA = {'msda': dict(protocol='msda', eval_size=512)}


def test_further_tests_are_made_with_the_first(tmp_path: Path) -> None:
    tests = {**MSDA, 'dnanet': 'dnanet', 'basic': 'basicirstd', 'small': dict(eval_size=512)}
    (job,) = make_jobs(tmp_path, segmentation(tests=tests))
    shown = [' '.join(command) for command in job.next_commands()]
    assert len(shown) == 4
    folder = job.work_dir
    assert f'--out {folder}/test.json --per-image {folder}/per_image.json --cfg-options' in shown[1]
    assert '/test_512.json --protocol msda --eval-size 512 --cfg-options' in shown[2]
    assert '/test_native.json --protocol dnanet,basicirstd --cfg-options' in shown[3]
    assert go([job]).failed == {}
    assert job.status() == 'done'
    record = json.loads(job.record.read_text())
    assert record['commands'][1:] == [as_recorded(job, line) for line in shown[1:]]
    assert record['test'] == dict(IoU=0.5, Pd=None)
    assert {name: entry['metrics'] for name, entry in record['tests'].items()} == {
        'msda': dict(IoU=0.5512),
        'dnanet': dict(IoU=0.5),
        'basic': dict(IoU=0.5),
        'small': dict(IoU=0.6, Pd=None),
    }
    assert record['per_image'] == dict(
        name=['x', 'y.1', 'seq/z'],
        tp=[1, 1, 1],
        fp=[0, 0, 0],
        fn=[1, 1, 1],
        targets=[1, 1, 1],
        detected=[1, 1, 1],
        false_pixels=[0, 0, 0],
        pixels=[64, 64, 64],
    )
    assert 'private' not in job.record.read_text()


def test_a_test_added_later_trains_nothing(tmp_path: Path) -> None:
    (first,) = make_jobs(tmp_path, segmentation())
    go([first])
    before = json.loads(first.record.read_text())
    assert 'tests' not in before

    (job,) = make_jobs(tmp_path, segmentation(tests=MSDA))
    (tmp_path / 'tools' / 'train.py').write_text('raise SystemExit("trained again")')
    assert job.status() == 'done, but not tested by msda'
    (command,) = job.next_commands()
    assert command[2] == f'{job.work_dir}/best_IoU_epoch_4.pth'
    assert go([job]).failed == {}
    after = json.loads(job.record.read_text())
    assert after['tests']['msda']['metrics'] == dict(IoU=0.5512)
    assert after['tests']['msda']['notices'] == []
    assert after['commands'] == [*before['commands'], as_recorded(job, ' '.join(command))]
    for key in before:
        assert key == 'commands' or after[key] == before[key]

    # the same test with another size is another one
    (job,) = make_jobs(tmp_path, segmentation(tests={'msda': dict(protocol='msda', eval_size=99)}))
    (tmp_path / 'tools' / 'train.py').write_text('raise SystemExit("trained again")')
    assert not job.done()
    assert go([job]).failed == {}
    entry = json.loads(job.record.read_text())['tests']['msda']
    assert (entry['eval_size'], entry['metrics']) == (99, dict(IoU=0.5099))
    assert entry['notices'] == ["protocol 'msda' differs"]


@pytest.mark.parametrize('what', ['gone', 'another', 'data'])
def test_a_test_added_later_needs_what_was_tested(tmp_path: Path, what: str) -> None:
    go(make_jobs(tmp_path, segmentation()))
    (job,) = make_jobs(tmp_path, segmentation(tests=MSDA))
    before = job.record.read_text()
    checkpoint = job.work_dir / 'best_IoU_epoch_4.pth'
    if what == 'gone':
        checkpoint.unlink()
    elif what == 'another':
        checkpoint.write_bytes(b'trained again')
    else:
        (tmp_path / 'elsewhere' / 'train.txt').write_text('y')
    message = go([job]).failed['s_seed0']
    expected = dict(
        gone='was not tested by msda, and cannot be now: .*is not there',
        another='is another one',
        data='would be on other data than its record',
    )[what]
    assert re.search(expected, message)
    assert 'cure: ' in message
    assert ('no checkpoint' in job.status()) is (what != 'data')
    assert (job.obstacle() is None) is (what == 'data')
    assert job.record.read_text() == before


def test_an_interrupted_further_test_keeps_the_record(tmp_path: Path) -> None:
    (job,) = make_jobs(tmp_path, segmentation(tests=MSDA))
    tool = tmp_path / 'tools' / 'test.py'
    text = tool.read_text()
    tool.write_text(text.replace('import hashlib', "import hashlib\nassert not a.eval_size, 'no memory for this size'"))
    assert 'no memory for this size' in go([job]).failed['s_seed0']
    assert job.status() == 'done, but not tested by msda'
    tool.write_text(text)
    assert go([job]).finished == ['s_seed0']
    assert job.done()


def test_a_test_that_the_config_cannot_make_is_found_first(tmp_path: Path) -> None:
    job = make_jobs(tmp_path, toy(tests=MSDA))[0]
    with pytest.raises(ConfigError, match=r'toy.yml: a \(configs/a.py\): tests: msda: .*no mmirstd.IRSTDMetric'):
        job.check()


def given(root: Path, content: bytes = b'weights') -> dict:
    (root / 'configs').mkdir(exist_ok=True)
    (root / 'configs' / 'released.pth').write_bytes(content)
    return segmentation(
        seeds=None,
        tests=dict(msda=dict(protocol='msda')),
        runs=[dict(name='s', config='configs/seg.py', checkpoint='configs/released.pth')],
    )


def test_a_given_checkpoint_is_tested_and_not_trained(tmp_path: Path) -> None:
    (job,) = jobs = make_jobs(tmp_path, given(tmp_path))
    (tmp_path / 'tools' / 'train.py').write_text('raise SystemExit("trained")')
    assert [command[:3] for command in job.next_commands()] == 2 * [
        ['test', str(tmp_path / 'configs/seg.py'), str(tmp_path / 'configs/released.pth')]
    ]
    assert go(jobs).failed == {}
    record = json.loads(job.record.read_text())
    assert str(tmp_path) not in job.record.read_text()
    assert record['selection'] == 'the file named in the suite'
    assert record['checkpoint'] == dict(name='configs/released.pth', sha256=hashlib.sha256(b'weights').hexdigest())
    assert record['test']['IoU'] == 0.5
    assert record['tests']['msda']['metrics']['IoU'] == 0.5
    assert record['training']['training_s'] is None
    assert [command.split()[:4] for command in record['commands']] == 2 * [
        ['mmirstd', 'test', 'configs/seg.py', 'configs/released.pth']
    ]
    assert make_jobs(tmp_path, given(tmp_path))[0].status() == 'done'


def test_a_test_added_later_reads_the_given_checkpoint(tmp_path: Path) -> None:
    content = given(tmp_path)
    go(make_jobs(tmp_path, content))
    (job,) = jobs = make_jobs(tmp_path, {**content, 'tests': dict(content['tests'], small=dict(eval_size=32))})
    assert job.obstacle() is None
    assert [command[2] for command in job.next_commands()] == [str(tmp_path / 'configs/released.pth')]
    assert go(jobs).failed == {}
    assert job.status() == 'done'


def test_another_checkpoint_under_the_same_name_is_noticed(tmp_path: Path) -> None:
    go(make_jobs(tmp_path, given(tmp_path)))
    (job,) = make_jobs(tmp_path, given(tmp_path, b'others'))
    with pytest.raises(ConfigError, match=r'checkpoint configs/released.pth with SHA-256 [\s\S]*cure: delete'):
        job.status()


def test_counts_of_sequences_are_taken_where_a_table_needs_them(tmp_path: Path) -> None:
    table = dict(
        name='t',
        readme='README.md',
        kind='differences',
        over='sequences',
        columns=[dict(value='test.mAP50')],
        pairs=[['a', 'b']],
        seeds=[1],
    )
    for job in make_jobs(tmp_path, toy(tables=[table])):
        job()
        made = json.loads(job.record.read_text())
        assert made.get('per_sequence', {}).get('name') == (['s'] if job.seed else None)
        assert ('--per-sequence' in made['commands'][-1]) == (job.seed == 1)


def test_what_a_network_logs_of_itself_is_kept(tmp_path: Path) -> None:
    (job, *_) = make_jobs(tmp_path, toy())
    train = tmp_path / 'tools' / 'train.py'
    train.write_text(train.read_text().replace('line(loss=1 / n,', 'line(loss=1 / n, gils_scale=n / 100,'))
    job()
    assert json.loads(job.record.read_text())['training']['gils_scale'] == 0.08


def test_each_job_gets_one_gpu(tmp_path: Path) -> None:
    """Looked at where it counts: in the environment of the processes."""
    content = toy(seeds=[0, 1])
    jobs = make_jobs(tmp_path, content, side_by_side=2, gpus=('0', '3'))
    train = tmp_path / 'tools' / 'train.py'
    train.write_text(
        train.read_text()
        + 'import os\n'
        + "(w / 'gpu').write_text(os.environ['CUDA_VISIBLE_DEVICES'])\n"
        # the first two wait for each other, so that both slots have one
        + f'both = pathlib.Path({str(tmp_path / "both")!r}); both.mkdir(exist_ok=True); (both / w.name).touch()\n'
        + 'while len(list(both.iterdir())) < 2: time.sleep(0.05)\n'
    )
    assert go(jobs, 2).failed == {}
    seen = [(job.work_dir / 'gpu').read_text() for job in jobs]
    assert set(seen[:2]) == {'0', '3'}
    assert [job.gpu for job in jobs] == seen


def test_shell_lines_run_when_pasted(tmp_path: Path) -> None:
    """From another folder, with a folder name that needs quotes, and a checkpoint whose name nobody knows before."""
    root = tmp_path / '$HOME;x'
    content = segmentation(tests=MSDA)
    content['runs'][0]['cfg_options'] = {'model.width': 1, 'model.sizes': [1, 2], 'model.name': 'a;c&$d'}
    root.mkdir()
    (job,) = make_jobs(root, content, gpus=('3',))
    job.gpu = '3'
    lines = job.shell_lines()
    assert len(lines) == 3
    for line in lines:
        assert 'CUDA_VISIBLE_DEVICES=3 ' in line
        done = subprocess.run(
            ['sh', '-c', line], cwd='/', env=dict(os.environ, HOME='/'), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    for name in ('test.json', 'per_image.json', 'test_512.json'):
        assert (job.work_dir / name).is_file()


def test_a_failure_is_forgotten_when_the_run_begins_anew(tmp_path: Path) -> None:
    (job,) = make_jobs(tmp_path, toy(seeds=[0], runs=toy()['runs'][:1]))
    train = tmp_path / 'tools' / 'train.py'
    text = train.read_text()
    train.write_text("raise RuntimeError('CUDA out of memory')")
    go([job])
    assert job.failure().reason == 'RuntimeError: CUDA out of memory'
    train.write_text(text)
    assert go([job]).finished == ['a_seed0']
    assert job.failure() is None
    assert job.status() == 'done'
