"""GGL-Net (YuChuang1205/MSDA-Net, model/GGL_Net/GGL.py)."""

from __future__ import annotations

from .key_map import KeyMap


def _prefixes() -> dict[str, str]:
    prefixes = {}

    def pair(official: str, ours: str, *layers: tuple[str, str]) -> None:
        """One official Sequential: its entries' indices against the names within ours."""
        for index, name in layers:
            prefixes[f'{official}.{index}'] = f'{ours}.{name}'

    conv_bn = (('0', 'conv'), ('1', 'bn'))
    pair('stage.layer1', 'backbone.stem', ('0', '0.conv'), ('1', '0.bn'), ('3', '1.conv'), ('4', '1.bn'))
    for i in range(1, 6):
        stage = f'backbone.stages.{i - 1}'
        entry = f'stage.resnet{i}_1'
        if i == 1:
            pair(f'{entry}.layer', f'{stage}.0.body', ('0', '0.conv'), ('1', '0.bn'), ('3', '2.conv'), ('4', '2.bn'))
        else:
            pair(f'{entry}.layer1', f'{stage}.0.body', ('0', '0.conv'), ('1', '0.bn'), ('4', '2.conv'), ('5', '2.bn'))
            pair(f'{entry}.layer2', f'{stage}.0.shortcut', *conv_bn)
        for j in (2, 3):
            block = f'stage.resnet{i}_{j}'
            pair(f'{block}.layer1', f'{stage}.{j - 1}.body.0', *conv_bn)
            pair(f'{block}.layer2', f'{stage}.{j - 1}.body.2', *conv_bn)
            prefixes[f'{block}.SEAttention'] = f'{stage}.{j - 1}.body.1'
        for layer, branch in (('layer1', 'gradient'), ('layer2', 'fuse')):
            pair(
                f'stage.Res{i}.{layer}',
                f'backbone.gsms.{i - 1}.{branch}',
                ('0', '0.conv'),
                ('1', '0.bn'),
                ('3', '1'),
                ('4', '2.conv'),
                ('5', '2.bn'),
            )
        pair(f'lcl{i}.layer1', f'neck.laterals.{i - 1}', ('0', '0.conv'), ('2', '1.conv'))
        if i < 5:
            fusion = f'neck.fusions.{i - 1}'
            pair(f'sbam{i}.hl_layer', f'{fusion}.project', ('1', 'conv'), ('2', 'bn'))
            prefixes[f'sbam{i}.hl_layer_2.se'] = f'{fusion}.channel_attention.mlp'
            prefixes[f'sbam{i}.ll_layer'] = f'{fusion}.spatial_attention'
    pair('layer', 'decode_head', ('0', 'hidden.conv'), ('2', 'conv_seg'))
    return prefixes


KEY_MAP = KeyMap(
    prefixes=_prefixes(),
    gray_convs=('backbone.stem.0.conv.weight', *(f'backbone.gsms.{i}.gradient.0.conv.weight' for i in range(5))),
    model='ggl-net',
    source='YuChuang1205/MSDA-Net model/GGL_Net/GGL.py',
)
