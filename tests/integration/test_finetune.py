"""Two folders in, a network out: what docs/own_data.md promises."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config

import mmirstd.registry  # noqa: F401  the scopes of bases
from mmirstd.cli.finetune import main
from mmirstd.finetune import alone
from mmirstd.utils.errors import CheckpointError, ConfigError, DataError, UserError
from mmirstd.utils.files import file_sha256
from tests.shared import REPO


def run(*words: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(REPO / 'tools' / 'finetune.py'), *map(str, words)],
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Fourteen 14-bit images of two sequences' names and their masks, a bright spot of 3x3 pixels in each."""
    images, masks, rng = tmp_path / 'ir', tmp_path / 'gt', np.random.default_rng(0)
    images.mkdir()
    masks.mkdir()
    for number in range(14):
        image = rng.normal(3000, 100, (64, 80))
        mask = np.zeros(image.shape, np.uint8)
        y, x = rng.integers(8, 56, 2)
        image[y - 1 : y + 2, x - 1 : x + 2] += 9000
        mask[y - 1 : y + 2, x - 1 : x + 2] = 255
        cv2.imwrite(str(images / f'scene_{number:02d}.png'), image.astype(np.uint16))
        cv2.imwrite(str(masks / f'scene_{number:02d}_mask.png'), mask)
    return images, masks


def interrupt_in_training(*words: object, epoch: int) -> subprocess.CompletedProcess:
    """Run until an epoch was validated, then send Ctrl-C."""
    command = [sys.executable, str(REPO / 'tools' / 'finetune.py'), *map(str, words)]
    # A shell lets what it starts in the background ignore Ctrl-C, and that goes on to its children.
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        reader = threading.Thread(target=lambda: said.append(process.stdout.read()))
        said: list[str] = []
        reader.start()
        work, until = Path(str(words[words.index('--out') + 1])) / 'work', time.monotonic() + 300
        while not list(work.glob(f'best_IoU_epoch_{epoch}.pth')) and process.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        reader.join()
    return subprocess.CompletedProcess(command, process.returncode, *said)


def test_from_two_folders_to_a_network(folders: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / 'mine'
    begun = interrupt_in_training(*folders, '--out', out, '--epochs', 3, '--no-check', epoch=1)
    assert begun.returncode == 130, begun.stdout
    assert "14 images with masks, paired by equal names without '_mask' at the end" in begun.stdout
    assert 'gray values: 14 bits' in begun.stdout
    assert '9 images to train on, 2 for validation, 3 to test, parted image by image (seed 0)' in begun.stdout
    # nine bright pixels on a flat scene: the network that is started from sees them only with the right bit depth
    assert re.search(r'before the training, on 11 training and validation images: .*Pd 1.000', begun.stdout)
    assert 'the same command goes on from here' in begun.stdout
    assert 'Traceback' not in begun.stdout
    assert 'train.py' not in begun.stdout.split('interrupted')[-1]
    lists = {part: (out / f'{part}.txt').read_text() for part in ('train', 'val', 'test')}

    with pytest.raises(
        ConfigError, match=r'a fine-tuning was begun there with other options \(--epochs 3, now not given'
    ):
        main([*map(str, folders), '--out', str(out)])

    done = run(*folders, '--out', out, '--epochs', 3)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f'goes on in {out}' in done.stdout
    assert 'before the training' not in done.stdout
    assert {part: (out / f'{part}.txt').read_text() for part in lists} == lists
    logs = ''.join(path.read_text() for path in sorted((out / 'work').glob('*/*.log')))
    assert [epoch for epoch in '123' if f'Epoch(val) [{epoch}][' in logs] == ['1', '2', '3']
    assert len(re.findall(r'Saving checkpoint at 1 epochs', logs)) == 1  # it did not start anew
    results = json.loads((out / 'results.json').read_text())
    checkpoint = Path(results['checkpoint'])
    assert checkpoint.is_file()
    assert set(results['measures']) == {'val', 'test'}
    for part in results['measures'].values():
        assert set(part) == {'start', 'tuned'}
        assert all(0 <= row['IoU'] <= 1 for row in part.values())
    better = results['measures']['val']['tuned']['IoU'] > results['measures']['val']['start']['IoU']
    assert checkpoint == Path(results['tuned' if better else 'start'])
    assert f'checkpoint: {checkpoint}' in done.stdout
    assert 'next: ' in done.stdout
    assert 'report.py' in done.stdout
    cfg = Config.fromfile(str(out / 'config.py'))
    assert cfg.bit_depth == 14
    assert cfg.train_pipeline[2].size == 96  # of 80 columns
    assert cfg.train_dataloader.dataset.pipeline[2].size == 96


def test_boxes_become_masks(folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images, masks = folders
    coco: dict = dict(images=[], annotations=[], categories=[dict(id=1, name='target')])
    for number, path in enumerate(sorted(images.iterdir()), 1):
        coco['images'].append(dict(id=number, file_name=path.name, width=80, height=64))
        y, x = np.argwhere(cv2.imread(str(masks / f'{path.stem}_mask.png'), cv2.IMREAD_UNCHANGED)).min(0).tolist()
        box = dict(id=number, image_id=number, category_id=1, bbox=[x, y, 3, 3], area=9, iscrowd=0)
        coco['annotations'].append(box)
    (tmp_path / 'boxes.json').write_text(json.dumps(coco))
    out, words = tmp_path / 'mine', [str(images), str(tmp_path / 'boxes.json'), '--out', str(tmp_path / 'mine')]
    done = run(*words, '--no-train')
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'labels: COCO' in done.stdout
    assert '14 targets' in done.stdout
    assert 'next: ' in done.stdout

    def now() -> dict[Path, tuple[str, int]]:
        return {path: (file_sha256(path), path.stat().st_mtime_ns) for path in out.rglob('*') if path.is_file()}

    before = now()
    assert sum(path.parent == out / 'data/masks' for path in before) == 14
    coco['annotations'][0]['bbox'] = [0, 0, 9, 9]
    (tmp_path / 'boxes.json').write_text(json.dumps(coco))
    with alone(out), pytest.raises(CheckpointError, match='another process works in'):
        main(words)
    assert now() == before
    (out / 'work').mkdir()  # a training has begun
    assert main([*words, '--no-train']) == 0
    shown = capsys.readouterr().out
    assert 'the labels were changed since the training began' in shown
    assert f'goes on in {out}' in shown
    assert now() == before


def test_folders_that_do_not_belong_together(folders: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / 'other'
    other.mkdir()
    for name in ('left', 'right'):
        cv2.imwrite(str(other / f'{name}.png'), np.zeros((64, 80), np.uint8))
    done = run(folders[0], other, '--out', tmp_path / 'mine')
    assert done.returncode == 2
    assert 'the names do not tell which mask belongs to which image' in done.stderr
    assert not (tmp_path / 'mine').exists()


@pytest.mark.parametrize(
    ('swap', 'words', 'said'),
    [
        (True, [], 'images first, then masks'),
        (False, ['--epochs', '0'], "expected a whole number from 1 on, found '0'"),
        (False, ['--val', '0.9', '--test', '0.9'], 'leave some to train on'),
        (False, ['--lr', '-1'], "expected a number above 0, found '-1'"),
    ],
)
def test_wrong_input_is_said(
    folders: tuple[Path, Path], tmp_path: Path, swap: bool, words: list[str], said: str, capsys: pytest.CaptureFixture
) -> None:
    images, masks = reversed(folders) if swap else folders
    with pytest.raises((SystemExit, UserError)) as error:
        main([str(images), str(masks), '--out', str(tmp_path / 'mine'), *words])
    assert said in capsys.readouterr().err + str(error.value)
    assert not (tmp_path / 'mine').exists()


def test_one_folder_twice(folders: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match='was given twice'):
        main([str(folders[0]), str(folders[0]), '--out', str(tmp_path / 'mine')])


def test_an_empty_folder_of_labels(folders: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / 'masks').mkdir()
    with pytest.raises(DataError, match='masks: this folder of labels is empty(?s:.*)cure: name the folder') as error:
        main([str(folders[0]), str(tmp_path / 'masks'), '--out', str(tmp_path / 'mine')])
    assert 'convert-labels' not in str(error.value)
