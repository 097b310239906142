"""LESPS and PAL in small real trainings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

import mmirstd.registry  # noqa: F401  before mmengine's users
from mmirstd.engine.distributed import prepare_distributed_config
from mmirstd.engine.hooks import LESPSHook, PALHook
from mmirstd.utils.errors import CheckpointError, ConfigError
from tests.shared import REPO
from tests.test_engine.small_runner import small_runner
from tests.tiny_training import tiny_config_text, write_tiny_data

LESPS = dict(type='mmirstd.LESPSHook', interval=1)
PAL = dict(type='mmirstd.PALHook', start=0.0, end=1.0, interval=1)


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_data(tmp_path_factory.mktemp('tiny') / 'data')


def train(work_dir: Path, data: Path, hook: dict[str, Any] | None, workers: int = 0, **options: Any) -> Runner:
    """Three epochs; the config's own hooks for checkpoints and seeds, and the one that is tested."""
    work_dir.mkdir()
    (work_dir / 'config.py').write_text(tiny_config_text(data))
    cfg = Config.fromfile(str(work_dir / 'config.py'))
    cfg.merge_from_dict(
        {
            'work_dir': str(work_dir),
            'experiment_name': str(work_dir),
            'log_level': 'ERROR',
            'train_dataloader.dataset.points': dict(kind='centroid'),
            'train_dataloader.num_workers': workers,
            'train_dataloader.persistent_workers': workers > 0,
            **({'default_hooks.label_evolution': hook} if hook else {}),
            'default_hooks.checkpoint': dict(type='CheckpointHook', interval=1, max_keep_ckpts=-1),
            'optim_wrapper': dict(_delete_=True, type='OptimWrapper', optimizer=dict(type='Adam', lr=2e-3)),
            'param_scheduler': [],
            'train_cfg': dict(max_epochs=3, val_interval=10),
            **options,
        }
    )
    cfg.custom_hooks = []
    if cfg.get('launcher', 'none') != 'none':
        prepare_distributed_config(cfg)
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


def labels(runner: Runner) -> list[np.ndarray]:
    store = runner.train_dataloader.dataset.label_store
    return [store.label(index) for index in range(len(store))]


def assert_same(first: Runner, second: Runner) -> None:
    for own, other in zip(labels(first), labels(second), strict=True):
        np.testing.assert_array_equal(own, other)
    weights, others = first.model.state_dict(), second.model.state_dict()
    assert all(torch.equal(weights[name], others[name]) for name in weights)


@pytest.mark.parametrize('hook', [LESPS, PAL], ids=['LESPS', 'PAL'])
def test_labels_grow_and_an_interrupted_run_ends_the_same(tmp_path: Path, data: Path, hook: dict) -> None:
    whole = train(tmp_path / 'whole', data, hook)
    grown = sum(float((label > 0).sum()) for label in labels(whole))
    assert grown > 2 * 16  # more than the sixteen points
    assert all(label.max() == 1 for label in labels(whole))
    resumed = train(tmp_path / 'resumed', data, hook, resume=True, load_from=str(tmp_path / 'whole' / 'epoch_1.pth'))
    assert_same(whole, resumed)


def test_workers_are_taught_what_has_grown(tmp_path: Path, data: Path) -> None:
    """Persistent workers were forked before the labels grew; what they draw depends on the sample, not on them."""
    seen: list[torch.Tensor] = []

    class Look(LESPSHook):
        def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
            if runner.epoch == 2:
                seen.extend(sample.gt_sem_seg.data for sample in data_batch['data_samples'])

    runner = train(tmp_path / 'two', data, dict(type=Look, interval=1), workers=2)
    taught = torch.stack(seen)
    assert len(taught) == 16
    # the points alone are 16 pixels of 1
    assert (taught > 0).sum() > 2 * 16
    assert ((taught > 0) & (taught < 1)).any()
    again = train(tmp_path / 'again', data, dict(type=Look, interval=1), workers=2)
    assert_same(runner, again)


def test_pal_teaches_hard_labels_of_the_images_that_train(tmp_path: Path, data: Path) -> None:
    runner = train(tmp_path / 'pal', data, dict(PAL, start=1.0))
    store = runner.train_dataloader.dataset.label_store
    assert store.binary
    assert 0 < store.trains.sum() <= len(store)
    hard = {index for index in range(len(store)) if not store.trains[index]}
    names = {runner.train_dataloader.dataset[index]['data_samples'].img_path for index in range(len(store))}
    assert not {store.names[index] for index in hard} & {Path(name).stem for name in names}
    for index in hard:
        np.testing.assert_array_equal(store.label(index), store.point_mask(index))


def test_a_checkpoint_without_labels_is_refused(tmp_path: Path, data: Path) -> None:
    train(tmp_path / 'plain', data, None, **{'train_cfg.max_epochs': 1})
    with pytest.raises(CheckpointError, match='cannot continue with LESPSHook: the checkpoint has no grown labels'):
        train(tmp_path / 'grown', data, LESPS, resume=True, load_from=str(tmp_path / 'plain' / 'epoch_1.pth'))


def test_without_points_or_epochs_nothing_begins(tmp_path: Path, data: Path) -> None:
    with pytest.raises(ConfigError, match='LESPSHook: no training data with points'):
        train(tmp_path / 'no', data, LESPS, **{'train_dataloader.dataset.points': None})
    run = small_runner(tmp_path / 'iter', train_cfg=dict(by_epoch=False, max_iters=1, val_interval=10))
    run.register_hook(PALHook())
    with pytest.raises(ConfigError, match='PALHook: needs a training by epochs, found IterBasedTrainLoop'):
        run.train()


def test_it_is_said_when_labels_never_grew(tmp_path: Path, data: Path, caplog: pytest.LogCaptureFixture) -> None:
    said: list[str] = []

    class Heard(LESPSHook):
        def after_train(self, runner: Runner) -> None:
            runner.logger.warning = said.append  # type: ignore[method-assign]
            super().after_train(runner)

    train(tmp_path / 'never', data, dict(type=Heard, start_loss=-1.0), **{'train_cfg.max_epochs': 1})
    assert len(said) == 1
    assert 'the labels never grew' in said[0]


@pytest.mark.parametrize('wrong', [dict(interval=0), dict(start_epoch=0)])
def test_impossible_intervals(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match='expected 1 or more'):
        LESPSHook(**wrong)


@pytest.mark.parametrize('wrong', [dict(interval=0), dict(start=0.9, end=0.5)])
def test_impossible_phases(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match='expected 0 <= start'):
        PALHook(**wrong)


WORKER = """
import os, sys
from pathlib import Path
import torch
rank, folder, data = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
torch.set_num_threads(1)
os.environ['LOCAL_RANK'] = str(rank)
torch.distributed.init_process_group('gloo', init_method=f'file://{folder}/store', rank=rank, world_size=2)
from tests.test_engine.test_hooks.test_label_evolution import PAL, LESPSHook, labels, train


class Uneven(LESPSHook):
    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        super().after_train_iter(runner, batch_idx, data_batch, outputs)
        self._losses += 1000 * rank  # so that one process alone would begin, and wait for ever


for name, hook in (('lesps', dict(type=Uneven, interval=1, start_loss=600)), ('pal', PAL)):
    runner = train(folder / f'{name}{rank}', data, hook, launcher='pytorch')
    torch.save(
        dict(labels=labels(runner), trains=runner.train_dataloader.dataset.label_store.trains,
             weights=runner.model.module.state_dict()), folder / f'{name}{rank}.pt')
torch.distributed.destroy_process_group()
"""


@pytest.mark.skipif(not torch.distributed.is_gloo_available(), reason='this torch has no gloo backend')
def test_two_processes_grow_the_same_labels(tmp_path: Path, data: Path) -> None:
    """Each predicts its part; both learn from all, and begin together whatever their own losses are."""
    workers = [
        subprocess.Popen(
            [sys.executable, '-c', WORKER, str(rank), str(tmp_path), str(data)],
            cwd=REPO,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        for worker in workers:
            _, errors = worker.communicate(timeout=300)
            assert worker.returncode == 0, errors[-3000:]
    finally:
        for worker in workers:
            worker.kill()
    for name in ('lesps', 'pal'):
        first, second = (torch.load(tmp_path / f'{name}{rank}.pt', weights_only=False) for rank in range(2))
        assert sum(float((label > 0).sum()) for label in first['labels']) > 2 * 16  # more than the points
        for own, other in zip(first['labels'], second['labels'], strict=True):
            np.testing.assert_array_equal(own, other)
        np.testing.assert_array_equal(first['trains'], second['trains'])
        for key, value in first['weights'].items():
            if 'running' not in key and 'num_batches' not in key:  # each process has its own of these
                assert torch.equal(value, second['weights'][key]), key
