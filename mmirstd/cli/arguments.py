"""Parts that the commands' argument parsers share; nothing heavy is imported before an option needs it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from mmirstd.compat.mean_of_views import EXPECTED, Views
from mmirstd.utils.commands import COMMANDS, command_line, program_name
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.option_values import parse_option_value

#: Entries of a config that only a training reads.
_OF_TRAINING = frozenset(
    (
        *('train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler', 'auto_scale_lr', 'randomness'),
        *('val_dataloader', 'val_cfg', 'val_evaluator', 'load_from', 'resume', 'default_hooks'),
    )
)


class OptionsAction(argparse.Action):
    """``KEY=VALUE`` as :func:`mmirstd.utils.option_values.parse_option_value` reads it; the option may be repeated."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Parse the values into a dict and merge it with those of earlier occurrences."""
        given = [values] if isinstance(values, str) else [str(value) for value in values or ()]
        options = dict(getattr(namespace, self.dest, None) or {})
        for value in given:
            if '=' not in value or value.startswith('='):
                parser.error(f'{option_string}: expected KEY=VALUE, found {value!r}')
            key, text = value.split('=', maxsplit=1)
            try:
                options[key] = parse_option_value(text)
            except ValueError as error:
                parser.error(f'{option_string} {key}: {error}')
        setattr(namespace, self.dest, options)
        # as typed, to be repeated in a suggested command
        typed = f'{self.dest}_given'
        setattr(namespace, typed, [*getattr(namespace, typed, []), *given])


def make_parser(
    name: str, description: str | None, examples: str = '', more: str = '', usage: str | None = None
) -> argparse.ArgumentParser:
    """The parser of a command, under the name by which it was called.

    Args:
        name: Of ``COMMANDS``.
        description: Text before the options; its line breaks are kept.
        examples: Command lines, with ``{NAME}`` for each command as the user types it.
        more: Text after them.
        usage: Arguments of the usage line; default: argparse's.
    """
    epilog = more
    if examples:
        shown = examples.strip('\n').format_map({command: command_line(command) for command in COMMANDS})
        epilog = 'examples:\n' + '\n'.join(f'  {line}' for line in shown.splitlines()) + (f'\n\n{more}' if more else '')
    program = program_name(name)
    return argparse.ArgumentParser(
        prog=program,
        usage=usage and f'{program} {usage}',
        description=description,
        epilog=epilog or None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_cfg_options_argument(
    parser: argparse.ArgumentParser,
    help: str = 'override config entries, e.g. data_root=/data/NUAA-SIRST train_cfg.max_epochs=5',
) -> None:
    """Add ``--cfg-options``."""
    parser.add_argument('--cfg-options', nargs='+', action=OptionsAction, metavar='KEY=VALUE', default={}, help=help)


def add_tta_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--tta``."""
    parser.add_argument(
        '--tta',
        type=_views,
        metavar='VIEWS',
        help='test-time augmentation of a segmentation network: the mean over mirror images (flips), other sizes '
        '(scales), or both (flips-scales). It takes 4, 4 and 7 times as long. size=0.75 shows it the image in another '
        'size, alone or as flips,size=0.75: often fewer false targets, sometimes fewer targets',
    )


def _views(text: str) -> str:
    try:
        Views.of(text)
    except ConfigError:
        raise argparse.ArgumentTypeError(f'{text!r}; expected {EXPECTED}') from None
    return text


def add_data_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--data``."""
    parser.add_argument(
        '--data',
        metavar='NAME',
        help="take another data set than the config's: the name of a file in configs/_base_/datasets, "
        'e.g. nudt-sirst-663-664, or the path of a file of yours like these',
    )


def add_schedule_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--schedule``."""
    parser.add_argument(
        '--schedule',
        metavar='NAME',
        help="take another schedule than the config's: the name of a file in configs/_base_/schedules, e.g. "
        'cpu_adamw-onecycle, or the path of a file of yours like these; network, data and batch size stay',
    )


def exchange_words(args: argparse.Namespace) -> list[str]:
    """``--data`` and ``--schedule`` as they were given, for a command that takes the same config."""
    given = ((f'--{name}', getattr(args, name, None)) for name in ('data', 'schedule'))
    return [word for option, value in given if value for word in (option, value)]


def option_words_of_test(args: argparse.Namespace) -> list[str]:
    """``--cfg-options`` of a training as they were typed, for its test: without what a test does not read."""
    given = getattr(args, 'cfg_options_given', [])
    words = [word for word in given if word.partition('=')[0].partition('.')[0] not in _OF_TRAINING]
    return ['--cfg-options', *words] if words else []


def add_data_set_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what names one data set of a config: the config, ``--split``, ``--data`` and ``--cfg-options``."""
    parser.add_argument('config', help='config file with data loaders, also one of configs/_base_/datasets')
    parser.add_argument('--split', choices=['train', 'val', 'test'], default='train')
    add_data_argument(parser)
    add_cfg_options_argument(parser, 'override config entries, e.g. data_root=/data/NUAA-SIRST')


def add_traceback_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--traceback``."""
    parser.add_argument('--traceback', action='store_true', help='show the traceback of an input error, too')


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that train and test share."""
    add_data_argument(parser)
    add_schedule_argument(parser)
    parser.add_argument(
        '--work-dir',
        help='folder for logs and checkpoints; default: work_dirs/<config name>, with the data set of --data',
    )
    add_cfg_options_argument(parser)
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='how the processes of a distributed run were started (tools/dist_*.sh set it)',
    )
    parser.add_argument(
        '--partial-checkpoint', action='store_true', help='accept a checkpoint that fits the model only in part'
    )
    add_traceback_argument(parser)
    # set by torch.distributed.launch; torchrun uses the environment
    parser.add_argument('--local_rank', '--local-rank', type=int, help=argparse.SUPPRESS)


def split_names(given: Sequence[str] | None) -> list[str]:
    """The names of an option that may be repeated and may have commas: ``['a,b', 'c']`` -> ``['a', 'b', 'c']``."""
    return [name for text in given or () for name in text.split(',') if name]


def positive_int(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'expected a whole number from 1 on, found {text!r}')
    return int(text)


def positive_float(text: str) -> float:
    """A number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = float('nan')
    if not 0 < value < float('inf'):
        raise argparse.ArgumentTypeError(f'expected a number above 0, found {text!r}')
    return value


def image_size(text: str) -> tuple[int, int]:
    """The type of an option ``HxW``: ``'256x320'`` -> height 256, width 320."""
    parts = text.lower().split('x')
    if len(parts) != 2 or not all(part.isdecimal() and int(part) for part in parts):
        raise argparse.ArgumentTypeError(f'expected HEIGHTxWIDTH, for example 256x256, got {text!r}')
    return int(parts[0]), int(parts[1])


def mask_rule(text: str) -> str | tuple[int, ...]:
    """The rule of an option ``--mask-rule``: a name, or values with commas.

    Raises:
        ConfigError: It is none.
    """
    from mmirstd.datasets.mask_values import check_mask_rule

    values = text.strip('[]').split(',')
    try:
        return check_mask_rule([int(value) for value in values] if all(v.strip().isdigit() for v in values) else text)
    except ValueError as error:
        raise ConfigError(f'--{str(error).replace("_", "-", 1)}') from None
