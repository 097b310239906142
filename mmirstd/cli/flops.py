"""Parameters and FLOPs of a config's network: ``mmirstd flops CONFIG``."""

from __future__ import annotations

import argparse

from mmirstd.utils.errors import ConfigError

from .arguments import add_cfg_options_argument, make_parser

EXAMPLES = """
{flops} configs/ggl_net/ggl-net_b4-500e_nuaa-sirst-341-86.py --shape 256 256
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser('flops', "Parameters and FLOPs of a config's network.", EXAMPLES)
    parser.add_argument('config', help='config file')
    parser.add_argument('--shape', type=int, nargs=2, default=(256, 256), metavar=('H', 'W'), help='input size')
    parser.add_argument('--channels', type=int, default=1, help='input channels')
    add_cfg_options_argument(parser, 'override config entries')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Command line entry."""
    args = parse_args(argv)
    from mmirstd.engine.complexity import blank_input, count_flops, inference_parameters
    from mmirstd.engine.config_errors import explain_config_errors
    from mmirstd.engine.config_files import load_config
    from mmirstd.engine.config_scope import use_config_scope
    from mmirstd.registry import MODELS

    cfg = load_config(args.config, args.cfg_options)
    use_config_scope(cfg)
    height, width = args.shape
    with explain_config_errors(args.config):
        network = MODELS.build(cfg.model)
    try:
        inputs = blank_input(network, (height, width), args.channels)
        flops, at_inference = count_flops(network, inputs), inference_parameters(network, inputs)
    except (RuntimeError, ValueError) as error:
        raise ConfigError(
            f'{args.config}: the network does not take an image of {args.channels} x {height} x {width}',
            found=str(error).splitlines()[0],
            cure='--channels 3 for a network of color images, --shape H W for one of certain sizes',
        ) from error
    print(f'config      {args.config}')
    params = sum(parameter.numel() for parameter in network.parameters())
    frames = f', a clip of {network.input_frames} frames' if inputs.dim() == 5 else ''
    print(f'input       {" x ".join(map(str, inputs.shape[1:]))}{frames}')
    training = '' if at_inference == params else f'; {at_inference:,} ({at_inference / 1e6:.3f} M) at inference'
    print(f'parameters  {params:,} ({params / 1e6:.3f} M){training}')
    print(f'FLOPs       {flops:,} ({flops / 1e9:.3f} G; 2 per multiply-accumulate, {flops / 2e9:.3f} GMACs)')
