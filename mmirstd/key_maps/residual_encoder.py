"""The encoder that MLCL-Net, ALCL-Net and MSDA-Net share (YuChuang1205/MSDA-Net, class ``Stage``)."""

from __future__ import annotations

from .blocks import conv_bn_pairs


def stem() -> dict[str, str]:
    """The two convolutions before the stages."""
    return conv_bn_pairs('stage.layer1', 'backbone.stem', (0, '0'), (3, '1'))


def entry_block(stage: int) -> dict[str, str]:
    """First residual block of a stage (counted from 0)."""
    official, ours = f'stage.resnet{stage + 1}_1', f'backbone.stages.{stage}.0'
    if stage == 0:
        return conv_bn_pairs(f'{official}.layer', ours, (0, 'body.0'), (3, 'body.2'))
    return {
        **conv_bn_pairs(f'{official}.layer1', ours, (0, 'body.0'), (4, 'body.2')),
        **conv_bn_pairs(f'{official}.layer2', ours, (0, 'shortcut')),
    }


def plain_encoder(num_stages: int, num_blocks: int) -> dict[str, str]:
    """All of ``mmirstd.ResidualEncoder`` without squeeze-and-excitation."""
    prefixes = stem()
    for stage in range(num_stages):
        prefixes.update(entry_block(stage))
        for block in range(1, num_blocks):
            prefixes.update(
                conv_bn_pairs(
                    f'stage.resnet{stage + 1}_{block + 1}.layer',
                    f'backbone.stages.{stage}.{block}',
                    (0, 'body.0'),
                    (3, 'body.2'),
                )
            )
    return prefixes
