"""Key maps of blocks that several official codes share."""

from __future__ import annotations


def conv_bn_pairs(official: str, ours: str, *pairs: tuple[int, str]) -> dict[str, str]:
    """Convolution-norm pairs within an official ``Sequential``.

    Args:
        official: Path of the ``Sequential``.
        ours: Path that our names are relative to.
        *pairs: Index of a convolution, whose norm follows it, and our ``ConvModule``.
    """
    prefixes = {}
    for index, name in pairs:
        prefixes[f'{official}.{index}'] = f'{ours}.{name}.conv'
        prefixes[f'{official}.{index + 1}'] = f'{ours}.{name}.bn'
    return prefixes


def basic_blocks(official: str, ours: str, count: int, shortcut: str | None = None) -> dict[str, str]:
    """A stage of residual blocks whose layers stand in a ``Sequential`` called body, against mmseg's ``BasicBlock``.

    Args:
        official: Path of the stage.
        ours: Our path of it.
        count: Number of blocks.
        shortcut: Official name of the first block's shortcut; None where it has none.
    """
    body = ((0, 'conv1'), (1, 'bn1'), (3, 'conv2'), (4, 'bn2'))
    prefixes = {f'{official}.{i}.body.{old}': f'{ours}.{i}.{new}' for i in range(count) for old, new in body}
    if shortcut is not None:
        prefixes[f'{official}.0.{shortcut}'] = f'{ours}.0.downsample'
    return prefixes


def cbam_residual_block(official: str, ours: str, shortcut: bool, attention: bool = True) -> dict[str, str]:
    """``Res_CBAM_block`` of DNANet and MSHNet, ``Res_block`` of ResUNet, against ``CBAMResidualBlock``.

    DNANet's spatial attention stacks the mean first: apply ``swap_inputs`` to
    :func:`spatial_attention_weights`.
    """
    prefixes = {f'{official}.{kind}{i + 1}': f'{ours}.body.{i}.{kind}' for i in (0, 1) for kind in ('conv', 'bn')}
    if shortcut:
        prefixes.update(conv_bn_pairs(f'{official}.shortcut', ours, (0, 'shortcut')))
    if attention:
        prefixes[f'{official}.ca.fc1'] = f'{ours}.attention.channel_attention.mlp.0'
        prefixes[f'{official}.ca.fc2'] = f'{ours}.attention.channel_attention.mlp.2'
        prefixes[f'{official}.sa.conv1'] = f'{ours}.attention.spatial_attention.conv'
    return prefixes


def spatial_attention_weights(prefixes: dict[str, str]) -> list[str]:
    """Our keys of the spatial attentions' weights among the targets of ``prefixes``."""
    return [f'{ours}.weight' for ours in prefixes.values() if ours.endswith('spatial_attention.conv')]


def pyramid_alignment(official: str, ours: str, num_levels: int) -> dict[str, str]:
    """The levels of RFR's PDA and FeedbackSTS-Det's BFBM against ``PyramidAlignment``, without its ``down``."""
    prefixes = {}
    for number in range(1, num_levels + 1):
        level = f'{ours}.levels.{number - 1}'
        names = dict(offset_conv1='compare', offset_conv2='join', dcn_pack='deform.conv')
        if number < num_levels:
            names.update(offset_conv3='refine', feat_conv='merge')
        prefixes.update({f'{official}.{old}.l{number}': f'{level}.{new}' for old, new in names.items()})
        prefixes[f'{official}.dcn_pack.l{number}.conv_offset'] = f'{level}.deform.offset'
    return prefixes
