"""What the tools have in common: find and read a config, prepare it for this machine, build the Runner."""

from __future__ import annotations

import argparse
import difflib
import errno
import logging
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from mmengine.config import Config, DictAction
from mmengine.device import get_device
from mmengine.logging import print_log
from mmengine.runner import Runner

from mmirstd.compat.precision import choose_precision
from mmirstd.utils.errors import ConfigError, DataError, UserError
from mmirstd.utils.near_matches import near_matches
from mmirstd.utils.resources import resource_root

from .checkpoint_files import looks_like_checkpoint
from .config_errors import explain_config_errors
from .config_names import renamed
from .config_variables import apply_options, keys_read
from .data_option import DataExchange, add_data_argument
from .distributed import init_distributed, prepare_distributed_config
from .evaluation_batches import batch_by_size
from .holdout_options import expand_holdout_options, match_holdouts, replace_holdout_sizes
from .loading_options import apply_loading_options
from .optim_wrapper import emulation_cost
from .preprocessor_check import check_preprocessor
from .threads import ThreadPlan, apply_threads, limit_workers, plan_threads

#: Where configs/ and the small weights are.
REPO_ROOT = resource_root()

#: What the system says of a disk that takes no more: full, over quota, file size limit.
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class OptionsAction(DictAction):
    """mmengine's ``KEY=VALUE`` parser with a clear error for anything else; the option may be repeated."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Sequence[str],
        option_string: str | None = None,
    ) -> None:
        """Parse the values into a dict and merge it with those of earlier occurrences."""
        before = dict(getattr(namespace, self.dest, None) or {})
        for value in values:
            if '=' not in value or value.startswith('='):
                parser.error(f'{option_string}: expected KEY=VALUE, found {value!r}')
        super().__call__(parser, namespace, values, option_string)
        setattr(namespace, self.dest, {**before, **getattr(namespace, self.dest)})
        # as typed, to be repeated in a suggested command
        given = f'{self.dest}_given'
        setattr(namespace, given, [*getattr(namespace, given, []), *values])


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that train and test share."""
    add_data_argument(parser)
    parser.add_argument(
        '--work-dir',
        help='folder for logs and checkpoints; default: work_dirs/<config name>, with the data set of --data',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=OptionsAction,
        metavar='KEY=VALUE',
        default={},
        help='override config entries, e.g. data_root=/data/NUAA-SIRST train_cfg.max_epochs=5',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='how the processes of a distributed run were started (tools/dist_*.sh set it)',
    )
    parser.add_argument(
        '--partial-checkpoint', action='store_true', help='accept a checkpoint that fits the model only in part'
    )
    parser.add_argument('--traceback', action='store_true', help='show the traceback of an input error, too')
    # set by torch.distributed.launch; torchrun uses the environment
    parser.add_argument('--local_rank', '--local-rank', type=int, help=argparse.SUPPRESS)


def run_tool(main: Callable[[], None], data_hint: Callable[[], str] | None = None) -> None:
    """Run a tool's main function; errors caused by input end it with their message and exit status 2.

    Args:
        main: The tool.
        data_hint: What to add where the error is about a data set, see :func:`data_check_hint`.
    """
    try:
        main()
    except UserError as error:
        if '--traceback' in sys.argv:
            raise
        print(f'\nerror: {error}', file=sys.stderr)
        if data_hint is not None and isinstance(error, DataError):
            print(data_hint(), file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        if error.errno not in _DISK_FULL or '--traceback' in sys.argv:
            raise
        where = f'{error.filename}: ' if error.filename else ''
        print(
            f'\nerror: {where}{error.strerror}, so results cannot be written.\n  cure: make room, or write '
            'elsewhere; a training goes on with --resume',
            file=sys.stderr,
        )
        sys.exit(2)
    _leave_process_group()


def data_check_hint(args: argparse.Namespace) -> str:
    """How to list everything that is wrong with the data of a tool's config.

    Args:
        args: Of a tool with the options of :func:`add_common_arguments`.
    """
    options = getattr(args, 'cfg_options_given', [])
    command = [
        'python',
        Path('tools', 'analysis_tools', 'check_dataset.py').as_posix(),
        args.config,
        *(['--data', args.data] if args.data else []),
        *(['--cfg-options', *options] if options else []),
    ]
    return f'to list everything wrong with the data set at once:\n  {shlex.join(command)}'


def _leave_process_group() -> None:
    """End a rank of a finished distributed run without tearing the interpreter down.

    torch 2.13 can hang there: when a DistributedDataParallel holds the last reference to a gloo group, its destructor
    joins gloo's thread while it holds the GIL, for which that thread may be waiting.
    """
    from torch import distributed as torch_dist

    if torch_dist.is_available() and torch_dist.is_initialized():
        torch_dist.barrier()  # no rank leaves while another still needs it
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _looks_like(path: Path, candidates: Iterator[Path], n: int = 5) -> list[str]:
    by_name: dict[str, list[str]] = {}
    for candidate in candidates:
        by_name.setdefault(candidate.name, []).append(str(candidate))
    close = difflib.get_close_matches(path.name, list(by_name), n=n, cutoff=0.5)
    return [full for name in close for full in sorted(by_name[name])][:n]


def find_config(path: str) -> Path:
    """Find a config as given, or, from another directory, relative to the repository.

    Raises:
        ConfigError: It is at neither place; the new name of an old one, or near matches in ``configs/`` are named.
    """
    if looks_like_checkpoint(path):
        raise ConfigError(f'{path}: a checkpoint was given where the config belongs; the order is CONFIG CKPT ...')
    given = Path(path).expanduser()
    for candidate in (given, REPO_ROOT / given):
        if candidate.is_file():
            return candidate.resolve()
    close = _looks_like(given, (p.relative_to(REPO_ROOT) for p in (REPO_ROOT / 'configs').rglob('*.py')))
    hint = ''.join(f'\n    {c}' for c in close)
    raise ConfigError(
        f'config {path!r} does not exist; looked in {given.absolute().parent} and in {(REPO_ROOT / given).parent}.'
        + (
            renamed(given.name)
            or (f'\n  did you mean:{hint}' if close else '\n  no config has a similar name; see the folder configs/')
        )
    )


def load_config(path: str, options: dict[str, Any] | None = None, data: str | None = None) -> Config:
    """Read a config, take another data set, merge command line options, move the data sets where ``data_root`` says.

    Args:
        path (str): See :func:`find_config`.
        options (dict, optional): ``--cfg-options``; keys may be dotted.
        data (str, optional): ``--data``: see :class:`~.data_option.DataExchange`.

    Returns:
        Config: Ready for :func:`prepare`.

    Raises:
        ConfigError: The file or its bases cannot be read, the data set does not fit, or an option names an entry that
            nothing reads (:func:`.config_variables.apply_options`).
    """
    found, options = find_config(path), options or {}
    exchange = None if data is None else DataExchange(found, data)
    with exchange.active() if exchange else nullcontext():
        try:
            cfg = Config.fromfile(str(found))
        except (SyntaxError, NameError, KeyError, TypeError, ValueError, ImportError, OSError) as error:
            raise ConfigError(
                f'config {path}: cannot be read: {type(error).__name__}: {error}'
                + (renamed(str(error)) if isinstance(error, OSError) else '')
            ) from error
        if exchange:
            exchange.check(cfg)
        options = expand_holdout_options(cfg, options)
        _check_option_names(cfg, options)
        root = cfg.get('data_root')
        cfg = apply_options(cfg, str(found), options)
    replace_holdout_sizes(cfg, options)
    for note in match_holdouts(cfg, options):
        print_log(note, logger='current')
    _apply_data_root(cfg, root if isinstance(root, str) else None)
    if exchange:
        exchange.name_run(cfg, keep=tuple(options))
    apply_loading_options(cfg)
    return cfg


def load_data_set(
    path: str, split: str, options: dict[str, Any] | None = None, data: str | None = None
) -> dict[str, Any]:
    """The entry of one data set in a config, ready to be built: the default scope is set, our parts are registered.

    Args:
        path: A config, also a bare one of configs/_base_/datasets, which brings no custom_imports.
        split: 'train', 'val' or 'test'.
        options: As of :func:`load_config`.
        data: As of :func:`load_config`.

    Raises:
        ConfigError: The config cannot be used, or has no such data loader.
    """
    from mmengine.registry import init_default_scope

    import mmirstd.registry  # noqa: F401

    cfg = load_config(path, options, data)
    loader = cfg.get(f'{split}_dataloader')
    if not loader:
        raise ConfigError(f'{path}: has no {split}_dataloader, so there is no data set to look at.')
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    return loader['dataset']


def _apply_data_root(cfg: Config, before: str | None) -> None:
    from mmirstd.datasets.data_root import apply_data_root

    try:
        apply_data_root(cfg, before)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _check_option_names(cfg: Config, options: dict[str, Any]) -> None:
    """A misspelt option would silently make a new entry; refuse it."""
    known = set(cfg.keys()) | keys_read()
    for option in options:
        head = option.split('.')[0]
        if head not in known:
            close = near_matches(head, known)
            raise ConfigError(
                f'--cfg-options {option}: the config has no entry {head!r}.'
                + (f'\n  did you mean: {", ".join(close)}?' if close else '')
            )


def default_work_dir(cfg: Config, work_dir: str | None) -> str:
    """The folder of a run: the option, the config's own, or ``work_dirs/<config name>`` here; absolute."""
    chosen = work_dir or cfg.get('work_dir') or os.path.join('work_dirs', Path(cfg.filename).stem)
    return os.path.abspath(os.path.expanduser(chosen))


def prepare(cfg: Config, launcher: str) -> tuple[ThreadPlan, list[str]]:
    """Fit a config to this machine: threads, workers, process group.

    Args:
        cfg (Config): Changed in place.
        launcher (str): ``--launcher``.

    Returns:
        tuple: The thread plan and lines for the log.
    """
    plan = plan_threads()
    apply_threads(plan)
    notes = [str(plan), *limit_workers(cfg, plan, on_cpu=get_device() == 'cpu'), *_emulated_evaluation(cfg)]
    cfg.launcher = launcher
    if launcher != 'none':
        init_distributed(launcher, timeout_s=cfg.get('env_cfg', {}).get('dist_cfg', {}).get('timeout', 1800))
        prepare_distributed_config(cfg)
    return plan, notes


def _emulated_evaluation(cfg: Config) -> list[str]:
    """A line for each evaluation that the config asks to be in bfloat16 on a CPU that has none."""
    if get_device() != 'cpu' or (best := choose_precision('cpu')).dtype == 'bfloat16':
        return []
    return [
        f'{key}.fp16=True: bfloat16, as asked for, but {best.why}: {emulation_cost("cpu")}\n  cure: {key}.fp16=False'
        for key in ('val_cfg', 'test_cfg')
        if (cfg.get(key) or {}).get('fp16')
    ]


def build_runner(cfg: Config, notes: Sequence[str] = ()) -> Runner:
    """Build the Runner, whose checkpoints are unpickled safely, and log what was chosen for this machine.

    Raises:
        ConfigError: A type or an argument in the config is wrong.
    """
    from mmirstd.compat.checkpoint import install_safe_checkpoint_loading

    from .hooks.atomic_checkpoint_hook import use_atomic_checkpoints

    install_safe_checkpoint_loading()
    use_atomic_checkpoints(cfg)
    notes = [*notes, *check_preprocessor(cfg), *batch_by_size(cfg)]
    with explain_config_errors(cfg.filename or 'config'):
        runner = Runner.from_cfg(cfg)
    for note in notes:
        runner.logger.info(note)
    return runner
