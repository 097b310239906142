from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmirstd.engine.hooks import PreemptionHook
from mmirstd.engine.resumed_run import keep_seed, resumed_by_config
from tests.test_engine.small_runner import small_runner
from tests.test_engine.test_hooks.test_preemption_hook import SendSignal

IMAGES = 8


class Seen(Hook):
    """The images of each batch, with the epoch."""

    def __init__(self) -> None:
        self.images: list[tuple[int, int]] = []

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        self.images.append((runner.epoch, int(data_batch[0])))


def train(work_dir: Path, randomness: dict, resume: bool, *hooks: Hook) -> list[tuple[int, int]]:
    seen = Seen()
    run = small_runner(
        work_dir,
        train_dataloader=dict(
            dataset=[torch.full((1,), float(i)) for i in range(IMAGES)],
            sampler=dict(type='DefaultSampler', shuffle=True),
            batch_size=1,
        ),
        randomness=randomness,
        default_hooks=dict(checkpoint=dict(type='mmirstd.AtomicCheckpointHook', interval=1), logger=None),
        load_from=str(work_dir / 'interrupted.pth') if resume else None,
        resume=resume,
        experiment_name=f'{work_dir}-{resume}',
    )
    for hook in (PreemptionHook(), seen, *hooks):
        run.register_hook(hook)
    try:
        run.train()
    except KeyboardInterrupt:
        assert not resume
    return seen.images


@pytest.mark.parametrize('asked', [None, 5])
def test_an_epoch_goes_on_with_the_images_that_are_left(tmp_path: Path, asked: int | None) -> None:
    before = train(tmp_path, dict(seed=None), False, SendSignal(IMAGES + 4))
    cfg = Config(dict(randomness=dict(seed=asked, deterministic=False)))
    notes = keep_seed(cfg, tmp_path / 'interrupted.pth')
    assert len(notes) == (asked is not None)
    after = train(tmp_path, cfg.randomness, True)
    assert sorted(image for epoch, image in before + after if epoch == 1) == list(range(IMAGES))


def test_what_has_no_seed_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / 'weights.pth'
    torch.save(dict(state_dict={}), file)
    cfg = Config(dict(randomness=dict(seed=3)))
    assert keep_seed(cfg, file) == keep_seed(cfg, 'https://example.com/epoch_1.pth') == []
    assert cfg.randomness == dict(seed=3)


def test_mmengines_resume_is_that_of_the_command_line(tmp_path: Path) -> None:
    folder = str(tmp_path)
    assert resumed_by_config(Config(dict(work_dir=folder, resume=True))) is None  # mmengine begins anew, too
    (tmp_path / 'epoch_1.pth').touch()
    assert resumed_by_config(Config(dict(work_dir=folder, resume=True))) == 'auto'
    assert resumed_by_config(Config(dict(work_dir=folder, resume=True, load_from='a.pth'))) == 'a.pth'
    assert resumed_by_config(Config(dict(work_dir=folder, resume=False, load_from='a.pth'))) is None
