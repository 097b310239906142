"""Which validation images are drawn as the worst, and when."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mmengine.logging import MessageHub

from mmirstd.registry import HOOKS
from mmirstd.visualization.worst_images import FOLDER, WorstImagesHook
from tests.test_visualization.test_hook import clips, dataset, detected, predicted, root  # noqa: F401  fixtures


def _runner(dataset: Any, tmp_path: Any, name: str) -> Any:  # noqa: F811
    loop = SimpleNamespace(dataloader=SimpleNamespace(dataset=dataset))
    hub = MessageHub.get_instance(f'{tmp_path}/{name}')
    return SimpleNamespace(val_loop=loop, work_dir=str(tmp_path / 'work'), message_hub=hub)


def _validate(hook: WorstImagesHook, runner: Any, samples: list[Any], best: str | None = None) -> list[str]:
    """One validation; what the folder holds after it."""
    hook.before_val_epoch(runner)
    for number, sample in enumerate(samples):
        hook.after_val_iter(runner, number, None, [sample])
    if best is not None:
        runner.message_hub.update_info('best_ckpt', best)
    hook.after_val_epoch(runner, {})
    return sorted(path.name for path in (Path(runner.work_dir) / FOLDER).glob('*.png'))


def test_the_registry_finds_it_by_name() -> None:
    assert isinstance(HOOKS.build(dict(type='mmirstd.WorstImagesHook', count=2)), WorstImagesHook)
    with pytest.raises(ValueError, match='at least 1'):
        WorstImagesHook(0)


def test_the_worst_masks_first_and_none_without_error(dataset, tmp_path) -> None:  # noqa: F811
    samples = [predicted(dataset, 0), predicted(dataset, 1, 0.0), predicted(dataset, 2)]
    half = predicted(dataset, 3)
    half.seg_logits.data = half.seg_logits.data.clone()
    half.seg_logits.data[..., 21:] = 0  # one of three pixels is left
    hook = WorstImagesHook(8)
    runner = _runner(dataset, tmp_path, 'masks')
    hook.before_train(runner)
    assert _validate(hook, runner, [*samples, half], 'best_IoU_epoch_1.pth') == ['01_im.1.png', '02_im.3.png']
    assert _validate(WorstImagesHook(1), runner, [*samples, half]) == ['01_im.1.png']


def test_only_a_new_best_checkpoint_has_pictures(dataset, tmp_path) -> None:  # noqa: F811
    runner = _runner(dataset, tmp_path, 'best')
    runner.message_hub.update_info('best_ckpt', 'best_IoU_epoch_1.pth')  # of the run that is continued
    hook = WorstImagesHook(8)
    hook.before_train(runner)
    assert _validate(hook, runner, [predicted(dataset, 0, 0.0)]) == []
    assert _validate(hook, runner, [predicted(dataset, 1, 0.0)], 'best_IoU_epoch_3.pth') == ['01_im.1.png']
    assert _validate(hook, runner, [predicted(dataset, 2, 0.0)]) == ['01_im.1.png']
    assert _validate(hook, runner, [predicted(dataset, 2, 0.0)], 'best_IoU_epoch_5.pth') == ['01_im.2.png']


def test_boxes_by_misses_and_false_alarms_few_of_a_sequence(clips, tmp_path) -> None:  # noqa: F811
    samples = [detected(clips, 0, 0.9), detected(clips, 1, 0.3), detected(clips, 2, 0.8, shift=9.0)]
    runner = _runner(clips, tmp_path, 'boxes')
    assert _validate(WorstImagesHook(8), runner, samples) == [
        '01_images_test_seq_002.png',  # a miss and a false alarm
        '02_images_test_seq_001.png',  # a miss
    ]
    assert _validate(WorstImagesHook(8, per_sequence=1), runner, samples) == ['01_images_test_seq_002.png']


def test_samples_that_tell_no_error_are_passed_over(dataset, tmp_path) -> None:  # noqa: F811
    many = predicted(dataset, 0)
    many.seg_logits.data = torch.zeros(5, *many.seg_logits.data.shape[1:])  # mmseg's networks of many classes
    assert _validate(WorstImagesHook(8), _runner(dataset, tmp_path, 'none'), [many]) == []


def test_a_training_goes_on_where_no_picture_can_be_drawn(dataset, root, tmp_path) -> None:  # noqa: F811
    samples = [predicted(dataset, index, 0.0) for index in range(2)]
    for path in (root / 'images').glob('*.png'):
        path.write_bytes(b'numbers of somebody')
    runner = _runner(dataset, tmp_path, 'unreadable')
    assert _validate(WorstImagesHook(8), runner, samples) == []
    hook = WorstImagesHook(8)
    hook.before_val_epoch(runner)
    hook.after_val_iter(runner, 0, dict(inputs=[torch.zeros(1, 48, 64)] * 2), samples)  # as the network saw them
    hook.after_val_epoch(runner, {})
    assert len(list((tmp_path / 'work' / FOLDER).glob('*.png'))) == 2
