"""The main job on generated data, end to end: scenes, training, test, a table and pictures.

Example::

    make demo            # or: python examples/demo.py --out demo_out
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GGL_NET = 'configs/ggl_net/ggl-net-tiny_cpu-b8-20e_synthetic.py'
TOP_HAT = 'configs/white_tophat/white-tophat_nuaa-sirst-341-86.py'
COLUMNS = ('IoU', 'nIoU', 'Pd', 'Fa', 'F1')


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', type=Path, default=Path('demo_out'), help='folder for data, checkpoints and pictures')
    parser.add_argument('--num-train', type=int, default=320, help='generated training images, 256x256')
    parser.add_argument('--num-test', type=int, default=80, help='generated test images')
    parser.add_argument('--epochs', type=int, default=9, help='training epochs')
    parser.add_argument('--fresh', action='store_true', help='train again even if the demo has been trained here')
    return parser.parse_args(argv)


def run(title: str, *command: str) -> None:
    """Run a tool with its output visible; stop with its status if it fails."""
    print(f'\n== {title}\n$ python {" ".join(command)}', flush=True)
    status = subprocess.run([sys.executable, *command], cwd=ROOT, check=False).returncode
    if status:
        sys.exit(f'error: "{title}" failed with status {status}; its output is above')


def once(title: str, marker: Path, recipe: dict, fresh: bool, step: Callable[[], None]) -> bool:
    """Do a step unless it was finished before with the same recipe.

    Args:
        title: As in :func:`run`.
        marker: File that is written when the step has finished; it names what was done, so that a changed demo works
            again and an unchanged one does not.
        recipe: What the result depends on; goes into the marker.
        fresh: Do it in any case.
        step: Does it.

    Returns:
        Whether it was done now.
    """
    if not fresh and marker.is_file() and json.loads(marker.read_text()) == recipe:
        print(f'\n== {title}: done before ({marker.parent}); --fresh does it again', flush=True)
        return False
    marker.unlink(missing_ok=True)
    step()
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text(json.dumps(recipe))
    return True


def train(title: str, config: str, work: Path, recipe: dict, fresh: bool, *options: str) -> tuple[Path, bool]:
    """Train by tools/train.py, once.

    Args:
        title: As in :func:`once`.
        config: Config file.
        work: Work dir; emptied before training.
        recipe: As in :func:`once`.
        fresh: As in :func:`once`.
        options: For ``--cfg-options``.

    Returns:
        The checkpoint that validated best, or the last one, and whether it was trained now.
    """

    def step() -> None:
        shutil.rmtree(work, ignore_errors=True)
        run(title, 'tools/train.py', config, '--work-dir', str(work), '--cfg-options', *options)

    trained = once(title, work / 'finished.json', recipe, fresh, step)
    # Where no validation had a defined measure there is no best one.
    found = [*work.glob('best_*.pth')] or [*work.glob('epoch_*.pth')]
    return max(found, key=lambda p: p.stat().st_mtime), trained


def table(results: dict[str, dict], columns: Sequence[str] = COLUMNS, title: str = 'method') -> str:
    """Text table of the methods' figures.

    Args:
        results: Method name -> metrics (in [0, 1]; Fa in false pixels per pixel; whole numbers as they are; None where
            undefined).
        columns: Which of them.
        title: Heading of the first column.
    """

    def cell(name: str, value: float | None) -> str:
        if value is None:
            return 'n/a'
        if name == 'Fa':
            return f'{value * 1e6:.1f}'
        return str(value) if isinstance(value, int) else f'{value:.3f}'

    lines = [
        f'| {title} | ' + ' | '.join(c if c != 'Fa' else 'Fa (1e-6)' for c in columns) + ' |',
        '|---|' + '---:|' * len(columns),
    ]
    for name, metrics in results.items():
        lines.append(f'| {name} | ' + ' | '.join(cell(c, metrics[c]) for c in columns) + ' |')
    return '\n'.join(lines)


def main(argv: list[str] | None = None) -> None:
    """Command line entry."""
    args = parse_args(argv)
    start = time.time()
    out = args.out.resolve()
    data, work, pictures = out / 'data', out / 'ggl-net-tiny', out / 'pictures'
    root = f'data_root={data}'
    run(
        '1/4 generating infrared scenes',
        'tools/dataset_converters/make_synthetic.py',
        str(data),
        '--num-train',
        str(args.num_train),
        '--num-val',
        str(max(8, args.num_train // 10)),
        '--num-test',
        str(args.num_test),
        '--preview',
        *(['--overwrite'] if args.fresh else []),
    )

    checkpoint, _ = train(
        '2/4 training GGL-Net tiny',
        GGL_NET,
        work,
        dict(num_train=args.num_train, epochs=args.epochs),
        args.fresh,
        root,
        f'train_cfg.max_epochs={args.epochs}',
        f'train_cfg.val_interval={max(1, args.epochs // 3)}',
    )
    run(
        '3/4 testing GGL-Net tiny on the held-out images',
        'tools/test.py',
        GGL_NET,
        str(checkpoint),
        '--work-dir',
        str(out / 'test'),
        '--out',
        str(out / 'ggl-net-tiny.json'),
        '--show-dir',
        str(pictures),
        '--cfg-options',
        root,
    )
    run(
        '4/4 testing the classical baseline on the same images',
        'tools/test.py',
        TOP_HAT,
        '--data',
        'synthetic',
        '--work-dir',
        str(out / 'test'),
        '--out',
        str(out / 'white-tophat.json'),
        '--cfg-options',
        root,
    )

    results = {
        name: json.loads((out / f'{file}.json').read_text())['metrics']
        for name, file in (('white top-hat', 'white-tophat'), ('GGL-Net tiny', 'ggl-net-tiny'))
    }
    print(f'\n== {args.num_test} held-out images, default protocol (probability > 0.5, native size)\n')
    print(table(results))
    print(
        f'\npictures    {pictures}\nscenes      {data / "preview.png"}\ncheckpoint  {checkpoint}\n'
        f'time        {(time.time() - start) / 60:.1f} min'
    )


if __name__ == '__main__':
    main()
