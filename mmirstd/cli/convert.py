"""Turn official weights into an mmirstd checkpoint: ``mmirstd convert --arch NAME IN OUT``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmirstd.key_maps import ARCHS, strip_wrappers
from mmirstd.utils.errors import CheckpointError
from mmirstd.utils.resources import resource_root
from mmirstd.version import __version__

from .arguments import make_parser

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from mmirstd.key_maps import KeyMap

LOADS = 'PyTorch and OpenMMLab'
EXAMPLES = """
{convert} --arch ggl-net official.pth ggl-net.pth
"""
# Names under which official training scripts store the weights.
_WRAPPERS = ('state_dict', 'model_state_dict', 'model', 'net', 'params')


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Command line."""
    parser = make_parser('convert', 'Turn an official state dict into an mmirstd checkpoint.', EXAMPLES)
    parser.add_argument('input', type=Path, help='official checkpoint: a state dict, bare or under a usual name')
    parser.add_argument('output', type=Path, help='mmirstd checkpoint to write')
    parser.add_argument('--arch', required=True, choices=sorted(ARCHS), help='architecture of the input')
    parser.add_argument(
        '--in-channels',
        type=int,
        default=1,
        choices=(1, 3),
        help='1 folds the repeated gray channels into one (exact), 3 keeps the official form; load the latter '
        'with --cfg-options model.backbone.in_channels=3',
    )
    parser.add_argument(
        '--keep-unused',
        action='store_true',
        help='keep parameters that the official network has and never uses; load them with official_unused=True',
    )
    return parser.parse_args(argv)


def find_state_dict(checkpoint: Any, path: Path) -> dict[str, Tensor]:
    """The state dict in whatever an official script saved.

    Raises:
        ValueError: If there is none, naming the file and what it holds instead.
    """
    from torch import Tensor

    for _ in range(3):
        if not isinstance(checkpoint, dict):
            break
        if checkpoint and all(isinstance(value, Tensor) for value in checkpoint.values()):
            return checkpoint
        checkpoint = next((checkpoint[key] for key in _WRAPPERS if key in checkpoint), None)
    raise ValueError(f'{path}: no state dict found (expected tensors by name, bare or under one of {_WRAPPERS})')


def missing_weights(converted: Mapping[str, Tensor], key_map: KeyMap) -> list[str]:
    """Names of the weights and buffers of our network that a converted state dict lacks.

    Batch norm's step counters, on which no result depends, are left out: PyTorch before 0.4.1 saved none.

    Args:
        converted: What :meth:`KeyMap.convert` gave.
        key_map: Of the architecture. Where it is for a part of a network, that part is looked at.
    """
    import torch
    from mmengine.registry import DefaultScope

    from mmirstd.engine.config_files import load_config
    from mmirstd.engine.config_names import networks
    from mmirstd.engine.config_scope import config_scope
    from mmirstd.registry import MODELS

    description = load_config(str(networks()[key_map.network])).model
    scope = config_scope(dict(model=description))
    with DefaultScope.overwrite_default_scope(scope), torch.device('meta'):  # the names alone
        network = MODELS.build(description)
    parts = {name.split('.')[0] for name in key_map.prefixes.values()}
    names = [name for name in network.state_dict() if name.split('.')[0] in parts]
    return [name for name in names if name not in converted and not name.endswith('num_batches_tracked')]


def convert(source: Path, target: Path, arch: str, in_channels: int = 1, keep_unused: bool = False) -> None:
    """Convert a file; the result holds ``state_dict`` and a ``meta`` that says where it came from.

    Raises:
        ValueError: If the input is not a state dict of ``arch``, or not all of it.
    """
    import torch

    from mmirstd.compat.checkpoint import load_checkpoint_file
    from mmirstd.engine.config_names import networks
    from mmirstd.utils.files import file_sha256

    key_map = ARCHS[arch]
    # Official weights were saved on a GPU, which this machine may not have.
    state = find_state_dict(load_checkpoint_file(source, map_location='cpu'), source)
    try:
        converted = key_map.convert(state, in_channels, keep_unused)
    except ValueError as error:
        raise ValueError(f'{source}: {error}') from error
    if absent := missing_weights(converted, key_map):
        official = [key_map.official(name) for name in absent]
        raise ValueError(
            f'{source}: this is no complete state dict of {key_map.source}: {len(absent)} weights are missing '
            f'{official[:5]}\n  cure: the whole state dict of the official network (model.state_dict()), or the --arch '
            'of a version that has no such weights'
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    meta = dict(
        arch=arch,
        in_channels=in_channels,
        source=key_map.source,
        mmirstd_version=__version__,
        source_sha256=file_sha256(source),
    )
    torch.save(dict(meta=meta, state_dict=converted), target)
    keys = strip_wrappers(state)
    unused, dropped = sum(map(key_map.is_unused, keys)), sum(map(key_map.is_dropped, keys))
    if unused and not keep_unused:
        print(f'{unused} entries left out, because the official network never uses them (--keep-unused keeps them)')
    if dropped:
        print(f'{dropped} entries left out: constants, and what the official network never uses')
    config = networks()[key_map.network].relative_to(resource_root()).as_posix()
    print(
        f'{target}: {len(converted)} entries of {arch} from {source} ({key_map.source}), '
        f'{in_channels} input channel{"s" if in_channels > 1 else ""}; model: {key_map.model}, {config}'
    )


def main(argv: list[str] | None = None) -> None:
    """Command line entry."""
    args = parse_args(argv)
    try:
        convert(args.input, args.output, args.arch, args.in_channels, args.keep_unused)
    except (OSError, ValueError, CheckpointError) as error:
        raise SystemExit(f'error: {error}') from None
