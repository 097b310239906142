"""List everything that is wrong with a data set at once: ``mmirstd check-data CONFIG_OR_FOLDER [options]``."""

from __future__ import annotations

import argparse
import os

from mmirstd.utils.errors import ConfigError
from mmirstd.utils.progress import now_doing

from .arguments import add_cfg_options_argument, add_data_argument, add_traceback_argument, make_parser

LOADS = 'PyTorch and OpenMMLab'
DESCRIPTION = """\
List everything that is wrong with a data set at once.

Every image and label of every split is read once. The documentation, "Check a data set", says what is found.
Exit status: 0 without errors, 1 with errors in the data set, 2 where it could not be checked.
"""
EXAMPLES = """
{check-data} configs/_base_/datasets/nuaa-sirst-341-86.py --cfg-options data_root=/data/NUAA-SIRST
{check-data} /data/mine --out report.json
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser('check-data', DESCRIPTION, EXAMPLES)
    parser.add_argument(
        'folder_or_config',
        metavar='CONFIG_OR_FOLDER',
        help='config with data loaders, also one of configs/_base_/datasets; or a folder of images and '
        'labels, whose layout is found',
    )
    add_data_argument(parser)
    add_cfg_options_argument(parser, 'override config entries, e.g. data_root=/data/NUAA-SIRST')
    parser.add_argument('--out', metavar='FILE', help='write the findings, each with all of its files, as JSON')
    parser.add_argument(
        '--quick',
        action='store_true',
        help='look into at most 100 files of each split, evenly spread; lists are checked in full',
    )
    parser.add_argument('--shown', type=int, default=5, metavar='N', help='files to show of each finding')
    add_traceback_argument(parser)
    return parser.parse_args(argv)


def _is_config(text: str) -> bool:
    """Whether a text is meant as a config: by its end, as a file, or the name of one of ours."""
    from mmirstd.engine.config_names import config_of_name

    if text.endswith('.py') or os.path.exists(text):
        return True
    try:
        config_of_name(text)
    except ConfigError:
        return False
    return True


def main(argv: list[str] | None = None) -> int:
    """Check and print; the exit status."""
    args = parse_args(argv)
    from mmengine.registry import init_default_scope

    from mmirstd.datasets.check import check_splits, read_splits, splits_of_root
    from mmirstd.engine.config_files import load_config
    from mmirstd.engine.config_scope import use_config_scope
    from mmirstd.utils.files import write_json

    if os.path.isdir(args.folder_or_config):
        if args.cfg_options or args.data:
            raise ConfigError(f'{args.folder_or_config} is a folder, which takes neither --cfg-options nor --data')
        init_default_scope('mmseg')
        now_doing('reading the lists')
        splits = splits_of_root(args.folder_or_config)
    elif not _is_config(args.folder_or_config):
        raise ConfigError(f'{args.folder_or_config}: there is neither a folder nor a config of this name')
    else:
        cfg = load_config(args.folder_or_config, args.cfg_options, args.data)
        loaders = {part: cfg.get(f'{part}_dataloader') for part in ('train', 'val', 'test')}
        data_sets = {part: loader['dataset'] for part, loader in loaders.items() if loader}
        if not data_sets:
            raise ConfigError(f'{args.folder_or_config}: has no data loader, so there is no data set to check')
        use_config_scope(cfg)
        now_doing('reading the lists')
        splits = read_splits(data_sets)
    now_doing('checking')
    report = check_splits(splits, args.quick)
    print()
    print(report.text(args.shown))
    if args.out:
        write_json(args.out, dict(data=args.folder_or_config, **report.to_dict()))
        print(f'all files of each finding: {args.out}')
    return report.status
