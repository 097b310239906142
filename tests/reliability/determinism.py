"""What changes the weights of a training, and by how much.

    OMP_NUM_THREADS=1 python -m tests.reliability.determinism

The same tiny training (three epochs, seed 0) again and again, with one thing changed.  The figure is the length of
the difference of all weights over the length of all weights.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.reliability.training_runs import Training, different, import_everything, relative_difference
from tests.tiny_training import tiny_config_text, write_tiny_data

LAST = 'epoch_3.pth'
AVX2 = {'ONEDNN_MAX_CPU_ISA': 'AVX2', 'ATEN_CPU_CAPABILITY': 'avx2'}
FLOAT32 = 'optim_wrapper.dtype=float32'


def train(config: Path, work_dir: Path, *options: str, resume: bool = False) -> Path:
    """The last checkpoint of a training."""
    words = [str(config), '--worst', '0', '--work-dir', str(work_dir), *(['--resume'] if resume else [])]
    words += ['--cfg-options', 'train_cfg.max_epochs=3', *options]
    status = Training(words, work_dir.with_suffix('.log')).wait()
    assert status == 0, work_dir.with_suffix('.log').read_text()[-2000:]
    return work_dir / LAST


def resumed(config: Path, source: Path, work_dir: Path, *options: str) -> Path:
    """The last checkpoint of a training that goes on after its second epoch."""
    work_dir.mkdir()
    shutil.copy(source / 'epoch_2.pth', work_dir)
    return train(config, work_dir, *options, resume=True)


def elsewhere(config: Path, work_dir: Path, environ: dict[str, str]) -> Path:
    """The last checkpoint of a training in a process of its own, with other variables from its start on."""
    words = ['--worst', '0', '--work-dir', str(work_dir), '--cfg-options', 'train_cfg.max_epochs=3', FLOAT32]
    subprocess.run(
        [sys.executable, '-m', 'mmirstd.cli', 'train', str(config), *words],
        check=True,
        env={**os.environ, **environ},
        stdout=subprocess.DEVNULL,
    )
    return work_dir / LAST


def say(what: str, one: Path, other: Path) -> None:
    """Print how far two checkpoints are apart."""
    print(f'{what}: {"bit by bit the same" if not different(one, other) else f"{relative_difference(one, other):.1e}"}')


def main() -> None:
    workers = 'train_dataloader.num_workers=2', FLOAT32
    halves = 'train_dataloader.batch_size=2', 'optim_wrapper.accumulative_counts=2', FLOAT32
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        config = root / 'tiny.py'
        config.write_text(tiny_config_text(write_tiny_data(root / 'TINY')))
        import_everything()
        first = train(config, root / 'first', FLOAT32)
        say('the same again', first, train(config, root / 'again', FLOAT32))
        say('resumed after two epochs', first, resumed(config, root / 'first', root / 'resumed', FLOAT32))
        two = train(config, root / 'two', *workers)
        persistent = 'train_dataloader.persistent_workers=True'
        say('2 workers, the same again', two, train(config, root / 'two_again', *workers, persistent))
        say('2 workers, resumed', two, resumed(config, root / 'two', root / 'two_resumed', *workers))
        say('bfloat16', first, train(config, root / 'bf16', 'optim_wrapper.dtype=bfloat16'))
        say('a CPU without AVX-512', first, elsewhere(config, root / 'avx2', AVX2))
        say('2 threads', first, elsewhere(config, root / 'threads', {'OMP_NUM_THREADS': '2'}))
        say('two half batches in place of one', first, train(config, root / 'halves', *halves))
        say('2 workers in place of none', first, two)
        say('another seed', first, train(config, root / 'seed', FLOAT32, 'randomness.seed=1'))


if __name__ == '__main__':
    main()
