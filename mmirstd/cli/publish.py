"""Make a small file to hand on from a training checkpoint: ``mmirstd publish IN OUT``."""

from __future__ import annotations

import argparse
import re
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmirstd.false_alarms.operating_point import META as OPERATING_POINT
from mmirstd.utils.commands import command_line
from mmirstd.utils.errors import CheckpointError

from .arguments import add_traceback_argument, make_parser

if TYPE_CHECKING:
    from torch import Tensor

DESCRIPTION = """\
Make a small file to hand on from a training checkpoint: half-precision weights, nothing that only training needs.

Optimizer, hooks and counters are left out; convolutions become float16, and what is sensitive stays float32 (batch
norm's parameters and running statistics). The meta data keep the config's text (with paths below the data root's name
only), classes, epoch and iteration. The checkpoint is read without executing code from it, and the written file is read
back. Prints size and SHA-256.
"""
EXAMPLES = """
{publish} work_dirs/RUN/best_IoU_epoch_40.pth weights/NAME.pth
"""
#: Meta data of mmengine's checkpoints that describe the network and its training.
_META = ('dataset_meta', 'epoch', 'iter', 'seed', 'cfg', 'mmengine_version', 'normalization', OPERATING_POINT)
_ABSOLUTE = re.compile(r"(['\"])/[^'\"\n]*/([^/'\"\n]+)\1")


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser('publish', DESCRIPTION, EXAMPLES)
    parser.add_argument('source', type=Path, help='checkpoint of a training')
    parser.add_argument('target', type=Path, help='file to write')
    parser.add_argument('--full', action='store_true', help='keep float32')
    parser.add_argument('--overwrite', action='store_true', help='replace an existing file')
    add_traceback_argument(parser)
    return parser.parse_args(argv)


def publish(source: Path, target: Path, half: bool = True) -> dict[str, Any]:
    """Write the small checkpoint.

    Args:
        source: A training checkpoint, or a bare state dict.
        target: The file to write; its folder is made.
        half: Matrices and kernels (two dimensions or more) in float16. False: everything as it is.

    Returns:
        ``bytes``, ``sha256``, ``tensors`` (their number) and ``largest_change`` (absolute, by the rounding).

    Raises:
        CheckpointError: ``source`` holds no weights, a weight is not finite, or leaves float16's range.
    """
    import torch

    from mmirstd.compat.checkpoint import load_checkpoint_file
    from mmirstd.utils.files import file_sha256

    checkpoint = load_checkpoint_file(str(source), 'cpu')
    state = checkpoint.get('state_dict', checkpoint)
    if not isinstance(state, dict) or not state or not all(torch.is_tensor(value) for value in state.values()):
        raise CheckpointError(f'{source}: holds no weights; expected a checkpoint of a training')
    small: OrderedDict[str, Tensor] = OrderedDict()
    largest = 0.0
    for key, value in state.items():
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise CheckpointError(f'{source}: {key} has values that are not finite; the training had diverged')
        if half and value.dtype == torch.float32 and value.ndim >= 2:
            rounded = value.half()
            if not torch.isfinite(rounded).all():
                raise CheckpointError(f'{source}: {key} has values beyond float16\n  cure: --full')
            largest = max(largest, float((rounded.float() - value).abs().max()) if value.numel() else 0.0)
            value = rounded
        small[key.removeprefix('module.')] = value.contiguous().clone()
    meta = (
        {key: value for key, value in (checkpoint.get('meta') or {}).items() if key in _META}
        if 'state_dict' in checkpoint
        else {}
    )
    if isinstance(meta.get('cfg'), str):
        meta['cfg'] = _ABSOLUTE.sub(r'\1\2\1', meta['cfg'])  # where data lay on this machine concerns nobody
    target.parent.mkdir(parents=True, exist_ok=True)
    torch.save(dict(meta=meta, state_dict=small), target)
    load_checkpoint_file(str(target), 'cpu')
    return dict(bytes=target.stat().st_size, sha256=file_sha256(target), tensors=len(small), largest_change=largest)


def main(argv: list[str] | None = None) -> None:
    """Check the names and publish."""
    args = parse_args(argv)
    if not args.source.is_file():
        raise CheckpointError(
            f'{args.source}: there is no such file; `{command_line("train")}` writes best_*.pth to its work dir'
        )
    if args.target.exists() and not args.overwrite:
        raise CheckpointError(f'{args.target}: exists\n  cure: --overwrite, or another name')
    done = publish(args.source, args.target, not args.full)
    print(
        f'{args.target}: {done["bytes"] / 1e6:.2f} MB, {done["tensors"]} tensors, SHA-256 {done["sha256"]}; '
        f'largest change of a weight {done["largest_change"]:.1e}'
    )
