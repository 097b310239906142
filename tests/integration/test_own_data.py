"""A data set as users have them: 14-bit codes in 16-bit files, and masks whose targets have another value."""

from __future__ import annotations

import shutil

import cv2
import numpy as np
import torch


def test_bit_depth_and_mask_values_from_training_to_testing(tiny_data, tiny_config, run, tmp_path):
    root = tmp_path / 'own'
    shutil.copytree(tiny_data, root)
    for path in (root / 'images').iterdir():
        cv2.imwrite(str(path), cv2.imread(str(path), cv2.IMREAD_UNCHANGED).astype(np.uint16) * 64)
    for path in (root / 'masks').iterdir():
        cv2.imwrite(str(path), cv2.imread(str(path), cv2.IMREAD_UNCHANGED) // 255 * 38)
    work_dir = tmp_path / 'work'
    data = '--cfg-options', f'data_root={root}'

    done = run(
        'train.py', tiny_config, '--work-dir', work_dir, *data, 'bit_depth=auto', 'train_cfg.max_epochs=1', cwd=tmp_path
    )
    assert done.stdout.count("bit_depth='auto': 14 is taken") == 1
    assert done.stdout.count('16 have one value beside 0, which is target') == 1
    checkpoint = work_dir / 'epoch_1.pth'
    stored = torch.load(checkpoint, map_location='cpu', weights_only=False)['meta']['normalization']
    assert stored == [dict(normalize='fixed', bit_depth=14, max_value=None, percentiles=[0.5, 99.5])]

    done = run('test.py', tiny_config, checkpoint, *data, cwd=tmp_path)
    assert 'the images are read with bit_depth=14, as the checkpoint was trained' in done.stdout
    assert 'images looked at' not in done.stdout  # nothing to warn of any more

    done = run('test.py', tiny_config, checkpoint, *data, 'bit_depth=15', 'mask_rule=39', cwd=tmp_path)
    assert 'the checkpoint was trained with bit_depth=14; the images are now read with bit_depth=15' in done.stdout
    assert 'none has a target under mask_rule=[39]' in done.stdout
    assert 'holds values 0, 38' in done.stdout
