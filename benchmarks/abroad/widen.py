"""GGL-Net tiny's weights as those of GGL-Net slim, which computes the same: a start for a wider network.

    python benchmarks/abroad/widen.py configs/ggl_net/weights/ggl-net-tiny_nuaa-nudt-synthetic.pth OUT.pth

Net2Net's widening (Chen et al., ICLR 2016): each channel becomes several equal ones, and what reads them shares its
weight among them.  Equal shares would keep the copies equal for ever.  So random numbers of sum 0 are added to the
shares: the output is the same, the gradients of the copies are not.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import torch
from mmengine.registry import init_default_scope
from mmengine.runner import save_checkpoint
from mmseg.registry import MODELS
from torch import Tensor, nn

from mmirstd.compat import load_checkpoint_file
from mmirstd.engine.config_files import load_config

#: Convolutions that read two features of the same width, one after the other.
CONCATENATED = re.compile(r'gsms\.\d+\.fuse\.0\.conv\.weight')


def widen(weight: Tensor, shape: torch.Size, noise: float, groups: int = 1) -> Tensor:
    """A parameter of the wider network: same output as ``weight`` gives where copies of a channel are equal.

    Args:
        weight: Of the narrow network: (out, in, ...), (out,) or ().
        shape: Of the wide one; each of the first two entries a multiple of ``weight``'s.
        noise: Standard deviation of what is added to the shares of a weight, relative to that of ``weight``.
        groups: Features that are read one after the other, each with its own copies.
    """
    if not shape:  # a norm's number of batches
        return weight
    weight = weight.repeat(shape[0] // weight.shape[0], *[1] * (weight.dim() - 1))
    if weight.dim() == 1:
        return weight
    copies = shape[1] // weight.shape[1]
    parts = []
    for part in weight.chunk(groups, dim=1):
        shares = torch.stack([part / copies] * copies)
        if copies > 1:
            added = torch.randn_like(shares) * part.std() * noise / copies
            shares += added - added.mean(dim=0)
        parts.append(shares.transpose(0, 1).flatten(1, 2))
    return torch.cat(parts, dim=1)


def widened(narrow: nn.Module, wide: nn.Module, noise: float) -> dict[str, Tensor]:
    """Weights of ``wide`` with which it computes what ``narrow`` computes; see :func:`widen`."""
    state = narrow.state_dict()
    return {
        name: widen(state[name], value.shape, noise, 2 if CONCATENATED.search(name) else 1)
        for name, value in wide.state_dict().items()
    }


def networks() -> tuple[nn.Module, nn.Module]:
    """GGL-Net tiny and GGL-Net slim of fold.py, in evaluation mode, with random weights."""
    init_default_scope('mmseg')
    fold = str(Path(__file__).with_name('fold.py'))
    narrow, wide = (MODELS.build(load_config(fold, dict(slim=slim)).model).eval() for slim in (False, True))
    return narrow, wide


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('checkpoint', help='of GGL-Net tiny')
    parser.add_argument('out', help='of GGL-Net slim')
    parser.add_argument('--noise', type=float, default=1.0, help='of what tells copies apart, relative to the weights')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    narrow, wide = networks()
    narrow.load_state_dict(load_checkpoint_file(args.checkpoint)['state_dict'])
    wide.load_state_dict(widened(narrow, wide, args.noise))
    image = torch.rand(1, 1, 64, 96)
    with torch.no_grad():
        before, after = narrow(image), wide(image)
    print(
        f'the largest difference is {float((before - after).abs().max() / before.abs().max()):.1e} of the largest logit'
    )
    save_checkpoint(dict(state_dict=wide.state_dict()), args.out)


if __name__ == '__main__':
    main()
