"""Parameters and FLOPs of a config's network.

Example::

    python tools/analysis_tools/get_flops.py configs/ggl_net/ggl-net_b4-500e_nuaa-sirst-341-86.py --shape 256 256
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from mmengine.config import DictAction
from mmengine.registry import MODELS, init_default_scope
from torch import nn

import mmirstd.registry  # noqa: F401
from mmirstd.engine.complexity import count_flops
from mmirstd.engine.launch import load_config


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file')
    parser.add_argument('--shape', type=int, nargs=2, default=(256, 256), metavar=('H', 'W'), help='input size')
    parser.add_argument('--channels', type=int, default=1, help='input channels')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='overrides, key=value')
    return parser.parse_args(argv)


def count(model: nn.Module, shape: tuple[int, int], channels: int = 1) -> tuple[int, int]:
    """Count a network's parameters and the FLOPs of the forward pass of one image, or of one clip.

    Args:
        model: Segmentor or detector whose ``forward(inputs, mode='tensor')`` runs the network; with ``num_frames``
            it takes clips.
        shape: Height and width in pixels.
        channels: Input channels.

    Returns:
        Number of parameters, and floating point operations: 2 per multiply-accumulate of convolutions and matrix
        products, nothing else, as ``torch.utils.flop_counter`` counts.
    """
    inputs = torch.zeros(1, channels, *shape)
    if hasattr(model, 'num_frames'):
        inputs = inputs.unsqueeze(1).repeat(1, model.num_frames, 1, 1, 1)
    return sum(p.numel() for p in model.parameters()), count_flops(model, inputs)


def main(argv: list[str] | None = None) -> None:
    """Command line entry."""
    args = parse_args(argv)
    cfg = load_config(args.config, args.cfg_options)
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    params, flops = count(MODELS.build(cfg.model), tuple(args.shape), args.channels)
    height, width = args.shape
    print(f'config      {args.config}')
    print(f'input       {args.channels} x {height} x {width}')
    print(f'parameters  {params:,} ({params / 1e6:.3f} M)')
    print(f'FLOPs       {flops:,} ({flops / 1e9:.3f} G; 2 per multiply-accumulate, {flops / 2e9:.3f} GMACs)')


if __name__ == '__main__':
    main()
