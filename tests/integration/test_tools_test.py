from __future__ import annotations

import hashlib
import json
import pickle
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import mmirstd.registry  # noqa: F401
from mmirstd.evaluation.functional import evaluate
from mmirstd.evaluation.prediction_dump import PredictionDump


@pytest.fixture(scope='module')
def checkpoint(trained) -> Path:
    return trained[0] / 'epoch_2.pth'


def test_metrics_provenance_and_pictures(checkpoint, tiny_config, run, tmp_path):
    done = run(
        'test.py',
        tiny_config,
        checkpoint,
        '--show-dir',
        'pictures',
        '--out',
        'out/metrics.json',
        '--protocol',
        'dnanet,msda',
        '--protocol',
        'basicirstd',
        cwd=tmp_path,
    )
    record = json.loads((tmp_path / 'out' / 'metrics.json').read_text())
    assert {'IoU', 'nIoU', 'Pd', 'Fa', 'F1'} <= set(record['metrics'])
    for protocol in ('dnanet', 'msda', 'basicirstd'):
        assert any(name.startswith(protocol) for name in record['metrics'])
    assert record['checkpoint_sha256'] == hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    assert record['images'] == 4
    assert '--protocol dnanet,msda' in record['command']
    assert record['versions']['torch'] == torch.__version__
    assert any("'dnanet' officially evaluates at 256 x 256" in n for n in record['notices'])
    assert not any('basicirstd' in n for n in record['notices'])
    pictures = sorted((tmp_path / 'pictures').glob('*.png'))
    assert [p.stem for p in pictures] == [f'scene{i:03d}' for i in range(20, 24)]
    assert all(cv2.imread(str(p)) is not None for p in pictures)
    assert 'IoU' in done.stdout
    assert 'IRSTDMetric, 4 images' in done.stdout  # the table of protocols
    assert 'System environment' not in done.stdout  # that is in the log


def test_evaluation_at_a_fixed_size(checkpoint, tiny_config, run, tmp_path):
    done = run(
        'test.py',
        tiny_config,
        checkpoint,
        '--protocol',
        'dnanet',
        '--eval-size',
        256,
        '--out',
        'm.json',
        '--cfg-options',
        'test_cfg.fp16=True',
        cwd=tmp_path,
    )
    record = json.loads((tmp_path / 'm.json').read_text())
    assert record['eval_size'] == 256
    assert record['notices'] == []
    assert 'notice' not in done.stdout


def test_test_time_augmentation(checkpoint, tiny_config, run, tmp_path):
    maps = {}
    for tta in ('none', 'flips-scales'):
        given = () if tta == 'none' else ('--tta', tta)
        run('test.py', tiny_config, checkpoint, *given, '--dump', tta, cwd=tmp_path)
        maps[tta] = np.stack([image.probability for image in PredictionDump(tmp_path / tta)])
    assert maps['none'].shape == maps['flips-scales'].shape
    assert 1e-5 < np.abs(maps['none'] - maps['flips-scales']).max() < 1


def test_classical_method_needs_no_checkpoint(make_config, run, tmp_path):
    config = make_config(
        'tophat',
        "model = dict(_delete_=True, type='mmirstd.WhiteTopHat', threshold=3.0,\n"
        "    data_preprocessor=dict(type='SegDataPreProcessor', mean=[0.0], std=[1.0]))\n",
    )
    run('test.py', config, '--out', 'm.json', cwd=tmp_path)
    record = json.loads((tmp_path / 'm.json').read_text())
    assert record['metrics']['Pd'] > 0.5  # bright squares on a smooth background
    assert record['checkpoint'] is None


def test_dump_holds_what_was_evaluated(make_config, run, tmp_path):
    config = make_config(
        'dumped',
        "model = dict(_delete_=True, type='mmirstd.WhiteTopHat', threshold=3.0,\n"
        "    data_preprocessor=dict(type='SegDataPreProcessor', mean=[0.0], std=[1.0]))\n",
    )
    run('test.py', config, '--dump', 'a dump', cwd=tmp_path)
    dump = PredictionDump(tmp_path / 'a dump')
    assert [image.name for image in dump] == [f'scene{i:03d}' for i in range(20, 24)]
    again = evaluate('default', [(image.probability, image.mask) for image in dump])
    assert dump.record['metrics']['Pd'] > 0.5
    assert {name: dump.record['metrics'][name] for name in again} == again
    assert all(image.gray.dtype == 'uint8' and image.gray[image.mask > 0].mean() > image.gray.mean() for image in dump)


def test_learned_method_needs_one(tiny_config, run, tmp_path):
    done = run('test.py', tiny_config, cwd=tmp_path, status=2)
    assert 'no checkpoint was given' in done.stdout


def test_checkpoint_of_another_architecture(checkpoint, make_config, run, tmp_path):
    config = make_config('other', 'model = dict(backbone=dict(gradient=None))\n')
    done = run('test.py', config, checkpoint, cwd=tmp_path, status=2)
    message = done.stdout[done.stdout.index('\nerror: ') :]
    assert 'belongs to another architecture' in message
    assert 'only in the file' in message
    assert 'backbone=mmirstd.GGLEncoder' in message
    accepted = run('test.py', config, checkpoint, '--partial-checkpoint', cwd=tmp_path)
    assert 'keeps its initial values' in accepted.stdout


class Payload:
    """Unpickling it would create a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize('legacy', [False, True])
def test_checkpoint_that_would_execute_code(legacy, checkpoint, tiny_config, run, tmp_path):
    victim, evil = tmp_path / 'executed', tmp_path / 'evil.pth'
    content = dict(torch.load(checkpoint, weights_only=False), payload=Payload(victim))
    if legacy:
        evil.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, evil)
    done = run('test.py', tiny_config, evil, cwd=tmp_path, status=2)
    assert not victim.exists()
    assert 'error: ' in done.stdout
    assert 'evil.pth' in done.stdout[done.stdout.index('\nerror: ') :]
    if not legacy:
        run('train.py', tiny_config, '--resume', evil, cwd=tmp_path, status=2)
        assert not victim.exists()


def test_config_text_in_a_checkpoint_is_not_executed(checkpoint, tiny_config, run, tmp_path):
    victim, evil = tmp_path / 'executed', tmp_path / 'evil.pth'
    content = torch.load(checkpoint, weights_only=False)
    content['meta']['config'] = f'import pathlib\npathlib.Path({str(victim)!r}).touch()\n'
    torch.save(content, evil)
    run(
        'train.py',
        tiny_config,
        '--resume',
        evil,
        '--new-schedule',
        '--cfg-options',
        'train_cfg.max_epochs=3',
        cwd=tmp_path,
    )
    assert not victim.exists()


def test_missing_config_lists_near_matches(run, tmp_path):
    done = run('test.py', 'configs/ggl_net/ggl-net-tiny_cpu-b8-45e_nuaa-sirst-341-68.py', cwd=tmp_path, status=2)
    assert 'ggl-net-tiny_cpu-b8-45e_nuaa-sirst-341-86.py' in done.stdout


def test_batches_at_native_sizes_give_what_single_images_give(tiny_data, checkpoint, make_config, run, tmp_path):
    root = tmp_path / 'sizes'
    shutil.copytree(tiny_data, root)
    for name, (bottom, right) in dict(scene017=(8, 0), scene018=(8, 0), scene021=(5, 20), scene022=(5, 20)).items():
        for folder in ('images', 'masks'):
            path = str(root / folder / f'{name}.png')
            image = cv2.copyMakeBorder(cv2.imread(path, cv2.IMREAD_UNCHANGED), 0, bottom, 0, right, cv2.BORDER_REFLECT)
            cv2.imwrite(path, image)
    config = make_config('sizes')
    maps = {}
    for size in (1, 4):
        done = run(
            'test.py',
            config,
            checkpoint,
            '--dump',
            f'dump{size}',
            '--verbose',
            '--cfg-options',
            f'data_root={root}',
            f'test_dataloader.batch_size={size}',
            cwd=tmp_path,
        )
        maps[size] = list(PredictionDump(tmp_path / f'dump{size}'))
    assert 'test_dataloader: batches of up to 4 images of one size' in done.stdout
    assert 'Epoch(test) [3/3]' in done.stdout  # 1, 2 and 1 images
    assert [image.name for image in maps[4]] == [f'scene{k:03d}' for k in range(20, 24)]
    for single, batched in zip(maps[1], maps[4]):
        assert single.probability.shape == batched.probability.shape == single.mask.shape
        # both are kept in 16 bits, and sums may be in another order
        np.testing.assert_allclose(batched.probability, single.probability, atol=2 / 65535)
    run(
        'train.py',
        config,
        '--cfg-options',
        f'data_root={root}',
        'val_dataloader.batch_size=4',
        'train_cfg.max_epochs=1',
        cwd=tmp_path,
    )


def test_without_masks_predictions_are_written(tiny_data, checkpoint, make_config, run, tmp_path):
    root = tmp_path / 'alone'
    shutil.copytree(tiny_data, root, ignore=shutil.ignore_patterns('masks'))
    config = make_config('alone')
    data = '--cfg-options', f'data_root={root}'
    done = run('test.py', config, checkpoint, '--show-dir', 'pictures', '--out', 'm.json', *data, cwd=tmp_path)
    assert f'notice: no metrics: the test data have no masks ({root}/masks does not exist)' in done.stdout
    assert json.loads((tmp_path / 'm.json').read_text())['metrics'] == {}
    names = [f'scene{k:03d}.png' for k in range(20, 24)]
    assert sorted(p.name for p in (tmp_path / 'pictures').iterdir()) == names
    run(
        'infer.py',
        config,
        checkpoint,
        *(root / 'images' / name for name in names),
        '--out',
        'inferred',
        '--save',
        'mask,prob',
        cwd=tmp_path,
    )
    written = tmp_path / 'work_dirs' / 'alone' / 'predictions'
    for kind in ('masks', 'prob'):
        assert sorted(p.name for p in (written / kind).iterdir()) == names
        for name in names:
            found, wanted = (
                cv2.imread(str(folder / kind / name), cv2.IMREAD_UNCHANGED)
                for folder in (written, tmp_path / 'inferred')
            )
            assert found.dtype == wanted.dtype
            # the test runs channels-last, which sums in another order
            np.testing.assert_allclose(found.astype(int), wanted, atol=0 if kind == 'masks' else 1)
    refused = run('test.py', config, checkpoint, '--per-image', 'p.json', *data, cwd=tmp_path, status=2)
    assert 'error: --per-image: the test data have no masks' in refused.stdout
    untrainable = run('train.py', config, *data, cwd=tmp_path, status=2)
    assert 'masks: a folder of the data set does not exist' in untrainable.stdout
