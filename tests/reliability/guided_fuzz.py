"""Fuzzing that is guided by the coverage of our code: atheris looks for files that take new paths through it.

    pip install atheris                                    # Linux and macOS, CPython
    OMP_NUM_THREADS=1 python -m tests.reliability.guided_fuzz --runs 20000
    OMP_NUM_THREADS=1 python -m tests.reliability.guided_fuzz --keep-seeds    # into tests/data/fuzz

Each kind of file of ``fuzz_targets`` has a process of its own, which begins with the good files and with the seeds in
tests/data/fuzz, changes them by ``fuzz.mutate`` or by atheris's own ways, and keeps what reaches new code. It ends at
the first file that is answered by anything but our own errors, takes longer than ten seconds, or fills the memory.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.reliability.fuzz_targets import Target

SEEDS = Path(__file__).parents[1] / 'data' / 'fuzz'
MEMORY_MIB = 3000


def run_target(target: Target, folder: Path, runs: int) -> None:
    """Fuzz one kind of file in this process, which atheris ends.

    Args:
        target: The kind. The first byte of an input says which of its names the file has.
        folder: Of the inputs that were found before, and will be.
        runs: Inputs to try.
    """
    import atheris

    from tests.reliability.fuzz import be_quiet, mutate, try_case

    with open(folder / 'log.txt', 'w') as log:
        os.dup2(log.fileno(), 2)  # libFuzzer's and the decoders'
    be_quiet()
    names = list(dict.fromkeys(name for name, _ in target.files))
    (folder / 'good').mkdir(exist_ok=True)
    for number, (name, data) in enumerate(target.files):
        (folder / 'good' / str(number)).write_bytes(bytes([names.index(name)]) + data)
    place = Path(tempfile.mkdtemp())

    def one(data: bytes) -> None:
        wrong = try_case(target.read, place / names[data[0] % len(names)], data[1:]) if data else None
        if wrong is not None:
            (folder / 'finding.txt').write_text(wrong)
            raise AssertionError(wrong)

    def changed(data: bytes, most: int, seed: int) -> bytes:
        draw = random.Random(seed)
        if draw.random() < 0.5 or not data:
            return atheris.Mutate(data, most)
        return (data[:1] + mutate(data[1:], draw))[:most]

    options = [f'-runs={runs}', f'-rss_limit_mb={MEMORY_MIB}', '-timeout=10', '-max_len=20000', '-print_final_stats=1']
    options += [f'-artifact_prefix={folder}/finding_', '-seed=1', str(folder / 'corpus'), str(folder / 'good')]
    atheris.Setup([sys.argv[0], *options], one, custom_mutator=changed)
    atheris.Fuzz()


def seeds(kind: str) -> list[bytes]:
    """What is kept in the repository: the number of the file's name, then its content."""
    path = SEEDS / f'{kind.replace(" ", "_")}.zip'
    if not path.is_file():
        return []
    with zipfile.ZipFile(path) as archive:
        return [archive.read(name) for name in sorted(archive.namelist())]


def keep_seeds(kind: str, corpus: Path, most: int = 40, largest: int = 2000) -> int:
    """Write the smallest inputs of a corpus into the repository; gives how many."""
    found = sorted(
        (path.read_bytes() for path in corpus.iterdir() if path.is_file()), key=lambda data: (len(data), data)
    )
    found = [data for data in found if 1 < len(data) <= largest]
    step = max(1, len(found) // most)
    chosen = sorted({*found[::step][:most], *seeds(kind)}, key=lambda data: (len(data), data))
    SEEDS.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(SEEDS / f'{kind.replace(" ", "_")}.zip', 'w', zipfile.ZIP_DEFLATED) as archive:
        for number, data in enumerate(chosen):
            archive.writestr(zipfile.ZipInfo(f'{number:03d}'), data, zipfile.ZIP_DEFLATED)
    return len(chosen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=int, default=20_000, help='inputs of each kind; default: %(default)s')
    parser.add_argument('--targets', nargs='*', default=[], help='only these')
    parser.add_argument('--work', type=Path, help='folder for corpora and findings, gone on with if it is there')
    parser.add_argument('--keep-seeds', action='store_true', help='put the smallest inputs into tests/data/fuzz')
    args = parser.parse_args()
    import atheris

    with atheris.instrument_imports(include=['mmirstd']):
        from tests.reliability.fuzz_targets import targets

        known = targets()
    work = args.work or Path(tempfile.mkdtemp(prefix='guided_fuzz_'))
    total = findings = 0
    print(f'{"kind":16} {"cases":>9} {"seconds":>8} {"reached":>8} {"corpus":>7} {"peak MiB":>9}', flush=True)
    for kind in args.targets or known:
        folder = work / kind.replace(' ', '_')
        (folder / 'corpus').mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(seeds(kind)):
            (folder / 'corpus' / f'seed_{number}').write_bytes(data)
        began = time.monotonic()
        pid = os.fork()
        if not pid:
            run_target(known[kind], folder, args.runs)
            os._exit(0)
        status = os.waitpid(pid, 0)[1]
        said = (folder / 'log.txt').read_text(errors='replace')
        figures = {key: int(value) for key, value in re.findall(r'stat::(\w+):\s+(\d+)', said)}
        reached = (re.findall(r'cov: (\d+)', said) or ['?'])[-1]
        cases = figures.get('number_of_executed_units', 0)
        total, findings = total + cases, findings + (status != 0)
        inputs = len(list((folder / 'corpus').iterdir()))
        seconds, peak = time.monotonic() - began, figures.get('peak_rss_mb', 0)
        print(f'{kind:16} {cases:9,} {seconds:8.0f} {reached:>8} {inputs:7} {peak:9}', flush=True)
        if status:
            wrong = folder / 'finding.txt'
            print(f'  finding ({folder}): {wrong.read_text()[-600:] if wrong.is_file() else said[-600:]}', flush=True)
        if args.keep_seeds:
            print(f'  {keep_seeds(kind, folder / "corpus")} seeds kept', flush=True)
    print(f'{total:,} cases, {findings} findings; corpora in {work}')
    sys.exit(findings > 0)


if __name__ == '__main__':
    main()
