"""Do official weights give the published figures here? ``mmirstd verify-official NETWORK CKPT --data ROOT``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from mmirstd.utils.commands import command_line
from mmirstd.utils.errors import ConfigError

from .arguments import add_traceback_argument, make_parser

LOADS = 'PyTorch and OpenMMLab'
DESCRIPTION = """\
Test official weights as their authors tested them, and print published and measured figures side by side.

The weights are converted first (a checkpoint of ours is taken as it is). configs/official_weights.yml says for each
network what was published and how the official code evaluates; --entries takes a file of your own.
"""
EXAMPLES = """
{verify-official} rpcanet RPCANet.pkl --data datasets/NUDT-SIRST
{verify-official} --list
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser('verify-official', DESCRIPTION, EXAMPLES)
    parser.add_argument('network', nargs='?', help='an entry of configs/official_weights.yml, such as rpcanet')
    parser.add_argument('checkpoint', nargs='?', type=Path, help='the official weights')
    parser.add_argument('--data', metavar='ROOT', help='folder of the data set')
    parser.add_argument(
        '--data-set', metavar='NAME', help="which one it is, such as nudt-sirst-663-664. Default: by the folder's name"
    )
    parser.add_argument('--entries', type=Path, metavar='FILE', help='a YAML file in place of the shipped one')
    parser.add_argument('--out', type=Path, metavar='FILE', help='write the comparison to this JSON file')
    parser.add_argument(
        '--work-dir', type=Path, default=Path('work_dirs/verify-official'), help='converted weights and logs go here'
    )
    parser.add_argument('--list', action='store_true', help='show the networks and their published figures')
    add_traceback_argument(parser)
    args = parser.parse_args(argv)
    if args.network is None and not args.list:
        parser.error('NETWORK, CKPT and --data ROOT are needed, or --list')
    return args


def main(argv: list[str] | None = None) -> None:
    """Convert, test, compare."""
    from mmirstd.evaluation.official_weights import get_official_weights, read_official_weights

    args = parse_args(argv)
    if args.list:
        for entry in read_official_weights(args.entries).values():
            print(f'{entry.name}: {entry.source}')
            for data_set, figures in entry.published.items():
                print(f'  {data_set}: ' + ', '.join(f'{name} {_text(name, value)}' for name, value in figures.items()))
        return
    entry = get_official_weights(args.network, args.entries)  # a wrong name is told before what else is missing
    if args.checkpoint is None or args.data is None:
        raise ConfigError(f'verify-official {entry.name}: CKPT and --data ROOT are needed, too')
    for path in (args.checkpoint, Path(args.data)):
        if not path.exists():
            raise ConfigError(
                f'{path}: does not exist', cure='the path of the official weights, and that of the data set'
            )
    data_set = args.data_set or entry.data_set_in(args.data)
    if data_set not in entry.published:
        raise ConfigError(f'--data-set {data_set}: no figures of {entry.name}', expected=', '.join(entry.published))
    folder = args.work_dir / f'{entry.name}_{data_set}'
    folder.mkdir(parents=True, exist_ok=True)
    weights = our_weights(args.checkpoint, entry, folder / f'{entry.name}.pth')
    words = test_arguments(entry, data_set, args.data, weights)
    record = run_test([*words, '--work-dir', str(folder), '--out', str(folder / 'metrics.json')])
    rows = compare(entry, data_set, record['metrics'])
    print_comparison(entry, data_set, record, rows)
    print(f'measured by:  {command_line("test", *words)}')
    if args.out:
        from mmirstd.utils.files import write_json

        write_json(args.out, dict(network=entry.name, data_set=data_set, rows=rows, test=record))
        print(f'comparison:   {args.out}')


def our_weights(checkpoint: Path, entry: Any, target: Path) -> Path:
    """The checkpoint itself if it is one of ours, else its conversion.

    Args:
        checkpoint: Official or ours.
        entry: Of the network.
        target: File of the conversion.
    """
    from mmirstd.compat.checkpoint import load_checkpoint_file
    from mmirstd.utils.errors import CheckpointError

    from .convert import convert

    # What we convert or train says where it came from; official scripts save no such entry.
    if isinstance(load_checkpoint_file(checkpoint, map_location='cpu').get('meta'), dict):
        return checkpoint
    try:
        convert(checkpoint, target, entry.arch, entry.in_channels, entry.keep_unused)
    except ValueError as error:
        raise CheckpointError(str(error)) from error
    return target


def test_arguments(entry: Any, data_set: str, root: str, weights: Path) -> list[str]:
    """The words of the ``mmirstd test`` that repeats the official evaluation.

    Args:
        entry: Of the network.
        data_set: A key of its published figures.
        root: Folder of the data set.
        weights: Converted.
    """
    options = {**entry.options_for(data_set), 'data_root': root}
    if entry.keep_unused:
        options['model.backbone.official_unused'] = True
    words = [f'configs/{entry.config}', str(weights), '--data', data_set, '--protocol', entry.protocol]
    size = entry.size_for(data_set)
    if size is not None:
        words += ['--eval-size', str(size)]
    return [*words, '--cfg-options', *(f'{name}={_option(value)}' for name, value in options.items())]


def run_test(words: list[str]) -> dict[str, Any]:
    """Run ``mmirstd test`` in this process; its metrics file."""
    from . import test

    test.main(words)
    record: dict[str, Any] = json.loads(Path(words[words.index('--out') + 1]).read_text(encoding='utf-8'))
    return record


def compare(entry: Any, data_set: str, metrics: dict[str, Any]) -> list[dict[str, Any]]:
    """A row a published measure: ``measure``, ``published``, ``measured`` by the official protocol, ``default``."""
    rows = []
    for name, value in entry.published[data_set].items():
        measured = metrics.get(f'{entry.protocol}/{name}')
        rows.append(dict(measure=name, published=value, measured=measured, default=metrics.get(name)))
    return rows


def print_comparison(entry: Any, data_set: str, record: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Print the table with what one has to know to read it."""
    from mmirstd.evaluation.text_tables import as_text, new_table

    table = new_table('measure')
    for heading in ('published', f'measured ({entry.protocol})', 'difference', 'measured (default)'):
        table.add_column(heading, justify='right')
    for row in rows:
        name, published, measured = row['measure'], row['published'], row['measured']
        difference = None if measured is None else measured - published
        table.add_row(
            name,
            _text(name, published),
            _text(name, measured),
            '' if difference is None else f'{"+" if difference >= 0 else "-"}{_text(name, abs(difference))}',
            _text(name, row['default']),
        )
    print(f'\n{entry.name}, official weights, {data_set} ({record["images"]} samples)')
    print(f'official code: {entry.source}{f" at {entry.commit[:7]}" if entry.commit else ""}')
    print(f'it evaluates:  {entry.outputs}')
    print(as_text(table, width=110))
    for note in entry.notes:
        print(f'note: {note}')


def _text(name: str, value: float | None) -> str:
    if value is None:
        return 'n/a'
    return f'{value * 1e6:.2f}e-6' if name.startswith('Fa') else f'{value:.4f}'


def _option(value: Any) -> str:
    return json.dumps(value).replace(' ', '') if isinstance(value, list) else str(value)
