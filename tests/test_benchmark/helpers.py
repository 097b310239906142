"""Hand-made suites, records and a repository whose tools only pretend to train."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

from mmirstd.benchmark import Job, Settings, load_suite

CONFIG = """
train_dataloader = dict(dataset=dict(data_root='data/toy', ann_file='train.txt'))
val_dataloader = dict(dataset=dict(data_root='data/toy', ann_file='val.txt'))
test_dataloader = dict(dataset=dict(data_root='data/toy', ann_file='test.txt'))
data_root = 'data/toy'
model = dict(width=1)
optim_wrapper = dict(lr=1.0)
randomness = dict(seed=0)
train_cfg = dict(max_epochs=4, val_interval=2)
default_hooks = dict(checkpoint=dict(save_best='IoU', rule='greater'))
"""

# With a test that knows protocols, sizes and images.
SEGMENTATION = (
    CONFIG
    + """
test_dataloader['dataset']['pipeline'] = [dict(type='PackSegInputs')]
test_evaluator = dict(type='mmirstd.IRSTDMetric')
"""
)

# Trains four epochs of two iterations with IoU 0.5, 0.7 (+ width / 100, + seed / 1000) at epochs 2 and 4. `model.fail`
# lets it fail, `model.pause_at` lets it wait after that epoch until it is killed.
TRAIN = r"""
import argparse, json, pathlib, signal, sys, time, zipfile
p = argparse.ArgumentParser()
p.add_argument('config'); p.add_argument('--work-dir'); p.add_argument('--resume'); p.add_argument('--max-minutes')
p.add_argument('--cfg-options', nargs='+')
a = p.parse_args()
o = dict(x.split('=', 1) for x in a.cfg_options)
assert pathlib.Path(o['data_root']).is_dir() and pathlib.Path(a.config).is_file()
if o.get('model.fail') == 'True':
    sys.exit('the loss is not finite')
signal.signal(signal.SIGTERM, signal.default_int_handler)
w = pathlib.Path(a.work_dir)
start = int(pathlib.Path(a.resume).stem.split('_')[1]) if a.resume else 0
log = w / f'part{len(list(w.glob("part*")))}' / 'vis_data' / 'scalars.json'
log.parent.mkdir(parents=True)
def save(path):
    with zipfile.ZipFile(path, 'w') as z:
        z.writestr('x/data.pkl', b'\x80\x02}.')
def line(**k):
    with log.open('a') as f:
        f.write(json.dumps(k) + '\n')
for epoch in range(start + 1, 5):
    for i in (1, 2):
        n = 2 * (epoch - 1) + i
        line(loss=1 / n, lr=0.1, time=0.5, epoch=epoch, iter=n, step=n)
    with (log.parents[1] / 'part.log').open('a') as f:
        f.write(f'Epoch(train) [{epoch}][2/2]\n')
    save(w / f'epoch_{epoch}.pth')
    if o.get('model.pause_at') == str(epoch) and not a.resume:
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            sys.exit(130)
    if epoch % 2 == 0:
        [f.unlink() for f in w.glob('best_*')]
        save(w / f'best_IoU_epoch_{epoch}.pth')
        line(IoU=(0.5 if epoch == 2 else 0.7) + int(o.get('model.width', 1)) / 100
             + int(o['randomness.seed']) / 1000, Pd=float('nan'), time=0.1, step=epoch)
print('done: 4 epochs, 8 iterations')
"""

TEST = r"""
import argparse, json, pathlib
p = argparse.ArgumentParser()
p.add_argument('config'); p.add_argument('checkpoint', nargs='?'); p.add_argument('--work-dir'); p.add_argument('--out')
p.add_argument('--cfg-options', nargs='+')
p.add_argument('--protocol', default=''); p.add_argument('--eval-size', type=int); p.add_argument('--per-image')
p.add_argument('--per-sequence')
a = p.parse_args()
import hashlib
data = pathlib.Path(a.checkpoint).read_bytes()
names = [n for n in a.protocol.split(',') if n]
metrics = dict(IoU=0.5 if a.per_image else 0.6, Pd=None)
metrics.update({f'{n}/IoU': 0.5 + (a.eval_size or 0) / 10000 for n in names})
pathlib.Path(a.out).write_text(json.dumps(dict(
    metrics=metrics, checkpoint_sha256=hashlib.sha256(data).hexdigest(), images=3, device='cpu',
    versions=dict(torch='2'), notices=[f'protocol {n!r} differs' for n in names if a.eval_size == 99],
    network=dict(parameters=1000, inference_parameters=900, flops=5, input=[1, 8, 8]), time='now')))
if a.per_image:
    row = dict(height=8, width=8, tp=1, fp=0, fn=1, targets=1, detected=1, false_pixels=0)
    pathlib.Path(a.per_image).write_text(json.dumps(dict(images=[
        dict(row, image=f'/somewhere/private/images/{n}.png') for n in ('x', 'y.1', 'seq/z')])))
if a.per_sequence:
    pathlib.Path(a.per_sequence).write_text(json.dumps(dict(name=['s'], scr_bins=[], score_bins=1, targets=[[1]],
                                                            true=[[0]], false=[[2]])))
"""


#: Stands for mmirstd's commands, the two above.
PROGRAM = """
import pathlib, runpy, sys
name = sys.argv.pop(1)
runpy.run_path(str(pathlib.Path(__file__).with_name(f'{name}.py')), run_name='__main__')
"""


def write_suite(root: Path, content: dict[str, Any], name: str = 'toy') -> Path:
    """A suite in ``root/benchmarks``; configs ``configs/a.py`` and ``configs/b.py`` exist."""
    (root / 'benchmarks').mkdir(parents=True, exist_ok=True)
    (root / 'configs').mkdir(exist_ok=True)
    for config, text in dict(a=CONFIG, b=CONFIG, seg=SEGMENTATION).items():
        (root / 'configs' / f'{config}.py').write_text(text)
    path = root / 'benchmarks' / f'{name}.yml'
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def segmentation(**changes: Any) -> dict[str, Any]:
    """A valid suite of one run with one seed, whose test knows protocols, sizes and images."""
    return toy(**{'seeds': [0], 'runs': [dict(name='s', config='configs/seg.py')], **changes})


def toy(**changes: Any) -> dict[str, Any]:
    """A valid suite of two runs."""
    return {
        'data_roots': {'toy': 'data/toy'},
        'seeds': [0, 1],
        'runs': [
            dict(name='a', config='configs/a.py'),
            dict(name='b', config='configs/b.py', label='B', cfg_options={'model.width': 2}),
        ],
        **changes,
    }


def write_repository(root: Path, content: dict[str, Any]) -> tuple[Path, Path]:
    """A repository with the pretending commands in ``tools``; returns its suite and its data."""
    path = write_suite(root, content)
    (root / 'tools').mkdir(exist_ok=True)
    for name, text in dict(train=TRAIN, test=TEST, program=PROGRAM).items():
        (root / 'tools' / f'{name}.py').write_text(text)
    data = root / 'elsewhere'
    data.mkdir(exist_ok=True)
    (data / 'train.txt').write_text('x\n')
    return path, data


def program(root: Path) -> tuple[str, str]:
    """What runs the pretending commands of a repository."""
    return sys.executable, str(root / 'tools' / 'program.py')


def make_jobs(
    root: Path, content: dict[str, Any], side_by_side: int = 1, stop=None, gpus: tuple[str, ...] = ()
) -> list[Job]:
    """Jobs of a suite in a repository with the pretending tools."""
    path, data = write_repository(root, content)
    suite = load_suite(path, root)
    settings = Settings(
        root / 'logs',
        root / 'work',
        {name: str(data) for name in suite.data_roots},
        side_by_side,
        gpus=gpus,
        program=program(root),
    )
    return [Job(suite, run, seed, settings, *([stop] if stop else [])) for run, seed in suite.select()]


def record(config: str, options: dict, seed: int, val: dict | None = None, **test: Any) -> dict[str, Any]:
    """A record as a job writes it."""
    return dict(
        suite='toy',
        run='r',
        seed=seed,
        config=config,
        cfg_options=options,
        selection='highest IoU on the validation split',
        git=dict(commit='a' * 40, dirty=[], commits=['a' * 40]),
        data={},
        test=test,
        validation=val or {},
        training=dict(training_s=120.0, wall_s=200.0, chosen=4),
        network=dict(parameters=1000, inference_parameters=900, flops=2 * 10**9, images=3),
    )
