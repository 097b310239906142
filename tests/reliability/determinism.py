"""What changes the weights of a training, and by how much.

    OMP_NUM_THREADS=1 python -m tests.reliability.determinism

The same tiny training (three epochs, seed 0) again and again, with one thing changed.  The figure is the largest
difference of a weight, relative to the largest weight of its tensor.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.reliability.training_runs import Training, different, import_everything, largest_difference
from tests.tiny_training import tiny_config_text, write_tiny_data

LAST = 'epoch_3.pth'
AVX2 = {'ONEDNN_MAX_CPU_ISA': 'AVX2', 'ATEN_CPU_CAPABILITY': 'avx2'}
FLOAT32 = 'optim_wrapper.dtype=float32'


def train(config: Path, work_dir: Path, *options: str, resume: bool = False, threads: int = 1) -> Path:
    """The last checkpoint of a training."""
    words = [str(config), '--worst', '0', '--work-dir', str(work_dir), *(['--resume'] if resume else [])]
    words += ['--cfg-options', 'train_cfg.max_epochs=3', *options]
    training = Training(words, work_dir.with_suffix('.log'), environ={'OMP_NUM_THREADS': str(threads)})
    status = training.wait()
    assert status == 0, work_dir.with_suffix('.log').read_text()[-2000:]
    return work_dir / LAST


def resumed(config: Path, source: Path, work_dir: Path, *options: str) -> Path:
    """The last checkpoint of a training that goes on after its second epoch."""
    work_dir.mkdir()
    shutil.copy(source / 'epoch_2.pth', work_dir)
    return train(config, work_dir, *options, resume=True)


def main() -> None:
    if sys.argv[1:]:  # in a process whose CPU looks like another one
        import_everything()
        train(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
        return
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        config = root / 'tiny.py'
        config.write_text(tiny_config_text(write_tiny_data(root / 'TINY')))
        subprocess.run(
            [sys.executable, '-m', 'tests.reliability.determinism', str(config), str(root / 'avx2'), FLOAT32],
            check=True,
            env={**os.environ, **AVX2},
        )
        import_everything()
        workers = 'train_dataloader.num_workers=2'
        persistent = 'train_dataloader.persistent_workers=True'
        first = train(config, root / 'first', FLOAT32)
        two = train(config, root / 'two', FLOAT32, workers)
        runs = [
            ('the same again', first, train(config, root / 'again', FLOAT32)),
            ('resumed after two epochs', first, resumed(config, root / 'first', root / 'resumed', FLOAT32)),
            ('2 workers, the same again', two, train(config, root / 'two_again', FLOAT32, workers, persistent)),
            ('2 workers, resumed', two, resumed(config, root / 'two', root / 'two_resumed', FLOAT32, workers)),
            ('2 threads', first, train(config, root / 'threads', FLOAT32, threads=2)),
            ('a CPU without AVX-512', first, root / 'avx2' / LAST),
            ('bfloat16', first, train(config, root / 'bf16', 'optim_wrapper.dtype=bfloat16')),
            (
                'two half batches in place of one',
                first,
                train(
                    config,
                    root / 'halves',
                    FLOAT32,
                    'train_dataloader.batch_size=2',
                    'optim_wrapper.accumulative_counts=2',
                ),
            ),
            ('workers in place of none', first, two),
            ('another seed', first, train(config, root / 'seed', FLOAT32, 'randomness.seed=1')),
        ]
        for what, one, other in runs:
            same = 'bit by bit the same' if not different(one, other) else f'{largest_difference(one, other):.1e}'
            print(f'{what}: {same}')


if __name__ == '__main__':
    main()
