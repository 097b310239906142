"""List everything that is wrong with a data set at once: ``check_dataset.py CONFIG_OR_FOLDER [options]``.

    python tools/analysis_tools/check_dataset.py configs/_base_/datasets/nuaa-sirst-341-86.py \\
        --cfg-options data_root=/data/NUAA-SIRST
    python tools/analysis_tools/check_dataset.py /data/mine --out report.json

Every image and label of every split is read once. docs/check-data.md says what is found.
Exit status: 0 without errors, 1 with errors in the data set, 2 where it could not be checked.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mmirstd.utils.progress import now_doing, start_heartbeat

if __name__ == '__main__':
    start_heartbeat('loading PyTorch and OpenMMLab')

from mmirstd.engine.data_option import add_data_argument
from mmirstd.engine.launch import OptionsAction, load_config, run_tool
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.files import write_json


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'folder_or_config',
        metavar='CONFIG_OR_FOLDER',
        help='config with data loaders, also one of configs/_base_/datasets; or a folder of images and '
        'labels, whose layout is found',
    )
    add_data_argument(parser)
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=OptionsAction,
        metavar='KEY=VALUE',
        default={},
        help='override config entries, e.g. data_root=/data/NUAA-SIRST',
    )
    parser.add_argument('--out', metavar='FILE', help='write the findings, each with all of its files, as JSON')
    parser.add_argument(
        '--quick',
        action='store_true',
        help='look into at most 100 files of each split, evenly spread; lists are checked in full',
    )
    parser.add_argument('--shown', type=int, default=5, metavar='N', help='files to show of each finding')
    parser.add_argument('--traceback', action='store_true', help='show the traceback of an input error, too')
    return parser.parse_args(argv)


def main() -> None:
    """Check, print, and end with the status."""
    from mmengine.registry import init_default_scope

    from mmirstd.datasets.check import check_splits, read_splits, splits_of_root

    args = parse_args()
    if os.path.isdir(args.folder_or_config):
        if args.cfg_options or args.data:
            raise ConfigError(f'{args.folder_or_config} is a folder, which takes neither --cfg-options nor --data')
        init_default_scope('mmseg')
        now_doing('reading the lists')
        splits = splits_of_root(args.folder_or_config)
    else:
        cfg = load_config(args.folder_or_config, args.cfg_options, args.data)
        loaders = {part: cfg.get(f'{part}_dataloader') for part in ('train', 'val', 'test')}
        data_sets = {part: loader['dataset'] for part, loader in loaders.items() if loader}
        if not data_sets:
            raise ConfigError(f'{args.folder_or_config}: has no data loader, so there is no data set to check')
        init_default_scope(cfg.get('default_scope', 'mmseg'))
        now_doing('reading the lists')
        splits = read_splits(data_sets)
    now_doing('checking')
    report = check_splits(splits, args.quick)
    print()
    print(report.text(args.shown))
    if args.out:
        write_json(args.out, dict(data=args.folder_or_config, **report.to_dict()))
        print(f'all files of each finding: {args.out}')
    sys.exit(report.status)


if __name__ == '__main__':
    run_tool(main)
