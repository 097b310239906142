"""A training under torchrun that loses a process (kill -9): started again, it goes on; without restarts, it ends.

    OMP_NUM_THREADS=1 python -m tests.reliability.elastic

``torchrun --max-restarts 3``: one of two processes is killed in each of the first starts, at another place; the
training goes on by itself, and its weights are in the end those of one that was left alone, bit by bit.
``--max-restarts 0``: how long the job still lives after the death, and what it says.
"""

from __future__ import annotations

import argparse
import json
import os
import runpy
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.reliability.interrupted_training import DROPOUT, kill_at
from tests.reliability.training_runs import different
from tests.shared import REPO
from tests.tiny_training import tiny_config_text, write_tiny_data

#: In each process of torchrun: for each start in turn the rank that dies, where, and the how manyeth time it is there.
DEATHS = 'MMIRSTD_TEST_DEATHS'
#: The file to which a process adds a letter before it dies.
DIED = 'MMIRSTD_TEST_DIED'
Death = tuple[int, str, int]


def job(
    config: Path, work_dir: Path, log: Path, deaths: list[Death], restarts: int, *options: str
) -> tuple[int, float]:
    """Run a training of two processes to its end.

    Args:
        config: Of the tiny training.
        work_dir: Of the training.
        log: Of all its output.
        deaths: Of the first, second, ... start.
        restarts: That torchrun may do.
        options: Of the training.

    Returns:
        Exit status of torchrun, and seconds from the last death to its end.
    """
    died = log.with_suffix('.died')
    words = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node', '2']
    words += ['--max-restarts', str(restarts), '-m', 'tests.reliability.elastic', '--process', str(config)]
    words += ['--worst', '0', '--work-dir', str(work_dir), '--launcher', 'pytorch', *options]
    environ = {**os.environ, DEATHS: json.dumps(deaths), DIED: str(died), 'OMP_NUM_THREADS': '1'}
    with log.open('w') as file:
        status = subprocess.run(words, cwd=REPO, env=environ, stdout=file, stderr=file, timeout=600).returncode
    return status, time.time() - died.stat().st_mtime if died.exists() else 0.0


def process() -> None:
    """One process of a job: ``mmirstd train`` that dies where it was told to."""
    deaths = json.loads(os.environ[DEATHS])
    start = int(os.environ['TORCHELASTIC_RESTART_COUNT'])
    if start < len(deaths):
        victim, place, count = deaths[start]
        if int(os.environ['RANK']) == victim:
            kill_at(place, count, victim, before=_tell)(victim)
    sys.argv = ['mmirstd', 'train', *sys.argv[2:]]
    runpy.run_module('mmirstd.cli', run_name='__main__')


def _tell() -> None:
    with open(os.environ[DIED], 'a') as file:
        file.write('x')


def said(log: Path, *words: str) -> list[str]:
    """Lines of a log that have one of the words."""
    return [line for line in log.read_text().splitlines() if any(word in line for word in words)]


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    options = '--cfg-options', 'train_cfg.max_epochs=4', 'optim_wrapper.dtype=float32'
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        config = root / 'tiny.py'
        config.write_text(tiny_config_text(write_tiny_data(root / 'TINY')) + DROPOUT)
        whole, broken = root / 'whole', root / 'broken'
        status, _ = job(config, whole, root / 'whole.txt', [], 0, *options)
        assert status == 0, (root / 'whole.txt').read_text()[-3000:]
        # before the first checkpoint, inside the second epoch, and in the middle of writing the third one
        deaths: list[Death] = [(1, 'step', 1), (0, 'step', 3), (0, 'write', 2)]
        log = root / 'broken.txt'
        status, _ = job(config, broken, log, deaths, len(deaths), *options)
        assert status == 0, log.read_text()[-5000:]
        died = len(log.with_suffix('.died').read_text())
        assert died == len(deaths), f'{died} deaths in place of {len(deaths)}'
        found = different(whole / 'epoch_4.pth', broken / 'epoch_4.pth')
        assert not found, found[:5]
        print(f'torchrun --max-restarts {len(deaths)}: {died} deaths, then the end; exit status {status}')
        print('  weights, moving average and optimizer are bit by bit those of a training that was left alone')
        for line in dict.fromkeys(said(log, 'started this training again', 'continues from')):
            print(f'  it says: {line.replace(str(root), "...")}')
        for victim in (0, 1):
            log = root / f'alone_{victim}.txt'
            status, seconds = job(config, root / f'alone_{victim}', log, [(victim, 'step', 2)], 0, *options)
            assert status != 0
            print(f'no restarts, rank {victim} killed: exit status {status}, {seconds:.1f} s after the death')
            for line in dict.fromkeys(said(log, 'error:', 'Signal 9', 'exitcode  :')):
                print(f'  it says: {line.replace(str(root), "...").strip()}')


if __name__ == '__main__':
    process() if '--process' in sys.argv[1:2] else main()
