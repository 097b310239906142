"""Several processes on one machine: the same figures, and an end where one of them dies.

    OMP_NUM_THREADS=1 python -m tests.reliability.distributed

Seven test images on one, two and four processes: each image counts once.  Then a training of two processes of which
one is killed (kill -9): how long the other waits, and what it says.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from tests.reliability.interrupted_training import kill_at
from tests.reliability.training_runs import Training, import_everything
from tests.tiny_training import tiny_config_text, write_tiny_data

IMAGES = 7
PATIENCE = 60


def tested(config: Path, checkpoint: Path, folder: Path, ranks: int) -> dict[str, float]:
    """The figures of a test by so many processes."""
    out = folder / f'{ranks}.json'
    words = [str(config), str(checkpoint), '--out', str(out), '--protocol', 'msda', '--cfg-options']
    words += ['test_dataloader.dataset.ann_file=img_idx/train_TINY.txt', f'test_dataloader.dataset.indices={IMAGES}']
    status = Training(words, folder / 'test.log', ranks, command='test').wait(alone=30)
    assert status == 0, (folder / 'test.log').read_text()[-3000:]
    figures: dict[str, float] = json.loads(out.read_text())['metrics']
    return figures


def main() -> None:
    import_everything()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        config = root / 'tiny.py'
        config.write_text(tiny_config_text(write_tiny_data(root / 'TINY')))
        train = [str(config), '--worst', '0', '--work-dir', str(root / 'work')]
        assert Training(train, root / 'log.txt').wait() == 0, (root / 'log.txt').read_text()[-3000:]
        one = tested(config, root / 'work' / 'epoch_2.pth', root, 1)
        for ranks in (2, 4):
            several = tested(config, root / 'work' / 'epoch_2.pth', root, ranks)
            assert several.keys() == one.keys()
            largest = max(abs(several[key] - value) for key, value in one.items() if value == value)
            print(f'{IMAGES} images on {ranks} processes: {len(one)} figures, largest difference {largest:.1e}')
        for victim in (0, 1):
            log = root / f'dead_{victim}.log'
            training = Training([*train[:-1], str(root / f'dead_{victim}')], log, 2, kill_at('step', 2, victim))
            status = training.wait(timeout=PATIENCE + 60, alone=PATIENCE)
            print(f'rank {victim} killed ({status}): the other ended {training.outlived:.1f} s later')
            print(
                f'  statuses {list(training.statuses.values())}; it says: {log.read_text().strip().splitlines()[-2:]}'
            )


if __name__ == '__main__':
    main()
