"""Kill a tiny training (kill -9, SIGTERM) again and again, continue it, and compare with one that was left alone.

    OMP_NUM_THREADS=1 python -m tests.reliability.interrupted_training --kills 20

Where it dies: after a training step, in a validation, in the middle of writing a checkpoint, before the written file
takes its place, before the outdated ones are removed, in the middle of the best checkpoint, and anywhere in time.
Weights, moving average, optimizer state and the best checkpoint must be the same bit by bit.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.reliability.training_runs import Training, different, import_everything
from tests.tiny_training import tiny_config_text, write_tiny_data

#: A network with dropout, whose random numbers have to go on where they stopped, too.
DROPOUT = 'model["decode_head"]["dropout_ratio"] = 0.1\n'
PLACES = ('step', 'validation', 'write', 'rename', 'removal', 'best', 'any time', 'SIGTERM')


#: A measure that rises in the first epochs: the best checkpoint is replaced.
BEST = 'default_hooks["checkpoint"] = dict(save_best="AUC", rule="greater")\n'


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_at(
    place: str, count: int, victim: int = 0, before: Callable[[], None] = lambda: None
) -> Callable[[int], None]:
    """What a process does to itself before the training starts.

    Args:
        place: One of ``PLACES`` but for those in time.
        count: The how manyeth time it comes there, from 1.
        victim: The rank that dies.
        before: Called just before it dies.
    """

    def prepare(rank: int) -> None:
        if rank != victim:
            return
        from mmengine.hooks import EMAHook

        from mmirstd.engine.hooks import atomic_checkpoint_hook as hook
        from mmirstd.utils import files

        left = [count]

        def here() -> bool:
            left[0] -= 1
            if left[0] == 0:
                before()
            return left[0] == 0

        backend, removals = hook.AtomicLocalBackend, hook._RemovalsLater
        put, replace, carry_out = backend.put, os.replace, removals.carry_out
        after_iter = EMAHook.after_train_iter

        def half(self, obj, path):
            name = Path(path).name
            if (place == 'write' or place == 'best' and name.startswith('best')) and here():
                with hook.atomic_path(path) as temporary:
                    temporary.write_bytes(obj[: len(obj) // 2])
                    _die()
            put(self, obj, path)

        def not_replaced(source, target):
            if place == 'rename' and str(target).endswith('.pth') and here():
                _die()
            replace(source, target)

        def not_removed(self, keep):
            if place == 'removal' and here():
                _die()
            carry_out(self, keep)

        def stepped(self, *args, **kwargs):
            after_iter(self, *args, **kwargs)
            if place in ('step', 'SIGTERM') and here():
                os.kill(os.getpid(), signal.SIGKILL if place == 'step' else signal.SIGTERM)

        def validated(self, *args, **kwargs):
            if place == 'validation' and here():
                _die()

        backend.put, files.os.replace, removals.carry_out = half, not_replaced, not_removed
        EMAHook.after_train_iter, EMAHook.after_val_iter = stepped, validated

    return prepare


def best_of(folder: Path) -> Path:
    """The newest; where the process died before the outdated one was removed, both stay."""
    return max(folder.glob('best_*.pth'), key=lambda path: path.stat().st_mtime_ns)


def interrupt(
    config: Path,
    folder: Path,
    kills: int,
    ranks: int,
    options: list[str],
    epochs: int,
    seed: int,
    places: Sequence[str],
) -> Counter[str]:
    """Kill trainings until there were so many kills; compare each in the end.

    Args:
        config: Of the tiny training.
        folder: Empty, for work dirs.
        kills: How many.
        ranks: Processes.
        options: ``--cfg-options``.
        epochs: Of each training.
        seed: Of where it dies.
        places: Where; each has its turn.

    Returns:
        How often it died where.

    Raises:
        AssertionError: A continued training ended elsewhere, or could not be continued.
    """
    draw = random.Random(seed)
    whole = folder / 'whole'
    command = [str(config), '--worst', '0', '--cfg-options', f'train_cfg.max_epochs={epochs}', *options, '--work-dir']

    def start(work_dir: Path, *more: str, before: Callable[[int], None] | None = None) -> Training:
        return Training([*command, str(work_dir), *more], folder / 'log.txt', ranks, before)

    training = start(whole)
    assert training.wait() == 0, (folder / 'log.txt').read_text()[-3000:]
    duration = time.monotonic() - training.started
    last = f'epoch_{epochs}.pth'
    died: Counter[str] = Counter()
    trainings = 0
    while died.total() < kills:
        trainings += 1
        work_dir = folder / f'killed_{trainings}'
        waiting: list[str] = []
        deaths = 0
        while True:
            waiting = waiting or draw.sample(places, len(places))
            place = waiting.pop() if deaths < 8 and died.total() < kills else ''
            again = ['--resume'] if list(work_dir.glob('epoch_*.pth')) or list(work_dir.glob('inter*.pth')) else []
            timed = place == 'any time'
            victim = draw.randrange(ranks) if place in ('step', 'validation', 'SIGTERM') else 0  # rank 0 writes
            before = kill_at(place, draw.randint(1, 3), victim) if place and not timed else None
            training = start(work_dir, *again, before=before)
            if timed:
                time.sleep(draw.uniform(duration / 4, duration))
                training.signal(signal.SIGKILL)
            status = training.wait(alone=20 if place == 'SIGTERM' else 0.2)
            if status == 0:
                break
            expected = 130 if place == 'SIGTERM' else -signal.SIGKILL
            assert status == expected, (place, status, (folder / 'log.txt').read_text()[-3000:])
            assert place != 'SIGTERM' or (work_dir / 'interrupted.pth').is_file()
            died[place] += 1
            deaths += 1
        found = different(whole / last, work_dir / last)
        assert not found, f'{work_dir}: differs: {found[:5]}'
        assert best_of(work_dir).name == best_of(whole).name
        assert not different(best_of(whole), best_of(work_dir)), work_dir
        assert not list(work_dir.glob('interrupted.pth'))
        assert not list(work_dir.glob('.*.part.pth'))
    print(f'{ranks} process(es), {" ".join(options)}: {died.total()} kills in {trainings} trainings: {dict(died)}')
    print(f'  all {trainings} ended bit by bit as the one that was left alone', flush=True)
    return died


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--kills', type=int, default=20, help='of each kind of training')
    parser.add_argument('--precision', nargs='+', default=['float32', 'bfloat16'])
    parser.add_argument('--ranks', type=int, nargs='+', default=[1, 2])
    parser.add_argument('--workers', type=int, nargs='+', default=[0], help='data-loader workers')
    parser.add_argument('--epochs', type=int, default=4)
    parser.add_argument('--places', nargs='+', choices=PLACES, default=PLACES, help='where it dies')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    import_everything()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        config = root / 'tiny.py'
        config.write_text(tiny_config_text(write_tiny_data(root / 'TINY')) + DROPOUT + BEST)
        for precision in args.precision:
            for ranks in args.ranks:
                for workers in args.workers:
                    folder = root / f'{precision}_{ranks}_{workers}'
                    folder.mkdir()
                    options = [
                        f'optim_wrapper.dtype={precision}',
                        f'train_dataloader.num_workers={workers}',
                        f'train_dataloader.batch_size={4 // ranks}',
                    ]
                    interrupt(config, folder, args.kills, ranks, options, args.epochs, args.seed, args.places)


if __name__ == '__main__':
    main()
