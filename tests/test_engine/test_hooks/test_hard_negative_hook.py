"""Hard negatives mined in small real trainings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

import mmirstd.registry  # noqa: F401  before mmengine's users
from mmirstd.datasets.hard_negatives import FalseTarget
from mmirstd.engine.hooks import HardNegativeHook
from mmirstd.engine.hooks.hard_negative_hook import _load
from mmirstd.engine.hooks.training_images import predict_loaded, predicting
from mmirstd.utils.errors import CheckpointError, ConfigError
from tests.test_engine.small_runner import small_runner
from tests.tiny_training import tiny_config_text, write_tiny_data

STEPS = [
    dict(type='mmirstd.LoadInfraredImage'),
    dict(type='mmirstd.LoadTargetMask'),
    dict(type='mmirstd.TargetAwareCrop', size=32, p_target=1.0, margin=1),
    dict(type='PackSegInputs'),
]
HOOK = dict(type='mmirstd.HardNegativeHook', max_images=8, margin=1, distance=4)


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_data(tmp_path_factory.mktemp('tiny') / 'data')


def runner_of(
    work_dir: Path, data: Path, hook: dict[str, Any] | None = HOOK, workers: int = 0, **options: Any
) -> Runner:
    work_dir.mkdir()
    (work_dir / 'config.py').write_text(tiny_config_text(data))
    cfg = Config.fromfile(str(work_dir / 'config.py'))
    inner = dict(cfg.train_dataloader.dataset, pipeline=STEPS)
    cfg.train_dataloader.dataset = dict(type='mmirstd.HardNegativeDataset', dataset=inner, share=0.2)
    cfg.merge_from_dict(
        {
            'work_dir': str(work_dir),
            'experiment_name': str(work_dir),
            'log_level': 'ERROR',
            'train_dataloader.num_workers': workers,
            'train_dataloader.persistent_workers': workers > 0,
            **({'default_hooks.hard_negatives': hook} if hook else {}),
            'default_hooks.checkpoint': dict(type='CheckpointHook', interval=1, max_keep_ckpts=-1),
            'optim_wrapper': dict(_delete_=True, type='OptimWrapper', optimizer=dict(type='Adam', lr=2e-3)),
            'param_scheduler': [],
            'train_cfg': dict(max_epochs=3, val_interval=10),
            **options,
        }
    )
    cfg.custom_hooks = []
    return Runner.from_cfg(cfg)


def train(*args: Any, **options: Any) -> Runner:
    runner = runner_of(*args, **options)
    runner.train()
    return runner


def test_the_strongest_responses_away_from_masks_are_shown(tmp_path: Path, data: Path) -> None:
    """Against a search through all images, with the network as it was when they were found."""
    found: dict[int, list[FalseTarget]] = {}
    expected: dict[int, set[tuple[int, int, int]]] = {}

    class Check(HardNegativeHook):
        def after_train_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
            super().after_train_epoch(runner)
            whole, best = runner.train_dataloader.dataset, []
            with predicting(runner.model):
                for index in range(16):
                    loaded = _load(whole.dataset, index)
                    mask = loaded['gt_seg_map'].copy()
                    logits = predict_loaded(runner.model, loaded).target_logits.data[0].numpy()
                    rows, columns = np.nonzero(mask)
                    y, x = np.indices(mask.shape)
                    near = (np.abs(y[..., None] - rows) <= 1) & (np.abs(x[..., None] - columns) <= 1)
                    away = np.where(near.any(axis=-1), -np.inf, logits)
                    row, column = np.unravel_index(int(away.argmax()), away.shape)
                    best.append((float(away.max()), (index, int(row), int(column))))
            best.sort(reverse=True)
            found[runner.epoch] = whole.false_targets
            expected[runner.epoch] = {place for _, place in best[:4]}

    runner = train(tmp_path / 'check', data, dict(type=Check, max_images=16, per_image=1, margin=1))
    assert runner.train_dataloader.dataset.capacity == 4
    assert set(found) == {0, 1, 2}
    for epoch in (0, 1):
        places = {(one.sample, int(one.y * 32), int(one.x * 32)) for one in found[epoch]}
        assert places == expected[epoch]
    assert found[2] == found[1]  # no epoch is left to show others in


def test_an_interrupted_run_ends_the_same(tmp_path: Path, data: Path) -> None:
    whole = train(tmp_path / 'whole', data, workers=1)
    assert whole.train_dataloader.dataset.false_targets
    resumed = train(
        tmp_path / 'resumed', data, workers=1, resume=True, load_from=str(tmp_path / 'whole' / 'epoch_1.pth')
    )
    assert resumed.train_dataloader.dataset.false_targets == whole.train_dataloader.dataset.false_targets
    others = resumed.model.state_dict()
    assert all(torch.equal(value, others[name]) for name, value in whole.model.state_dict().items())


@pytest.mark.parametrize('workers', [0, 2])
@pytest.mark.parametrize('hook', [HOOK, None])
def test_a_data_set_without_its_hook_says_so_once(
    tmp_path: Path, data: Path, workers: int, hook: dict[str, Any] | None
) -> None:
    """Also from workers, which draw the samples; with the hook the random ones of the first epoch are no reason."""
    runner = train(tmp_path / 'run', data, hook, workers=workers, log_level='WARNING')
    [log] = (tmp_path / 'run').glob('*/*.log')
    assert log.read_text().count('no HardNegativeHook looks for false targets, so 4 samples') == (hook is None)
    assert bool(runner.train_dataloader.dataset.false_targets) == (hook is not None)


def test_half_of_the_images_are_those_that_are_shown(tmp_path: Path, data: Path) -> None:
    runner = runner_of(tmp_path / 'half', data)
    whole = runner.train_loop.dataloader.dataset
    hook = HardNegativeHook(max_images=6)
    whole.false_targets = [FalseTarget(index, 0.5, 0.5) for index in (3, 3, 5, 7)]
    drawn = hook._images(whole, np.random.default_rng(0))
    assert drawn[:3] == [3, 5, 7]
    assert len(drawn) == len(set(drawn)) == 6
    assert drawn == hook._images(whole, np.random.default_rng(0)) != hook._images(whole, np.random.default_rng(1))
    assert sorted(HardNegativeHook(max_images=99)._images(whole, np.random.default_rng(0))) == list(range(16))


def test_what_does_not_go_together_is_refused(tmp_path: Path, data: Path) -> None:
    train(tmp_path / 'plain', data, None, **{'train_cfg.max_epochs': 1})
    with pytest.raises(CheckpointError, match='the checkpoint has no hard negatives'):
        train(tmp_path / 'hard', data, resume=True, load_from=str(tmp_path / 'plain' / 'epoch_1.pth'))
    runner = runner_of(tmp_path / 'no', data)
    runner._resume = True
    with pytest.raises(CheckpointError, match='a hard negative of sample 99 of a data set of 16'):
        HardNegativeHook().after_load_checkpoint(runner, dict(hard_negatives=[(99, 0.5, 0.5)]))
    with pytest.raises(ConfigError, match='HardNegativeHook: the training data are a list'):
        HardNegativeHook().before_train(small_runner(tmp_path / 'list'))


def test_what_cannot_be_mined_is_told_before_the_first_epoch(tmp_path: Path, data: Path) -> None:
    class Clip:
        def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
            return {**results, 'img': results['img'][..., None]}

    for name, change, text in (
        ('masks', lambda steps: steps[:1] + steps[2:], 'loads no masks'),
        ('clips', lambda steps: [steps[0], Clip(), *steps[1:]], 'loads clips; expected single frames'),
    ):
        runner = runner_of(tmp_path / name, data)
        leaf = runner.train_loop.dataloader.dataset.dataset
        leaf.pipeline.transforms = change(leaf.pipeline.transforms)
        with pytest.raises(ConfigError, match=text):
            HardNegativeHook().before_train(runner)


@pytest.mark.parametrize('name', ['start_epoch', 'interval', 'max_images', 'per_image', 'margin', 'distance'])
def test_impossible_options(name: str) -> None:
    with pytest.raises(ValueError, match=f'{name} is -1; expected [01] or more'):
        HardNegativeHook(**{name: -1})
